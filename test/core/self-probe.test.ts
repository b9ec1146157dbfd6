import { describe, expect, test } from "vitest";
import { parseSubnet, type Subnet } from "../../daemon/base/address.ts";
import { REFUSALS, type RefusalReason } from "../../daemon/catalogue.ts";
import { isSelfProbe, SelfProbe } from "../../daemon/core/self-probe.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { judgeFrames } from "../support/tshark.ts";
import { type MessageParts, messageBytes, option, u32, udpFrame } from "../wire/messages.ts";

const SUBNETS = ["10.0.0.0/24", "10.9.0.0/16"].map(subnet);
const SILENT = { frame: undefined, refusal: undefined };

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

function requestOf(probe: SelfProbe, now = 0) {
  const bytes = probe.request(now);
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  return { bytes, frame, message: decodeDhcp4(bytes, frame.payloadStart, frame.payloadEnd) };
}

const OFFER = [...option(53, [2]), ...option(54, u32(0x0a000001)), ...option(51, u32(3600))];

/** What a server makes of the request; `parts` changes it. */
function offerFor(probe: SelfProbe, parts: MessageParts = {}, destinationPort = 68): Uint8Array {
  const { message } = requestOf(probe);
  return udpFrame(
    { sourcePort: 67, destinationPort, sourceIp: 0x0a000001 },
    messageBytes({
      op: 2,
      xid: message.xid,
      chaddr: message.chaddr,
      yiaddr: 0x0a000032,
      options: [...OFFER, 255],
      ...parts,
    }),
  );
}

describe("the request", () => {
  test("is a client's DISCOVER, with a hardware address that shows what it is", () => {
    const probe = new SelfProbe(3, 77);
    const { bytes, frame, message } = requestOf(probe);
    expect(probe.mac).toEqual(Uint8Array.of(0x02, 0x54, 0x44, 0, 0, 3));
    expect(frame.srcMac).toEqual(probe.mac);
    expect([frame.sourcePort, frame.destinationPort, frame.isBroadcast]).toEqual([68, 67, true]);
    expect([message.op, message.u8(53), message.giaddr]).toEqual([1, 1, 0]);
    expect(isSelfProbe(message)).toBe(true);
    // No rapid commit (RFC 4039): a lease would be written down.
    expect(message.codes()).toEqual([53, 55]);
    expect(judgeFrames([bytes])).toEqual([]);
  });

  test("has another xid each time", () => {
    const probe = new SelfProbe(0, 0xfffffffe);
    const xids = Array.from({ length: 4 }, () => requestOf(probe).message.xid);
    expect(xids).toEqual([0xffffffff, 0, 1, 2]);
  });

  test.each<[string, MessageParts]>([
    ["a device", { chaddr: [0x02, 0x00, 0x5e, 0, 0, 0] }],
    ["another hardware type", { chaddr: [2, 0x54, 0x44, 0, 0, 0], htype: 6 }],
    ["another address length", { chaddr: [2, 0x54, 0x44, 0, 0, 0], hlen: 5 }],
    ["a near miss", { chaddr: [2, 0x54, 0x44, 0, 1, 0] }],
  ])("is not that of %s", (_, parts) => {
    const bytes = messageBytes(parts);
    expect(isSelfProbe(decodeDhcp4(bytes, 0, bytes.length))).toBe(false);
  });
});

describe("the time", () => {
  test("runs while the LAN is served", () => {
    const probe = new SelfProbe(0, 1);
    expect([probe.nextAt, probe.isDue(1e9)]).toEqual([undefined, false]);
    probe.start(1000);
    probe.start(2000);
    const first = 1000 + LIMITS.selfProbeMilliseconds;
    expect(probe.nextAt).toBe(first);
    expect([probe.isDue(first - 1), probe.isDue(first)]).toEqual([false, true]);
    probe.request(first + 5);
    expect(probe.nextAt).toBe(first + 5 + LIMITS.selfProbeMilliseconds);
    probe.stop();
    expect([probe.nextAt, probe.isDue(1e9)]).toEqual([undefined, false]);
    probe.start(500_000);
    expect(probe.nextAt).toBe(500_000 + LIMITS.selfProbeMilliseconds);
  });
});

describe("the judgement", () => {
  test.each<[string, MessageParts]>([
    ["of the first network", {}],
    ["of another network on the wire", { yiaddr: 0x0a090102 }],
  ])("lets an offer %s pass", (_, parts) => {
    const probe = new SelfProbe(2, 9);
    const frame = offerFor(probe, parts);
    expect(probe.judge({ frame, refusal: undefined }, SUBNETS)).toBeUndefined();
  });

  test.each<[string, MessageParts]>([
    ["the offered address 10.1.0.5 belongs to none of its networks", { yiaddr: 0x0a010005 }],
    ["the offered address 0.0.0.0 belongs to none of its networks", { yiaddr: 0 }],
    ["the answer is not an offer", { options: [...option(53, [5]), 255] }],
    ["the answer is not an offer", { options: [...option(53, [6]), 255] }],
    ["the answer is not an offer", { options: [255] }],
    ["the answer is not an offer", { op: 1 }],
    ["the offer is for another request", { xid: 1 }],
    ["the offer is for another request", { chaddr: [2, 0x54, 0x44, 0, 0, 9] }],
    ["the offer is for another request", { chaddr: [2, 0, 0, 0, 0, 2] }],
    ["the answer cannot be read", { cookie: 1 }],
    ["the answer cannot be read", { options: [53, 200] }],
    ["the offer names no server", { options: without(54) }],
    ["the offer has no lease time", { options: without(51) }],
    ["the offer has no lease time", { options: [...without(51).slice(0, -1), 51, 4, 0, 0, 0, 0] }],
  ])("finds: %s (%#)", (why, parts) => {
    const probe = new SelfProbe(2, 9);
    const frame = offerFor(probe, parts);
    expect(probe.judge({ frame, refusal: undefined }, SUBNETS)).toBe(why);
  });

  test("finds what does not go to a client, and what is no frame at all", () => {
    const probe = new SelfProbe(2, 9);
    const toRelay = offerFor(probe, {}, 67);
    expect(probe.judge({ frame: toRelay, refusal: undefined }, SUBNETS)).toBe(
      "the answer does not go to a client",
    );
    const cut = offerFor(probe).slice(0, 30);
    expect(probe.judge({ frame: cut, refusal: undefined }, SUBNETS)).toBe(
      "the answer cannot be read",
    );
  });

  test("does not take the answer to the request before", () => {
    const probe = new SelfProbe(2, 9);
    const frame = offerFor(probe);
    probe.request(0);
    expect(probe.judge({ frame, refusal: undefined }, SUBNETS)).toBe(
      "the offer is for another request",
    );
  });

  test("finds silence", () => {
    expect(new SelfProbe(0, 1).judge(SILENT, SUBNETS)).toBe("no answer");
  });

  test("tells a server with nothing to give from one that does not work", () => {
    const probe = new SelfProbe(0, 1);
    const verdict = (refusal: RefusalReason) => probe.judge({ frame: undefined, refusal }, SUBNETS);
    expect(verdict("no-free-address")).toBeUndefined();
    expect(verdict("pool-closed")).toBeUndefined();
    expect(verdict("kept-for-known")).toBeUndefined();
    expect(verdict("not-serving")).toBeUndefined();
    expect(verdict("dhcp-malformed")).toBe(`refused, as ${REFUSALS["dhcp-malformed"]}`);
    expect(verdict("relay-unknown")).toBeDefined();
    expect(verdict("own-frame")).toBeDefined();
    expect(verdict("wrong-network")).toBeDefined();
  });
});

function without(code: number): number[] {
  const kept = { 53: [2], 54: u32(0x0a000001), 51: u32(3600) };
  const rows = Object.entries(kept).filter(([one]) => Number(one) !== code);
  return [...rows.flatMap(([one, content]) => option(Number(one), content)), 255];
}
