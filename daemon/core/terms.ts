// What a client gets besides its address: the levels of the configuration that apply to it, and for how long.

import type { Ipv4 } from "../base/address.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Level } from "./levels.ts";
import type { Network } from "./network.ts";
import type { Packet } from "./packet.ts";
import type { Segment } from "./segment.ts";

const LEASE_TIME = OPTION.ipAddressLeaseTime.code;

/**
 * Gathers the levels of the configuration that apply to the client in hand at this address, and returns
 * the network that the address is in.
 */
export function prepare(server: Dhcp4Server, segment: Segment, address: Ipv4): Network {
  const { levels, reservation, classes } = server.packet;
  levels.begin();
  if (reservation) levels.push(reservation.level);
  for (let i = 0; i < classes.count; i++) {
    levels.push(server.classLevels[classes.indexAt(i)] as Level);
  }
  const slot = segment.pool.slotOf(address);
  if (slot >= 0) levels.push(segment.pool.rangeOf(slot).level);
  const network = segment.networkOf(address) ?? segment.primary;
  levels.push(network.level);
  return network;
}

/**
 * RFC 2131 §4.3.1: the client may ask for a time (option 51), and the configured bounds hold. One that
 * does not ask gets the configured time; the RFC would give a known client only what is left of its
 * lease, but who renews wants to stay, and every server in use understands it so.
 */
export function leaseSecondsFor(packet: Packet, network: Network): number {
  const wanted = packet.message.u32(LEASE_TIME);
  const max = network.config.randomisedMacLeaseSeconds;
  const isLimited = max !== undefined && !packet.reservation && packet.hasRandomisedMac;
  return packet.levels.leaseSeconds(
    typeof wanted === "number" ? wanted : undefined,
    isLimited ? max : undefined,
  );
}
