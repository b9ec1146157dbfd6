// Writing and reading replies, for the tests of the writer.

import { expect } from "vitest";
import type { Ipv4 } from "../../daemon/base/address.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { type ReplyHeader, ReplyWriter } from "../../daemon/wire/reply.ts";
import { CLIENT_MAC, SERVER_MAC } from "./messages.ts";

export const HEADER: ReplyHeader = {
  op: 2,
  htype: 1,
  hlen: 6,
  hops: 0,
  xid: 0xf0f1f2f3,
  secs: 258,
  flags: 0x8000,
  ciaddr: 0x0a4d0064 as Ipv4,
  yiaddr: 0xffffffff as Ipv4,
  siaddr: 0x0a4d0001 as Ipv4,
  giaddr: 0x0a4e0001 as Ipv4,
  chaddr: Uint8Array.from(CLIENT_MAC),
};
export const ADDRESSING = {
  sourceMac: Uint8Array.from(SERVER_MAC),
  destinationMac: Uint8Array.from(CLIENT_MAC),
  sourceIp: 0x0a4d0001 as Ipv4,
  destinationIp: 0x0a4d0064 as Ipv4,
  sourcePort: 67,
  destinationPort: 68,
};
/** Where the DHCP message starts in a frame. */
export const DHCP_START = 42;

/** The frame of one reply. */
export function write(options: (writer: ReplyWriter) => void, size?: number): Uint8Array {
  const writer = new ReplyWriter();
  writer.begin(HEADER, size);
  options(writer);
  return writer.finish(ADDRESSING);
}

/** Reads a frame with the decoder, which other tests prove against hand-made bytes. */
export function read(frame: Uint8Array): Dhcp4Message {
  const into = new Frame();
  parseFrame(into, frame, 0, frame.length, true);
  expect(into.kind).toBe("udp");
  expect(into.payloadEnd).toBe(frame.length);
  return decodeDhcp4(frame, into.payloadStart, into.payloadEnd);
}

/** Content that no test repeats, so that a mix-up shows. */
export function content(length: number, start: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (start + i * 7) & 0xff);
}
