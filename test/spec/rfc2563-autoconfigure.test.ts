// RFC 2563: tell a client that gets no address whether it may make one up (169.254/16).

import { describe, expect, test } from "vitest";
import { parseMac } from "../../daemon/base/address.ts";
import { bytes, CoreBench, kinds, network, OFFER, poolOf } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, RELAY, relayAgent, sub } from "./networks.ts";

judgeAllSent();

const AUTO_CONFIGURE = 116;
/** What clients send: they would configure themselves. */
const willing = { options: { [AUTO_CONFIGURE]: bytes(1) } };
const FULL = { pool: ["10.77.0.100", "10.77.0.100"] } as { pool: [string, string] };
const SET = [
  { code: 1, data: bytes(255, 255, 255, 0) },
  { code: AUTO_CONFIGURE, data: bytes(0) },
];

describe("RFC 2563 auto-configure", () => {
  test("RFC 2563 §2.3: no address: a DHCPOFFER of 0.0.0.0 with what the network is set to", () => {
    const bench = full();
    const offer = bench.discover(B, willing);
    expect(offer?.type).toBe(OFFER);
    expect(offer?.yiaddr).toBe("0.0.0.0");
    expect(offer?.option(AUTO_CONFIGURE)).toEqual([0]);
    expect(offer?.option(54)).toEqual([10, 77, 0, 2]);
  });

  test("RFC 2563 §2.3: it has neither lease time nor T1 and T2, and nothing is held or written", () => {
    const bench = full();
    const offer = bench.discover(B, willing);
    for (const code of [51, 58, 59]) expect(offer?.message.has(code)).toBe(false);
    expect(kinds(bench.effects)).toEqual(["send"]);
    expect(bench.core.poolCounts(0, 0).offered).toBe(0);
  });

  test("RFC 2563 §2.3: it gets to a client that has no address: broadcast", () => {
    const offer = full().discover(B, willing);
    expect(offer?.destinationIp).toBe("255.255.255.255");
    expect(offer?.destinationMac).toBe("ff:ff:ff:ff:ff:ff");
  });

  test("RFC 2563 §2.3: through a relay, with its option 82", () => {
    const info = relayAgent(sub(1, 1, 2));
    const offer = full().discover(B, { ...RELAY, options: { ...willing.options, 82: info } });
    expect([offer?.destinationIp, offer?.yiaddr]).toEqual(["10.77.0.9", "0.0.0.0"]);
    expect(offer?.option(82)).toEqual(Array.from(info));
  });

  test("RFC 2563 §2.3: a network that allows it gives no answer, as before", () => {
    const bench = full([{ code: AUTO_CONFIGURE, data: bytes(1) }]);
    expect(bench.discover(B, willing)).toBeUndefined();
  });

  test("RFC 2563 §2.3: a client without the option gets no answer", () => {
    const bench = full();
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.refused()).toEqual({ "no-free-address": 1 });
  });

  test("a network that is not set for it gives no answer", () => {
    expect(full([]).discover(B, willing)).toBeUndefined();
  });

  test("RFC 2563 §2.3: a device that no pool is open to is told too", () => {
    const pools = [poolOf("10.77.0.100", "10.77.0.199", { isKnownOnly: true })];
    const bench = new CoreBench([network({ options: SET, pools })]);
    const offer = bench.discover(B, willing);
    expect([offer?.type, offer?.yiaddr]).toEqual([OFFER, "0.0.0.0"]);
    expect(offer?.option(AUTO_CONFIGURE)).toEqual([0]);
    expect(bench.discover(B)).toBeUndefined();
  });

  test("RFC 2563 §2.3: a device that is denied by configuration is told too", () => {
    const mac = parseMac(B) ?? bytes();
    const bench = new CoreBench([network({ options: SET, deny: [mac] })]);
    const offer = bench.discover(B, willing);
    expect([offer?.type, offer?.yiaddr]).toEqual([OFFER, "0.0.0.0"]);
    expect(offer?.option(AUTO_CONFIGURE)).toEqual([0]);
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.refused()).toEqual({ denied: 2 });
  });

  test("RFC 2563 §2.3: a client that gets an address is answered as ever", () => {
    const bench = new CoreBench([network({ options: SET })]);
    const offer = bench.discover(A, willing);
    expect(offer?.yiaddr).toMatch(/^10\.77\.0\.1\d\d$/);
    expect(offer?.message.has(51)).toBe(true);
  });

  test("RFC 2563 §2: an option of another length counts as absent", () => {
    expect(full().discover(B, { options: { [AUTO_CONFIGURE]: bytes(1, 1) } })).toBeUndefined();
  });

  test("the condition and the count are those of a full pool", () => {
    const bench = full();
    bench.discover(B, willing);
    expect(bench.conditions()).toEqual(["pool-full office"]);
    expect(bench.refused()).toEqual({ "no-free-address": 1 });
  });
});

/** A network whose only address is leased to A. */
function full(options = SET): CoreBench {
  const bench = new CoreBench([network({ ...FULL, options })]);
  bench.lease(A);
  return bench;
}
