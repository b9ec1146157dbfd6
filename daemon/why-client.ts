// The verdict on one device: the sentence that answers why it has no address.

import { ANY, contains, formatIpv4, formatMac, formatSubnet, type Ipv4 } from "./base/address.ts";
import { REFUSALS, type RefusalReason } from "./catalogue.ts";
import type { NetworkConfig } from "./core/config-view.ts";
import type { PastDecision } from "./core/history.ts";
import type { Lease } from "./core/lease.ts";
import type { WhySeverity } from "./http/api-types.ts";
import { REFUSAL_ADVICE } from "./refusal-advice.ts";
import { withReservation } from "./why-reservation.ts";
import {
  deniedClass,
  endText,
  hardwareText,
  holderText,
  keyText,
  sinceStart,
  timeText,
} from "./why-sentences.ts";
import { usedWithoutLease } from "./why-set-aside.ts";
import { reservedAt, type Subject, type Verdict, type WhySources } from "./why-subject.ts";
import { MESSAGE_TYPE } from "./wire/dhcp4-message.ts";

export function clientVerdict(subject: Subject, sources: WhySources): Verdict {
  const { lease, decisions } = subject;
  const trouble = troubleOf(decisions);
  const newest = decisions[0];
  let found: Verdict;
  if (lease?.state === "active") found = hasLease(subject, lease, trouble, sources);
  else if (trouble?.reason) found = refused(subject, trouble, trouble.reason, sources);
  else if (newest) found = underWay(subject, newest, sources);
  else found = notHeard(subject, sources);
  return withReservation(found, subject, trouble, sources);
}

/** The device by its MAC, and its name when it has one. */
function nameOf({ chaddr, lease, reservation }: Subject): string {
  if (lease && lease.hostname !== "") return holderText(lease);
  const who = lease ? holderText(lease) : hardwareText(chaddr);
  if (!reservation) return who;
  return who === "" ? keyText(reservation.entry) : `${who}${inBrackets(reservation.entry.name)}`;
}

/** A request that was refused so long before an offer says nothing about that offer. */
const TROUBLE_MILLISECONDS = 600_000;
const UNHEARD_ADVICE =
  "Check its cable or Wi-Fi, the VLAN of its port, and the relay when there is one; and whether it is set to a fixed address.";
const REPLACED_ADVICE =
  "It is given another address when it tries; restart its network connection to have it do so now.";
const USER_ADVICE =
  "Have it ask for its address by DHCP, and reserve that address for it when it must be the same one; or take the address out of the pool.";
const UNTAKEN_ADVICE =
  "When this stays, the offer does not reach it, or it took that of another server: check the VLAN, the DHCP snooping of the switch, the relay, and for a second DHCP server.";

/**
 * The refusal that keeps a client from its address: that of its last message, or of a REQUEST shortly
 * before it when it began anew since; undefined when there is none, or it got its address after it.
 */
function troubleOf(decisions: readonly PastDecision[]): PastDecision | undefined {
  const [newest, ...older] = decisions;
  if (!newest || newest.reason !== undefined) return newest;
  if (newest.sent !== MESSAGE_TYPE.offer) return undefined;
  for (const decision of older) {
    if (decision.sent === MESSAGE_TYPE.ack) return undefined;
    if (newest.at - decision.at > TROUBLE_MILLISECONDS) return undefined;
    if (decision.reason !== undefined && decision.type === MESSAGE_TYPE.request) return decision;
  }
  return undefined;
}

function hasLease(
  subject: Subject,
  lease: Lease,
  trouble: PastDecision | undefined,
  sources: WhySources,
): Verdict {
  const has = `${nameOf(subject)} has ${formatIpv4(lease.address)} on ${lease.network} ${endText(lease)}.`;
  const severity = "fine";
  if (trouble && isPartners(trouble, lease, sources)) {
    const verdict = `${has} Its last request was left to the partner, as the boxes share the devices between them.`;
    return { severity, verdict, advice: "" };
  }
  if (trouble?.reason) {
    const why = because(subject, trouble, trouble.reason, sources);
    const verdict = `${has} Its last request was refused all the same: ${why}.`;
    return { severity, verdict, advice: REFUSAL_ADVICE[trouble.reason] };
  }
  const reserved = reservedAt(lease.address, sources.networks);
  if (reserved && reserved.entry !== subject.reservation?.entry) {
    const verdict = `${has} It cannot renew that: the address is reserved for ${keyText(reserved.entry)} now.`;
    return { severity, verdict, advice: REPLACED_ADVICE };
  }
  const status = sources.status(lease.network);
  if (!status || status.serving) return { severity, verdict: has, advice: "" };
  return {
    severity,
    verdict: `${has} It cannot renew it now: ${status.why}`,
    advice: REFUSAL_ADVICE["not-serving"],
  };
}

/** It was the partner that answered: of another server's leases the book would not know. */
function isPartners({ reason, address }: PastDecision, lease: Lease, sources: WhySources): boolean {
  if (reason === "other-server") return sources.pair !== undefined && address === lease.address;
  return reason === "partner-answers";
}

function refused(
  subject: Subject,
  trouble: PastDecision,
  reason: RefusalReason,
  sources: WhySources,
): Verdict {
  const on = trouble.network === "" ? "" : ` on ${trouble.network}`;
  const why = because(subject, trouble, reason, sources);
  return {
    severity: SEVERITIES[reason] ?? "refused",
    verdict: `${nameOf(subject)} gets no address from this box${on}: ${why}.`,
    advice: REFUSAL_ADVICE[reason],
  };
}

const SEVERITIES: Partial<Record<RefusalReason, WhySeverity>> = {
  "being-checked": "waiting",
  "ipv6-only": "fine",
  "partner-answers": "waiting",
};

/** The reason with what is known of this case: names, addresses, who holds what. */
function because(
  subject: Subject,
  decision: PastDecision,
  reason: RefusalReason,
  sources: WhySources,
): string {
  const network = sources.networks.find(({ name }) => name === decision.network);
  const address = decision.address === ANY ? undefined : formatIpv4(decision.address);
  const { relay, serverId } = decision;
  switch (reason) {
    case "no-free-address":
      return noFreeAddress(decision, network, sources);
    case "rate-limited":
      return `${REFUSALS[reason].replace(/^the device\b/, "it")} (${times(decision)})`;
    case "denied":
      return denied(subject, decision, network, sources);
    case "not-serving":
    case "pair-not-serving": {
      const status = sources.status(decision.network);
      return status && !status.serving ? status.why.replace(/\.$/, "") : REFUSALS[reason];
    }
    case "relay-unknown":
      return relayUnknown(relay, sources);
    case "other-server": {
      if (serverId === ANY) return REFUSALS[reason];
      const taken = address === undefined ? "" : `, and asked that one for ${address}`;
      return `it chose another DHCP server, ${formatIpv4(serverId)}${taken}`;
    }
    case "address-taken":
      return addressTaken(subject, decision, sources);
    case "reserved-elsewhere": {
      const own = subject.reservation?.entry.address;
      if (own === undefined || address === undefined) return REFUSALS[reason];
      return `it asked for ${address}, but ${formatIpv4(own)} is reserved for it`;
    }
    case "address-in-use": {
      const lease = sources.book.at(decision.address);
      if (lease?.state !== "abandoned" || address === undefined) return REFUSALS[reason];
      return `${address}${ownText(subject, lease.address)} is in use by another device and set aside ${endText(lease)}`;
    }
    case "wrong-network":
      if (!network || address === undefined) return REFUSALS[reason];
      return `${address} does not belong to ${wireOf(network, sources).map(subnetText).join(" or ")}`;
    case "kept-for-known":
      if (!network) return REFUSALS[reason];
      return `${REFUSALS[reason]} (${network.keptForKnownPercent} per cent of the pools of ${network.name})`;
    case "port-full":
      return network ? `${REFUSALS[reason]} (${network.leasesPerCircuitMax})` : REFUSALS[reason];
    default:
      // Most reasons speak of the address: this one.
      return address === undefined
        ? REFUSALS[reason]
        : REFUSALS[reason].replace(/^the address\b/, address);
  }
}

/** The networks that share a wire with this one, itself among them: a client gets an address in any. */
function wireOf(network: NetworkConfig, sources: WhySources): NetworkConfig[] {
  return sources.networks.filter(({ segment }) => segment === network.segment);
}

function subnetText({ name, subnet }: NetworkConfig): string {
  return `${name} (${formatSubnet(subnet)})`;
}

function noFreeAddress(
  decision: PastDecision,
  network: NetworkConfig | undefined,
  sources: WhySources,
): string {
  if (!network) return REFUSALS["no-free-address"];
  let free = 0;
  let size = 0;
  let partners = 0;
  for (const { name } of wireOf(network, sources)) {
    for (const pool of sources.status(name)?.pools ?? []) {
      free += pool.free;
      size += pool.size;
      partners += pool.partners;
    }
  }
  if (free === 0) return allTaken(network, size, partners, sources);
  const then = `no address was free on ${network.name} at ${timeText(decision.at)}`;
  return `${then}; ${free} of ${size} are free now, and it may get one when it asks again`;
}

function denied(
  subject: Subject,
  decision: PastDecision,
  network: NetworkConfig | undefined,
  sources: WhySources,
): string {
  if (decision.className !== "") return deniedClass(decision.className);
  for (const { name, deny } of network ? wireOf(network, sources) : []) {
    const listed = deny.find((prefix) => prefix.every((byte, i) => subject.chaddr[i] === byte));
    if (!listed) continue;
    const isWhole = listed.length === subject.chaddr.length;
    return isWhole
      ? `it is on the deny list of ${name}`
      : `all devices whose MAC begins with ${formatMac(listed)} are on the deny list of ${name}`;
  }
  return REFUSALS.denied;
}

function addressTaken(subject: Subject, decision: PastDecision, sources: WhySources): string {
  if (decision.address === ANY) return REFUSALS["address-taken"];
  const address = formatIpv4(decision.address);
  const reserved = reservedAt(decision.address, sources.networks);
  const isOwn = reserved !== undefined && reserved.entry === subject.reservation?.entry;
  if (reserved && !isOwn) return `${address} is reserved for ${keyText(reserved.entry)}`;
  const lease = sources.book.at(decision.address);
  if (lease?.state !== "active") return `${address} belonged to another client then`;
  const own = ownText(subject, lease.address);
  return `${address}${own} is leased to ${holderText(lease)} ${endText(lease)}`;
}

/** Nothing was refused last, but the client has no lease. */
function underWay(subject: Subject, newest: PastDecision, sources: WhySources): Verdict {
  const who = nameOf(subject);
  const on = newest.network === "" ? "" : ` on ${newest.network}`;
  const address = newest.address === ANY ? "its address" : formatIpv4(newest.address);
  const at = timeText(newest.at);
  if (newest.sent === MESSAGE_TYPE.offer) {
    const verdict = `${who} was offered ${address}${on} at ${at} and has not asked for it since.`;
    return { severity: "waiting", verdict, advice: UNTAKEN_ADVICE };
  }
  if (newest.type === MESSAGE_TYPE.decline) {
    const lease = sources.book.at(newest.address);
    const aside = lease?.state === "abandoned" ? ` ${address} is set aside ${endText(lease)}.` : "";
    const verdict = `${who} declined ${address}${on} at ${at}, because another device uses it.${aside} It has not asked for another one since.`;
    return { severity: "waiting", verdict, advice: REFUSAL_ADVICE["address-in-use"] };
  }
  if (newest.type === MESSAGE_TYPE.release) {
    const verdict = `${who} gave ${address}${on} back at ${at} and has not asked for one since.`;
    return { severity: "waiting", verdict, advice: "" };
  }
  if (newest.type === MESSAGE_TYPE.inform) {
    const verdict = `${who} uses ${address}${on}, which was set by hand: it asked for settings only.`;
    return { severity: "fine", verdict, advice: "" };
  }
  const { lease } = subject;
  if (lease) return { ...ended(who, lease), severity: "waiting" };
  const verdict = `${who} has no lease; it was last heard${on} at ${at}.`;
  return { severity: "unknown", verdict, advice: UNHEARD_ADVICE };
}

function notHeard(subject: Subject, sources: WhySources): Verdict {
  const { chaddr, lease } = subject;
  const who = nameOf(subject);
  const closed = sources.networks
    .map(({ name }) => sources.status(name))
    .find((status) => status && !status.serving);
  const used = usedWithoutLease(chaddr, sources);
  if (used) {
    const verdict = `${who} uses ${formatIpv4(used.address)} on ${used.network}, which this box did not give to it, and has not asked for an address ${sinceStart(sources.startedAt)}.`;
    return { severity: "unknown", verdict, advice: USER_ADVICE };
  }
  const heard = `Nothing was heard from ${who} ${sinceStart(sources.startedAt)}.`;
  const parts = [heard];
  if (lease && lease.state !== "abandoned") parts.push(ended("It", lease).verdict);
  if (closed) parts.push(`${closed.name} is not served now: ${closed.why}`);
  const advice = closed ? REFUSAL_ADVICE["not-serving"] : UNHEARD_ADVICE;
  return { severity: "unknown", verdict: parts.join(" "), advice };
}

function ended(who: string, lease: Lease): { readonly verdict: string; readonly advice: string } {
  const address = formatIpv4(lease.address);
  const at = timeText(lease.expiresAt * 1000);
  const how = lease.state === "released" ? "gave it back" : `held it until ${at}`;
  return {
    verdict: `${who} has no address now: it had ${address} on ${lease.network} and ${how}.`,
    advice: UNHEARD_ADVICE,
  };
}

/** ", which is reserved for it," after its own address. */
function ownText({ reservation }: Subject, address: Ipv4): string {
  return reservation?.entry.address === address ? ", which is reserved for it," : "";
}

function inBrackets(name: string): string {
  return name === "" ? "" : ` (${name})`;
}

function times({ count }: PastDecision): string {
  return count === 1 ? "one was not answered" : `${count} were not answered`;
}

function relayUnknown(relay: Ipv4, sources: WhySources): string {
  if (relay === ANY) return "it asks for a subnet that no network of this box has";
  const isKnown = sources.networks.some(
    ({ relays, subnet }) => relays.includes(relay) || contains(subnet, relay),
  );
  const through = `it came through the relay ${formatIpv4(relay)}`;
  return isKnown
    ? `${through}, which asks for a subnet that no network of this box has`
    : `${through}, which belongs to no network of this box`;
}

/** No address of the wire is free: where they are. */
function allTaken(
  network: NetworkConfig,
  size: number,
  partners: number,
  sources: WhySources,
): string {
  if (size === 0) return `${network.name} has no pool`;
  const wire = wireOf(network, sources);
  let setAside = 0;
  for (const { address, state } of sources.book.leases()) {
    const isHere = wire.some(({ pools }) =>
      pools.some(({ from, to }) => address >= from && address <= to),
    );
    if (isHere && state === "abandoned") setAside++;
  }
  const parts = [
    setAside > 0 ? `in use by other devices and set aside: ${setAside}` : "",
    partners > 0 ? `left to the partner: ${partners}` : "",
  ].filter((part) => part !== "");
  const rest = parts.length === 0 ? "" : ` (${parts.join("; ")})`;
  return `none of the ${size} addresses in its pools is free${rest}`;
}
