// Options as dhcpd.conf writes them: by dhcpd's name and in its writing where it has one, else as bytes.

import { formatIpv4, type Ipv4 } from "../base/address.ts";
import type { CustomOptionRow } from "../config/options.ts";
import { standardName } from "../import/isc-option-names.ts";
import { decodeOption, MALFORMED, optionByCode } from "../wire/dhcp4-options.ts";
import { colons } from "./match-text.ts";

/** Options that dhcpd calls as our table does (common/tables.c of dhcpd 4.4). */
const SAME_NAME: ReadonlySet<number> = new Set(
  [
    [1, 2],
    [12, 12],
    [15, 21],
    [23, 26],
    [28, 30],
    [32, 32],
    [34, 35],
    [38, 42],
    [46, 47],
    [60, 60],
    [66, 69],
    [71, 76],
    [78, 79],
    [85, 87],
    [118, 119],
  ].flatMap(([from = 0, to = 0]) => Array.from({ length: to - from + 1 }, (_, at) => from + at)),
);
/** Those with another name that every dhcpd is built with; the others depend on how it was built. */
const ALWAYS_THERE_MAX = 89;

export class IscOptions {
  readonly #custom: readonly CustomOptionRow[];
  readonly #defined = new Map<number, { readonly name: string; readonly type: string }>();

  constructor(custom: readonly CustomOptionRow[]) {
    this.#custom = custom;
  }

  /** dhcpd's name, or one that the file has to define. */
  name(code: number): string {
    const row = optionByCode(code);
    if (row && SAME_NAME.has(code)) return row.name;
    const other = code <= ALWAYS_THERE_MAX ? standardName(code, "dhcpd") : undefined;
    if (other !== undefined) return other;
    if (code === 77) return "user-class";
    const custom = this.#custom.find((one) => one.code === code);
    // A prefix keeps names apart from those that only some builds of dhcpd have.
    const name = custom?.name ?? `tandem-${row?.name ?? code}`;
    this.#defined.set(code, { name, type: TYPES.get(custom?.type ?? "") ?? "string" });
    return name;
  }

  /** The options that the file has to define for what was written so far. */
  definitions(): string[] {
    return [...this.#defined].map(
      ([code, { name, type }]) => `option ${name} code ${code} = ${type};`,
    );
  }

  statement(code: number, data: Uint8Array): string {
    const name = this.name(code);
    const row = optionByCode(code);
    const value = row && !this.#defined.has(code) ? decodeOption(row, data) : MALFORMED;
    const write = WRITINGS.get(row?.codec.shape ?? "");
    if (write && value !== MALFORMED) return `option ${name} ${write(value)};`;
    return `option ${name} = ${bytesText(data)};`;
  }
}

/** Types of custom options that dhcpd has, too; the others are bytes to it. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["ipv4", "ip-address"],
  ["ipv4-list", "array of ip-address"],
  ["text", "text"],
  ["bool", "boolean"],
  ["u8", "unsigned integer 8"],
  ["u16", "unsigned integer 16"],
  ["u32", "unsigned integer 32"],
  ["i32", "integer 32"],
]);

const WRITINGS: ReadonlyMap<string, (value: unknown) => string> = new Map([
  ["ipv4", (value) => formatIpv4(value as Ipv4)],
  ["ipv4-list", (value) => (value as readonly Ipv4[]).map(formatIpv4).join(", ")],
  ["text", (value) => quoted(value as string)],
  ["bool", (value) => String(value)],
  ["u8", (value) => String(value)],
  ["u16", (value) => String(value)],
  ["u32", (value) => String(value)],
  ["i32", (value) => String(value)],
]);

/** Text in quotes; what a person could not read is in octal. */
export function quoted(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `"${Array.from(bytes, escaped).join("")}"`;
}

/** Bytes of an expression: a text where they are one, else hex digits. */
export function bytesText(bytes: Uint8Array): string {
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  // One pair of digits alone would be a number.
  if (isText || bytes.length < 2) return `"${Array.from(bytes, escaped).join("")}"`;
  return colons(bytes);
}

function escaped(byte: number): string {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\${byte.toString(8).padStart(3, "0")}`;
}
