// Which box answers which new client (RFC 3074), and the bit map by which the primary says so
// (draft-ietf-dhc-failover-12 §5.3 and §12.11).

import type { Dhcp4Message } from "../../wire/dhcp4-message.ts";
import { OPTION } from "../../wire/dhcp4-options.ts";
import type { Dialect } from "../../wire/failover/messages.ts";
import { HASH_BUCKET_BYTES } from "../../wire/failover/numbers.ts";
import { CLIENT_ID_IDENTITY } from "../client-identity.ts";

/** RFC 3074 §6: the hash has this many values. */
export const BUCKETS = 256;

/**
 * The bucket of a key, 0 to 255: Pearson's hash, begun with the key's length and fed from the last
 * byte to the first (RFC 3074 §6).
 */
export function bucketOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = length & 0xff;
  for (let at = start + length - 1; at >= start; at--) {
    hash = MIXING[hash ^ (bytes[at] as number)] as number;
  }
  return hash;
}

/** The same for the bytes of a packed string behind the first `start`. */
export function bucketOfPacked(packed: string, start: number): number {
  let hash = (packed.length - start) & 0xff;
  for (let at = packed.length - 1; at >= start; at--) {
    hash = MIXING[hash ^ packed.charCodeAt(at)] as number;
  }
  return hash;
}

/**
 * The bucket of the client in hand, by what it sent and not by what a reservation or the network's
 * settings make of it: the partner sees only the packet. The content of option 61 when there is one,
 * else the hardware address without its type (RFC 3074 §5.3).
 */
export function bucketOfMessage(message: Dhcp4Message): number {
  if (!message.has(CLIENT_ID)) return bucketOf(message.chaddr, 0, message.hlen);
  const start = message.contentStart(CLIENT_ID);
  if (start !== 0) return bucketOf(message.bytes, start, message.contentLength(CLIENT_ID));
  // RFC 3396: it comes in pieces.
  const joined = message.raw(CLIENT_ID) ?? NOTHING;
  return bucketOf(joined, 0, joined.length);
}

/**
 * The bucket of a client as its lease remembers it (`LeaseEntry.packedClient`). Of an address that
 * nobody had yet, which has none, it is 0.
 */
export function bucketOfIdentity(packedClient: string): number {
  if (packedClient === "") return 0;
  // Behind the kind stands what option 61 held, or the hardware type and then the address.
  const isClientId = packedClient.charCodeAt(0) === CLIENT_ID_IDENTITY;
  return bucketOfPacked(packedClient, isClientId ? 1 : 2);
}

/** The buckets that are the primary's when it answers this share of the clients, 0 to 100 per cent. */
export function hashBuckets(primaryPercent: number): Uint8Array {
  const count = Math.round((primaryPercent * BUCKETS) / 100);
  const primaryBuckets = new Uint8Array(HASH_BUCKET_BYTES);
  for (let bucket = 0; bucket < count; bucket++) {
    primaryBuckets[bucket >> 3] = (primaryBuckets[bucket >> 3] as number) | (1 << (bucket & 7));
  }
  return primaryBuckets;
}

/** Buckets stand in the map from each byte's least significant bit on, as dhcpd has them. */
export function isPrimaryBucket(primaryBuckets: Uint8Array, bucket: number): boolean {
  return ((primaryBuckets[bucket >> 3] as number) & (1 << (bucket & 7))) !== 0;
}

/**
 * The content of option hash-bucket-assignment. In the draft (§12.11) a set bit is a bucket that the
 * secondary answers, in dhcpd one that the primary answers.
 */
export function hbaForWire(dialect: Dialect, primaryBuckets: Uint8Array): Uint8Array {
  return dialect === "isc" ? primaryBuckets.slice() : primaryBuckets.map((bits) => ~bits);
}

/** The primary's buckets out of the option's content, which is a copy with the same 32 bytes. */
export function hbaFromWire(dialect: Dialect, bytes: Uint8Array): Uint8Array {
  // Turning every bit around, or none, undoes itself.
  return hbaForWire(dialect, bytes);
}

const CLIENT_ID = OPTION.clientIdentifier.code;
const NOTHING = new Uint8Array(0);

/** RFC 3074 §6: `loadb_mx_tbl`, every number from 0 to 255 once. */
const MIXING = Uint8Array.from([
  251, 175, 119, 215, 81, 14, 79, 191, 103, 49, 181, 143, 186, 157, 0, 232, 31, 32, 55, 60, 152, 58,
  17, 237, 174, 70, 160, 144, 220, 90, 57, 223, 59, 3, 18, 140, 111, 166, 203, 196, 134, 243, 124,
  95, 222, 179, 197, 65, 180, 48, 36, 15, 107, 46, 233, 130, 165, 30, 123, 161, 209, 23, 97, 16, 40,
  91, 219, 61, 100, 10, 210, 109, 250, 127, 22, 138, 29, 108, 244, 67, 207, 9, 178, 204, 74, 98,
  126, 249, 167, 116, 34, 77, 193, 200, 121, 5, 20, 113, 71, 35, 128, 13, 182, 94, 25, 226, 227,
  199, 75, 27, 41, 245, 230, 224, 43, 225, 177, 26, 155, 150, 212, 142, 218, 115, 241, 73, 88, 105,
  39, 114, 62, 255, 192, 201, 145, 214, 168, 158, 221, 148, 154, 122, 12, 84, 82, 163, 44, 139, 228,
  236, 205, 242, 217, 11, 187, 146, 159, 64, 86, 239, 195, 42, 106, 198, 118, 112, 184, 172, 87, 2,
  173, 117, 176, 229, 247, 253, 137, 185, 99, 164, 102, 147, 45, 66, 231, 52, 141, 211, 194, 206,
  246, 238, 56, 110, 78, 248, 63, 240, 189, 93, 92, 51, 53, 183, 19, 171, 72, 50, 33, 104, 101, 69,
  8, 252, 83, 120, 76, 135, 85, 54, 202, 125, 188, 213, 96, 235, 136, 208, 162, 129, 190, 132, 156,
  38, 47, 1, 7, 254, 24, 4, 216, 131, 89, 21, 28, 133, 37, 153, 149, 80, 170, 68, 6, 169, 234, 151,
]);
