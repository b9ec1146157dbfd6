import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import {
  FOREVER_SECONDS,
  type LevelConfig,
  NOTHING_SET,
  type OptionValue,
} from "../../daemon/core/config-view.ts";
import {
  COMPUTED,
  compileLevel,
  givesClasslessRoutes,
  LevelStack,
  ONLY_WHEN_ASKED,
} from "../../daemon/core/levels.ts";

const DAY = 86_400;
const HOUR = 3600;
const NETWORK = { leaseSeconds: 12 * HOUR, minLeaseSeconds: 60, maxLeaseSeconds: DAY };

/** The levels from the closest to the furthest. */
function stackOf(...configs: Partial<LevelConfig>[]): LevelStack {
  const stack = new LevelStack();
  fill(stack, configs);
  return stack;
}

function fill(stack: LevelStack, configs: readonly Partial<LevelConfig>[]): void {
  stack.begin();
  for (const config of configs) stack.push(compileLevel({ ...NOTHING_SET, ...config }));
}

function give(code: number, ...bytes: number[]): OptionValue {
  return { code, data: Uint8Array.from(bytes) };
}

function take(code: number): OptionValue {
  return give(code);
}

function options(...given: OptionValue[]): Partial<LevelConfig> {
  return { options: given };
}

describe("options", () => {
  test("the first level that says something about an option wins", () => {
    const stack = stackOf(
      options(give(3, 1)),
      options(give(3, 2), give(6, 2)),
      options(give(15, 3)),
    );
    expect(stack.option(3)).toEqual(Uint8Array.of(1));
    expect(stack.option(6)).toEqual(Uint8Array.of(2));
    expect(stack.option(15)).toEqual(Uint8Array.of(3));
    expect(stack.option(42)).toBeUndefined();
  });

  test("a level may take away what a further one gives, and a closer one give it again", () => {
    const taken = options(take(6));
    expect(stackOf(taken, options(give(6, 1))).option(6)).toBeUndefined();
    expect(stackOf(options(give(6, 2)), taken, options(give(6, 1))).option(6)?.[0]).toBe(2);
    expect(stackOf(options(give(3, 1)), taken, options(give(6, 1))).option(6)).toBeUndefined();
    expect(stackOf(taken).option(6)).toBeUndefined();
  });

  test("of two values at one level the later one counts", () => {
    expect(stackOf(options(give(6, 1), give(6, 2))).option(6)?.[0]).toBe(2);
  });

  test("what the server works out itself is in no table", () => {
    const computed = [50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 80, 82, 90, 118, 145];
    expect([...COMPUTED].sort((a, b) => a - b)).toEqual(computed);
    for (const code of [0, ...computed, 255]) {
      const level = compileLevel({ ...NOTHING_SET, ...options(give(code, 1, 2, 3, 4)) });
      expect(level.saysNothing).toBe(true);
      expect(stackOf(options(give(code, 1), give(3, 1))).option(code)).toBeUndefined();
    }
  });

  test("nothing stays of the packet before", () => {
    const stack = stackOf(options(give(3, 1)), options(give(6, 1)));
    stack.begin();
    expect(stack.option(3)).toBeUndefined();
    expect(stack.option(6)).toBeUndefined();
    expect(stack.defaultCodes()).toEqual(new Uint8Array(0));
    stack.push(compileLevel({ ...NOTHING_SET, ...options(give(15, 1)) }));
    expect(stack.option(6)).toBeUndefined();
    expect(stack.option(15)).toEqual(Uint8Array.of(1));
  });

  test("a level that says nothing is none, and all such are one object", () => {
    const silent = compileLevel(NOTHING_SET);
    expect(silent.saysNothing).toBe(true);
    expect(compileLevel({ ...NOTHING_SET })).toBe(silent);
    const network = compileLevel({ ...NOTHING_SET, ...options(give(3, 1)) });
    const stack = new LevelStack();
    stack.begin();
    for (const level of [silent, silent, network]) stack.push(level);
    expect(stack.option(3)).toEqual(Uint8Array.of(1));
  });

  test.each<[string, Partial<LevelConfig>]>([
    ["an option", options(give(3, 1))],
    ["an option taken away", options(take(3))],
    ["siaddr", { nextServer: ipv4("0.0.0.0") }],
    ["sname", { serverName: new Uint8Array(0) }],
    ["file", { bootFile: new Uint8Array(0) }],
    ["a lease time", { leaseSeconds: 1 }],
    ["a least lease time", { minLeaseSeconds: 0 }],
    ["a longest lease time", { maxLeaseSeconds: 1 }],
    ["T1", { renewSeconds: 0 }],
    ["T2", { rebindSeconds: 0 }],
  ])("%s is something", (_, config) => {
    const level = compileLevel({ ...NOTHING_SET, ...config });
    expect(level.saysNothing).toBe(false);
    expect(level.hasOptions).toBe(config.options !== undefined);
  });
});

describe("codes for a client that names none", () => {
  test("all that any level gives, in rising order, each once", () => {
    const stack = stackOf(options(give(66, 1), give(3, 1)), options(give(15, 1), give(3, 2)));
    expect([...stack.defaultCodes()]).toEqual([3, 15, 66]);
  });

  test("not what is taken away, and not what must be asked for", () => {
    expect([...ONLY_WHEN_ASKED].sort()).toEqual([108, 116]);
    const network = options(give(3, 1), give(108, 0, 0, 0, 1), give(116, 1), give(6, 1));
    expect([...stackOf(network).defaultCodes()]).toEqual([3, 6]);
    expect([...stackOf(options(take(6)), network).defaultCodes()]).toEqual([3]);
    expect([...stackOf(options(take(6))).defaultCodes()]).toEqual([]);
  });

  test("are at hand when only one level has options", () => {
    const network = compileLevel({ ...NOTHING_SET, ...NETWORK, ...options(give(3, 1)) });
    const stack = new LevelStack();
    stack.begin();
    stack.push(compileLevel({ ...NOTHING_SET, leaseSeconds: 60 }));
    stack.push(network);
    expect(stack.defaultCodes()).toBe(network.defaultCodes);
  });

  test("two packets in a row, with as many codes and with fewer", () => {
    const stack = stackOf(options(give(3, 1)), options(give(6, 1)));
    expect([...stack.defaultCodes()]).toEqual([3, 6]);
    fill(stack, [options(give(66, 1)), options(give(67, 1))]);
    expect([...stack.defaultCodes()]).toEqual([66, 67]);
    fill(stack, [options(take(66)), options(give(66, 1), give(1, 1))]);
    expect([...stack.defaultCodes()]).toEqual([1]);
  });
});

test("RFC 3442: classless routes stand for routers only where they are asked for and given", () => {
  const given = stackOf(options(give(121, 0, 10, 0, 0, 1), give(3, 10, 0, 0, 1)));
  expect(givesClasslessRoutes(given, Uint8Array.of(1, 3, 121))).toBe(true);
  expect(givesClasslessRoutes(given, Uint8Array.of(1, 3))).toBe(false);
  expect(givesClasslessRoutes(given, given.defaultCodes())).toBe(true);
  const none = stackOf(options(take(121)), options(give(121, 0, 10, 0, 0, 1)));
  expect(givesClasslessRoutes(none, Uint8Array.of(1, 3, 121))).toBe(false);
});

test("boot settings come from the closest level that has them, each by itself", () => {
  const name = Uint8Array.of(65);
  const file = Uint8Array.of(66);
  const stack = stackOf(
    { bootFile: file },
    { nextServer: ipv4("10.0.0.2"), bootFile: name },
    { nextServer: ipv4("10.0.0.3"), serverName: name },
  );
  expect(stack.nextServer).toBe(ipv4("10.0.0.2"));
  expect(stack.serverName).toBe(name);
  expect(stack.bootFile).toBe(file);
  const none = stackOf(options(give(3, 1)));
  expect([none.nextServer, none.serverName, none.bootFile]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

describe("lease time", () => {
  const FOREVER = FOREVER_SECONDS;
  const forever = { leaseSeconds: FOREVER, minLeaseSeconds: 60, maxLeaseSeconds: FOREVER };

  test.each<[string, Partial<LevelConfig>[], number | undefined, number]>([
    ["the default", [NETWORK], undefined, 12 * HOUR],
    ["what the client wants", [NETWORK], HOUR, HOUR],
    ["not less than the least", [NETWORK], 1, 60],
    ["not for no time at all", [NETWORK], 0, 60],
    ["not more than the longest", [NETWORK], 2 * DAY, DAY],
    ["not for ever", [NETWORK], FOREVER, DAY],
    ["for ever where that is allowed", [forever], FOREVER, FOREVER],
    ["for ever by default", [forever], undefined, FOREVER],
    ["less than for ever when that is wanted", [forever], HOUR, HOUR],
    ["of a closer level", [{ leaseSeconds: HOUR }, NETWORK], undefined, HOUR],
    [
      "the closest of several",
      [{ leaseSeconds: 90 }, { leaseSeconds: 80 }, NETWORK],
      undefined,
      90,
    ],
    ["longer than the further longest", [{ leaseSeconds: 7 * DAY }, NETWORK], undefined, 7 * DAY],
    ["and no longer than that", [{ leaseSeconds: 7 * DAY }, NETWORK], 8 * DAY, 7 * DAY],
    ["less of it when wanted", [{ leaseSeconds: 7 * DAY }, NETWORK], HOUR, HOUR],
    ["shorter than the further least", [{ leaseSeconds: 30 }, NETWORK], undefined, 30],
    ["and no shorter than that", [{ leaseSeconds: 30 }, NETWORK], 10, 30],
    ["for ever by a closer level", [{ leaseSeconds: FOREVER }, NETWORK], FOREVER, FOREVER],
    ["a closer longest", [{ maxLeaseSeconds: HOUR }, NETWORK], undefined, HOUR],
    ["a closer least", [{ minLeaseSeconds: DAY }, NETWORK], undefined, DAY],
    ["a closer longest below the least", [{ maxLeaseSeconds: 20 }, NETWORK], undefined, 20],
    ["a closer least above the longest", [{ minLeaseSeconds: 2 * DAY }, NETWORK], 60, 2 * DAY],
    [
      "a longest closer than the time",
      [{ maxLeaseSeconds: 600 }, { leaseSeconds: HOUR }, NETWORK],
      undefined,
      600,
    ],
    [
      "the longest, which is safer, when one level contradicts itself",
      [{ minLeaseSeconds: 900, maxLeaseSeconds: 600 }, NETWORK],
      undefined,
      600,
    ],
  ])("%s", (_, configs, wanted, expected) => {
    expect(stackOf(...configs).leaseSeconds(wanted, undefined)).toBe(expected);
  });

  test("a randomised MAC has the last word, but never makes a lease longer", () => {
    const stack = stackOf({ minLeaseSeconds: HOUR }, NETWORK);
    expect(stack.leaseSeconds(undefined, 1800)).toBe(1800);
    expect(stack.leaseSeconds(5, 1800)).toBe(1800);
    expect(stack.leaseSeconds(undefined, 2 * DAY)).toBe(12 * HOUR);
    expect(stackOf(forever).leaseSeconds(FOREVER, 1800)).toBe(1800);
  });

  test("is asked for only where a network is", () => {
    expect(() => stackOf({ maxLeaseSeconds: 5 }).leaseSeconds(5, undefined)).toThrow("lease time");
  });
});

describe("T1 and T2", () => {
  const times = (stack: LevelStack, seconds: number) => [
    stack.renewSeconds(seconds),
    stack.rebindSeconds(seconds),
  ];

  test.each<[string, Partial<LevelConfig>[], number, [number?, number?]]>([
    ["a half and seven eighths", [NETWORK], 3600, [1800, 3150]],
    ["rounded down", [NETWORK], 101, [50, 88]],
    ["of one second", [NETWORK], 1, [0, 0]],
    ["as configured", [{ renewSeconds: 600, rebindSeconds: 900 }], 3600, [600, 900]],
    ["from two levels", [{ renewSeconds: 600 }, { rebindSeconds: 900 }], 3600, [600, 900]],
    ["the closer one", [{ renewSeconds: 6 }, { renewSeconds: 9 }], 3600, [6, 3150]],
    ["T1 alone", [{ renewSeconds: 3000 }], 3600, [3000, 3150]],
    ["T2 alone", [{ rebindSeconds: 2000 }], 3600, [1800, 2000]],
    ["T1 not before T2", [{ renewSeconds: 900, rebindSeconds: 900 }], 3600, [1800, 3150]],
    ["T1 not before the usual T2", [{ renewSeconds: 3150 }], 3600, [1800, 3150]],
    ["T2 not after the usual T1", [{ rebindSeconds: 1800 }], 3600, [1800, 3150]],
    ["T2 at the end of the lease", [{ renewSeconds: 9, rebindSeconds: 3600 }], 3600, [9, 3150]],
    ["both after a short lease", [{ renewSeconds: 600, rebindSeconds: 900 }], 100, [50, 87]],
    ["none for ever", [{ renewSeconds: 600, rebindSeconds: 900 }], FOREVER_SECONDS, []],
  ])("%s", (_, configs, seconds, expected) => {
    expect(times(stackOf(...configs), seconds)).toEqual([expected[0], expected[1]]);
  });

  test("are in order, within any lease of three seconds and more", () => {
    const time = fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined });
    fc.assert(
      fc.property(time, time, fc.integer({ min: 3, max: 200 }), (renew, rebind, seconds) => {
        const stack = stackOf({ renewSeconds: renew, rebindSeconds: rebind });
        const [t1, t2] = times(stack, seconds);
        if (t1 === undefined || t2 === undefined) throw new Error("no times");
        expect(t1).toBeLessThan(t2);
        expect(t2).toBeLessThan(seconds);
        if (renew && rebind && renew < rebind && rebind < seconds) {
          expect([t1, t2]).toEqual([renew, rebind]);
        }
      }),
    );
  });
});

describe("any levels", () => {
  const code = fc.constantFrom(1, 3, 6, 15, 51, 82, 108, 116, 121, 224, 254);
  const optionValue = fc.record({ code, data: fc.uint8Array({ maxLength: 2 }) });
  const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 2 });
  const seconds = maybe(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(FOREVER_SECONDS)));
  const level: fc.Arbitrary<LevelConfig> = fc.record({
    options: fc.oneof(fc.constant([]), fc.array(optionValue, { maxLength: 6 })),
    nextServer: maybe(fc.nat(9).map((value) => value as Ipv4)),
    serverName: maybe(fc.uint8Array({ maxLength: 2 })),
    bootFile: maybe(fc.uint8Array({ maxLength: 2 })),
    leaseSeconds: seconds,
    minLeaseSeconds: seconds,
    maxLeaseSeconds: seconds,
    renewSeconds: seconds,
    rebindSeconds: seconds,
  });
  const levels = fc.array(fc.oneof(fc.constant(NOTHING_SET), level), { maxLength: 5 });

  /** The plain way: look from the closest on for a level that says something. */
  function plainOption(configs: readonly LevelConfig[], wanted: number): Uint8Array | undefined {
    if (COMPUTED.includes(wanted)) return undefined;
    for (const config of configs) {
      const said = config.options.findLast((one) => one.code === wanted);
      if (said) return said.data.length > 0 ? said.data : undefined;
    }
    return undefined;
  }

  function plain<Key extends keyof LevelConfig>(configs: readonly LevelConfig[], key: Key) {
    return configs.map((config) => config[key]).find((value) => value !== undefined);
  }

  /** One stack for all runs: what one packet leaves behind would show in the next. */
  const stack = new LevelStack();

  test("the first level that says something wins, value by value", () => {
    fc.assert(
      fc.property(levels, (configs) => {
        fill(stack, configs);
        const all = Array.from({ length: 256 }, (_, one) => one);
        for (const one of all) expect(stack.option(one)).toBe(plainOption(configs, one));
        expect([...stack.defaultCodes()]).toEqual(
          all.filter((one) => plainOption(configs, one) && !ONLY_WHEN_ASKED.includes(one)),
        );
        expect(stack.nextServer).toBe(plain(configs, "nextServer"));
        expect(stack.serverName).toBe(plain(configs, "serverName"));
        expect(stack.bootFile).toBe(plain(configs, "bootFile"));
      }),
    );
  });

  test("a lease is within the closest bounds, and what is wanted when nothing forbids it", () => {
    fc.assert(
      fc.property(levels, seconds, maybe(fc.nat(20)), (configs, wanted, cap) => {
        const network: LevelConfig = { ...NOTHING_SET, ...NETWORK };
        const all = [...configs, network];
        fill(stack, all);
        const got = stack.leaseSeconds(wanted, cap);
        const at = (key: keyof LevelConfig) => all.findIndex((one) => one[key] !== undefined);
        const value = (key: keyof LevelConfig) => plain(all, key) as number;
        // Settings from the furthest to the closest: each one makes the range include or respect it.
        const keys = ["maxLeaseSeconds", "minLeaseSeconds", "leaseSeconds"] as const;
        let low = 0;
        let high = FOREVER_SECONDS;
        for (const key of [...keys].sort((a, b) => at(b) - at(a))) {
          if (key === "minLeaseSeconds") low = value(key);
          else if (key === "maxLeaseSeconds") high = value(key);
          else {
            const closerMin = at("minLeaseSeconds") <= at(key);
            const closerMax = at("maxLeaseSeconds") <= at(key);
            if (!closerMin) low = Math.min(low, value(key));
            if (!closerMax) high = Math.max(high, value(key));
          }
        }
        if (low > high) {
          if (at("minLeaseSeconds") < at("maxLeaseSeconds")) high = low;
          else low = high;
        }
        const inRange = Math.min(Math.max(wanted ?? value("leaseSeconds"), low), high);
        expect(got).toBe(Math.min(inRange, cap ?? FOREVER_SECONDS));
      }),
    );
  });
});
