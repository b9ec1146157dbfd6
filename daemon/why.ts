// Why a device has an address, or has none: from the lease book, the reservations and the history.

import { contains, formatIpv4, formatSubnet, type Ipv4, parseIpv4 } from "./base/address.ts";
import type { NetworkConfig } from "./core/config-view.ts";
import type { Lease } from "./core/lease.ts";
import type { WhyView } from "./http/api-types.ts";
import { leaseView } from "./lease-view.ts";
import { clientVerdict } from "./why-client.ts";
import { decisionView, endText, hardwareText, keyText, sinceStart } from "./why-sentences.ts";
import { usedBy } from "./why-set-aside.ts";
import {
  namedLike,
  nobody,
  reservedAt,
  type Subject,
  subjectOf,
  type Verdict,
  type WhySources,
} from "./why-subject.ts";
import { OPTION } from "./wire/dhcp4-options.ts";
import { readU32 } from "./wire/reader.ts";

/** Answers a question about a MAC address in any usual spelling, an IPv4 address or a host name. */
export function explain(query: string, sources: WhySources): WhyView {
  const text = query.trim();
  const address = parseIpv4(text);
  if (address !== undefined) return explainAddress(query, address, sources);
  const chaddr = parseHardware(text);
  if (chaddr) {
    const subject = subjectOf(chaddr, sources);
    const { lease, reservation, decisions } = subject;
    // Some host names look like a MAC without colons.
    const isKnown = lease ?? reservation ?? decisions[0];
    if (isKnown || /[:.-]/.test(text) || !namedLike(text, sources)[0]) {
      return view(query, subject, clientVerdict(subject, sources), sources);
    }
  }
  return explainName(query, text, sources);
}

/** The answer while the box cannot be asked yet. */
export function notYet(query: string, why: string): WhyView {
  return { query, client: "", severity: "unknown", verdict: why, advice: "", decisions: [] };
}

/** Others of the same name, or that asked for the same address, that are named in an answer. */
const OTHERS_MAX = 5;

function explainAddress(query: string, address: Ipv4, sources: WhySources): WhyView {
  const lease = sources.book.at(address);
  if (lease?.state === "active") {
    const subject = { ...subjectOf(lease.chaddr, sources), lease };
    return view(query, subject, clientVerdict(subject, sources), sources);
  }
  const text = formatIpv4(address);
  const network = sources.networks.find(({ subnet }) => contains(subnet, address));
  if (!network) {
    const subnets = sources.networks.map(({ name, subnet }) => `${name} ${formatSubnet(subnet)}`);
    return view(
      query,
      nobody(),
      {
        severity: "unknown",
        verdict: `${text} does not belong to any network of this box (${subnets.join(", ") || "none"}).`,
        advice: "Check the address; a device that has it got it elsewhere, or it was set by hand.",
      },
      sources,
    );
  }
  if (lease?.state === "abandoned") {
    return view(
      query,
      { ...nobody(), lease },
      {
        severity: "refused",
        verdict: `${text} on ${network.name} is set aside ${endText(lease)}: a device that it was not given to uses it${usedBy(lease, sources)}.`,
        advice:
          "Find that device and give it a reservation, or take its fixed address out of the pool.",
      },
      sources,
    );
  }
  return explainUnused(query, address, network, sources);
}

/** Nobody has the address: who had it, who asked for it, whom it is reserved for. */
function explainUnused(
  query: string,
  address: Ipv4,
  network: NetworkConfig,
  sources: WhySources,
): WhyView {
  const text = formatIpv4(address);
  if (address === network.ownAddress || address === network.serverId) {
    const isOwn = sources.networks.some(({ ownAddress }) => ownAddress === address);
    const what = isOwn ? `the address of this box on ${network.name}` : virtual(network, sources);
    const verdict = `${text} is ${what}.`;
    return view(query, nobody(), { severity: "fine", verdict, advice: "" }, sources);
  }
  if (isRouter(address, network)) {
    const verdict = `${text} is the router that devices on ${network.name} are told, and is given to none.`;
    return view(query, nobody(), { severity: "fine", verdict, advice: "" }, sources);
  }
  const reserved = reservedAt(address, sources.networks);
  const lease = sources.book.at(address);
  const wanting = sources.history.about(address);
  const inPool = network.pools.some(({ from, to }) => address >= from && address <= to);
  let verdict = `No device has a lease of ${text} on ${network.name} now.`;
  if (reserved) verdict += ` It is reserved for ${keyText(reserved.entry)}.`;
  else if (!inPool) verdict += " It is in no pool, so it is given to nobody.";
  else if (isPartners(lease, sources)) verdict += " It belongs to the partner's share of the pool.";
  const key = reserved?.entry.key;
  const isByMac = key?.kind === "client" && key.client[0] === 0;
  const chaddr = isByMac
    ? key.client.subarray(2)
    : (wanting[0] ?? lease?.chaddr ?? new Uint8Array(0));
  if (chaddr.length === 0) {
    verdict += ` Nobody asked for it ${sinceStart(sources.startedAt)}.`;
    return view(query, nobody(), { severity: "unknown", verdict, advice: "" }, sources);
  }
  const subject = subjectOf(chaddr, sources);
  // Whose address it is, is said already.
  const own = clientVerdict(isByMac ? { ...subject, reservation: undefined } : subject, sources);
  const others = listed(wanting.map(hardwareText).filter((mac) => mac !== hardwareText(chaddr)));
  const advice = others === "" ? own.advice : `${own.advice} It was also asked for by ${others}.`;
  return view(
    query,
    subject,
    {
      // The device may have another address, but that was not the question.
      severity: own.severity === "fine" ? "unknown" : own.severity,
      verdict: `${verdict} ${own.verdict}`,
      advice: advice.trim(),
    },
    sources,
  );
}

function virtual({ name }: NetworkConfig, { pair }: WhySources): string {
  const who = pair ? "either of the two boxes" : "this box";
  return `the address by which devices on ${name} know ${who}, as router and DHCP server; no device is given it`;
}

/** Free addresses are the primary's, those in state `backup` the secondary's. */
function isPartners(lease: Lease | undefined, { pair }: WhySources): boolean {
  if (!pair || pair.state === "partner-down") return false;
  const state = lease?.state ?? "free";
  return state === (pair.role === "primary" ? "backup" : "free");
}

function explainName(query: string, text: string, sources: WhySources): WhyView {
  const [subject, ...others] = namedLike(text, sources);
  if (!subject) {
    return view(
      query,
      nobody(),
      {
        severity: "unknown",
        verdict: `No device that calls itself ${JSON.stringify(text)} has a lease or a reservation.`,
        advice:
          "Ask with its hardware address (MAC, such as 02:00:5e:10:00:01) or its IPv4 address; a device need not tell its name.",
      },
      sources,
    );
  }
  const own = clientVerdict(subject, sources);
  const same = listed(others.map(({ chaddr }) => hardwareText(chaddr)));
  const advice = same === "" ? own.advice : `${own.advice} The same name is used by ${same}.`;
  return view(query, subject, { ...own, advice: advice.trim() }, sources);
}

function view(query: string, subject: Subject, verdict: Verdict, sources: WhySources): WhyView {
  const { chaddr, lease, reservation, decisions } = subject;
  const isReserved = (of: Lease) => reservedAt(of.address, sources.networks) !== undefined;
  return {
    query,
    client: hardwareText(chaddr),
    ...verdict,
    ...(lease ? { lease: leaseView(lease, isReserved) } : {}),
    ...(reservation
      ? {
          reservation: {
            address: formatIpv4(reservation.entry.address),
            network: reservation.network.name,
            name: reservation.entry.name,
          },
        }
      : {}),
    decisions: decisions.map(decisionView),
  };
}

function isRouter(address: Ipv4, { options }: NetworkConfig): boolean {
  const routers = options.find(({ code }) => code === OPTION.router.code)?.data;
  for (let at = 0; routers && at + 4 <= routers.length; at += 4) {
    if (readU32(routers, at) === address) return true;
  }
  return false;
}

function listed(names: readonly string[]): string {
  const rest = names.length - OTHERS_MAX;
  const shown = names.slice(0, OTHERS_MAX).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** "02:00:5e:10:00:01", with dashes, without leading zeros, "0200.5e10.0001" or hex alone; 6 to 16 bytes. */
function parseHardware(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5,15}$/i.test(text)) {
    return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
  }
  const isDotted = /^[0-9a-f]{4}(\.[0-9a-f]{4}){2,7}$/i.test(text);
  if (!isDotted && !/^([0-9a-f]{2}){6,16}$/i.test(text)) return undefined;
  const pairs = text.replaceAll(".", "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}
