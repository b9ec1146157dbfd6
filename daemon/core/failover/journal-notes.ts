// How far the journals of both boxes are: what this box tells its partner of that, and what it writes down.

import type { Now } from "../../base/time.ts";
import type { Dialect } from "../../wire/failover/messages.ts";
import type { Bindings } from "../bindings.ts";
import type { PairState } from "./pair-state.ts";
import { RollbackWatch } from "./rollback-watch.ts";

/** How often what the partner has acknowledged is written down; what is lost is told it again. */
const NOTE_MILLISECONDS = 10_000;
/** How soon the partner hears how far the journal is: no disk is put back as quickly. */
const TELL_MILLISECONDS = 1000;

export class JournalNotes {
  readonly rollback: RollbackWatch;
  readonly #bindings: Bindings;
  readonly #state: PairState;
  readonly #dialect: Dialect;
  /** What the partner was told last. */
  #toldSequence = 0;
  #toldEpoch = 0;
  #wasOpen = false;
  /** When the state of the pair was written last for this, and the last record then. */
  #writtenAt: number;
  #writtenSequence: number;

  constructor(bindings: Bindings, state: PairState, dialect: Dialect, now: Now) {
    this.#bindings = bindings;
    this.#state = state;
    this.#dialect = dialect;
    this.#writtenAt = now.monotonic;
    this.#writtenSequence = bindings.sequence;
    this.rollback = new RollbackWatch(state, bindings.sequenceAtStart);
  }

  tell(): ReturnType<RollbackWatch["tell"]> {
    const told = this.rollback.tell(this.#bindings.durableThrough);
    this.#toldSequence = told.sequence;
    this.#toldEpoch = told.epoch;
    this.#wasOpen = this.#isOpen;
    return told;
  }

  /** That it has lost what it knew the partner hears at once, and of the first record of a contact. */
  mustTell(nowMonotonic: number, contactedAt: number): boolean {
    if (!this.#hasNews) return false;
    if (this.#isUrgent) return true;
    return nowMonotonic >= contactedAt + TELL_MILLISECONDS;
  }

  /** Something is to be written down. */
  isDue(nowMonotonic: number): boolean {
    return this.#isUnwritten && nowMonotonic >= this.#writtenAt + NOTE_MILLISECONDS;
  }

  written(nowMonotonic: number): void {
    this.#writtenAt = nowMonotonic;
    this.#writtenSequence = this.#bindings.sequence;
  }

  /** When something is to be told or written down while the boxes are in contact. */
  nextAt(isUpdating: boolean, contactedAt: number): number {
    const never = Number.POSITIVE_INFINITY;
    if (!isUpdating) return never;
    const tellAt = this.#hasNews ? contactedAt + TELL_MILLISECONDS : never;
    return Math.min(tellAt, this.#isUnwritten ? this.#writtenAt + NOTE_MILLISECONDS : never);
  }

  /** A dhcpd has no ear for it. */
  get #hasNews(): boolean {
    if (this.#dialect === "isc") return false;
    return this.#isUrgent || (this.#isOpen && this.#bindings.durableThrough > this.#toldSequence);
  }

  get #isUrgent(): boolean {
    return this.#state.epoch > this.#toldEpoch || (this.#isOpen && !this.#wasOpen);
  }

  get #isOpen(): boolean {
    return this.rollback.isOpen(this.#bindings.durableThrough);
  }

  get #isUnwritten(): boolean {
    return this.#bindings.sequence > this.#writtenSequence;
  }
}
