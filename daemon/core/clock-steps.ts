// What happens to leases when time is not what it was; the reasons are at the top of clock.ts.

import type { ClockStep, CoreClock } from "./clock.ts";
import type { LeaseBook, LeaseEntry } from "./lease-book.ts";

/**
 * After a start: a lease that a wrong clock wrote counts from now, if the clock is right now, and no
 * lease lasts longer than its own length from now. Returns whether any lease changed.
 */
export function settleAfterStart(book: LeaseBook, clock: CoreClock): boolean {
  let hasChanged = false;
  for (const entry of book.leases()) {
    if (entry.state !== "active" && entry.state !== "abandoned") continue;
    const latest = clock.secondsFromNow(entry.leaseSeconds);
    const isReset = entry.clockUncertain && !clock.isWrong;
    if (!isReset && entry.expiresAt <= latest) continue;
    const shift = latest - entry.expiresAt;
    entry.startsAt += shift;
    entry.seenAt += shift;
    entry.expiresAt = latest;
    entry.clockUncertain = clock.isWrong;
    hasChanged = true;
  }
  return hasChanged;
}

/**
 * Moves leases with a step of the clock, which has happened already. `touched` is called for each one
 * that a client holds.
 */
export function moveLeases(
  book: LeaseBook,
  clock: CoreClock,
  step: ClockStep,
  sequenceAtStart: number,
  touched: (entry: LeaseEntry) => void,
): void {
  const shift = Math.round(step.milliseconds / 1000);
  for (const entry of book.leases()) {
    const isRecent = entry.sequence > sequenceAtStart || entry.clockUncertain;
    if (isRecent || step.movesOlderLeases) {
      entry.startsAt += shift;
      entry.seenAt += shift;
      entry.expiresAt += shift;
      if (entry.durableExpiresAt > 0) entry.durableExpiresAt += shift;
    }
    entry.clockUncertain = clock.isWrong;
    if (entry.state !== "active" && entry.state !== "abandoned") continue;
    const latest = clock.secondsFromNow(entry.leaseSeconds);
    if (entry.expiresAt > latest) entry.expiresAt = latest;
    if (entry.durableExpiresAt > latest) entry.durableExpiresAt = latest;
    touched(entry);
  }
  book.requeueAll();
}
