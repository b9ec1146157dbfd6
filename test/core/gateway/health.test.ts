// How well a box could be the gateway: what counts, from when on, and until when.

import { describe, expect, test } from "vitest";
import { CHECKS, Health } from "../../../daemon/core/gateway/health.ts";
import { lookAt, Reachability } from "../../../daemon/core/gateway/reachability.ts";

const GOOD = { isGood: true, detail: "fine" };
const BAD = { isGood: false, detail: "broken" };

describe("a check", () => {
  test("that is bad takes its weight off", () => {
    const health = new Health();
    health.look("wan", "", GOOD, 0);
    expect(health.score(0)).toBe(100);
    health.look("wan", "", BAD, 1);
    expect(health.score(1)).toBe(60);
    expect(health.views(1)).toEqual([
      { id: "wan", subject: "", isGood: false, weight: 40, detail: "broken", since: 1 },
    ]);
  });

  test("counts at once when nothing is known before", () => {
    const health = new Health();
    health.look("busy", "", BAD, 0);
    expect(health.score(0)).toBe(100 - CHECKS.busy.weight);
  });

  test("has to be bad for a while, without a break", () => {
    const health = new Health();
    health.look("busy", "", GOOD, 0);
    health.look("busy", "", BAD, 1000);
    health.look("busy", "", GOOD, 4000);
    health.look("busy", "", BAD, 5000);
    expect(health.score(9999)).toBe(100);
    expect(health.nextAt()).toBe(10_000);
    expect(health.score(10_000)).toBe(90);
    expect(health.views(10_000)[0]?.since).toBe(10_000);
    expect(health.nextAt()).toBe(Number.POSITIVE_INFINITY);
  });

  test("that comes and goes has to be good for longer each time", () => {
    const health = new Health();
    let now = 0;
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      health.look("lan", "office", GOOD, now);
      const from = now;
      while (health.score(now) < 100) now += 100;
      waits.push(now - from);
      now += 1000;
      health.look("lan", "office", BAD, now);
      expect(health.score(now)).toBe(70);
    }
    expect(waits).toEqual([0, 6000, 12_000, 24_000, 24_000, 24_000]);
  });

  test("is as before after ten minutes that were good", () => {
    const health = new Health();
    for (const [now, look] of [
      [0, GOOD],
      [1, BAD],
      [2, GOOD],
    ] as const) {
      health.look("lan", "office", look, now);
    }
    expect(health.score(6002)).toBe(100);
    health.look("lan", "office", BAD, 700_000);
    health.look("lan", "office", GOOD, 700_001);
    expect(health.score(702_999)).toBe(70);
    expect(health.score(703_001)).toBe(100);
  });

  test("that cannot be made any more is remembered for five minutes", () => {
    const health = new Health();
    health.look("internet", "", BAD, 0);
    health.look("internet", "", undefined, 299_000);
    expect(health.score(299_000)).toBe(60);
    health.look("internet", "", undefined, 300_001);
    expect(health.score(300_001)).toBe(100);
  });

  test("of what is not there any more is forgotten", () => {
    const health = new Health();
    health.look("lan", "office", BAD, 0);
    health.look("lan", "guests", BAD, 0);
    health.keep((_, subject) => subject === "guests");
    expect(health.score(0)).toBe(70);
  });
});

describe("a check that is as bad at the partner", () => {
  const COMMON = { isGood: false, isCommon: true, detail: "broken at both" };
  const seen = (health: Health, now: number) => {
    const [view] = health.views(now);
    return { score: health.score(now), isGood: view?.isGood, weight: view?.weight };
  };

  test("is shown, and takes nothing off", () => {
    const health = new Health();
    health.look("resolver", "", COMMON, 0);
    expect(health.views(0)).toEqual([
      { id: "resolver", subject: "", isGood: false, weight: 0, detail: "broken at both", since: 0 },
    ]);
    expect(health.score(0)).toBe(100);
  });

  test("has to be so for a while, as with any other", () => {
    const health = new Health();
    health.look("resolver", "", GOOD, 0);
    health.look("resolver", "", COMMON, 700_000);
    expect(health.nextAt()).toBe(705_000);
    expect(seen(health, 704_999)).toEqual({ score: 100, isGood: true, weight: 15 });
    expect(seen(health, 705_000)).toEqual({ score: 100, isGood: false, weight: 0 });
    health.look("resolver", "", GOOD, 710_000);
    expect(seen(health, 719_999)).toEqual({ score: 100, isGood: false, weight: 0 });
    expect(seen(health, 720_000)).toEqual({ score: 100, isGood: true, weight: 15 });
  });

  test("counts when the partner has been better for a while, and no more when it is as bad again", () => {
    const health = new Health();
    health.look("resolver", "", COMMON, 0);
    health.look("resolver", "", BAD, 1000);
    expect(health.nextAt()).toBe(6000);
    expect(seen(health, 5999)).toEqual({ score: 100, isGood: false, weight: 0 });
    expect(seen(health, 6000)).toEqual({ score: 85, isGood: false, weight: 15 });
    expect(health.views(6000)[0]?.since).toBe(6000);
    health.look("resolver", "", COMMON, 20_000);
    // It had not been level for ten minutes before: it is trusted less.
    expect(seen(health, 39_999).score).toBe(85);
    expect(seen(health, 40_000)).toEqual({ score: 100, isGood: false, weight: 0 });
  });

  test("or not, is all the same to how long it has been bad", () => {
    const health = new Health();
    health.look("resolver", "", GOOD, 0);
    for (let now = 1000; now <= 6000; now += 1000) {
      health.look("resolver", "", now % 2000 === 0 ? COMMON : BAD, now);
    }
    expect(seen(health, 6000)).toEqual({ score: 100, isGood: false, weight: 0 });
  });

  test("one fault that both notice at other moments moves nothing", () => {
    const health = new Health();
    health.look("resolver", "", GOOD, 0);
    health.look("resolver", "", BAD, 1000);
    health.look("resolver", "", COMMON, 3000);
    for (let now = 3000; now < 60_000; now += 1000) expect(health.score(now)).toBe(100);
  });
});

test("all bad is zero, not less", () => {
  const health = new Health();
  for (const lan of ["a", "b", "c", "d", "e"]) health.look("lan", lan, BAD, 0);
  expect(health.score(0)).toBe(0);
});

describe("what is asked again and again", () => {
  /** One question a second; `answers` says after how many milliseconds each was answered. */
  function asked(answers: readonly (number | undefined)[]) {
    const reachability = new Reachability();
    answers.forEach((took, index) => {
      const number = reachability.ask(index * 1000);
      if (took !== undefined) reachability.answered(number, index * 1000 + took);
    });
    return { reachability, now: answers.length * 1000 + 1 };
  }
  const named = (...all: (number | undefined)[][]) => {
    const hosts = all.map((answers, index) => ({ name: `host ${index}`, ...asked(answers) }));
    return lookAt(hosts, Math.max(...hosts.map(({ now }) => now)));
  };

  test("is not judged before three questions are over", () => {
    expect(named([undefined, undefined])).toBeUndefined();
    expect(named([undefined, undefined, undefined])).toEqual({
      ...{ isGood: false, detail: "host 0 does not answer" },
    });
  });

  test("is good with the first answer", () => {
    expect(named([7])).toEqual({ isGood: true, detail: "host 0 answers in 7 ms, 0 of 1 lost" });
  });

  test("one of the hosts is enough", () => {
    const silent = [undefined, undefined, undefined];
    expect(named(silent, [5, 9, 6])).toEqual({
      isGood: true,
      detail: "host 0 does not answer; host 1 answers in 6 ms, 0 of 3 lost",
    });
    expect(named(silent, silent)?.isGood).toBe(false);
    expect(named(silent, [undefined]), "the other one may answer yet").toBeUndefined();
  });

  test("is bad when more than half is lost", () => {
    expect(named([undefined, undefined, 5])?.isGood).toBe(false);
    expect(named([undefined, 5])?.isGood).toBe(true);
  });

  test("an answer that is late, or said twice, or to no question, is none", () => {
    const { reachability, now } = asked([1001]);
    expect(reachability.reach(now)).toEqual({ asked: 1, lost: 1, middle: undefined });
    const number = reachability.ask(now);
    expect(reachability.answered(number, now + 5)).toBe(true);
    expect(reachability.answered(number, now + 6)).toBe(false);
    expect(reachability.answered(number + 1, now + 6)).toBe(false);
  });

  test("nothing grows: only the last ones count", () => {
    const { reachability, now } = asked(Array.from({ length: 500 }, (_, i) => (i < 400 ? 9 : 3)));
    expect(reachability.reach(now)).toEqual({ asked: 20, lost: 0, middle: 3 });
  });
});
