// Frames as DHCP clients and relays send them, made byte by byte and not by the code under test.

import { ipv4, parseMac } from "../../daemon/base/address.ts";

export interface ClientMessage {
  /** RFC 2131 message type; undefined leaves option 53 out. */
  readonly type?: number | undefined;
  readonly op?: number;
  readonly htype?: number;
  readonly hlen?: number;
  readonly hops?: number;
  readonly xid?: number;
  readonly secs?: number;
  readonly broadcast?: boolean;
  readonly ciaddr?: string;
  readonly yiaddr?: string;
  readonly giaddr?: string;
  readonly mac: string;
  /** Options behind the message type: code to content. */
  readonly options?: Readonly<Record<number, Uint8Array>>;
  /** Link and IP level; by default what the message implies. */
  readonly sourceMac?: string;
  readonly destinationMac?: string;
  readonly sourceIp?: string;
  readonly destinationIp?: string;
  readonly destinationPort?: number;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function address(value: string): Uint8Array {
  const number = ipv4(value);
  return bytes(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
}

export function seconds(value: number): Uint8Array {
  return bytes(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

export function macBytes(value: string): Uint8Array {
  const mac = parseMac(value);
  if (!mac) throw new Error(`"${value}" is not a MAC`);
  return mac;
}

/** A whole Ethernet frame with a DHCP message. */
export function clientFrame(message: ClientMessage): Uint8Array {
  const dhcp = dhcpMessage(message);
  const sourceIp = message.sourceIp ?? message.ciaddr ?? "0.0.0.0";
  const destinationIp = message.destinationIp ?? "255.255.255.255";
  const isBroadcast = destinationIp === "255.255.255.255";
  const destinationMac = message.destinationMac ?? (isBroadcast ? "ff:ff:ff:ff:ff:ff" : SERVER_MAC);
  const frame = new Uint8Array(42 + dhcp.length);
  frame.set(macBytes(destinationMac), 0);
  frame.set(macBytes(message.sourceMac ?? message.mac), 6);
  frame.set([0x08, 0x00], 12);
  frame.set([0x45, 0, (28 + dhcp.length) >>> 8, (28 + dhcp.length) & 255], 14);
  frame.set([0, 0, 0, 0, 64, 17, 0, 0], 18);
  frame.set(address(sourceIp), 26);
  frame.set(address(destinationIp), 30);
  const ipSum = checksum(frame.subarray(14, 34));
  frame.set([ipSum >>> 8, ipSum & 255], 24);
  const port = message.destinationPort ?? 67;
  const udpLength = 8 + dhcp.length;
  frame.set([0, message.giaddr ? 67 : 68, port >>> 8, port & 255], 34);
  // No UDP checksum: RFC 768 allows it, and the wire tests cover the sum.
  frame.set([udpLength >>> 8, udpLength & 255, 0, 0], 38);
  frame.set(dhcp, 42);
  return frame;
}

/** The MAC that tests give to the interface of the box. */
export const SERVER_MAC = "02:00:00:00:00:fe";

function dhcpMessage(message: ClientMessage): Uint8Array {
  const out = new Uint8Array(1500);
  const mac = macBytes(message.mac);
  out.set([message.op ?? 1, message.htype ?? 1, message.hlen ?? 6, message.hops ?? 0], 0);
  out.set(seconds(message.xid ?? 0x1234), 4);
  const { secs = 0 } = message;
  out.set([secs >>> 8, secs & 255, message.broadcast ? 0x80 : 0, 0], 8);
  out.set(address(message.ciaddr ?? "0.0.0.0"), 12);
  out.set(address(message.yiaddr ?? "0.0.0.0"), 16);
  out.set(address(message.giaddr ?? "0.0.0.0"), 24);
  out.set(mac, 28);
  out.set([0x63, 0x82, 0x53, 0x63], 236);
  let at = 240;
  const put = (code: number, data: Uint8Array) => {
    let from = 0;
    do {
      const length = Math.min(255, data.length - from);
      out.set([code, length], at);
      out.set(data.subarray(from, from + length), at + 2);
      at += 2 + length;
      from += length;
    } while (from < data.length);
  };
  if (message.type !== undefined) put(53, bytes(message.type));
  for (const [code, data] of Object.entries(message.options ?? {})) put(Number(code), data);
  out[at++] = 255;
  return out.slice(0, Math.max(at, 300));
}

function checksum(part: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < part.length; i += 2) sum += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
