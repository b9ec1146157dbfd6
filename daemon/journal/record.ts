// One journal record: how a lease, the start of a file and the end of a snapshot look as bytes.
//
//   offset size
//     0     2   magic d7 4a
//     2     4   CRC-32C of everything behind it, keyed with the journal's salt (see below)
//     6     2   length of the whole record
//     8     1   version of this layout
//     9     1   type; with bit 7 set, software that does not know the type may pass over it
//    10     6   sequence
//    16     5   wall time of writing, seconds
//    21     …   content by type
//
// Version 2 is a lease with something more behind it, and a lease is written in version 1 as long as
// that can hold it, so that an older version of Tandem still reads a journal in which nothing is new:
//
//     1     flags: bit 0 = the client can be told to renew
//     4     transaction of its last ACK
//     1     length of option 82's content, and that content
//
// Version 3 is a lease of which the partner of a pair was told or told us something. It has all of
// version 2 and one more flag, bit 1 = the content is the partner's, and behind the option 82:
//
//     5     potential expiration time told to the partner, 0 for none
//     5     the latest one agreed on, 0 for none
//
// The state of the pair is a record of its own (pair-record.ts), and an older version may not pass
// over it: a box that forgot that it has a partner would give away the partner's addresses.
//
// All integers are big-endian. The length is under the checksum, so any flip of up to 32 bits in a
// row is found for certain. The salt is a random number made with the journal: a client chooses its
// identifier and host name freely, and without the salt it could put a whole valid record in there,
// which a search for good records behind a damaged place would then take for one of ours.

import type { Ipv4 } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import { crc32c } from "../base/crc32c.ts";
import type { WallSeconds } from "../base/time.ts";
import type { BindingState, Lease } from "../core/lease.ts";
import { pairFits, TYPE_OF_PAIR } from "./pair-record.ts";
import {
  CHECKED_FROM,
  get16,
  get32,
  get40,
  get48,
  HEAD_BYTES,
  MAGIC_HIGH,
  MAGIC_LOW,
  put32,
  put40,
  put48,
  putHead,
  seal,
  VERSION,
} from "./record-bytes.ts";

/** A lease without any text. */
export const LEASE_BYTES_MIN = HEAD_BYTES + 31;
export const START_BYTES = HEAD_BYTES + 11;
export const END_BYTES = HEAD_BYTES + 4;

const VERSION_OF_LONG_LEASE = 2;
const VERSION_OF_SHARED_LEASE = 3;
const CAN_FORCE_RENEW = 1;
const FROM_PARTNER = 2;
/** What version 2 has behind the lease, when there is no option 82, and version 3 behind that. */
const MORE_BYTES_MIN = 6;
const SHARED_BYTES = 10;
const TYPE_MAY_BE_SKIPPED = 0x80;

export const TYPE = { lease: 1, start: 2, end: 3, pair: TYPE_OF_PAIR } as const;

/** Numbers of draft-ietf-dhc-failover-12 §12.3 (binding-status). */
const STATE_NUMBER: Readonly<Record<BindingState, number>> = {
  free: 1,
  active: 2,
  expired: 3,
  released: 4,
  abandoned: 5,
  reset: 6,
  backup: 7,
};
/** Beside the state's number in its byte. */
const CLOCK_UNCERTAIN = 0x80;
const STATE_BY_NUMBER: readonly (BindingState | undefined)[] = [
  undefined,
  ...(Object.keys(STATE_NUMBER) as BindingState[]),
];

/** What a file says about itself in its first record. */
export interface FileStart {
  readonly kind: "segment" | "snapshot";
  /** Segment: its first record has this sequence. Snapshot: it covers all up to this one. */
  readonly sequence: number;
  /** Key of the checksums of all other records of the journal, 1 to 2^32-1. */
  readonly salt: number;
  /** Segment: the last sequence that was written to files before it. */
  readonly after: number;
}

/**
 * Writes a lease at `at` and returns the offset behind it. `into` must have RECORD_BYTES_MAX bytes
 * left. Texts take at most 255 bytes of UTF-8 each, the identity at most 1,024, hardware address and
 * option 82 at most 255; the core's limits are not above. Anything else is our mistake and asserts.
 */
export function encodeLease(
  into: Uint8Array,
  at: number,
  lease: Lease,
  wall: WallSeconds,
  salt: number,
): number {
  putHead(into, at, TYPE.lease, lease.sequence, wall);
  put32(into, at + 21, lease.address);
  into[at + 25] = STATE_NUMBER[lease.state] | (lease.clockUncertain ? CLOCK_UNCERTAIN : 0);
  into[at + 26] = lease.htype;
  put40(into, at + 27, lease.startsAt);
  put40(into, at + 32, lease.seenAt);
  put40(into, at + 37, lease.expiresAt);
  put32(into, at + 42, lease.leaseSeconds);
  const { client, chaddr } = lease;
  assert(client.length <= 1024 && chaddr.length <= 255, "client identity too long to store");
  let end = putText(into, at + 46, lease.network);
  into[end] = client.length >>> 8;
  into[end + 1] = client.length & 255;
  end += 2;
  for (let i = 0; i < client.length; i++) into[end + i] = client[i] as number;
  end += client.length;
  into[end++] = chaddr.length;
  for (let i = 0; i < chaddr.length; i++) into[end + i] = chaddr[i] as number;
  end += chaddr.length;
  end = putText(into, end, lease.hostname);
  end = putText(into, end, lease.vendorClass);
  const { relayAgent, canForceRenew } = lease;
  const isShared = lease.toldUntil !== 0 || lease.agreedUntil !== 0 || lease.fromPartner;
  if (isShared || canForceRenew || relayAgent.length > 0) {
    into[at + 8] = isShared ? VERSION_OF_SHARED_LEASE : VERSION_OF_LONG_LEASE;
    end = putMore(into, end, lease, relayAgent);
    if (isShared) end = putShared(into, end, lease);
  }
  return seal(into, at, end, salt);
}

/** Writes the first record of a file. Its checksum is not keyed, since it brings the key. */
export function encodeStart(
  into: Uint8Array,
  at: number,
  start: FileStart,
  wall: WallSeconds,
): number {
  assert(start.salt > 0, "the salt must not be the seed of a start");
  putHead(into, at, TYPE.start, start.sequence, wall);
  into[at + 21] = start.kind === "segment" ? 1 : 2;
  put32(into, at + 22, start.salt);
  put48(into, at + 26, start.after);
  return seal(into, at, at + START_BYTES, 0);
}

/** Writes the last record of a snapshot: how many records it holds, and up to which sequence. */
export function encodeEnd(
  into: Uint8Array,
  at: number,
  end: { readonly records: number; readonly sequence: number },
  wall: WallSeconds,
  salt: number,
): number {
  putHead(into, at, TYPE.end, end.sequence, wall);
  put32(into, at + 21, end.records);
  return seal(into, at, at + END_BYTES, salt);
}

/**
 * What begins at `at`, by its bytes alone:
 * - `good`: a whole record that this version can read
 * - `newer`: a whole record of a version or type that this version does not know
 * - `skippable`: the same, but marked as one that may be passed over
 * - `unreadable`: anything else
 */
export type RecordLook = "good" | "newer" | "skippable" | "unreadable";

export function lookAt(bytes: Uint8Array, at: number, salt: number): RecordLook {
  if (!isWhole(bytes, at, salt)) return "unreadable";
  const type = recordType(bytes, at);
  if ((type & TYPE_MAY_BE_SKIPPED) !== 0) return "skippable";
  const version = recordVersion(bytes, at);
  if (version > (type === TYPE.lease ? VERSION_OF_SHARED_LEASE : VERSION)) return "newer";
  if (version < VERSION) return "newer";
  const length = recordLength(bytes, at);
  if (type === TYPE.lease) return leaseFits(bytes, at, length, version) ? "good" : "unreadable";
  if (type === TYPE.end) return length === END_BYTES ? "good" : "unreadable";
  if (type === TYPE.pair) return pairFits(bytes, at, length) ? "good" : "unreadable";
  return type === TYPE.start ? "unreadable" : "newer";
}

/** The same for the first record of a file, the only place where a start may stand. */
export function lookAtStart(bytes: Uint8Array): "good" | "newer" | "unreadable" {
  if (!isWhole(bytes, 0, 0) || recordType(bytes, 0) !== TYPE.start) return "unreadable";
  if (recordVersion(bytes, 0) !== VERSION) return "newer";
  const kind = bytes[21];
  return recordLength(bytes, 0) === START_BYTES && (kind === 1 || kind === 2)
    ? "good"
    : "unreadable";
}

function isWhole(bytes: Uint8Array, at: number, salt: number): boolean {
  if (at + HEAD_BYTES > bytes.length) return false;
  if (bytes[at] !== MAGIC_HIGH || bytes[at + 1] !== MAGIC_LOW) return false;
  const length = recordLength(bytes, at);
  if (length < HEAD_BYTES || at + length > bytes.length) return false;
  return get32(bytes, at + 2) === crc32c(bytes, at + CHECKED_FROM, at + length, salt);
}

/** First offset from `from` on where the magic stands, or the length of `bytes`. */
export function findMagic(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(MAGIC_HIGH, from);
  while (at >= 0 && bytes[at + 1] !== MAGIC_LOW) at = bytes.indexOf(MAGIC_HIGH, at + 1);
  return at < 0 ? bytes.length : at;
}

// The functions below read a record for which `lookAt` answered something but "unreadable".

export function recordLength(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 6);
}

export function recordType(bytes: Uint8Array, at: number): number {
  return bytes[at + 9] as number;
}

export function recordVersion(bytes: Uint8Array, at: number): number {
  return bytes[at + 8] as number;
}

export function recordSequence(bytes: Uint8Array, at: number): number {
  return get48(bytes, at + 10);
}

export function recordWall(bytes: Uint8Array, at: number): WallSeconds {
  return get40(bytes, at + 16);
}

export function leaseAddress(bytes: Uint8Array, at: number): Ipv4 {
  return get32(bytes, at + 21) as Ipv4;
}

export function decodeStart(bytes: Uint8Array, at: number): FileStart {
  return {
    kind: bytes[at + 21] === 1 ? "segment" : "snapshot",
    sequence: recordSequence(bytes, at),
    salt: get32(bytes, at + 22),
    after: get48(bytes, at + 26),
  };
}

/** How many records, leases and all others, the snapshot holds that this record ends. */
export function decodeEnd(bytes: Uint8Array, at: number): number {
  return get32(bytes, at + 21);
}

/** The lease of a good record. Copies everything, so `bytes` can be let go. */
export function decodeLease(bytes: Uint8Array, at: number): Lease {
  const network = at + 46;
  const client = network + 1 + (bytes[network] as number);
  const chaddr = client + 2 + get16(bytes, client);
  const hostname = chaddr + 1 + (bytes[chaddr] as number);
  const vendorClass = hostname + 1 + (bytes[hostname] as number);
  const more = vendorClass + 1 + (bytes[vendorClass] as number);
  const version = recordVersion(bytes, at);
  const isLong = version >= VERSION_OF_LONG_LEASE;
  const isShared = version === VERSION_OF_SHARED_LEASE;
  const flags = isLong ? (bytes[more] as number) : 0;
  const end = at + recordLength(bytes, at) - (isShared ? SHARED_BYTES : 0);
  const expiresAt = get40(bytes, at + 37);
  return {
    address: leaseAddress(bytes, at),
    network: text(bytes, network),
    state: stateAt(bytes, at) ?? "free",
    client: bytes.slice(client + 2, chaddr),
    htype: bytes[at + 26] as number,
    chaddr: bytes.slice(chaddr + 1, hostname),
    hostname: text(bytes, hostname),
    vendorClass: text(bytes, vendorClass),
    relayAgent: isLong ? bytes.slice(more + MORE_BYTES_MIN, end) : new Uint8Array(0),
    canForceRenew: (flags & CAN_FORCE_RENEW) !== 0,
    xid: isLong ? get32(bytes, more + 1) : 0,
    startsAt: get40(bytes, at + 27),
    seenAt: get40(bytes, at + 32),
    expiresAt,
    leaseSeconds: get32(bytes, at + 42),
    clockUncertain: ((bytes[at + 25] as number) & CLOCK_UNCERTAIN) !== 0,
    toldUntil: isShared ? get40(bytes, end) : 0,
    agreedUntil: isShared ? get40(bytes, end + 5) : 0,
    fromPartner: (flags & FROM_PARTNER) !== 0,
    sequence: recordSequence(bytes, at),
    durableExpiresAt: expiresAt,
  };
}

/** Every length inside a lease record must add up to the length of the record. */
function leaseFits(bytes: Uint8Array, at: number, length: number, version: number): boolean {
  const end = at + length;
  if (length < LEASE_BYTES_MIN || stateAt(bytes, at) === undefined) return false;
  let next = at + 46;
  next += 1 + (bytes[next] as number);
  if (next + 2 > end) return false;
  next += 2 + get16(bytes, next);
  for (let left = 3; left > 0; left--) {
    if (next >= end) return false;
    next += 1 + (bytes[next] as number);
  }
  if (version === VERSION) return next === end;
  const isShared = version === VERSION_OF_SHARED_LEASE;
  const flagsMax = isShared ? CAN_FORCE_RENEW | FROM_PARTNER : CAN_FORCE_RENEW;
  if (next + MORE_BYTES_MIN > end || (bytes[next] as number) > flagsMax) return false;
  const behind = next + MORE_BYTES_MIN + (bytes[next + 5] as number);
  return behind + (isShared ? SHARED_BYTES : 0) === end;
}

function stateAt(bytes: Uint8Array, at: number): BindingState | undefined {
  return STATE_BY_NUMBER[(bytes[at + 25] as number) & ~CLOCK_UNCERTAIN];
}

function putMore(into: Uint8Array, at: number, lease: Lease, relayAgent: Uint8Array): number {
  const { canForceRenew, fromPartner, xid } = lease;
  const { length } = relayAgent;
  assert(length <= 255, "relay agent information too long to store");
  into[at] = (canForceRenew ? CAN_FORCE_RENEW : 0) | (fromPartner ? FROM_PARTNER : 0);
  put32(into, at + 1, xid);
  into[at + 5] = length;
  for (let i = 0; i < length; i++) into[at + MORE_BYTES_MIN + i] = relayAgent[i] as number;
  return at + MORE_BYTES_MIN + length;
}

function putShared(into: Uint8Array, at: number, lease: Lease): number {
  put40(into, at, lease.toldUntil);
  put40(into, at + 5, lease.agreedUntil);
  return at + SHARED_BYTES;
}

function putText(into: Uint8Array, at: number, value: string): number {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 127) return putWideText(into, at, value);
    into[at + 1 + i] = code;
  }
  assert(value.length <= 255, "text too long to store");
  into[at] = value.length;
  return at + 1 + value.length;
}

function putWideText(into: Uint8Array, at: number, value: string): number {
  const bytes = new TextEncoder().encode(value);
  assert(bytes.length <= 255, "text too long to store");
  into[at] = bytes.length;
  into.set(bytes, at + 1);
  return at + 1 + bytes.length;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function text(bytes: Uint8Array, at: number): string {
  const length = bytes[at] as number;
  return length === 0 ? "" : utf8.decode(bytes.subarray(at + 1, at + 1 + length));
}
