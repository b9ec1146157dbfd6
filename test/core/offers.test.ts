import { describe, expect, test } from "vitest";
import { parseSubnet } from "../../daemon/base/address.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { CoreBench, configOf, network, poolOf } from "../support/core-bench.ts";

function macOf(number: number): string {
  const hex = number.toString(16).padStart(6, "0");
  return `02:10:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

describe("offers", () => {
  test("a client that asks again gets the same address, and its offer lasts anew", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.101"] })]);
    const offered = bench.discover(macOf(1))?.yiaddr;
    bench.pass(20);
    expect(bench.discover(macOf(1))?.yiaddr).toBe(offered);
    bench.pass(20);
    expect(bench.discover(macOf(2))?.yiaddr).not.toBe(offered);
    expect(bench.core.offers.waiting).toBe(2);
  });

  test("an offer ends with the lease that comes of it", () => {
    const bench = new CoreBench();
    bench.lease(macOf(1));
    expect(bench.core.offers.waiting).toBe(0);
    expect(bench.core.poolCounts(0, 0)).toMatchObject({ active: 1, offered: 0, free: 99 });
  });

  test("a flood of DISCOVERs pushes the oldest offers out, and that is counted", () => {
    const subnet = parseSubnet("10.64.0.0/16");
    if (!subnet) throw new Error("bad subnet");
    const pools = [poolOf("10.64.0.10", "10.64.255.0")];
    const bench = new CoreBench([network({ subnet, pools })]);
    for (let i = 0; i < LIMITS.offersMax + 10; i++) bench.discover(macOf(i));
    expect(bench.core.offers).toEqual({ waiting: LIMITS.offersMax, evicted: 10 });
    expect(bench.core.poolCounts(0, 0).offered).toBe(LIMITS.offersMax);
    bench.pass(31);
    expect(bench.core.offers.waiting).toBe(0);
    expect(bench.core.poolCounts(0, 0).offered).toBe(0);
  });

  test("a client that has its lease needs no place in the table", () => {
    const bench = new CoreBench();
    bench.lease(macOf(1));
    bench.discover(macOf(1));
    expect(bench.core.offers.waiting).toBe(0);
  });

  test("an offer outlives a new configuration that still has its address, and only then", () => {
    const bench = new CoreBench();
    const offered = bench.discover(macOf(1))?.yiaddr;
    bench.step({
      kind: "config",
      config: configOf([network({ leaseSeconds: 600 })]),
    });
    expect(bench.core.poolCounts(0, 0)).toMatchObject({ offered: 1, free: 99 });
    expect(bench.discover(macOf(1))?.yiaddr).toBe(offered);
    const small = network({ pool: ["10.77.0.50", "10.77.0.59"] });
    bench.step({ kind: "config", config: configOf([small]) });
    expect(bench.core.poolCounts(0, 0)).toMatchObject({ offered: 0, free: 10 });
    expect(bench.discover(macOf(1))?.yiaddr).toMatch(/^10\.77\.0\.5/);
  });
});
