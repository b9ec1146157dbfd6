import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { buildEchoRequest, parseEchoReply } from "../../daemon/wire/icmp.ts";
import { judgeFrames, tsharkFields } from "../support/tshark.ts";
import { CLIENT_MAC, checksum, fromHex, SERVER_MAC, u16, udpFrame } from "./messages.ts";

const ADDRESSING = {
  sourceMac: Uint8Array.from(SERVER_MAC),
  destinationMac: Uint8Array.from(CLIENT_MAC),
  sourceIp: ipv4("10.77.0.1"),
  destinationIp: ipv4("10.78.0.100"),
};

function request(identifier: number, sequence: number): Uint8Array {
  return buildEchoRequest({ ...ADDRESSING, identifier, sequence });
}

/** An ICMP message with a right checksum. */
function icmp(type: number, code: number, rest: readonly number[]): Uint8Array {
  const sum = checksum([type, code, 0, 0, ...rest]);
  return Uint8Array.from([type, code, ...u16(sum), ...rest]);
}

/** The same in a frame from 10.78.0.100; the sum of the UDP builder would overwrite a part of it. */
function icmpFrame(message: Uint8Array, parts: { fragment?: number } = {}) {
  const frame = udpFrame(
    {
      sourceMac: CLIENT_MAC,
      destinationMac: SERVER_MAC,
      sourceIp: ipv4("10.78.0.100"),
      destinationIp: ipv4("10.77.0.1"),
      protocol: 1,
      fragment: parts.fragment ?? 0,
    },
    new Uint8Array(message.length - 8),
  );
  frame.set(message, 34);
  return frame;
}

describe("an echo request", () => {
  test("is these bytes", () => {
    expect(request(0x5444, 7)).toEqual(
      fromHex(`
        02 00 5e 00 01 11  02 00 5e 00 01 01  08 00  # to the router, from us, IPv4
        45 00  00 1c  00 00  40 00  40 01            # 28 bytes, never fragmented, TTL 64, ICMP
        25 e2  0a 4d 00 01  0a 4e 00 64              # checksum, 10.77.0.1 to 10.78.0.100
        08 00  a3 b4  54 44  00 07                   # echo request, checksum, numbers
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  # Ethernet padding
      `),
    );
  });

  test("is right to tshark, whatever its numbers", () => {
    const numbers = [0, 1, 0x5444, 0x7fff, 0xf7ff, 0xffff];
    const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b] as const));
    const frames = pairs.map(([identifier, sequence]) => request(identifier, sequence));
    expect(judgeFrames(frames)).toEqual([]);
    const names = ["icmp.type", "icmp.ident", "icmp.seq", "icmp.checksum.status", "ip.dst"];
    for (const [i, field] of tsharkFields(frames, names).entries()) {
      // tshark shows the identifier in either byte order, as senders differ.
      expect(field["icmp.ident"]?.map(Number)).toContain(pairs[i]?.[0]);
      expect(field["icmp.seq"]?.map(Number)).toContain(pairs[i]?.[1]);
      expect(field["icmp.checksum.status"]).toEqual(["1"]);
      expect([field["icmp.type"], field["ip.dst"]]).toEqual([["8"], ["10.78.0.100"]]);
    }
  });

  test("the judge would have found a wrong checksum", () => {
    const bad = request(1, 1);
    bad[37] = (bad[37] ?? 0) ^ 1;
    const [field] = tsharkFields([bad], ["icmp.checksum.status"]);
    expect(field?.["icmp.checksum.status"]).toEqual(["0"]);
  });
});

describe("an echo reply", () => {
  test("is read, with data of any length", () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.nat(0xffff),
        fc.uint8Array({ maxLength: 64 }),
        (identifier, sequence, data) => {
          const message = icmp(0, 0, [...u16(identifier), ...u16(sequence), ...data]);
          const inside = Uint8Array.from([9, 9, ...message, 9]);
          const read = parseEchoReply(inside, 2, 2 + message.length);
          expect(read).toEqual({ identifier, sequence });
        },
      ),
    );
  });

  test("is not an echo request, another code, or another message", () => {
    for (const [type, code] of [
      [8, 0],
      [0, 1],
      [3, 1],
      [11, 0],
    ] as const) {
      const message = icmp(type, code, [0, 1, 0, 2]);
      expect(parseEchoReply(message, 0, message.length)).toBeUndefined();
    }
  });

  test("is refused when it is cut short or its checksum is wrong", () => {
    const good = icmp(0, 0, [0, 1, 0, 2]);
    for (let length = 0; length < 8; length++) {
      expect(() => parseEchoReply(good, 0, length)).toThrow(/icmp header at byte 0/);
    }
    expect(() => parseEchoReply(good, 0, 9)).toThrow(DecodeError);
    for (let bit = 0; bit < 64; bit++) {
      const bad = good.slice();
      bad[bit >>> 3] = (bad[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => parseEchoReply(bad, 0, 8), `bit ${bit}`).toThrow(/icmp checksum at byte 2/);
    }
  });

  test("any bytes are read or refused with a DecodeError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseEchoReply(bytes, 0, bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

describe("a frame with ICMP", () => {
  const message = icmp(0, 0, [0x54, 0x44, 0, 7]);

  test("is known as such, with addresses and payload", () => {
    const bytes = Uint8Array.from([...icmpFrame(message), ...new Uint8Array(18)]);
    const frame = new Frame();
    parseFrame(frame, bytes, 0, bytes.length, true);
    expect([frame.kind, frame.sourceIp, frame.destinationIp]).toEqual([
      "icmp",
      ipv4("10.78.0.100"),
      ipv4("10.77.0.1"),
    ]);
    expect([frame.sourcePort, frame.destinationPort]).toEqual([0, 0]);
    expect(bytes.slice(frame.payloadStart, frame.payloadEnd)).toEqual(message);
    expect(parseEchoReply(bytes, frame.payloadStart, frame.payloadEnd)).toEqual({
      identifier: 0x5444,
      sequence: 7,
    });
  });

  test("is refused when it is a fragment", () => {
    const frame = new Frame();
    for (const fragment of [0x2000, 1]) {
      const bytes = icmpFrame(message, { fragment });
      expect(() => parseFrame(frame, bytes, 0, bytes.length, true)).toThrow(/ip fragment/);
    }
  });

  test("does not leave its kind to the next frame", () => {
    const frame = new Frame();
    const bytes = icmpFrame(message);
    parseFrame(frame, bytes, 0, bytes.length, true);
    const tcp = udpFrame({ protocol: 6 }, []);
    parseFrame(frame, tcp, 0, tcp.length, true);
    expect(frame.kind).toBe("other");
  });

  test.each([
    [icmpFrame(message), "10.78.0.100 > 10.77.0.1 ICMP echo reply id 21572 sequence 7"],
    [request(21572, 8), "10.77.0.1 > 10.78.0.100 ICMP echo request id 21572 sequence 8"],
    [icmpFrame(icmp(3, 1, [0, 0, 0, 0])), "ICMP type 3"],
  ])("is told in one line: %#", (bytes, expected) => {
    expect(describeFrame(bytes, 0, bytes.length)).toContain(expected);
  });

  test("cut short within ICMP is told as well", () => {
    const bytes = icmpFrame(message);
    bytes.set([0, 24], 16);
    bytes.set([0, 0], 24);
    bytes.set(u16(checksum(Array.from(bytes.subarray(14, 34)))), 24);
    expect(describeFrame(bytes, 0, bytes.length)).toContain("ICMP 4 bytes");
  });
});
