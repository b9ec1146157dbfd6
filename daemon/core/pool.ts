// The addresses that one network may hand out, and which of them is next. Every address of the pools
// has a slot; what the slot is good for follows from its lease, its offer and whether it is barred.

import type { Ipv4 } from "../base/address.ts";
import type { PoolConfig } from "./config-view.ts";
import type { LeaseEntry } from "./lease-book.ts";

/** Where an address that could be given to anybody stands: in one of two lists, or in none. */
export const PLACE = { nowhere: 0, freed: 1, rested: 2 } as const;
export type Place = (typeof PLACE)[keyof typeof PLACE];

/** One configured range and its counts, which are kept up to date by every change. */
export class PoolRange {
  readonly from: Ipv4;
  readonly size: number;
  /** Slot of the first address. */
  readonly base: number;
  active = 0;
  offered = 0;
  abandoned = 0;
  /** Addresses that a new client could be given now. */
  free = 0;

  constructor(from: Ipv4, size: number, base: number) {
    this.from = from;
    this.size = size;
    this.base = base;
  }
}

/** All pools of one network. Ranges do not overlap; of overlapping ones the first has the address. */
export class AddressPool {
  readonly ranges: readonly PoolRange[];
  readonly size: number;
  /** Leases that ended, the one free longest first. */
  readonly freed = new LeaseList();
  /** Addresses whose rest after a decline is over; used when nothing else is left. */
  readonly rested = new LeaseList();
  readonly #fresh: BitSet;
  readonly #barred: BitSet;
  readonly #offered: BitSet;

  /** `barred` addresses are never chosen for just anybody: reserved ones and those of the network. */
  constructor(pools: readonly PoolConfig[], barred: Iterable<Ipv4>) {
    let base = 0;
    this.ranges = pools.map((pool) => {
      const range = new PoolRange(pool.from, Math.max(0, pool.to - pool.from + 1), base);
      base += range.size;
      return range;
    });
    this.size = base;
    this.#fresh = new BitSet(base);
    this.#barred = new BitSet(base);
    this.#offered = new BitSet(base);
    for (const address of barred) {
      const slot = this.slotOf(address);
      if (slot >= 0) this.#barred.add(slot);
    }
    for (let slot = 0; slot < base; slot++) {
      if (this.slotOf(this.addressOf(slot)) === slot) this.settle(slot, undefined);
    }
  }

  /** -1 when the address is in none of the pools. */
  slotOf(address: Ipv4): number {
    for (const range of this.ranges) {
      const offset = address - range.from;
      if (offset >= 0 && offset < range.size) return range.base + offset;
    }
    return -1;
  }

  addressOf(slot: number): Ipv4 {
    const range = this.#rangeOf(slot);
    return (range.from + slot - range.base) as Ipv4;
  }

  /** Addresses that a new client could be given now. */
  get free(): number {
    return this.#fresh.size + this.freed.size + this.rested.size;
  }

  isBarred(slot: number): boolean {
    return this.#barred.has(slot);
  }

  /** Whether anybody may be given this address now; `entry` is its lease, if it has one. */
  isSelectable(slot: number, entry: LeaseEntry | undefined): boolean {
    return entry ? entry.place !== PLACE.nowhere : this.#fresh.has(slot);
  }

  /** A never-used slot at or behind `place` modulo the size; -1 when all have been used. */
  findFresh(place: number): number {
    return this.#fresh.size === 0 ? -1 : this.#fresh.nextFrom(place % this.size);
  }

  /** The address is held for a client that was offered it. */
  setOffered(slot: number, entry: LeaseEntry | undefined): void {
    if (this.#offered.has(slot)) return;
    this.#offered.add(slot);
    this.#rangeOf(slot).offered++;
    this.settle(slot, entry);
  }

  /** The offer is over. An address that nobody took is next again. */
  clearOffered(slot: number, entry: LeaseEntry | undefined): void {
    if (!this.#offered.has(slot)) return;
    this.#offered.delete(slot);
    this.#rangeOf(slot).offered--;
    this.settle(slot, entry, true);
  }

  /** Puts a slot where it belongs after anything about it changed, and corrects the counts. */
  settle(slot: number, entry: LeaseEntry | undefined, toFront = false): void {
    const range = this.#rangeOf(slot);
    const isOpen = !this.#barred.has(slot) && !this.#offered.has(slot);
    if (this.#fresh.has(slot)) {
      if (entry || !isOpen) {
        this.#fresh.delete(slot);
        range.free--;
      }
    } else if (!entry && isOpen) {
      this.#fresh.add(slot);
      range.free++;
    }
    if (!entry) return;
    this.#count(range, entry);
    this.#list(range, entry, isOpen ? placeOf(entry) : PLACE.nowhere, toFront);
  }

  /** Forgets everything about a lease that is taken out of the book. */
  release(slot: number, entry: LeaseEntry): void {
    const range = this.#rangeOf(slot);
    this.#list(range, entry, PLACE.nowhere, false);
    if (entry.countedAs) range[entry.countedAs]--;
    entry.countedAs = undefined;
    this.settle(slot, undefined);
  }

  #count(range: PoolRange, entry: LeaseEntry): void {
    const { state, countedAs } = entry;
    const next = state === "active" || state === "abandoned" ? state : undefined;
    if (next === countedAs) return;
    if (countedAs) range[countedAs]--;
    if (next) range[next]++;
    entry.countedAs = next;
  }

  #list(range: PoolRange, entry: LeaseEntry, place: Place, toFront: boolean): void {
    const before = entry.place;
    if (before === place) return;
    if (before !== PLACE.nowhere) {
      this.#listOf(before).remove(entry);
      range.free--;
    }
    if (place !== PLACE.nowhere) {
      this.#listOf(place).add(entry, toFront);
      range.free++;
    }
    entry.place = place;
  }

  #listOf(place: Place): LeaseList {
    return place === PLACE.freed ? this.freed : this.rested;
  }

  #rangeOf(slot: number): PoolRange {
    const { ranges } = this;
    let index = 0;
    while (index + 1 < ranges.length && slot >= (ranges[index + 1] as PoolRange).base) index++;
    return ranges[index] as PoolRange;
  }
}

/** First in, first out, with the links inside the leases. */
export class LeaseList {
  first: LeaseEntry | undefined;
  #last: LeaseEntry | undefined;
  size = 0;

  add(entry: LeaseEntry, toFront: boolean): void {
    const { first } = this;
    const last = this.#last;
    if (!first || !last) {
      this.first = entry;
      this.#last = entry;
    } else if (toFront) {
      entry.next = first;
      first.previous = entry;
      this.first = entry;
    } else {
      entry.previous = last;
      last.next = entry;
      this.#last = entry;
    }
    this.size++;
  }

  remove(entry: LeaseEntry): void {
    const { previous, next } = entry;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.size--;
  }
}

/** A lease that nobody holds may be given to anybody; one that rested has no client any more. */
function placeOf(entry: LeaseEntry): Place {
  if (entry.state === "active" || entry.state === "abandoned") return PLACE.nowhere;
  return entry.packedClient === "" ? PLACE.rested : PLACE.freed;
}

class BitSet {
  readonly #words: Uint32Array;
  size = 0;

  constructor(capacity: number) {
    this.#words = new Uint32Array((capacity + 31) >>> 5);
  }

  has(bit: number): boolean {
    return (((this.#words[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1;
  }

  /** The bit must not be in the set. */
  add(bit: number): void {
    this.#words[bit >>> 5] = (this.#words[bit >>> 5] as number) | (1 << (bit & 31));
    this.size++;
  }

  /** The bit must be in the set. */
  delete(bit: number): void {
    this.#words[bit >>> 5] = (this.#words[bit >>> 5] as number) & ~(1 << (bit & 31));
    this.size--;
  }

  /** First bit of the set at or behind `start`, going round at the end; -1 when the set is empty. */
  nextFrom(start: number): number {
    const words = this.#words;
    const count = words.length;
    let at = start >>> 5;
    let word = ((words[at] as number) & (-1 << (start & 31))) >>> 0;
    for (let looked = 0; looked <= count; looked++) {
      if (word !== 0) return (at << 5) + 31 - Math.clz32(word & -word);
      at = at + 1 === count ? 0 : at + 1;
      word = words[at] as number;
    }
    return -1;
  }
}
