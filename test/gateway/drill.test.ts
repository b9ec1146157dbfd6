// A drill between two boxes, joined back to back on a clock that a test lets pass: what is said on both, what is measured,
// and that the end comes by itself, whatever dies in the middle.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { stopTime } from "../support/gateway-bench.ts";
import { DrillWorld, LEASES } from "../support/two-drills.ts";

let world: DrillWorld;

beforeEach(() => {
  stopTime();
  world = new DrillWorld();
});
afterEach(() => {
  world.stop();
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount(), "nothing goes on").toBe(0);
  vi.useRealTimers();
});

const HANDED =
  "A drill is under way: the gateway is handed over and comes back. It ends by itself.";
const UNPLUGGED =
  "A drill is under way: the box with the gateway acts as if its power were gone. It ends by itself.";

/** Neither box is in the middle of anything, and the gateway is where it was. */
function expectOver(): void {
  for (const box of [world.a, world.b]) {
    expect([box.drill.isUnderWay, box.probes, box.remembered]).toEqual([false, 0, undefined]);
    expect([...box.conditions]).toEqual([]);
  }
}

describe("a planned drill", () => {
  test("said at the box that takes over: measured, undone, and the report is on both", () => {
    const { a, b } = world;
    expect(b.drill.begin("planned", "what will happen")).toEqual({
      ...{ isDone: true, text: "what will happen" },
    });
    expect([b.drill.isUnderWay, b.conditions.get("drill")]).toEqual([true, HANDED]);
    world.pass(100);
    expect([a.drill.isUnderWay, a.conditions.get("drill")]).toEqual([true, HANDED]);
    expect(b.remembered, "until when, for a process that takes its place").toBe(
      "2026-05-03T07:12:06.502Z",
    );
    world.pass(1300);
    expect(world.holder, "not before the pings have begun").toBe(a);
    world.pass(200);
    expect([world.holder === b, world.releases]).toEqual([true, 1]);
    world.pass(4800);
    expect(world.holder).toBe(b);
    world.pass(300);
    expect([world.holder === a, world.releases]).toEqual([true, 2]);
    expectOver();
    const [report] = b.kept;
    expect(report).toEqual({
      ...{ id: 101, kind: "planned", at: "2026-05-03T07:12:01.500Z", measuredBy: "B" },
      ...{ detectionMilliseconds: 18, gatewayMilliseconds: 18, dhcpMilliseconds: 0 },
      ...{ pingsSent: 151, pingsLost: 1, outageMilliseconds: 17, names: null, leases: LEASES },
      revertedMilliseconds: 40,
      sentence:
        "The gateway was handed over: the other box had it after 18 ms, devices noticed 17 ms of it, and all after 0 ms were answered by DHCP.",
    });
    expect([a.kept, b.kept]).toEqual([[report], [report]]);
  });

  test("said at the box that has the gateway: the other one is asked to begin and measure it", () => {
    const { a, b } = world;
    expect(a.drill.begin("planned", "what will happen").isDone).toBe(true);
    expect(a.drill.isUnderWay, "it is the other one's now").toBe(false);
    world.pass(8000);
    expect(b.heard[0]).toEqual({ kind: "drill-wish", drill: 1 });
    expectOver();
    expect(a.kept).toEqual(b.kept);
    expect(a.kept).toHaveLength(1);
    expect(a.kept[0]?.measuredBy).toBe("B");
  });

  test("is told in the log of both boxes, in whole sentences", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(8000);
    const begun = "A drill begins: the gateway is handed over and comes back.";
    expect(a.lines).toEqual([begun]);
    expect(b.lines).toEqual([
      begun,
      "The drill is over: The gateway was handed over: the other box had it after 18 ms, devices noticed 17 ms of it, and all after 0 ms were answered by DHCP.",
    ]);
  });

  test("in which the other box does not take it", () => {
    world.canMove = false;
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(8000);
    expect(world.holder).toBe(a);
    expectOver();
    expect(b.kept).toMatchObject([
      {
        ...{ gatewayMilliseconds: null, pingsLost: 0, outageMilliseconds: 10 },
        sentence: "The gateway was handed over, and the other box did not take the gateway.",
      },
    ]);
  });

  test("in which the gateway does not come back", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(2000);
    expect(world.holder).toBe(b);
    world.canMove = false;
    world.pass(60_000);
    expect(b.drill.isUnderWay).toBe(true);
    world.pass(7000);
    expectOver();
    const [report] = b.kept;
    expect(report?.revertedMilliseconds).toBeNull();
    expect(report?.sentence).toMatch(/answered by DHCP; the gateway could not go back\.$/);
    expect(a.kept).toEqual([report]);
  });
});

describe("a drill in which a box is as if without power", () => {
  test("is measured, ends by itself, and the gateway goes back when both are in step", () => {
    const { a, b } = world;
    b.drill.begin("unplugged", "");
    world.pass(1600);
    expect([a.isOff, a.conditions.get("drill")]).toEqual([true, UNPLUGGED]);
    world.pass(5000);
    expect([world.holder === b, b.missesPartner]).toEqual([true, true]);
    world.pass(6000);
    expect([a.isOff, world.holder === a]).toEqual([false, true]);
    expectOver();
    const [report] = b.kept;
    expect(report).toMatchObject({
      ...{ kind: "unplugged", measuredBy: "B", leases: LEASES },
      ...{ gatewayMilliseconds: 338, dhcpMilliseconds: 618, outageMilliseconds: 347 },
      sentence:
        "A box was as if without power: the other box had it after 338 ms, devices noticed 347 ms of it, and all after 618 ms were answered by DHCP.",
    });
    expect(report?.pingsLost).toBe(34);
    // It was in step 600 ms after it was there again, and not before.
    expect(report?.revertedMilliseconds).toBeGreaterThan(600);
    expect(a.kept, "whichever box is asked").toEqual([report]);
  });

  test("in which nobody takes the gateway: the silence counts to the end", () => {
    world.canMove = false;
    const { b } = world;
    b.drill.begin("unplugged", "");
    world.pass(14_000);
    expectOver();
    expect(b.kept[0]).toMatchObject({
      ...{ gatewayMilliseconds: null, detectionMilliseconds: 618, revertedMilliseconds: 600 },
      sentence: "A box was as if without power, and the other box did not take the gateway.",
    });
    expect(b.kept[0]?.outageMilliseconds).toBeGreaterThan(9900);
  });
});

describe("it does not come to a drill", () => {
  test.each(["planned", "unplugged"] as const)("%s: the partner cannot be told", (kind) => {
    world.isConnected = false;
    for (const { drill } of [world.a, world.b]) {
      expect(drill.begin(kind, "")).toEqual({
        ...{ isDone: false, text: "the partner cannot be told now" },
      });
    }
    expectOver();
    expect([world.a.lines, world.b.lines]).toEqual([[], []]);
  });

  test("the partner refuses", () => {
    const { a, b } = world;
    a.refusal = "the boxes are not in step";
    expect(b.drill.begin("planned", "").isDone).toBe(true);
    world.pass(100);
    expect(b.heard).toEqual([{ kind: "refused", text: "the boxes are not in step" }]);
    expectOver();
    world.pass(10_000);
    expect([world.releases, a.kept, b.kept]).toEqual([0, [], []]);
  });

  test("the partner refuses to begin one", () => {
    const { a, b } = world;
    b.refusal = "this box is in maintenance";
    a.drill.begin("unplugged", "");
    world.pass(100);
    expect(a.heard).toEqual([{ kind: "refused", text: "this box is in maintenance" }]);
    expectOver();
  });

  test("the partner never answers", () => {
    const { b } = world;
    world.loses = ({ kind }) => kind === "drill-ready" || kind === "drill-begin";
    b.drill.begin("planned", "");
    world.pass(2900);
    expect(b.drill.isUnderWay).toBe(true);
    world.pass(200);
    expectOver();
    expect(b.lines).toEqual(["The drill is over: the partner did not answer."]);
    expect(b.kept).toEqual([]);
  });

  test("an answer that is late, or to another drill, begins nothing", () => {
    const { b } = world;
    world.loses = ({ kind }) => kind === "drill-begin";
    b.drill.begin("planned", "");
    b.drill.received({ kind: "drill-ready", id: 7 }, undefined);
    expect([b.remembered, b.probes]).toEqual([undefined, 0]);
    world.pass(3100);
    b.drill.received({ kind: "drill-ready", id: 101 }, undefined);
    expectOver();
  });

  test("a refusal that comes in the middle ends nothing", () => {
    const { b } = world;
    b.drill.begin("planned", "");
    world.pass(2000);
    b.drill.received({ kind: "refused", text: "the gateway is not at the partner" }, undefined);
    expect(b.drill.isUnderWay).toBe(true);
    world.pass(6000);
    expect(b.kept).toHaveLength(1);
  });

  test("messages that are none of a drill change nothing", () => {
    const { b } = world;
    b.drill.received({ kind: "handover" }, undefined);
    b.drill.received({ kind: "drill-report", json: "{}" }, undefined);
    b.drill.received({ kind: "refused", text: "" }, undefined);
    b.drill.look();
    expectOver();
  });
});

describe("whatever dies in the middle, the end comes by itself", () => {
  test("the process that measures: the next one has the gateway go back, and keeps no report", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(3000);
    expect(world.holder).toBe(b);
    b.restart();
    expect(b.drill.isUnderWay).toBe(true);
    world.pass(1000);
    expect(world.holder).toBe(a);
    world.pass(3000);
    expectOver();
    expect([a.kept, b.kept]).toEqual([[], []]);
  });

  test("the process that measures, before anything has moved: nothing has to go back", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(500);
    b.restart();
    world.pass(30);
    expect(b.drill.isUnderWay).toBe(false);
    world.pass(8000);
    // The other one lets go of it all the same: it is as good there.
    expect(world.holder).toBe(b);
    expect(a.kept).toEqual([]);
  });

  test("the process that measures, while the other box is as if without power", () => {
    const { a, b } = world;
    b.drill.begin("unplugged", "");
    world.pass(4000);
    b.restart();
    world.pass(7000);
    expect(world.holder, "not before they are in step").toBe(b);
    world.pass(2000);
    expect(world.holder).toBe(a);
    expectOver();
  });

  test("the process that let go: the other one gives the gateway back", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(3000);
    a.restart();
    expect(a.drill.isUnderWay).toBe(false);
    world.pass(6000);
    expect(world.holder).toBe(a);
    expectOver();
    expect(a.kept).toHaveLength(1);
  });

  test("the process that would have let go", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(1000);
    a.restart();
    world.pass(8000);
    expect([world.holder === a, world.releases]).toEqual([true, 0]);
    expectOver();
    expect(b.kept[0]?.gatewayMilliseconds).toBeNull();
  });

  test("a partner that is gone for good: a minute, and it is over", () => {
    const { a, b } = world;
    b.drill.begin("planned", "");
    world.pass(3000);
    a.drill.stop();
    a.isOff = true;
    b.missesPartner = true;
    world.pass(70_000);
    expect([b.drill.isUnderWay, b.remembered, world.holder === b]).toEqual([
      ...[false, undefined, true],
    ]);
    expect(b.lines.at(-1)).toContain("the gateway could not go back");
  });

  test("and one that was resumed for nothing is over after a minute, too", () => {
    const { b } = world;
    b.missesPartner = true;
    b.drill.resume();
    b.drill.resume();
    world.pass(59_000);
    expect(b.drill.isUnderWay).toBe(true);
    world.pass(2000);
    expectOver();
    expect(b.lines).toEqual(["The drill is over: the gateway could not go back."]);
  });
});
