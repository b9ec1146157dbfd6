// RFC 4039: a lease in two messages instead of four.

import { describe, expect, test } from "vitest";
import {
  ACK,
  bytes,
  CoreBench,
  kinds,
  leaseTime,
  network,
  OFFER,
  type Reply,
  reserve,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B } from "./networks.ts";

judgeAllSent();

const RAPID_COMMIT = 80;
const asking = { options: { [RAPID_COMMIT]: bytes() } };

describe("RFC 4039 §3.1: a server that is configured for rapid commit", () => {
  test("answers a DHCPDISCOVER that has the option with a DHCPACK that has it too", () => {
    const { reply } = rapid();
    expect(reply?.type).toBe(ACK);
    expect(reply?.option(RAPID_COMMIT)).toEqual([]);
    expect(leaseTime(reply)).toBe(3600);
    expect(reply?.yiaddr).toMatch(/^10\.77\.0\.1\d\d$/);
    expect(reply?.option(54)).toEqual([10, 77, 0, 2]);
  });

  test("commits the binding to stable storage before it sends the DHCPACK", () => {
    const { bench, reply } = rapid();
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
    expect(bench.at(reply?.yiaddr ?? "")?.state).toBe("active");
  });

  test("the client goes on with this lease as with any other", () => {
    const { bench, reply } = rapid();
    const held = reply?.yiaddr ?? "";
    bench.durable();
    expect(bench.renew(A, held)?.type).toBe(ACK);
    expect(bench.reboot(A, held)?.type).toBe(ACK);
    expect(bench.lease(B)).not.toBe(held);
  });

  test("a repeated DHCPDISCOVER is answered with the same address, written again before", () => {
    const { bench, reply } = rapid();
    const again = bench.discover(A, asking);
    expect([again?.type, again?.yiaddr]).toEqual([ACK, reply?.yiaddr]);
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
  });

  test("a reserved client gets its own address", () => {
    const reservations = [reserve(A, "10.77.0.20")];
    const bench = new CoreBench([network({ rapidCommit: true, reservations })]);
    const reply = bench.discover(A, asking);
    expect([reply?.type, reply?.yiaddr]).toEqual([ACK, "10.77.0.20"]);
  });

  test("a DHCPDISCOVER without the option gets a DHCPOFFER, without the option, and no binding", () => {
    const bench = new CoreBench([network({ rapidCommit: true })]);
    const reply = bench.discover(A);
    expect(reply?.type).toBe(OFFER);
    expect(reply?.message.has(RAPID_COMMIT)).toBe(false);
    expect(kinds(bench.effects)).toEqual(["send"]);
  });

  test("without an address it is as silent as it always is", () => {
    const bench = new CoreBench([
      network({ rapidCommit: true, pool: ["10.77.0.100", "10.77.0.100"] }),
    ]);
    bench.lease(A);
    expect(bench.discover(B, asking)).toBeUndefined();
    expect(bench.refused()).toEqual({ "no-free-address": 1 });
  });

  test("an offer made before is taken back by the lease: the address is held once", () => {
    const bench = new CoreBench([network({ rapidCommit: true })]);
    const offered = bench.discover(A)?.yiaddr;
    expect(bench.discover(A, asking)?.yiaddr).toBe(offered);
    expect(bench.core.poolCounts(0, 0).offered).toBe(0);
  });
});

describe("RFC 4039 §4: where the option may stand", () => {
  test("not in the DHCPACK to a DHCPREQUEST, though the client sends it there", () => {
    const bench = new CoreBench([network({ rapidCommit: true })]);
    const offer = bench.discover(A);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", asking);
    expect(ack?.type).toBe(ACK);
    expect(ack?.message.has(RAPID_COMMIT)).toBe(false);
  });

  test("its length is 0: one of another length does not commit anything", () => {
    const bench = new CoreBench([network({ rapidCommit: true })]);
    const reply = bench.discover(A, { options: { [RAPID_COMMIT]: bytes(1) } });
    expect(reply?.type).not.toBe(ACK);
    expect(kinds(bench.effects)).not.toContain("persist");
  });

  test("a network that is not set for it offers, and never sends the option", () => {
    const bench = new CoreBench([network({ rapidCommit: false })]);
    const reply = bench.discover(A, asking);
    expect(reply?.type).toBe(OFFER);
    expect(reply?.message.has(RAPID_COMMIT)).toBe(false);
  });

  test("it cannot be put into replies by configuration", () => {
    const options = [{ code: RAPID_COMMIT, data: bytes() }];
    const asked = { options: { 55: bytes(RAPID_COMMIT) } };
    const bench = new CoreBench([network({ options })]);
    expect(bench.discover(A, asked)?.message.has(RAPID_COMMIT)).toBe(false);
  });
});

function rapid(): { bench: CoreBench; reply: Reply | undefined } {
  const bench = new CoreBench([network({ rapidCommit: true })]);
  return { bench, reply: bench.discover(A, asking) };
}
