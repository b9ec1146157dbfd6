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
 */
export function segmentOf(
  packet: Packet,
  lan: Lan,
  segments: readonly Segment[],
): Segment | RefusalReason {
  const { message, frame, relay } = packet;
  if (relay.linkSelection !== ANY) return holding(segments, relay.linkSelection) ?? "relay-unknown";
  if (message.has(SUBNET_SELECTION)) {
    const subnet = message.u32(SUBNET_SELECTION);
    if (typeof subnet !== "number") return "option-malformed";
    return holding(segments, subnet as Ipv4) ?? "relay-unknown";
  }
  if (message.giaddr !== ANY) {
    const { giaddr } = message;
    return ofRelay(segments, giaddr) ?? holding(segments, giaddr) ?? "relay-unknown";
  }
  const { ciaddr } = message;
  if (ciaddr === ANY || frame.isBroadcast || lan.segment.networkOf(ciaddr)) return lan.segment;
  if (isFromClient(packet)) return lan.segment;
  return holding(segments, ciaddr) ?? lan.segment;
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
