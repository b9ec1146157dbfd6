// One connection with a box that is not known yet, from the first word to the last.
//
//   both: who I am → digits → each: a person confirms → (both configured: configurations, and a person's choice)
//   giver: checks what it would become → offers
//   taker: checks what it would become → writes it → says so
//   giver: writes → says so
//
// The taker writes first: until it has said so, the giver, which is the one that serves when only one does, is
// what it was. A taker that has written and whose giver has not is found by it again, and it all begins anew.
// What is said out of its phase ends the conversation: see phases.ts.

import { assertNever } from "../../base/assert.ts";
import { DecodeError } from "../../base/errors.ts";
import type { Now } from "../../base/time.ts";
import {
  decodeIntroduction,
  encodeIntroduction,
  type IntroductionMessage,
  type Offer,
  type Profile,
} from "../../wire/introduction-message.ts";
import { EncodeError } from "../../wire/writer.ts";
import { objectionTo, type Why } from "./candidates.ts";
import {
  type Documents,
  giversDocuments,
  otherRole,
  sharedOfPair,
  takersDocuments,
} from "./documents.ts";
import type { Choice, IntroductionEffect, OwnFacts } from "./events.ts";
import { objectOf } from "./free-address.ts";
import { PHASES, type Phase } from "./phases.ts";
import { type Differences, differencesOf, profileOf } from "./profile.ts";
import { INTRODUCTION_REFUSALS, type IntroductionRefusal, refusalOf } from "./refusals.ts";
import { giverOf, giversRole, type Introduced, isConfigured } from "./roles.ts";
import { type DigitsOutcome, type Hash, SixDigits } from "./six-digits.ts";

export interface ConversationOptions {
  readonly facts: OwnFacts;
  /** The identity of the key that the other box has proved to have. */
  readonly partner: Uint8Array;
  readonly number: Uint8Array;
  readonly hash: Hash;
  readonly differences: Differences;
  /** A number that was never used before. */
  readonly ticket: () => number;
  readonly now: Now;
}

export class Conversation {
  /** The newest; what was said of this box stays as it was said. */
  facts: OwnFacts;
  digits: string | undefined;
  isConfirmedHere = false;
  isConfirmedThere = false;
  /** What people choose between; empty while they are asked nothing. */
  differences: readonly string[] = [];
  /** Both have written that they are a pair. */
  isPair = false;
  /** Why nothing comes of it, and who found that. */
  ending: { readonly why: Why; readonly by: "here" | "there" } | undefined;
  readonly #options: ConversationOptions;
  readonly #own: Introduced;
  readonly #sixDigits: SixDigits;
  #phase: Phase = "greeting";
  #deadline: number;
  #partner: Introduced | undefined;
  #chosen: "own" | "partner" | undefined;
  /** What this box is about to become, and under which ticket that was asked for. */
  #documents: Documents | undefined;
  #ticket = 0;
  #effects: IntroductionEffect[] = [];

  constructor(options: ConversationOptions) {
    const { facts, partner, number, hash, now } = options;
    this.#options = options;
    this.facts = facts;
    this.#own = { identity: facts.identity, profile: profileOf(facts, now) };
    this.#sixDigits = new SixDigits(facts.identity, partner, number, hash);
    this.#deadline = now.monotonic + PHASES.greeting.patience.milliseconds;
    this.#say(this.#own.profile);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What the other box said of itself. */
  get profile(): Profile | undefined {
    return this.#partner?.profile;
  }

  get mayCancel(): boolean {
    return PHASES[this.#phase].mayCancel;
  }

  /** What is to be done since this was last asked, in order. */
  takeEffects(): IntroductionEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  received(bytes: Uint8Array, now: Now): void {
    if (this.#phase === "ended") return;
    const message = this.#understood(bytes);
    if (message?.kind === "refused") {
      this.ending = { why: { reason: refusalOf(message.code), values: {} }, by: "there" };
      this.#end();
    } else if (message) {
      this.#hear(message, now);
    }
  }

  /** What is due now; anything else is refused. */
  #understood(bytes: Uint8Array): IntroductionMessage | undefined {
    try {
      const message = decodeIntroduction(bytes);
      const isDue = message.kind === "refused" || PHASES[this.#phase].hears.includes(message.kind);
      if (isDue) return message;
      this.refuse("not-understood", { problem: `"${message.kind}" was not due` });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.refuse("not-understood", { problem: error.message });
    }
    return undefined;
  }

  #hear(message: Exclude<IntroductionMessage, { kind: "refused" }>, now: Now): void {
    switch (message.kind) {
      case "profile":
        this.#greeted(message, now);
        break;
      case "foreign-profile":
        this.refuse("other-version", {
          own: this.#own.profile.software,
          theirs: message.software,
        });
        break;
      case "commitment":
      case "number":
        this.#digitsStep(this.#sixDigits.receive(message), now);
        break;
      case "confirmed":
        this.isConfirmedThere = true;
        this.#whenBothConfirmed(now);
        break;
      case "configuration":
        this.#compared(message.shared, now);
        break;
      case "choice":
        this.#choiceMade(message.takes === "senders" ? "partner" : "own", now);
        break;
      case "offer":
        this.#offered(message, now);
        break;
      case "taken":
        this.#partnerTook(now);
        break;
      // Said between partners, not here: no phase hears it.
      case "leave":
      case "left":
      case "retire":
        break;
      default:
        assertNever(message);
    }
  }

  /** A person says that the digits are the same. */
  confirm(now: Now): void {
    this.isConfirmedHere = true;
    this.#say({ kind: "confirmed" });
    this.#whenBothConfirmed(now);
  }

  choose(choice: Choice, now: Now): void {
    this.#say({ kind: "choice", takes: choice === "keep" ? "senders" : "receivers" });
    this.#choiceMade(choice === "keep" ? "own" : "partner", now);
  }

  checked(ticket: number, problem: string | undefined, now: Now): void {
    if (ticket !== this.#ticket || !this.#documents) return;
    if (problem !== undefined) {
      this.refuse("not-valid", { problem });
      return;
    }
    if (this.#phase === "checking-own") this.#offer(now);
    else if (this.#phase === "checking-offer") this.#adopt("taking", now);
  }

  adopted(ticket: number, problem: string | undefined, now: Now): void {
    if (ticket !== this.#ticket) return;
    if (problem !== undefined) {
      this.refuse("not-written", { problem });
      return;
    }
    if (this.#phase !== "taking" && this.#phase !== "giving") return;
    this.#say({ kind: "taken" });
    if (this.#phase === "taking") {
      this.#enter("taken", now);
      return;
    }
    // The other box closes, once it has heard of it.
    this.isPair = true;
    this.#enter("done", now);
  }

  /** Time has passed. */
  tick({ monotonic }: Now): void {
    if (this.#phase === "ended" || monotonic < this.#deadline) return;
    if (this.isPair) this.#end();
    else this.refuse(PHASES[this.#phase].patience.late);
  }

  /** Nothing comes of it, and the other box is told so. */
  refuse(reason: IntroductionRefusal, values: Why["values"] = {}): void {
    if (this.#phase === "ended") return;
    const { code } = INTRODUCTION_REFUSALS[reason];
    if (code > 0) this.#say({ kind: "refused", code });
    this.ending = { why: { reason, values }, by: "here" };
    this.#end();
  }

  #end(): void {
    this.#phase = "ended";
    this.#effects.push({ kind: "close" });
  }

  #greeted(profile: Profile, now: Now): void {
    const met = { identity: this.#options.partner, profile };
    this.#partner = met;
    const why = objectionTo(this.#own, met, now);
    if (why) {
      this.refuse(why.reason, why.values);
      return;
    }
    this.#enter("digits", now);
    this.#digitsStep(this.#sixDigits.begin(), now);
  }

  #digitsStep({ send, outcome }: ReturnType<SixDigits["begin"]>, now: Now): void {
    for (const message of send) this.#say(message);
    if (outcome.kind === "refused") this.refuse(...DIGITS_REFUSALS[outcome.reason]);
    if (outcome.kind !== "digits") return;
    this.digits = outcome.digits;
    this.#enter("people", now);
  }

  #whenBothConfirmed(now: Now): void {
    if (!this.isConfirmedHere || !this.isConfirmedThere || !this.#partner) return;
    if (!isConfigured(this.#own) || !isConfigured(this.#partner)) {
      const giver = giverOf(this.#own, this.#partner, false);
      this.#decide(giver === "own" ? "own" : "partner", now);
      return;
    }
    this.#enter("comparing", now);
    this.#say({ kind: "configuration", shared: this.facts.documents.shared });
  }

  #compared(theirs: unknown, now: Now): void {
    if (!this.#partner) return;
    const differences = differencesOf(
      this.facts.documents.shared,
      theirs,
      this.#options.differences,
    );
    const giver = giverOf(this.#own, this.#partner, differences.length === 0);
    if (giver !== "ask") {
      this.#decide(giver, now);
      return;
    }
    this.differences = differences;
    this.#enter("choosing", now);
  }

  /** Whoever says it: once it is said it is so, and nobody may say the contrary. */
  #choiceMade(giver: "own" | "partner", now: Now): void {
    if (this.#chosen === undefined) {
      this.#chosen = giver;
      this.#decide(giver, now);
    } else if (this.#chosen !== giver) {
      this.refuse("choices-differ");
    }
  }

  #decide(giver: "own" | "partner", now: Now): void {
    const met = this.#partner;
    if (!met) return;
    if (giver === "partner") {
      this.#enter("awaiting-offer", now);
      return;
    }
    this.#check("checking-own", this.#asGiver(met), now);
  }

  /** What this box becomes when the other one has what it has. */
  #asGiver(met: Introduced): Documents {
    const role = giversRole(this.#own, met);
    return giversDocuments(this.facts.documents, role, met.identity);
  }

  #offer(now: Now): void {
    const met = this.#partner;
    if (!met) return;
    const { documents } = this.facts;
    this.#say({
      kind: "offer",
      role: otherRole(giversRole(this.#own, met)),
      name: this.#own.profile.name,
      shared: sharedOfPair(documents.shared),
      networks: objectOf(documents.box).networks ?? {},
    });
    if (this.#phase === "checking-own") this.#enter("offered", now);
  }

  #offered(offer: Offer, now: Now): void {
    const met = this.#partner;
    if (!met) return;
    if (offer.role !== otherRole(giversRole(met, this.#own))) {
      this.refuse("not-understood", { problem: "it offers the part that it has itself" });
      return;
    }
    const { partner } = this.#options;
    const keepsName = isConfigured(this.#own);
    const result = takersDocuments(this.facts.documents, offer, partner, keepsName);
    if ("noAddressOn" in result) {
      this.refuse("no-address", { network: result.noAddressOn });
      return;
    }
    this.#check("checking-offer", result.documents, now);
  }

  #partnerTook(now: Now): void {
    if (this.#phase === "offered" && this.#partner) {
      // Made anew, so that what a person has changed meanwhile stays.
      this.#documents = this.#asGiver(this.#partner);
      this.#adopt("giving", now);
      return;
    }
    this.isPair = true;
    this.#end();
  }

  #check(phase: "checking-own" | "checking-offer", documents: Documents, now: Now): void {
    this.#enter(phase, now);
    this.#documents = documents;
    this.#ticket = this.#options.ticket();
    const shared = documents.shared ?? this.facts.documents.shared;
    const whole = { shared, box: documents.box };
    this.#effects.push({ kind: "check", ticket: this.#ticket, documents: whole });
  }

  #adopt(phase: "taking" | "giving", now: Now): void {
    if (!this.#documents) return;
    this.#enter(phase, now);
    this.#ticket = this.#options.ticket();
    const isTaking = phase === "taking";
    this.#effects.push({
      ...{ kind: "adopt", ticket: this.#ticket, documents: this.#documents, isTaking },
    });
  }

  #enter(phase: Phase, { monotonic }: Now): void {
    this.#phase = phase;
    this.#deadline = monotonic + PHASES[phase].patience.milliseconds;
  }

  #say(message: Parameters<typeof encodeIntroduction>[0]): void {
    try {
      this.#effects.push({ kind: "send", bytes: encodeIntroduction(message) });
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      this.refuse("too-large");
    }
  }
}

const DIGITS_REFUSALS: Readonly<
  Record<
    Extract<DigitsOutcome, { kind: "refused" }>["reason"],
    readonly [IntroductionRefusal, Why["values"]?]
  >
> = {
  "same-box": ["same-box"],
  "out-of-turn": ["not-understood", { problem: "its number came out of turn" }],
  "broken-commitment": ["broken-commitment"],
};
