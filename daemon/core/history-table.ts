// Clients and their last decisions in typed arrays of fixed size, with a hash index and an order of use.

import type { Ipv4 } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import { REFUSALS, type RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import type { Decision, PastDecision } from "./history.ts";

export const NOWHERE = -1;
/** RFC 2131 §2: room for the hardware address. */
export const CHADDR_BYTES = 16;

/** A fixed number of clients; the one that was not heard for longest makes room for a new one. */
export class HistoryTable {
  readonly #buckets: Int16Array;
  // Per client: who it is, its neighbours in the hash chain and in the order of last use.
  readonly #chaddrs: Uint8Array;
  readonly #hlens: Uint8Array;
  readonly #hashes: Uint32Array;
  readonly #chain: Int16Array;
  readonly #newer: Int16Array;
  readonly #older: Int16Array;
  /** Numbers a client's decisions in the order they were made, from 1. */
  readonly #lastTurn: Uint32Array;
  #newest = NOWHERE;
  #oldest = NOWHERE;
  #used = 0;
  #free = NOWHERE;
  // Per decision.
  readonly #turns: Uint32Array;
  readonly #times: Float64Array;
  readonly #counts: Uint32Array;
  readonly #addresses: Uint32Array;
  readonly #relays: Uint32Array;
  readonly #serverIds: Uint32Array;
  readonly #networks: Uint16Array;
  readonly #classes: Uint16Array;
  readonly #types: Uint8Array;
  readonly #sent: Uint8Array;
  readonly #reasons: Uint8Array;

  constructor(clients: number) {
    assert(clients > 0 && clients < 0x8000, "places are 16-bit numbers");
    this.#buckets = new Int16Array(2 ** Math.ceil(Math.log2(clients))).fill(NOWHERE);
    this.#chaddrs = new Uint8Array(clients * CHADDR_BYTES);
    this.#hlens = new Uint8Array(clients);
    this.#hashes = new Uint32Array(clients);
    this.#chain = new Int16Array(clients);
    this.#newer = new Int16Array(clients);
    this.#older = new Int16Array(clients);
    this.#lastTurn = new Uint32Array(clients);
    const decisions = clients * PER_CLIENT;
    this.#turns = new Uint32Array(decisions);
    this.#times = new Float64Array(decisions);
    this.#counts = new Uint32Array(decisions);
    this.#addresses = new Uint32Array(decisions);
    this.#relays = new Uint32Array(decisions);
    this.#serverIds = new Uint32Array(decisions);
    this.#networks = new Uint16Array(decisions);
    this.#classes = new Uint16Array(decisions);
    this.#types = new Uint8Array(decisions);
    this.#sent = new Uint8Array(decisions);
    this.#reasons = new Uint8Array(decisions);
  }

  get byteLength(): number {
    const perClient = [this.#chaddrs, this.#hlens, this.#hashes, this.#chain, this.#lastTurn];
    const words = [this.#turns, this.#counts, this.#addresses, this.#relays, this.#serverIds];
    const small = [this.#networks, this.#classes, this.#types, this.#sent, this.#reasons];
    const rest = [this.#buckets, this.#newer, this.#older, this.#times];
    let sum = 0;
    for (const array of [...perClient, ...words, ...small, ...rest]) sum += array.byteLength;
    return sum;
  }

  find(hash: number, chaddr: Uint8Array, hlen: number): number {
    let place = this.#buckets[hash & (this.#buckets.length - 1)] as number;
    while (place !== NOWHERE) {
      if (this.#hashes[place] === hash && this.#isClient(place, chaddr, hlen)) return place;
      place = this.#chain[place] as number;
    }
    return NOWHERE;
  }

  /** A place without decisions for a client that has none yet. */
  take(hash: number, chaddr: Uint8Array, hlen: number): number {
    let place = this.#free;
    if (place !== NOWHERE) this.#free = this.#chain[place] as number;
    else if (this.#used < this.#hlens.length) place = this.#used++;
    else {
      place = this.#oldest;
      this.#unlink(place);
    }
    const start = place * CHADDR_BYTES;
    for (let i = 0; i < hlen; i++) this.#chaddrs[start + i] = chaddr[i] as number;
    this.#hlens[place] = hlen;
    this.#hashes[place] = hash;
    this.#lastTurn[place] = 0;
    const decisions = place * PER_CLIENT;
    for (let at = decisions; at < decisions + PER_CLIENT; at++) this.#turns[at] = 0;
    const bucket = hash & (this.#buckets.length - 1);
    this.#chain[place] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = place;
    this.#makeNewest(place);
    return place;
  }

  release(place: number): void {
    this.#unlink(place);
    this.#chain[place] = this.#free;
    this.#free = place;
  }

  clear(): void {
    this.#buckets.fill(NOWHERE);
    this.#newest = NOWHERE;
    this.#oldest = NOWHERE;
    this.#used = 0;
    this.#free = NOWHERE;
  }

  /** The same decision again is counted where it is; another one takes the place of the oldest. */
  record(place: number, decision: Decision, network: number, className: number): void {
    if (place !== this.#newest) {
      this.#forgetUse(place);
      this.#makeNewest(place);
    }
    const { type, sent, address, relay, serverId } = decision;
    const reason = decision.reason === undefined ? NO_REASON : REASON_INDEX[decision.reason];
    const first = place * PER_CLIENT;
    let oldest = first;
    let same = NOWHERE;
    for (let at = first; at < first + PER_CLIENT; at++) {
      const turn = this.#turns[at] as number;
      if (turn < (this.#turns[oldest] as number)) oldest = at;
      if (turn === 0 || this.#types[at] !== type || this.#sent[at] !== sent) continue;
      if (this.#reasons[at] !== reason || this.#addresses[at] !== address) continue;
      if (this.#relays[at] !== relay || this.#serverIds[at] !== serverId) continue;
      if (this.#networks[at] === network && this.#classes[at] === className) same = at;
    }
    const at = same === NOWHERE ? oldest : same;
    const turn = (this.#lastTurn[place] as number) + 1;
    this.#lastTurn[place] = turn;
    this.#turns[at] = turn;
    this.#times[at] = decision.at;
    if (same !== NOWHERE) {
      this.#counts[at] = Math.min(COUNT_MAX, (this.#counts[at] as number) + 1);
      return;
    }
    this.#counts[at] = 1;
    this.#types[at] = type;
    this.#sent[at] = sent;
    this.#reasons[at] = reason;
    this.#addresses[at] = address;
    this.#relays[at] = relay;
    this.#serverIds[at] = serverId;
    this.#networks[at] = network;
    this.#classes[at] = className;
  }

  copyFrom(place: number, from: HistoryTable, source: number): void {
    this.#lastTurn[place] = from.#lastTurn[source] as number;
    for (let i = 0; i < PER_CLIENT; i++) {
      const at = place * PER_CLIENT + i;
      const old = source * PER_CLIENT + i;
      this.#turns[at] = from.#turns[old] as number;
      this.#times[at] = from.#times[old] as number;
      this.#counts[at] = from.#counts[old] as number;
      this.#types[at] = from.#types[old] as number;
      this.#sent[at] = from.#sent[old] as number;
      this.#reasons[at] = from.#reasons[old] as number;
      this.#addresses[at] = from.#addresses[old] as number;
      this.#relays[at] = from.#relays[old] as number;
      this.#serverIds[at] = from.#serverIds[old] as number;
      this.#networks[at] = from.#networks[old] as number;
      this.#classes[at] = from.#classes[old] as number;
    }
  }

  /** Newest first. */
  decisions(place: number, names: readonly string[]): PastDecision[] {
    const first = place * PER_CLIENT;
    const places = Array.from({ length: PER_CLIENT }, (_, i) => first + i);
    const turnOf = (at: number) => this.#turns[at] ?? 0;
    const filled = places.filter((at) => turnOf(at) > 0);
    filled.sort((a, b) => turnOf(b) - turnOf(a));
    return filled.map((at) => ({
      at: this.#times[at] ?? 0,
      type: this.#types[at] ?? 0,
      sent: this.#sent[at] ?? 0,
      reason: REASONS[this.#reasons[at] ?? NO_REASON],
      address: (this.#addresses[at] ?? 0) as Ipv4,
      relay: (this.#relays[at] ?? 0) as Ipv4,
      serverId: (this.#serverIds[at] ?? 0) as Ipv4,
      network: names[this.#networks[at] ?? 0] ?? "",
      className: names[this.#classes[at] ?? 0] ?? "",
      count: this.#counts[at] ?? 0,
    }));
  }

  /** The client heard last comes first. */
  *about(address: Ipv4): Generator<Uint8Array> {
    for (let place = this.#newest; place !== NOWHERE; place = this.#older[place] as number) {
      const first = place * PER_CLIENT;
      for (let at = first; at < first + PER_CLIENT; at++) {
        if (this.#addresses[at] !== address || this.#turns[at] === 0) continue;
        const start = place * CHADDR_BYTES;
        yield this.#chaddrs.slice(start, start + (this.#hlens[place] as number));
        break;
      }
    }
  }

  #isClient(place: number, chaddr: Uint8Array, hlen: number): boolean {
    if (this.#hlens[place] !== hlen) return false;
    const start = place * CHADDR_BYTES;
    for (let i = 0; i < hlen; i++) if (this.#chaddrs[start + i] !== chaddr[i]) return false;
    return true;
  }

  #unlink(place: number): void {
    this.#forgetUse(place);
    const bucket = (this.#hashes[place] as number) & (this.#buckets.length - 1);
    const next = this.#chain[place] as number;
    let at = this.#buckets[bucket] as number;
    if (at === place) {
      this.#buckets[bucket] = next;
      return;
    }
    while (this.#chain[at] !== place) at = this.#chain[at] as number;
    this.#chain[at] = next;
  }

  #makeNewest(place: number): void {
    this.#older[place] = this.#newest;
    this.#newer[place] = NOWHERE;
    if (this.#newest === NOWHERE) this.#oldest = place;
    else this.#newer[this.#newest] = place;
    this.#newest = place;
  }

  #forgetUse(place: number): void {
    const newer = this.#newer[place] as number;
    const older = this.#older[place] as number;
    if (newer === NOWHERE) this.#newest = older;
    else this.#older[newer] = older;
    if (older === NOWHERE) this.#oldest = newer;
    else this.#newer[older] = newer;
  }
}

const PER_CLIENT = LIMITS.historyPerClient;
const NO_REASON = 255;
const REASONS = Object.keys(REFUSALS) as RefusalReason[];
const REASON_INDEX = Object.fromEntries(REASONS.map((reason, i) => [reason, i])) as Record<
  RefusalReason,
  number
>;
const COUNT_MAX = 0xffffffff;
