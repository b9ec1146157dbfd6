// The words that dnsmasq's statements are made of: times, tags, hardware addresses and client identifiers.

import { formatMac, parseMac } from "../base/address.ts";
import { hex } from "../base/bytes.ts";

/** The longest number of seconds that a lease can have and still end. */
const SECONDS_MAX = 0xfffffffe;
const SECONDS_PER: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** "12h", "45m", "3600" or "infinite"; undefined when it is none of these. */
export function parseLeaseTime(text: string): number | "infinite" | undefined {
  if (text === "infinite") return "infinite";
  const [, digits = "", unit = ""] = /^([0-9]{1,10})([smhdw]?)$/i.exec(text) ?? [];
  if (digits === "") return undefined;
  const seconds = Number(digits) * (SECONDS_PER[unit.toLowerCase()] ?? 1);
  return seconds > SECONDS_MAX ? "infinite" : seconds;
}

/** What a field of a dhcp-host says of the hardware address. */
export interface HardwareWord {
  /** The address, or its first bytes; lower case with colons. */
  readonly mac: string;
  readonly isWhole: boolean;
}

/** "11:22:33:44:55:66" or "11:22:33:*:*:*", also with the type of Ethernet, "01-", before it. */
export function parseHardware(word: string): HardwareWord | undefined {
  const text = word.replace(/^0?1-/, "");
  if (!/^([0-9a-f]{1,2}|\*)([:-]([0-9a-f]{1,2}|\*)){5}$/i.test(text)) return undefined;
  const parts = text.toLowerCase().split(/[:-]/);
  const fixed = parts.indexOf("*");
  const count = fixed < 0 ? parts.length : fixed;
  if (count === 0 || parts.slice(count).some((part) => part !== "*")) return undefined;
  const digits = parts.slice(0, count).map((part) => part.padStart(2, "0"));
  return { mac: digits.join(":"), isWhole: count === parts.length };
}

/** Whether it has the look of a hardware address, of whatever type and length. */
export function looksLikeHardware(word: string): boolean {
  return /^([0-9a-f]{1,2}-)?([0-9a-f]{1,2}|\*)(:([0-9a-f]{1,2}|\*)){3,15}$/i.test(word);
}

/** After "id:": bytes with colons between them, or text; as the hex digits of option 61. */
export function parseClientId(word: string): string | undefined {
  const bytes = colonBytes(word) ?? new TextEncoder().encode(word);
  return bytes.length >= 1 && bytes.length <= 255 ? hex(bytes) : undefined;
}

/** "e4:45:74" to bytes; undefined when it is not at least two of them. */
export function colonBytes(word: string): Uint8Array | undefined {
  if (word.length > 3 * 256 || !/^[0-9a-f]{1,2}(:[0-9a-f]{1,2})+$/i.test(word)) return undefined;
  return Uint8Array.from(word.split(":"), (part) => Number.parseInt(part, 16));
}

export interface TaggedWords {
  /** The client must have all of these; "!x": must not have x. */
  readonly tags: readonly string[];
  /** What the statement sets. */
  readonly sets: readonly string[];
  readonly rest: readonly string[];
}

/** Takes "tag:x" and "set:y" out of the words; "net:z" is the old way to write either. */
export function takeTags(words: readonly string[], net: "tags" | "sets"): TaggedWords {
  const taken = { tags: [] as string[], sets: [] as string[] };
  const rest: string[] = [];
  for (const word of words) {
    const [, kind, tag = ""] = /^(tag|set|net):(.*)$/s.exec(word) ?? [];
    if (kind === undefined) rest.push(word);
    else if (tag !== "") taken[kind === "tag" ? "tags" : kind === "set" ? "sets" : net].push(tag);
  }
  return { ...taken, rest };
}

/** A text of dnsmasq's that is looked for inside of what a client sends, as a match has it. */
export function containsText(text: string): string {
  return `*${exactText(text)}*`;
}

/** A text that a match compares, also where it has signs that mean something to a match. */
export function exactText(text: string): string {
  const isPlain = !text.includes("*") && !/^0x/i.test(text);
  return isPlain ? text : `0x${hex(new TextEncoder().encode(text))}`;
}

/** As a configuration writes it; undefined when it is none. */
export function plainMac(text: string): string | undefined {
  const mac = parseMac(text);
  return mac && formatMac(mac);
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** One label of a name, as a client may send it as its own. */
export function isHostname(text: string): boolean {
  return LABEL.test(text);
}

export function isDomainName(text: string): boolean {
  return DOMAIN.test(text);
}
