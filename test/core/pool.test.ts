import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import { AddressPool } from "../../daemon/core/pool.ts";
import { CoreBench, configOf, network, poolOf, reserve } from "../support/core-bench.ts";

describe("address pool", () => {
  test("several ranges: every address has one slot, and what is outside has none", () => {
    const pool = new AddressPool(
      [
        { config: poolOf("10.0.0.10", "10.0.0.19"), network: 0 },
        { config: poolOf("10.0.1.0", "10.0.1.255"), network: 0 },
      ],
      [],
    );
    expect(pool.size).toBe(266);
    for (let slot = 0; slot < pool.size; slot++) {
      expect(pool.slotOf(pool.addressOf(slot))).toBe(slot);
    }
    for (const outside of ["10.0.0.9", "10.0.0.20", "10.0.0.255", "10.0.2.0", "0.0.0.0"]) {
      expect(pool.slotOf(ipv4(outside))).toBe(-1);
    }
    expect(pool.slotOf(ipv4("255.255.255.255"))).toBe(-1);
  });

  test("of overlapping ranges the first has the address, and it is counted once", () => {
    const range = { config: poolOf("10.0.0.10", "10.0.0.19"), network: 0 };
    expect(new AddressPool([range, range], []).free).toBe(10);
  });

  test("an empty pool has nothing to give", () => {
    const pool = new AddressPool([], []);
    expect([pool.free, pool.find(12345)]).toEqual([0, -1]);
  });

  test("the search for a fresh address begins at its place and goes round", () => {
    const pool = new AddressPool([{ config: poolOf("10.0.0.0", "10.0.0.99"), network: 0 }], []);
    for (let slot = 0; slot < 100; slot++) {
      expect(pool.find(slot)).toBe(slot);
      expect(pool.find(slot + 100)).toBe(slot);
    }
    for (let slot = 40; slot < 100; slot++) pool.setOffered(slot, undefined);
    expect(pool.find(39)).toBe(39);
    expect(pool.find(40)).toBe(0);
    for (let slot = 0; slot < 39; slot++) pool.setOffered(slot, undefined);
    expect([pool.find(0), pool.find(39), pool.find(99)]).toEqual([39, 39, 39]);
    pool.setOffered(39, undefined);
    expect(pool.find(0)).toBe(-1);
  });
});

describe("which address a client gets", () => {
  const macOf = (number: number) => `02:00:00:00:01:${number.toString(16).padStart(2, "0")}`;

  test("a new client gets the same address from an empty book, whatever the seed of the indexes", () => {
    const first = new CoreBench([network()], { hashSeed: 1 }).discover(macOf(1))?.yiaddr;
    const second = new CoreBench([network()], { hashSeed: 999 }).discover(macOf(1))?.yiaddr;
    expect(first).toBe(second);
  });

  test("most of 60 clients get the same address after the book was lost", () => {
    const give = () => {
      const bench = new CoreBench();
      return Array.from({ length: 60 }, (_, i) => bench.lease(macOf(i)));
    };
    const before = give();
    expect(give()).toEqual(before);
    // Neighbouring MACs must not crowd together: clients then push each other away in any other order.
    const spread = new Set(before.map((address) => Number(address.split(".")[3]) >> 3));
    expect(spread.size).toBeGreaterThan(8);
  });

  test("every address of the pool is given out before one is used again", () => {
    const bench = new CoreBench();
    const given = new Set(Array.from({ length: 100 }, (_, i) => bench.lease(macOf(i))));
    expect(given.size).toBe(100);
    expect(bench.discover(macOf(100))).toBeUndefined();
  });

  test("then the one that is free longest", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.102"] })]);
    const held = [1, 2, 3].map((number) => bench.lease(macOf(number)));
    for (const index of [1, 0, 2]) {
      bench.pass(10);
      bench.release(macOf(index + 1), held[index] ?? "");
    }
    expect(bench.lease(macOf(8))).toBe(held[1]);
    expect(bench.lease(macOf(9))).toBe(held[0]);
  });

  test("an address that was offered and not taken keeps its place as the one free longest", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.101"] })]);
    const held = [1, 2].map((number) => bench.lease(macOf(number)));
    held.forEach((address, index) => void bench.release(macOf(index + 1), address));
    expect(bench.discover(macOf(8))?.yiaddr).toBe(held[0]);
    bench.pass(31);
    expect(bench.discover(macOf(9))?.yiaddr).toBe(held[0]);
  });

  test("own address, server identifier, gateway, network and broadcast address are never given out", () => {
    const bench = new CoreBench([
      network({ pool: ["10.77.0.0", "10.77.0.255"], serverId: ipv4("10.77.0.3") }),
    ]);
    const given = new Set<string>();
    for (let i = 0; ; i++) {
      const offer = bench.discover(`02:00:00:00:02:${(i & 255).toString(16).padStart(2, "0")}`);
      if (!offer) break;
      given.add(offer.yiaddr);
    }
    expect(given.size).toBe(251);
    for (const barred of ["0", "1", "2", "3", "255"])
      expect(given).not.toContain(`10.77.0.${barred}`);
  });

  test("what is reserved for one client is never given to another", () => {
    const bench = new CoreBench([
      network({
        pool: ["10.77.0.100", "10.77.0.101"],
        reservations: [reserve(macOf(1), "10.77.0.100")],
      }),
    ]);
    expect(bench.lease(macOf(2))).toBe("10.77.0.101");
    expect(bench.discover(macOf(3))).toBeUndefined();
    expect(bench.lease(macOf(1))).toBe("10.77.0.100");
    bench.release(macOf(1), "10.77.0.100");
    expect(bench.discover(macOf(3))).toBeUndefined();
  });

  test("a reserved address that somebody still holds: the client gets another one meanwhile", () => {
    const bench = new CoreBench();
    const held = bench.lease(macOf(2));
    const reservations = [reserve(macOf(1), held)];
    bench.step({
      kind: "config",
      config: configOf([network({ reservations })]),
    });
    const other = bench.lease(macOf(1));
    expect(other).not.toBe(held);
    expect(bench.renew(macOf(2), held)?.type).toBe(6);
    bench.pass(4000);
    expect(bench.renew(macOf(1), other)?.type).toBe(6);
    expect(bench.lease(macOf(1))).toBe(held);
    expect(bench.refused()).toMatchObject({ "address-taken": 1, "reserved-elsewhere": 1 });
  });

  test("a pool over the middle of the address space works like any other", () => {
    const pool = new AddressPool(
      [{ config: poolOf("127.255.255.250", "128.0.0.5"), network: 0 }],
      [],
    );
    expect(pool.size).toBe(12);
    expect(formatIpv4(pool.addressOf(11))).toBe("128.0.0.5");
    expect(pool.slotOf(0x80000000 as Ipv4)).toBe(6);
  });
});
