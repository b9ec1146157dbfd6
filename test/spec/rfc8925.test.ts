// RFC 8925: clients that can do without IPv4 are told that this network can, too.

import { describe, expect, test } from "vitest";
import { ACK, bytes, CoreBench, INFORM, NAK, network, OFFER } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A } from "./networks.ts";

judgeAllSent();

const IPV6_ONLY = 108;
const WAIT = [0, 0, 7, 8];
const options = [
  { code: 1, data: bytes(255, 255, 255, 0) },
  { code: IPV6_ONLY, data: bytes(...WAIT) },
];
const asking = { options: { 55: bytes(1, IPV6_ONLY) } };

describe("RFC 8925 §3.3: IPv6-only preferred", () => {
  test("MUST NOT be in the reply to a client that does not ask for it", () => {
    for (const more of [{}, { options: { 55: bytes(1, 3) } }]) {
      const bench = new CoreBench([network({ options })]);
      const offer = bench.discover(A, more);
      const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", more);
      const informed = bench.send({ type: INFORM, mac: A, ciaddr: "10.77.0.44", ...more });
      expect([offer?.type, ack?.type, informed?.type]).toEqual([OFFER, ACK, ACK]);
      for (const reply of [offer, ack, informed]) expect(reply?.message.has(IPV6_ONLY)).toBe(false);
    }
  });

  test("is in the DHCPOFFER to one that asks: 4 bytes, the configured time", () => {
    const offer = new CoreBench([network({ options })]).discover(A, asking);
    expect(offer?.type).toBe(OFFER);
    expect(offer?.option(IPV6_ONLY)).toEqual(WAIT);
  });

  test("is in the DHCPACK to one that asks: a client keeps its lease until it chooses otherwise", () => {
    const bench = new CoreBench([network({ options })]);
    const held = bench.lease(A);
    for (const ack of [bench.reboot(A, held, asking), bench.renew(A, held, asking)]) {
      expect(ack?.type).toBe(ACK);
      expect(ack?.option(IPV6_ONLY)).toEqual(WAIT);
    }
  });

  test("an offer of 0.0.0.0 has no lease time, and one of an address has it", () => {
    const offer = new CoreBench([network({ options })]).discover(A, asking);
    expect(offer?.message.has(51)).toBe(offer?.yiaddr !== "0.0.0.0");
  });

  test("is not sent by a network that is not set for it", () => {
    const offer = new CoreBench().discover(A, asking);
    expect(offer?.message.has(IPV6_ONLY)).toBe(false);
    expect(offer?.yiaddr).toMatch(/^10\.77\.0\.1\d\d$/);
  });

  test("is not in a DHCPNAK", () => {
    const nak = new CoreBench([network({ options })]).reboot(A, "10.99.0.1", asking);
    expect(nak?.type).toBe(NAK);
    expect(nak?.message.has(IPV6_ONLY)).toBe(false);
  });

  test("MUST be zero when the time is configured as zero", () => {
    const zero = [{ code: IPV6_ONLY, data: bytes(0, 0, 0, 0) }];
    const offer = new CoreBench([network({ options: zero })]).discover(A, asking);
    expect(offer?.option(IPV6_ONLY)).toEqual([0, 0, 0, 0]);
  });
});
