// Options as dnsmasq writes them, "option:ntp-server,192.168.0.4", to what it sends for them.

import { type Ipv4, parseIpv4 } from "../base/address.ts";
import { ConfigError } from "../base/errors.ts";
import { encodeConfigured } from "../config/options.ts";
import { colonBytes, parseLeaseTime } from "./dnsmasq-words.ts";

/** A dhcp-option as it was read. */
export interface OptionWords {
  readonly code: number;
  readonly tags: readonly string[];
  /** Only for clients whose vendor class has this in it; the option is inside of option 43. */
  readonly vendor: string | undefined;
  /** The option is inside of this one. */
  readonly encap: number | undefined;
  readonly values: readonly string[];
}

type Kind = "addresses" | "text" | "seconds" | 1 | 2 | 4;

/** What dnsmasq knows of options: its own names, and what values it takes (its manual, "--help dhcp"). */
const KNOWN: readonly (readonly [code: number, name: string, kind?: Kind])[] = [
  [1, "netmask", "addresses"],
  [2, "time-offset", 4],
  [3, "router", "addresses"],
  [6, "dns-server", "addresses"],
  [7, "log-server", "addresses"],
  [9, "lpr-server", "addresses"],
  [12, "hostname", "text"],
  [13, "boot-file-size", 2],
  [15, "domain-name", "text"],
  [16, "swap-server", "addresses"],
  [17, "root-path", "text"],
  [18, "extension-path", "text"],
  [19, "ip-forward-enable", 1],
  [20, "non-local-source-routing", 1],
  [21, "policy-filter", "addresses"],
  [22, "max-datagram-reassembly", 2],
  [23, "default-ttl", 1],
  [26, "mtu", 2],
  [27, "all-subnets-local", 1],
  [28, "broadcast", "addresses"],
  [31, "router-discovery", 1],
  [32, "router-solicitation", "addresses"],
  [33, "static-route", "addresses"],
  [34, "trailer-encapsulation", 1],
  [35, "arp-timeout", 4],
  [36, "ethernet-encap", 1],
  [37, "tcp-ttl", 1],
  [38, "tcp-keepalive", 4],
  [40, "nis-domain", "text"],
  [41, "nis-server", "addresses"],
  [42, "ntp-server", "addresses"],
  [44, "netbios-ns", "addresses"],
  [45, "netbios-dd", "addresses"],
  [46, "netbios-nodetype", 1],
  [47, "netbios-scope"],
  [48, "x-windows-fs", "addresses"],
  [49, "x-windows-dm", "addresses"],
  [51, "lease-time", "seconds"],
  [58, "T1", "seconds"],
  [59, "T2", "seconds"],
  [60, "vendor-class"],
  [64, "nis+-domain", "text"],
  [65, "nis+-server", "addresses"],
  [66, "tftp-server", "text"],
  [67, "bootfile-name", "text"],
  [68, "mobile-ip-home", "addresses"],
  [69, "smtp-server", "addresses"],
  [70, "pop3-server", "addresses"],
  [71, "nntp-server", "addresses"],
  [74, "irc-server", "addresses"],
  [77, "user-class"],
  [93, "client-arch", 2],
  [94, "client-interface-id"],
  [97, "client-machine-id"],
  [100, "posix-timezone", "text"],
  [101, "tzdb-timezone", "text"],
  [108, "ipv6-only", 4],
  [114, "captive-portal", "text"],
  [119, "domain-search"],
  [120, "sip-server"],
  [121, "classless-static-route"],
  [125, "vendor-id-encap"],
  [150, "tftp-server-address", "addresses"],
];
const CODE_OF = new Map(KNOWN.map(([code, name]) => [name.toLowerCase(), code]));
const KIND_OF = new Map(KNOWN.map(([code, , kind]) => [code, kind]));

const DOMAIN_SEARCH = 119;
const SIP_SERVERS = 120;
/** Of one option, in one piece. */
const CONTENT_BYTES_MAX = 255;

/** The words behind "dhcp-option="; a sentence when they are not what dnsmasq takes. */
export function parseOption(words: readonly string[]): OptionWords | string {
  const tags: string[] = [];
  let vendor: string | undefined;
  let encap: number | undefined;
  for (const [index, word] of words.entries()) {
    const code = optionCode(word);
    if (typeof code === "string") return code;
    if (code !== undefined) return { code, tags, vendor, encap, values: words.slice(index + 1) };
    if (word.startsWith("vendor:")) vendor = word.slice(7);
    else if (/^encap:[0-9]{1,3}$/.test(word)) encap = Number(word.slice(6));
    else if (word.startsWith("vi-encap:")) {
      return "Options by the number of an enterprise (option 125) are not taken over.";
    } else tags.push(word.replace(/^(tag|net):/, ""));
  }
  return "It names no option.";
}

/** Undefined: the word is something else; a sentence: an option that there is not. */
export function optionCode(word: string): number | string | undefined {
  if (/^[0-9]{1,3}$/.test(word)) return Number(word);
  if (word.startsWith("option6:")) return "It is for IPv6, which is not served here.";
  if (!word.startsWith("option:")) return undefined;
  const name = word.slice(7);
  return CODE_OF.get(name.toLowerCase()) ?? `dnsmasq has no option of the name "${name}".`;
}

/**
 * What dnsmasq would send for these values; 0.0.0.0 stands for its own address. Empty when it has none. A sentence
 * when the values cannot be read.
 */
export function optionContent(
  { code, values, vendor, encap }: OptionWords,
  own: Ipv4 | undefined,
): Uint8Array | string {
  const isPlain = vendor === undefined && encap === undefined;
  const kind = isPlain ? KIND_OF.get(code) : undefined;
  const content = contentOf(isPlain ? code : 0, kind, values, own);
  if (typeof content !== "string" && content.length > CONTENT_BYTES_MAX) {
    return `It is longer than the ${CONTENT_BYTES_MAX} bytes that an option of dnsmasq may have.`;
  }
  return content;
}

function contentOf(
  code: number,
  kind: Kind | undefined,
  values: readonly string[],
  own: Ipv4 | undefined,
): Uint8Array | string {
  const text = values.join(",");
  if (text === "") return new Uint8Array(0);
  if (kind === "seconds") {
    const seconds = parseLeaseTime(text);
    if (seconds === undefined) return "It is not a length of time.";
    return number(seconds === "infinite" ? 0xffffffff : seconds, 4);
  }
  if (kind === "addresses") return addresses(values, own) ?? "It is not a list of IPv4 addresses.";
  if (kind === "text") return new TextEncoder().encode(text);
  const bytes = colonBytes(text);
  if (bytes) return bytes;
  const [, digits, letter = ""] = /^(-?[0-9]{1,10})([bsi]?)$/.exec(text) ?? [];
  if (digits !== undefined)
    return number(Number(digits), numberBytes(Number(digits), letter, kind));
  if (code === DOMAIN_SEARCH) return named("domain-search", values);
  const list = addresses(values, own);
  if (code === SIP_SERVERS) {
    return named("sip-servers", list ? { addresses: values } : { names: values });
  }
  return list ?? new TextEncoder().encode(text);
}

function numberBytes(value: number, letter: string, kind: Kind | undefined): 1 | 2 | 4 {
  if (letter === "b") return 1;
  if (letter === "s") return 2;
  if (letter === "i") return 4;
  if (kind === 1 || kind === 2 || kind === 4) return kind;
  if (value >= 0 && value <= 0xff) return 1;
  return value >= 0 && value <= 0xffff ? 2 : 4;
}

function number(value: number, bytes: 1 | 2 | 4): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (value >> (8 * (bytes - 1 - i))) & 0xff);
}

/** Addresses one after the other; those with a prefix length in the form of RFC 3442. */
function addresses(values: readonly string[], own: Ipv4 | undefined): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const value of values.slice(0, CONTENT_BYTES_MAX)) {
    const [text = "", prefix, ...more] = value.split("/");
    const address = parseIpv4(text);
    if (address === undefined || more.length > 0) return undefined;
    if (prefix === undefined) {
      bytes.push(...number(address === 0 && own !== undefined ? own : address, 4));
      continue;
    }
    if (!/^[0-9]{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined;
    bytes.push(Number(prefix));
    bytes.push(...number(address, 4).slice(0, Math.ceil(Number(prefix) / 8)));
  }
  return Uint8Array.from(bytes);
}

/** Whether 0.0.0.0, which stands for the address of dnsmasq itself, is among the values. */
export function namesItself(values: readonly string[]): boolean {
  return values.includes("0.0.0.0");
}

function named(name: string, value: unknown): Uint8Array | string {
  try {
    return encodeConfigured(name, value).data;
  } catch (error) {
    if (error instanceof ConfigError) return `It cannot be sent: ${error.message}.`;
    throw error;
  }
}
