// OpenWrt's /etc/config/dhcp as the statements of dnsmasq that OpenWrt makes of it (its /etc/init.d/dnsmasq).

import type { Ipv4 } from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { prefixOfMask } from "./device-ranges.ts";
import { parseBoot } from "./dnsmasq-boot.ts";
import { parseHost } from "./dnsmasq-hosts.ts";
import { parseOption } from "./dnsmasq-options.ts";
import type { Statements } from "./dnsmasq-statements.ts";
import { valueWords } from "./dnsmasq-syntax.ts";
import { parseTagged } from "./dnsmasq-tagged.ts";
import { parseLeaseTime } from "./dnsmasq-words.ts";
import { shortList, type UciInterface } from "./uci-network.ts";
import { flagOf, listOf, saidOf, settingOf, type UciSection, type UciValue } from "./uci-syntax.ts";

export interface UciReading {
  readonly draft: DeviceDraft;
  readonly statements: Statements;
  readonly interfaces: ReadonlyMap<string, UciInterface>;
  /** Names of interfaces that clients get addresses on. */
  readonly served: Set<string>;
  /** Whether a lease file is among the files. */
  readonly hasLeases: boolean;
}

type Handler = (reading: UciReading, section: UciSection) => void;

const DNS_SECTION = "It is about DNS, which is not part of this.";
const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["dnsmasq", readServer],
  ["dhcp", readPool],
  ["host", readHost],
  ["tag", readTag],
  ["boot", readBoot],
  ["mac", readTagged("dhcp-mac", "mac")],
  ["vendorclass", readTagged("dhcp-vendorclass", "vendorclass")],
  ["userclass", readTagged("dhcp-userclass", "userclass")],
  ["match", readTagged("dhcp-match", "match")],
  ["circuitid", readTagged("dhcp-circuitid", "circuitid")],
  ["remoteid", readTagged("dhcp-remoteid", "remoteid")],
  ["subscrid", readTagged("dhcp-subscrid", "subscriberid")],
  ["odhcpd", saying("It is about IPv6, which is not served here.")],
  ["relay", saying("A box does not pass on requests to another server.")],
  ...["domain", "cname", "hostrecord", "srvhost", "mxhost", "ipset", "dnsrr", "ptr"].map(
    (type): [string, Handler] => [type, saying(DNS_SECTION)],
  ),
]);

export function readSection(reading: UciReading, section: UciSection): void {
  const handler = HANDLERS.get(section.type);
  if (handler) handler(reading, section);
  else reading.draft.leftOut(saidOf(section), "A section of this kind is not known here.");
}

function saying(reason: string): Handler {
  return ({ draft }, section) => draft.leftOut(saidOf(section), reason);
}

const POOL_TAKEN = new Set(
  "interface start limit leasetime ignore dynamicdhcp netmask networkid dhcp_option dhcp_option_force dhcpv4".split(
    " ",
  ),
);
const POOL_IPV6 =
  /^(dhcpv6|ndp.*|ra|ra_.*|router|dns|dns_service|domain|hostid|master|max_preferred.*|max_valid.*|pd_.*|prefix_.*|preferred_lifetime)$/;

function readPool(reading: UciReading, section: UciSection): void {
  const { draft, statements, served } = reading;
  const { said } = section;
  const name = settingOf(section, "interface") ?? section.name;
  sayOfPool(draft, section);
  const at = reading.interfaces.get(name);
  if (flagOf(section, "ignore", false) || settingOf(section, "dhcpv4") === "disabled") {
    draft.leftOut(said, "DHCP is switched off on this interface: no network is made of it.");
    return;
  }
  if (!at) {
    const reason = `No network is made of it: the files have no address of their own for the interface "${name}".`;
    draft.leftOut(said, reason);
    return;
  }
  const set = settingOf(section, "networkid") ?? name;
  const range = rangeOf(draft, section, at);
  if (!range) return;
  served.add(name);
  statements.ranges.push({ said, ...range, set, tags: [] });
  readOptions(reading, section, [set]);
}

function rangeOf(draft: DeviceDraft, section: UciSection, at: UciInterface) {
  const mask = settingOf(section, "netmask");
  const prefix = mask === undefined ? at.subnet.prefix : prefixOfMask(mask);
  const start = wholeNumber(section, "start", 100);
  const limit = wholeNumber(section, "limit", 150);
  const leaseSeconds = parseLeaseTime(settingOf(section, "leasetime") ?? "12h");
  const problem =
    (prefix === undefined && "The netmask is none.") ||
    (start === undefined && "Where the addresses begin is not a number.") ||
    (limit === undefined && "How many addresses there are is not a number.") ||
    (leaseSeconds === undefined && "The lease time is not a length of time.");
  if (prefix === undefined || start === undefined || limit === undefined || !leaseSeconds) {
    draft.unreadable(
      section.said,
      `No network is made of it: ${problem || "its times cannot be read."}`,
    );
    return undefined;
  }
  const first = at.subnet.address + start;
  const last = first + limit - 1;
  const isDynamic = flagOf(section, "dynamicdhcp", true) && limit > 0;
  const isInside = first <= 0xffffffff;
  return {
    start: (isInside && isDynamic ? first : at.subnet.address) as Ipv4,
    end: isDynamic && isInside ? (Math.min(last, 0xffffffff) as Ipv4) : undefined,
    prefix: prefix === at.subnet.prefix ? undefined : prefix,
    leaseSeconds,
  };
}

function wholeNumber(section: UciSection, key: string, otherwise: number): number | undefined {
  const text = settingOf(section, key);
  if (text === undefined) return otherwise;
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

function sayOfPool(draft: DeviceDraft, section: UciSection): void {
  const rest = Array.from(section.values.keys()).filter((key) => !POOL_TAKEN.has(key));
  const ipv6 = rest.filter((key) => POOL_IPV6.test(key));
  if (ipv6.length > 0) {
    draft.leftOut(section.said, `IPv6 is not served here: ${shortList(ipv6)}.`);
  }
  for (const key of rest.filter((one) => !POOL_IPV6.test(one))) {
    const said = saidOf(section, key);
    if (key === "force") {
      draft.leftOut(said, "A box always answers; it says so when another server answers too.");
    } else draft.leftOut(said, "There is nothing like this setting here.");
  }
}

function readOptions(
  { draft, statements }: UciReading,
  section: UciSection,
  tags: readonly string[],
): void {
  const forced = section.values.get("dhcp_option_force") ?? [];
  if (flagOf(section, "force", false) && section.type !== "dhcp") {
    const said = saidOf(section, "force");
    draft.changed(said, "Options go only to clients that ask for them here.");
  }
  for (const { said } of forced) {
    draft.changed(said, "Options go only to clients that ask for them here.");
  }
  const values = [...splitOptions(section.values.get("dhcp_option") ?? []), ...forced];
  for (const { text, said } of values) {
    const words = parseOption(valueWords(text));
    if (typeof words === "string") draft.leftOut(said, words);
    else statements.options.push({ said, words: { ...words, tags: [...tags, ...words.tags] } });
  }
}

/** One option with several in it, as older versions have it: "3,192.168.1.1 6,192.168.1.2". */
function splitOptions(values: readonly UciValue[]): UciValue[] {
  return values.flatMap(({ text, said }) => {
    if (!/^[0-9]{1,3},\S+(\s+[0-9]{1,3},\S+)+$/.test(text.trim())) return [{ text, said }];
    return text
      .trim()
      .split(/\s+/)
      .map((one) => ({ text: one, said }));
  });
}

const HOST_TAKEN = new Set(["name", "mac", "ip", "leasetime", "tag", "networkid"]);

function readHost({ draft, statements }: UciReading, section: UciSection): void {
  const said = saidOf(section);
  const rest = Array.from(section.values.keys()).filter((key) => !HOST_TAKEN.has(key));
  if (rest.length > 0) {
    const reason = `Names for DNS, IPv6 and other settings of a device are not taken over: ${shortList(rest)}.`;
    draft.leftOut(said, reason);
  }
  const [name, ip, time] = ["name", "ip", "leasetime"].map((key) => settingOf(section, key));
  const macs = listOf(section, "mac").map(({ text }) => text);
  const tags = ["tag", "networkid"].flatMap((key) => listOf(section, key));
  const words = [
    ...macs,
    ...tags.map(({ text }) => `set:${text}`),
    ...[ip, name, time].filter((word) => word !== undefined && word !== ""),
  ];
  const host = parseHost(
    draft,
    words.filter((word) => word !== undefined),
    said,
  );
  if (host) statements.hosts.push(host);
}

function readTag(reading: UciReading, section: UciSection): void {
  readOptions(reading, section, [section.name]);
  sayOfRest(reading.draft, section, ["dhcp_option", "dhcp_option_force", "force"]);
}

function readTagged(keyword: string, key: string): Handler {
  return (reading, section) => {
    const { draft, statements } = reading;
    const tag = settingOf(section, "networkid") ?? section.name;
    for (const { text, said } of section.values.get(key) ?? []) {
      const words = [`set:${tag}`, ...(key === "match" ? valueWords(text) : [text])];
      const tagged = parseTagged(draft, keyword, words, said);
      if (tagged) statements.tagged.push(tagged);
    }
    readOptions(reading, section, [tag]);
    sayOfRest(draft, section, [key, "networkid", "dhcp_option", "dhcp_option_force", "force"]);
  };
}

function readBoot(reading: UciReading, section: UciSection): void {
  const { draft, statements } = reading;
  const { said } = section;
  const tag = settingOf(section, "networkid");
  const tags = tag === undefined || tag === "" ? [] : [tag];
  const words = ["filename", "servername", "serveraddress"].map(
    (key) => settingOf(section, key) ?? "",
  );
  const boot = parseBoot(draft, words, said);
  if (boot) statements.boots.push({ ...boot, tags });
  readOptions(reading, section, tags);
  sayOfRest(draft, section, [
    ...["networkid", "serveraddress", "filename", "servername"],
    ...["dhcp_option", "dhcp_option_force", "force"],
  ]);
}

function sayOfRest(draft: DeviceDraft, section: UciSection, taken: readonly string[]): void {
  for (const key of section.values.keys()) {
    if (taken.includes(key)) continue;
    draft.leftOut(saidOf(section, key), "There is nothing like this setting here.");
  }
}

/** Settings of dnsmasq itself that are about DHCP; the rest is about DNS, or how it runs. */
const SERVER_NOTES: ReadonlyMap<string, string> = new Map([
  ["readethers", "The file with addresses by MAC is not one of those that were given."],
  ["dhcpleasemax", "How many leases there may be follows from the pools."],
  ["sequential_ip", "Addresses are not given one after the other here."],
  ["dhcphostsfile", "More of the configuration is in a file that was not given."],
  ["enable_tftp", "Files for devices that boot are not sent from here."],
  ["interface", "Networks are made of the sections of DHCP alone."],
  ["notinterface", "Networks are made of the sections of DHCP alone."],
]);

function readServer({ draft, statements, hasLeases }: UciReading, section: UciSection): void {
  const taken = new Set(["authoritative", "domain", "noping", "rapidcommit", "port", "dhcp_boot"]);
  statements.isAuthoritative ||= flagOf(section, "authoritative", false);
  statements.isRapid ||= flagOf(section, "rapidcommit", false);
  if (flagOf(section, "noping", false)) statements.isProbing = false;
  if (settingOf(section, "port") === "0") statements.answersDns = false;
  const domain = settingOf(section, "domain");
  if (domain !== undefined) {
    statements.domains.push({ said: saidOf(section, "domain"), name: domain, range: undefined });
  }
  for (const { text, said } of section.values.get("dhcp_boot") ?? []) {
    const boot = parseBoot(draft, valueWords(text), said);
    if (boot) statements.boots.push(boot);
  }
  const others: string[] = [];
  for (const key of section.values.keys()) {
    const reason = SERVER_NOTES.get(key);
    if (reason !== undefined && !/^(0|no|off|false)$/.test(settingOf(section, key) ?? "")) {
      draft.leftOut(saidOf(section, key), reason);
    } else if (key === "leasefile") {
      if (!hasLeases)
        draft.leftOut(saidOf(section, key), "The leases are in a file that was not given.");
    } else if (!taken.has(key) && reason === undefined) others.push(key);
  }
  if (others.length === 0) return;
  const reason = `DNS, and how dnsmasq itself runs, are not part of this: ${shortList(others)}.`;
  draft.leftOut(section.said, reason);
}
