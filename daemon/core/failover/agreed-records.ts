// What of the own book the partner is known to have, over a restart too.

import type { Dialect } from "../../wire/failover/messages.ts";
import type { LeaseBook } from "../lease-book.ts";
import { isTransitional } from "./lease-moves.ts";
import type { PairStateName } from "./pair-state.ts";

/** After a start: `through` is what was written down as agreed. */
export function markAgreed(book: LeaseBook, through: number): void {
  for (const entry of book.leases()) {
    const isKnown = entry.fromPartner || entry.sequence <= through;
    // What has ended and was confirmed is free. An end is written down before the partner is told.
    entry.isEndTold = isTransitional(entry.state);
    entry.isAgreed = isKnown && !entry.isEndTold;
    if (entry.isAgreed) entry.agreedUntil = Math.max(entry.agreedUntil, entry.toldUntil);
  }
}

/** All changes up to this record are known to the partner; `last` is the last one that there is. */
export function agreedThrough(book: LeaseBook, last: number): number {
  let first = last + 1;
  for (const entry of book.leases()) {
    if (!entry.isAgreed && entry.sequence < first) first = entry.sequence;
  }
  return first - 1;
}

/** A dhcpd that knows this box no better than this box it. */
export function isBesideFreshDhcpd(
  dialect: Dialect,
  partnerState: PairStateName | undefined,
): boolean {
  return dialect === "isc" && RECOVERS.includes(partnerState);
}

const RECOVERS: readonly (PairStateName | undefined)[] = ["recover", "recover-done"];

/**
 * None of its leases was ever agreed on with anybody: it has had no partner before, so there is nothing that
 * a partner could have forgotten. Of a lease that it gave alone it tells the end twice.
 */
export function isFirstMeeting(
  dialect: Dialect,
  partnerState: PairStateName | undefined,
  book: LeaseBook,
): boolean {
  if (!isBesideFreshDhcpd(dialect, partnerState)) return false;
  for (const { state, agreedUntil, expiresAt } of book.leases()) {
    if (state === "backup" || (agreedUntil > 0 && agreedUntil !== expiresAt)) return false;
  }
  return true;
}
