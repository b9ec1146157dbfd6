import { describe, expect, test } from "vitest";
import { CLOCK_SANE_SINCE } from "../../daemon/base/time.ts";
import { CoreClock } from "../../daemon/core/clock.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { ACK, CoreBench, kinds, leaseTime, network, START_SECONDS } from "../support/core-bench.ts";
import { readBack } from "../support/leases.ts";
import { judgeAllSent } from "../support/sent.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const DAY = 86_400;

describe("the clock by itself", () => {
  test("a sane clock at or behind nothing is believed", () => {
    const clock = new CoreClock(0, { monotonic: 5, wall: START_SECONDS * 1000 });
    expect([clock.isWrong, clock.seconds]).toEqual([false, START_SECONDS]);
  });

  test("a clock that was never set: time goes on from the floor by the monotonic clock", () => {
    const clock = new CoreClock(START_SECONDS, { monotonic: 0, wall: 0 });
    expect([clock.isWrong, clock.seconds]).toEqual([true, START_SECONDS]);
    expect(clock.advance({ monotonic: 90_000, wall: 90_000 })).toBeUndefined();
    expect(clock.seconds).toBe(START_SECONDS + 90);
  });

  test("without a journal and without a clock time begins in 2020", () => {
    expect(new CoreClock(0, { monotonic: 0, wall: 0 }).seconds).toBe(CLOCK_SANE_SINCE);
  });

  test("ends are rounded up and never come early", () => {
    const clock = new CoreClock(0, { monotonic: 0, wall: START_SECONDS * 1000 + 1 });
    expect(clock.secondsFromNow(10)).toBe(START_SECONDS + 11);
  });

  test("slow drift is no step, however far it adds up", () => {
    const clock = new CoreClock(0, { monotonic: 0, wall: START_SECONDS * 1000 });
    for (let i = 1; i <= 100; i++) {
      const now = { monotonic: i * 1000, wall: START_SECONDS * 1000 + i * 2000 };
      expect(clock.advance(now)).toBeUndefined();
    }
    expect(clock.seconds).toBe(START_SECONDS + 200);
  });

  test("a jump is a step, forwards and backwards", () => {
    const clock = new CoreClock(0, { monotonic: 0, wall: START_SECONDS * 1000 });
    expect(clock.advance({ monotonic: 1000, wall: (START_SECONDS + 61) * 1000 })).toEqual({
      milliseconds: 60_000,
      movesOlderLeases: true,
    });
    expect(clock.advance({ monotonic: 2000, wall: (START_SECONDS + 32) * 1000 })).toEqual({
      milliseconds: -30_000,
      movesOlderLeases: false,
    });
  });

  test("a clock that falls back to before 2020 is not believed any more, until it is right again", () => {
    const clock = new CoreClock(0, { monotonic: 0, wall: START_SECONDS * 1000 });
    expect(clock.advance({ monotonic: 1000, wall: 5000 })).toBeUndefined();
    expect([clock.isWrong, clock.seconds]).toEqual([true, START_SECONDS + 1]);
    const step = clock.advance({ monotonic: 2000, wall: (START_SECONDS + 2) * 1000 });
    expect(step?.milliseconds).toBe(0);
    expect(clock.isWrong).toBe(false);
  });
});

/** The box is switched off and on again, its clock then showing `wallSeconds`. */
function restart(bench: CoreBench, wallSeconds: number, monotonic = 5000): CoreBench {
  const leases = readBack(bench.core.book.leases());
  const lastSequence = Math.max(0, ...leases.map((lease) => lease.sequence));
  const now = { monotonic, wall: wallSeconds * 1000 };
  return new CoreBench([network()], { leases, lastSequence, now, wallFloor: 0 });
}

function secondsLeft(bench: CoreBench, held: string): number {
  const { now } = bench;
  return (bench.at(held)?.expiresAt ?? 0) - now.wall / 1000;
}

describe("leases and the clock", () => {
  test("a step forward while running: a lease keeps the seconds it has left, and all is written anew", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(600);
    bench.offset += 400 * DAY * 1000;
    const effects = bench.step({ kind: "alarm" });
    expect(kinds(effects)).toEqual(["snapshot"]);
    expect(effects).toContainEqual({
      kind: "log",
      id: "clock-stepped",
      values: { seconds: 400 * DAY },
    });
    expect(secondsLeft(bench, held)).toBe(3000);
    expect(bench.at(held)?.state).toBe("active");
  });

  test("a step back while running: a lease does not last for years", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(600);
    bench.offset -= 400 * DAY * 1000;
    bench.step({ kind: "alarm" });
    expect(secondsLeft(bench, held)).toBe(3000);
    bench.pass(3010);
    expect(bench.at(held)?.state).toBe("expired");
  });

  test("the step is noticed before the packet that comes with it is handled", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    const held = bench.lease(A);
    bench.offset += DAY * 1000;
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.renew(A, held)?.type).toBe(ACK);
  });

  test("the snapshot after a step waits for the records on their way, which have the old times", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A);
    bench.select(A, offer?.yiaddr ?? "");
    bench.offset += DAY * 1000;
    bench.select(A, offer?.yiaddr ?? "");
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
    expect(kinds(bench.step({ kind: "alarm" }))).toEqual([]);
    expect(kinds(bench.step({ kind: "durable", through: 1 }))).toEqual(["snapshot"]);
  });

  test("leases from before the start keep their end when the clock goes back, within their length", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const bench = restart(before, START_SECONDS + 1000);
    expect(secondsLeft(bench, held)).toBe(2600);
    bench.offset -= 500_000;
    bench.step({ kind: "alarm" });
    expect(secondsLeft(bench, held)).toBe(3100);
    bench.offset -= 400 * DAY * 1000;
    bench.step({ kind: "alarm" });
    expect(secondsLeft(bench, held)).toBe(3600);
  });

  test("after a step back and another start, time does not go on from before the step", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const between = restart(before, START_SECONDS + 100);
    between.offset -= DAY * 1000;
    between.step({ kind: "alarm" });
    const bench = restart(between, START_SECONDS + 160 - DAY);
    expect(bench.conditions()).toEqual([]);
    expect(bench.at(held)?.state).toBe("active");
    expect(bench.core.seconds).toBe(START_SECONDS + 160 - DAY);
  });

  test("a lease of the journal that lasts longer than its own length is cut at the start", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const lease = before.at(held) as Lease;
    lease.expiresAt += 10 * 365 * DAY;
    const bench = restart(before, START_SECONDS + 10);
    expect(secondsLeft(bench, held)).toBe(3600);
  });
});

describe("a box that starts with a wrong clock", () => {
  test("leases go on from the journal's last time: none ends early, and the box says so", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const bench = restart(before, 100);
    expect(bench.conditions()).toEqual([]);
    bench.step({ kind: "alarm" });
    expect(bench.conditions()).toEqual(["clock-wrong"]);
    expect(bench.core.conditions.active()[0]?.values).toEqual({ clock: "1970-01-01" });
    expect(bench.at(held)?.state).toBe("active");
    expect(leaseTime(bench.renew(A, held))).toBe(3600);
    expect(bench.at(held)).toMatchObject({
      expiresAt: START_SECONDS + 3600,
      clockUncertain: true,
    });
  });

  test("when the right time comes, leases given meanwhile keep their seconds; older ones are judged by it", () => {
    const before = new CoreBench();
    const [older, renewed] = [before.lease(A), before.lease(B)];
    const bench = restart(before, 100);
    bench.renew(B, renewed);
    bench.durable();
    bench.pass(600);
    bench.offset = START_SECONDS * 1000 + 2 * DAY * 1000 - bench.monotonic;
    bench.step({ kind: "alarm" });
    expect(bench.conditions()).toEqual([]);
    expect(bench.at(older)?.state).toBe("expired");
    expect(secondsLeft(bench, renewed)).toBe(3000);
  });

  test("a lease from a wrong clock is not taken for long expired by the next start with a right one", () => {
    const before = restart(new CoreBench(), 100);
    const held = before.lease(A);
    const bench = restart(before, START_SECONDS + DAY);
    expect(bench.at(held)?.state).toBe("active");
    expect(secondsLeft(bench, held)).toBe(3600);
    expect(bench.at(held)?.clockUncertain).toBe(true);
    bench.pass(590);
    expect(bench.at(held)?.clockUncertain).toBe(true);
    bench.monotonic += 20_000;
    expect(kinds(bench.step({ kind: "alarm" }))).toEqual(["snapshot"]);
    expect(bench.at(held)?.clockUncertain).toBe(false);
  });

  test("and while nothing can be written its client is not told of the end that only this start knows", () => {
    const before = restart(new CoreBench(), 100);
    const held = before.lease(A);
    const bench = restart(before, START_SECONDS + DAY);
    bench.pass(620);
    bench.step({ kind: "alarm" });
    expect(bench.at(held)?.clockUncertain).toBe(false);
    const failing = { kind: "failing", reason: "full", text: "no space left" } as const;
    bench.step({ kind: "journal", state: failing });
    expect(bench.renew(A, held)).toBeUndefined();
  });

  test("the same over two starts with a wrong clock", () => {
    const first = restart(new CoreBench(), 100);
    const held = first.lease(A);
    const second = restart(first, 50);
    expect(second.at(held)).toMatchObject({ state: "active", clockUncertain: true });
    const third = restart(second, START_SECONDS);
    expect(secondsLeft(third, held)).toBe(3600);
  });

  test("a clock from a file is believed and days behind: its leases are moved when a time server is reached", () => {
    const before = new CoreBench();
    before.lease(A);
    const bench = restart(before, START_SECONDS + 5);
    const held = bench.lease(B);
    expect(bench.conditions()).toEqual([]);
    bench.offset += 5 * DAY * 1000;
    bench.step({ kind: "alarm" });
    expect(secondsLeft(bench, held)).toBe(3600);
  });

  test("the same, and the power fails before the time server is reached", () => {
    const before = new CoreBench();
    before.lease(A);
    const between = restart(before, START_SECONDS + 5);
    const held = between.lease(B);
    const bench = restart(between, START_SECONDS + 5 * DAY);
    expect(bench.at(held)?.state).toBe("active");
    expect(secondsLeft(bench, held)).toBe(3600);
  });

  test("after ten minutes without a step the times are trusted, and a restart changes nothing", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    expect(before.at(held)?.clockUncertain).toBe(false);
    const bench = restart(before, START_SECONDS + 3000);
    expect(secondsLeft(bench, held)).toBe(600);
  });

  test("only the daemon was started again: the clock had its time to be corrected, and is trusted", () => {
    const bench = restart(new CoreBench(), START_SECONDS, 700_000);
    expect(bench.at(bench.lease(A))?.clockUncertain).toBe(false);
  });

  test("a journal from the future (the clock was once set wrong) is outlived, not believed for ever", () => {
    const before = new CoreBench();
    const held = before.lease(A);
    const bench = restart(before, START_SECONDS - 300 * DAY);
    bench.step({ kind: "alarm" });
    expect(bench.conditions()).toEqual(["clock-wrong"]);
    bench.pass(1800);
    const renewed = bench.lease(B);
    bench.pass(1900);
    expect(bench.at(held)?.state).toBe("expired");
    expect(bench.conditions()).toEqual([]);
    expect(bench.at(renewed)?.state).toBe("active");
    expect(secondsLeft(bench, renewed)).toBeLessThanOrEqual(3600 - 1900);
    expect(secondsLeft(bench, renewed)).toBeGreaterThanOrEqual(3600 - 1901);
    expect(restart(bench, START_SECONDS - 299 * DAY).conditions()).toEqual([]);
  });
});
