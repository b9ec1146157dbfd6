// How the content of an option is compared with what the configuration wants there.

import type { BytesTest } from "./config-view.ts";

const PRESENT = 0;
const IS = 1;
const STARTS_WITH = 2;
const ENDS_WITH = 3;
const CONTAINS = 4;
const HOW = {
  present: PRESENT,
  is: IS,
  "starts-with": STARTS_WITH,
  "ends-with": ENDS_WITH,
  contains: CONTAINS,
} as const;

export class BytesMatcher {
  readonly #how: number;
  readonly #wanted: Uint8Array;
  readonly #ignoreCase: boolean;
  readonly #dropsNuls: boolean;

  /**
   * `isText`: NULs at the end of the content do not count (RFC 2132 §2), unless the configured bytes
   * themselves end in one.
   */
  constructor(test: BytesTest, isText: boolean) {
    const wanted = test.how === "present" ? new Uint8Array(0) : test.bytes;
    this.#how = HOW[test.how];
    this.#ignoreCase = test.how !== "present" && test.ignoreCase;
    this.#wanted = this.#ignoreCase ? wanted.map(lowerCase) : wanted;
    this.#dropsNuls = isText && wanted[wanted.length - 1] !== 0;
  }

  matches(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#how === PRESENT) return true;
    let last = end;
    if (this.#dropsNuls) while (last > start && bytes[last - 1] === 0) last--;
    const spare = last - start - this.#wanted.length;
    if (spare < 0) return false;
    switch (this.#how) {
      case IS:
        return spare === 0 && this.#equalsAt(bytes, start);
      case STARTS_WITH:
        return this.#equalsAt(bytes, start);
      case ENDS_WITH:
        return this.#equalsAt(bytes, start + spare);
      default:
        for (let at = start; at <= start + spare; at++) {
          if (this.#equalsAt(bytes, at)) return true;
        }
        return false;
    }
  }

  #equalsAt(bytes: Uint8Array, at: number): boolean {
    const wanted = this.#wanted;
    if (this.#ignoreCase) {
      for (let i = 0; i < wanted.length; i++) {
        if (lowerCase(bytes[at + i] as number) !== wanted[i]) return false;
      }
      return true;
    }
    for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
    return true;
  }
}

/** Of ASCII letters only: other bytes may belong to any character set, or to none. */
function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
