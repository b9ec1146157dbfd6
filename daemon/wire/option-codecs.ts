// Value shapes that many options share. Each has four directions: bytes to value and back, and
// configuration (JSON) to value and back.

import { formatIpv4, type Ipv4, parseIpv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { ConfigError, DecodeError } from "../base/errors.ts";
import { quoted } from "../base/quoted.ts";
import { copyOf, readU16, readU32 } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

/** What a configuration file may say and what the page is shown. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export interface Codec<T> {
  /** Name of the shape, for help texts: "ipv4-list". */
  readonly shape: string;
  /** Bounds of the content in bytes, both inclusive. `decode` is only called within them. */
  readonly min: number;
  readonly max: number;
  /** Content to value. Throws DecodeError. Nothing in the value is a view of `bytes`. */
  decode(bytes: Uint8Array, start: number, end: number): T;
  /** Value to content. Throws EncodeError. */
  encode(value: T): Uint8Array;
  /** Configuration to value. Throws ConfigError with a sentence that quotes the input. */
  parse(input: Plain): T;
  /** Value to configuration; `parse` gives the same value back. */
  format(value: T): Plain;
}

/** RFC 3396 joins pieces of 255 bytes, so only the UDP length bounds an option's content. */
export const CONTENT_BYTES_MAX = 65_535;

export const ipv4: Codec<Ipv4> = {
  shape: "ipv4",
  min: 4,
  max: 4,
  decode: (bytes, start) => readU32(bytes, start) as Ipv4,
  encode: (value) => new Writer().u32(value).done(),
  parse: (input) => {
    const value = typeof input === "string" ? parseIpv4(input) : undefined;
    if (value === undefined) throw refused(input, "an IPv4 address");
    return value;
  },
  format: formatIpv4,
};

/** One or more addresses, most preferred first. */
export const ipv4List: Codec<readonly Ipv4[]> = listOf(ipv4, "ipv4-list");

/** The same where an RFC lets the server say "none". */
export const ipv4ListOrEmpty: Codec<readonly Ipv4[]> = listOf(ipv4, "ipv4-list", true);

export const u8 = integer("u8", 1, 0, 0xff);
export const u16 = integer("u16", 2, 0, 0xffff);
export const u32 = integer("u32", 4, 0, 0xffffffff);
export const i32 = integer("i32", 4, -0x80000000, 0x7fffffff);
export const u8List: Codec<readonly number[]> = listOf(u8, "u8-list");
export const u16List: Codec<readonly number[]> = listOf(u16, "u16-list");

/** A number of `bytes` bytes whose legal values are only a part of what fits. */
export function integer(shape: string, bytes: 1 | 2 | 4, low: number, high: number): Codec<number> {
  const isLegal = (value: number) => Number.isInteger(value) && value >= low && value <= high;
  return {
    shape,
    min: bytes,
    max: bytes,
    decode: (data, start) => {
      const value = readInteger(data, start, bytes, low < 0);
      if (!isLegal(value)) throw new DecodeError(shape, 0, `${value} is not ${low} to ${high}`);
      return value;
    },
    encode: (value) => {
      if (!isLegal(value)) throw new EncodeError(`${value} is not ${low} to ${high}`);
      const writer = new Writer();
      if (bytes === 1) return writer.u8(value).done();
      return bytes === 2 ? writer.u16(value).done() : writer.u32(value >>> 0).done();
    },
    parse: (input) => {
      if (typeof input === "number" && isLegal(input)) return input;
      throw refused(input, `a whole number from ${low} to ${high}`);
    },
    format: (value) => value,
  };
}

/** RFC 2132 §8.7: the four node types are single bits. */
export const netbiosNodeType: Codec<number> = {
  ...u8,
  decode: (data, start) => {
    const value = data[start] as number;
    if (!isNodeType(value)) throw new DecodeError("node type", 0, `${value} is not 1, 2, 4 or 8`);
    return value;
  },
  encode: (value) => {
    if (!isNodeType(value)) throw new EncodeError(`${value} is not 1, 2, 4 or 8`);
    return Uint8Array.of(value);
  },
  parse: (input) => {
    if (typeof input === "number" && isNodeType(input)) return input;
    throw refused(input, "1 (B-node), 2 (P-node), 4 (M-node) or 8 (H-node)");
  },
};

/** RFC 2132 §4.1 and others: 1 is on, 0 is off, anything else is neither. */
export const bool: Codec<boolean> = {
  shape: "bool",
  min: 1,
  max: 1,
  decode: (bytes, start) => {
    const value = bytes[start] as number;
    if (value > 1) throw new DecodeError("bool", 0, `${value} is neither 0 nor 1`);
    return value === 1;
  },
  encode: (value) => Uint8Array.of(value ? 1 : 0),
  parse: (input) => {
    if (typeof input !== "boolean") throw refused(input, "true or false");
    return input;
  },
  format: (value) => value,
};

/** An option that says all by being there. */
export const flag: Codec<true> = {
  shape: "flag",
  min: 0,
  max: 0,
  decode: () => true,
  encode: () => new Uint8Array(0),
  parse: (input) => {
    if (input !== true) throw refused(input, "true");
    return true;
  },
  format: () => true,
};

/**
 * Text, UTF-8. RFC 2132 §2: trailing NULs are dropped, since some senders terminate with one; a NUL
 * inside, or bytes that are not UTF-8, make it malformed.
 */
export const text: Codec<string> = textOf(1);
export const textOrEmpty: Codec<string> = textOf(0);

/** Content without a shape of its own. Configuration writes it as hex, "01:02" or "0102". */
export const bytes: Codec<Uint8Array> = bytesOf(1, CONTENT_BYTES_MAX);
export const bytesOrEmpty: Codec<Uint8Array> = bytesOf(0, CONTENT_BYTES_MAX);

export function bytesOf(min: number, max: number): Codec<Uint8Array> {
  return {
    shape: "bytes",
    min,
    max,
    decode: copyOf,
    encode: (value) => {
      if (value.length < min || value.length > max) {
        throw new EncodeError(`${value.length} bytes are not ${min} to ${max}`);
      }
      return copyOf(value);
    },
    parse: (input) => {
      const value = typeof input === "string" ? parseHex(input) : undefined;
      if (value !== undefined && value.length >= min && value.length <= max) return value;
      throw refused(input, `${min === max ? min : `${min} to ${max}`} bytes as hex`);
    },
    format: hex,
  };
}

/** Values of one fixed size, at least one unless `mayBeEmpty`. Configuration may write a single
 * value without the list around it. */
export function listOf<T>(item: Codec<T>, shape: string, mayBeEmpty = false): Codec<readonly T[]> {
  const size = item.min;
  return {
    shape,
    min: mayBeEmpty ? 0 : size,
    max: CONTENT_BYTES_MAX,
    decode: (data, start, end) => {
      if ((end - start) % size !== 0) {
        throw new DecodeError(shape, 0, `${end - start} bytes are not a multiple of ${size}`);
      }
      const values: T[] = [];
      for (let at = start; at < end; at += size) values.push(item.decode(data, at, at + size));
      return values;
    },
    encode: (values) => {
      if (values.length === 0 && !mayBeEmpty) throw new EncodeError(`${shape} is empty`);
      const writer = new Writer();
      for (const value of values) writer.bytes(item.encode(value));
      return writer.done();
    },
    parse: (input) => {
      const inputs = isList(input) ? input : [input];
      if (inputs.length === 0 && !mayBeEmpty) {
        throw refused(input, `a list of at least one ${item.shape}`);
      }
      return inputs.map((one) => item.parse(one));
    },
    format: (values) => values.map((value) => item.format(value)),
  };
}

/** Another name for a shape whose meaning differs, with bounds of its own. */
export function bounded<T>(codec: Codec<T>, min: number, max: number): Codec<T> {
  return {
    ...codec,
    min,
    max,
    encode: (value) => {
      const content = codec.encode(value);
      if (content.length >= min && content.length <= max) return content;
      throw new EncodeError(`${content.length} bytes are not ${min} to ${max}`);
    },
  };
}

export function isList(input: Plain): input is readonly Plain[] {
  return Array.isArray(input);
}

export function isRecord(input: Plain): input is { readonly [key: string]: Plain } {
  return typeof input === "object" && input !== null && !isList(input);
}

/** The ConfigError of an input that is not what it should be. */
export function refused(input: Plain | undefined, wanted: string): ConfigError {
  return new ConfigError(`${quoted(input)} is not ${wanted}`);
}

/** Hex digits in pairs, with or without a colon between them. Undefined when it is not that form. */
export function parseHex(input: string): Uint8Array | undefined {
  if (!/^([0-9a-fA-F]{2}(:?[0-9a-fA-F]{2})*)?$/.test(input)) return undefined;
  const digits = input.replaceAll(":", "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function isNodeType(value: number): boolean {
  return value === 1 || value === 2 || value === 4 || value === 8;
}

function textOf(min: 0 | 1): Codec<string> {
  return {
    shape: "text",
    min,
    max: CONTENT_BYTES_MAX,
    decode: (data, start, end) => {
      let last = end;
      while (last > start && data[last - 1] === 0) last--;
      if (last - start < min) throw new DecodeError("text", 0, "empty");
      return decodeText(data, start, last);
    },
    encode: (value) => {
      if (value.length < min) throw new EncodeError("the text is empty");
      if (!isSendable(value)) throw new EncodeError("the text holds a NUL or half a character");
      return new TextEncoder().encode(value);
    },
    parse: (input) => {
      if (typeof input === "string" && input.length >= min && isSendable(input)) return input;
      throw refused(input, min === 0 ? "text" : "text of at least one character");
    },
    format: (value) => value,
  };
}

function isSendable(value: string): boolean {
  return !value.includes("\0") && value.isWellFormed();
}

/** ASCII, which host names are, is read without the call into the decoder. */
function decodeText(data: Uint8Array, start: number, end: number): string {
  let value = "";
  for (let at = start; at < end; at++) {
    const byte = data[at] as number;
    if (byte === 0) throw new DecodeError("text", at - start, "a NUL inside");
    if (byte > 0x7f) return decodeUtf8(data.subarray(start, end));
    value += String.fromCharCode(byte);
  }
  return value;
}

function decodeUtf8(data: Uint8Array): string {
  if (data.includes(0)) throw new DecodeError("text", data.indexOf(0), "a NUL inside");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new DecodeError("text", 0, "not UTF-8");
  }
}

function readInteger(data: Uint8Array, at: number, bytes: 1 | 2 | 4, signed: boolean): number {
  if (bytes === 1) return data[at] as number;
  if (bytes === 2) return readU16(data, at);
  return signed ? readU32(data, at) | 0 : readU32(data, at);
}
