// Conditions of dhcpd and Kea on what a client sends, as the match language of our classes has them.

import { formatMac } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { OPTION, optionByCode } from "../wire/dhcp4-options.ts";
import type { Plain } from "../wire/option-codecs.ts";
import { RELAY_SUBOPTION } from "../wire/relay-agent.ts";

/** What of a packet is looked at. */
export type Field =
  | { readonly kind: "option"; readonly code: number }
  | { readonly kind: "suboption"; readonly code: number }
  | { readonly kind: "mac" }
  /** The type of the hardware, and its address behind it. */
  | { readonly kind: "hardware" }
  | { readonly kind: "relay" };

/** A part of a field: `length` undefined is up to its end; a negative `from` counts from the end. */
export interface FieldPart {
  readonly field: Field;
  readonly from: number;
  readonly length: number | undefined;
}

/** Why something cannot be said in the match language: a whole sentence. */
export class Inexpressible extends Error {
  override readonly name = "Inexpressible";
}

/** Holds when the part is these bytes. Throws Inexpressible. */
export function partIs({ field, from, length }: FieldPart, bytes: Uint8Array): Plain {
  if (field.kind === "hardware") return hardwareIs(from, length, bytes);
  if (field.kind === "mac") return macIs(from, length, bytes);
  if (bytes.length === 0) return { not: partExists(field) };
  if (field.kind === "relay") return relayIs(from, length, bytes);
  if (from === 0 && length === undefined) return fieldIs(field, bytes, "is");
  if (from === 0 && length !== undefined) {
    if (length > bytes.length) return fieldIs(field, bytes, "is");
    if (length === bytes.length) return fieldIs(field, bytes, "begins");
  }
  if (from < 0 && from === -bytes.length && (length ?? bytes.length) >= bytes.length) {
    return fieldIs(field, bytes, "ends");
  }
  throw new Inexpressible(
    "Only the whole, the begin or the end of what a client sends is compared.",
  );
}

/** Holds when the packet has the field at all. Throws Inexpressible. */
export function partExists(field: Field): Plain {
  if (field.kind === "option") return { option: { [nameOf(field.code)]: true } };
  if (field.kind === "suboption") return { [suboptionKey(field.code)]: "*" };
  throw new Inexpressible("Every packet has this.");
}

export function anyOf(matches: readonly Plain[]): Plain {
  const [first] = matches;
  if (matches.length === 1 && first !== undefined) return first;
  return asList(matches) ?? { any: matches };
}

export function allOf(matches: readonly Plain[]): Plain {
  const [first] = matches;
  return matches.length === 1 && first !== undefined ? first : { all: matches };
}

/** Conditions on one thing are shorter as a list of what it may be. */
function asList(matches: readonly Plain[]): Plain | undefined {
  const values: Plain[] = [];
  let key: string | undefined;
  for (const match of matches) {
    const [[name, value] = [], ...more] = Object.entries(match ?? {});
    if (name === undefined || more.length > 0 || (key !== undefined && name !== key))
      return undefined;
    if (typeof value !== "string" && typeof value !== "number") return undefined;
    key = name;
    if (!values.includes(value)) values.push(value);
  }
  return key === undefined ? undefined : { [key]: values };
}

type How = "is" | "begins" | "ends";

function fieldIs(field: Field, bytes: Uint8Array, how: How): Plain {
  if (field.kind === "suboption") return { [suboptionKey(field.code)]: test(bytes, how) };
  if (field.kind !== "option") throw new Inexpressible("This cannot be compared here.");
  if (field.code === OPTION.vendorClassIdentifier.code) return { vendorClass: test(bytes, how) };
  if (field.code === OPTION.userClass.code) return { userClass: test(bytes, how) };
  if (field.code === OPTION.clientIdentifier.code) return { clientId: hexTest(bytes, how, "") };
  const isArchitecture = field.code === OPTION.clientSystemArchitecture.code;
  if (isArchitecture && how === "is" && bytes.length === 2) {
    return { arch: ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0) };
  }
  return { option: { [nameOf(field.code)]: test(bytes, how) } };
}

function hardwareIs(from: number, length: number | undefined, bytes: Uint8Array): Plain {
  if (from === 1) return macIs(0, length, bytes);
  const isWhole = length === undefined ? bytes.length === 7 : length >= bytes.length;
  if (from !== 0 || !isWhole || bytes[0] !== 1) {
    throw new Inexpressible(
      "Of the hardware only Ethernet addresses and their first bytes are compared.",
    );
  }
  if (bytes.length === 1) throw new Inexpressible("All hardware is Ethernet here.");
  return { mac: formatMac(bytes.subarray(1)) };
}

function macIs(from: number, length: number | undefined, bytes: Uint8Array): Plain {
  const isPart = from === 0 && bytes.length > 0 && (length === bytes.length || bytes.length === 6);
  if (!isPart || bytes.length > 6) {
    throw new Inexpressible(
      "Of a hardware address only the whole or the first bytes are compared.",
    );
  }
  return { mac: formatMac(bytes) };
}

function relayIs(from: number, length: number | undefined, bytes: Uint8Array): Plain {
  if (from !== 0 || (length ?? 4) !== 4 || bytes.length !== 4) {
    throw new Inexpressible("Of a relay only its whole address is compared.");
  }
  return { relay: bytes.join(".") };
}

function suboptionKey(code: number): string {
  const key = SUBOPTION_KEYS.get(code);
  if (key === undefined)
    throw new Inexpressible("This part of what a relay says is not compared here.");
  return key;
}

const SUBOPTION_KEYS: ReadonlyMap<number, string> = new Map([
  [RELAY_SUBOPTION.agentCircuitId.code, "circuitId"],
  [RELAY_SUBOPTION.agentRemoteId.code, "remoteId"],
  [RELAY_SUBOPTION.subscriberId.code, "subscriberId"],
]);

function nameOf(code: number): string {
  return optionByCode(code)?.name ?? `option-${code}`;
}

/** Text where the language takes it for just that text, else hex digits. */
function test(bytes: Uint8Array, how: How): string {
  const text = String.fromCharCode(...bytes);
  const isPlain = /^[!-~]([ -~]*[!-~])?$/.test(text) && !/^\*|\*$|^0x/i.test(text);
  return isPlain ? starred(text, how) : hexTest(bytes, how, "0x");
}

function hexTest(bytes: Uint8Array, how: How, prefix: string): string {
  return starred(`${prefix}${hex(bytes)}`, how);
}

function starred(text: string, how: How): string {
  if (how === "is") return text;
  return how === "begins" ? `${text}*` : `*${text}`;
}
