// What becomes of leases, for programs on the bus that follow them. While nobody can listen nothing is noted; while
// somebody may, a packet costs one address in a set, and everything else is worked out afterwards, from the book.
//
// What was told is remembered by address, as the hash of the client. The book is compared with it: where it changed,
// at once; everywhere else slice by slice, because a lease that ends by itself is no event in the core.

import { formatIpv4, type Ipv4 } from "./base/address.ts";
import { Allowance } from "./base/allowance.ts";
import type { Lease } from "./core/lease.ts";
import type { LeaseBook, LeaseEntry } from "./core/lease-book.ts";
import type { LeaseChange } from "./http/box-view.ts";
import { endText, macText } from "./lease-view.ts";
import { LIMITS } from "./limits.ts";

/** Where it is told. */
export interface LeaseListener {
  /** Somebody may listen. */
  readonly isThere: boolean;
  /** It takes what it is told now. */
  readonly isTaking: boolean;
  /** `skipped`: so many more would have had to be told since the last time. */
  tellLeases(changes: readonly LeaseChange[], skipped: number): void;
}

type Book = Pick<LeaseBook, "at" | "leases">;

/** How often it is said how many were left out. */
const SKIPPED_MILLISECONDS = 1000;

export class LeaseFollower {
  readonly #listener: LeaseListener;
  readonly #allowance = new Allowance(LIMITS.busLeaseSignalsPerSecond, 0);
  /** Undefined before the journal was read. */
  #book: Book | undefined;
  #isFollowing = false;
  /** Addresses as small integers, whose leases have changed since they were looked at: no more than the book has. */
  readonly #changed = new Set<number>();
  /** The active leases that listeners know of: hash of the client by address, as a small integer. */
  readonly #told = new Map<number, number>();
  #slice: Iterator<number> | undefined;
  #changes: LeaseChange[] = [];
  #skipped = 0;
  #skippedSaidAt = Number.NEGATIVE_INFINITY;

  constructor(listener: LeaseListener) {
    this.#listener = listener;
  }

  /** The leases are there. */
  attach(book: Book): void {
    this.#book = book;
    this.begin();
  }

  /**
   * To be called as soon as somebody may listen, and again after each time in which nobody could. Who listens from
   * now on reads the leases anew: there is nothing to be told of what is so now.
   */
  begin(): void {
    this.#end();
    if (!this.#book || !this.#listener.isThere) return;
    this.#isFollowing = true;
    for (const { address, state, clientHash } of this.#book.leases()) {
      if (state === "active") this.#told.set(address | 0, clientHash);
    }
  }

  /** For every lease that is written: it must cost next to nothing. */
  changed(lease: Lease): void {
    if (this.#isFollowing) this.#changed.add(lease.address | 0);
  }

  /** To be called a few times a second; `now`: monotonic milliseconds. */
  tick(now: number): void {
    if (!this.#listener.isThere) this.#end();
    const book = this.#book;
    if (!book || !this.#isFollowing || !this.#listener.isTaking) return;
    this.#lookAtChanged(book, now);
    this.#lookForEnded(book, now);
    this.#tell(now);
  }

  #end(): void {
    this.#isFollowing = false;
    this.#changed.clear();
    this.#told.clear();
    this.#slice = undefined;
    this.#skipped = 0;
  }

  #lookAtChanged(book: Book, now: number): void {
    let count = 0;
    for (const address of this.#changed) {
      if (count++ >= LIMITS.busLeasesSlice) return;
      this.#changed.delete(address);
      this.#look(book, address, now);
    }
  }

  #look(book: Book, address: number, now: number): void {
    const entry = book.at(address as Ipv4);
    const told = this.#told.get(address);
    const client = entry?.state === "active" ? entry.clientHash : undefined;
    if (told !== undefined && told !== client) {
      this.#told.delete(address);
      this.#note("removed", address, entry, entry?.clientHash === told, now);
    }
    if (entry === undefined || client === undefined) return;
    this.#told.set(address, client);
    this.#note(told === client ? "updated" : "added", address, entry, true, now);
  }

  #lookForEnded(book: Book, now: number): void {
    this.#slice ??= this.#told.keys();
    for (let count = 0; count < LIMITS.busLeasesSlice; count++) {
      const { done, value: address } = this.#slice.next();
      if (done) {
        this.#slice = undefined;
        return;
      }
      const entry = book.at(address as Ipv4);
      const isSame = entry?.state === "active" && entry.clientHash === this.#told.get(address);
      if (!isSame) this.#look(book, address, now);
    }
  }

  /** `isItsClient`: the entry is still of the client that is meant. */
  #note(
    kind: LeaseChange["kind"],
    address: number,
    entry: LeaseEntry | undefined,
    isItsClient: boolean,
    now: number,
  ): void {
    if (!this.#allowance.take(now)) {
      this.#skipped++;
      return;
    }
    this.#changes.push({
      kind,
      network: entry?.network ?? "",
      address: formatIpv4((address >>> 0) as Ipv4),
      mac: entry && isItsClient ? macText(entry) : "",
      hostname: entry && isItsClient ? entry.hostname : "",
      expires: entry && isItsClient ? endText(entry) : "",
    });
  }

  #tell(now: number): void {
    const isTime = now - this.#skippedSaidAt >= SKIPPED_MILLISECONDS;
    const skipped = isTime ? this.#skipped : 0;
    if (this.#changes.length === 0 && skipped === 0) return;
    if (skipped > 0) {
      this.#skipped = 0;
      this.#skippedSaidAt = now;
    }
    const changes = this.#changes;
    this.#changes = [];
    this.#listener.tellLeases(changes, skipped);
  }
}
