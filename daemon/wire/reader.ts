// A cursor over bytes that refuses to read past its end, whatever the length fields say.

import type { Ipv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads `bytes` from `start` up to but not including `end`. Every read names its field, so that a
 * DecodeError says what was cut short and where (offsets count from `start`).
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new DecodeError("bounds", 0, `${start} to ${end} of ${bytes.length} bytes`);
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#at - this.#start;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(field: string): number {
    return this.#bytes[this.#take(field, 1)] as number;
  }

  u16(field: string): number {
    const at = this.#take(field, 2);
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  u32(field: string): number {
    return readU32(this.#bytes, this.#take(field, 4));
  }

  ipv4(field: string): Ipv4 {
    return this.u32(field) as Ipv4;
  }

  /** The next `length` bytes, copied. */
  bytes(field: string, length: number): Uint8Array {
    const at = this.#take(field, length);
    return copyOf(this.#bytes, at, at + length);
  }

  /** Everything up to the end, copied. */
  utf8(field: string, length: number): string {
    const bytes = this.bytes(field, length);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw this.fail(field, "is not UTF-8");
    }
  }

  rest(): Uint8Array {
    return this.bytes("rest", this.remaining);
  }

  /** A reader of the next `length` bytes, which this one skips. */
  part(field: string, length: number): Reader {
    const at = this.#take(field, length);
    return new Reader(this.#bytes, at, at + length);
  }

  /** The DecodeError of a field that was read whole but holds a value it may not hold. */
  fail(field: string, reason: string): DecodeError {
    return new DecodeError(field, this.offset, reason);
  }

  #take(field: string, length: number): number {
    const at = this.#at;
    if (!(length >= 0 && length <= this.#end - at)) {
      throw this.fail(field, `needs ${length} bytes, ${this.remaining} are left`);
    }
    this.#at = at + length;
    return at;
  }
}

/**
 * Bytes of their own, which stay when the packet's memory is used again. A Node Buffer counts as a
 * Uint8Array too, but its own `slice` gives a view, so that method is not to be relied on.
 */
export function copyOf(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

/** A plain view, whose `slice` makes copies whatever `bytes` is. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** Four bytes at `at`, big-endian. The caller has checked the bounds. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Two bytes at `at`, big-endian. The caller has checked the bounds. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
