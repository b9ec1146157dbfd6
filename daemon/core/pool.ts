// The addresses that one segment may hand out, and which of them is next. Every address of the pools
// has a slot; what the slot is good for follows from its lease, its offer and whether it is barred.

import type { Ipv4 } from "../base/address.ts";
import type { PoolConfig } from "./config-view.ts";
import { PoolCounters } from "./counters.ts";
import { Share } from "./failover/share.ts";
import type { LeaseEntry } from "./lease-book.ts";
import { compileLevel, type Level } from "./levels.ts";

/** Where an address that could be given to anybody stands: in one of two lists, or in none. */
export const PLACE = { nowhere: 0, freed: 1, rested: 2 } as const;
export type Place = (typeof PLACE)[keyof typeof PLACE];

/** Whether a range is for a client: not at all, as for everybody, or as one of its own. */
export const ADMISSION = { none: 0, open: 1, own: 2 } as const;

/** One configured range and its counts, which are kept up to date by every change. */
export class PoolRange {
  readonly config: PoolConfig;
  readonly level: Level;
  /** Which network of the segment it is in. */
  readonly network: number;
  readonly from: Ipv4;
  readonly size: number;
  /** Slot of the first address. */
  readonly base: number;
  readonly isRestricted: boolean;
  /** Leases that ended, the one free longest first. */
  readonly freed = new LeaseList();
  /** Addresses whose rest after a decline is over; used when nothing else is left. */
  readonly rested = new LeaseList();
  readonly counters: PoolCounters;
  active = 0;
  offered = 0;
  abandoned = 0;
  /** Addresses that a new client could be given now. */
  free = 0;

  constructor(config: PoolConfig, network: number, base: number, counters: PoolCounters) {
    this.config = config;
    this.level = compileLevel(config);
    this.network = network;
    this.from = config.from;
    this.size = Math.max(0, config.to - config.from + 1);
    this.base = base;
    this.isRestricted = config.allow.length > 0 || config.deny.length > 0 || config.isKnownOnly;
    this.counters = counters;
  }
}

export interface PoolPlace {
  readonly config: PoolConfig;
  readonly network: number;
  /** Counters that go on from an earlier configuration. */
  readonly counters?: PoolCounters | undefined;
}

/** All pools of one segment. Ranges do not overlap; of overlapping ones the first has the address. */
export class AddressPool {
  readonly ranges: readonly PoolRange[];
  readonly size: number;
  /** Some range is not for everybody, so each client's admission has to be worked out. */
  readonly isRestricted: boolean;
  /** Admission by range of the client in hand; all are open to all unless `isRestricted`. */
  readonly admission: Uint8Array;
  /** What of the addresses that nobody holds is this box's. */
  readonly share: Share;
  readonly #spans: readonly Span[];
  /** Never used, and this box's to give. */
  readonly #fresh: BitSet;
  readonly #barred: BitSet;
  readonly #offered: BitSet;

  /** `barred` addresses are never chosen for just anybody: reserved ones and those of the network. */
  constructor(places: readonly PoolPlace[], barred: Iterable<Ipv4>, share: Share = new Share()) {
    this.share = share;
    let base = 0;
    this.ranges = places.map(({ config, network, counters }) => {
      const range = new PoolRange(config, network, base, counters ?? new PoolCounters());
      base += range.size;
      return range;
    });
    this.size = base;
    this.#spans = spansOf(this.ranges);
    this.isRestricted = this.ranges.some((range) => range.isRestricted);
    this.admission = new Uint8Array(this.ranges.length).fill(ADMISSION.open);
    this.#fresh = new BitSet(base);
    this.#barred = new BitSet(base);
    this.#offered = new BitSet(base);
    for (const address of barred) {
      const slot = this.slotOf(address);
      if (slot >= 0) this.#barred.add(slot);
    }
    this.settleFresh(() => undefined);
  }

  /** Puts the addresses without a record where they belong; the others are settled by the book. */
  settleFresh(entryAt: (address: Ipv4) => LeaseEntry | undefined): void {
    for (let slot = 0; slot < this.size; slot++) {
      const address = this.addressOf(slot);
      if (this.slotOf(address) === slot && !entryAt(address)) this.settle(slot, undefined);
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
    const range = this.rangeOf(slot);
    return (range.from + slot - range.base) as Ipv4;
  }

  /** Addresses that a new client could be given now. */
  get free(): number {
    let free = 0;
    for (const range of this.ranges) free += range.free;
    return free;
  }

  isBarred(slot: number): boolean {
    return this.#barred.has(slot);
  }

  /** Whether the client in hand may be given this address now; `entry` is its lease, if it has one. */
  isSelectable(slot: number, entry: LeaseEntry | undefined): boolean {
    return this.isAdmitted(slot) && this.isFree(slot, entry);
  }

  /** Whether this box could give the address to somebody now; `entry` is its lease, if it has one. */
  isFree(slot: number, entry: LeaseEntry | undefined): boolean {
    return this.#fresh.has(slot) || (entry !== undefined && entry.place !== PLACE.nowhere);
  }

  isAdmitted(slot: number): boolean {
    return !this.isRestricted || this.admission[this.indexOf(slot)] !== ADMISSION.none;
  }

  /**
   * The slot to give to a new client, -1 when there is none: one that was never used, at or behind
   * `place` modulo the size; else the one free longest; else one that was declined long ago. Ranges
   * that are the client's own come before those that are for everybody, and networks in their order.
   */
  find(place: number): number {
    if (!this.isRestricted) return this.#findByNetwork(place, ADMISSION.open);
    const own = this.#findByNetwork(place, ADMISSION.own);
    return own >= 0 ? own : this.#findByNetwork(place, ADMISSION.open);
  }

  /** The address is held for a client that was offered it. */
  setOffered(slot: number, entry: LeaseEntry | undefined): void {
    if (this.#offered.has(slot)) return;
    this.#offered.add(slot);
    this.rangeOf(slot).offered++;
    this.settle(slot, entry);
  }

  /** The offer is over. An address that nobody took is next again. */
  clearOffered(slot: number, entry: LeaseEntry | undefined): void {
    if (!this.#offered.has(slot)) return;
    this.#offered.delete(slot);
    this.rangeOf(slot).offered--;
    this.settle(slot, entry, true);
  }

  /** Puts a slot where it belongs after anything about it changed, and corrects the counts. */
  settle(slot: number, entry: LeaseEntry | undefined, toFront = false): void {
    const range = this.rangeOf(slot);
    const isOpen = !this.#barred.has(slot) && !this.#offered.has(slot);
    const isFresh = isOpen && isNeverUsed(entry, this.share);
    if (this.#fresh.has(slot) !== isFresh) {
      if (isFresh) this.#fresh.add(slot);
      else this.#fresh.delete(slot);
      range.free += isFresh ? 1 : -1;
    }
    if (!entry) return;
    count(range, entry);
    const isListed = isOpen && !isFresh && this.share.has(entry);
    list(range, entry, isListed ? placeOf(entry) : PLACE.nowhere, toFront);
  }

  /** Forgets everything about a lease that is taken out of the book. */
  release(slot: number, entry: LeaseEntry): void {
    const range = this.rangeOf(slot);
    list(range, entry, PLACE.nowhere, false);
    if (entry.countedAs) range[entry.countedAs]--;
    entry.countedAs = undefined;
    this.settle(slot, undefined);
  }

  rangeOf(slot: number): PoolRange {
    return this.ranges[this.indexOf(slot)] as PoolRange;
  }

  /** Index of the range a slot is in. */
  indexOf(slot: number): number {
    const { ranges } = this;
    let index = 0;
    while (index + 1 < ranges.length && slot >= (ranges[index + 1] as PoolRange).base) index++;
    return index;
  }

  #findByNetwork(place: number, rank: number): number {
    for (const span of this.#spans) {
      const slot = span.size === 0 ? -1 : this.#findIn(span, place, rank);
      if (slot >= 0) return slot;
    }
    return -1;
  }

  #findIn(span: Span, place: number, rank: number): number {
    const { ranges, admission } = this;
    const { first, end } = span;
    if (this.#fresh.size > 0) {
      const start = span.base + (place % span.size);
      let index = this.indexOf(start);
      // The range of the place comes twice: from the place on, and last what is before it.
      for (let i = first; i <= end; i++) {
        const { base, size } = ranges[index] as PoolRange;
        const from = i === first ? start : base;
        const slot = admission[index] === rank ? this.#fresh.next(from, base + size) : -1;
        if (slot >= 0) return slot;
        if (++index === end) index = first;
      }
    }
    let best: LeaseEntry | undefined;
    for (let index = first; index < end; index++) {
      const head = admission[index] === rank ? ranges[index]?.freed.first : undefined;
      if (head && (!best || head.expiresAt < best.expiresAt)) best = head;
    }
    for (let index = first; !best && index < end; index++) {
      if (admission[index] === rank) best = ranges[index]?.rested.first;
    }
    return best ? best.slot : -1;
  }
}

/** The ranges of one network, which follow each other. */
interface Span {
  readonly first: number;
  readonly end: number;
  readonly base: number;
  readonly size: number;
}

function spansOf(ranges: readonly PoolRange[]): Span[] {
  const spans: Span[] = [];
  for (let first = 0; first < ranges.length; ) {
    const { network, base } = ranges[first] as PoolRange;
    let end = first;
    let size = 0;
    while (ranges[end]?.network === network) size += ranges[end++]?.size ?? 0;
    spans.push({ first, end, base, size });
    first = end;
  }
  return spans;
}

function count(range: PoolRange, entry: LeaseEntry): void {
  const { state, countedAs } = entry;
  const next = state === "active" || state === "abandoned" ? state : undefined;
  if (next === countedAs) return;
  if (countedAs) range[countedAs]--;
  if (next) range[next]++;
  entry.countedAs = next;
}

function list(range: PoolRange, entry: LeaseEntry, place: Place, toFront: boolean): void {
  const before = entry.place;
  if (before === place) return;
  if (before !== PLACE.nowhere) {
    (before === PLACE.freed ? range.freed : range.rested).remove(entry);
    range.free--;
  }
  if (place !== PLACE.nowhere) {
    (place === PLACE.freed ? range.freed : range.rested).add(entry, toFront);
    range.free++;
  }
  entry.place = place;
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

/** One that rested has no client any more. */
function placeOf(entry: LeaseEntry): Place {
  return entry.packedClient === "" ? PLACE.rested : PLACE.freed;
}

/** The boxes of a pair keep records of addresses that they divided among them, and that nobody had yet. */
function isNeverUsed(entry: LeaseEntry | undefined, share: Share): boolean {
  if (!entry) return share.fresh;
  return entry.packedClient === "" && entry.seenAt === 0 && share.has(entry);
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

  /** First bit of the set from `start` up to, not including, `end`; -1 when there is none. */
  next(start: number, end: number): number {
    const words = this.#words;
    const last = (end - 1) >>> 5;
    let at = start >>> 5;
    let word = ((words[at] as number) & (-1 << (start & 31))) >>> 0;
    while (at <= last) {
      if (word !== 0) {
        const bit = (at << 5) + 31 - Math.clz32(word & -word);
        return bit < end ? bit : -1;
      }
      word = words[++at] as number;
    }
    return -1;
  }
}
