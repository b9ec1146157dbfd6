// The importer of dnsmasq.conf and dnsmasq.leases.

import { broadcastOf, formatIpv4, formatSubnet, parseIpv4, parseSubnet } from "../base/address.ts";
import { DeviceDraft } from "./device-draft.ts";
import { readable, STATEMENTS_MAX } from "./device-files.ts";
import type { Said } from "./device-parts.ts";
import { hostRange, prefixOfMask } from "./device-ranges.ts";
import { assemble } from "./dnsmasq-assemble.ts";
import { parseBoot } from "./dnsmasq-boot.ts";
import { parseHost } from "./dnsmasq-hosts.ts";
import { isLeaseFile, readLeases } from "./dnsmasq-leases.ts";
import { parseOption } from "./dnsmasq-options.ts";
import { reasonAgainst } from "./dnsmasq-reasons.ts";
import { type DnsmasqRange, noStatements, type Statements } from "./dnsmasq-statements.ts";
import { confLines } from "./dnsmasq-syntax.ts";
import { parseTagged, TAGGING } from "./dnsmasq-tagged.ts";
import { parseLeaseTime, takeTags } from "./dnsmasq-words.ts";
import type { Importer } from "./imported.ts";
import { Notes } from "./notes.ts";

/** dnsmasq's own, where a range says none. */
const LEASE_SECONDS_DEFAULT = 3600;

interface Reading {
  readonly draft: DeviceDraft;
  readonly statements: Statements;
  readonly files: ReadonlySet<string>;
}
type Handler = (reading: Reading, words: readonly string[], said: Said) => void;

export const importDnsmasq: Importer = (files) => {
  const draft = new DeviceDraft(new Notes(files.keys()));
  const reading: Reading = { draft, statements: noStatements(), files: baseNames(files.keys()) };
  const leases: [file: string, text: string][] = [];
  for (const [file, raw] of files) {
    const text = readable(draft, file, raw);
    if (text === undefined) continue;
    if (isLeaseFile(file, text)) leases.push([file, text]);
    else readConf(reading, file, text);
  }
  assemble(draft, reading.statements);
  for (const [file, text] of leases) readLeases(draft, file, text);
  return draft.done();
};

function readConf(reading: Reading, file: string, text: string): void {
  let count = 0;
  for (const { keyword, words, said } of confLines(file, text)) {
    if (++count > STATEMENTS_MAX) {
      reading.draft.leftOut(said, "The rest of the file is left out: it has too many statements.");
      return;
    }
    statement(reading, keyword, words, said);
  }
}

function statement(reading: Reading, keyword: string, words: readonly string[], said: Said): void {
  const { draft, statements } = reading;
  const handler = HANDLERS.get(keyword);
  if (handler) handler(reading, words, said);
  else if (TAGGING.has(keyword)) {
    const tagged = parseTagged(draft, keyword, words, said);
    if (tagged) statements.tagged.push(tagged);
  } else {
    const reason = reasonAgainst(keyword);
    if (reason !== undefined) draft.leftOut(said, reason);
    else draft.unreadable(said, "It is not a statement of dnsmasq that is known here.");
  }
}

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["dhcp-range", readRange],
  ["dhcp-host", readHost],
  ["dhcp-option", readOption],
  ["dhcp-option-force", readForcedOption],
  ["dhcp-boot", readBoot],
  ["dhcp-ignore", readIgnore],
  ["domain", readDomain],
  ["listen-address", readOwnAddresses],
  ["interface", readInterfaces],
  ["dhcp-authoritative", ({ statements }) => set(statements, "isAuthoritative", true)],
  ["dhcp-rapid-commit", ({ statements }) => set(statements, "isRapid", true)],
  ["no-ping", ({ statements }) => set(statements, "isProbing", false)],
  ["dhcp-ignore-clid", ({ statements }) => set(statements, "ignoresClientIds", true)],
  ["port", readPort],
  ["dhcp-leasefile", readLeaseFile],
  ...[
    "conf-file",
    "conf-dir",
    "dhcp-hostsfile",
    "dhcp-hostsdir",
    "dhcp-optsfile",
    "dhcp-optsdir",
  ].map((keyword): [string, Handler] => [keyword, readOtherFile]),
]);

type Flag = "isAuthoritative" | "isRapid" | "isProbing" | "ignoresClientIds";

function set(statements: Statements, flag: Flag, value: boolean): void {
  statements[flag] = value;
}

function readRange({ draft, statements }: Reading, words: readonly string[], said: Said): void {
  const range = parseRange(words, said);
  if (typeof range !== "string") {
    sayOfRange(draft, range, words);
    statements.ranges.push(range);
  } else if (range === FOR_IPV6 || range === FOR_PROXY) draft.leftOut(said, range);
  else draft.unreadable(said, range);
}

/** Words of a range that are read over, as they follow from something else here. */
function sayOfRange(draft: DeviceDraft, range: DnsmasqRange, words: readonly string[]): void {
  const { said, prefix, start } = range;
  const device = words.find((word) => word.startsWith("interface:"));
  if (device !== undefined) draft.leftOut(said, reasonAgainst("no-dhcp-interface") ?? "");
  const [, broadcast] = words.filter((word) => parseIpv4(word) !== undefined).slice(-2);
  const subnet = prefix === undefined ? undefined : parseSubnet(`${formatIpv4(start)}/${prefix}`);
  if (!subnet || broadcast === undefined || prefixOfMask(broadcast) === prefix) return;
  if (parseIpv4(broadcast) === broadcastOf(subnet)) return;
  draft.leftOut(
    said,
    `The broadcast address is that of ${formatSubnet(subnet)}, not ${broadcast}.`,
  );
}

const FOR_IPV6 = "It is for IPv6, which is not served here.";
const FOR_PROXY = "Boot answers beside another DHCP server are not given here.";

function parseRange(all: readonly string[], said: Said): DnsmasqRange | string {
  const { tags, sets, rest } = takeTags(all, "sets");
  const words = rest.filter((word) => !word.startsWith("interface:"));
  if (sets.length > 1) return "A range sets one tag at most.";
  const [first = "", second = "", ...more] = words;
  // Before there was "set:", a tag stood without anything before it.
  if (parseIpv4(first) === undefined && parseIpv4(second) !== undefined && sets.length === 0) {
    return parseRange([`set:${first}`, ...tags.map((tag) => `tag:${tag}`), second, ...more], said);
  }
  if (first.includes(":")) return FOR_IPV6;
  const start = parseIpv4(first);
  const end = parseIpv4(second);
  if (second === "proxy") return FOR_PROXY;
  if (start === undefined || (end === undefined && second !== "static")) {
    return "It is not a range of addresses.";
  }
  const masks = more.filter((word) => parseIpv4(word) !== undefined);
  const times = more.filter((word) => parseIpv4(word) === undefined);
  const [mask] = masks;
  const prefix = mask === undefined ? undefined : prefixOfMask(mask);
  if (mask !== undefined && prefix === undefined) return `"${mask}" is not a netmask.`;
  const [time = "3600", ...others] = times;
  const leaseSeconds = parseLeaseTime(time);
  if (leaseSeconds === undefined || others.length > 0 || masks.length > 2) {
    return "Not all of its words can be read.";
  }
  const isReversed = end !== undefined && end < start;
  return {
    said,
    start: isReversed ? end : start,
    end: isReversed ? start : end,
    prefix,
    leaseSeconds: times.length === 0 ? LEASE_SECONDS_DEFAULT : leaseSeconds,
    set: sets[0],
    tags,
  };
}

function readHost({ draft, statements }: Reading, words: readonly string[], said: Said): void {
  const host = parseHost(draft, words, said);
  if (host) statements.hosts.push(host);
}

function readOption({ draft, statements }: Reading, words: readonly string[], said: Said): void {
  const option = parseOption(words);
  if (typeof option === "string") draft.leftOut(said, option);
  else statements.options.push({ said, words: option });
}

function readForcedOption(reading: Reading, words: readonly string[], said: Said): void {
  readOption(reading, words, said);
  reading.draft.changed(
    said,
    "It went to clients that do not ask for it as well; here options go to those that ask.",
  );
}

function readBoot({ draft, statements }: Reading, words: readonly string[], said: Said): void {
  const boot = parseBoot(draft, words, said);
  if (boot) statements.boots.push(boot);
}

function readIgnore({ statements }: Reading, words: readonly string[], said: Said): void {
  const tags = words.map((word) => word.replace(/^(tag|net):/, ""));
  statements.ignores.push({ said, tags: tags.map((tag) => tag.replace(/^#/, "!")) });
}

function readDomain({ draft, statements }: Reading, words: readonly string[], said: Said): void {
  const [name = "", first, second] = words;
  if (first === undefined || first === "") {
    statements.domains.push({ said, name, range: undefined });
    return;
  }
  const subnet = parseSubnet(first);
  const from = subnet?.address ?? parseIpv4(first);
  if (words.length > (subnet ? 2 : 3)) draft.leftOut(said, reasonAgainst("local") ?? "");
  const to = subnet ? hostRange(subnet).to : second === undefined ? from : parseIpv4(second);
  if (from === undefined || to === undefined || to < from) {
    draft.leftOut(said, "It is not for a range of IPv4 addresses.");
  } else statements.domains.push({ said, name, range: { from, to } });
}

function readOwnAddresses(
  { draft, statements }: Reading,
  words: readonly string[],
  said: Said,
): void {
  for (const word of words) {
    const address = parseIpv4(word);
    if (address !== undefined) statements.ownAddresses.push({ said, address });
    else draft.leftOut(said, `${word} is not an IPv4 address.`);
  }
}

function readInterfaces({ statements }: Reading, words: readonly string[], said: Said): void {
  for (const name of words) statements.devices.push({ said, name });
}

function readPort({ draft, statements }: Reading, words: readonly string[], said: Said): void {
  if (words[0] === "0") statements.answersDns = false;
  else draft.leftOut(said, reasonAgainst("server") ?? "");
}

function readLeaseFile({ draft, files }: Reading, words: readonly string[], said: Said): void {
  if (files.has(baseName(words.join(",")))) return;
  draft.leftOut(said, "The leases are in a file that was not given.");
}

function readOtherFile({ draft, files }: Reading, words: readonly string[], said: Said): void {
  if (files.has(baseName(words.join(",")))) return;
  draft.leftOut(said, "More of the configuration is in a file that was not given.");
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

function baseNames(files: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(files, baseName));
}
