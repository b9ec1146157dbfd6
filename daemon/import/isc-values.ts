// Values of options as dhcpd and Kea, both of ISC, write them: from words to bytes by the type that the server has for
// the option, and from these bytes to the value that our own option table has for them.

import { parseIpv4, parseSubnet } from "../base/address.ts";
import { equalBytes, hex } from "../base/bytes.ts";
import { ConfigError, DecodeError } from "../base/errors.ts";
import { SHAPES } from "../config/options.ts";
import { domainName } from "../wire/codec-names.ts";
import { classlessRoutes, ipv6 } from "../wire/codec-network.ts";
import { decodeOption, MALFORMED, optionByCode } from "../wire/dhcp4-options.ts";
import { type Plain, parseHex } from "../wire/option-codecs.ts";
import { EncodeError, Writer } from "../wire/writer.ts";

/** One word of a value. */
export interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
  /** What a quoted text stands for where it can hold any byte. */
  readonly bytes?: Uint8Array;
}

export type ValueType = keyof typeof WRITERS;

/** Fields one after the other. */
export interface ValueFormat {
  readonly types: readonly ValueType[];
  /** Whether all fields, or the last one, may come again and again. */
  readonly repeat: "none" | "all" | "last";
}

/** Words to bytes, or why they are none: half a sentence. */
export function encodeWords(words: readonly Word[], format: ValueFormat): Uint8Array | string {
  const writer = new Writer();
  const { types, repeat } = format;
  const last = types.length - 1;
  if (repeat !== "none" && words.length > WORDS_MAX) return "it has too many values";
  if (words.length < types.length) return "a part of the value is missing";
  for (let at = 0; at < words.length; at++) {
    if (at > last && repeat === "none") return `"${words[at]?.text}" is one value too many`;
    const type = types[repeat === "all" ? at % types.length : Math.min(at, last)];
    const problem = type && WRITERS[type](words[at] as Word, writer);
    if (problem) return problem;
  }
  if (repeat === "all" && words.length % types.length !== 0)
    return "a part of the value is missing";
  return writer.done();
}

/** How both servers write a standard option: they have the types of the RFCs, as our table has. */
export function standardFormat(code: number): ValueFormat | undefined {
  return FORMAT_OF_CODE.get(code) ?? FORMAT_OF_SHAPE.get(optionByCode(code)?.codec.shape ?? "");
}

/** Bytes as our option table writes them: by name, or by number where the table has no better shape. */
export function ourValue(code: number, bytes: Uint8Array): { name: string; value: Plain } {
  const row = optionByCode(code);
  const decoded = row ? decodeOption(row, bytes) : MALFORMED;
  if (row && decoded !== MALFORMED) {
    const value = row.codec.format(decoded);
    const isSame = row.codec.shape !== "text" || equalBytes(row.codec.encode(decoded), bytes);
    if (isSame) return { name: row.name, value };
  }
  return { name: `option-${code}`, value: hex(bytes) };
}

/** Bytes as the type of a custom option writes them; hex digits when they are not of this type. */
export function customValue(type: string, bytes: Uint8Array): Plain | undefined {
  const codec = SHAPES[type];
  if (!codec || bytes.length < codec.min || bytes.length > codec.max) return undefined;
  try {
    return codec.format(codec.decode(bytes, 0, bytes.length));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** The type of our custom options that takes exactly the values of this format; "bytes" takes any. */
export function customType({ types, repeat }: ValueFormat): string {
  const [only] = types;
  if (types.length !== 1 || only === undefined) return "bytes";
  return (repeat === "none" ? SINGLE : LISTS).get(only) ?? "bytes";
}

const TOO_LONG_HEX = 2 * 65_535;
const WORDS_MAX = 16_384;

type WriteValue = (word: Word, writer: Writer) => string | undefined;

const WRITERS = {
  ip: (word, writer) => {
    const value = parseIpv4(word.text);
    if (value === undefined) return `"${word.text}" is not an IPv4 address`;
    writer.u32(value);
    return undefined;
  },
  ip6: byCodec(ipv6, "an IPv6 address"),
  fqdn: byCodec(domainName, "a domain name"),
  route: (word, writer) => {
    const [destination, router] = word.text.split(/\s+-\s+|-/);
    if (!destination || !router || !parseSubnet(destination))
      return `"${word.text}" is not a route`;
    return write(
      () => writer.bytes(encodeRoute(destination, router)),
      `"${word.text}" is not a route`,
    );
  },
  text: (word, writer) => {
    const value = word.bytes ?? new TextEncoder().encode(word.text);
    writer.bytes(value);
    return undefined;
  },
  bytes: (word, writer) => {
    const value = word.isQuoted ? word.bytes : hexBytes(word.text);
    if (value === undefined) return `"${word.text}" is not bytes as hex digits`;
    writer.bytes(value);
    return undefined;
  },
  bool: (word, writer) => {
    const value = BOOLS.get(word.text.toLowerCase());
    if (value === undefined) return `"${word.text}" is neither true nor false`;
    writer.u8(value);
    return undefined;
  },
  u8: whole(0, 0xff, (writer, value) => writer.u8(value)),
  u16: whole(0, 0xffff, (writer, value) => writer.u16(value)),
  u32: whole(0, 0xffffffff, (writer, value) => writer.u32(value)),
  // Both servers take a number with a sign for one without, as people write it.
  i8: whole(-0x80, 0xff, (writer, value) => writer.u8(value & 0xff)),
  i16: whole(-0x8000, 0xffff, (writer, value) => writer.u16(value & 0xffff)),
  i32: whole(-0x80000000, 0xffffffff, (writer, value) => writer.u32(value >>> 0)),
} satisfies Record<string, WriteValue>;

const BOOLS: ReadonlyMap<string, number> = new Map([
  ["true", 1],
  ["on", 1],
  ["1", 1],
  ["false", 0],
  ["off", 0],
  ["0", 0],
]);

const FORMAT_OF_SHAPE: ReadonlyMap<string, ValueFormat> = new Map<string, ValueFormat>([
  ["ipv4", { types: ["ip"], repeat: "none" }],
  ["ipv4-list", { types: ["ip"], repeat: "all" }],
  ["ipv6", { types: ["ip6"], repeat: "none" }],
  ["text", { types: ["text"], repeat: "none" }],
  ["bool", { types: ["bool"], repeat: "none" }],
  ["u8", { types: ["u8"], repeat: "none" }],
  ["u16", { types: ["u16"], repeat: "none" }],
  ["u32", { types: ["u32"], repeat: "none" }],
  ["i32", { types: ["i32"], repeat: "none" }],
  ["u8-list", { types: ["u8"], repeat: "all" }],
  ["u16-list", { types: ["u16"], repeat: "all" }],
  ["bytes", { types: ["bytes"], repeat: "none" }],
  ["suboptions", { types: ["bytes"], repeat: "none" }],
  ["domain-name", { types: ["fqdn"], repeat: "none" }],
  ["domain-name-list", { types: ["fqdn"], repeat: "all" }],
  ["static-routes", { types: ["ip", "ip"], repeat: "all" }],
  ["policy-filters", { types: ["ip", "ip"], repeat: "all" }],
  ["classless-routes", { types: ["route"], repeat: "all" }],
  ["directory-agents", { types: ["bool", "ip"], repeat: "last" }],
  ["service-scope", { types: ["bool", "text"], repeat: "none" }],
  ["uuid", { types: ["u8", "bytes"], repeat: "none" }],
  ["6rd", { types: ["u8", "u8", "ip6", "ip"], repeat: "last" }],
  ["rdnss-selection", { types: ["u8", "ip", "ip", "fqdn"], repeat: "last" }],
  ["port-parameters", { types: ["u8", "u8", "u16"], repeat: "none" }],
  ["network-interface", { types: ["u8", "u8", "u8"], repeat: "none" }],
  ["client-identifier", { types: ["bytes"], repeat: "none" }],
]);

const FORMAT_OF_CODE: ReadonlyMap<number, ValueFormat> = new Map<number, ValueFormat>([
  [124, { types: ["u32", "bytes"], repeat: "none" }],
]);

const SINGLE: ReadonlyMap<ValueType, string> = new Map([
  ["ip", "ipv4"],
  ["ip6", "ipv6"],
  ["text", "text"],
  ["bool", "bool"],
  ["u8", "u8"],
  ["u16", "u16"],
  ["u32", "u32"],
  ["i32", "i32"],
  ["fqdn", "domain-name"],
]);

const LISTS: ReadonlyMap<ValueType, string> = new Map([
  ["ip", "ipv4-list"],
  ["ip6", "ipv6-list"],
  ["u8", "u8-list"],
  ["u16", "u16-list"],
  ["u32", "u32-list"],
  ["fqdn", "domain-names"],
]);

/** Hex digits as these servers write them: in pairs, single ones between colons, or behind "0x". */
export function hexBytes(text: string): Uint8Array | undefined {
  if (text.length > TOO_LONG_HEX) return undefined;
  const digits = text.replace(/^0x/i, "").replaceAll(/[ ]/g, "");
  if (!digits.includes(":")) {
    return digits === "" ? undefined : parseHex(digits.length % 2 === 0 ? digits : `0${digits}`);
  }
  const parts = digits.split(":");
  if (!parts.every((part) => /^[0-9a-f]{1,2}$/i.test(part))) return undefined;
  return Uint8Array.from(parts, (part) => Number.parseInt(part, 16));
}

/** A number as C reads it: "0x1f" and "1f" hexadecimal only where the first says so. */
export function wholeNumberOf(text: string): number | undefined {
  if (/^-?[0-9]{1,15}$/.test(text)) return Number(text);
  return /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : undefined;
}

function whole(
  low: number,
  high: number,
  put: (writer: Writer, value: number) => unknown,
): WriteValue {
  return (word, writer) => {
    const isForever = high === 0xffffffff && word.text === "infinite";
    const value = isForever ? high : wholeNumberOf(word.text);
    if (value === undefined || value < low || value > high) {
      return `"${word.text}" is not a whole number from ${low} to ${high}`;
    }
    put(writer, value);
    return undefined;
  };
}

function byCodec<T>(
  codec: { parse(input: Plain): T; encode(value: T): Uint8Array },
  what: string,
): WriteValue {
  return (word, writer) =>
    write(
      () => writer.bytes(codec.encode(codec.parse(word.text))),
      `"${word.text}" is not ${what}`,
    );
}

function encodeRoute(destination: string, router: string): Uint8Array {
  return classlessRoutes.encode(classlessRoutes.parse([{ destination, router }]));
}

function write(action: () => unknown, problem: string): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError || error instanceof EncodeError) return problem;
    throw error;
  }
}
