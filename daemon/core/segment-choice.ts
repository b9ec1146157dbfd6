// Which segment a packet is about.

import { ANY, contains, type Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { Lan } from "./lan.ts";
import type { Packet } from "./packet.ts";
import type { Segment } from "./segment.ts";

const SUBNET_SELECTION = OPTION.subnetSelection.code;

/**
 * In this order: the link that the relay names (RFC 3527 §3), the subnet that the client or what acts
 * for it names (RFC 3011 §2), the relay's own network (RFC 2131 §4.3.1), the LAN it came in on. A client
 * behind a relay renews by unicast, without the relay; its packets come through a router, which shows in
 * the frame's sender.
 *
 * Anybody on a LAN can play the relay. So nothing but `giaddr` lets a packet be about another wire (RFC
 * 3011 §2 has whoever uses option 118 set it), and a wire that the box is on itself is served from there,
 * or through relays that are listed for it.
 */
export function segmentOf(
  packet: Packet,
  lan: Lan,
  segments: readonly Segment[],
): Segment | RefusalReason {
  const { message, relay } = packet;
  const { giaddr } = message;
  packet.isSubnetChosen = false;
  let subnet = ANY;
  if (message.has(SUBNET_SELECTION)) {
    const chosen = message.u32(SUBNET_SELECTION);
    if (typeof chosen !== "number") return "option-malformed";
    subnet = chosen as Ipv4;
    packet.isSubnetChosen = giaddr !== ANY || holding(segments, subnet) === lan.segment;
  }
  if (giaddr === ANY) return withoutRelay(packet, lan, segments);
  const named = relay.linkSelection || subnet;
  if (named !== ANY) return forRelay(giaddr, holding(segments, named), lan, segments);
  const segment = ofRelay(segments, giaddr) ?? holding(segments, giaddr);
  return forRelay(giaddr, segment, lan, segments);
}

/**
 * Whether an address is on the wire of another LAN of the box: no packet of whoever has it comes in by
 * this one.
 */
export function isElsewhere(address: Ipv4, lan: Lan, segments: readonly Segment[]): boolean {
  const segment = holding(segments, address);
  return segment !== undefined && segment !== lan.segment && isAttached(segment);
}

function withoutRelay(packet: Packet, lan: Lan, segments: readonly Segment[]): Segment {
  const { ciaddr } = packet.message;
  if (ciaddr === ANY || packet.frame.isBroadcast) return lan.segment;
  if (lan.segment.networkOf(ciaddr) || isFromClient(packet)) return lan.segment;
  return holding(segments, ciaddr) ?? lan.segment;
}

function forRelay(
  giaddr: Ipv4,
  segment: Segment | undefined,
  lan: Lan,
  segments: readonly Segment[],
): Segment | RefusalReason {
  if (!segment) return "relay-unknown";
  if (segment === lan.segment || !isAttached(segment)) return segment;
  return ofRelay(segments, giaddr) === segment ? segment : "relay-unknown";
}

/** A port of the box is on this wire. */
function isAttached(segment: Segment): boolean {
  for (const { config } of segment.networks) if (config.interfaceName !== "") return true;
  return false;
}

function holding(segments: readonly Segment[], address: Ipv4): Segment | undefined {
  for (const segment of segments) {
    for (const network of segment.networks) {
      if (contains(network.config.subnet, address)) return segment;
    }
  }
  return undefined;
}

function ofRelay(segments: readonly Segment[], giaddr: Ipv4): Segment | undefined {
  for (const segment of segments) {
    for (const network of segment.networks) {
      const { relays } = network.config;
      if (relays.length > 0 && relays.includes(giaddr)) return segment;
    }
  }
  return undefined;
}

function isFromClient({ frame, message }: Packet): boolean {
  const { bytes, sourceMacStart } = frame;
  for (let i = 0; i < 6; i++) if (bytes[sourceMacStart + i] !== message.chaddr[i]) return false;
  return true;
}
