// ARP over Ethernet for IPv4 (RFC 826), with the probes and announcements of RFC 5227.

import { ANY, type Ipv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_ARP } from "./frame.ts";
import { Reader } from "./reader.ts";

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

export interface ArpPacket {
  /** ARP_REQUEST or ARP_REPLY; other operations are passed through. */
  readonly operation: number;
  readonly senderMac: Uint8Array;
  readonly senderIp: Ipv4;
  readonly targetMac: Uint8Array;
  readonly targetIp: Ipv4;
}

const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
const ARP_BYTES = 28;
/** IEEE 802.3: shorter frames are padded; done here, as a raw socket does not do it. */
const ETHERNET_BYTES_MIN = 60;

/** Reads the payload of an ARP frame. Throws DecodeError when it is not Ethernet and IPv4. */
export function parseArp(bytes: Uint8Array, start: number, end: number): ArpPacket {
  const reader = new Reader(bytes, start, end);
  const kinds = [
    ["arp hardware type", reader.u16("arp hardware type"), HARDWARE_ETHERNET],
    ["arp protocol type", reader.u16("arp protocol type"), PROTOCOL_IPV4],
    ["arp hardware length", reader.u8("arp hardware length"), 6],
    ["arp protocol length", reader.u8("arp protocol length"), 4],
  ] as const;
  for (const [field, value, wanted] of kinds) {
    if (value !== wanted) throw new DecodeError(field, reader.offset, `${value} is not ${wanted}`);
  }
  return {
    operation: reader.u16("arp operation"),
    senderMac: reader.bytes("arp sender hardware address", 6),
    senderIp: reader.ipv4("arp sender address"),
    targetMac: reader.bytes("arp target hardware address", 6),
    targetIp: reader.ipv4("arp target address"),
  };
}

/** A whole frame. `destinationMac` is the Ethernet one, which for requests is everyone. */
export function buildArp(destinationMac: Uint8Array, packet: ArpPacket): Uint8Array {
  const frame = new Uint8Array(Math.max(ETHERNET_HEADER_BYTES + ARP_BYTES, ETHERNET_BYTES_MIN));
  const view = new DataView(frame.buffer);
  frame.set(destinationMac, 0);
  frame.set(packet.senderMac, 6);
  view.setUint16(12, ETHERTYPE_ARP);
  view.setUint16(14, HARDWARE_ETHERNET);
  view.setUint16(16, PROTOCOL_IPV4);
  view.setUint8(18, 6);
  view.setUint8(19, 4);
  view.setUint16(20, packet.operation);
  frame.set(packet.senderMac, 22);
  view.setUint32(28, packet.senderIp);
  frame.set(packet.targetMac, 32);
  view.setUint32(38, packet.targetIp);
  return frame;
}

/** RFC 5227 §2.1.1: asks for an address without saying that we have one. */
export function buildArpProbe(senderMac: Uint8Array, targetIp: Ipv4): Uint8Array {
  return buildArp(new Uint8Array(6).fill(0xff), {
    operation: ARP_REQUEST,
    senderMac,
    senderIp: ANY,
    targetMac: new Uint8Array(6),
    targetIp,
  });
}

/** RFC 5227 §2.3: sender and target address are both the one that is ours from now on. */
export function buildArpAnnouncement(senderMac: Uint8Array, address: Ipv4): Uint8Array {
  return buildArp(new Uint8Array(6).fill(0xff), {
    operation: ARP_REQUEST,
    senderMac,
    senderIp: address,
    targetMac: new Uint8Array(6),
    targetIp: address,
  });
}
