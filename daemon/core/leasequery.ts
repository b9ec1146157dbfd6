// Questions of others about leases (RFC 4388, RFC 6148): who has this address, which has this client.
//
//   asked by     field               found by             answer
//   address      ciaddr              the book's index     active, unassigned, or unknown to this server
//   MAC          htype, hlen, chaddr a look at all leases active or unknown
//   client       option 61           the book's index     active or unknown
//   remote-id    option 82, sub 2    a look at all leases active or unknown

import { ANY, type Ipv4 } from "../base/address.ts";
import type { Now, WallSeconds } from "../base/time.ts";
import type { RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import { type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { RelayView } from "../wire/relay-view.ts";
import { CLIENT_ID_BYTES_MAX, CLIENT_ID_BYTES_MIN, ClientIdentity } from "./client-identity.ts";
import { FOREVER_SECONDS } from "./config-view.ts";
import type { LeaseBook, LeaseEntry } from "./lease-book.ts";

const CLIENT_ID = OPTION.clientIdentifier.code;
export const REMOTE_ID = 2;

/** What of a packet says what is asked. */
export interface LeaseQuestion {
  readonly message: Dhcp4Message;
  /** Has read the option 82 of that message. */
  readonly relay: RelayView;
}

export interface LeaseQueryAnswer {
  readonly type:
    | typeof MESSAGE_TYPE.leaseUnassigned
    | typeof MESSAGE_TYPE.leaseUnknown
    | typeof MESSAGE_TYPE.leaseActive;
  /** The address the answer is about; 0.0.0.0 when there is none. */
  readonly address: Ipv4;
  /** Set when the address is leased now. */
  readonly lease: LeaseEntry | undefined;
  /** The client's other leased addresses, LIMITS.associatedAddressesMax at most. */
  readonly associated: readonly Ipv4[];
}

/** What can be asked for besides an address. */
export type Asked = "address" | "mac" | "client" | "remote-id" | "nothing" | "two-things";

/**
 * RFC 4388 §6.3: fields that are not asked by are zero. A hardware address of zeros asks for nothing,
 * since some fill in its length all the same. RFC 6148 §4: option 82 asks for something only when
 * nothing else does, because a relay on the way may have added its own.
 */
export function askedFor({ message, relay }: LeaseQuestion): Asked {
  const byAddress = message.ciaddr !== ANY;
  const byMac = hasHardwareAddress(message);
  const byClient = message.has(CLIENT_ID);
  const count = Number(byAddress) + Number(byMac) + Number(byClient);
  if (count > 1) return "two-things";
  if (byAddress) return "address";
  if (byMac) return "mac";
  if (byClient) return "client";
  return relay.length(REMOTE_ID) > 0 ? "remote-id" : "nothing";
}

/** Has and will have the address: a lease past its end may wait a few seconds to be taken back. */
export function isLeased(lease: LeaseEntry, now: WallSeconds): boolean {
  if (lease.state !== "active") return false;
  return lease.expiresAt > now || lease.leaseSeconds === FOREVER_SECONDS;
}

/** The client identity that option 61 of a message stands for; false when it is malformed. */
export function identifyByOption61(into: ClientIdentity, message: Dhcp4Message): boolean {
  const start = message.contentStart(CLIENT_ID);
  const length = message.contentLength(CLIENT_ID);
  if (start === 0 || length < CLIENT_ID_BYTES_MIN || length > CLIENT_ID_BYTES_MAX) return false;
  into.setClientId(message.bytes, start, length);
  return true;
}

export function hasMac(lease: LeaseEntry, message: Dhcp4Message): boolean {
  const { packedChaddr } = lease;
  const { hlen, chaddr } = message;
  if (packedChaddr.length !== hlen || lease.htype !== message.htype) return false;
  for (let i = 0; i < hlen; i++) if (packedChaddr.charCodeAt(i) !== chaddr[i]) return false;
  return true;
}

/** Whether the lease came through a relay that sent this sub-option of option 82. */
export function hasSuboption(lease: LeaseEntry, code: number, relay: RelayView): boolean {
  const packed = lease.packedRelayAgent;
  for (let at = 0; at + 1 < packed.length; at += 2 + packed.charCodeAt(at + 1)) {
    if (packed.charCodeAt(at) !== code) continue;
    const length = packed.charCodeAt(at + 1);
    const start = relay.start(code);
    if (length !== relay.length(code) || at + 2 + length > packed.length) return false;
    for (let i = 0; i < length; i++) {
      if (packed.charCodeAt(at + 2 + i) !== relay.bytes[start + i]) return false;
    }
    return true;
  }
  return false;
}

/**
 * Answers one question at a time. By MAC and by remote-id there is no index: such questions come
 * seldom and only from listed addresses, an index would cost memory for every lease, and the look at
 * all leases is bounded by LIMITS.poolAddressesMax and LIMITS.leaseQueryScansPerSecond.
 */
export class LeaseQueries {
  readonly #book: LeaseBook;
  readonly #client: ClientIdentity;
  #scans: number = LIMITS.leaseQueryScansPerSecond;
  #scansAt = 0;

  /** `hashSeed` is the book's. */
  constructor(book: LeaseBook, hashSeed: number) {
    this.#book = book;
    this.#client = new ClientIdentity(hashSeed);
  }

  /**
   * For a DHCPLEASEQUERY whose sender may ask. `isManaged` says whether an address belongs to a
   * network of this server. RFC 4388 §6.4.3: a query without `giaddr` cannot be answered.
   */
  answer(
    question: LeaseQuestion,
    isManaged: (address: Ipv4) => boolean,
    now: Now,
  ): LeaseQueryAnswer | RefusalReason {
    const { message } = question;
    if (message.giaddr === ANY) return "query-malformed";
    const asked = askedFor(question);
    if (asked === "nothing" || asked === "two-things") return "query-malformed";
    const seconds = Math.floor(now.wall / 1000);
    if (asked === "address") return this.#byAddress(message.ciaddr, isManaged, seconds);
    const found: LeaseEntry[] = [];
    if (asked === "client") {
      if (!identifyByOption61(this.#client, message)) return "query-malformed";
      this.#book.collect(this.#client, found);
    } else {
      if (!this.#mayScan(now.monotonic)) return "rate-limited";
      this.#scan(question, asked, found);
    }
    return newestOf(found, seconds);
  }

  #byAddress(
    address: Ipv4,
    isManaged: (address: Ipv4) => boolean,
    now: WallSeconds,
  ): LeaseQueryAnswer {
    const lease = this.#book.at(address);
    if (lease && isLeased(lease, now)) {
      return { type: MESSAGE_TYPE.leaseActive, address, lease, associated: [] };
    }
    const type = isManaged(address) ? MESSAGE_TYPE.leaseUnassigned : MESSAGE_TYPE.leaseUnknown;
    return { type, address, lease: undefined, associated: [] };
  }

  #scan({ message, relay }: LeaseQuestion, asked: "mac" | "remote-id", found: LeaseEntry[]): void {
    for (const lease of this.#book.leases()) {
      if (asked === "mac" ? hasMac(lease, message) : hasSuboption(lease, REMOTE_ID, relay)) {
        found.push(lease);
      }
    }
  }

  #mayScan(now: number): boolean {
    const { leaseQueryScansPerSecond: rate } = LIMITS;
    this.#scans = Math.min(rate, this.#scans + ((now - this.#scansAt) * rate) / 1000);
    this.#scansAt = now;
    if (this.#scans < 1) return false;
    this.#scans--;
    return true;
  }
}

/** RFC 4388 §6.4.1: of several leases the one that its client was heard about last. */
function newestOf(found: readonly LeaseEntry[], now: WallSeconds): LeaseQueryAnswer {
  let lease: LeaseEntry | undefined;
  for (const one of found) {
    if (isLeased(one, now) && (lease === undefined || one.seenAt > lease.seenAt)) lease = one;
  }
  if (lease === undefined) {
    return { type: MESSAGE_TYPE.leaseUnknown, address: ANY, lease, associated: [] };
  }
  const associated: Ipv4[] = [];
  for (const one of found) {
    if (associated.length === LIMITS.associatedAddressesMax) break;
    if (one !== lease && isLeased(one, now)) associated.push(one.address);
  }
  associated.sort((a, b) => a - b);
  return { type: MESSAGE_TYPE.leaseActive, address: lease.address, lease, associated };
}

function hasHardwareAddress(message: Dhcp4Message): boolean {
  for (let i = 0; i < message.hlen; i++) if (message.chaddr[i] !== 0) return true;
  return false;
}
