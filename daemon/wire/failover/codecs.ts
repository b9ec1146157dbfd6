// Value shapes of failover options. Receiving is as liberal as the protocol's users need, sending is
// strict: a number that no document defines is read, but never written.

import { formatIpv4, type Ipv4 } from "../../base/address.ts";
import { hex } from "../../base/bytes.ts";
import { DecodeError } from "../../base/errors.ts";
import { domainName } from "../codec-names.ts";
import { copyOf, readU16, readU32 } from "../reader.ts";
import { EncodeError } from "../writer.ts";
import type { MessageWriter } from "./message-writer.ts";

export interface FieldCodec<T> {
  /** Name of the shape, as the table of options shows it. */
  readonly shape: string;
  /** Bounds of a received content in bytes, both inclusive. `decode` is only called within them. */
  readonly min: number;
  readonly max: number;
  /** Throws DecodeError, offsets count from `start`. Nothing in the value is a view of `bytes`. */
  decode(bytes: Uint8Array, start: number, end: number): T;
  /** Appends the content. Throws EncodeError for what may not be sent. */
  encode(value: T, writer: MessageWriter): void;
  /** For logs and transcripts: one word, or text in quotes. */
  format(value: T): string;
}

export interface HardwareAddress {
  /** RFC 1700, ARP hardware type: 1 for Ethernet, never 0. */
  readonly htype: number;
  /** `hlen` bytes, none for clients that are known by their identifier alone (RFC 4390). */
  readonly chaddr: Uint8Array;
}

export interface MessageDigest {
  /** 1: HMAC-MD5. */
  readonly type: number;
  readonly digest: Uint8Array;
}

export interface DdnsStatus {
  /** Bits of DDNS_FLAG; others mean nothing. */
  readonly flags: number;
  /** As codec-names.ts writes names. */
  readonly name: string;
}

export interface EmbeddedOptions {
  /** Names the format of `options`: 0x63825363 for those of DHCP. */
  readonly magic: number;
  readonly options: Uint8Array;
}

export interface VendorOption {
  readonly code: number;
  readonly content: Uint8Array;
}

/** More than any message has room for. */
export const OPTION_BYTES_MAX = 0xffff;
const CHADDR_BYTES_MAX = 16;

export const ipv4: FieldCodec<Ipv4> = {
  shape: "ipv4",
  min: 4,
  max: 4,
  decode: (bytes, start) => readU32(bytes, start) as Ipv4,
  encode: (value, writer) => writer.u32(value),
  format: formatIpv4,
};

export const u32 = number32("u32", 0, 0xffffffff);
/** Seconds since 1970-01-01 UTC, 0 for never, 0xffffffff for without end. */
export const time = number32("time", 0, 0xffffffff);
export const seconds = number32("seconds", 0, 0xffffffff);
/** A number of messages that may be under way: with none, nothing could ever be sent. */
export const window = number32("u32", 1, 0xffffffff);

/** One byte; any value is read, `low` to `high` are sent. */
export function u8(low: number, high: number): FieldCodec<number> {
  return {
    shape: "u8",
    min: 1,
    max: 1,
    decode: (bytes, start) => bytes[start] as number,
    encode: (value, writer) => writer.u8(within(value, low, high)),
    format: String,
  };
}

/** Two bytes of which some bits are defined: others are read as they are, and never sent. */
export function flags16(defined: number): FieldCodec<number> {
  return {
    shape: "flags",
    min: 2,
    max: 2,
    decode: readU16,
    encode: (value, writer) => writer.u16(onlyBits(value, defined)),
    format: (value) => `0x${value.toString(16).padStart(4, "0")}`,
  };
}

/** The same in one byte. */
export function flags8(defined: number): FieldCodec<number> {
  return {
    shape: "flags",
    min: 1,
    max: 1,
    decode: (bytes, start) => bytes[start] as number,
    encode: (value, writer) => writer.u8(onlyBits(value, defined)),
    format: (value) => `0x${value.toString(16).padStart(2, "0")}`,
  };
}

/**
 * One byte with a table of names. A number without a name is read as that number, because the
 * receiver has to answer it, and refused when sending; so are the names in `neverSent`.
 */
export function named<N extends string>(
  shape: string,
  numbers: Readonly<Record<N, number>>,
  neverSent: readonly N[] = [],
): FieldCodec<N | number> {
  const names: (N | undefined)[] = new Array(256).fill(undefined);
  for (const name of Object.keys(numbers) as N[]) names[numbers[name]] = name;
  return {
    shape,
    min: 1,
    max: 1,
    decode: (bytes, start) => {
      const value = bytes[start] as number;
      return names[value] ?? value;
    },
    encode: (value, writer) => {
      if (typeof value === "number" || numbers[value] === undefined || neverSent.includes(value)) {
        throw new EncodeError(`${value} is never sent`);
      }
      writer.u8(numbers[value]);
    },
    format: String,
  };
}

/** Bytes of any length within the bounds, the same both ways. */
export function bytes(min: number): FieldCodec<Uint8Array> {
  return {
    shape: "bytes",
    min,
    max: OPTION_BYTES_MAX,
    decode: copyOf,
    encode: (value, writer) => {
      if (value.length < min) throw new EncodeError(`${value.length} bytes, needs ${min} or more`);
      writer.bytes(value);
    },
    format: formatBytes,
  };
}

/** Bytes that are sent in one length; a receiver has to refuse another one with a reason of its own. */
export function bytesSentAs(length: number): FieldCodec<Uint8Array> {
  return {
    ...bytes(0),
    encode: (value, writer) => {
      if (value.length !== length) throw new EncodeError(`${value.length} bytes, not ${length}`);
      writer.bytes(value);
    },
  };
}

/**
 * Text without a terminator. What is not UTF-8 shows as U+FFFD: a name that cannot be read equals no
 * configured one, and a broken explanation is no reason to lose the connection.
 */
export function text(min: 0 | 1): FieldCodec<string> {
  return {
    shape: "text",
    min: 0,
    max: OPTION_BYTES_MAX,
    decode: (data, start, end) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(data.subarray(start, end)),
    encode: (value, writer) => {
      if (value.length < min) throw new EncodeError("the text is empty");
      if (!value.isWellFormed()) throw new EncodeError("the text holds half a character");
      writer.bytes(new TextEncoder().encode(value));
    },
    format: (value) => JSON.stringify(value),
  };
}

/** §12.5. */
export const hardwareAddress: FieldCodec<HardwareAddress> = {
  shape: "htype + chaddr",
  min: 1,
  max: 1 + CHADDR_BYTES_MAX,
  decode: (data, start, end) => {
    const htype = data[start] as number;
    if (htype === 0) throw new DecodeError("htype", 0, "0 is no hardware type");
    return { htype, chaddr: copyOf(data, start + 1, end) };
  },
  encode: ({ htype, chaddr }, writer) => {
    if (chaddr.length > CHADDR_BYTES_MAX) {
      throw new EncodeError(`chaddr of ${chaddr.length} bytes, at most ${CHADDR_BYTES_MAX}`);
    }
    writer.u8(within(htype, 1, 0xff)).bytes(chaddr);
  },
  format: ({ htype, chaddr }) => `${htype}/${formatBytes(chaddr)}`,
};

/** §12.7, §12.8. */
export const embeddedOptions: FieldCodec<EmbeddedOptions> = {
  shape: "magic + options",
  min: 4,
  max: OPTION_BYTES_MAX,
  decode: (data, start, end) => ({
    magic: readU32(data, start),
    options: copyOf(data, start + 4, end),
  }),
  encode: ({ magic, options }, writer) => writer.u32(magic).bytes(options),
  format: ({ magic, options }) => `0x${magic.toString(16)}/${formatBytes(options)}`,
};

/** §12.9. Other bits than the defined ones must be ignored, so they are read like those. */
export function ddns(defined: number): FieldCodec<DdnsStatus> {
  return {
    shape: "flags + name",
    min: 2 + domainName.min,
    max: 2 + domainName.max,
    decode: (data, start, end) => ({
      flags: readU16(data, start),
      name: domainName.decode(data, start + 2, end),
    }),
    encode: ({ flags, name }, writer) =>
      writer.u16(onlyBits(flags, defined)).bytes(domainName.encode(name)),
    format: ({ flags, name }) => `0x${flags.toString(16).padStart(4, "0")}/${name}`,
  };
}

/** §12.17. */
export const messageDigest: FieldCodec<MessageDigest> = {
  shape: "type + bytes",
  min: 1,
  max: OPTION_BYTES_MAX,
  decode: (data, start, end) => ({
    type: data[start] as number,
    digest: copyOf(data, start + 1, end),
  }),
  encode: ({ type, digest }, writer) => writer.u8(type).bytes(digest),
  format: ({ type, digest }) => `${type}/${formatBytes(digest)}`,
};

/** §12.29: options inside, laid out like those around them. */
export const vendorOptions: FieldCodec<readonly VendorOption[]> = {
  shape: "options",
  min: 0,
  max: OPTION_BYTES_MAX,
  decode: (data, start, end) => {
    const options: VendorOption[] = [];
    let at = start;
    while (at < end) {
      if (end - at < 4) throw new DecodeError("vendor option", at - start, "its header is cut");
      const next = at + 4 + readU16(data, at + 2);
      if (next > end) throw new DecodeError("vendor option", at - start, "its content is cut");
      options.push({ code: readU16(data, at), content: copyOf(data, at + 4, next) });
      at = next;
    }
    return options;
  },
  encode: (options, writer) => {
    for (const { code, content } of options) writer.u16(code).u16(content.length).bytes(content);
  },
  format: (options) =>
    options.map(({ code, content }) => `${code}/${formatBytes(content)}`).join("+") || "-",
};

function number32(shape: string, low: number, high: number): FieldCodec<number> {
  return {
    shape,
    min: 4,
    max: 4,
    decode: readU32,
    encode: (value, writer) => writer.u32(within(value, low, high)),
    format: String,
  };
}

function formatBytes(value: Uint8Array): string {
  return hex(value) || "-";
}

function within(value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new EncodeError(`${value} is not ${low} to ${high}`);
}

function onlyBits(value: number, defined: number): number {
  if (Number.isInteger(value) && value >= 0 && (value & ~defined) === 0) return value;
  throw new EncodeError(`${value} has bits that are not defined`);
}
