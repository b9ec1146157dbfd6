import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4 } from "../../daemon/base/address.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import {
  addWords,
  Frame,
  foldChecksum,
  HEADERS_BYTES,
  parseFrame,
  writeHeaders,
} from "../../daemon/wire/frame.ts";
import {
  CLIENT_MAC,
  EVERYONE,
  type FrameParts,
  fromHex,
  SERVER_MAC,
  udpFrame,
} from "./messages.ts";

const PAYLOAD = [0xde, 0xad, 0xbe, 0xef, 0x01];
const BEFORE = 17;

/** Parses the frame between bytes that must not matter. */
function parse(frame: Uint8Array, checksumReady = true): Frame {
  const around = new Uint8Array(frame.length + 64).fill(0xee);
  around.set(frame, BEFORE);
  const into = new Frame();
  parseFrame(into, around, BEFORE, BEFORE + frame.length, checksumReady);
  return into;
}

function payloadOf(frame: Frame): number[] {
  return Array.from(frame.bytes.subarray(frame.payloadStart, frame.payloadEnd));
}

function changed(frame: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = frame.slice();
  copy.set(values, at);
  return copy;
}

/** Puts the IP header checksum right after a change to the header. */
function withIpChecksum(frame: Uint8Array): Uint8Array {
  const copy = changed(frame, 24, 0, 0);
  const end = 14 + ((copy[14] ?? 0) & 15) * 4;
  const sum = foldChecksum(addWords(copy, 14, Math.min(end, copy.length), 0)) ^ 0xffff;
  return changed(copy, 24, sum >>> 8, sum & 0xff);
}

describe("a UDP frame", () => {
  test("field by field", () => {
    const frame = parse(
      fromHex(`
        ff ff ff ff ff ff    # destination: everyone
        02 00 5e 00 01 11    # source
        08 00                # IPv4
        45 00 00 20          # version 4, header of 5 words; total length 32
        12 34 40 00          # identification; do not fragment
        40 11 1d e9          # time to live 64; UDP; checksum
        0a 4d 00 64          # from 10.77.0.100
        ff ff ff ff          # to 255.255.255.255
        00 44 00 43          # from port 68 to port 67
        00 0c 00 00          # length 12; no checksum
        de ad be ef          # payload
      `),
    );
    expect(frame.kind).toBe("udp");
    expect(frame.etherType).toBe(0x0800);
    expect(frame.isBroadcast).toBe(true);
    expect(Array.from(frame.srcMac)).toEqual(CLIENT_MAC);
    expect(Array.from(frame.dstMac)).toEqual(EVERYONE);
    expect(formatIpv4(frame.sourceIp)).toBe("10.77.0.100");
    expect(formatIpv4(frame.destinationIp)).toBe("255.255.255.255");
    expect([frame.sourcePort, frame.destinationPort]).toEqual([68, 67]);
    expect(payloadOf(frame)).toEqual([0xde, 0xad, 0xbe, 0xef]);
  });

  test.each<[string, FrameParts]>([
    ["unicast", { destinationMac: SERVER_MAC, destinationIp: 0x0a4d0001 }],
    ["without a UDP checksum", { udpChecksum: 0 }],
    ["with IP options, which the header length covers", { ipOptions: [0x94, 0x04, 0, 0] }],
    ["with Ethernet padding, which the total length leaves out", { trailer: [1, 2, 3, 4, 5, 6] }],
    ["with do-not-fragment", { fragment: 0x4000 }],
  ])("%s", (_, parts) => {
    const frame = parse(udpFrame(parts, PAYLOAD));
    expect(frame.kind).toBe("udp");
    expect(payloadOf(frame)).toEqual(PAYLOAD);
    expect(frame.isBroadcast).toBe(parts.destinationMac === undefined);
  });

  test("an empty payload is one", () => {
    expect(payloadOf(parse(udpFrame({}, [])))).toEqual([]);
  });

  test("the UDP length may leave some of the datagram out", () => {
    const frame = changed(udpFrame({ udpChecksum: 0 }, PAYLOAD), 38, 0, 8 + 2);
    expect(payloadOf(parse(frame))).toEqual(PAYLOAD.slice(0, 2));
  });

  test("the next frame in the same object leaves nothing of the one before", () => {
    const frame = new Frame();
    const udp = udpFrame({ sourceIp: 0x0a000001 }, PAYLOAD);
    parseFrame(frame, udp, 0, udp.length, true);
    const other = fromHex(`ffffffffffff 02005e000111 86dd 0102`);
    parseFrame(frame, other, 0, other.length, true);
    expect(frame.kind).toBe("other");
    expect([frame.sourceIp, frame.destinationIp]).toEqual([0, 0]);
    expect([frame.sourcePort, frame.destinationPort]).toEqual([0, 0]);
    expect(payloadOf(frame)).toEqual([1, 2]);
  });
});

describe("what is not UDP", () => {
  test("ARP is handed on", () => {
    const frame = parse(fromHex("ffffffffffff 02005e000111 0806 0001"));
    expect([frame.kind, payloadOf(frame)]).toEqual(["arp", [0, 1]]);
  });

  test("another protocol over IP is told apart, with its addresses", () => {
    const frame = parse(udpFrame({ protocol: 6, sourceIp: 0x0a000001 }, PAYLOAD));
    expect(frame.kind).toBe("other");
    expect(frame.sourceIp).toBe(0x0a000001);
  });

  test("a VLAN tag is not taken for its content", () => {
    const tagged = fromHex("ffffffffffff 02005e000111 8100 0005 0800 45");
    expect(parse(tagged).kind).toBe("other");
  });
});

describe("refused with the field's name", () => {
  const good = udpFrame({}, PAYLOAD);
  test.each<[string, Uint8Array, RegExp]>([
    ["a cut Ethernet header", good.slice(0, 13), /ethernet header at byte 0/],
    ["no IP header", good.slice(0, 14), /ip header at byte 14/],
    ["a cut IP header", good.slice(0, 33), /ip header at byte 14/],
    ["another IP version", withIpChecksum(changed(good, 14, 0x65)), /ip version/],
    ["a header shorter than 5 words", withIpChecksum(changed(good, 14, 0x44)), /ip header length/],
    [
      "a header longer than the datagram",
      withIpChecksum(changed(good, 14, 0x4f)),
      /ip header leng/,
    ],
    ["a datagram longer than the frame", withIpChecksum(changed(good, 16, 1)), /ip total length/],
    ["a wrong IP checksum", changed(good, 24, 0xba, 0xad), /ip checksum at byte 24/],
    ["a first fragment", udpFrame({ fragment: 0x2000 }, PAYLOAD), /ip fragment/],
    ["a later fragment", udpFrame({ fragment: 0x0001 }, PAYLOAD), /ip fragment/],
    ["a cut UDP header", cutDatagram(good, 20 + 7), /udp header at byte 34/],
    ["a UDP length below its header", changed(good, 38, 0, 7), /udp length/],
    ["a UDP length above the datagram", changed(good, 38, 0, 14), /udp length/],
    ["a wrong UDP checksum", changed(good, 40, 0xba, 0xad), /udp checksum at byte 40/],
    ["a changed payload byte", changed(good, good.length - 1, 0x55), /udp checksum/],
  ])("%s", (_, frame, message) => {
    expect(() => parse(frame)).toThrow(DecodeError);
    expect(() => parse(frame)).toThrow(message);
  });

  test("a wrong UDP checksum passes when the network card had not filled it in yet", () => {
    expect(parse(changed(good, 40, 0xba, 0xad), false).kind).toBe("udp");
  });

  test("every cut of a frame throws nothing but DecodeError", () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => parse(good.slice(0, length)), `${length} bytes`).toThrow(DecodeError);
    }
  });

  test("bounds outside the bytes", () => {
    const frame = new Frame();
    expect(() => parseFrame(frame, good, 0, good.length + 1, true)).toThrow(DecodeError);
    expect(() => parseFrame(frame, good, -1, good.length, true)).toThrow(DecodeError);
  });
});

describe("writeHeaders", () => {
  test.each([0, 1, 4, 5, 300])(
    "a payload of %d bytes reads back with right checksums",
    (length) => {
      const payload = Uint8Array.from({ length }, (_, i) => (i * 37 + 5) & 0xff);
      const bytes = new Uint8Array(HEADERS_BYTES + length);
      bytes.set(payload, HEADERS_BYTES);
      const addressing = {
        sourceMac: Uint8Array.from(SERVER_MAC),
        destinationMac: Uint8Array.from(CLIENT_MAC),
        sourceIp: 0x0a4d0001 as Ipv4,
        destinationIp: 0xfffffffe as Ipv4,
        sourcePort: 67,
        destinationPort: 68,
      };
      writeHeaders(
        new DataView(bytes.buffer),
        0,
        addressing,
        length,
        addWords(payload, 0, length, 0),
      );
      const frame = parse(bytes);
      expect(frame.kind).toBe("udp");
      expect(payloadOf(frame)).toEqual(Array.from(payload));
      expect([frame.sourceIp, frame.destinationIp]).toEqual([0x0a4d0001, 0xfffffffe]);
      expect(Array.from(frame.srcMac)).toEqual(SERVER_MAC);
      expect(Array.from(frame.dstMac)).toEqual(CLIENT_MAC);
    },
  );

  test("a UDP checksum that comes out as zero is sent as all ones (RFC 768)", () => {
    const addressing = {
      sourceMac: Uint8Array.from(SERVER_MAC),
      destinationMac: Uint8Array.from(CLIENT_MAC),
      sourceIp: 0 as Ipv4,
      destinationIp: 0 as Ipv4,
      sourcePort: 67,
      destinationPort: 68,
    };
    // Two bytes that bring the sum of pseudo header, header and payload to 0xffff.
    const word = 0xffff - (67 + 68 + 2 * 10 + 17);
    const bytes = new Uint8Array(HEADERS_BYTES + 2);
    bytes.set([word >>> 8, word & 0xff], HEADERS_BYTES);
    writeHeaders(new DataView(bytes.buffer), 0, addressing, 2, word);
    expect(Array.from(bytes.slice(40, 42))).toEqual([0xff, 0xff]);
    expect(parse(bytes).kind).toBe("udp");
  });
});

/** Shortens the datagram itself, not only the frame. */
function cutDatagram(frame: Uint8Array, totalBytes: number): Uint8Array {
  return withIpChecksum(changed(frame, 16, totalBytes >>> 8, totalBytes & 0xff));
}
