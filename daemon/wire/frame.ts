// Ethernet II, IPv4 and UDP headers, for a server that talks to clients without an address.

import { ANY, type Ipv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import { readU16, readU32, viewOf } from "./reader.ts";

export type FrameKind = "udp" | "icmp" | "arp" | "other";

export const ETHERNET_HEADER_BYTES = 14;
export const IPV4_HEADER_BYTES = 20;
export const UDP_HEADER_BYTES = 8;
/** Everything before the UDP payload, when IPv4 has no options. */
export const HEADERS_BYTES = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + UDP_HEADER_BYTES;
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_UDP = 17;
const VERSION_4_LENGTH_5 = 0x4500;
const DO_NOT_FRAGMENT = 0x4000;
const TTL_64 = 64 << 8;

/**
 * One parsed frame: numbers and offsets into `bytes`, no copies. One object serves a whole decoder;
 * `parseFrame` fills it anew and it says nothing once the bytes are gone.
 */
export class Frame {
  bytes: Uint8Array = new Uint8Array(0);
  kind: FrameKind = "other";
  etherType = 0;
  /** Where the six bytes of each hardware address start in `bytes`. */
  destinationMacStart = 0;
  sourceMacStart = 6;
  /** The frame is addressed to everyone (ff:ff:ff:ff:ff:ff). */
  isBroadcast = false;
  /** 0.0.0.0 unless the frame is IPv4. */
  sourceIp: Ipv4 = ANY;
  destinationIp: Ipv4 = ANY;
  /** 0 unless `kind` is "udp". */
  sourcePort = 0;
  destinationPort = 0;
  /** What the innermost parsed header carries: UDP payload, ICMP or ARP packet, or the rest. */
  payloadStart = 0;
  payloadEnd = 0;

  /** View of the sender's hardware address. */
  get srcMac(): Uint8Array {
    return viewOf(this.bytes, this.sourceMacStart, this.sourceMacStart + 6);
  }

  /** View of the receiver's hardware address. */
  get dstMac(): Uint8Array {
    return viewOf(this.bytes, this.destinationMacStart, this.destinationMacStart + 6);
  }
}

/**
 * Reads the frame in `bytes` from `start` to `end` into `into`. Throws DecodeError when a header is
 * cut short, inconsistent or fails its checksum, and for IP fragments: no DHCP client sends them,
 * and half a message must not be taken for a whole one. `checksumReady` is false when the network
 * card was to fill in the UDP checksum (the frame never left this machine); it is not verified then.
 */
export function parseFrame(
  into: Frame,
  bytes: Uint8Array,
  start: number,
  end: number,
  checksumReady: boolean,
): void {
  if (start < 0 || end > bytes.length || end - start < ETHERNET_HEADER_BYTES) {
    throw new DecodeError("ethernet header", 0, `only ${end - start} bytes`);
  }
  into.bytes = bytes;
  into.destinationMacStart = start;
  into.sourceMacStart = start + 6;
  into.isBroadcast = readU32(bytes, start) === 0xffffffff && readU16(bytes, start + 4) === 0xffff;
  into.etherType = readU16(bytes, start + 12);
  into.sourceIp = ANY;
  into.destinationIp = ANY;
  into.sourcePort = 0;
  into.destinationPort = 0;
  into.payloadStart = start + ETHERNET_HEADER_BYTES;
  into.payloadEnd = end;
  into.kind = into.etherType === ETHERTYPE_ARP ? "arp" : "other";
  if (into.etherType === ETHERTYPE_IPV4) parseIpv4Header(into, checksumReady);
}

export interface Ipv4Addressing {
  /** Six bytes each. */
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  readonly sourceIp: Ipv4;
  readonly destinationIp: Ipv4;
}

export interface UdpAddressing extends Ipv4Addressing {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/**
 * Writes the HEADERS_BYTES in front of a UDP payload of `payloadBytes`. `payloadSum` is the sum of the
 * payload's 16-bit words, which the caller may know more cheaply than by reading it all.
 */
export function writeHeaders(
  view: DataView,
  at: number,
  addressing: UdpAddressing,
  payloadBytes: number,
  payloadSum: number,
): void {
  const udpBytes = UDP_HEADER_BYTES + payloadBytes;
  writeIpv4Headers(view, at, addressing, PROTOCOL_UDP, udpBytes);
  const udp = at + ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES;
  const { sourcePort, destinationPort } = addressing;
  const addresses = addressWords(addressing.sourceIp) + addressWords(addressing.destinationIp);
  // RFC 768: the sum also covers a pseudo header with addresses, protocol and, again, the length.
  const sum = sourcePort + destinationPort + 2 * udpBytes + PROTOCOL_UDP + addresses + payloadSum;
  const checksum = foldChecksum(sum) ^ 0xffff;
  view.setUint16(udp, sourcePort);
  view.setUint16(udp + 2, destinationPort);
  view.setUint16(udp + 4, udpBytes);
  // RFC 768: a checksum that comes out as zero is sent as all ones, since zero means none.
  view.setUint16(udp + 6, checksum === 0 ? 0xffff : checksum);
}

/**
 * The Ethernet and IPv4 headers (RFC 791 §3.1) before `payloadBytes` of this IP protocol. Never to be
 * fragmented, and so the identification may be 0 (RFC 6864 §4.1).
 */
export function writeIpv4Headers(
  view: DataView,
  at: number,
  addressing: Ipv4Addressing,
  protocol: number,
  payloadBytes: number,
): void {
  const { destinationMac, sourceMac, sourceIp, destinationIp } = addressing;
  for (let i = 0; i < 6; i++) {
    view.setUint8(at + i, destinationMac[i] as number);
    view.setUint8(at + 6 + i, sourceMac[i] as number);
  }
  view.setUint16(at + 12, ETHERTYPE_IPV4);
  const ip = at + ETHERNET_HEADER_BYTES;
  const totalBytes = IPV4_HEADER_BYTES + payloadBytes;
  const addresses = addressWords(sourceIp) + addressWords(destinationIp);
  const sum = VERSION_4_LENGTH_5 + totalBytes + DO_NOT_FRAGMENT + TTL_64 + protocol + addresses;
  view.setUint16(ip, VERSION_4_LENGTH_5);
  view.setUint16(ip + 2, totalBytes);
  view.setUint16(ip + 4, 0);
  view.setUint16(ip + 6, DO_NOT_FRAGMENT);
  view.setUint16(ip + 8, TTL_64 | protocol);
  view.setUint16(ip + 10, foldChecksum(sum) ^ 0xffff);
  view.setUint32(ip + 12, sourceIp);
  view.setUint32(ip + 16, destinationIp);
}

/** Whether a UDP, ICMP or IP checksum over `bytes` from `start` to `end`, begun with `sum`, comes out right. */
export function isChecksumRight(
  bytes: Uint8Array,
  start: number,
  end: number,
  sum: number,
): boolean {
  return foldChecksum(addWords(bytes, start, end, sum)) === 0xffff;
}

/** RFC 1071: adds 16-bit words, the last one padded with a zero byte when the length is odd. */
export function addWords(bytes: Uint8Array, start: number, end: number, sum: number): number {
  const even = end - ((end - start) & 1);
  let total = sum;
  for (let at = start; at < even; at += 2) {
    total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }
  return even < end ? total + ((bytes[even] as number) << 8) : total;
}

export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

function parseIpv4Header(frame: Frame, checksumReady: boolean): void {
  const { bytes, payloadStart: ip, payloadEnd: end } = frame;
  const fail = (field: string, at: number, reason: string) =>
    new DecodeError(field, at - frame.destinationMacStart, reason);
  if (end - ip < IPV4_HEADER_BYTES) throw fail("ip header", ip, `only ${end - ip} bytes`);
  const versionAndLength = bytes[ip] as number;
  // RFC 791 §3.1: the length counts 32-bit words, so IP options are skipped with it.
  const headerBytes = (versionAndLength & 15) * 4;
  if (versionAndLength >>> 4 !== 4) throw fail("ip version", ip, `${versionAndLength >>> 4}`);
  const totalBytes = readU16(bytes, ip + 2);
  if (headerBytes < IPV4_HEADER_BYTES || headerBytes > totalBytes) {
    throw fail("ip header length", ip, `${headerBytes} of ${totalBytes} bytes`);
  }
  if (totalBytes > end - ip) {
    throw fail("ip total length", ip + 2, `${totalBytes}, only ${end - ip} are there`);
  }
  if (!isChecksumRight(bytes, ip, ip + headerBytes, 0)) throw fail("ip checksum", ip + 10, "wrong");
  // More-fragments flag or an offset: part of a larger datagram.
  if ((readU16(bytes, ip + 6) & 0x3fff) !== 0) throw fail("ip fragment", ip + 6, "not reassembled");
  frame.sourceIp = readU32(bytes, ip + 12) as Ipv4;
  frame.destinationIp = readU32(bytes, ip + 16) as Ipv4;
  frame.payloadStart = ip + headerBytes;
  // Ethernet pads short frames to 60 bytes; the IP length says where the datagram really ends.
  frame.payloadEnd = ip + totalBytes;
  const protocol = bytes[ip + 9];
  if (protocol === PROTOCOL_UDP) parseUdpHeader(frame, checksumReady);
  else if (protocol === PROTOCOL_ICMP) frame.kind = "icmp";
}

function parseUdpHeader(frame: Frame, checksumReady: boolean): void {
  const { bytes, payloadStart: udp, payloadEnd: end } = frame;
  const offset = udp - frame.destinationMacStart;
  if (end - udp < UDP_HEADER_BYTES) {
    throw new DecodeError("udp header", offset, `only ${end - udp} bytes`);
  }
  const length = readU16(bytes, udp + 4);
  if (length < UDP_HEADER_BYTES || length > end - udp) {
    throw new DecodeError("udp length", offset + 4, `${length} of ${end - udp} bytes`);
  }
  // RFC 768: zero means that the sender computed none.
  if (checksumReady && readU16(bytes, udp + 6) !== 0) {
    const addresses = addressWords(frame.sourceIp) + addressWords(frame.destinationIp);
    if (!isChecksumRight(bytes, udp, udp + length, addresses + PROTOCOL_UDP + length)) {
      throw new DecodeError("udp checksum", offset + 6, "wrong");
    }
  }
  frame.kind = "udp";
  frame.sourcePort = readU16(bytes, udp);
  frame.destinationPort = readU16(bytes, udp + 2);
  frame.payloadStart = udp + UDP_HEADER_BYTES;
  frame.payloadEnd = udp + length;
}

function addressWords(address: Ipv4): number {
  return (address >>> 16) + (address & 0xffff);
}
