// The independent judge: what we write must be right to tshark, and mean the same to it as to us.

import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4 } from "../../daemon/base/address.ts";
import { encodeOption, OPTION } from "../../daemon/wire/dhcp4-options.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { judgeFrames, tsharkFields } from "../support/tshark.ts";
import { CLIENT_MAC, fromHex, messageBytes, option, SERVER_MAC, udpFrame } from "./messages.ts";
import { OPTION_CASES } from "./option-cases.ts";

const HEADER = {
  op: 2,
  htype: 1,
  hlen: 6,
  hops: 0,
  xid: 0x12345678,
  secs: 0,
  flags: 0,
  ciaddr: 0 as Ipv4,
  yiaddr: 0x0a4d0064 as Ipv4,
  siaddr: 0 as Ipv4,
  giaddr: 0 as Ipv4,
  chaddr: Uint8Array.from(CLIENT_MAC),
};
const ADDRESSING = {
  sourceMac: Uint8Array.from(SERVER_MAC),
  destinationMac: Uint8Array.from(CLIENT_MAC),
  sourceIp: 0x0a4d0001 as Ipv4,
  destinationIp: 0x0a4d0064 as Ipv4,
  sourcePort: 67,
  destinationPort: 68,
};

function ack(options: (writer: ReplyWriter) => void, size = 1500): Uint8Array {
  const writer = new ReplyWriter();
  writer.begin(HEADER, size);
  writer.u8(53, 5);
  writer.u32(54, 0x0a4d0001);
  writer.u32(51, 3600);
  options(writer);
  const frame = writer.finish(ADDRESSING);
  expect(writer.leftOut).toEqual([]);
  return frame;
}

describe("the judge itself", () => {
  const good = udpFrame({}, messageBytes({ options: [...option(53, [1]), 255] }));

  test("passes what is right", () => {
    expect(judgeFrames([good])).toEqual([]);
    expect(judgeFrames([])).toEqual([]);
  });

  test("finds a wrong IP checksum, a wrong UDP checksum, and says in which frame", () => {
    const badIp = good.slice();
    badIp[24] = (badIp[24] ?? 0) ^ 1;
    const badUdp = good.slice();
    badUdp[40] = (badUdp[40] ?? 0) ^ 1;
    const problems = judgeFrames([good, badIp, good, badUdp]);
    expect(problems.map(({ frame, severity }) => [frame, severity])).toEqual([
      [1, "error"],
      [3, "error"],
    ]);
    expect(judgeFrames([badUdp], { areUdpChecksumsVerified: false })).toEqual([]);
  });

  test("finds a malformed packet", () => {
    const cut = udpFrame({}, messageBytes({}).slice(0, 200));
    expect(judgeFrames([cut])).toMatchObject([{ frame: 0, severity: "malformed" }]);
  });

  test("finds an option of an impossible length", () => {
    const bad = udpFrame(
      {},
      messageBytes({ options: [...option(53, [5]), ...option(1, [1]), 255] }),
    );
    expect(judgeFrames([bad])).toMatchObject([{ frame: 0 }]);
  });
});

describe("every option in a reply", () => {
  // tshark 4.0 calls a PCP list malformed from its second address on (RFC 7291 §4.1 has them), so
  // this option is shown to it with one.
  const written = [
    ...OPTION_CASES.filter(
      ({ row }) => row.sender !== "client" && row.code !== OPTION.pcpServer.code,
    ),
    { name: "pcp-server", row: OPTION.pcpServer, bytes: fromHex("04 0a 4d 00 01") },
  ];
  const frames = written.map(({ row, bytes }) => ack((writer) => writer.bytes(row.code, bytes)));

  test("is neither malformed nor an error", () => {
    const problems = judgeFrames(frames).map(({ frame, text }) => [written[frame]?.name, text]);
    expect(problems).toEqual([]);
  });

  test("is the option it is meant to be", () => {
    const fields = tsharkFields(frames, ["dhcp.option.type", "dhcp.option.dhcp"]);
    for (const [i, field] of fields.entries()) {
      const code = written[i]?.row.code;
      expect(field["dhcp.option.dhcp"], written[i]?.name).toEqual(["5"]);
      expect(field["dhcp.option.type"], written[i]?.name).toContain(String(code));
    }
  });
});

describe("layouts", () => {
  const many = (writer: ReplyWriter) => {
    writer.bytes(82, Uint8Array.of(1, 4, 0x65, 0x74, 0x68, 0x30));
    for (const { row, bytes } of OPTION_CASES.slice(0, 14)) {
      if (![53, 54, 51].includes(row.code) && bytes.length < 60) writer.bytes(row.code, bytes);
    }
  };
  const servers = Array.from({ length: 100 }, (_, i) => (0x0a4d0000 + i) as Ipv4);

  test("padding, overload, long options and option 82 are understood", () => {
    const frames = [
      ack(() => {}),
      ack(many),
      ack((writer) => {
        many(writer);
        writer.bytes(128, new Uint8Array(150).fill(1));
        writer.bytes(129, new Uint8Array(100).fill(2));
        writer.bytes(130, new Uint8Array(50).fill(3));
      }, 576),
      ack((writer) => writer.bytes(6, encodeOption(OPTION.domainNameServer, servers))),
      ack((writer) => {
        writer.sname(Uint8Array.from([0x61, 0x62]));
        writer.file(Uint8Array.from([0x63, 0x64]));
        many(writer);
      }),
    ];
    expect(judgeFrames(frames)).toEqual([]);
    const [, , overloaded, long, named] = tsharkFields(frames, [
      "dhcp.option.type",
      "dhcp.option.domain_name_server",
      "dhcp.file",
      "dhcp.server",
    ]);
    expect(overloaded?.["dhcp.option.type"]).toEqual(
      expect.arrayContaining(["128", "129", "130", "52", "82"]),
    );
    expect(long?.["dhcp.option.domain_name_server"]).toEqual(
      expect.arrayContaining([formatIpv4(servers[0] ?? (0 as Ipv4))]),
    );
    expect([named?.["dhcp.server"], named?.["dhcp.file"]]).toEqual([["ab"], ["cd"]]);
  });
});
