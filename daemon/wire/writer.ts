// A growing buffer for the contents of options, which are short and written seldom.

/** A value that the wire format cannot hold: too long, out of range, not a name. */
export class EncodeError extends RangeError {
  override readonly name = "EncodeError";
}

export class Writer {
  #bytes = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    return this.#integer(value, 1);
  }

  u16(value: number): this {
    return this.#integer(value, 2);
  }

  u32(value: number): this {
    return this.#integer(value, 4);
  }

  bytes(data: Uint8Array): this {
    const at = this.#grow(data.length);
    this.#bytes.set(data, at);
    return this;
  }

  /** Data behind its length in one byte. Throws EncodeError above 255 bytes. */
  counted8(data: Uint8Array): this {
    return this.u8(data.length).bytes(data);
  }

  /** Data behind its length in two bytes. Throws EncodeError above 65535 bytes. */
  counted16(data: Uint8Array): this {
    return this.u16(data.length).bytes(data);
  }

  /** What was written, as a copy of just that length. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #integer(value: number, size: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) {
      throw new EncodeError(`${value} does not fit into ${size * 8} bits`);
    }
    let at = this.#grow(size);
    for (let shift = size - 1; shift >= 0; shift--) this.#bytes[at++] = value >>> (8 * shift);
    return this;
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
