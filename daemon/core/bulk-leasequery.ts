// Bulk lease query (RFC 6926): one TCP connection, as bytes in and messages out. Nothing is made
// before it is asked for, so that the leases of a whole box never stand in memory as messages:
//
//   receive(bytes)   queries come in, in pieces as TCP has them
//   pull(now)        the next message to send; BUSY: call again, but let others go first;
//                    undefined: nothing to say until more is received

import { ANY, type Ipv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import type { WallSeconds } from "../base/time.ts";
import { LIMITS } from "../limits.ts";
import {
  BOOTREQUEST,
  Dhcp4Message,
  decodeDhcp4,
  MALFORMED,
  MESSAGE_TYPE,
} from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { HEADERS_BYTES } from "../wire/frame.ts";
import { RelayView } from "../wire/relay-view.ts";
import { type ReplyAddressing, ReplyWriter } from "../wire/reply.ts";
import { ClientIdentity } from "./client-identity.ts";
import type { BindingState } from "./lease.ts";
import { type LeaseBook, type LeaseEntry, NOBODY } from "./lease-book.ts";
import {
  askedFor,
  hasMac,
  hasSuboption,
  identifyByOption61,
  isLeased,
  REMOTE_ID,
} from "./leasequery.ts";
import {
  beginReply,
  isWanted,
  writeLease,
  writeParameters,
  writeRelayAgent,
} from "./leasequery-reply.ts";

/** There is more, but it took long enough for once. */
export const BUSY: unique symbol = Symbol("busy");

/** RFC 6926 §6.2.2. */
export const STATUS = { unspecFail: 1, malformedQuery: 3, notAllowed: 4 } as const;

export interface BulkSource {
  readonly book: LeaseBook;
  /** The book's. */
  readonly hashSeed: number;
  readonly serverId: Ipv4;
  /** Every address there is to give, each once. */
  readonly addresses: () => Iterable<Ipv4>;
  /** Content of an option of the network that has the address; undefined when it has none. */
  readonly parameter: (address: Ipv4, code: number) => Uint8Array | undefined;
}

/** RFC 6926 §6.2.7. The shares of a failover pair are free addresses here or there. */
const DHCP_STATE: Readonly<Record<BindingState, number>> = {
  free: 1,
  active: 2,
  expired: 3,
  released: 4,
  abandoned: 5,
  reset: 6,
  backup: 7,
};

const RELAY_ID = 12;
const LENGTH_BYTES = 2;
const MESSAGE_TYPE_OPTION = OPTION.dhcpMessageType.code;
const SERVER_ID = OPTION.serverIdentifier.code;
const STATUS_CODE = OPTION.statusCode.code;
const BASE_TIME = OPTION.baseTime.code;
const START_OF_STATE = OPTION.startTimeOfState.code;
const QUERY_START = OPTION.queryStartTime.code;
const QUERY_END = OPTION.queryEndTime.code;
const DHCP_STATE_OPTION = OPTION.dhcpState.code;
const VIRTUAL_SUBNET = OPTION.virtualSubnetSelection.code;
/** RFC 6607 §3.5: of the types of option 221, "the global, default VPN" and "all VPNs" (RFC 6926). */
const VPN_GLOBAL = 255;
const VPN_ALL = 254;

/** `finish` writes headers for UDP in front, which are cut off again. */
const NOWHERE: ReplyAddressing = {
  sourceMac: new Uint8Array(6),
  destinationMac: new Uint8Array(6),
  sourceIp: ANY,
  destinationIp: ANY,
  sourcePort: 0,
  destinationPort: 0,
};

type By = "mac" | "remote-id" | "relay-id" | "client" | "all";

/** A query that is being answered. */
interface Running {
  readonly leases: Iterator<LeaseEntry>;
  readonly by: By;
  /** Addresses to tell of behind the leases, if no lease is known of them. */
  readonly others: Iterator<Ipv4> | undefined;
  /** Changes from `since` to `until`, both included (RFC 6926 §8.2). */
  readonly since: WallSeconds;
  readonly until: WallSeconds;
  /** Leases still to look at: the book goes on changing, and an answer must come to its end. */
  left: number;
}

export class BulkLeaseQuery {
  readonly #source: BulkSource;
  readonly #writer = new ReplyWriter();
  readonly #query = new Dhcp4Message();
  readonly #relay = new RelayView();
  readonly #client: ClientIdentity;
  readonly #waiting: Uint8Array[] = [];
  #rest: Uint8Array = NOBODY;
  #running: Running | undefined;
  /** Nothing was said to the query yet. */
  #isFirst = true;

  constructor(source: BulkSource) {
    this.#source = source;
    this.#client = new ClientIdentity(source.hashSeed);
  }

  /**
   * Takes what the connection brought; the bytes are copied. False when that cannot be a lease query
   * or is more than may wait: the connection is to be closed (RFC 6926 §8.1).
   */
  receive(bytes: Uint8Array): boolean {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let at = 0;
    while (all.length - at >= LENGTH_BYTES) {
      const length = ((all[at] as number) << 8) | (all[at + 1] as number);
      if (length === 0 || length > LIMITS.bulkQueryBytesMax) return false;
      const end = at + LENGTH_BYTES + length;
      if (end > all.length) break;
      if (this.#waiting.length === LIMITS.bulkQueriesMax) return false;
      this.#waiting.push(all.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#rest = all.slice(at);
    return true;
  }

  /**
   * The next message with its length in front. Throws DecodeError for a query that is no DHCP message:
   * the connection is to be closed.
   */
  pull(now: WallSeconds): Uint8Array | typeof BUSY | undefined {
    if (!this.#running) {
      const next = this.#waiting.shift();
      if (!next) return undefined;
      const status = this.#begin(next, now);
      if (status !== 0) return this.#done(status);
    }
    const running = this.#running;
    if (!running) return undefined;
    for (let looks = 0; looks < LIMITS.bulkQuerySlice; looks++) {
      const lease = nextOf(running);
      if (lease) {
        if (this.#matches(running, lease, now)) return this.#binding(lease, now);
        continue;
      }
      const other = running.others?.next();
      if (!other || other.done) {
        this.#running = undefined;
        return this.#done(0);
      }
      if (!this.#source.book.at(other.value)) return this.#neverLeased(other.value, now);
    }
    return BUSY;
  }

  /** Starts answering a query. Returns 0, or the status that is its whole answer. */
  #begin(bytes: Uint8Array, now: WallSeconds): number {
    this.#isFirst = true;
    const query = decodeDhcp4(bytes, 0, bytes.length, this.#query);
    if (query.op !== BOOTREQUEST) throw new DecodeError("op", 0, `${query.op} is no request`);
    if (query.u8(MESSAGE_TYPE_OPTION) !== MESSAGE_TYPE.bulkLeaseQuery) return STATUS.notAllowed;
    if (!this.#relay.read(query)) return STATUS.malformedQuery;
    const since = query.u32(QUERY_START) ?? 0;
    const until = query.u32(QUERY_END) ?? Number.POSITIVE_INFINITY;
    if (since === MALFORMED || until === MALFORMED) return STATUS.malformedQuery;
    if (since > until || since > now) return STATUS.malformedQuery;
    const vpn = query.raw(VIRTUAL_SUBNET);
    if (vpn && vpn[0] !== VPN_GLOBAL && vpn[0] !== VPN_ALL) return STATUS.notAllowed;
    // RFC 6926 §8.2: an address in the header is malformed, two things at once are not allowed.
    const { ciaddr, yiaddr, siaddr } = query;
    if (ciaddr !== ANY || yiaddr !== ANY || siaddr !== ANY) return STATUS.malformedQuery;
    const by = this.#asked();
    if (!by) return STATUS.notAllowed;
    const { book } = this.#source;
    if (by === "client") {
      const found: LeaseEntry[] = [];
      if (!identifyByOption61(this.#client, query)) return STATUS.malformedQuery;
      book.collect(this.#client, found);
      const others = undefined;
      this.#running = { leases: found.values(), by, others, since, until, left: found.length };
    } else {
      const leases = book.leases()[Symbol.iterator]();
      // RFC 6926 §8.2: who asks for all is told of every address. Nothing changed at one never leased.
      const isOfAll = by === "all" && !query.has(QUERY_START) && !query.has(QUERY_END);
      const others = isOfAll ? this.#source.addresses()[Symbol.iterator]() : undefined;
      this.#running = { leases, by, others, since, until, left: book.size };
    }
    return 0;
  }

  /** RFC 6926 §7.2: by one thing, or by nothing for all; never by address. Undefined: by two. */
  #asked(): By | undefined {
    const relay = this.#relay;
    const asked = askedFor({ message: this.#query, relay });
    const hasRelayId = relay.length(RELAY_ID) > 0;
    if (asked === "address" || asked === "two-things") return undefined;
    if (asked === "nothing") return hasRelayId ? "relay-id" : "all";
    const isByTwo = hasRelayId || (asked !== "remote-id" && relay.length(REMOTE_ID) > 0);
    return isByTwo ? undefined : asked;
  }

  #matches({ by, since, until }: Running, lease: LeaseEntry, now: WallSeconds): boolean {
    if (by === "mac" && !hasMac(lease, this.#query)) return false;
    if (by === "remote-id" && !hasSuboption(lease, REMOTE_ID, this.#relay)) return false;
    if (by === "relay-id" && !hasSuboption(lease, RELAY_ID, this.#relay)) return false;
    const changedAt = Math.max(lease.seenAt, startOfState(lease, now));
    return changedAt >= since && changedAt <= until;
  }

  #binding(lease: LeaseEntry, now: WallSeconds): Uint8Array {
    const writer = this.#writer;
    const query = this.#query;
    const { parameter } = this.#source;
    const isActive = isLeased(lease, now);
    const type = isActive ? MESSAGE_TYPE.leaseActive : MESSAGE_TYPE.leaseUnassigned;
    beginReply(writer, query, lease.address, lease);
    writeRelayAgent(writer, lease, query);
    writer.u8(MESSAGE_TYPE_OPTION, type);
    this.#nameServer();
    // RFC 6926 §6.2.3: what all the other times of the message count from.
    writer.u32(BASE_TIME, now);
    if (isWanted(query, START_OF_STATE)) {
      writer.u32(START_OF_STATE, Math.max(0, now - startOfState(lease, now)));
    }
    if (isWanted(query, DHCP_STATE_OPTION)) {
      const state = lease.state === "active" && !isActive ? "expired" : lease.state;
      writer.u8(DHCP_STATE_OPTION, DHCP_STATE[state]);
    }
    writeLease(writer, lease, query, now);
    writeParameters(writer, query, (code) => parameter(lease.address, code));
    return framed(writer.finish(NOWHERE));
  }

  #neverLeased(address: Ipv4, now: WallSeconds): Uint8Array {
    const writer = this.#writer;
    const query = this.#query;
    const { parameter } = this.#source;
    beginReply(writer, query, address, undefined);
    writer.u8(MESSAGE_TYPE_OPTION, MESSAGE_TYPE.leaseUnassigned);
    this.#nameServer();
    writer.u32(BASE_TIME, now);
    if (isWanted(query, DHCP_STATE_OPTION)) writer.u8(DHCP_STATE_OPTION, DHCP_STATE.free);
    writeParameters(writer, query, (code) => parameter(address, code));
    return framed(writer.finish(NOWHERE));
  }

  /** RFC 6926 §8.3: in the first message of an answer only. */
  #nameServer(): void {
    if (this.#isFirst) this.#writer.u32(SERVER_ID, this.#source.serverId);
    this.#isFirst = false;
  }

  /** DHCPLEASEQUERYDONE: the end of an answer; without a status code when all went well. */
  #done(status: number): Uint8Array {
    const writer = this.#writer;
    beginReply(writer, this.#query, ANY, undefined);
    writer.u8(MESSAGE_TYPE_OPTION, MESSAGE_TYPE.leaseQueryDone);
    this.#nameServer();
    if (status !== 0) writer.u8(STATUS_CODE, status);
    return framed(writer.finish(NOWHERE));
  }
}

function nextOf(running: Running): LeaseEntry | undefined {
  if (running.left-- <= 0) return undefined;
  const next = running.leases.next();
  return next.done ? undefined : next.value;
}

/** When the address came into the state it is in. A lease that ended, did so at its end. */
function startOfState(lease: LeaseEntry, now: WallSeconds): WallSeconds {
  if (isLeased(lease, now)) return lease.startsAt;
  if (lease.state === "active" || lease.state === "expired") return lease.expiresAt;
  return lease.seenAt;
}

/**
 * RFC 6926 §6.1: two bytes of length, then the message. They go over the end of the headers, which
 * nobody needs, so that the message stays where it is.
 */
function framed(frame: Uint8Array): Uint8Array {
  const length = frame.length - HEADERS_BYTES;
  const start = HEADERS_BYTES - LENGTH_BYTES;
  frame[start] = length >>> 8;
  frame[start + 1] = length;
  return frame.subarray(start);
}
