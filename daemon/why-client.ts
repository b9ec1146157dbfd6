// The verdict on one device: the sentence that answers why it has no address.

import { ANY, formatIpv4, formatMac, formatSubnet } from "./base/address.ts";
import { REFUSALS, type RefusalReason } from "./catalogue.ts";
import type { NetworkConfig } from "./core/config-view.ts";
import type { PastDecision } from "./core/history.ts";
import type { Lease } from "./core/lease.ts";
import type { WhySeverity } from "./http/api-types.ts";
import { REFUSAL_ADVICE } from "./refusal-advice.ts";
import { endText, hardwareText, holderText, keyText, timeText } from "./why-sentences.ts";
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
  const clash = lease?.state === "active" ? "" : reservationClash(subject, sources);
  return clash === "" ? found : { ...found, verdict: `${found.verdict} ${clash}` };
}

/** A request that was refused so long before an offer says nothing about that offer. */
const TROUBLE_MILLISECONDS = 600_000;
const UNHEARD_ADVICE =
  "Check its cable or Wi-Fi, the VLAN of its port, and the relay when there is one; and whether it is set to a fixed address.";
const UNTAKEN_ADVICE =
  "When this stays, the offer does not reach it or it took another one: check the VLAN, the DHCP snooping of the switch, the relay, and for a second DHCP server.";

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
  const has = `${holderText(lease)} has ${formatIpv4(lease.address)} on ${lease.network} ${endText(lease)}.`;
  const severity = "fine";
  if (trouble?.reason) {
    const why = because(subject, trouble, trouble.reason, sources);
    const verdict = `${has} Its last request was refused all the same: ${why}.`;
    return { severity, verdict, advice: REFUSAL_ADVICE[trouble.reason] };
  }
  const status = sources.status(lease.network);
  if (!status || status.serving) return { severity, verdict: has, advice: "" };
  return {
    severity,
    verdict: `${has} It cannot renew it now: ${status.why}`,
    advice: REFUSAL_ADVICE["not-serving"],
  };
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
    case "denied":
      return denied(subject, decision, network, sources);
    case "not-serving": {
      const status = sources.status(decision.network);
      return status && !status.serving ? status.why.replace(/\.$/, "") : REFUSALS[reason];
    }
    case "relay-unknown":
      return relay === ANY
        ? "it is for a subnet that no network of this box has"
        : `it came through the relay ${formatIpv4(relay)}, and no network of this box has that relay`;
    case "other-server": {
      if (serverId === ANY) return REFUSALS[reason];
      const taken = address === undefined ? "" : ` and asked that for ${address}`;
      return `it chose another DHCP server, ${formatIpv4(serverId)}${taken}`;
    }
    case "address-taken":
      return addressTaken(decision, sources);
    case "reserved-elsewhere": {
      const own = subject.reservation?.entry.address;
      if (own === undefined || address === undefined) return REFUSALS[reason];
      return `it asked for ${address}, but ${formatIpv4(own)} is reserved for it`;
    }
    case "address-in-use": {
      const lease = sources.book.at(decision.address);
      if (lease?.state !== "abandoned" || address === undefined) return REFUSALS[reason];
      return `${address} is in use by another device and set aside ${endText(lease)}`;
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
  for (const { name } of wireOf(network, sources)) {
    for (const pool of sources.status(name)?.pools ?? []) {
      free += pool.free;
      size += pool.size;
    }
  }
  if (free === 0) return `no address is free on ${network.name} (${size} in its pools)`;
  const then = `no address was free on ${network.name} at ${timeText(decision.at)}`;
  return `${then}; ${free} of ${size} are free now, and it may get one when it asks again`;
}

function denied(
  subject: Subject,
  decision: PastDecision,
  network: NetworkConfig | undefined,
  sources: WhySources,
): string {
  if (decision.className !== "") return `it is in the class ${decision.className}, which is denied`;
  for (const { name, deny } of network ? wireOf(network, sources) : []) {
    const listed = deny.find((prefix) => prefix.every((byte, i) => subject.chaddr[i] === byte));
    if (!listed) continue;
    const isWhole = listed.length === subject.chaddr.length;
    return `${isWhole ? "it" : formatMac(listed)} is on the deny list of ${name}`;
  }
  return REFUSALS.denied;
}

function addressTaken(decision: PastDecision, sources: WhySources): string {
  if (decision.address === ANY) return REFUSALS["address-taken"];
  const address = formatIpv4(decision.address);
  const reserved = reservedAt(decision.address, sources.networks);
  if (reserved) return `${address} is reserved for ${keyText(reserved.entry)}`;
  const lease = sources.book.at(decision.address);
  if (lease?.state !== "active") return `${address} belonged to another client then`;
  return `${address} is leased to ${holderText(lease)} ${endText(lease)}`;
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
    const aside = lease?.state === "abandoned" ? `; that is set aside ${endText(lease)}` : "";
    const verdict = `${who} declined ${address}${on} at ${at}, because another device uses it${aside}. It has not asked for another one since.`;
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
  const { lease, reservation } = subject;
  const who = nameOf(subject);
  const since = `since the start (${timeText(sources.startedAt)})`;
  const closed = sources.networks
    .map(({ name }) => sources.status(name))
    .find((status) => status && !status.serving);
  const heard = `Nothing was heard from ${who} ${since}.`;
  const parts = [heard];
  if (lease && lease.state !== "abandoned") parts.push(ended("It", lease).verdict);
  else if (reservation) {
    const { entry, network } = reservation;
    parts.push(`${formatIpv4(entry.address)} is reserved for it on ${network.name}.`);
  }
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

/** The address reserved for a client cannot be given to it: who has it. */
function reservationClash(subject: Subject, sources: WhySources): string {
  const address = subject.reservation?.entry.address;
  const holder = address === undefined ? undefined : sources.book.at(address);
  if (!holder || hardwareText(holder.chaddr) === hardwareText(subject.chaddr)) return "";
  const reserved = `${formatIpv4(holder.address)}, which is reserved for it,`;
  if (holder.state === "active") {
    return `${reserved} is held by ${holderText(holder)} ${endText(holder)}.`;
  }
  if (holder.state !== "abandoned") return "";
  return `${reserved} is in use by another device and set aside ${endText(holder)}.`;
}

function nameOf({ chaddr, lease, reservation }: Subject): string {
  if (lease) return holderText(lease);
  const who = hardwareText(chaddr);
  if (!reservation) return who;
  return who === "" ? keyText(reservation.entry) : `${who}${inBrackets(reservation.entry.name)}`;
}

function inBrackets(name: string): string {
  return name === "" ? "" : ` (${name})`;
}
