// What one box holds of the synchronisation, and the small steps that its rules (config-sync.ts) are made of.

import type { Now } from "../../base/time.ts";
import type { LogId, LogValues } from "../../catalogue.ts";
import { LIMITS } from "../../limits.ts";
import {
  type ConfigMessage,
  type ConfigObjection,
  encodeConfigMessage,
  type Lineage,
  type Origin,
} from "../../wire/config-message.ts";
import { BLANK, generationOf, levelled, type Relation, relationOf } from "./lineage.ts";
import type { SharedDocument } from "./shared-document.ts";
import type {
  Choice,
  ChoiceAnswer,
  Edit,
  RequestAnswer,
  Source,
  Standing,
  SyncEffect,
  SyncView,
} from "./sync-types.ts";

/** Of a box that never had a configuration. */
export const BLANK_STANDING: Standing = {
  ...{ lineage: BLANK, origin: undefined, agreed: undefined, refused: undefined },
  trial: undefined,
};

/** A document with who wished for it. */
export interface Wish {
  readonly document: SharedDocument;
  readonly origin: Origin | undefined;
}

interface Proposal extends Wish {
  readonly number: number;
  readonly lineage: Lineage;
  /** How long it is on trial; 0: it is for good. */
  readonly trialMilliseconds: number;
}

export interface Outgoing extends Proposal {
  /** A change in config.json, what is in force here already, what a person chose, or what somebody asked for. */
  readonly cause: "edit" | "newer" | "request" | Choice;
  readonly phase: "asked" | "committed";
}

interface Incoming extends Proposal {
  readonly phase: "checking" | "ready";
}

/** What is known of the partner as long as the channel is open. */
interface Partner {
  readonly lineage: Lineage;
  readonly isOnTrial: boolean;
  /** Its document, when it has been shown. */
  readonly shown?: Wish | undefined;
  readonly isFetching?: boolean;
  readonly refusedOurs?: readonly ConfigObjection[] | undefined;
  readonly refusedHere?: readonly ConfigObjection[] | undefined;
  readonly isUnanswered?: boolean;
}

export class SyncState {
  standing: Standing;
  document: SharedDocument;
  edit: Edit | undefined;
  /** Greeting: this box has said what it has, and the partner has not. */
  link: "closed" | "greeting" | "open" = "closed";
  isPrimary = false;
  partner: Partner | undefined;
  outgoing: Outgoing | undefined;
  incoming: Incoming | undefined;
  /** The partner's, chosen by a person, while this box looks whether it could take it. */
  choosing: Wish | undefined;
  /** Number of the change that somebody waits for. */
  request: number | undefined;
  /** Monotonic ms by which the partner has to have said what it owes. */
  deadline: number | undefined;
  /** When the partner is asked again what it did not answer. */
  retryAt: number | undefined;
  /** When what is on trial here is undone, in monotonic ms. */
  trialUntil: number | undefined;
  /** Monotonic ms. */
  now = 0;
  /** Whole wall-clock ms, 0 or more. */
  wall = 0;
  effects: SyncEffect[] = [];
  #lastNumber = 0;

  constructor(standing: Standing, document: SharedDocument) {
    this.standing = standing;
    this.document = document;
  }

  /** The time of what happens next. */
  at({ monotonic, wall }: Now): void {
    this.now = monotonic;
    this.wall = Math.max(0, Math.trunc(wall));
    // Of one that a restart has come into.
    if (this.standing.trial && this.trialUntil === undefined) this.#setAlarm();
  }

  /** A clock that stands before the beginning tells nothing: then the time is over. */
  #setAlarm(): void {
    const { trial } = this.standing;
    const { startedWall = 0, untilWall = 0 } = trial ?? {};
    const left = this.wall < startedWall ? 0 : Math.max(0, untilWall - this.wall);
    this.trialUntil = trial && this.now + left;
  }

  #setStanding(standing: Standing): void {
    const isOther = standing.trial !== this.standing.trial;
    this.standing = standing;
    if (isOther) this.#setAlarm();
  }

  get inForce(): Wish {
    return { document: this.document, origin: this.standing.origin };
  }

  get isBusy(): boolean {
    return (this.outgoing ?? this.incoming ?? this.choosing) !== undefined;
  }

  /** How this box's configuration stands to the partner's; undefined: the partner has not said. */
  get relation(): Relation | undefined {
    return this.partner && relationOf(this.standing.lineage, this.partner.lineage, this.isPrimary);
  }

  view(): Omit<SyncView, "trial"> {
    const { lineage, shown, refusedOurs, refusedHere, isUnanswered } = this.partner ?? {};
    return {
      lineage: this.standing.lineage,
      origin: this.standing.origin,
      document: this.document,
      isConnected: this.link !== "closed",
      relation: this.relation,
      partner: lineage,
      partnerDocument: shown?.document,
      partnerOrigin: shown?.origin,
      isBusy: this.isBusy,
      edit: this.edit,
      refusedByPartner: refusedOurs ?? [],
      refusedHere: refusedHere ?? [],
      isUnanswered: isUnanswered ?? false,
    };
  }

  /** Whether the partner was asked this and has not answered yet. */
  isAsked(number: number): boolean {
    return this.outgoing?.number === number && this.outgoing.phase === "asked";
  }

  /** What would come of a choice made now. */
  answerTo(choice: Choice): ChoiceAnswer {
    const { edit, link, partner, relation, isBusy } = this;
    const holds = choice === "keep" && (edit?.state === "refused" || edit?.state === "unanswered");
    if (this.standing.trial) return "on-trial";
    if (link === "closed") return holds ? "applied-here-alone" : "partner-away";
    if (isBusy || !partner) return "busy";
    if (relation === "same") return holds ? "partner-is-asked" : "in-step";
    const isStuck = partner.refusedOurs ?? partner.refusedHere ?? partner.isUnanswered;
    if (relation !== "diverged" && !isStuck) return "busy";
    if (choice === "take" && !partner.shown) return "not-shown-yet";
    return "partner-is-asked";
  }

  get isChoiceAsked(): boolean {
    return this.outgoing?.cause === "keep" || this.outgoing?.cause === "take";
  }

  /** What is in force here, or something else: `wish`. */
  propose(
    cause: Outgoing["cause"],
    lineage: Lineage,
    wish: Wish = this.inForce,
    trialMilliseconds = 0,
  ): void {
    this.#lastNumber++;
    const number = this.#lastNumber;
    const { document, origin } = wish;
    const proposal = { number, lineage, origin, trialMilliseconds };
    this.outgoing = { ...proposal, document, cause, phase: "asked" };
    this.send({ kind: "propose", ...proposal, text: document.text });
    this.expectAnswer();
  }

  /** Makes room for a proposal of the partner. */
  yield(): void {
    if (this.edit?.state === "asked") this.setEdit("waiting");
    if (this.outgoing?.cause === "request") this.answer({ kind: "overtaken" });
    if (this.choosing !== undefined || this.isChoiceAsked) this.say("config-choice-overtaken", {});
    this.settle();
  }

  /** Nothing is under way any more. */
  settle(): void {
    this.outgoing = undefined;
    this.incoming = undefined;
    this.choosing = undefined;
    this.deadline = undefined;
  }

  /** The same document: from now on the same number and ancestors as well. */
  level(): void {
    if (this.relation !== "same" || !this.partner) return;
    const lineage = levelled(this.standing.lineage, this.partner.lineage);
    this.know({ lineage });
    this.remember({ ...this.standing, lineage, agreed: generationOf(lineage) });
  }

  /**
   * A change that was not answered, or refused at another time, waits for its turn once more. A refused one
   * only where it would be the partner's turn to judge it again.
   */
  askAgain(): void {
    const wouldAsk = this.relation === "same" || this.relation === "newer";
    const state = this.edit?.state;
    if (state === "unanswered" || (state === "refused" && wouldAsk)) this.setEdit("waiting");
  }

  setEdit(state: Edit["state"]): void {
    if (this.edit) this.edit = { ...this.edit, state };
  }

  know(more: Partial<Partner>): void {
    if (this.partner) this.partner = { ...this.partner, ...more };
  }

  adopt(standing: Standing, document: SharedDocument, source: Source): void {
    this.#setStanding(standing);
    this.document = document;
    // The store keeps what is in config.json then.
    if (source !== "config.json") this.edit = undefined;
    this.do({ kind: "adopt", standing, document, source });
  }

  /** To whoever waits for what they asked for. */
  answer(answer: RequestAnswer): void {
    if (this.request === undefined) return;
    this.do({ kind: "answer", number: this.request, answer });
    this.request = undefined;
  }

  remember(standing: Standing): void {
    if (JSON.stringify(standing) === JSON.stringify(this.standing)) return;
    this.#setStanding(standing);
    this.do({ kind: "remember", standing });
  }

  /** With it the partner thinks anew of what it has refused. */
  sayHello(): void {
    this.know({ refusedOurs: undefined });
    const { lineage, trial } = this.standing;
    this.send({ kind: "hello", lineage, isOnTrial: trial !== undefined });
  }

  expectAnswer(): void {
    this.deadline = this.now + LIMITS.configAnswerMilliseconds;
  }

  send(message: ConfigMessage): void {
    this.do({ kind: "send", bytes: encodeConfigMessage(message) });
  }

  say(id: LogId, values: LogValues): void {
    this.do({ kind: "say", id, values });
  }

  do(effect: SyncEffect): void {
    this.effects.push(effect);
  }
}
