// Which of the addresses without a holder this box may give out. A pair divides them: those that are "free"
// are the primary's, those that are "backup" the secondary's (draft-ietf-dhc-failover-12 §5.4).

import type { LeaseEntry } from "../lease-book.ts";

/** One object for all pools; whoever changes it has the pools settled anew. */
export class Share {
  free = true;
  backup = true;
  /** Addresses that were never used, of which there is no record. */
  fresh = true;
  /** Addresses whose lease ended and whose partner has not confirmed that. */
  ended = true;
  /** The same for the client that held them last: nobody else can have been given one. */
  endedToSame = true;
  /** The same when the partner has heard of the end, which makes the address the primary's. */
  toldToSame = true;

  /** Whether this box may give the address of this record, which nobody holds, to just anybody. */
  has(entry: LeaseEntry): boolean {
    switch (entry.state) {
      case "free":
        return this.free;
      case "backup":
        return this.backup;
      case "active":
      case "abandoned":
        return false;
      default:
        return this.ended;
    }
  }

  /** The same for the client that held it last. */
  hasForSame(entry: LeaseEntry): boolean {
    if (this.has(entry)) return true;
    const { state } = entry;
    if (state !== "expired" && state !== "released" && state !== "reset") return false;
    return entry.isEndTold ? this.toldToSame : this.endedToSame;
  }

  /** True when something changed. */
  become(rights: ShareRights): boolean {
    const isSame =
      this.free === rights.free &&
      this.backup === rights.backup &&
      this.fresh === rights.fresh &&
      this.ended === rights.ended &&
      this.endedToSame === rights.endedToSame &&
      this.toldToSame === rights.toldToSame;
    this.free = rights.free;
    this.backup = rights.backup;
    this.fresh = rights.fresh;
    this.ended = rights.ended;
    this.endedToSame = rights.endedToSame;
    this.toldToSame = rights.toldToSame;
    return !isSame;
  }
}

export type ShareRights = Pick<
  Share,
  "free" | "backup" | "fresh" | "ended" | "endedToSame" | "toldToSame"
>;

/** A box without a partner may give all of them. */
export const ALONE: ShareRights = {
  free: true,
  backup: true,
  fresh: true,
  ended: true,
  endedToSame: true,
  toldToSame: true,
};
