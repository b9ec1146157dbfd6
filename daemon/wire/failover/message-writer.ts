// A buffer for outgoing messages, used again and again, with length fields that are filled in late.

import { copyOf } from "../reader.ts";
import { EncodeError } from "../writer.ts";

const FIRST_BYTES = 4096;

export class MessageWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    check(value, 0xff);
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    check(value, 0xffff);
    this.#put16(this.#grow(2), value);
    return this;
  }

  u32(value: number): this {
    check(value, 0xffffffff);
    const at = this.#grow(4);
    this.#put16(at, value >>> 16);
    this.#put16(at + 2, value & 0xffff);
    return this;
  }

  bytes(data: Uint8Array): this {
    const at = this.#grow(data.length);
    this.#bytes.set(data, at);
    return this;
  }

  /** Overwrites two bytes that were written before. */
  u16At(at: number, value: number): void {
    check(value, 0xffff);
    this.#put16(at, value);
  }

  /** Forgets everything behind the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** What was written, as a copy of just that length; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = copyOf(this.#bytes, 0, this.#length);
    this.#length = 0;
    return taken;
  }

  #put16(at: number, value: number): void {
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  #grow(by: number): number {
    const at = this.#length;
    const length = at + by;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#length = length;
    return at;
  }
}

function check(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new EncodeError(`${value} is not 0 to ${max}`);
  }
}
