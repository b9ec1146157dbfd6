// Who may have an address, whatever addresses are free: pools of classes, deny lists, ports, floods.

import { describe, expect, test } from "vitest";

import { type ClassConfig, type Match, NOTHING_SET } from "../../daemon/core/config-view.ts";
import type { PairStateName } from "../../daemon/core/failover/pair-state.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { bytes, macBytes } from "../support/client-frame.ts";
import {
  ACK,
  CoreBench,
  configOf,
  NAK,
  network,
  OFFER,
  poolOf,
  reserve,
  START_SECONDS,
} from "../support/core-bench.ts";
import { makeLease, makePair } from "../support/leases.ts";
import { pairedConfig } from "../support/pair-config.ts";
import { judgeAllSent } from "../support/sent.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const PHONE = "00:04:13:00:00:01";
const PHONES: Match = { kind: "mac", prefix: bytes(0x00, 0x04, 0x13) };

function classOf(name: string, match: Match, changes: Partial<ClassConfig> = {}): ClassConfig {
  return { ...NOTHING_SET, name, match, isDenied: false, ...changes };
}

function benchOf(
  changes: Parameters<typeof network>[0],
  classes: readonly ClassConfig[] = [],
): CoreBench {
  const networks = [network(changes)];
  return new CoreBench(networks, { config: configOf(networks, { classes }) });
}

function stranger(number: number): string {
  return `06:00:00:00:${hexByte(number >> 8)}:${hexByte(number & 255)}`;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

describe("pools that are not for everybody", () => {
  const phones = poolOf("10.77.0.200", "10.77.0.209", { allow: [0] });
  const open = poolOf("10.77.0.100", "10.77.0.109");

  test("members of its class prefer it, others never get in", () => {
    const bench = benchOf({ pools: [open, phones] }, [classOf("phones", PHONES)]);
    expect(bench.lease(PHONE)).toMatch(/^10\.77\.0\.20/);
    for (let i = 0; i < 10; i++) expect(bench.lease(stranger(i))).toMatch(/^10\.77\.0\.10/);
    expect(bench.discover(A)).toBeUndefined();
    expect(bench.refused()).toEqual({ "pool-closed": 1 });
  });

  test("when their own pool is full, members have what is open to everybody", () => {
    const small = poolOf("10.77.0.200", "10.77.0.200", { allow: [0] });
    const bench = benchOf({ pools: [open, small] }, [classOf("phones", PHONES)]);
    bench.lease(PHONE);
    expect(bench.lease("00:04:13:00:00:02")).toMatch(/^10\.77\.0\.10/);
  });

  test("a class may be kept out of a pool", () => {
    const closed = poolOf("10.77.0.100", "10.77.0.109", { deny: [0] });
    const bench = benchOf({ pools: [closed] }, [classOf("phones", PHONES)]);
    expect(bench.discover(PHONE)).toBeUndefined();
    expect(bench.discover(A)?.type).toBe(OFFER);
  });

  test("asking for an address of a closed pool, or keeping it, is refused aloud", () => {
    const bench = benchOf({ pools: [open, phones] }, [classOf("phones", PHONES)]);
    expect(bench.reboot(A, "10.77.0.205")?.type).toBe(NAK);
    expect(bench.refused()).toEqual({ "pool-closed": 1 });
  });

  test("known-only: clients with a reservation, of whatever address", () => {
    const guests = poolOf("10.77.0.100", "10.77.0.109", { isKnownOnly: true });
    const taken = reserve(PHONE, "10.77.0.20");
    const bench = benchOf({ pools: [guests], reservations: [taken] });
    expect(bench.discover(A)).toBeUndefined();
    expect(bench.lease(PHONE)).toBe("10.77.0.20");
  });

  test("a class that changes its members takes effect at the next renewal", () => {
    const bench = benchOf({ pools: [open, phones] }, [classOf("phones", PHONES)]);
    const held = bench.lease(PHONE);
    const networks = [network({ pools: [open, phones] })];
    const classes = [classOf("phones", { kind: "mac", prefix: bytes(1) })];
    bench.step({ kind: "config", config: configOf(networks, { classes }) });
    expect(bench.renew(PHONE, held)?.type).toBe(NAK);
    expect(bench.lease(PHONE)).toMatch(/^10\.77\.0\.10/);
  });
});

describe("who gets no answer at all", () => {
  test("a hardware address of the deny list, whole or by its first bytes", () => {
    const bench = benchOf({ deny: [macBytes(A), bytes(0x00, 0x04, 0x13)] });
    expect(bench.discover(A)).toBeUndefined();
    expect(bench.discover(PHONE)).toBeUndefined();
    expect(bench.discover(B)?.type).toBe(OFFER);
    expect(bench.refused()).toEqual({ denied: 2 });
  });

  test("a member of a denied class, and the record says which", () => {
    const bench = benchOf({}, [classOf("phones", PHONES, { isDenied: true })]);
    expect(bench.discover(PHONE)).toBeUndefined();
    expect(bench.core.history.of(macBytes(PHONE))[0]).toMatchObject({
      reason: "denied",
      className: "phones",
      network: "office",
    });
  });

  test("a port with as many leases as it may have; a renewal there goes on", () => {
    const bench = benchOf({ leasesPerCircuitMax: 2 });
    const port = (number: number) => ({
      giaddr: "10.77.0.9",
      destinationIp: "10.77.0.2",
      options: { 82: bytes(1, 1, number) },
    });
    const held = bench.lease(stranger(1), port(1));
    bench.lease(stranger(2), port(1));
    expect(bench.discover(stranger(3), port(1))).toBeUndefined();
    expect(bench.refused()).toEqual({ "port-full": 1 });
    expect(bench.lease(stranger(3), port(2))).toBeTruthy();
    expect(bench.renew(stranger(1), held, port(1))?.type).toBe(ACK);
    bench.release(stranger(1), held);
    expect(bench.lease(stranger(4), port(1))).toBeTruthy();
  });
});

describe("floods", () => {
  test("one client that asks without end is left unanswered, and named; others are served", () => {
    const bench = benchOf({});
    let offers = 0;
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 100; i++) if (bench.discover(A)) offers++;
      bench.pass(1);
    }
    expect(offers).toBeLessThan(LIMITS.clientBurst + 10 * LIMITS.clientPerSecond + 5);
    expect(bench.conditions()).toContain("request-flood office");
    expect(bench.lease(B)).toBeTruthy();
    bench.pass(60);
    expect(bench.conditions()).not.toContain("request-flood office");
    expect(bench.discover(A)?.type).toBe(OFFER);
  });

  test("the last addresses are for clients that were here before", () => {
    const bench = benchOf({ keptForKnownPercent: 20, pool: ["10.77.0.100", "10.77.0.109"] });
    const held = bench.lease(A);
    bench.release(A, held);
    for (let i = 0; i < 8; i++) bench.lease(stranger(i));
    expect(bench.discover(stranger(99))).toBeUndefined();
    expect(bench.refused()).toEqual({ "kept-for-known": 1 });
    expect(bench.conditions()).toEqual(["pool-kept office"]);
    expect(bench.reboot(stranger(99), "10.77.0.105")?.type).toBe(NAK);
    expect(bench.lease(A)).toBeTruthy();
  });

  test("20,000 made-up clients: known ones get and keep their addresses, the alarm comes and goes", () => {
    const bench = benchOf({ keptForKnownPercent: 10, leaseSeconds: 600, maxLeaseSeconds: 600 });
    const known = Array.from({ length: 20 }, (_, i) => `02:00:00:00:00:${hexByte(i + 16)}`);
    const held = known.map((mac) => bench.lease(mac));
    known.slice(10).forEach((mac, i) => void bench.release(mac, held[i + 10] ?? ""));
    for (let i = 0; i < 20_000; i++) {
      if (i % 667 === 0) bench.pass(1);
      const offer = bench.discover(stranger(i));
      if (offer) bench.select(stranger(i), offer.yiaddr);
      if (i % 2000 === 0) expect(bench.renew(known[0] ?? "", held[0] ?? "")?.type).toBe(ACK);
    }
    expect(bench.conditions()).toContain("starvation office");
    for (const mac of known.slice(10)) expect(bench.lease(mac)).toBeTruthy();
    expect(bench.core.offers.waiting).toBeLessThan(200);
    bench.pass(90);
    expect(bench.conditions()).not.toContain("starvation office");
    bench.pass(700);
    expect(bench.lease(stranger(30_000))).toBeTruthy();
  });

  test("a client that declines whatever it gets is believed a few times only", () => {
    const bench = benchOf({});
    for (let i = 0; i < LIMITS.declinesMax; i++) {
      bench.decline(A, bench.lease(A));
      bench.pass(20);
    }
    const last = bench.lease(A);
    bench.decline(A, last);
    expect(bench.at(last)?.state).toBe("active");
    expect(bench.refused()).toEqual({ "declined-too-often": 1 });
    expect(bench.core.poolCounters(0, 0)).toMatchObject({ declines: LIMITS.declinesMax });
  });
});

describe("an address of the partner's share, that nobody has", () => {
  /** A primary without its partner; of its two addresses the secondary has one. */
  function aloneAs(state: PairStateName): CoreBench {
    const networks = [network({ pool: ["10.77.0.100", "10.77.0.101"] })];
    const since = START_SECONDS - 600;
    const times = { startsAt: since, seenAt: since, expiresAt: since };
    return new CoreBench(networks, {
      config: pairedConfig(networks, "primary"),
      pair: makePair(1, { state, since, partnerState: "normal", mcltSeconds: 1200 }),
      leases: [makeLease(1, 100, { state: "backup", ...times })],
      lastSequence: 1,
      wallFloor: since,
    });
  }

  test("is neither given nor refused: the partner answers for it", () => {
    const bench = aloneAs("communications-interrupted");
    expect(bench.lease(A)).toBe("10.77.0.101");
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.reboot(B, "10.77.0.100")).toBeUndefined();
    expect(bench.select(B, "10.77.0.100")).toBeUndefined();
    expect(bench.refused()).toEqual({ "no-free-address": 1, "partner-owns": 2 });
  });

  test("is refused aloud when the partner is down for certain, and given when its time is up", () => {
    const bench = aloneAs("partner-down");
    expect(bench.lease(A)).toBe("10.77.0.101");
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.reboot(B, "10.77.0.100")?.type).toBe(NAK);
    expect(bench.select(B, "10.77.0.100")?.type).toBe(NAK);
    expect(bench.refused()).toEqual({ "no-free-address": 1, "partner-owns": 2 });
    bench.pass(590);
    expect(bench.reboot(B, "10.77.0.100")?.type).toBe(NAK);
    bench.pass(20);
    expect(bench.lease(B)).toBe("10.77.0.100");
  });

  test("is like any other for a box that is in no pair", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })], {
      leases: [makeLease(1, 100, { state: "backup" })],
      lastSequence: 1,
    });
    expect(bench.lease(A)).toBe("10.77.0.100");
  });
});
