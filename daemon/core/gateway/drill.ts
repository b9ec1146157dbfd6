// What a drill shows, measured by the box that takes over: from the moment at which the other one lets go, or acts as if
// its power were gone, until everything is here.

import type { CoordinatorFacts } from "./coordinator.ts";

/** "planned": the gateway is handed over; "unplugged": the box that has it acts as if its power were gone. */
export const DRILL_KINDS = ["planned", "unplugged"] as const;
export type DrillKind = (typeof DRILL_KINDS)[number];

/** In milliseconds from the beginning; null: it did not come to that. */
export interface DrillFigures {
  /** This box knew that it was so. */
  readonly detectionMilliseconds: number | null;
  /** It had all of the gateway. */
  readonly gatewayMilliseconds: number | null;
  /** It answered every device that asks for an address, also those that had been the other box's. */
  readonly dhcpMilliseconds: number | null;
  /** Asked of the gateway every 10 ms, until this box had it. */
  readonly pingsSent: number;
  readonly pingsLost: number;
  /** The longest time without an answer of the gateway. */
  readonly outageMilliseconds: number;
  /** Questions for a name, to the gateway; null: no resolver answers there. */
  readonly names: NamesFigures | null;
}

export interface NamesFigures {
  readonly asked: number;
  readonly answered: number;
  /** Milliseconds from the beginning until the resolver of this box answered as the gateway; null: it never did. */
  readonly afterMilliseconds: number | null;
}

export interface DrillSight {
  readonly facts: Pick<CoordinatorFacts, "holding" | "partner">;
  /** The address that is asked is at this box; the rest of the gateway may follow a tenth of a second later. */
  readonly isHere: boolean;
  /** This box answers all devices. */
  readonly answersAll: boolean;
}

export class DrillMeter {
  readonly #kind: DrillKind;
  readonly #beginsAt: number;
  #detectedAt: number | undefined;
  #hereAt: number | undefined;
  #movedAt: number | undefined;
  #answersAt: number | undefined;
  readonly #open = new Map<number, number>();
  #sent = 0;
  #lastAnswerAt: number | undefined;
  #outage = 0;
  #named = { asked: 0, answered: 0 };
  #namedAt: number | undefined;
  #hasResolver = false;

  /** `beginsAt`: monotonic milliseconds of this box. */
  constructor(kind: DrillKind, beginsAt: number) {
    this.#kind = kind;
    this.#beginsAt = beginsAt;
  }

  /** What is so now. */
  see({ facts, isHere, answersAll }: DrillSight, now: number): void {
    if (now < this.#beginsAt) return;
    const { partner, holding } = facts;
    if (isHere && this.#hereAt === undefined) {
      this.#hereAt = now;
      this.#gap(now);
    }
    const isNoticed = this.#kind === "planned" ? partner?.holding !== "master" : !partner;
    if (isNoticed || isHere) this.#detectedAt ??= now;
    // With both boxes at work all are answered all the time; the one that is gone has to be noticed first.
    if (this.#kind === "planned") this.#answersAt = this.#beginsAt;
    else if (answersAll) this.#answersAt ??= now;
    if (holding === "master") this.#movedAt ??= now;
  }

  /** A question to the gateway has left. */
  pinged(sequence: number, now: number): void {
    if (this.#hereAt !== undefined) return;
    this.#open.set(sequence, now);
    this.#sent++;
    this.#lastAnswerAt ??= now;
  }

  answered(sequence: number, now: number): void {
    if (this.#hereAt !== undefined || !this.#open.delete(sequence)) return;
    this.#gap(now);
    this.#lastAnswerAt = now;
  }

  /** A question for a name; those before the beginning show whether there is a resolver at all. */
  named(isAnswered: boolean, askedAt: number, now: number): void {
    if (isAnswered) this.#hasResolver = true;
    if (askedAt < this.#beginsAt) return;
    const { asked, answered } = this.#named;
    this.#named = { asked: asked + 1, answered: answered + (isAnswered ? 1 : 0) };
    const isHere = this.#hereAt !== undefined && askedAt >= this.#hereAt;
    if (isAnswered && isHere) this.#namedAt ??= now;
  }

  /** Nothing is asked any more: a gateway that is silent now has been so since the last answer. */
  over(now: number): void {
    if (this.#hereAt === undefined) this.#gap(now);
  }

  figures(): DrillFigures {
    return {
      detectionMilliseconds: this.#since(this.#detectedAt),
      gatewayMilliseconds: this.#since(this.#movedAt),
      dhcpMilliseconds: this.#since(this.#answersAt),
      pingsSent: this.#sent,
      pingsLost: this.#open.size,
      outageMilliseconds: Math.round(this.#outage),
      names: this.#hasResolver
        ? { ...this.#named, afterMilliseconds: this.#since(this.#namedAt) }
        : null,
    };
  }

  #gap(now: number): void {
    if (this.#lastAnswerAt === undefined) return;
    this.#outage = Math.max(this.#outage, now - this.#lastAnswerAt);
  }

  #since(at: number | undefined): number | null {
    return at === undefined ? null : Math.round(at - this.#beginsAt);
  }
}
