// How two boxes keep one configuration: a change is in force on both, or on none, and no change is ever lost.
//
//   proposer                         the other
//   propose (document)            →  would its own box.json go with it?
//                                 ←  ready, or refused and why
//   puts it into force
//   commit                        →  puts it into force
//                                 ←  applied
//
// Each box says first what it has in force and what that was made from (lineage.ts). Whoever has the newer one
// proposes it. So nothing needs to be remembered of a proposal that was cut short: the box that has got further
// simply has the newer one, and proposes it when the two meet again.
//
// Rules that are not seen from a single message:
//
// 1. Without a partner a change is put into force at once: the pair is there to go on alone. But for one that the
//    partner has refused: that waits for the partner, or for a person who says `keep`.
// 2. A box that waits for anything of the partner waits for so long and no longer.
// 3. Both propose at once: the primary does not listen, the secondary puts its own aside, and takes it up again
//    if nothing comes of the primary's. If something does, the secondary's change is not in force, its config.json
//    is replaced, and what a person had written there is kept in a file beside: they made it without having seen
//    the other one, and neither box can tell what they would make of both.
// 4. Where both have changed what was common, nothing is proposed before a person chooses. Each shows both.
// 5. What somebody asks for over the API waits for nothing (request.ts), and may be in force on trial only, which
//    nothing but its end overtakes (trial.ts).

import type { Now } from "../../base/time.ts";
import { LIMITS } from "../../limits.ts";
import {
  type ConfigMessage,
  type ConfigObjection,
  ISSUES_MAX,
  type Lineage,
} from "../../wire/config-message.ts";
import { hear, hearDocument, RuleBroken } from "./hearing.ts";
import { generationOf, relationOf } from "./lineage.ts";
import { cutShort, takeUp, turnedDown } from "./request.ts";
import type { SharedDocument } from "./shared-document.ts";
import { SyncState, type Wish } from "./sync-state.ts";
import type {
  Choice,
  ChoiceAnswer,
  Standing,
  SyncEffect,
  SyncEvent,
  SyncView,
} from "./sync-types.ts";
import {
  answerToTrial,
  confirmedByPartner,
  confirmHere,
  endWhenDue,
  passedOn,
  sayBegun,
  trialOf,
  undoHere,
} from "./trial.ts";
import { applyAlone, goOn } from "./what-is-due.ts";
import { choose, proposeChosen, wish, withdrawWish } from "./wishes.ts";

type Of<T extends { kind: string }, K extends T["kind"]> = Extract<T, { kind: K }>;

export class ConfigSync {
  readonly #state: SyncState;

  readonly #events: { readonly [K in SyncEvent["kind"]]: (event: Of<SyncEvent, K>) => void } = {
    opened: ({ isPrimary }) => this.#opened(isPrimary),
    received: ({ bytes }) => this.#receive(bytes),
    closed: () => this.#closed(),
    edited: (edited) => wish(this.#state, edited),
    restored: () => withdrawWish(this.#state),
    "box-changed": () => this.#boxChanged(),
    requested: ({ number, request }) => takeUp(this.#state, number, request),
    checked: ({ hash, objections }) => this.#checked(hash, objections),
    chosen: ({ choice }) => choose(this.#state, choice),
    confirmed: () => confirmHere(this.#state),
    undone: ({ origin }) => undoHere(this.#state, origin),
    tick: () => this.#tick(),
  };

  /** An answer to what is not asked any more is none. */
  readonly #messages: {
    readonly [K in ConfigMessage["kind"]]: (message: Of<ConfigMessage, K>) => void;
  } = {
    hello: (hello) => this.#hello(hello),
    fetch: () => this.#show(),
    document: ({ origin, text }) => this.#shown({ document: hearDocument(text), origin }),
    propose: (proposal) => this.#proposed(proposal, hearDocument(proposal.text)),
    ready: ({ number }) => this.#state.isAsked(number) && this.#commit(),
    refused: ({ number, objections }) => this.#state.isAsked(number) && this.#refused(objections),
    overtaken: ({ number }) => this.#state.isAsked(number) && this.#overtaken(),
    commit: ({ number }) => this.#committed(number),
    cancel: ({ number }) => this.#cancelled(number),
    applied: ({ number }) => this.#applied(number),
    confirm: ({ hash }) => passedOn(this.#state, hash, undefined),
    undo: ({ hash, origin }) => passedOn(this.#state, hash, origin),
  };

  constructor(standing: Standing, document: SharedDocument) {
    this.#state = new SyncState(standing, document);
  }

  step(event: SyncEvent, now: Now): readonly SyncEffect[] {
    const state = this.#state;
    state.at(now);
    state.effects = [];
    try {
      (this.#events[event.kind] as (event: SyncEvent) => void)(event);
    } catch (error) {
      if (!(error instanceof RuleBroken)) throw error;
      this.#break(error.message);
    }
    endWhenDue(state);
    return state.effects;
  }

  view(): SyncView {
    const { standing, trialUntil } = this.#state;
    const trial = standing.trial && {
      ...{ until: trialUntil ?? 0, isMine: standing.trial.isMine },
      answers: {
        confirm: answerToTrial(this.#state, "confirm"),
        undo: answerToTrial(this.#state, "undo"),
      },
    };
    return { ...this.#state.view(), trial };
  }

  /** What would come of a choice made now. */
  answerTo(choice: Choice): ChoiceAnswer {
    return this.#state.answerTo(choice);
  }

  // What happens to the channel.

  #opened(isPrimary: boolean): void {
    const state = this.#state;
    this.#closed();
    state.isPrimary = isPrimary;
    state.link = "greeting";
    state.sayHello();
    state.expectAnswer();
  }

  #closed(): void {
    const state = this.#state;
    state.link = "closed";
    state.partner = undefined;
    state.retryAt = undefined;
    const { outgoing } = state;
    state.settle();
    if (outgoing) cutShort(state, outgoing);
    if (!state.edit) return;
    if (state.standing.trial) {
      state.setEdit("waiting");
      return;
    }
    // Asking once more does not undo what was said before.
    const isRefused = state.standing.refused?.hash === state.edit.document.hash;
    if (isRefused) state.setEdit("refused");
    else applyAlone(state);
  }

  #break(reason: string): void {
    this.#closed();
    this.#state.say("config-partner-wrong", { reason });
    this.#state.do({ kind: "close", reason });
  }

  #boxChanged(): void {
    if (!this.#state.partner?.refusedHere) return;
    this.#state.know({ refusedHere: undefined });
    this.#state.sayHello();
  }

  // What the partner says.

  #receive(bytes: Uint8Array): void {
    if (this.#state.link === "closed") return;
    const message = hear(bytes);
    if (message.kind !== "hello" && !this.#state.partner) {
      throw new RuleBroken(`it says "${message.kind}" before anything else`);
    }
    (this.#messages[message.kind] as (message: ConfigMessage) => void)(message);
  }

  #hello({ lineage, isOnTrial }: Of<ConfigMessage, "hello">): void {
    const state = this.#state;
    if (state.link === "greeting") state.deadline = undefined;
    state.link = "open";
    state.partner = { lineage, isOnTrial };
    const isConfirmed = state.relation === "same" && state.standing.trial && !isOnTrial;
    if (isConfirmed) confirmedByPartner(state);
    state.level();
    state.askAgain();
    goOn(state);
  }

  #show(): void {
    const { document, origin } = this.#state.inForce;
    this.#state.send({ kind: "document", origin, text: document.text });
  }

  /** One that crossed a change is not what the partner has now. */
  #shown(shown: Wish): void {
    const { partner } = this.#state;
    if (shown.document.hash === partner?.lineage.hash) this.#state.know({ shown });
  }

  #proposed(proposal: Of<ConfigMessage, "propose">, document: SharedDocument): void {
    const state = this.#state;
    const { number, lineage, origin, trialMilliseconds } = proposal;
    if (document.hash !== lineage.hash) throw new RuleBroken("it names another configuration");
    if (state.outgoing?.phase === "committed") throw new RuleBroken("it proposes out of turn");
    if (state.outgoing && state.isPrimary) return;
    state.yield();
    const incoming = { number, lineage, document, origin, trialMilliseconds };
    const own = state.standing.lineage;
    const relation = relationOf(own, lineage, state.isPrimary);
    if (relation === "older") {
      state.incoming = { ...incoming, phase: "checking" };
      state.do({ kind: "check", document });
    } else if (relation === "same" && lineage.generation >= own.generation) {
      state.incoming = { ...incoming, phase: "checking" };
      this.#ready();
    } else {
      state.send({ kind: "overtaken", number });
      goOn(state);
    }
  }

  /** What this box found when it looked whether it could take something. */
  #checked(hash: string, objections: readonly ConfigObjection[]): void {
    const { incoming, choosing } = this.#state;
    if (incoming?.phase === "checking" && incoming.document.hash === hash) {
      if (objections.length === 0) this.#ready();
      else this.#refuse(incoming.number, objections.slice(0, ISSUES_MAX));
    } else if (choosing?.document.hash === hash) {
      proposeChosen(this.#state, choosing, objections[0]);
    }
  }

  #refuse(number: number, objections: readonly ConfigObjection[]): void {
    const state = this.#state;
    state.send({ kind: "refused", number, objections });
    state.settle();
    state.know({ refusedHere: objections });
    goOn(state);
  }

  #ready(): void {
    const state = this.#state;
    if (!state.incoming) return;
    state.incoming = { ...state.incoming, phase: "ready" };
    state.send({ kind: "ready", number: state.incoming.number });
    state.expectAnswer();
  }

  /** Both could take it: in force here, and durable, before the partner is told. */
  #commit(): void {
    const state = this.#state;
    if (!state.outgoing) return;
    const { number, cause, lineage, document, origin, trialMilliseconds } = state.outgoing;
    const { agreed } = state.standing;
    const trial = cause === "request" ? trialOf(state, trialMilliseconds, true) : undefined;
    const standing = { lineage, origin, agreed, refused: undefined, trial };
    if (cause === "edit") {
      state.edit = undefined;
      state.adopt(standing, document, "config.json");
    } else if (cause === "take" || cause === "request") {
      state.adopt(standing, document, cause === "take" ? "partner" : "request");
      sayBegun(state, trialMilliseconds);
    } else {
      state.remember({ ...state.standing, lineage });
    }
    state.outgoing = { ...state.outgoing, phase: "committed" };
    state.send({ kind: "commit", number });
    state.expectAnswer();
  }

  #refused(objections: readonly ConfigObjection[]): void {
    const state = this.#state;
    const cause = state.outgoing?.cause;
    state.settle();
    if (cause === "edit" && state.edit) {
      const { hash } = state.edit.document;
      state.edit = { ...state.edit, state: "refused", objections };
      state.remember({ ...state.standing, refused: { hash, objections } });
    } else if (cause === "request") {
      turnedDown(state, objections);
    } else {
      state.know({ refusedOurs: objections });
    }
    const [first] = objections;
    if (cause === "take" && first) {
      state.say("config-choice-refused", { ...first, box: "the partner" });
    }
    goOn(state);
  }

  #overtaken(): void {
    const state = this.#state;
    const wouldRepeat = state.relation === "same" || state.relation === "newer";
    if (wouldRepeat && !state.isChoiceAsked) {
      throw new RuleBroken("it takes back what it said it had");
    }
    state.yield();
    goOn(state);
  }

  #committed(number: number): void {
    const state = this.#state;
    const { incoming } = state;
    if (incoming?.number !== number || incoming.phase !== "ready") {
      throw new RuleBroken("it commits what this box is not ready for");
    }
    const { lineage, document, origin, trialMilliseconds } = incoming;
    const agreed = generationOf(lineage);
    state.settle();
    if (document.hash === state.document.hash) {
      const trial = trialMilliseconds > 0 ? state.standing.trial : undefined;
      state.remember({ ...state.standing, lineage, agreed, trial });
    } else {
      const trial = trialOf(state, trialMilliseconds, false);
      state.adopt({ lineage, origin, agreed, refused: undefined, trial }, document, "partner");
      sayBegun(state, trialMilliseconds);
    }
    state.send({ kind: "applied", number });
    this.#agreed(lineage);
  }

  #cancelled(number: number): void {
    if (this.#state.incoming?.number !== number) return;
    this.#state.settle();
    goOn(this.#state);
  }

  #applied(number: number): void {
    const state = this.#state;
    const { outgoing } = state;
    if (outgoing?.number !== number || outgoing.phase !== "committed") {
      throw new RuleBroken("it applies what was not committed");
    }
    state.settle();
    if (outgoing.cause === "request") state.answer({ kind: "in-force", where: "both" });
    state.remember({ ...state.standing, agreed: generationOf(outgoing.lineage) });
    this.#agreed(outgoing.lineage);
  }

  #agreed(lineage: Lineage): void {
    const isOnTrial = this.#state.standing.trial !== undefined;
    this.#state.partner = { lineage, isOnTrial };
    this.#state.say("config-agreed", { generation: lineage.generation });
    goOn(this.#state);
  }

  // What follows from where things stand.

  #tick(): void {
    const state = this.#state;
    const isDue = (at: number | undefined) => at !== undefined && state.now >= at;
    if (isDue(state.retryAt)) {
      state.retryAt = undefined;
      state.know({ isUnanswered: false });
      state.askAgain();
      goOn(state);
    }
    if (!isDue(state.deadline)) return;
    if (state.outgoing?.phase === "asked") this.#giveUp(state.outgoing.number);
    else throw new RuleBroken("it owes this box an answer about the configuration");
  }

  #giveUp(number: number): void {
    const state = this.#state;
    const cause = state.outgoing?.cause;
    state.send({ kind: "cancel", number });
    state.settle();
    if (cause === "request") {
      state.answer({ kind: "unanswered" });
    } else {
      if (cause === "edit") state.setEdit("unanswered");
      else state.know({ isUnanswered: true });
      state.retryAt = state.now + LIMITS.configRetryMilliseconds;
    }
    goOn(state);
  }
}
