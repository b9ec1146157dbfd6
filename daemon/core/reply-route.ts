// Where a reply goes and how it gets there (RFC 2131 §4.1).

import { ANY, type Ipv4, LIMITED_BROADCAST } from "../base/address.ts";
import { BROADCAST_FLAG, CLIENT_PORT, MESSAGE_TYPE, SERVER_PORT } from "../wire/dhcp4-message.ts";
import type { Frame } from "../wire/frame.ts";
import type { ReplyAddressing } from "../wire/reply.ts";
import type { Packet } from "./packet.ts";

/** One reusable object; `setRoute` fills it anew for each reply. */
export class ReplyRoute implements ReplyAddressing {
  sourceMac: Uint8Array = ETHERNET_BROADCAST;
  readonly destinationMac = new Uint8Array(6);
  sourceIp: Ipv4 = ANY;
  destinationIp: Ipv4 = ANY;
  readonly sourcePort = SERVER_PORT;
  destinationPort = CLIENT_PORT;
}

export const ETHERNET_BROADCAST = new Uint8Array(6).fill(0xff);
const ETHERNET = 1;

/**
 * `type` is that of the reply, `yiaddr` what it gives to the client and `sourceMac` the address of the
 * interface it leaves through, `sourceIp` that of the box on it. Returns the flags of the reply.
 */
export function setRoute(
  route: ReplyRoute,
  packet: Packet,
  type: number,
  yiaddr: Ipv4,
  sourceMac: Uint8Array,
  sourceIp: Ipv4,
): number {
  const { message, frame } = packet;
  const flags = message.flags & BROADCAST_FLAG;
  route.sourceMac = sourceMac;
  route.sourceIp = sourceIp;
  route.destinationPort = CLIENT_PORT;
  if (message.giaddr !== ANY) {
    // To the "DHCP server" port of the relay, which the frame came from at link level: the relay is
    // a neighbour on this LAN, or its router is.
    route.destinationIp = message.giaddr;
    // RFC 8357 §5.1: a relay that could not use port 67 says so and is answered where it sent from.
    route.destinationPort = packet.relay.hasSourcePort ? frame.sourcePort : SERVER_PORT;
    setSender(route, frame);
    // RFC 2131 §4.3.2: a relay has to broadcast a NAK, as the client has no address to trust.
    return type === MESSAGE_TYPE.nak ? BROADCAST_FLAG : flags;
  }
  if (type === MESSAGE_TYPE.nak) {
    toEverybody(route);
  } else if (message.ciaddr !== ANY) {
    route.destinationIp = message.ciaddr;
    setNeighbour(route, packet);
  } else if (flags !== 0 || yiaddr === ANY || !setClientMac(route, packet)) {
    toEverybody(route);
  } else {
    // The client cannot answer ARP yet, but takes frames for its hardware address.
    route.destinationIp = yiaddr;
  }
  return flags;
}

function toEverybody(route: ReplyRoute): void {
  route.destinationIp = LIMITED_BROADCAST;
  route.destinationMac.set(ETHERNET_BROADCAST);
}

/**
 * A client that has an address is answered where its frame came from: itself, something that bridges
 * for it, or the router it is behind. If the frame's sender is not the client's IP address, its
 * hardware address is the better guess.
 */
function setNeighbour(route: ReplyRoute, packet: Packet): void {
  const { message, frame } = packet;
  const isDirect = frame.sourceIp === message.ciaddr || !packet.isLocal;
  if (isDirect || !setClientMac(route, packet)) setSender(route, frame);
}

/** Back to whom the frame came from. */
function setSender(route: ReplyRoute, frame: Frame): void {
  const { bytes, sourceMacStart } = frame;
  for (let i = 0; i < 6; i++) route.destinationMac[i] = bytes[sourceMacStart + i] as number;
}

/** False when the client's hardware address is none that an Ethernet frame can be sent to. */
function setClientMac(route: ReplyRoute, packet: Packet): boolean {
  const { htype, hlen, chaddr } = packet.message;
  if (htype !== ETHERNET || hlen !== 6 || ((chaddr[0] as number) & 1) === 1) return false;
  for (let i = 0; i < 6; i++) route.destinationMac[i] = chaddr[i] as number;
  return true;
}
