// When the certificate for browsers is made anew, and which of two is shown.
//
// A box often starts with a clock that was never set, so what is made may not depend on it:
//
// - No clock before SOFTWARE_SINCE is right, because this program was not there yet, and none fifty years after it is
//   likely. By such a clock nothing is judged, and what has to be made is made as if it were that day.
// - An authority is valid from that very day on, whenever it was made: so it never has to be made again because a
//   clock was wrong, and nobody has to tell their computers of another one.
// - The certificate of a box is made again as soon as a clock that was set shows that it was made by a wrong one.
// - An authority that seems to be over is replaced only when the clock has not moved for some minutes.

import type { Now } from "../../base/time.ts";
import { LIMITS } from "../../limits.ts";

/** 2026-11-01 UTC, in milliseconds. */
export const SOFTWARE_SINCE = 1_793_491_200_000;

const DAY = 86_400_000;
const YEAR = 365.25 * DAY;

const CLOCK_YEARS_MAX = 50;
const AUTHORITY_YEARS = 10;
/** The most that browsers take of a certificate that was made by whomever. */
const LEAF_DAYS = 397;
/** For computers whose clock is slow. */
const EARLY = DAY;
/** So long before its end an authority gives way to the next one. */
const AUTHORITY_REST = 30 * DAY;
const RENEWED_AFTER = 2 / 3;

/** Milliseconds since 1970; both moments belong to it. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export function isBelievable(wall: number): boolean {
  return wall >= SOFTWARE_SINCE && wall < SOFTWARE_SINCE + CLOCK_YEARS_MAX * YEAR;
}

/** Of an authority that is made now. */
export function authorityValidity(wall: number): Validity {
  const from = isBelievable(wall) ? wall : SOFTWARE_SINCE;
  return {
    notBefore: SOFTWARE_SINCE - EARLY,
    notAfter: wholeSecond(from + AUTHORITY_YEARS * YEAR),
  };
}

/** `isSettled`: the clock will hardly be corrected any more. */
export function isAuthorityOver(authority: Validity, wall: number, isSettled: boolean): boolean {
  return isSettled && isBelievable(wall) && wall > authority.notAfter - AUTHORITY_REST;
}

/** Of a certificate that is made now; it never goes beyond its authority. */
export function leafValidity(authority: Validity, wall: number): Validity {
  const at = isWithin(authority, wall) ? wall : authority.notBefore + EARLY;
  const notBefore = wholeSecond(Math.max(authority.notBefore, at - EARLY));
  const notAfter = Math.min(authority.notAfter, notBefore + LEAF_DAYS * DAY - 1000);
  return { notBefore, notAfter };
}

/** Why a certificate is made. */
export type LeafReason = "none" | "authority" | "names" | "clock" | "age";

export interface Leaf extends Validity {
  readonly names: readonly string[];
  /** It was signed by the authority of now. */
  readonly isOfAuthority: boolean;
}

/** Undefined: the one that there is will do. */
export function whyNewLeaf(
  leaf: Leaf | undefined,
  names: readonly string[],
  authority: Validity,
  wall: number,
): LeafReason | undefined {
  if (!leaf) return "none";
  if (!leaf.isOfAuthority) return "authority";
  if (!hasSame(leaf.names, names)) return "names";
  if (!isBelievable(wall) || !isWithin(authority, wall)) return undefined;
  if (wall < leaf.notBefore) return "clock";
  const isOld = wall > leaf.notBefore + (leaf.notAfter - leaf.notBefore) * RENEWED_AFTER;
  // One that would not last longer is of no use: the authority itself comes to its end.
  return isOld && leafValidity(authority, wall).notAfter > leaf.notAfter ? "age" : undefined;
}

/** How a certificate stands that people have put on the box. */
export type UploadedState = "good" | "ending" | "ended";

export function uploadedState(uploaded: Validity, wall: number): UploadedState {
  if (!isBelievable(wall)) return "good";
  if (wall > uploaded.notAfter) return "ended";
  const rest = LIMITS.certificateWarningDays * DAY;
  return wall > uploaded.notAfter - rest ? "ending" : "good";
}

/** Tells when the clock was moved last: what it says soon after that is not final. */
export class ClockWatch {
  #last: Now | undefined;
  /** Monotonic milliseconds. The box was switched on when they began. */
  #settledAt: number = LIMITS.clockProbationMilliseconds;

  /** Takes the time of now; to be called every few seconds. */
  isSettled(now: Now): boolean {
    const last = this.#last ?? now;
    this.#last = now;
    const step = now.wall - last.wall - (now.monotonic - last.monotonic);
    if (Math.abs(step) > LIMITS.clockStepMilliseconds) {
      this.#settledAt = now.monotonic + LIMITS.clockProbationMilliseconds;
    }
    return now.monotonic >= this.#settledAt;
  }
}

function isWithin({ notBefore, notAfter }: Validity, wall: number): boolean {
  return wall >= notBefore && wall <= notAfter;
}

function hasSame(some: readonly string[], others: readonly string[]): boolean {
  const wanted = new Set(others);
  return some.length === wanted.size && some.every((name) => wanted.has(name));
}

function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
