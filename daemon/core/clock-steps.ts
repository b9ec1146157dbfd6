// What happens to leases when time is not what it was; the reasons are at the top of clock.ts.

import type { WallSeconds } from "../base/time.ts";
import type { ClockStep, CoreClock } from "./clock.ts";
import { FOREVER_SECONDS } from "./config-view.ts";
import type { LeaseBook, LeaseEntry } from "./lease-book.ts";

/**
 * After a start: a lease whose times may be wrong counts from now, and none lasts longer than its own
 * length from now. That holds under a clock that is not believed too: it goes on from the newest
 * record, which may have been written after a step that older ones did not see. Nothing of this need
 * be written: the next start would come to the same.
 */
export function settleAfterStart(book: LeaseBook, clock: CoreClock): void {
  for (const entry of book.leases()) {
    if (entry.state !== "active" && entry.state !== "abandoned") continue;
    const latest = clock.secondsFromNow(entry.leaseSeconds);
    if (!entry.clockUncertain && entry.expiresAt <= latest) continue;
    entry.expiresAt = latest;
    // From now on its end is in the time of this start, and moves with it.
    entry.clockUncertain = true;
  }
}

/** The clock has proved right: what was written under it can be trusted. True when anything was. */
export function trustTimes(book: LeaseBook): boolean {
  let hasChanged = false;
  for (const entry of book.leases()) {
    hasChanged ||= entry.clockUncertain;
    entry.clockUncertain = false;
  }
  return hasChanged;
}

/** A lease with so much left ends never, whatever clock is right: half of what RFC 2131 calls for ever. */
const NEVER_SECONDS = FOREVER_SECONDS / 2;

/** Whether a lease from before this start still runs, by a clock that may be wrong. */
export function hasLeasesFromBefore(
  book: LeaseBook,
  seconds: WallSeconds,
  sequenceAtStart: number,
): boolean {
  for (const entry of book.leases()) {
    if (entry.state !== "active" || entry.sequence > sequenceAtStart) continue;
    if (entry.expiresAt - seconds < NEVER_SECONDS) return true;
  }
  return false;
}

/** Moves leases with a step of the clock, which has happened already. */
export function moveLeases(
  book: LeaseBook,
  clock: CoreClock,
  step: ClockStep,
  sequenceAtStart: number,
): void {
  const shift = Math.round(step.milliseconds / 1000);
  for (const entry of book.leases()) {
    const isRecent = entry.sequence > sequenceAtStart || entry.clockUncertain;
    if (isRecent || step.movesOlderLeases) {
      // What began under a clock that showed 1970 may be further back than the step; there is no time before 0.
      entry.startsAt = Math.max(0, entry.startsAt + shift);
      entry.seenAt = Math.max(0, entry.seenAt + shift);
      entry.expiresAt = Math.max(0, entry.expiresAt + shift);
      if (entry.durableExpiresAt > 0) entry.durableExpiresAt += shift;
      entry.toldUntil = moved(entry.toldUntil, shift);
      entry.agreedUntil = moved(entry.agreedUntil, shift);
      entry.clockUncertain = true;
    } else {
      // Nothing may seem to come from the future: the next start takes its time from the newest record.
      entry.startsAt = Math.min(entry.startsAt, clock.seconds);
      entry.seenAt = Math.min(entry.seenAt, clock.seconds);
      // An end that is later by now is not what the partner has agreed to.
      if (shift < 0) {
        entry.agreedUntil = moved(entry.agreedUntil, shift);
        if (entry.isAgreed) entry.toldUntil = moved(entry.toldUntil, shift);
      }
    }
    if (entry.state !== "active" && entry.state !== "abandoned") continue;
    const latest = clock.secondsFromNow(entry.leaseSeconds);
    if (entry.expiresAt > latest) entry.expiresAt = latest;
    if (entry.durableExpiresAt > latest) entry.durableExpiresAt = latest;
  }
  book.requeueAll();
}

/** 0 is no time. */
function moved(time: WallSeconds, shift: number): WallSeconds {
  return time === 0 ? 0 : Math.max(1, time + shift);
}

/**
 * The time of the newest record that has one of this box's own: by sequence, because a clock that went
 * back made older ones later.
 */
export function lastTimeOf(book: LeaseBook, wallFloor: WallSeconds): WallSeconds {
  let newest: LeaseEntry | undefined;
  for (const entry of book.leases()) {
    if (entry.fromPartner || entry.seenAt === 0) continue;
    if (!newest || entry.sequence > newest.sequence) newest = entry;
  }
  return newest ? newest.seenAt : wallFloor;
}
