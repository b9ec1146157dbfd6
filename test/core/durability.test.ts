import { describe, expect, test } from "vitest";
import {
  ACK,
  CoreBench,
  kinds,
  leaseTime,
  network,
  OFFER,
  seconds,
} from "../support/core-bench.ts";
import { readBack } from "../support/leases.ts";
import { judgeAllSent } from "../support/sent.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const FULL = { kind: "failing", reason: "full", text: "no space left" } as const;

function fail(bench: CoreBench): void {
  bench.step({ kind: "journal", state: FULL });
}

describe("records and replies", () => {
  test("sequences rise by one per record, from where the journal ended", () => {
    const bench = new CoreBench([network()], { lastSequence: 41 });
    const held = bench.lease(A);
    expect(bench.at(held)?.sequence).toBe(42);
    bench.renew(A, held);
    expect(bench.at(held)?.sequence).toBe(43);
    bench.release(A, held);
    expect(bench.at(held)?.sequence).toBe(44);
  });

  test("every lease change that a client is told of stands right before its reply", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    for (const send of [bench.renew, bench.reboot, bench.select]) {
      send.call(bench, A, held);
      expect(kinds(bench.effects)).toEqual(["persist", "send"]);
      const record = bench.effects.find((effect) => effect.kind === "persist");
      expect(record?.lease.address).toBe(bench.at(held)?.address);
    }
  });

  test("the end of a lease writes nothing", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.monotonic += 4_000_000;
    expect(kinds(bench.step({ kind: "alarm" }))).toEqual([]);
    expect(bench.at(held)?.state).toBe("expired");
  });
});

test("a shorter lease takes nothing away from what was promised: its ACK may get lost", () => {
  const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
  const held = bench.lease(A);
  bench.pass(1000);
  expect(leaseTime(bench.renew(A, held, { options: { 51: seconds(300) } }))).toBe(300);
  bench.durable();
  bench.pass(2000);
  expect(bench.discover(B)).toBeUndefined();
  bench.pass(700);
  expect(bench.discover(B)?.yiaddr).toBe(held);
});

describe("while the disk cannot be written", () => {
  test("a known client keeps what is on disk for sure, and nothing is written", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(600);
    fail(bench);
    for (const send of [bench.renew, bench.reboot, bench.select]) {
      const ack = send.call(bench, A, held);
      expect([ack?.type, leaseTime(ack)]).toEqual([ACK, 3000]);
      expect(kinds(bench.effects)).toEqual(["send"]);
    }
    expect(bench.conditions()).toEqual(["disk-full"]);
  });

  test("a renewal that never became durable does not count", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(1800);
    bench.renew(A, held);
    bench.renew(A, held);
    fail(bench);
    expect(leaseTime(bench.renew(A, held))).toBe(1800);
  });

  test("of two records on their way the one that ends earlier counts, for nobody knows which is on disk", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    const held = bench.lease(A);
    bench.release(A, held);
    bench.renew(A, held);
    fail(bench);
    expect(bench.renew(A, held)).toBeUndefined();
  });

  test("with less than a minute left there is no answer", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(3560);
    fail(bench);
    expect(bench.renew(A, held)).toBeUndefined();
    expect(bench.refused()).toEqual({ "disk-not-writable": 1 });
  });

  test("right after power-on a lease from before counts for nothing: a better clock may see less of it", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const leases = readBack(before.core.book.leases());
    const start = (monotonic: number) => {
      const now = { monotonic, wall: before.now.wall + 60_000 };
      const bench = new CoreBench([network()], { leases, lastSequence: 1, now });
      fail(bench);
      return bench.renew(A, held);
    };
    expect(start(5000)).toBeUndefined();
    expect(leaseTime(start(700_000))).toBe(3540);
  });

  test("nor does it when a renewal was on its way to the disk as that failed", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const leases = readBack(before.core.book.leases());
    const start = (monotonic: number) => {
      const now = { monotonic, wall: before.now.wall + 60_000 };
      const bench = new CoreBench([network()], { leases, lastSequence: 1, now });
      bench.renew(A, held);
      fail(bench);
      return bench.renew(A, held);
    };
    expect(start(5000)).toBeUndefined();
    expect(leaseTime(start(700_000))).toBe(3540);
  });

  test("new clients get neither an offer nor a lease, and no address is held for them", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A);
    fail(bench);
    expect(bench.select(A, offer?.yiaddr ?? "")).toBeUndefined();
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.refused()).toEqual({ "disk-not-writable": 2 });
    expect(bench.core.offers.waiting).toBe(1);
  });

  test("a known client that begins anew is offered what it has", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(600);
    fail(bench);
    const offer = bench.discover(A);
    expect([offer?.type, offer?.yiaddr, leaseTime(offer)]).toEqual([OFFER, held, 3000]);
  });

  test("a lease given to another client since then is not the old client's any more", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    const held = bench.lease(A);
    bench.release(A, held);
    bench.discover(B);
    bench.select(B, held);
    fail(bench);
    expect(bench.renew(B, held)).toBeUndefined();
    expect(bench.renew(A, held)?.type).toBe(6);
  });

  test("a NAK needs no disk", () => {
    const bench = new CoreBench();
    fail(bench);
    expect(bench.renew(A, "10.99.0.1")?.type).toBe(6);
  });

  test("releases and declines are remembered and handed to the journal", () => {
    const bench = new CoreBench();
    const [first, second] = [bench.lease(A), bench.lease(B)];
    fail(bench);
    bench.release(A, first);
    expect(kinds(bench.effects)).toEqual(["persist"]);
    bench.decline(B, second);
    expect(kinds(bench.effects)).toEqual(["persist"]);
  });

  test("when it can be written again everything is as before", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    fail(bench);
    bench.step({ kind: "journal", state: { kind: "ok" } });
    expect(bench.conditions()).toEqual([]);
    expect(leaseTime(bench.renew(A, held))).toBe(3600);
    expect(bench.discover(B)?.type).toBe(OFFER);
  });
});

describe("while the disk is slow", () => {
  const slow = { kind: "journal", state: { kind: "slow", milliseconds: 2000 } } as const;

  test("a client with most of its lease on disk is told of that at once", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(600);
    bench.step(slow);
    const ack = bench.renew(A, held);
    expect([ack?.type, leaseTime(ack)]).toEqual([ACK, 3000]);
    expect(kinds(bench.effects)).toEqual(["send"]);
  });

  test("others wait for their record, as ever", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(2000);
    bench.step(slow);
    expect(leaseTime(bench.renew(A, held))).toBe(3600);
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
    bench.select(B, bench.discover(B)?.yiaddr ?? "");
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
  });
});

test("each state of the journal is one condition", () => {
  const bench = new CoreBench();
  const said = (state: Parameters<CoreBench["step"]>[0]) => {
    bench.step(state);
    return bench.conditions();
  };
  expect(said({ kind: "journal", state: FULL })).toEqual(["disk-full"]);
  expect(
    said({ kind: "journal", state: { kind: "failing", reason: "read-only", text: "" } }),
  ).toEqual(["disk-read-only"]);
  expect(
    said({ kind: "journal", state: { kind: "failing", reason: "error", text: "EIO" } }),
  ).toEqual(["disk-error"]);
  expect(said({ kind: "journal", state: { kind: "slow", milliseconds: 3400 } })).toEqual([
    "disk-slow",
  ]);
  expect(bench.core.conditions.active()[0]?.values).toEqual({ seconds: 3 });
  expect(said({ kind: "journal", state: { kind: "ok" } })).toEqual([]);
});
