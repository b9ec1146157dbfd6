// Which frames have to do with one device: those it sends, those sent to it, and those about it, wherever they go.

import { ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../wire/frame.ts";

const PROTOCOL_PLACE = 9;
const PROTOCOL_UDP = 17;
const UDP_BYTES = 8;
const DHCP_PORTS: readonly number[] = [67, 68];
/** Of the client's hardware address in a DHCP message (RFC 2131 §2). */
const CHADDR_PLACE = 28;
/** Of the hardware addresses in an ARP packet (RFC 826). */
const ARP_SENDER_PLACE = 8;
const ARP_TARGET_PLACE = 18;

/** True when the frame in `bytes[start, end)` is from, to or about the device with this MAC address. */
export function concerns(mac: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const at = (place: number) => isAt(mac, bytes, place, end);
  if (at(start) || at(start + 6)) return true;
  const packet = start + ETHERNET_HEADER_BYTES;
  const etherType = word(bytes, start + 12);
  if (etherType === ETHERTYPE_ARP) {
    return at(packet + ARP_SENDER_PLACE) || at(packet + ARP_TARGET_PLACE);
  }
  if (etherType !== ETHERTYPE_IPV4 || bytes[packet + PROTOCOL_PLACE] !== PROTOCOL_UDP) return false;
  // Broadcast to a client without an address, or by way of a relay: only the message names the client.
  const udp = packet + 4 * ((bytes[packet] ?? 0) & 15);
  const isDhcp = DHCP_PORTS.includes(word(bytes, udp)) || DHCP_PORTS.includes(word(bytes, udp + 2));
  return isDhcp && at(udp + UDP_BYTES + CHADDR_PLACE);
}

function isAt(mac: Uint8Array, bytes: Uint8Array, place: number, end: number): boolean {
  if (place + mac.length > end) return false;
  for (let i = 0; i < mac.length; i++) if (bytes[place + i] !== mac[i]) return false;
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
