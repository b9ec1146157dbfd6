// Whether this box lets go of the gateway, and what it is to it: one state machine over what keepalived says, what the
// heartbeats say of the partner, how well both boxes are, and what a person wants.
//
// At rest both boxes are ready and keepalived alone decides: so a box that dies, in whatever state, is replaced without
// anybody having to decide anything. This box moves the gateway in one way only: it lets go, until the partner has it.

import type { GatewayWord, Holding } from "./word.ts";

/** What the box is told to do, besides being ready. */
export type Cause =
  /** The partner is better off. */
  | "health"
  | "person"
  /** The primary has been well for long enough again. */
  | "prefer"
  /** keepalived is told of other LANs, which it does not take in passing. */
  | "change"
  | "drill"
  /** Both have it although they hear each other: the one that is less well off gives way. */
  | "split";

/** Nothing follows from these for later: they say nothing of how well the boxes are. */
const CHOSEN: readonly Cause[] = ["person", "drill", "change"];
export type Chosen = "person" | "drill" | "change";

export type GatewayRole =
  /** The gateway is at this box. */
  | "active"
  /** It is at the partner, and this box would take it. */
  | "standby"
  /** Nobody is known to have it, and this box is about to. */
  | "waiting"
  /** This box has let go of it. */
  | "released"
  /** A person works on this box. */
  | "maintenance"
  /** keepalived says that it cannot be. */
  | "fault"
  /** It is not known: keepalived does not run, or does not say. */
  | "unknown";

export interface CoordinatorFacts {
  /** Of keepalived; undefined: nobody says. */
  readonly holding: Exclude<Holding, "none"> | undefined;
  readonly score: number;
  /** Undefined: it is not heard on any path. */
  readonly partner: GatewayWord | undefined;
  readonly isInMaintenance: boolean;
  /** Both boxes are in step: nothing that one knows is unknown to the other. */
  readonly isInStep: boolean;
}

export interface CoordinatorRules {
  readonly isPrimary: boolean;
  /** Milliseconds; undefined: it stays where it is. */
  readonly preferPrimaryAfter: number | undefined;
}

/** What has become otherwise, once each. */
export type CoordinatorNews =
  | { readonly kind: "releasing"; readonly cause: Cause }
  | { readonly kind: "released"; readonly cause: Cause; readonly tookMilliseconds: number }
  /** The partner did not take it: this box has it again. */
  | { readonly kind: "kept"; readonly cause: Cause };

/** The partner has to be this much better for the gateway to move by itself. */
export const MARGIN = 10;
/** So long the partner may take, which hears at once that this box lets go; longer, and nobody has the gateway. */
const RELEASE_MILLISECONDS = 1000;
/** Between two moves by themselves; twice as long each time, and all is forgotten after an hour without one. */
const PAUSE_FIRST_MILLISECONDS = 10_000;
const PAUSE_LAST_MILLISECONDS = 600_000;
const PAUSE_MEMORY_MILLISECONDS = 3_600_000;
/** How long both may say that they have it: an advert that is under way ends it. */
const SPLIT_MILLISECONDS = 1500;
/** If nobody else can, a box in maintenance takes the gateway after all: somebody has to have it. */
const ALONE_MILLISECONDS = 2000;

interface Release {
  readonly cause: Cause;
  readonly since: number;
}

export class Coordinator {
  #rules: CoordinatorRules;
  #facts: CoordinatorFacts;
  #release: Release | undefined;
  #role: GatewayRole = "unknown";
  #roleSince: number;
  #pause = PAUSE_FIRST_MILLISECONDS;
  #movedAt = Number.NEGATIVE_INFINITY;
  /** Since when both say that they have it, nobody else can, the primary could; undefined: it is not so. */
  #bothSince: number | undefined;
  #aloneSince: number | undefined;
  #wellSince: number | undefined;
  #news: CoordinatorNews[] = [];

  constructor(rules: CoordinatorRules, facts: CoordinatorFacts, now: number) {
    this.#rules = rules;
    this.#facts = facts;
    this.#roleSince = now;
  }

  configure(rules: CoordinatorRules): void {
    this.#rules = rules;
  }

  /** What is so now. */
  see(facts: CoordinatorFacts, now: number): void {
    this.#facts = facts;
    const { holding, partner } = facts;
    this.#bothSince = since(this.#bothSince, this.#bothHave(), now);
    const isNobodyElse = !partner || (!partner.mayTake && partner.holding !== "master");
    this.#aloneSince = since(this.#aloneSince, isNobodyElse, now);
    const isPrimaryWell =
      !this.#rules.isPrimary &&
      facts.isInStep &&
      partner?.mayTake === true &&
      partner.score >= facts.score;
    this.#wellSince = since(this.#wellSince, isPrimaryWell, now);
    this.#follow(now);
    const cause = this.#release ? undefined : this.#wish(now);
    if (cause && holding === "master") this.#begin(cause, now);
    const role = this.#roleNow(now);
    if (role === this.#role) return;
    this.#role = role;
    this.#roleSince = now;
  }

  /** Lets go of it until the partner has it. Whether that may be is asked before (verbs.ts). */
  release(cause: Chosen, now: number): void {
    this.#begin(cause, now);
  }

  /** Whether the track file is to say that this box does not want it. */
  isLettingGo(now: number): boolean {
    if (this.#facts.isInMaintenance && !this.#isAloneFor(now)) return true;
    return this.#release !== undefined;
  }

  get role(): GatewayRole {
    return this.#role;
  }

  get roleSince(): number {
    return this.#roleSince;
  }

  get cause(): Cause | undefined {
    return this.#release?.cause;
  }

  /** What this box says to the other one. */
  word(now: number): GatewayWord {
    const { holding, score, isInMaintenance } = this.#facts;
    const isAble = holding === "backup" || holding === "master";
    const isWilling = !isInMaintenance && !this.isLettingGo(now);
    return { holding: holding ?? "none", score, mayTake: isAble && isWilling };
  }

  /** What has happened since the last call. */
  takeNews(): readonly CoordinatorNews[] {
    return this.#news.splice(0);
  }

  /** When something may be otherwise by itself; monotonic milliseconds. */
  nextAt(now: number): number {
    const { preferPrimaryAfter } = this.#rules;
    const ends = [
      this.#release && this.#release.since + RELEASE_MILLISECONDS,
      this.#release && this.#release.since + this.#pause,
      this.#bothSince !== undefined && this.#bothSince + SPLIT_MILLISECONDS,
      this.#aloneSince !== undefined && this.#aloneSince + ALONE_MILLISECONDS,
      this.#wellSince !== undefined &&
        preferPrimaryAfter !== undefined &&
        this.#wellSince + preferPrimaryAfter,
      this.#movedAt + this.#pause,
    ];
    return Math.min(
      ...ends.map((at) => (typeof at === "number" && at > now ? at : Number.POSITIVE_INFINITY)),
    );
  }

  #bothHave(): boolean {
    return this.#facts.holding === "master" && this.#facts.partner?.holding === "master";
  }

  #isAloneFor(now: number): boolean {
    return this.#aloneSince !== undefined && now - this.#aloneSince >= ALONE_MILLISECONDS;
  }

  /** Why the gateway should go to the partner by itself; undefined: it should not. */
  #wish(now: number): Cause | undefined {
    const { partner, score } = this.#facts;
    if (!partner) return undefined;
    const both = this.#bothSince;
    if (both !== undefined && now - both >= SPLIT_MILLISECONDS && this.#givesWay(partner)) {
      return "split";
    }
    if (!partner.mayTake || partner.holding !== "backup") return undefined;
    if (now - this.#movedAt < this.#pause) return undefined;
    if (partner.score >= score + MARGIN) return "health";
    const { preferPrimaryAfter } = this.#rules;
    const isDue =
      preferPrimaryAfter !== undefined &&
      this.#wellSince !== undefined &&
      now - this.#wellSince >= preferPrimaryAfter;
    return isDue ? "prefer" : undefined;
  }

  #givesWay({ score }: GatewayWord): boolean {
    if (score !== this.#facts.score) return score > this.#facts.score;
    return !this.#rules.isPrimary;
  }

  #begin(cause: Cause, now: number): void {
    this.#release = { cause, since: now };
    this.#news.push({ kind: "releasing", cause });
    if (CHOSEN.includes(cause)) return;
    const isRare = now - this.#movedAt > PAUSE_MEMORY_MILLISECONDS;
    this.#pause = isRare
      ? PAUSE_FIRST_MILLISECONDS
      : Math.min(this.#pause * 2, PAUSE_LAST_MILLISECONDS);
    this.#movedAt = now;
  }

  /** A release is over when the partner has the gateway, or does not take it. */
  #follow(now: number): void {
    const release = this.#release;
    if (!release) return;
    const { holding, partner } = this.#facts;
    const { cause } = release;
    const tookMilliseconds = now - release.since;
    if (holding !== "master" && partner?.holding === "master") {
      // keepalived does not hear the other one: ready again, it would take the gateway a second time.
      if (cause === "split" && tookMilliseconds < this.#pause) return;
      this.#release = undefined;
      this.#news.push({ kind: "released", cause, tookMilliseconds });
    } else if (tookMilliseconds >= RELEASE_MILLISECONDS || partner === undefined) {
      this.#release = undefined;
      this.#news.push({ kind: "kept", cause });
    }
  }

  #roleNow(now: number): GatewayRole {
    const { holding, partner, isInMaintenance } = this.#facts;
    if (isInMaintenance && holding !== "master") return "maintenance";
    if (holding === undefined) return "unknown";
    if (holding === "master") return "active";
    if (this.isLettingGo(now)) return "released";
    if (holding === "fault") return "fault";
    return partner?.holding === "master" ? "standby" : "waiting";
  }
}

function since(before: number | undefined, isSo: boolean, now: number): number | undefined {
  if (!isSo) return undefined;
  return before ?? now;
}
