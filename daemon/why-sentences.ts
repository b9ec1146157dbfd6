// Decisions of the history as sentences.

import { ANY, formatIpv4, formatMac, type Ipv4 } from "./base/address.ts";
import { hex } from "./base/bytes.ts";
import { REFUSALS, type RefusalReason } from "./catalogue.ts";
import { FOREVER_SECONDS, type ReservationConfig } from "./core/config-view.ts";
import type { PastDecision } from "./core/history.ts";
import type { Lease } from "./core/lease.ts";
import type { WhyDecision } from "./http/api-types.ts";
import { isoTime } from "./lease-view.ts";
import { MESSAGE_TYPE } from "./wire/dhcp4-message.ts";

export function decisionView(decision: PastDecision): WhyDecision {
  return {
    at: isoTime(decision.at),
    message: messageName(decision.type),
    outcome: decision.sent === 0 ? "none" : messageName(decision.sent),
    reason: decision.reason ?? "",
    address: decision.address === ANY ? "" : formatIpv4(decision.address),
    sentence: sentenceOf(decision),
    count: decision.count,
  };
}

/** "DISCOVER"; numbers for types that RFC 2131 and its successors do not have. */
export function messageName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

/** Minutes are enough for people; in UTC, as the sentence is read elsewhere than where it was made. */
export function timeText(milliseconds: number): string {
  return `${isoTime(milliseconds).slice(0, 16).replace("T", " ")} UTC`;
}

/** "since this box started (2026-05-03 04:12 UTC)": nothing from before is remembered. */
export function sinceStart(startedAt: number): string {
  return `since this box started (${timeText(startedAt)})`;
}

/** "until 2026-05-03 19:12 UTC", "for good". */
export function endText(lease: Lease): string {
  if (lease.leaseSeconds === FOREVER_SECONDS) return "for good";
  return `until ${timeText(lease.expiresAt * 1000)}`;
}

export function deniedClass(className: string): string {
  return `it is in the class ${className}, which is denied`;
}

/** The MAC and name of whoever a lease belongs to. */
export function holderText(lease: Lease): string {
  const who = hardwareText(lease.chaddr) || `client id ${hex(lease.client.subarray(1))}`;
  return lease.hostname === "" ? who : `${who} (${lease.hostname})`;
}

/** A MAC with colons; other hardware addresses in hex. */
export function hardwareText(chaddr: Uint8Array): string {
  return chaddr.length === 6 ? formatMac(chaddr) : hex(chaddr);
}

/** Whom an address is reserved for. */
export function keyText({ key, name }: ReservationConfig): string {
  let who: string;
  if (key.kind === "hostname") who = `the host name ${key.hostname}`;
  else if (key.kind !== "client") who = `the ${key.kind} ${hex(key.bytes)}`;
  else if (key.client[0] === 0) who = hardwareText(key.client.subarray(2));
  else who = `client id ${hex(key.client.subarray(1))}`;
  return name === "" ? who : `${who} (${name})`;
}

const NAMES = new Map<number, string>(
  Object.entries(MESSAGE_TYPE).map(([name, type]) => [type, name.toUpperCase()]),
);

/** "It looked for an address (DISCOVER) on office and was offered 10.77.0.120." */
function sentenceOf(decision: PastDecision): string {
  const relay = decision.relay === ANY ? "" : ` through the relay ${formatIpv4(decision.relay)}`;
  const network = decision.network === "" ? "" : ` on ${decision.network}`;
  return `It ${wish(decision)}${network}${relay}${outcome(decision)}.`;
}

function wish({ type, sent, reason, address, serverId }: PastDecision): string {
  const named = address === ANY ? "an address" : formatIpv4(address);
  switch (type) {
    case MESSAGE_TYPE.discover:
      // What it was given, or was to be given, follows as the outcome.
      return sent !== 0 || address === ANY || isConflict(type, reason)
        ? "looked for an address (DISCOVER)"
        : `looked for an address (DISCOVER), best ${named},`;
    case MESSAGE_TYPE.request: {
      const from = serverId === ANY ? "" : ` of the server ${formatIpv4(serverId)}`;
      return `asked for ${named}${from} (REQUEST)`;
    }
    case MESSAGE_TYPE.decline:
      return `said that another device uses ${named} (DECLINE)`;
    case MESSAGE_TYPE.release:
      return `gave ${named} back (RELEASE)`;
    case MESSAGE_TYPE.inform:
      return `asked for settings only (INFORM), with ${named} set by hand,`;
    case MESSAGE_TYPE.leaseQuery:
      return "asked about leases (LEASEQUERY)";
    default:
      return `sent a message of ${NAMES.has(type) ? `type ${messageName(type)}` : messageName(type)}`;
  }
}

function outcome({ type, sent, reason, address, className }: PastDecision): string {
  const isClass = reason === "denied" && className !== "";
  const words = isClass ? deniedClass(className) : reason && REFUSALS[reason];
  const why = words === undefined ? "" : `: ${words}`;
  switch (sent) {
    case 0:
      if (isConflict(type, reason)) return `, and ${formatIpv4(address)} was found to be in use`;
      return reason === undefined ? "" : ` and was not answered${why}`;
    case MESSAGE_TYPE.offer:
      return ` and was offered ${formatIpv4(address)}`;
    case MESSAGE_TYPE.nak:
      return ` and was told that it cannot have it (NAK)${why}`;
    case MESSAGE_TYPE.ack:
      if (type === MESSAGE_TYPE.inform) return " and got them (ACK)";
      return type === MESSAGE_TYPE.request
        ? " and got it (ACK)"
        : ` and got ${formatIpv4(address as Ipv4)} at once (ACK)`;
    default:
      return ` and was answered (${messageName(sent)})`;
  }
}

/** The address that this box was about to offer is used by another device. */
function isConflict(type: number, reason: RefusalReason | undefined): boolean {
  return type === MESSAGE_TYPE.discover && reason === "address-in-use";
}
