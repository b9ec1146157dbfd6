// What keepalived says in two ways, put together.

import { beforeEach, describe, expect, test } from "vitest";
import type { VrrpState } from "../../../daemon/core/gateway/vrrp.ts";
import { type Source, VrrpView } from "../../../daemon/core/gateway/vrrp-view.ts";

let view: VrrpView;
beforeEach(() => {
  view = new VrrpView();
  view.expect(["HB", "LAN"]);
});

function reads(source: Source, HB: VrrpState, LAN: VrrpState, now = 0): void {
  view.hear(source, { kind: "states", states: new Map(Object.entries({ HB, LAN })) }, now);
}

function says(source: Source, state: VrrpState, now: number): void {
  for (const instance of ["HB", "LAN"]) view.hear(source, { kind: "state", instance, state }, now);
}

describe("the instances move together", () => {
  test.each([
    ["master", "master", "master"],
    ["backup", "backup", "backup"],
    ["master", "backup", "backup"],
    ["backup", "fault", "fault"],
    ["init", "master", "fault"],
    ["stopped", "stopped", "fault"],
  ] as const)("%s and %s is %s", (first, second, holding) => {
    reads("bus", first, second);
    expect(view.holding()).toBe(holding);
  });

  test("of one that is not known nothing follows, and of one more neither", () => {
    view.hear("bus", { kind: "states", states: new Map([["LAN", "master"]]) }, 0);
    expect(view.holding()).toBeUndefined();
    reads("bus", "master", "master");
    view.hear("bus", { kind: "state", instance: "LAN9", state: "fault" }, 1);
    expect(view.holding()).toBe("master");
  });
});

describe("whoever spoke last", () => {
  test("counts, also when the other one repeats itself", () => {
    reads("bus", "backup", "backup", 0);
    reads("fifo", "backup", "backup", 0);
    says("fifo", "master", 10);
    expect(view.holding()).toBe("master");
    reads("bus", "backup", "backup", 12);
    expect(view.holding(), "it was read before it came to be so").toBe("master");
    says("bus", "master", 14);
    says("bus", "fault", 20);
    expect(view.holding()).toBe("fault");
  });

  test("counts only while it is there", () => {
    reads("bus", "backup", "backup", 0);
    reads("fifo", "master", "master", 5);
    view.hear("fifo", { kind: "lost", why: "gone" }, 6);
    expect(view.holding()).toBe("backup");
    view.hear("bus", { kind: "lost", why: "gone" }, 7);
    expect(view.holding()).toBeUndefined();
    says("bus", "master", 8);
    expect(view.holding(), "it has not been read").toBeUndefined();
  });
});

test("a difference that stays is in doubt", () => {
  reads("bus", "backup", "backup", 0);
  reads("fifo", "backup", "backup", 0);
  says("fifo", "master", 100);
  expect(view.isInDoubt(1099)).toBe(false);
  expect(view.isInDoubt(1100)).toBe(true);
  says("bus", "master", 1200);
  expect(view.isInDoubt(9999)).toBe(false);
});

describe("an earlier configuration", () => {
  test("is not what is asked for now: nothing is known of instances that have not been heard of", () => {
    reads("bus", "master", "master");
    view.expect(["HB", "LAN", "LAN9"]);
    expect(view.holding()).toBeUndefined();
    view.hear("fifo", { kind: "states", states: new Map([["LAN9", "master"]]) }, 1);
    expect(view.holding(), "one says of some, the other of the rest").toBe("master");
    view.expect(["LAN"]);
    expect(view.holding()).toBe("master");
    view.expect([]);
    expect(view.holding()).toBeUndefined();
  });

  test("is forgotten when everything is read anew", () => {
    reads("bus", "master", "master");
    view.hear("bus", { kind: "states", states: new Map([["HB", "master"]]) }, 1);
    expect(view.stateOf("LAN")).toBeUndefined();
    expect(view.holding()).toBeUndefined();
  });
});

describe("what is read again", () => {
  test("is as old as it was when it says the same, and new where it does not", () => {
    reads("bus", "backup", "backup", 0);
    reads("fifo", "master", "backup", 5);
    reads("bus", "backup", "fault", 10);
    expect([view.stateOf("HB"), view.stateOf("LAN")]).toEqual(["master", "fault"]);
    // Also when it was lost and came back meanwhile: then it is news.
    view.hear("bus", { kind: "lost", why: "gone" }, 11);
    reads("bus", "backup", "backup", 12);
    expect(view.stateOf("HB")).toBe("backup");
  });

  test("of two that spoke at once the bus counts", () => {
    reads("fifo", "master", "master", 3);
    reads("bus", "backup", "backup", 3);
    expect(view.holding()).toBe("backup");
  });
});

describe("whether they live", () => {
  test("is known by a reading, and not by a change", () => {
    expect([view.isLive("bus"), view.isLive("fifo")]).toEqual([false, false]);
    says("bus", "master", 1);
    expect(view.isLive("bus")).toBe(false);
    reads("bus", "master", "master", 2);
    expect(view.isLive("bus")).toBe(true);
    view.hear("bus", { kind: "lost", why: "gone" }, 3);
    view.hear("bus", { kind: "lost", why: "gone for another reason" }, 4);
    expect(view.isLive("bus")).toBe(false);
  });

  test("one of them cannot differ from itself, and what it does not know is a difference", () => {
    reads("fifo", "backup", "backup", 0);
    expect(view.isInDoubt(99_999)).toBe(false);
    view.hear("bus", { kind: "states", states: new Map([["HB", "backup"]]) }, 10);
    expect([view.isInDoubt(1009), view.isInDoubt(1010)]).toEqual([false, true]);
    view.hear("bus", { kind: "lost", why: "gone" }, 1100);
    expect(view.isInDoubt(99_999)).toBe(false);
  });

  test("a difference that goes from one instance to another is one all the time", () => {
    reads("bus", "backup", "backup", 0);
    reads("fifo", "master", "backup", 100);
    reads("fifo", "backup", "master", 900);
    expect(view.isInDoubt(1100)).toBe(true);
  });
});
