// RFC 8925: clients that can do without IPv4 are told that this network can, too.

import { describe, expect, test } from "vitest";
import {
  ACK,
  bytes,
  CoreBench,
  INFORM,
  kinds,
  NAK,
  network,
  OFFER,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, textOf } from "./networks.ts";

judgeAllSent();

const IPV6_ONLY = 108;
const AUTO_CONFIGURE = 116;
const RAPID_COMMIT = 80;
const WAIT = [0, 0, 7, 8];
const MASK = { code: 1, data: bytes(255, 255, 255, 0) };
const options = [MASK, { code: IPV6_ONLY, data: bytes(...WAIT) }];
const wanted = { 55: bytes(1, IPV6_ONLY) };
const asking = { options: wanted };

describe("RFC 8925 §3.3: IPv6-only preferred", () => {
  test("MUST NOT be in the reply to a client that does not ask for it, which gets an address", () => {
    for (const more of [{}, { options: { 55: bytes(1, 3) } }]) {
      const bench = new CoreBench([network({ options })]);
      const offer = bench.discover(A, more);
      const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", more);
      const informed = bench.send({ type: INFORM, mac: A, ciaddr: "10.77.0.44", ...more });
      expect([offer?.type, ack?.type, informed?.type]).toEqual([OFFER, ACK, ACK]);
      for (const reply of [offer, ack, informed]) expect(reply?.message.has(IPV6_ONLY)).toBe(false);
    }
  });

  test("MUST be in the DHCPOFFER to one that asks: 4 bytes, the configured time", () => {
    const offer = new CoreBench([network({ options })]).discover(A, asking);
    expect(offer?.type).toBe(OFFER);
    expect(offer?.option(IPV6_ONLY)).toEqual(WAIT);
  });

  test("SHOULD return 0.0.0.0 as the offered address, without times, and reserve and ask nothing", () => {
    const bench = new CoreBench([network({ options, probe: true })]);
    const offer = bench.discover(A, asking);
    expect(offer?.yiaddr).toBe("0.0.0.0");
    for (const code of [51, 58, 59]) expect(offer?.message.has(code)).toBe(false);
    expect(offer?.option(54)).toEqual([10, 77, 0, 2]);
    expect(offer?.destinationIp).toBe("255.255.255.255");
    expect(kinds(bench.effects)).toEqual(["send"]);
    expect(bench.core.poolCounts(0, 0).offered).toBe(0);
    expect(bench.refused()).toEqual({ "ipv6-only": 1 });
  });

  test("SHOULD NOT honor rapid commit in such an answer", () => {
    const bench = new CoreBench([network({ options, rapidCommit: true })]);
    const offer = bench.discover(A, { options: { ...wanted, [RAPID_COMMIT]: bytes() } });
    expect([offer?.type, offer?.yiaddr]).toEqual([OFFER, "0.0.0.0"]);
    expect(offer?.message.has(RAPID_COMMIT)).toBe(false);
    expect(kinds(bench.effects)).toEqual(["send"]);
  });

  test("MUST process a DHCPREQUEST per RFC 2131, the option in the DHCPACK", () => {
    const bench = new CoreBench([network({ options })]);
    const held = bench.lease(A);
    for (const ack of [bench.reboot(A, held, asking), bench.renew(A, held, asking)]) {
      expect([ack?.type, ack?.yiaddr]).toEqual([ACK, held]);
      expect(ack?.option(IPV6_ONLY)).toEqual(WAIT);
    }
  });

  test("MUST NOT be sent from a pool that is not set for it", () => {
    const offer = new CoreBench().discover(A, asking);
    expect(offer?.message.has(IPV6_ONLY)).toBe(false);
    expect(offer?.yiaddr).toMatch(/^10\.77\.0\.1\d\d$/);
  });

  test("is not in a DHCPNAK", () => {
    const nak = new CoreBench([network({ options })]).reboot(A, "10.99.0.1", asking);
    expect(nak?.type).toBe(NAK);
    expect(nak?.message.has(IPV6_ONLY)).toBe(false);
    expect(textOf(nak, 56)).not.toBe("");
  });

  test("MUST be zero when the time is configured as zero", () => {
    const zero = [{ code: IPV6_ONLY, data: bytes(0, 0, 0, 0) }];
    const offer = new CoreBench([network({ options: zero })]).discover(A, asking);
    expect(offer?.option(IPV6_ONLY)).toEqual([0, 0, 0, 0]);
  });
});

describe("RFC 8925 §3.3.1: with RFC 2563", () => {
  const both = { options: { ...wanted, [AUTO_CONFIGURE]: bytes(1) } };
  const disabled = [...options, { code: AUTO_CONFIGURE, data: bytes(0) }];

  test("a client that sends both options is told both", () => {
    const offer = new CoreBench([network({ options: disabled })]).discover(A, both);
    expect(offer?.yiaddr).toBe("0.0.0.0");
    expect(offer?.option(IPV6_ONLY)).toEqual(WAIT);
    expect(offer?.option(AUTO_CONFIGURE)).toEqual([0]);
  });

  test("one that sends no auto-configure is not told of it", () => {
    const offer = new CoreBench([network({ options: disabled })]).discover(A, asking);
    expect(offer?.option(IPV6_ONLY)).toEqual(WAIT);
    expect(offer?.message.has(AUTO_CONFIGURE)).toBe(false);
  });

  test("a full pool: it is answered all the same", () => {
    const pool = ["10.77.0.100", "10.77.0.100"] as [string, string];
    const bench = new CoreBench([network({ options, pool })]);
    bench.lease(A);
    const offer = bench.discover(B, asking);
    expect([offer?.type, offer?.yiaddr]).toEqual([OFFER, "0.0.0.0"]);
    expect(offer?.option(IPV6_ONLY)).toEqual(WAIT);
    expect(bench.discover(B)).toBeUndefined();
  });
});
