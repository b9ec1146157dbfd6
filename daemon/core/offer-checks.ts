// Asks the wire before an address is offered, and what comes of it: the OFFER leaves when nobody answered, or
// the address is set aside and the client's request handled anew, so that it gets another one.

import { ANY, type Ipv4 } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import type { RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { type ConflictProbes, mayTryAgain, type Probe, question } from "./conflict-probes.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import { Decision } from "./history.ts";
import type { Lan } from "./lan.ts";
import type { Network } from "./network.ts";
import type { LeaseExtras } from "./reply.ts";
import type { Segment } from "./segment.ts";

const ETHERNET = 1;
const NO_MAC = new Uint8Array(0);

/** Whether the wire must be asked before this address is offered to the client in hand. */
export function mustAsk(
  server: Dhcp4Server,
  probes: ConflictProbes,
  network: Network,
  address: Ipv4,
): boolean {
  if (!network.config.probe) return false;
  const { packet, bindings, now } = server;
  const entry = bindings.book.at(address);
  if (entry && packet.client.equalsPacked(entry.packedClient)) {
    if (entry.state === "active") return false;
    if (bindings.clock.seconds - entry.seenAt < LIMITS.probeTrustSeconds) return false;
  }
  if (bindings.offers.at(address)?.isChecked) return false;
  return probes.isOpenTo(packet.client, now.monotonic);
}

/** Sends the OFFER of `address` when the wire has kept silent; it must be held for the client already. */
export function ask(
  server: Dhcp4Server,
  probes: ConflictProbes,
  segment: Segment,
  address: Ipv4,
  seconds: number,
  extras: LeaseExtras | undefined,
  out: Effect[],
): void {
  const { packet, event, now } = server;
  const lan = server.lans[packet.lan] as Lan;
  const offer = server.replies.lease(MESSAGE_TYPE.offer, packet, address, seconds, extras);
  const decision = probes.begin(
    {
      lan: packet.lan,
      address,
      client: packet.client,
      clientMac: packet.message.chaddr.subarray(0, packet.message.hlen),
      senderMac: packet.frame.srcMac,
      way: packet.isLocal ? "arp" : "icmp",
      relay: packet.message.giaddr,
      offer,
      bytes: event.bytes,
      start: event.start,
      end: event.end,
      checksumReady: event.checksumReady,
      tries: server.tries,
    },
    now.monotonic,
  );
  if (decision === "send") {
    server.send(MESSAGE_TYPE.offer, segment, address, offer, out);
    return;
  }
  server.isWaiting = true;
  if (decision === "wait" || !probes.asked) return;
  const { ownAddress } = lan.segment.primary.config;
  const frame = question(probes.asked, lan.link.mac, ownAddress);
  // Its time runs already, and the record of a conflict may stand before it.
  out.push({ kind: "send", lan: packet.lan, frame, after: 0 });
}

/** Sends the OFFERs that nobody spoke against in time. */
export function sendChecked(server: Dhcp4Server, probes: ConflictProbes, out: Effect[]): void {
  for (;;) {
    const probe = probes.due(server.now.monotonic);
    if (!probe) return;
    const segment = segmentHolding(server, probe.address);
    const lan = server.lans[probe.lan];
    if (!segment || !lan?.gate.ok) continue;
    const offer = server.bindings.offers.at(probe.address);
    // Meanwhile it may have been given up, or be held for somebody else.
    const isHeld = offer ? equalBytes(offer.client, probe.client) : isReserved(segment, probe);
    if (!isHeld) continue;
    if (offer) offer.isChecked = true;
    server.count(MESSAGE_TYPE.offer, segment, probe.address);
    record(server, segment, probe, MESSAGE_TYPE.offer, undefined);
    out.push({ kind: "send", lan: probe.lan, frame: probe.offer });
  }
}

/** Somebody uses the address: it rests, and the client is offered another one. */
export function setAside(server: Dhcp4Server, probe: Probe, out: Effect[]): void {
  const segment = segmentHolding(server, probe.address);
  if (!segment) return;
  // Behind a relay the answer comes from the router, whose hardware address says nothing.
  const mac = probe.way === "arp" ? (probe.heardFrom ?? NO_MAC) : NO_MAC;
  const entry = server.bindings.abandon(segment, ETHERNET, mac, probe.address, out);
  if (entry.slot >= 0) segment.pool.rangeOf(entry.slot).counters.conflicts++;
  server.lines.conflict(entry, out);
  record(server, segment, probe, 0, "address-in-use");
  if (!mayTryAgain(probe)) return;
  const { request, checksumReady, lan, tries } = probe;
  server.handleAgain(
    { kind: "frame", lan, bytes: request, start: 0, end: request.length, checksumReady },
    tries,
    out,
  );
}

/** What became of a DISCOVER that waited. */
function record(
  server: Dhcp4Server,
  segment: Segment,
  probe: Probe,
  sent: number,
  reason: RefusalReason | undefined,
): void {
  const decision = new Decision();
  decision.reset(server.now.wall);
  decision.type = MESSAGE_TYPE.discover;
  decision.sent = sent;
  decision.reason = reason;
  decision.address = probe.address;
  decision.relay = probe.relay;
  decision.network = segment.name;
  server.recordOther(probe.clientMac, isReserved(segment, probe), decision);
}

function isReserved(segment: Segment, probe: Probe): boolean {
  return segment.reservations.at(probe.address) !== undefined;
}

function segmentHolding(server: Dhcp4Server, address: Ipv4): Segment | undefined {
  if (address === ANY) return undefined;
  return server.segments.find((segment) => segment.networkOf(address) !== undefined);
}
