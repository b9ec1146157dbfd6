// Addresses as numbers and bytes, never as text: text is made at the edges only.

import { ConfigError } from "./errors.ts";

/** An IPv4 address as an unsigned 32-bit number, 0 to 2^32-1. */
export type Ipv4 = number & { readonly ipv4: unique symbol };

/** An IPv4 subnet: `address` is the network address, `prefix` 0 to 32. */
export interface Subnet {
  readonly address: Ipv4;
  readonly prefix: number;
  readonly mask: Ipv4;
}

export const ANY = 0 as Ipv4;
export const LIMITED_BROADCAST = 0xffffffff as Ipv4;

/** Dotted quad to number. Returns undefined unless it is exactly four decimal numbers 0 to 255. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value as Ipv4;
}

/** The same for text that our own code or a validated configuration wrote. Throws ConfigError. */
export function ipv4(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new ConfigError(`"${text}" is not an IPv4 address`);
  return value;
}

export function formatIpv4(value: Ipv4): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** "10.0.0.0/24" to a subnet; host bits are cleared. Returns undefined when it is not that form. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf("/");
  const address = parseIpv4(slash < 0 ? text : text.slice(0, slash));
  const prefixText = slash < 0 ? "" : text.slice(slash + 1);
  if (address === undefined || !/^[0-9]{1,2}$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  if (prefix > 32) return undefined;
  const mask = prefixMask(prefix);
  return { address: ((address & mask) >>> 0) as Ipv4, prefix, mask };
}

export function prefixMask(prefix: number): Ipv4 {
  return (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0) as Ipv4;
}

export function contains(subnet: Subnet, address: Ipv4): boolean {
  return (address & subnet.mask) >>> 0 === subnet.address;
}

export function broadcastOf(subnet: Subnet): Ipv4 {
  return ((subnet.address | ~subnet.mask) >>> 0) as Ipv4;
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.address)}/${subnet.prefix}`;
}

/** "02:00:5e:10:00:ff" (or with dashes) to six bytes; undefined when it is not that form. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

/** In lower case with colons, of any length. */
export function formatMac(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += i === 0 ? TWO_DIGITS[bytes[i] ?? 0] : `:${TWO_DIGITS[bytes[i] ?? 0]}`;
  }
  return text;
}

const TWO_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Locally administered unicast MACs are what phones make up per network (IEEE 802c). */
export function isRandomisedMac(bytes: Uint8Array): boolean {
  return bytes.length === 6 && ((bytes[0] ?? 0) & 0x03) === 0x02;
}
