// Telling clients to renew now (RFC 3203), so that they get new settings at once and not at half of
// their lease. Such a message must be authenticated (RFC 6704):
//
//   client                            this box
//   DISCOVER, REQUEST with option 145
//                                     OFFER with option 145
//                                     ACK with option 90: a nonce, once, in the clear
//                                     … a configuration with new parameters …
//                                     FORCERENEW with option 90: HMAC-MD5 keyed with the nonce
//   REQUEST (renewing)                ACK
//
// The nonce is made from a secret of the box and the client's identity. So there is nothing to store,
// and a restart or the other box of a pair with the same secret knows it as well.

import { ANY, type Ipv4 } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import type { WallSeconds } from "../base/time.ts";
import { LIMITS } from "../limits.ts";
import type { KeyedHash } from "../ports.ts";
import { BOOTREPLY, type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { addWords, HEADERS_BYTES, writeHeaders } from "../wire/frame.ts";
import type { ReplyAddressing, ReplyWriter } from "../wire/reply.ts";
import { CLIENT_ID_IDENTITY } from "./client-identity.ts";
import type { LeaseEntry } from "./lease-book.ts";

const NONCE_CAPABLE = OPTION.forcerenewNonceCapable.code;
const AUTHENTICATION = OPTION.authentication.code;
const CLIENT_ID = OPTION.clientIdentifier.code;

const HMAC_MD5 = 1;
/** RFC 6704 §3.1.2: protocol of option 90, and what stands in its authentication information. */
const NONCE_PROTOCOL = 3;
const TYPE_NONCE = 1;
const TYPE_DIGEST = 2;
const MONOTONIC_REPLAY = 0;
const DIGEST_BYTES = 16;
/** Protocol, algorithm, replay method, eight bytes of replay detection, type. */
const DIGEST_AT = 12;
const AUTHENTICATION_BYTES = DIGEST_AT + DIGEST_BYTES;
const ETHERNET = 1;

/** RFC 6704 §3.1.3: content of option 145 in the OFFER to a client that sent it. */
export const NONCE_ALGORITHMS: Uint8Array = Uint8Array.of(HMAC_MD5);

/** The client can be told to renew: option 145 names HMAC-MD5. Allocates nothing, but for an option in pieces. */
export function wantsNonce(message: Dhcp4Message): boolean {
  const start = message.contentStart(NONCE_CAPABLE);
  if (start === 0) return message.raw(NONCE_CAPABLE)?.includes(HMAC_MD5) ?? false;
  const end = start + message.contentLength(NONCE_CAPABLE);
  for (let at = start; at < end; at++) if (message.bytes[at] === HMAC_MD5) return true;
  return false;
}

/**
 * Whether this ACK must bring the nonce. RFC 6704 §3.1.3 wants it sent as seldom as possible: a client
 * that renews has it already, unless its lease is from a time when it could not be told to renew.
 */
export function isNonceDue(message: Dhcp4Message, couldBefore: boolean): boolean {
  return wantsNonce(message) && (message.ciaddr === ANY || !couldBefore);
}

/** The only thing of a client that a FORCERENEW can be sent to. */
export function canBeForced(lease: LeaseEntry): boolean {
  const isReachable = lease.htype === ETHERNET && lease.packedChaddr.length === 6;
  return lease.canForceRenew && lease.state === "active" && isReachable;
}

/**
 * Values of option 90 that rise with every message, over restarts as well: wall seconds times 2^16, or
 * one more than the last. After a start with a clock that is behind clients take no FORCERENEW until
 * it has caught up; they renew in their own time then.
 */
export class ReplayCounter {
  #last = 0;

  next(now: WallSeconds): number {
    this.#last = Math.max(this.#last + 1, Math.floor(now) * 0x1_0000);
    return this.#last;
  }
}

/** What of a FORCERENEW the lease does not say. */
export interface ForceRenewRoute {
  /** RFC 2131 §4.1: the address of the box on this LAN, and its hardware address. */
  readonly sourceIp: Ipv4;
  readonly sourceMac: Uint8Array;
  /** Server identifier of the client's network. */
  readonly serverId: Ipv4;
  /** Hardware address of the next hop towards the client: on its LAN, its own. */
  readonly destinationMac: Uint8Array;
  readonly now: WallSeconds;
}

/** Makes what is authenticated. `secret` stays with the box. */
export class ForceRenewAuth {
  readonly #hash: KeyedHash;
  readonly #secret: Uint8Array;
  readonly #replay = new ReplayCounter();

  constructor(hash: KeyedHash, secret: Uint8Array) {
    this.#hash = hash;
    this.#secret = secret;
  }

  /** Content of option 90 in the ACK (RFC 6704 §3.1.2) to the client with this identity. */
  nonceOption(client: Uint8Array, now: WallSeconds): Uint8Array {
    return this.#option(TYPE_NONCE, this.#nonce(client), now);
  }

  /** The whole frame of a DHCPFORCERENEW for a lease that `canBeForced`. */
  frame(writer: ReplyWriter, lease: LeaseEntry, route: ForceRenewRoute): Uint8Array {
    const { client, chaddr, address } = lease;
    assert(chaddr.length === 6, "no Ethernet address to send a FORCERENEW to");
    writer.begin({
      op: BOOTREPLY,
      htype: lease.htype,
      hlen: chaddr.length,
      hops: 0,
      xid: lease.xid,
      secs: 0,
      flags: 0,
      ciaddr: address,
      yiaddr: ANY,
      siaddr: ANY,
      giaddr: ANY,
      chaddr,
    });
    writer.u8(OPTION.dhcpMessageType.code, MESSAGE_TYPE.forceRenew);
    writer.u32(OPTION.serverIdentifier.code, route.serverId);
    const authentication = this.#option(TYPE_DIGEST, new Uint8Array(DIGEST_BYTES), route.now);
    writer.bytes(AUTHENTICATION, authentication);
    // RFC 6842 §3: a client may drop what does not say its identifier.
    if (client[0] === CLIENT_ID_IDENTITY) writer.bytes(CLIENT_ID, client.subarray(1));
    const { sourceIp, sourceMac, destinationMac } = route;
    const ports = { sourcePort: 67, destinationPort: 68 };
    const to = { sourceIp, sourceMac, destinationIp: address, destinationMac, ...ports };
    return this.#signed(writer.finish(to), this.#nonce(client), to);
  }

  /** RFC 6704 §3.1.3: the digest is over the whole message with zeros in its own place. */
  #signed(frame: Uint8Array, nonce: Uint8Array, to: ReplyAddressing): Uint8Array {
    const digest = this.#hash(nonce, frame.subarray(HEADERS_BYTES));
    frame.set(digest.subarray(0, DIGEST_BYTES), DIGEST_IN_FRAME);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const sum = addWords(frame, HEADERS_BYTES, frame.length, 0);
    writeHeaders(view, 0, to, frame.length - HEADERS_BYTES, sum);
    return frame;
  }

  #nonce(client: Uint8Array): Uint8Array {
    const data = new Uint8Array(NONCE_PURPOSE.length + client.length);
    data.set(NONCE_PURPOSE);
    data.set(client, NONCE_PURPOSE.length);
    return this.#hash(this.#secret, data).subarray(0, DIGEST_BYTES);
  }

  #option(type: number, information: Uint8Array, now: WallSeconds): Uint8Array {
    const content = new Uint8Array(AUTHENTICATION_BYTES);
    content.set([NONCE_PROTOCOL, HMAC_MD5, MONOTONIC_REPLAY]);
    const replay = this.#replay.next(now);
    const view = new DataView(content.buffer);
    view.setUint32(3, Math.floor(replay / 0x1_0000_0000));
    view.setUint32(7, replay >>> 0);
    content[11] = type;
    content.set(information, DIGEST_AT);
    return content;
  }
}

/** Keeps the nonce apart from whatever else the secret of the box is used for. */
const NONCE_PURPOSE = Uint8Array.from("forcerenew nonce\0", (c) => c.charCodeAt(0));
/** Header, options 53 (3 bytes) and 54 (6 bytes), code and length of option 90. */
const DIGEST_IN_FRAME = HEADERS_BYTES + 240 + 3 + 6 + 2 + DIGEST_AT;

/**
 * Leases whose clients are to be told, LIMITS.forcedRenewsPerSecond a second. Each lease waits once at
 * most, so there are never more than there are leases.
 */
export class ForcedRenewals {
  readonly #waiting = new Set<LeaseEntry>();
  #notBefore = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#waiting.size;
  }

  /** Monotonic ms at which `due` has something; undefined while nothing waits. May be in the past. */
  get nextAt(): number | undefined {
    return this.#waiting.size === 0 ? undefined : this.#notBefore;
  }

  /** Queues the leases of a network whose parameters changed. Returns how many are new. */
  addNetwork(leases: Iterable<LeaseEntry>, network: string): number {
    const before = this.#waiting.size;
    for (const lease of leases) {
      if (lease.network === network && canBeForced(lease)) this.#waiting.add(lease);
    }
    return this.#waiting.size - before;
  }

  /** A client that was heard has the new parameters by now. */
  forget(lease: LeaseEntry): void {
    if (this.#waiting.size > 0) this.#waiting.delete(lease);
  }

  /** The next lease to send a FORCERENEW for; call it until it has none. */
  due(nowMonotonic: number): LeaseEntry | undefined {
    if (nowMonotonic < this.#notBefore) return undefined;
    for (const lease of this.#waiting) {
      this.#waiting.delete(lease);
      if (!canBeForced(lease)) continue;
      this.#notBefore = nowMonotonic + 1000 / LIMITS.forcedRenewsPerSecond;
      return lease;
    }
    return undefined;
  }
}
