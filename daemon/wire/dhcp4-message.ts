// The DHCPv4 message (RFC 2131 §2): fixed header and an index of its options, made in one pass.

import { ANY, type Ipv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import { readU16, readU32, viewOf } from "./reader.ts";

/** The option is there but its content cannot be what it says it is. */
export const MALFORMED: unique symbol = Symbol("malformed");
export type Malformed = typeof MALFORMED;

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;
export const SERVER_PORT = 67;
export const CLIENT_PORT = 68;
/** RFC 2131 §2: the only defined bit of `flags`; the client cannot receive unicast yet. */
export const BROADCAST_FLAG = 0x8000;
export const MAGIC_COOKIE = 0x63825363;

/** RFC 2131 §2, figure 1: where the fields of the fixed header start. */
export const HEADER = {
  op: 0,
  htype: 1,
  hlen: 2,
  hops: 3,
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  siaddr: 20,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const;

/** RFC 2132 §9.6, RFC 3203, RFC 4388, RFC 6926, RFC 7724: values of option 53. */
export const MESSAGE_TYPE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
  forceRenew: 9,
  leaseQuery: 10,
  leaseUnassigned: 11,
  leaseUnknown: 12,
  leaseActive: 13,
  bulkLeaseQuery: 14,
  leaseQueryDone: 15,
  activeLeaseQuery: 16,
  leaseQueryStatus: 17,
  tls: 18,
} as const;

const PAD = 0;
const END = 255;
const OVERLOAD = 52;
/** In `#contentStart`: the option comes in several pieces, which `raw` joins. */
const IN_PIECES = 1;

/**
 * A decoded message. Header fields are numbers; options stay in `bytes` and are found by their
 * code. Views (`raw`, `sname`, `file`) and the message itself are valid as long as `bytes` is and
 * until the object is decoded into again: copy what is to be kept.
 */
export class Dhcp4Message {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  op = 0;
  htype = 0;
  hlen = 0;
  hops = 0;
  xid = 0;
  secs = 0;
  flags = 0;
  ciaddr: Ipv4 = ANY;
  yiaddr: Ipv4 = ANY;
  siaddr: Ipv4 = ANY;
  giaddr: Ipv4 = ANY;
  /** All 16 bytes of the field; the first `hlen` are the hardware address. Overwritten by reuse. */
  readonly chaddr = new Uint8Array(16);
  /** RFC 2132 §9.3: 1 = `file` holds options, 2 = `sname` does, 3 = both, 0 = neither. */
  overload = 0;

  readonly #contentStart = new Uint16Array(256);
  readonly #contentLength = new Uint8Array(256);
  readonly #order = new Uint8Array(256);
  #count = 0;

  has(code: number): boolean {
    return this.#contentStart[code] !== 0;
  }

  /** Codes of the options, in order of first appearance. */
  codes(): number[] {
    return Array.from(this.#order.subarray(0, this.#count));
  }

  /**
   * Content of an option, or undefined when it is absent. Pieces of one option are joined in the
   * order options, file, sname (RFC 3396 §5).
   */
  raw(code: number): Uint8Array | undefined {
    const at = this.contentStart(code);
    if (at !== 0) return viewOf(this.bytes, at, at + this.contentLength(code));
    return this.#contentStart[code] === IN_PIECES ? this.#join(code) : undefined;
  }

  /** Where in `bytes` the content of an option starts; 0 when it is absent or comes in pieces. */
  contentStart(code: number): number {
    const at = this.#contentStart[code] as number;
    return at <= IN_PIECES ? 0 : this.start + at;
  }

  /** Bytes of an option whose `contentStart` is not 0. */
  contentLength(code: number): number {
    return this.#contentLength[code] as number;
  }

  /** An option of exactly one byte. */
  u8(code: number): number | undefined | Malformed {
    const at = this.contentStart(code);
    if (at !== 0 && this.#contentLength[code] === 1) return this.bytes[at] as number;
    return this.#fixed(code, 1);
  }

  /** An option of exactly two bytes, big-endian. */
  u16(code: number): number | undefined | Malformed {
    const at = this.contentStart(code);
    if (at !== 0 && this.#contentLength[code] === 2) return readU16(this.bytes, at);
    return this.#fixed(code, 2);
  }

  /** An option of exactly four bytes, big-endian: an address or a number of seconds. */
  u32(code: number): number | undefined | Malformed {
    const at = this.contentStart(code);
    if (at !== 0 && this.#contentLength[code] === 4) return readU32(this.bytes, at);
    return this.#fixed(code, 4);
  }

  /** View of the 64 bytes of `sname`, whatever they hold. */
  get sname(): Uint8Array {
    return viewOf(this.bytes, this.start + HEADER.sname, this.start + HEADER.file);
  }

  /** View of the 128 bytes of `file`, whatever they hold. */
  get file(): Uint8Array {
    return viewOf(this.bytes, this.start + HEADER.file, this.start + HEADER.cookie);
  }

  /** Fills this object from `bytes`. Use `decodeDhcp4`. */
  decode(bytes: Uint8Array, start: number, end: number): void {
    for (let i = 0; i < this.#count; i++) this.#contentStart[this.#order[i] as number] = 0;
    this.#count = 0;
    this.#decodeHeader(bytes, start, end);
    this.#index(start + HEADER.options, end);
    this.overload = this.#readOverload();
    // RFC 2131 §4.1: options in `file` are interpreted before those in `sname`.
    if ((this.overload & 1) !== 0) this.#index(start + HEADER.file, start + HEADER.cookie);
    if ((this.overload & 2) !== 0) this.#index(start + HEADER.sname, start + HEADER.file);
  }

  #decodeHeader(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (start < 0 || end > bytes.length || length < HEADER.options) {
      throw new DecodeError("dhcp header", 0, `only ${length} bytes`);
    }
    if (length > 0xffff) throw new DecodeError("dhcp message", 0, `${length} bytes`);
    if (readU32(bytes, start + HEADER.cookie) !== MAGIC_COOKIE) {
      throw new DecodeError("magic cookie", HEADER.cookie, "not a DHCP message");
    }
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.op = bytes[start] as number;
    this.htype = bytes[start + HEADER.htype] as number;
    this.hlen = bytes[start + HEADER.hlen] as number;
    if (this.hlen > 16) throw new DecodeError("hlen", HEADER.hlen, `${this.hlen} is above 16`);
    this.hops = bytes[start + HEADER.hops] as number;
    this.xid = readU32(bytes, start + HEADER.xid);
    this.secs = readU16(bytes, start + HEADER.secs);
    this.flags = readU16(bytes, start + HEADER.flags);
    this.ciaddr = readU32(bytes, start + HEADER.ciaddr) as Ipv4;
    this.yiaddr = readU32(bytes, start + HEADER.yiaddr) as Ipv4;
    this.siaddr = readU32(bytes, start + HEADER.siaddr) as Ipv4;
    this.giaddr = readU32(bytes, start + HEADER.giaddr) as Ipv4;
    for (let i = 0; i < 16; i++) this.chaddr[i] = bytes[start + HEADER.chaddr + i] as number;
  }

  /** Notes every option between `from` and `to`. A missing End is tolerated: old clients omit it. */
  #index(from: number, to: number): void {
    const bytes = this.bytes;
    let at = from;
    while (at < to) {
      const code = bytes[at] as number;
      if (code === END) return;
      if (code === PAD) {
        at++;
        continue;
      }
      const next = at + 1 < to ? at + 2 + (bytes[at + 1] as number) : to + 1;
      if (next > to) {
        throw new DecodeError(`option ${code}`, at - this.start, "runs past the end of its field");
      }
      if (this.#contentStart[code] === 0) {
        this.#order[this.#count++] = code;
        this.#contentStart[code] = at + 2 - this.start;
        this.#contentLength[code] = bytes[at + 1] as number;
      } else {
        this.#contentStart[code] = IN_PIECES;
      }
      at = next;
    }
  }

  /** The rare ways: absent, of another length, or in pieces. */
  #fixed(code: number, size: 1 | 2 | 4): number | undefined | Malformed {
    const data = this.raw(code);
    if (data === undefined) return undefined;
    if (data.length !== size) return MALFORMED;
    if (size === 1) return data[0] as number;
    return size === 2 ? readU16(data, 0) : readU32(data, 0);
  }

  /** An impossible value overloads nothing; whoever reads option 52 is told that it is malformed. */
  #readOverload(): number {
    const value = this.u8(OVERLOAD);
    return typeof value === "number" && value <= 3 ? value : 0;
  }

  #join(code: number): Uint8Array {
    const { start, overload } = this;
    const pieces: Uint8Array[] = [];
    this.#collect(pieces, code, start + HEADER.options, this.end);
    if ((overload & 1) !== 0)
      this.#collect(pieces, code, start + HEADER.file, start + HEADER.cookie);
    if ((overload & 2) !== 0)
      this.#collect(pieces, code, start + HEADER.sname, start + HEADER.file);
    const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  #collect(pieces: Uint8Array[], code: number, from: number, to: number): void {
    const bytes = this.bytes;
    let at = from;
    while (at < to && bytes[at] !== END) {
      if (bytes[at] === PAD) {
        at++;
        continue;
      }
      const next = at + 2 + (bytes[at + 1] as number);
      if (bytes[at] === code) pieces.push(bytes.subarray(at + 2, next));
      at = next;
    }
  }
}

/**
 * Decodes the message in `bytes` from `start` to `end`. Throws DecodeError, and nothing else, when
 * the header is cut short, the cookie is not DHCP's or an option runs past its field. A caller on
 * the packet path hands in the same `into` each time, which saves its allocation.
 */
export function decodeDhcp4(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Dhcp4Message = new Dhcp4Message(),
): Dhcp4Message {
  into.decode(bytes, start, end);
  return into;
}
