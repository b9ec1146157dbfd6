import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ipv4 } from "../../../daemon/base/address.ts";
import { packBytes } from "../../../daemon/base/bytes.ts";
import type { PairMode } from "../../../daemon/core/config-view.ts";
import {
  bucketOfIdentity,
  hashBuckets,
  isPrimaryBucket,
} from "../../../daemon/core/failover/load-balance.ts";
import {
  balanceOf,
  chooseGifts,
  idleSeconds,
  mayGiveFreed,
  mustAsk,
  nextBalanceAt,
  type SharePlan,
  sharePlan,
} from "../../../daemon/core/failover/pool-balance.ts";
import type { Dialect, FailoverRole } from "../../../daemon/wire/failover/messages.ts";

const HALVES: PairMode = { kind: "load-balancing", primaryPercent: 50 };
const NO_LIMIT = Number.POSITIVE_INFINITY;

function plan(role: FailoverRole, mode: PairMode = HALVES, dialect: Dialect = "tandem"): SharePlan {
  const percent = mode.kind === "load-balancing" ? mode.primaryPercent : 100;
  return sharePlan({ role, dialect, mode }, hashBuckets(percent));
}

/** `count` clients whose bucket is this role's when each answers one half. */
function clientsOf(role: FailoverRole, count: number): string[] {
  const clients: string[] = [];
  for (let i = 0; clients.length < count; i++) {
    const client = packBytes(Uint8Array.of(0, 1, 2, 0, 0, 0, i >> 8, i & 0xff));
    const isPrimarys = isPrimaryBucket(hashBuckets(50), bucketOfIdentity(client));
    if (isPrimarys === (role === "primary")) clients.push(client);
  }
  return clients;
}

function records(clients: readonly string[]) {
  return clients.map((packedClient, at) => ({ packedClient, at }));
}

function addresses(count: number): Ipv4[] {
  return Array.from({ length: count }, (_, i) => (0x0a000000 + i) as Ipv4);
}

describe("how many, as dhcpd counts", () => {
  // The primary's free addresses, the secondary's, and what follows for the primary.
  test.each([
    { free: 20, backup: 0, surplus: 10, threshold: 3, hold: 2 },
    { free: 10, backup: 0, surplus: 5, threshold: 2, hold: 1 },
    { free: 0, backup: 4, surplus: -2, threshold: 1, hold: 0 },
    { free: 7, backup: 4, surplus: 1, threshold: 2, hold: 1 },
    { free: 4, backup: 7, surplus: -1, threshold: 2, hold: 1 },
    { free: 5, backup: 4, surplus: 0, threshold: 1, hold: 1 },
    { free: 0, backup: 0, surplus: 0, threshold: 0, hold: 0 },
  ])("$free free and $backup backup", ({ free, backup, surplus, threshold, hold }) => {
    for (const dialect of ["tandem", "isc"] as const) {
      const primary = balanceOf(free, backup, plan("primary", HALVES, dialect));
      expect(primary).toEqual({ surplus, threshold, hold });
      const secondary = balanceOf(backup, free, plan("secondary", HALVES, dialect));
      expect(secondary).toEqual({ surplus: 0 - surplus, threshold, hold });
    }
  });

  test("what one has too many of the other has too few of, and nobody can give what he has not", () => {
    const modes = fc.oneof(
      fc.integer({ min: 0, max: 100 }).map((percent): PairMode => {
        return { kind: "load-balancing", primaryPercent: percent };
      }),
      fc.integer({ min: 0, max: 100 }).map((percent): PairMode => {
        return { kind: "hot-standby", reservePercent: percent };
      }),
    );
    const count = fc.integer({ min: 0, max: 1 << 17 });
    fc.assert(
      fc.property(count, count, modes, (free, backup, mode) => {
        const primary = balanceOf(free, backup, plan("primary", mode));
        const secondary = balanceOf(backup, free, plan("secondary", mode));
        expect(secondary.surplus + primary.surplus).toBe(0);
        expect(secondary.threshold).toBe(primary.threshold);
        expect(secondary.hold).toBe(primary.hold);
        expect(primary.hold).toBeLessThanOrEqual(primary.threshold);
        expect(primary.surplus).toBeLessThanOrEqual(free);
        expect(secondary.surplus).toBeLessThanOrEqual(backup);
      }),
    );
  });
});

describe("how many, in other shares", () => {
  test("as many per cent of the addresses as of the clients", () => {
    const mode: PairMode = { kind: "load-balancing", primaryPercent: 80 };
    expect(balanceOf(100, 0, plan("primary", mode))).toEqual({
      surplus: 20,
      // Of twice the smaller share: 15 and 10 per cent of the total would be more than that has.
      threshold: 6,
      hold: 4,
    });
    expect(balanceOf(20, 80, plan("secondary", mode)).surplus).toBe(0);
  });

  test.each([
    { total: 200, reservePercent: 5, reserve: 10 },
    { total: 10, reservePercent: 5, reserve: 1 },
    { total: 2, reservePercent: 5, reserve: 1 },
    { total: 1, reservePercent: 5, reserve: 0 },
    { total: 0, reservePercent: 5, reserve: 0 },
    { total: 50, reservePercent: 0, reserve: 0 },
    { total: 50, reservePercent: 100, reserve: 49 },
  ])("of $total a reserve of $reservePercent per cent is $reserve", (row) => {
    const mode: PairMode = { kind: "hot-standby", reservePercent: row.reservePercent };
    expect(balanceOf(row.total, 0, plan("primary", mode)).surplus).toBe(row.reserve);
    expect(balanceOf(0, row.total, plan("secondary", mode)).surplus).toBe(0 - row.reserve);
  });

  test("a dhcpd gets one half whatever the mode is", () => {
    for (const mode of [
      { kind: "hot-standby", reservePercent: 5 } as const,
      { kind: "load-balancing", primaryPercent: 80 } as const,
    ]) {
      expect(balanceOf(100, 0, plan("primary", mode, "isc")).surplus).toBe(50);
    }
  });
});

describe("which ones", () => {
  const primary = plan("primary");

  test("of 20 never-used addresses ten", () => {
    const gifts = chooseGifts([], addresses(20), balanceOf(20, 0, primary), primary, NO_LIMIT);
    expect(gifts).toEqual({ recorded: [], fresh: addresses(10) });
  });

  test("draws no more addresses without a record than it gives", () => {
    let drawn = 0;
    function* endless() {
      for (;;) yield drawn++ as Ipv4;
    }
    chooseGifts([], endless(), balanceOf(20, 0, primary), primary, NO_LIMIT);
    expect(drawn).toBe(10);
    chooseGifts([], endless(), balanceOf(20, 20, primary), primary, NO_LIMIT);
    expect(drawn).toBe(10);
  });

  test("those of the partner's clients first, and up to the margin beyond equality", () => {
    const list = records([...clientsOf("primary", 10), ...clientsOf("secondary", 30)]);
    const gifts = chooseGifts(list, [], balanceOf(40, 0, primary), primary, NO_LIMIT);
    // 20 too many, and 4 more that may be given.
    expect(gifts.recorded).toEqual(list.slice(10, 34));
  });

  test("then never-used ones up to equality, then old ones up to the margin", () => {
    const theirs = clientsOf("secondary", 3);
    const list = records([...clientsOf("primary", 35), ...theirs, "", ""]);
    const gifts = chooseGifts(list, [], balanceOf(40, 0, primary), primary, NO_LIMIT);
    const ofClients = list.slice(35, 38);
    const unused = list.slice(38);
    // 20 - 3 - 2 are 15 too many, of which the margin leaves 4.
    expect(gifts.recorded).toEqual([...ofClients, ...unused, ...list.slice(0, 11)]);
  });

  test("those of the partner's clients are found behind any number of others", () => {
    const theirs = clientsOf("secondary", 6);
    const list = records([...new Array<string>(34).fill(""), ...theirs]);
    const gifts = chooseGifts(list, [], balanceOf(40, 0, primary), primary, NO_LIMIT);
    expect(gifts.recorded).toEqual([...list.slice(34), ...list.slice(0, 14)]);
  });

  test("never-used ones without a record come before used ones", () => {
    const list = records(clientsOf("primary", 20));
    const gifts = chooseGifts(list, addresses(20), balanceOf(40, 0, primary), primary, NO_LIMIT);
    expect(gifts).toEqual({ recorded: [], fresh: addresses(20) });
  });

  test("the secondary gives too", () => {
    const secondary = plan("secondary");
    const list = records(["", "", "", ""]);
    const gifts = chooseGifts(list, [], balanceOf(4, 0, secondary), secondary, NO_LIMIT);
    expect(gifts).toEqual({ recorded: list.slice(0, 2), fresh: [] });
  });

  test("a partner with too many gets nothing, whosever clients there are", () => {
    const list = records(clientsOf("secondary", 10));
    const gifts = chooseGifts(list, addresses(5), balanceOf(15, 40, primary), primary, NO_LIMIT);
    expect(gifts).toEqual({ recorded: [], fresh: [] });
  });

  test("a reserve is not given back because the primary answers everybody", () => {
    const mode: PairMode = { kind: "hot-standby", reservePercent: 10 };
    const standby = plan("secondary", mode);
    const list = records([...clientsOf("primary", 5), ...clientsOf("secondary", 5)]);
    const gifts = chooseGifts(list, [], balanceOf(10, 90, standby), standby, NO_LIMIT);
    expect(gifts).toEqual({ recorded: [], fresh: [] });
  });

  test("a reserve is made of never-used addresses, of old ones where there are none", () => {
    const mode: PairMode = { kind: "hot-standby", reservePercent: 10 };
    const active = plan("primary", mode);
    const list = records([...clientsOf("primary", 90), "", ""]);
    const balance = balanceOf(100, 0, active);
    const gifts = chooseGifts(list, addresses(8), balance, active, NO_LIMIT);
    expect(gifts).toEqual({ recorded: list.slice(90), fresh: addresses(8) });
    const old = chooseGifts(list, [], balance, active, NO_LIMIT);
    // 10 wanted, 2 of them never used, and a margin of 2.
    expect(old).toEqual({ recorded: [...list.slice(90), ...list.slice(0, 6)], fresh: [] });
  });
});

/** One pool as both boxes see it: who has which free address, and who had it last. */
interface Address {
  owner: FailoverRole;
  readonly packedClient: string;
  readonly hasRecord: boolean;
}

/** One box balances a pool once, in steps of `max`; how many addresses it gave. */
function balance(pool: Address[], own: SharePlan, max: number): number {
  const partner = own.role === "primary" ? "secondary" : "primary";
  for (let given = 0; ; ) {
    const mine = pool.filter(({ owner }) => owner === own.role);
    const now = balanceOf(mine.length, pool.length - mine.length, own);
    const fresh = mine.filter(({ hasRecord }) => !hasRecord);
    const places = fresh.map((address) => pool.indexOf(address) as Ipv4);
    const gifts = chooseGifts(
      mine.filter(({ hasRecord }) => hasRecord),
      places,
      now,
      own,
      max,
    );
    const all = [...gifts.recorded, ...gifts.fresh.map((place) => pool[place] as Address)];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeLessThanOrEqual(max);
    for (const address of all) {
      expect(address.owner).toBe(own.role);
      address.owner = partner;
    }
    given += all.length;
    if (all.length < max) return given;
  }
}

describe("two boxes that balance in turn", () => {
  const clients = [...clientsOf("primary", 20), ...clientsOf("secondary", 20)];
  const pools = fc.array(
    fc.record({
      owner: fc.constantFrom<FailoverRole>("primary", "secondary"),
      packedClient: fc.oneof(fc.constant(""), fc.constantFrom(...clients)),
    }),
    { maxLength: 120 },
  );
  const modes = fc.oneof(
    fc.constant(HALVES),
    fc.integer({ min: 0, max: 100 }).map((percent): PairMode => {
      return { kind: "load-balancing", primaryPercent: percent };
    }),
    fc.integer({ min: 0, max: 60 }).map((percent): PairMode => {
      return { kind: "hot-standby", reservePercent: percent };
    }),
  );
  const limits = fc.constantFrom(1, 3, 16, 1000);

  test("are within the margin after one turn each, come to rest soon, and lose nothing", () => {
    fc.assert(
      fc.property(pools, modes, limits, fc.boolean(), (list, mode, max, withFresh) => {
        const pool = list.map((address): Address => {
          const isFresh = withFresh && address.owner === "primary" && address.packedClient === "";
          return { ...address, hasRecord: !isFresh };
        });
        const primary = plan("primary", mode);
        const secondary = plan("secondary", mode);
        const surplus = () => {
          const free = pool.filter(({ owner }) => owner === "primary").length;
          return balanceOf(free, pool.length - free, primary);
        };
        balance(pool, primary, max);
        balance(pool, secondary, max);
        expect(Math.abs(surplus().surplus)).toBeLessThanOrEqual(surplus().hold);
        let turns = 0;
        while (balance(pool, primary, max) + balance(pool, secondary, max) > 0) {
          expect(Math.abs(surplus().surplus)).toBeLessThanOrEqual(surplus().hold);
          // With a margin of 0 or more each turn brings some address home for good.
          expect(++turns).toBeLessThanOrEqual(pool.length);
        }
        expect(pool).toHaveLength(list.length);
      }),
      { numRuns: 500 },
    );
  });

  test("with addresses that all were the primary's clients', rest after one gift", () => {
    const pool = clientsOf("primary", 101).map((packedClient): Address => {
      return { owner: "primary", packedClient, hasRecord: true };
    });
    expect(balance(pool, plan("primary"), 1000)).toBe(40);
    expect(balance(pool, plan("secondary"), 1000)).toBe(0);
    expect(balance(pool, plan("primary"), 1000)).toBe(0);
  });
});

describe("an address that just became free", () => {
  const primary = plan("primary");
  const [theirs = ""] = clientsOf("secondary", 1);
  const [mine = ""] = clientsOf("primary", 1);

  // 40 free ones: the margin is 4.
  test.each([
    { free: 40, backup: 0, goes: true },
    { free: 17, backup: 23, goes: true },
    { free: 16, backup: 24, goes: false },
    { free: 0, backup: 40, goes: false },
  ])("of the partner's client, at $free to $backup: $goes", ({ free, backup, goes }) => {
    expect(mayGiveFreed(theirs, balanceOf(free, backup, primary), primary)).toBe(goes);
  });

  test("stays when its client was an own one, or there is none, or the partner is a standby", () => {
    const now = balanceOf(40, 0, primary);
    expect(mayGiveFreed(mine, now, primary)).toBe(false);
    expect(mayGiveFreed("", now, primary)).toBe(false);
    const active = plan("primary", { kind: "hot-standby", reservePercent: 10 });
    expect(mayGiveFreed(theirs, balanceOf(40, 0, active), active)).toBe(false);
  });
});

describe("asking for addresses", () => {
  test.each([
    // 10 to 0: 5 too few, which is more than twice the 2 that would be worth acting on.
    { mine: 0, theirs: 10, asks: true },
    { mine: 1, theirs: 9, asks: false },
    { mine: 10, theirs: 0, asks: false },
    // So few that the threshold is 0: two too few.
    { mine: 0, theirs: 3, asks: false },
    { mine: 0, theirs: 0, asks: false },
  ])("with $mine to $theirs: $asks", ({ mine, theirs, asks }) => {
    expect(mustAsk(balanceOf(mine, theirs, plan("secondary")))).toBe(asks);
    expect(mustAsk(balanceOf(mine, theirs, plan("primary")))).toBe(asks);
  });

  test("with a threshold of 0 begins at two too few", () => {
    expect(mustAsk({ surplus: -1, threshold: 0, hold: 0 })).toBe(false);
    expect(mustAsk({ surplus: -2, threshold: 0, hold: 0 })).toBe(true);
  });
});

describe("when to balance next", () => {
  const WALL = 1_800_000_000;
  const BASE = {
    now: 10_000,
    lastAt: undefined,
    scheduledAt: undefined,
    mineIdle: 0,
    theirsIdle: 0,
    jitter: 0,
  };

  test("no free address, or one that ends later, counts as 0 s, a never-used one as very long", () => {
    expect(idleSeconds(undefined, WALL)).toBe(0);
    expect(idleSeconds(WALL + 5, WALL)).toBe(0);
    expect(idleSeconds(WALL - 5, WALL)).toBe(5);
    expect(idleSeconds(0, WALL)).toBe(WALL);
  });

  test.each([
    ["never-used addresses only: after an hour", { mineIdle: WALL, theirsIdle: WALL }, 13_600],
    ["an empty list: at once", { mineIdle: WALL, theirsIdle: 0 }, 10_000],
    ["but 60 s after the last time", { theirsIdle: 0, lastAt: 9_990 }, 10_050],
    ["which is long ago", { theirsIdle: 0, lastAt: 9_000 }, 10_000],
    ["15 per cent of the partner's age", { mineIdle: WALL, theirsIdle: 1000 }, 10_150],
    ["twice that of the own", { mineIdle: 1000, theirsIdle: 1e6 }, 10_300],
    ["the smaller of both", { mineIdle: 1000, theirsIdle: 1900 }, 10_285],
    ["rounded as dhcpd does", { mineIdle: WALL, theirsIdle: 103 }, 10_015],
    ["and a little later by chance", { mineIdle: WALL, theirsIdle: 1000, jitter: 3 }, 10_153],
    ["planned earlier: stays", { mineIdle: WALL, theirsIdle: 1000, scheduledAt: 10_100 }, 10_100],
    ["planned later: comes earlier", { theirsIdle: 0, scheduledAt: 13_600 }, 10_000],
  ])("%s", (_, times, expected) => {
    expect(nextBalanceAt({ ...BASE, ...times })).toBe(expected);
  });
});
