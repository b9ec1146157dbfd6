// Values as an export of Windows writes them: identifiers, times, and options with their types.

import { type Ipv4, parseIpv4 } from "../base/address.ts";
import { nameOfOption, OptionNames } from "../config/options.ts";

const DAYS_MAX = 49_000;
const SECONDS_MAX = 0xffffffff;
const TABLE = new OptionNames([]);

/** "8.00:00:00" to seconds; a time longer than any that ends is "infinite". Undefined when it is none. */
export function parseDuration(text: string): number | "infinite" | undefined {
  const match = /^(?:([0-9]{1,9})\.)?([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?$/.exec(
    text,
  );
  if (!match) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  if (days > DAYS_MAX) return "infinite";
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  return total >= SECONDS_MAX ? "infinite" : total;
}

export interface PointInTime {
  /** Seconds since 1970 (UTC), by the zone that is written, or as if it were UTC. */
  readonly seconds: number;
  readonly hasZone: boolean;
}

/** "2026-11-30T10:00:00", with or without a zone; undefined when it is no such time. */
export function parseTime(text: string): PointInTime | undefined {
  const match =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?$/.exec(
      text,
    );
  const [, moment, zone] = match ?? [];
  if (moment === undefined) return undefined;
  const milliseconds = Date.parse(`${moment}${zone ?? "Z"}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return { seconds: Math.floor(milliseconds / 1000), hasZone: zone !== undefined };
}

export interface ClientKey {
  readonly mac?: string;
  readonly clientId?: string;
}

/** "00-11-22-33-44-55": six bytes are a hardware address, any other number a client identifier. */
export function parseClientKey(text: string): ClientKey | undefined {
  if (!/^[0-9a-f]{2}(-?[0-9a-f]{2}){0,254}$/i.test(text)) return undefined;
  const digits = text.toLowerCase().replaceAll("-", "");
  if (digits.length !== 12) return { clientId: digits };
  return { mac: (digits.match(/../g) ?? []).join(":") };
}

/** A MAC, or its first bytes with "*" for the others; lower case with colons. */
export function parseFilterMac(text: string): string | undefined {
  const parts = text.toLowerCase().split("-");
  const fixed = parts.findIndex((part) => part === "*" || part === "**");
  const count = fixed < 0 ? parts.length : fixed;
  const isOpen = parts.slice(count).every((part) => part === "*" || part === "**");
  const bytes = parts.slice(0, count);
  if (count < 1 || count > 6 || !isOpen) return undefined;
  return bytes.every((part) => /^[0-9a-f]{2}$/.test(part)) ? bytes.join(":") : undefined;
}

/** Bytes of "0x4D534654"; undefined when it is not that form. */
export function parseData(text: string): Uint8Array | undefined {
  if (!/^(0x)?([0-9a-f]{2}){1,255}$/i.test(text)) return undefined;
  const digits = text.replace(/^0x/i, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

type Kind = "addresses" | "text" | "bytes" | 1 | 2 | 4 | 8;
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["ipaddress", "addresses"],
  ["ipv4address", "addresses"],
  ["string", "text"],
  ["byte", 1],
  ["word", 2],
  ["dword", 4],
  ["dworddword", 8],
  ["binarydata", "bytes"],
  ["binary", "bytes"],
  ["encapsulateddata", "bytes"],
  ["encapsulated", "bytes"],
]);

/**
 * What Windows sends for these values of an option. `type` is that of its definition; where there is none, it is
 * what the option has by its RFC. A sentence when the values are not of the type.
 */
export function optionBytes(
  code: number,
  type: string | undefined,
  values: readonly string[],
): Uint8Array | string {
  const kind = KINDS.get(type?.toLowerCase() ?? "") ?? guessedKind(code, values);
  const bytes = values.flatMap((value) => valueBytes(kind, value) ?? []);
  if (values.some((value) => valueBytes(kind, value) === undefined)) {
    return `Not all of its values are ${typeof kind === "number" ? "numbers" : kind}.`;
  }
  return bytes.length > 0xffff ? "It is too long for an option." : Uint8Array.from(bytes);
}

function guessedKind(code: number, values: readonly string[]): Kind {
  const codec = TABLE.find(nameOfOption(code))?.codec;
  if (codec?.shape === "text") return "text";
  if (values.every((value) => parseIpv4(value) !== undefined)) return "addresses";
  if (values.every((value) => /^0x([0-9a-f]{2})+$/i.test(value))) return "bytes";
  if (!values.every((value) => /^[0-9]{1,10}$/.test(value))) return "text";
  return codec?.max === 1 || codec?.max === 2 ? codec.max : 4;
}

function valueBytes(kind: Kind, value: string): number[] | undefined {
  if (kind === "text") return Array.from(new TextEncoder().encode(value));
  if (kind === "addresses") {
    const address = parseIpv4(value);
    return address === undefined ? undefined : addressBytes(address);
  }
  if (kind === "bytes") {
    const data = parseData(value);
    return data && Array.from(data);
  }
  if (!/^(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.test(value)) return undefined;
  const number = BigInt(value);
  if (number >= 1n << BigInt(8 * kind)) return undefined;
  return Array.from({ length: kind }, (_, i) =>
    Number((number >> BigInt(8 * (kind - 1 - i))) & 0xffn),
  );
}

function addressBytes(address: Ipv4): number[] {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
}
