// What all records of the journal have in common as bytes; the layout is in record.ts.

import { assert } from "../base/assert.ts";
import { crc32c } from "../base/crc32c.ts";
import type { WallSeconds } from "../base/time.ts";

/** Magic to wall time. */
export const HEAD_BYTES = 21;
/** What any record may need at most, with every part at its limit. */
export const RECORD_BYTES_MAX = 4096;
/** Largest time a record holds, in seconds: 40 bits, far beyond "for ever" (2^32-1 s from now). */
export const WALL_MAX = 2 ** 40 - 1;
export const SEQUENCE_MAX = 2 ** 48 - 1;
export const MAGIC_HIGH = 0xd7;
export const MAGIC_LOW = 0x4a;
/** Behind magic and checksum. */
export const CHECKED_FROM = 6;
export const VERSION = 1;

/** Whoever writes a record in another version says so in its byte 8 afterwards. */
export function putHead(
  into: Uint8Array,
  at: number,
  type: number,
  sequence: number,
  wall: number,
) {
  into[at] = MAGIC_HIGH;
  into[at + 1] = MAGIC_LOW;
  into[at + 8] = VERSION;
  into[at + 9] = type;
  put48(into, at + 10, sequence);
  put40(into, at + 16, wall);
}

/** Fills in length and checksum; returns `end`. */
export function seal(into: Uint8Array, at: number, end: number, salt: number): number {
  const length = end - at;
  assert(length <= RECORD_BYTES_MAX && end <= into.length, "record does not fit");
  into[at + 6] = length >>> 8;
  into[at + 7] = length & 255;
  put32(into, at + 2, crc32c(into, at + CHECKED_FROM, end, salt));
  return end;
}

export function put32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

export function put40(into: Uint8Array, at: number, value: WallSeconds): void {
  assert(Number.isInteger(value) && value >= 0 && value <= WALL_MAX, "time cannot be stored");
  into[at] = value / 0x1_0000_0000;
  put32(into, at + 1, value >>> 0);
}

export function put48(into: Uint8Array, at: number, value: number): void {
  assert(Number.isInteger(value) && value >= 0 && value <= SEQUENCE_MAX, "sequence out of range");
  const high = Math.floor(value / 0x1_0000_0000);
  into[at] = high >>> 8;
  into[at + 1] = high;
  put32(into, at + 2, value >>> 0);
}

export function get16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function get32(bytes: Uint8Array, at: number): number {
  return ((get16(bytes, at) << 16) | get16(bytes, at + 2)) >>> 0;
}

export function get40(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 0x1_0000_0000 + get32(bytes, at + 1);
}

export function get48(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x1_0000_0000 + get32(bytes, at + 2);
}
