// One box's decision about the gateway, by what it is told: every row is a story of a few moments.

import { describe, expect, test } from "vitest";
import {
  Coordinator,
  type CoordinatorFacts,
  type CoordinatorRules,
} from "../../../daemon/core/gateway/coordinator.ts";
import type { GatewayWord } from "../../../daemon/core/gateway/word.ts";

const READY: GatewayWord = { holding: "backup", score: 100, mayTake: true };
const HAS_IT: GatewayWord = { holding: "master", score: 100, mayTake: true };

const ACTIVE: CoordinatorFacts = {
  holding: "master",
  score: 100,
  partner: READY,
  isInMaintenance: false,
  isInStep: true,
};
const STANDBY: CoordinatorFacts = { ...ACTIVE, holding: "backup", partner: HAS_IT };
const PRIMARY: CoordinatorRules = { isPrimary: true, preferPrimaryAfter: undefined };
const SECONDARY: CoordinatorRules = { isPrimary: false, preferPrimaryAfter: undefined };

/** Seen from 0 on; `at` sees the next thing and returns the box. */
function box(facts: CoordinatorFacts = ACTIVE, rules: CoordinatorRules = PRIMARY) {
  const coordinator = new Coordinator(rules, facts, 0);
  const at = (now: number, change: Partial<CoordinatorFacts> = {}) => {
    coordinator.see({ ...facts, ...change }, now);
    return {
      letsGo: coordinator.isLettingGo(now),
      role: coordinator.role,
      news: coordinator.takeNews().map(({ kind, cause }) => `${kind} ${cause}`),
    };
  };
  at(0);
  return { coordinator, at };
}

/** Long after anything that may have moved the gateway before. */
const LATER = 100_000;

describe("at rest keepalived decides", () => {
  test.each([
    ["the gateway is here", ACTIVE, "active"],
    ["at the partner", STANDBY, "standby"],
    ["nowhere yet", { ...STANDBY, partner: READY }, "waiting"],
    ["keepalived says nothing", { ...ACTIVE, holding: undefined }, "unknown"],
    ["it cannot be the gateway", { ...STANDBY, holding: "fault" as const }, "fault"],
    ["alone", { ...ACTIVE, partner: undefined }, "active"],
  ] as const)("%s", (_, facts, role) => {
    expect(box(facts).at(1000)).toEqual({ letsGo: false, role, news: [] });
  });
});

describe("it lets go when the partner is better off", () => {
  test("until the partner has it", () => {
    const { at } = box();
    expect(at(LATER, { score: 60 })).toMatchObject({ letsGo: true, news: ["releasing health"] });
    expect(at(LATER + 3, { score: 60, holding: "fault" })).toMatchObject({
      ...{ letsGo: true, role: "released", news: [] },
    });
    expect(at(LATER + 5, { score: 60, holding: "fault", partner: HAS_IT })).toEqual({
      ...{ letsGo: false, role: "fault", news: ["released health"] },
    });
    expect(at(LATER + 6, { score: 60, holding: "backup", partner: HAS_IT })).toMatchObject({
      ...{ letsGo: false, role: "standby" },
    });
  });

  test("and takes it back when the partner does not take it", () => {
    const { at } = box();
    at(LATER, { score: 60 });
    expect(at(LATER + 999, { score: 60, holding: "fault" }).letsGo).toBe(true);
    expect(at(LATER + 1000, { score: 60, holding: "fault" })).toMatchObject({
      ...{ letsGo: false, news: ["kept health"] },
    });
  });

  test.each([
    ["a little better only", { score: 91 }],
    ["as badly off", { score: 60, partner: { ...READY, score: 60 } }],
    ["not heard", { score: 60, partner: undefined }],
    ["not able to", { score: 60, partner: { ...READY, mayTake: false } }],
    ["not a backup", { score: 60, partner: { ...READY, holding: "fault" as const } }],
  ])("not when it is %s", (_, change) => {
    expect(box().at(LATER, change)).toMatchObject({ letsGo: false, news: [] });
  });

  test("not again and again: the pause doubles", () => {
    const { coordinator, at } = box();
    const moves: number[] = [];
    for (let now = 0; now < 400_000; now += 1000) {
      // The partner takes it, and fails as well, and so on.
      if (at(now, { score: 60 }).news.includes("releasing health")) moves.push(now);
      at(now + 1, { score: 60, holding: "backup", partner: HAS_IT });
    }
    expect(moves).toEqual([0, 10_000, 30_000, 70_000, 150_000, 310_000]);
    expect(coordinator.role).toBe("standby");
  });
});

describe("both have it although they hear each other", () => {
  const both = { partner: HAS_IT };

  test("for a moment: keepalived will find out", () => {
    const { at } = box(ACTIVE, SECONDARY);
    at(1000, both);
    expect(at(2499, both).letsGo).toBe(false);
    expect(at(2500, both)).toMatchObject({ letsGo: true, news: ["releasing split"] });
  });

  test("the primary keeps it, unless it is less well", () => {
    const { at } = box(ACTIVE, PRIMARY);
    at(1000, both);
    expect(at(9000, both).letsGo).toBe(false);
    expect(at(9001, { ...both, score: 99 }).letsGo).toBe(true);
  });

  test("the one that gave way tries again, later each time", () => {
    const { at } = box(ACTIVE, SECONDARY);
    const tries: number[] = [];
    let isAside = false;
    for (let now = 0; now < 100_000; now += 100) {
      const holding = isAside ? ("fault" as const) : ("master" as const);
      const { letsGo } = at(now, { ...both, holding });
      if (isAside && !letsGo) tries.push(now);
      isAside = letsGo;
    }
    expect(tries).toEqual([11_500, 33_100, 74_700]);
  });

  test("and takes it at once when the other one is gone", () => {
    const { at } = box(ACTIVE, SECONDARY);
    at(1000, both);
    at(2500, both);
    expect(at(3000, { partner: undefined, holding: "fault" }).letsGo).toBe(false);
  });
});

describe("a person", () => {
  test("hands it over", () => {
    const { coordinator, at } = box();
    coordinator.release("person", 500);
    expect(at(501)).toMatchObject({ letsGo: true, news: ["releasing person"] });
    expect(at(504, { holding: "backup", partner: HAS_IT })).toMatchObject({
      ...{ letsGo: false, role: "standby", news: ["released person"] },
    });
  });

  test("works on this box: it stays away from the gateway, through anything but the partner's end", () => {
    const { at } = box({ ...STANDBY, isInMaintenance: true });
    expect(at(1)).toMatchObject({ letsGo: true, role: "maintenance" });
    expect(at(10_000, { partner: undefined }).letsGo).toBe(true);
    expect(at(11_999, { partner: undefined }).letsGo).toBe(true);
    expect(at(12_000, { partner: undefined }).letsGo).toBe(false);
    expect(at(12_500, { partner: undefined, holding: "master" }).role).toBe("active");
    expect(at(12_600)).toMatchObject({ letsGo: true });
  });

  test("wants it at the primary: after so long that it has been well", () => {
    const { at } = box(ACTIVE, { isPrimary: false, preferPrimaryAfter: 60_000 });
    expect(at(1000, { isInStep: false }).letsGo).toBe(false);
    at(LATER);
    expect(at(LATER + 59_999).letsGo).toBe(false);
    expect(at(LATER + 60_000)).toMatchObject({ letsGo: true, news: ["releasing prefer"] });
  });

  test("and not when it is not quite well", () => {
    const { at } = box(ACTIVE, { isPrimary: false, preferPrimaryAfter: 60_000 });
    at(0, { partner: { ...READY, score: 90 } });
    expect(at(70_000, { partner: { ...READY, score: 90 } }).letsGo).toBe(false);
    expect(box(ACTIVE, { ...PRIMARY, preferPrimaryAfter: 60_000 }).at(LATER).letsGo).toBe(false);
  });
});

describe("what it tells the partner", () => {
  test.each([
    [STANDBY, { holding: "backup", score: 100, mayTake: true }],
    [
      { ...STANDBY, isInMaintenance: true },
      { holding: "backup", score: 100, mayTake: false },
    ],
    [
      { ...STANDBY, holding: undefined },
      { holding: "none", score: 100, mayTake: false },
    ],
    [
      { ...STANDBY, holding: "fault" as const },
      { holding: "fault", score: 100, mayTake: false },
    ],
  ] as const)("%j", (facts, word) => {
    expect(box(facts).coordinator.word(1)).toEqual(word);
  });
});

test("it asks to be woken for what happens by itself", () => {
  const { coordinator, at } = box();
  expect(coordinator.nextAt(LATER)).toBe(Number.POSITIVE_INFINITY);
  at(LATER, { score: 60 });
  expect(coordinator.nextAt(LATER)).toBe(LATER + 1000);
});
