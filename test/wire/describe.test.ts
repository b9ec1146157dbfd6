import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { ARP_REPLY, buildArp, buildArpAnnouncement, buildArpProbe } from "../../daemon/wire/arp.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import {
  ascii,
  CLIENT_MAC,
  fromHex,
  messageBytes,
  option,
  SERVER_MAC,
  udpFrame,
} from "./messages.ts";

const clientMac = Uint8Array.from(CLIENT_MAC);
const serverMac = Uint8Array.from(SERVER_MAC);

function line(frame: Uint8Array): string {
  return describeFrame(frame, 0, frame.length);
}

function dhcp(parts: Parameters<typeof messageBytes>[0]): string {
  return line(udpFrame({}, messageBytes(parts))).replace(/^.*:67 /, "");
}

describe("a DHCP message", () => {
  test("with everything in it", () => {
    const frame = udpFrame(
      { sourceIp: 0x0a4d0001, sourcePort: 67, destinationPort: 68, sourceMac: SERVER_MAC },
      messageBytes({
        op: 2,
        xid: 0xf0f1,
        hops: 1,
        secs: 3,
        flags: 0x8000,
        ciaddr: 0x0a4d0064,
        yiaddr: 0x0a4d0064,
        siaddr: 0x0a4d0001,
        giaddr: 0x0a4e0001,
        sname: ascii("boot"),
        file: ascii("a b"),
        options: [
          ...option(53, [5]),
          ...option(54, [10, 77, 0, 1]),
          ...option(51, [0, 0, 0, 60]),
          ...option(3, [10, 77, 0, 1, 10, 77, 0, 2]),
          ...option(15, ascii("office.example")),
          ...option(80, []),
          ...option(121, [8, 10, 10, 77, 0, 1]),
          ...option(224, [1, 2]),
          ...option(19, [2]),
          255,
        ],
      }),
    );
    expect(line(frame)).toBe(
      "02:00:5e:00:01:01 > ff:ff:ff:ff:ff:ff 10.77.0.1:67 > 255.255.255.255:68 " +
        "ACK xid 0000f0f1 02:00:5e:00:01:11 hops 1 secs 3 broadcast " +
        "ciaddr 10.77.0.100 yiaddr 10.77.0.100 siaddr 10.77.0.1 giaddr 10.78.0.1 " +
        'sname boot file "a b" server-identifier 10.77.0.1 ip-address-lease-time 60 ' +
        "router 10.77.0.1,10.77.0.2 domain-name office.example rapid-commit " +
        "classless-static-route {destination 10.0.0.0/8 router 10.77.0.1} " +
        "option-224 0102 ip-forwarding malformed(02)",
    );
  });

  test.each<[string, Parameters<typeof messageBytes>[0], string]>([
    ["without a type", {}, "BOOTREQUEST xid 00000000"],
    ["a reply without a type", { op: 2 }, "BOOTREPLY xid"],
    ["neither", { op: 9 }, "op-9 xid"],
    ["a type nobody knows", { options: [...option(53, [99]), 255] }, "type-99 xid"],
    ["a malformed type", { options: [...option(53, []), 255] }, "malformed-type xid"],
    ["a type of two words", { options: [...option(53, [10]), 255] }, "LEASE-QUERY xid"],
    ["another hardware", { htype: 6, hlen: 2 }, "BOOTREQUEST xid 00000000 02:00 htype 6"],
    ["no hardware address", { hlen: 0 }, "BOOTREQUEST xid 00000000 no-chaddr"],
    ["a cut message", { cookie: 1 }, "malformed dhcp: magic cookie at byte 236: not a DHCP"],
  ])("%s", (_, parts, expected) => {
    expect(dhcp(parts)).toContain(expected);
  });

  test("client bytes cannot break out of their line", () => {
    const name = 'a"b\\c\nACK \u001b[31m';
    expect(dhcp({ options: [...option(12, ascii(name)), 255] })).toContain(
      'host-name "a\\"b\\\\c\\u{a}ACK \\u{1b}[31m"',
    );
    expect(dhcp({ options: [...option(12, [0xc3, 0xbc]), 255] })).toContain('"\\u{fc}"');
    expect(dhcp({ sname: [0x1b, 0x41, 0xff] })).toContain('sname "\\u{1b}A\\u{ff}"');
  });

  test("a long value is cut", () => {
    const shown = dhcp({ options: [...option(43, new Uint8Array(255).fill(0xab)), 255] });
    expect(shown).toMatch(/vendor-specific-information (ab)+\.\.\.$/);
    expect(shown.length).toBeLessThan(300);
  });

  test("overloaded fields are not shown as names", () => {
    const shown = dhcp({
      file: [...option(67, ascii("boot")), 255],
      options: [...option(52, [1]), 255],
    });
    expect(shown).toContain("option-overload 1 bootfile-name boot");
    expect(shown).not.toContain("file C");
  });
});

test.each<[string, Uint8Array, string]>([
  ["ARP probe", buildArpProbe(serverMac, ipv4("10.77.0.9")), "ARP probe 10.77.0.9"],
  [
    "ARP announcement",
    buildArpAnnouncement(serverMac, ipv4("10.77.0.9")),
    "ARP announce 10.77.0.9",
  ],
  [
    "ARP request",
    buildArp(clientMac, arp(1)),
    "02:00:5e:00:01:01 > 02:00:5e:00:01:11 ARP who-has 10.77.0.9 tell 10.77.0.1",
  ],
  ["ARP reply", buildArp(clientMac, arp(ARP_REPLY)), "ARP 10.77.0.1 is-at 02:00:5e:00:01:01"],
  ["ARP of another operation", buildArp(clientMac, arp(3)), "ARP operation 3"],
  ["other UDP", udpFrame({ sourcePort: 5353, destinationPort: 53 }, [1]), ":53 udp 1 bytes"],
  ["another EtherType", fromHex("ffffffffffff 02005e000111 86dd 0102"), "ethertype 86dd 2 bytes"],
  ["a cut frame", new Uint8Array(5), "malformed frame: ethernet header at byte 0: only 5 bytes"],
  ["a cut ARP", fromHex("ffffffffffff 02005e000111 0806 0001"), "malformed frame: arp protocol"],
])("%s", (_, frame, expected) => {
  expect(line(frame)).toContain(expected);
});

test("a wrong UDP checksum does not keep a frame from being described", () => {
  expect(line(udpFrame({ udpChecksum: 1 }, messageBytes({})))).toContain("BOOTREQUEST");
});

function arp(operation: number) {
  return {
    operation,
    senderMac: serverMac,
    senderIp: ipv4("10.77.0.1"),
    targetMac: clientMac,
    targetIp: ipv4("10.77.0.9"),
  };
}
