// Whether one of the boxes came back with an older disk than it had: each tells the other how far its journal
// is, remembers how far the other's was, and both count how often one of them has lost what it knew.
//
// What the partner has heard of is compared with where the own journal was at the end of their last
// contact, and not with where it is now: a box with an old disk that has served alone since may have more
// records than it lost. So that end is written down before the box does anything without its partner, and
// the partner hears of no more than that until it is written that they are in contact again.

import type { BoxFacts } from "./box-facts.ts";
import { CONTACT_OPEN, type PairState, type PairStateName } from "./pair-state.ts";

const LEARNING: readonly PairStateName[] = ["recover", "recover-wait"];

type JournalFacts = Pick<BoxFacts, "sequence" | "epoch" | "partnerSequence">;

export class RollbackWatch {
  readonly #state: PairState;
  /** The record that says that the boxes are in contact; infinity while they are not. */
  #openedAs = Number.POSITIVE_INFINITY;
  /** What the partner may hear of until that is durable. */
  #endBefore: number;
  /** How far the partner's journal is by what it said last. */
  #partnerNow = 0;

  constructor(state: PairState, sequenceAtStart: number) {
    this.#state = state;
    if (state.contactEnd === CONTACT_OPEN) state.contactEnd = sequenceAtStart;
    this.#endBefore = state.contactEnd;
  }

  /** What to tell the partner; `durableThrough` is how far the own journal is on stable storage. */
  tell(durableThrough: number): JournalFacts {
    const isOpen = this.isOpen(durableThrough);
    const sequence = isOpen ? durableThrough : Math.min(this.#endBefore, durableThrough);
    const { epoch, partnerSequence } = this.#state;
    return { sequence, epoch, partnerSequence };
  }

  /** `record` will say that they are. */
  open(record: number): void {
    this.#openedAs = record;
  }

  /** They are not any more; `sequence` is the last record of the own journal. Write the state down now. */
  close(sequence: number): void {
    const { contactEnd } = this.#state;
    // What was never told cannot have been heard.
    this.#endBefore = contactEnd === CONTACT_OPEN ? sequence : contactEnd;
    this.#state.contactEnd = this.#endBefore;
    this.#openedAs = Number.POSITIVE_INFINITY;
  }

  heardOf({ sequence, epoch }: JournalFacts): void {
    const state = this.#state;
    this.#partnerNow = sequence;
    // What was heard before a loss is of a journal that is no more.
    const known = epoch > state.epoch ? 0 : state.partnerSequence;
    state.partnerSequence = Math.max(known, sequence);
    state.epoch = Math.max(state.epoch, epoch);
  }

  /** It is written down that the boxes are in contact. */
  isOpen(durableThrough: number): boolean {
    return durableThrough >= this.#openedAs;
  }

  /** The partner knows of records that this disk does not have. */
  isRolledBack(facts: JournalFacts): boolean {
    const { epoch, contactEnd } = this.#state;
    if (facts.epoch !== epoch) return facts.epoch > epoch;
    return facts.partnerSequence > contactEnd;
  }

  /**
   * The boxes are in contact. True when this box came with an older disk, so that what it knew is lost; or when
   * it did so before, and a person had it serve before it had learnt everything.
   */
  meet(facts: JournalFacts): boolean {
    const state = this.#state;
    const isLost = this.isRolledBack(facts);
    this.heardOf(facts);
    if (isLost) {
      state.epoch++;
      state.mustWait = true;
    }
    state.contactEnd = CONTACT_OPEN;
    return isLost || (state.mustWait && !LEARNING.includes(state.state));
  }

  /** The boxes are in step: what the partner's journal has is all that counts. */
  settle(): void {
    if (this.#partnerNow > 0) this.#state.partnerSequence = this.#partnerNow;
  }
}
