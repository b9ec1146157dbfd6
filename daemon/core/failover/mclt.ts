// The times of draft-ietf-dhc-failover-12 §5.2: what a client may be told before the partner knows, what
// the partner is told, and when an address may be used without it.
//
// The guarantee on which everything rests: no client is told an end later than the maximum client lead
// time (MCLT) after what both boxes have agreed on, or after now where that is past. So whatever one box
// has told a client that the other never heard of ends within MCLT of something that the other knows.

import type { WallSeconds } from "../../base/time.ts";
import { FOREVER_SECONDS } from "../config-view.ts";

/** The last moment that the protocol can write; as the end of a lease it means "never". */
const FOREVER: WallSeconds = FOREVER_SECONDS;

/**
 * For how many seconds a client may be given an address that should be its own for `desired`
 * (FOREVER_SECONDS: for ever). `agreedUntil` is the potential expiration that both boxes know, 0 when
 * there is none. Only when both know the lease to be for ever is a client told so.
 */
export function clientSeconds(
  desired: number,
  now: WallSeconds,
  agreedUntil: WallSeconds,
  mcltSeconds: number,
): number {
  if (agreedUntil >= FOREVER) return desired;
  return Math.min(desired, Math.max(agreedUntil - now, 0) + mcltSeconds);
}

/**
 * What the partner is told with a grant of `actual` seconds where `desired` were wanted. The half of
 * `actual` anticipates the renewal, which comes then and wants `desired` again (§5.2.1).
 */
export function potentialExpiration(
  now: WallSeconds,
  desired: number,
  actual: number,
): WallSeconds {
  return Math.min(now + desired + Math.floor(actual / 2), FOREVER);
}

/** What is known here of the ends of one address; 0 for what is not known. */
export interface KnownEnds {
  readonly endsAt: WallSeconds;
  /** Potential expiration as told to the partner, and as agreed with it. */
  readonly toldUntil: WallSeconds;
  readonly agreedUntil: WallSeconds;
}

/**
 * From when on a box that is in PARTNER-DOWN since `startedAt` may give to anybody an address of the
 * partner's share, or one that is expired, released or reset (§9.4.2): the partner may have promised it
 * to a client for MCLT beyond each of these times. FOREVER_SECONDS: never.
 */
export function takeoverAt(
  startedAt: WallSeconds,
  known: KnownEnds,
  mcltSeconds: number,
): WallSeconds {
  const latest = Math.max(startedAt, known.endsAt, known.toldUntil, known.agreedUntil);
  return Math.min(latest + mcltSeconds, FOREVER);
}
