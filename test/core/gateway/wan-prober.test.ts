// The way to the provider and what is behind it, asked in frames: what leaves when, and what is believed of what comes.

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { formatIpv4, formatMac, type Ipv4, ipv4 } from "../../../daemon/base/address.ts";
import { WanProber, type WanRules } from "../../../daemon/core/gateway/wan-prober.ts";
import { ARP_REPLY, ARP_REQUEST, buildArp, parseArp } from "../../../daemon/wire/arp.ts";
import { Frame, parseFrame } from "../../../daemon/wire/frame.ts";
import { checksum, u16, udpFrame } from "../../wire/messages.ts";

const OWN_MAC = Uint8Array.of(2, 0, 0x5e, 0, 1, 1);
const ROUTER_MAC = Uint8Array.of(2, 0, 0x5e, 0, 1, 0xfe);
const ROUTER = ipv4("10.79.0.9");
const OWN = ipv4("10.79.0.1");
const [FIRST, SECOND] = [ipv4("192.0.2.1"), ipv4("192.0.2.2")];
const RULES: WanRules = {
  ...{ interfaceName: "wan0", router: ROUTER, own: OWN, targets: [FIRST, SECOND] },
};
const UP = { isPresent: true, hasCarrier: true, mac: OWN_MAC };
const DOWN = { ...UP, hasCarrier: false };

let prober: WanProber;
beforeEach(() => {
  prober = new WanProber(RULES);
});

/** What a frame asks: "arp 10.79.0.9", or "echo 192.0.2.1 3" with its number. */
function questionOf(bytes: Uint8Array): string {
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  expect(formatMac(frame.srcMac)).toBe(formatMac(OWN_MAC));
  if (frame.kind === "arp") {
    const { operation, targetIp, senderIp } = parseArp(bytes, frame.payloadStart, frame.payloadEnd);
    expect([operation, frame.isBroadcast, senderIp]).toEqual([ARP_REQUEST, true, 0]);
    return `arp ${formatIpv4(targetIp)}`;
  }
  expect([frame.kind, formatMac(frame.dstMac)]).toEqual(["icmp", formatMac(ROUTER_MAC)]);
  expect(frame.sourceIp).toBe(OWN);
  const view = new DataView(bytes.buffer, bytes.byteOffset + frame.payloadStart);
  expect([view.getUint8(0), view.getUint16(4)]).toEqual([8, 0x5464]);
  return `echo ${formatIpv4(frame.destinationIp)} ${view.getUint16(6)}`;
}

function due(now: number): string[] {
  return prober.due(now).map(questionOf);
}

function hear(bytes: Uint8Array, now: number): void {
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  prober.heard(frame, now);
}

function arp(senderIp: Ipv4, operation = ARP_REPLY): Uint8Array {
  const [senderMac, targetMac] = [ROUTER_MAC, OWN_MAC];
  return buildArp(OWN_MAC, { operation, senderMac, senderIp, targetMac, targetIp: OWN });
}

function echoReply(from: Ipv4, sequence: number, identifier = 0x5464, type = 0): Uint8Array {
  const rest = [...u16(identifier), ...u16(sequence)];
  const icmp = [type, 0, ...u16(checksum([type, 0, 0, 0, ...rest])), ...rest];
  const macs = { sourceMac: ROUTER_MAC, destinationMac: OWN_MAC };
  const frame = udpFrame({ ...macs, protocol: 1, sourceIp: from, destinationIp: OWN }, []);
  frame.set(icmp, 34);
  return frame;
}

/** Time from `from` up to but not including `to`, a quarter of a second at a time; every question is answered. */
function live(
  from: number,
  to: number,
  answers: (question: string, now: number) => boolean = () => true,
): void {
  for (let now = from; now < to; now += 250) {
    for (const question of due(now)) {
      if (!answers(question, now)) continue;
      const [kind, address = "", number] = question.split(" ");
      if (kind === "arp") hear(arp(ipv4(address)), now + 1);
      else hear(echoReply(ipv4(address), Number(number)), now + 8);
    }
  }
}

describe("what is asked", () => {
  test("nothing before the port is known, and nothing without a cable", () => {
    expect(due(0)).toEqual([]);
    prober.setLink(DOWN);
    expect(due(1000)).toEqual([]);
    prober.setLink({ ...DOWN, isPresent: false });
    expect(due(2000)).toEqual([]);
  });

  test("the router twice a second, also by the box that has not the gateway, and each question once", () => {
    prober.setLink(UP);
    expect(due(0)).toEqual(["arp 10.79.0.9"]);
    expect(due(0)).toEqual([]);
    expect(due(499)).toEqual([]);
    expect(due(500)).toEqual(["arp 10.79.0.9"]);
    hear(arp(ROUTER), 501);
    live(1000, 5000);
    expect(due(5000), "nothing behind it").toEqual(["arp 10.79.0.9"]);
  });

  test("the targets once a second by the box that has the gateway, through the router that answered", () => {
    prober.setLink(UP);
    prober.setHolder(true);
    expect(due(0), "no way is known yet").toEqual(["arp 10.79.0.9"]);
    hear(arp(ROUTER), 1);
    expect(due(1)).toEqual(["echo 192.0.2.1 1", "echo 192.0.2.2 1"]);
    expect(due(1000)).toEqual(["arp 10.79.0.9"]);
    expect(due(1001)).toEqual(["echo 192.0.2.1 2", "echo 192.0.2.2 2"]);
    prober.setHolder(false);
    expect(due(2100)).toEqual(["arp 10.79.0.9"]);
  });

  test("after a long sleep nothing is made up for", () => {
    prober.setLink(UP);
    due(0);
    expect(due(3_600_000)).toEqual(["arp 10.79.0.9"]);
    expect(due(3_600_001)).toEqual([]);
  });
});

describe("the way to the provider", () => {
  test("is what the port says, as soon as it says something", () => {
    expect(prober.wan(0)).toBeUndefined();
    prober.setLink({ ...DOWN, isPresent: false });
    expect(prober.wan(0)).toEqual({ isGood: false, detail: "there is no port wan0" });
    prober.setLink(DOWN);
    expect(prober.wan(0)).toEqual({ isGood: false, detail: "wan0 has no cable" });
    prober.setLink(UP);
    expect(prober.wan(0)).toBeUndefined();
    prober.setLink(undefined);
    expect(prober.wan(0)).toBeUndefined();
  });

  test("is good with the first answer of the router", () => {
    prober.setLink(UP);
    due(0);
    hear(arp(ROUTER), 3);
    expect(prober.wan(3)).toEqual({
      ...{ isGood: true, detail: "the router 10.79.0.9 answers in 3 ms, 0 of 1 lost" },
    });
  });

  test("is bad when the last three questions are over without an answer, and not before", () => {
    prober.setLink(UP);
    live(0, 5000);
    live(5000, 8000, () => false);
    // Those of 5000, 5500 and 6000; an answer may take a second.
    expect(prober.wan(7000)?.isGood).toBe(true);
    expect(prober.wan(7001)).toEqual({
      ...{ isGood: false, detail: "the router 10.79.0.9 does not answer" },
    });
  });

  test("an answer stands for every question of the last second: it does not say which one it answers", () => {
    prober.setLink(UP);
    // Two of eight questions each time.
    live(0, 28_250, (_, now) => now % 4000 === 0);
    expect(prober.wan(28_250)).toEqual({
      ...{ isGood: false, detail: "the router 10.79.0.9 answers in 501 ms, 14 of 20 lost" },
    });
    live(30_000, 58_750, (_, now) => now % 1000 === 0);
    expect(prober.wan(58_750)).toEqual({
      ...{ isGood: true, detail: "the router 10.79.0.9 answers in 1 ms, 0 of 19 lost" },
    });
  });

  test("begins anew with the cable: what was lost without one says nothing", () => {
    prober.setLink(UP);
    live(0, 5000, () => false);
    expect(prober.wan(5000)?.isGood).toBe(false);
    prober.setLink(DOWN);
    prober.setLink(UP);
    expect(prober.wan(5001)).toBeUndefined();
    // Told again that it is up is no new cable.
    live(5250, 9000, () => false);
    prober.setLink(UP);
    expect(prober.wan(9000)?.isGood).toBe(false);
  });
});

describe("what is behind the router", () => {
  beforeEach(() => {
    prober.setLink(UP);
    prober.setHolder(true);
  });

  test("is known by the box that has the gateway only", () => {
    live(0, 3000);
    expect(prober.internet(3000)?.isGood).toBe(true);
    prober.setHolder(false);
    expect(prober.internet(3000)).toBeUndefined();
    prober.setHolder(true);
    expect(prober.internet(3000), "of what was before nothing is known").toBeUndefined();
  });

  test("is there when one of the targets answers", () => {
    live(0, 6000, (question) => !question.startsWith("echo 192.0.2.1"));
    expect(prober.internet(6000)).toEqual({
      isGood: true,
      detail: "192.0.2.1 does not answer; 192.0.2.2 answers in 8 ms, 0 of 6 lost",
    });
  });

  test("is as good as not when more than half of what is asked there is lost", () => {
    live(0, 30_000, (question, now) => question.startsWith("arp") || now % 3000 < 1000);
    expect(prober.internet(28_000)).toEqual({
      isGood: false,
      detail: "192.0.2.1 answers in 8 ms, 12 of 18 lost; 192.0.2.2 answers in 8 ms, 12 of 18 lost",
    });
  });

  test("is not when none does, whatever the router says", () => {
    live(0, 6000, (question) => question.startsWith("arp"));
    expect(prober.wan(6000)?.isGood).toBe(true);
    expect(prober.internet(6000)).toEqual({
      ...{ isGood: false, detail: "192.0.2.1 does not answer; 192.0.2.2 does not answer" },
    });
  });

  test.each([DOWN, undefined])("is not known while nobody can be asked: %j", (link) => {
    live(0, 3000);
    prober.setLink(link);
    expect(prober.internet(3000)).toBeUndefined();
  });

  test("without targets there is nothing to know", () => {
    prober = new WanProber({ ...RULES, targets: [] });
    prober.setLink(UP);
    prober.setHolder(true);
    live(0, 5000);
    expect(prober.internet(5000)).toBeUndefined();
    expect(prober.wan(5000)?.isGood).toBe(true);
  });
});

describe("nobody else is believed", () => {
  beforeEach(() => {
    prober.setLink(UP);
    prober.setHolder(true);
    due(0);
  });

  test.each([
    ["a reply of another host", arp(ipv4("10.79.0.8"))],
    ["the router's own question", arp(ROUTER, ARP_REQUEST)],
    ["an ARP packet of another kind", arp(ROUTER, 9)],
    ["an ARP packet that is cut short", arp(ROUTER).subarray(0, 30)],
  ])("%s", (_, bytes) => {
    hear(bytes, 1);
    expect(prober.wan(1)).toBeUndefined();
    expect(due(1), "and nothing is sent there").toEqual([]);
  });

  test.each([
    ["another program's ping", echoReply(FIRST, 1, 0x5465)],
    ["a question", echoReply(FIRST, 1, 0x5464, 8)],
    ["another host", echoReply(ROUTER, 1)],
    ["a number that was not asked", echoReply(FIRST, 9)],
    ["a wrong checksum", echoReply(FIRST, 1).fill(7, 36, 38)],
    ["an echo that is cut short", echoReply(FIRST, 1).subarray(0, 40)],
  ])("an echo reply: %s", (_, bytes) => {
    hear(arp(ROUTER), 1);
    expect(due(1)).toHaveLength(2);
    try {
      hear(bytes, 2);
    } catch {
      // Not even a frame.
    }
    expect(prober.internet(2)).toBeUndefined();
  });

  test("whatever the frame is, nothing is thrown, and what leaves stays as much as it was", () => {
    const good = [arp(ROUTER), echoReply(FIRST, 1), echoReply(SECOND, 2), arp(OWN, ARP_REQUEST)];
    const changed = fc
      .tuple(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(59), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([bytes, changes]) => {
        const copy = bytes.slice();
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    const frame = new Frame();
    let now = 0;
    let heard = 0;
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 80 })), fc.nat(80), (bytes, cut) => {
        now += 250;
        const questions = prober.due(now);
        expect(questions.length).toBeLessThanOrEqual(3);
        try {
          parseFrame(frame, bytes, 0, Math.max(0, bytes.length - (cut > 60 ? cut - 60 : 0)), true);
        } catch {
          return;
        }
        prober.heard(frame, now);
        prober.wan(now);
        prober.internet(now);
        heard++;
      }),
      { numRuns: 3000 },
    );
    expect(heard).toBeGreaterThan(1000);
  });
});
