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
  /** WORDS per decision, side by side: what is looked at together costs one fetch from memory. */
  readonly #words: Uint32Array;

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
    this.#words = new Uint32Array(clients * PER_CLIENT * WORDS);
  }

  get byteLength(): number {
    const clients = [this.#chaddrs, this.#hlens, this.#hashes, this.#chain, this.#lastTurn];
    let sum = 0;
    for (const array of [...clients, this.#buckets, this.#newer, this.#older, this.#words]) {
      sum += array.byteLength;
    }
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
    const first = place * CLIENT_WORDS;
    for (let at = first; at < first + CLIENT_WORDS; at += WORDS) this.#words[at + TURN] = 0;
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
    const words = this.#words;
    const { address, relay, serverId } = decision;
    const reason = decision.reason === undefined ? NO_REASON : REASON_INDEX[decision.reason];
    const kind = decision.type | (decision.sent << 8) | (reason << 16);
    const names = network | (className << 16);
    const first = place * CLIENT_WORDS;
    let oldest = first;
    let same = NOWHERE;
    for (let at = first; at < first + CLIENT_WORDS; at += WORDS) {
      const turn = words[at + TURN] as number;
      if (turn < (words[oldest + TURN] as number)) oldest = at;
      if (turn === 0 || words[at + KIND] !== kind || words[at + ADDRESS] !== address) continue;
      if (words[at + RELAY] !== relay || words[at + SERVER_ID] !== serverId) continue;
      if (words[at + NAMES] === names) same = at;
    }
    const at = same === NOWHERE ? oldest : same;
    const turn = (this.#lastTurn[place] as number) + 1;
    this.#lastTurn[place] = turn;
    words[at + TURN] = turn;
    words[at + TIME_HIGH] = Math.floor(decision.at / TIME_UNIT);
    words[at + TIME_LOW] = decision.at % TIME_UNIT;
    if (same !== NOWHERE) {
      words[at + COUNT] = Math.min(COUNT_MAX, (words[at + COUNT] as number) + 1);
      return;
    }
    words[at + COUNT] = 1;
    words[at + KIND] = kind;
    words[at + ADDRESS] = address;
    words[at + RELAY] = relay;
    words[at + SERVER_ID] = serverId;
    words[at + NAMES] = names;
  }

  /** Into a place that was just taken. */
  copyFrom(place: number, from: HistoryTable, source: number): void {
    this.#lastTurn[place] = from.#lastTurn[source] as number;
    const old = source * CLIENT_WORDS;
    const first = place * CLIENT_WORDS;
    for (let i = 0; i < CLIENT_WORDS; i += WORDS) {
      if (from.#words[old + i + TURN] === 0) continue;
      for (let word = i; word < i + WORDS; word++) {
        this.#words[first + word] = from.#words[old + word] as number;
      }
    }
  }

  /** Newest first. */
  decisions(place: number, names: readonly string[]): PastDecision[] {
    const first = place * CLIENT_WORDS;
    const places = Array.from({ length: PER_CLIENT }, (_, i) => first + i * WORDS);
    const word = (at: number): number => this.#words[at] ?? 0;
    const filled = places.filter((at) => word(at + TURN) > 0);
    filled.sort((a, b) => word(b + TURN) - word(a + TURN));
    return filled.map((at) => {
      const kind = word(at + KIND);
      return {
        at: word(at + TIME_HIGH) * TIME_UNIT + word(at + TIME_LOW),
        type: kind & 0xff,
        sent: (kind >>> 8) & 0xff,
        reason: REASONS[kind >>> 16],
        address: word(at + ADDRESS) as Ipv4,
        relay: word(at + RELAY) as Ipv4,
        serverId: word(at + SERVER_ID) as Ipv4,
        network: names[word(at + NAMES) & 0xffff] ?? "",
        className: names[word(at + NAMES) >>> 16] ?? "",
        count: word(at + COUNT),
      };
    });
  }

  /** The client heard last comes first. */
  *about(address: Ipv4): Generator<Uint8Array> {
    for (let place = this.#newest; place !== NOWHERE; place = this.#older[place] as number) {
      const first = place * CLIENT_WORDS;
      for (let at = first; at < first + CLIENT_WORDS; at += WORDS) {
        if (this.#words[at + ADDRESS] !== address || this.#words[at + TURN] === 0) continue;
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
/** Words of one decision. */
const TURN = 0;
const COUNT = 1;
/** Message type, what was sent (8 bits each), and the reason. */
const KIND = 2;
const ADDRESS = 3;
const RELAY = 4;
const SERVER_ID = 5;
/** Network and class, 16 bits each. */
const NAMES = 6;
const TIME_HIGH = 7;
const TIME_LOW = 8;
const WORDS = 9;
const CLIENT_WORDS = PER_CLIENT * WORDS;
const TIME_UNIT = 2 ** 32;
const NO_REASON = 255;
const REASONS = Object.keys(REFUSALS) as RefusalReason[];
const REASON_INDEX = Object.fromEntries(REASONS.map((reason, i) => [reason, i])) as Record<
  RefusalReason,
  number
>;
const COUNT_MAX = 0xffffffff;
