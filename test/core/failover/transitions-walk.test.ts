// The tables against each other: two ends go through whatever can happen to them, and from wherever
// they get to they come back to NORMAL by themselves as soon as nothing more goes wrong.

import { describe, expect, test } from "vitest";
import type { PairStateName } from "../../../daemon/core/failover/pair-state.ts";
import { serviceOf } from "../../../daemon/core/failover/service.ts";
import { cells } from "../../../daemon/core/failover/transitions-cells.ts";
import { SHORTS, STATE_OF } from "../../../daemon/core/failover/transitions-table.ts";
import { DhcpdEnd } from "../../support/dhcpd-model.ts";
import {
  copyOf,
  type End,
  freshEnd,
  type Index,
  keyOf,
  OurEnd,
  Pair,
  type World,
} from "../../support/pair-model.ts";
import { walk } from "../../support/pair-walk.ts";

/** All of the tandem worlds without restores are 796 thousand, of an isc pair 466: WORLDS=1000000. */
const WORLDS_MAX = Number(process.env.WORLDS ?? 25_000);

/** Who hears first: one always, the other always, in turn, one twice as often. */
const ORDERS: readonly (readonly Index[])[] = [[0], [1], [0, 1], [0, 0, 1]];

const PAIRS: readonly (readonly [name: string, make: (seen: Set<string>) => Pair])[] = [
  [
    "two of ours",
    (seen) =>
      new Pair(new OurEnd("tandem", "primary", seen), new OurEnd("tandem", "secondary", seen)),
  ],
  [
    "our primary with dhcpd",
    (seen) => new Pair(new OurEnd("isc", "primary", seen), new DhcpdEnd(1)),
  ],
  [
    "our secondary with dhcpd",
    (seen) => new Pair(new DhcpdEnd(0), new OurEnd("isc", "secondary", seen)),
  ],
];

const MARKED = new Map(cells().map((cell) => [cell.id, cell.unreachable]));
const SAVED = SHORTS.filter((short) => short !== "P" && short !== "S");

describe.each(PAIRS)("%s, in whatever state they get to", (_name, make) => {
  test("come back to NORMAL, and no dhcpd ends", { timeout: 900_000 }, () => {
    const seen = new Set<string>();
    const pair = make(seen);
    const failures: string[] = [];
    for (const { what, before, after } of walk(pair, { worldsMax: WORLDS_MAX, restores: false })) {
      const isDead = after.ends.some((end) => end.isDead);
      if (isDead || ORDERS.some((order) => !settles(pair, after, order))) {
        failures.push(`${before === undefined ? "" : keyOf(before)} --${what}--> ${keyOf(after)}`);
      }
      if (failures.length > 3) break;
    }
    expect(failures).toEqual([]);
    expect([...seen].filter((id) => !MARKED.has(id))).toEqual([]);
    expect([...seen].filter((id) => MARKED.get(id) !== undefined)).toEqual([]);
    expect(seen.size).toBeGreaterThan(100);
  });
});

test("with disks put back from backups two of ours come back too", { timeout: 900_000 }, () => {
  const seen = new Set<string>();
  const pair = ours(seen);
  const failures: string[] = [];
  let count = 0;
  for (const { what, after } of walk(pair, { worldsMax: WORLDS_MAX, restores: true })) {
    if (count++ % 4 !== 0) continue;
    if (ORDERS.some((order) => !settles(pair, after, order))) {
      failures.push(`${what} ${keyOf(after)}`);
    }
  }
  expect(failures).toEqual([]);
  expect([...seen].filter((id) => MARKED.get(id) !== undefined)).toEqual([]);
});

describe("every pair of saved states reaches NORMAL", () => {
  const pairs = SAVED.flatMap((a) => SAVED.map((b) => [a, b] as const));

  test.each(pairs)("primary %s, secondary %s", (a, b) => {
    for (const order of ORDERS) {
      for (const downFirst of [undefined, 0, 1] as const) {
        for (const isFirstUp of [undefined, 0, 1] as const) {
          const world = started(a, b, downFirst);
          const pair = ours(new Set());
          if (isFirstUp !== undefined) pair.happens(world, isFirstUp, { kind: "startup-over" });
          expect(pair.settles(world, order), keyOf(world)).toBe(true);
        }
      }
    }
  });

  test.each(
    PAIRS.slice(1).flatMap(([name, make]) => pairs.map(([a, b]) => [name, a, b, make] as const)),
  )("%s: primary %s, secondary %s", (_name, a, b, make) => {
    for (const order of ORDERS) {
      const world = started(a, b, undefined);
      const pair = make(new Set());
      const didSettle = pair.settles(world, order, ({ ends }) =>
        expect(ends.some((end) => end.isDead)).toBe(false),
      );
      expect(didSettle, keyOf(world)).toBe(true);
    }
  });
});

describe("a fresh box never makes a serving one silent", () => {
  const serving = ["normal", "communications-interrupted", "partner-down"] as const;
  const cases = serving.flatMap((state) =>
    ([0, 1] as const).map((fresh) => [state, fresh] as const),
  );

  test.each(cases)("%s meets the fresh end %i", (state, fresh) => {
    for (const order of ORDERS) {
      const world = started("N", "N", undefined);
      const pair = ours(new Set());
      world.ends[fresh] = freshEnd("recover");
      world.ends[1 - fresh] = { ...freshEnd(state), inStartup: false, isOn: true };
      const watch = ({ ends }: World) => {
        const { state: now, inStartup, partnerState } = ends[fresh === 0 ? 1 : 0];
        expect(serviceOf("tandem", now, inStartup, partnerState), now).not.toBe("nothing");
      };
      expect(pair.settles(world, order, watch)).toBe(true);
    }
  });
});

test("the model of dhcpd dies where dhcpd does", () => {
  const deaths: readonly (readonly [mine: PairStateName, heard: PairStateName])[] = [
    ["conflict-done", "paused"],
    ["normal", "potential-conflict"],
    ["potential-conflict", "normal"],
  ];
  for (const [mine, heard] of deaths) {
    const world = started("N", "N", undefined);
    const end: End = { ...freshEnd(mine), inStartup: false };
    new DhcpdEnd(0).happens(
      end,
      { kind: "partner-state", state: heard, isStartup: false },
      world,
      true,
    );
    expect(end.isDead, `${mine} hears ${heard}`).toBe(true);
  }
});

function ours(seen: Set<string>): Pair {
  return new Pair(new OurEnd("tandem", "primary", seen), new OurEnd("tandem", "secondary", seen));
}

function started(
  a: (typeof SHORTS)[number],
  b: (typeof SHORTS)[number],
  downFirst: Index | undefined,
): World {
  const world: World = {
    ends: [freshEnd(STATE_OF[a]), freshEnd(STATE_OF[b])],
    isLinked: false,
    queues: [[], []],
  };
  if (downFirst !== undefined) world.ends[downFirst].wasDownFirst = true;
  return world;
}

function settles(pair: Pair, world: World, order: readonly Index[]): boolean {
  const calm = copyOf(world);
  let isAnyDead = false;
  const watch = ({ ends }: World) => {
    isAnyDead ||= ends.some((end) => end.isDead);
  };
  return pair.settles(calm, order, watch) && !isAnyDead;
}
