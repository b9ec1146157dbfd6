import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  buildArp,
  buildArpAnnouncement,
  buildArpProbe,
  parseArp,
} from "../../daemon/wire/arp.ts";
import { judgeFrames } from "../support/tshark.ts";
import { CLIENT_MAC, fromHex, SERVER_MAC } from "./messages.ts";

const clientMac = Uint8Array.from(CLIENT_MAC);
const serverMac = Uint8Array.from(SERVER_MAC);

const cases = [
  {
    name: "probe (RFC 5227 §2.1.1)",
    frame: buildArpProbe(serverMac, ipv4("10.77.0.100")),
    bytes: fromHex(`
      ff ff ff ff ff ff  02 00 5e 00 01 01  08 06  # to everyone, from us, ARP
      00 01  08 00  06  04                         # Ethernet, IPv4, lengths 6 and 4
      00 01                                        # request
      02 00 5e 00 01 01  00 00 00 00               # sender: our MAC, no address
      00 00 00 00 00 00  0a 4d 00 64               # target: unknown MAC, 10.77.0.100
    `),
    packet: {
      operation: ARP_REQUEST,
      senderMac: serverMac,
      senderIp: ipv4("0.0.0.0"),
      targetMac: new Uint8Array(6),
      targetIp: ipv4("10.77.0.100"),
    },
  },
  {
    name: "announcement (RFC 5227 §2.3)",
    frame: buildArpAnnouncement(serverMac, ipv4("10.77.0.1")),
    bytes: fromHex(`
      ff ff ff ff ff ff  02 00 5e 00 01 01  08 06  # to everyone, from us, ARP
      00 01  08 00  06  04                         # Ethernet, IPv4, lengths 6 and 4
      00 01                                        # request
      02 00 5e 00 01 01  0a 4d 00 01               # sender: our MAC and address
      00 00 00 00 00 00  0a 4d 00 01               # target: the same address
    `),
    packet: {
      operation: ARP_REQUEST,
      senderMac: serverMac,
      senderIp: ipv4("10.77.0.1"),
      targetMac: new Uint8Array(6),
      targetIp: ipv4("10.77.0.1"),
    },
  },
  {
    name: "reply (RFC 826)",
    frame: buildArp(clientMac, {
      operation: ARP_REPLY,
      senderMac: serverMac,
      senderIp: ipv4("10.77.0.1"),
      targetMac: clientMac,
      targetIp: ipv4("10.77.0.100"),
    }),
    bytes: fromHex(`
      02 00 5e 00 01 11  02 00 5e 00 01 01  08 06  # to the client, from us, ARP
      00 01  08 00  06  04                         # Ethernet, IPv4, lengths 6 and 4
      00 02                                        # reply
      02 00 5e 00 01 01  0a 4d 00 01               # sender
      02 00 5e 00 01 11  0a 4d 00 64               # target
    `),
    packet: {
      operation: ARP_REPLY,
      senderMac: serverMac,
      senderIp: ipv4("10.77.0.1"),
      targetMac: clientMac,
      targetIp: ipv4("10.77.0.100"),
    },
  },
];

describe.each(cases)("$name", ({ frame, bytes, packet }) => {
  test("is built as its bytes, padded to 60", () => {
    expect(frame.subarray(0, 42)).toEqual(bytes);
    expect(frame.subarray(42)).toEqual(new Uint8Array(18));
  });

  test("reads back, with padding behind it", () => {
    expect(parseArp(frame, 14, frame.length)).toEqual(packet);
    expect(parseArp(bytes, 14, bytes.length)).toEqual(packet);
  });

  test("every cut throws DecodeError", () => {
    for (let end = 14; end < 42; end++) {
      expect(() => parseArp(frame, 14, end), `${end}`).toThrow(DecodeError);
    }
  });
});

test.each([
  ["another hardware", 14, 0x06, /arp hardware type/],
  ["another protocol", 16, 0x86, /arp protocol type/],
  ["another hardware length", 18, 8, /arp hardware length/],
  ["another protocol length", 19, 16, /arp protocol length/],
])("%s is refused", (_, at, value, message) => {
  const frame = buildArpProbe(serverMac, ipv4("10.77.0.100"));
  frame[at] = value;
  expect(() => parseArp(frame, 14, frame.length)).toThrow(message);
});

test("tshark finds nothing wrong with what we send", () => {
  expect(judgeFrames(cases.map(({ frame }) => frame))).toEqual([]);
});
