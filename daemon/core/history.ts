// What was decided about whom: the last decisions per client, in memory, for the question why a device
// has no address. Two tables, clients with a lease or reservation and strangers, each of a fixed number
// of clients: a flood of made-up hardware addresses pushes out strangers only.

import { ANY, type Ipv4 } from "../base/address.ts";
import { hashBytes } from "../base/bytes.ts";
import type { RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import { CHADDR_BYTES, HistoryTable, NOWHERE } from "./history-table.ts";

/**
 * What became of the packet in hand. One object that is reset and filled anew for each packet, so that
 * nothing is allocated to record it.
 */
export class Decision {
  /** Wall-clock milliseconds. */
  at = 0;
  /** Option 53 of the client's message. */
  type = 0;
  /** Option 53 of what was sent, 0 for nothing. */
  sent = 0;
  /** Why it got no answer, or a NAK. */
  reason: RefusalReason | undefined = undefined;
  /** The address it was given, else the one it asked for or had; 0.0.0.0 for none. */
  address: Ipv4 = ANY;
  /** `giaddr`, and the server that the client named in option 54; 0.0.0.0 for none. */
  relay: Ipv4 = ANY;
  serverId: Ipv4 = ANY;
  /** Names of the network it was about and of the class that it was denied for; "" for none. */
  network = "";
  className = "";

  reset(wallMilliseconds: number): void {
    this.at = wallMilliseconds;
    this.type = 0;
    this.sent = 0;
    this.reason = undefined;
    this.address = ANY;
    this.relay = ANY;
    this.serverId = ANY;
    this.network = "";
    this.className = "";
  }
}

/** A decision as it was kept: `at` is the last time, `count` how often it was the same. */
export interface PastDecision extends Readonly<Omit<Decision, "reset">> {
  readonly count: number;
}

export class History {
  readonly #hashSeed: number;
  readonly #names = new Names();
  readonly #known: HistoryTable;
  readonly #strangers: HistoryTable;

  constructor(hashSeed: number) {
    this.#hashSeed = hashSeed;
    this.#known = new HistoryTable(LIMITS.historyKnownMax);
    this.#strangers = new HistoryTable(LIMITS.historyStrangersMax);
  }

  /** Bytes of all tables: a little less than 1 MB, whatever clients do. */
  get byteLength(): number {
    return this.#known.byteLength + this.#strangers.byteLength;
  }

  /**
   * Keeps a decision about the client with the first `hlen` bytes of `chaddr`, whose hash with the seed
   * of this history is `hash`. `isKnown`: it has a lease or a reservation. A client without hardware
   * address is not kept, nor is one that has more of it than RFC 2131 has room for.
   */
  record(
    hash: number,
    chaddr: Uint8Array,
    hlen: number,
    isKnown: boolean,
    decision: Decision,
  ): void {
    if (hlen === 0 || hlen > CHADDR_BYTES) return;
    if (this.#names.isFull) this.#clear();
    const network = this.#names.idOf(decision.network);
    const className = this.#names.idOf(decision.className);
    const known = this.#known;
    let place = known.find(hash, chaddr, hlen);
    if (place !== NOWHERE) {
      known.record(place, decision, network, className);
      return;
    }
    const strangers = this.#strangers;
    place = strangers.find(hash, chaddr, hlen);
    if (!isKnown) {
      if (place === NOWHERE) place = strangers.take(hash, chaddr, hlen);
      strangers.record(place, decision, network, className);
      return;
    }
    const target = known.take(hash, chaddr, hlen);
    if (place !== NOWHERE) {
      known.copyFrom(target, strangers, place);
      strangers.release(place);
    }
    known.record(target, decision, network, className);
  }

  /** The decisions about one client, newest first. */
  of(chaddr: Uint8Array): PastDecision[] {
    const hash = hashBytes(chaddr, this.#hashSeed);
    for (const table of [this.#known, this.#strangers]) {
      const place = table.find(hash, chaddr, chaddr.length);
      if (place !== NOWHERE) return table.decisions(place, this.#names.list);
    }
    return [];
  }

  /** Hardware addresses of the clients of which some decision was about this address. */
  about(address: Ipv4): Uint8Array[] {
    return [...this.#known.about(address), ...this.#strangers.about(address)];
  }

  /** So many names in one run come from endless changes of the configuration: begin anew. */
  #clear(): void {
    this.#names.clear();
    this.#known.clear();
    this.#strangers.clear();
  }
}

/** Networks and classes that have been in the configuration since the start. */
const NAMES_MAX = 1024;

/** Numbers for names, which stay the same when the configuration changes. 0 is "". */
class Names {
  readonly list: string[] = [""];
  readonly #ids = new Map<string, number>();
  /** The name asked for last: packets in a row are about the same network. */
  #lastName = "";
  #lastId = 0;

  /** True when the next decision might bring more names than there is room for. */
  get isFull(): boolean {
    return this.list.length > NAMES_MAX - 2;
  }

  idOf(name: string): number {
    if (name === "") return 0;
    if (name === this.#lastName) return this.#lastId;
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.list.push(name) - 1;
      this.#ids.set(name, id);
    }
    this.#lastName = name;
    this.#lastId = id;
    return id;
  }

  clear(): void {
    this.list.length = 1;
    this.#ids.clear();
    this.#lastName = "";
  }
}
