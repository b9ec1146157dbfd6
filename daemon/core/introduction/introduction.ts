// A box on its way to become one of two: from the cable to the moment at which both are in step. It says what is
// to be done and never does it; what it knows comes in with events. The box serves through all of it, for nothing
// here touches the configuration in force before a taker writes the one that its people have agreed to.

import { assertNever } from "../../base/assert.ts";
import { equalBytes } from "../../base/bytes.ts";
import type { Now } from "../../base/time.ts";
import type { LogId } from "../../catalogue.ts";
import { LIMITS } from "../../limits.ts";
import { encodeIntroduction } from "../../wire/introduction-message.ts";
import { Candidates, describeBox, type Verdict, type Why } from "./candidates.ts";
import { Conversation } from "./conversation.ts";
import type {
  ActOutcome,
  FoundBox,
  IntroductionEffect,
  IntroductionEvent,
  OwnFacts,
  PersonsAct,
} from "./events.ts";
import { type IntroductionView, refusalViewOf, viewOf } from "./introduction-view.ts";
import { PHASES } from "./phases.ts";
import type { Differences } from "./profile.ts";
import { INTRODUCTION_REFUSALS, type IntroductionRefusal } from "./refusals.ts";
import { isLower } from "./roles.ts";
import type { Hash } from "./six-digits.ts";
import { StageClock } from "./stages.ts";

export interface IntroductionOptions {
  readonly facts: OwnFacts;
  readonly hash: Hash;
  readonly differences: Differences;
}

/** Why nothing came of the last attempt. */
export interface Ending {
  readonly why: Why;
  readonly by: "here" | "there";
}

export class Introduction {
  readonly #options: IntroductionOptions;
  readonly #candidates = new Candidates();
  readonly #stages = new StageClock();
  /** Pair ports with a cable. */
  readonly #carriers = new Set<string>();
  #facts: OwnFacts;
  #conversation: Conversation | undefined;
  #ending: Ending | undefined;
  /** They are a pair, and are being brought into step. */
  #isSettling = false;
  #dialAt = 0;
  #lastTicket = 0;
  #effects: IntroductionEffect[] = [];

  constructor(options: IntroductionOptions) {
    this.#options = options;
    this.#facts = options.facts;
  }

  step(event: IntroductionEvent, now: Now): readonly IntroductionEffect[] {
    this.#happen(event, now);
    return this.#settle(now);
  }

  /** A person did something; `outcome` is what they are told. */
  act(
    act: PersonsAct,
    now: Now,
  ): { readonly outcome: ActOutcome; readonly effects: readonly IntroductionEffect[] } {
    const outcome = this.#act(act, now);
    return { outcome, effects: this.#settle(now) };
  }

  view(now: Now): IntroductionView {
    return viewOf({
      facts: this.#facts,
      verdict: this.#candidates.verdict(this.#facts),
      conversation: this.#conversation,
      ending: this.#ending,
      stages: this.#stages.views(now),
      hasCable: this.#carriers.size > 0,
      isSettling: this.#isSettling,
    });
  }

  #happen(event: IntroductionEvent, now: Now): void {
    const talk = this.#conversation;
    switch (event.kind) {
      case "facts":
        this.#facts = event.facts;
        if (!event.facts.pair) this.#isSettling = false;
        if (talk) talk.facts = event.facts;
        break;
      case "carrier":
        if (event.isUp) this.#carriers.add(event.port);
        else this.#carriers.delete(event.port);
        if (this.#carriers.size === 0 && talk?.mayCancel) {
          this.#effects.push({ kind: "close" });
          this.#closed("the pair cable was unplugged", now);
        }
        break;
      case "found":
        this.#candidates.heard(event.box, now);
        break;
      case "gone":
        this.#candidates.gone(event.identity);
        break;
      case "connected":
        this.#connected(event.partner, event.number, now);
        break;
      case "received":
        talk?.received(event.bytes, now);
        break;
      case "closed":
        this.#closed(event.reason, now);
        break;
      case "checked":
        talk?.checked(event.ticket, event.problem, now);
        break;
      case "adopted":
        talk?.adopted(event.ticket, event.problem, now);
        break;
      case "configuration-in-step":
        this.#reached("leases", now);
        break;
      case "leases-in-step":
        this.#hearPartner();
        this.#reached("in-step", now);
        break;
      case "tick":
        this.#candidates.forget(now);
        talk?.tick(now);
        break;
      default:
        assertNever(event);
        break;
    }
  }

  #act(act: PersonsAct, now: Now): ActOutcome {
    switch (act.kind) {
      case "confirm":
        return this.#confirm(act.digits, now);
      case "button":
        return this.#button(now);
      case "differ":
        return this.#differ();
      case "choose": {
        const talk = this.#conversation;
        if (talk?.phase !== "choosing") return refused("there is nothing to be chosen now");
        talk.choose(act.choice, now);
        return done(
          act.choice === "keep"
            ? "both boxes will have the configuration of this one"
            : "this box will have the configuration of the other one",
        );
      }
      case "cancel":
        return this.#cancel();
      case "again":
        if (!this.#ending) return refused("nothing has ended that could begin again");
        this.#ending = undefined;
        this.#dialAt = now.monotonic;
        return done("pairing begins again");
      default:
        return assertNever(act);
    }
  }

  /** A confirmation says which digits it is for: one that was on its way while they changed is for none. */
  #confirm(digits: string, now: Now): ActOutcome {
    const talk = this.#conversation;
    if (talk?.phase !== "people") return refused("there are no digits to be confirmed now");
    if (talk.isConfirmedHere) return done("it was confirmed on this box already");
    if (digits !== talk.digits) return refused("these are not the digits that are shown now");
    talk.confirm(now);
    return done("confirmed on this box");
  }

  /** Who presses it has plugged the cable a moment ago, and the cable leads to one box only. */
  #button(now: Now): ActOutcome {
    const verdict = this.#candidates.verdict(this.#facts);
    const talk = this.#conversation;
    if (verdict.kind !== "one" || talk?.phase !== "people" || talk.digits === undefined) {
      return refused("there is no single box to be confirmed");
    }
    if (now.monotonic - verdict.foundAt > LIMITS.introductionButtonMilliseconds) {
      return refused("the box was found too long ago; unplug the pair cable and plug it in again");
    }
    return this.#confirm(talk.digits, now);
  }

  #differ(): ActOutcome {
    const talk = this.#conversation;
    if (talk?.digits === undefined || !talk.mayCancel) {
      return refused("there are no digits to be compared now");
    }
    talk.refuse("differ");
    return done("pairing was stopped, and nothing was changed");
  }

  #cancel(): ActOutcome {
    const talk = this.#conversation;
    if (!talk) return refused("no pairing is under way");
    if (!talk.mayCancel) return refused("it is too late: the boxes are just becoming a pair");
    talk.refuse("cancelled");
    return done("pairing was cancelled, and nothing was changed");
  }

  #connected(partner: Uint8Array, number: Uint8Array, now: Now): void {
    if (this.#conversation) this.#closed("another one came", now);
    const reason = this.#unwelcome(partner);
    if (reason) {
      const { code } = INTRODUCTION_REFUSALS[reason];
      this.#effects.push({ kind: "send", bytes: encodeIntroduction({ kind: "refused", code }) });
      this.#effects.push({ kind: "close" });
      return;
    }
    const { hash, differences } = this.#options;
    const ticket = () => ++this.#lastTicket;
    const facts = this.#facts;
    this.#isSettling = false;
    this.#conversation = new Conversation({
      ...{ facts, partner, number, hash, differences, ticket, now },
    });
  }

  /** Why a box is not spoken with. */
  #unwelcome(partner: Uint8Array): IntroductionRefusal | undefined {
    if (this.#isHalted()) return this.#ending?.why.reason;
    const verdict = this.#candidates.verdict(this.#facts);
    if (verdict.kind === "refused") return verdict.why.reason;
    const isFound = verdict.kind === "one" && equalBytes(verdict.box.identity, partner);
    return isFound ? undefined : "not-ready";
  }

  #closed(problem: string, now: Now): void {
    const talk = this.#conversation;
    this.#conversation = undefined;
    this.#later(now);
    if (!talk) this.#soon(now);
    if (!talk || talk.isPair) return;
    this.#ending = { why: { reason: "lost", values: { problem } }, by: "here" };
  }

  /** Nobody was reached: an address that has just come up may not be used for a second. */
  #soon({ monotonic }: Now): void {
    this.#dialAt = monotonic + LIMITS.introductionSoonMilliseconds;
  }

  #later({ monotonic }: Now): void {
    this.#dialAt = monotonic + LIMITS.introductionRetryMilliseconds;
  }

  /** A person has to say that it goes on. What was told by the other box is asked of it again and again. */
  #isHalted(): boolean {
    if (!this.#ending) return false;
    const { why, by } = this.#ending;
    const { ends } = INTRODUCTION_REFUSALS[why.reason];
    return ends === "by a person" || (ends === "anew" && by === "here");
  }

  #reached(stage: "leases" | "in-step", now: Now): void {
    if (!this.#isSettling) return;
    if (stage === "leases") {
      if (this.#stages.now === "configuration") this.#stages.enter("leases", now);
      return;
    }
    this.#stages.finish(now);
    this.#isSettling = false;
  }

  /** Books that agree are those of two that speak with each other, whatever was seen a second ago. */
  #hearPartner(): void {
    const { pair } = this.#facts;
    if (pair) this.#facts = { ...this.#facts, pair: { ...pair, isHeard: true } };
  }

  /** What follows from what has happened, whatever it was. */
  #settle(now: Now): readonly IntroductionEffect[] {
    const verdict = this.#candidates.verdict(this.#facts);
    this.#listen(now);
    if (verdict.kind === "nobody" && !this.#conversation && this.#ending) {
      const { ends } = INTRODUCTION_REFUSALS[this.#ending.why.reason];
      if (ends !== "by a person") this.#ending = undefined;
    }
    this.#showStage(verdict, now);
    this.#dial(verdict, now);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Takes over what the conversation wants, and what has become of it. */
  #listen(now: Now): void {
    const talk = this.#conversation;
    if (!talk) return;
    const effects = talk.takeEffects();
    this.#effects.push(...effects);
    if (talk.phase === "people" && this.#stages.now !== PHASES.people.stage) {
      this.#ending = undefined;
      this.#log("pairing-digits", { box: describeBox(talk.profile ?? NAMELESS) });
    }
    if (talk.isPair && !this.#isSettling && this.#stages.now === "roles") {
      this.#isSettling = true;
      this.#stages.enter("configuration", now);
      this.#log("pairing-done", { box: describeBox(talk.profile ?? NAMELESS) });
    }
    if (talk.phase !== "ended") return;
    this.#conversation = undefined;
    this.#later(now);
    if (!talk.ending) return;
    const { why, by } = talk.ending;
    // It has not heard this box yet, or has something to end first: nothing that people need to know.
    if (why.reason === "not-ready") {
      this.#soon(now);
      return;
    }
    // It is tried again and again, and said once.
    const isNew = this.#ending?.why.reason !== why.reason;
    this.#ending = talk.ending;
    if (isNew) this.#log("pairing-refused", { reason: refusalViewOf(why, by).sentence });
  }

  #showStage(verdict: Verdict, now: Now): void {
    if (this.#conversation) {
      const stage = PHASES[this.#conversation.phase].stage;
      if (!this.#isSettling) this.#stages.enter(stage, now);
      return;
    }
    // The other box may have written, and its last word was lost: then it is heard as the partner.
    if (this.#stages.now === "roles" && this.#facts.pair?.isHeard) {
      this.#isSettling = true;
      this.#stages.enter("configuration", now);
    }
    const isTogether = verdict.kind === "nobody" || this.#facts.pair?.isHeard === true;
    if (this.#isSettling || (isTogether && this.#stages.now === "in-step")) return;
    if (verdict.kind !== "nobody") {
      this.#stages.enter(verdict.kind === "one" && !this.#isHalted() ? "digits" : "found", now);
    } else if (this.#carriers.size > 0) this.#stages.enter("found", now);
    else this.#stages.clear();
  }

  #dial(verdict: Verdict, now: Now): void {
    if (verdict.kind !== "one" || this.#conversation || this.#isHalted()) return;
    if (!isLower(this.#facts.identity, verdict.box.identity) || now.monotonic < this.#dialAt)
      return;
    this.#later(now);
    this.#effects.push({ kind: "dial", box: verdict.box });
  }

  #log(id: LogId, values: Why["values"]): void {
    this.#effects.push({ kind: "log", id, values });
  }
}

const NAMELESS: Pick<FoundBox, "model" | "serial"> = { model: "", serial: "" };

function done(text: string): ActOutcome {
  return { isDone: true, text };
}

function refused(text: string): ActOutcome {
  return { isDone: false, text };
}
