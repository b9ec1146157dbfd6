import { describe, expect, test } from "vitest";
import { CONDITIONS } from "../../daemon/catalogue.ts";
import type { LoadedConfig } from "../../daemon/config/load.ts";
import type { Core } from "../../daemon/core/core.ts";
import type { PairView } from "../../daemon/core/failover/pair-view.ts";
import { STATE_OF } from "../../daemon/core/failover/transitions-table.ts";
import { EventLog } from "../../daemon/event-log.ts";
import { declarePartnerDown } from "../../daemon/partner.ts";
import { pairSentence, pairStateWords, partnerStatus } from "../../daemon/partner-view.ts";
import { servedNow, summarise } from "../../daemon/summary.ts";
import { fakePairView, fakePartner } from "../support/fake-pair.ts";

const STATES = Object.values(STATE_OF);

describe("the pair in words", () => {
  test("every state has its own", () => {
    const words = STATES.map(pairStateWords);
    expect(new Set(words).size).toBe(STATES.length);
    for (const word of words) expect(word).toMatch(/^[a-z][a-z, ]+$/);
    expect(pairStateWords("dancing")).toBe("dancing");
    expect(pairStateWords("toString")).toBe("toString");
  });

  test.each(STATES)("%s is a sentence, with the partner there and away", (state) => {
    for (const isConnected of [true, false]) {
      for (const partnerState of ["recover", "normal", undefined] as const) {
        const text = pairSentence(fakePairView({ state, isConnected, partnerState }));
        expect(text).toMatch(/^[A-Z][^{}]+\.$/);
      }
    }
  });

  test("what matters most is said", () => {
    const view = fakePairView();
    expect(pairSentence(view)).toBe("The boxes are in step: each knows what the other gave out.");
    expect(pairSentence({ ...view, isInStep: false })).toContain("told the last changes");
    const refusal = "the clocks differ by 90 s";
    const apart = { ...view, state: "communications-interrupted", isConnected: false } as const;
    expect(pairSentence(apart)).toContain("The partner is away");
    expect(pairSentence({ ...apart, refusal })).toContain(
      `do not speak with each other: ${refusal}.`,
    );
    expect(pairSentence({ ...apart, refusal, inStartup: true })).toContain("has just started");
    const back = { ...view, state: "partner-down", partnerState: "recover" } as const;
    expect(pairSentence(back)).toContain("learns the leases from this box");
    const never = { ...back, partnerState: undefined, isConnected: false };
    expect(pairSentence(never)).toContain("was never heard");
  });

  test("as the API has it", () => {
    expect(partnerStatus(fakePairView(), "office")).toEqual(fakePartner());
    const first = fakePairView({ since: 0, partnerState: undefined, partnerSince: 0 });
    expect(partnerStatus(first, "office")).toMatchObject({
      since: null,
      partnerState: null,
      partnerStateWords: null,
      partnerSince: null,
    });
  });

  test("in the log", () => {
    const lines: string[] = [];
    const log = new EventLog({ write: ({ text }) => lines.push(text) }, () => {});
    const values = { before: "normal", after: "communications-interrupted" };
    log.write("pair-state", values, { monotonic: 0, wall: 0 });
    expect(lines).toEqual(['In the pair this box was "in step" and is "alone" now.']);
  });
});

describe("the partner is declared down", () => {
  /** A box in a pair; what it is told is what `after` makes of it. */
  function tell(before: PairView | undefined, after: Partial<PairView> = {}) {
    let view = before;
    const told: string[] = [];
    const result = declarePartnerDown(
      () => view,
      (event) => {
        told.push(event.kind);
        if (view) view = { ...view, ...after };
      },
    );
    return { ...result, told };
  }
  const away = { state: "communications-interrupted", isConnected: false } as const;

  test("and is", () => {
    const result = tell(fakePairView(away), { state: "partner-down" });
    expect(result).toMatchObject({ isDone: true, told: ["pair-command"] });
  });

  test("and was already", () => {
    const result = tell(fakePairView({ ...away, state: "partner-down" }));
    expect(result).toMatchObject({ isDone: true, told: [] });
    expect(result.text).toContain("already");
  });

  test.each([
    ["in no pair", undefined, "this box is in no pair"],
    ["while it answers", fakePairView(), "the partner answers, so it is not down"],
    [
      "while it learns from this box",
      fakePairView({ state: "partner-down", partnerState: "recover" }),
      "the partner answers, so it is not down",
    ],
    ["by a box that ends", fakePairView({ ...away, state: "paused" }), "this box is stopping"],
  ])("%s: refused", (_, view, text) => {
    expect(tell(view)).toMatchObject({ isDone: false, text });
  });
});

describe("the box as one of two", () => {
  const config = {
    box: { name: "A" },
    core: { serving: true, networks: [{ name: "office" }, { name: "guests" }] },
  } as unknown as LoadedConfig;

  /** A core that serves its LANs, with these conditions. */
  function coreOf(view: PairView | undefined, ...ids: (keyof typeof CONDITIONS)[]): Core {
    const values = { since: "2026-05-03 07:12 UTC", until: "2026-05-03 07:22 UTC", reason: "x" };
    const active = ids.map((id) => ({ id, subject: "", values, sinceWall: 0 }));
    return {
      conditions: { active: () => active },
      serving: () => ({ ok: true }),
      pairView: () => view,
    } as unknown as Core;
  }

  test("alone it says nothing of a partner", () => {
    expect(summarise(config, coreOf(undefined))).toEqual({
      role: "serving",
      state: "fine",
      why: "Box A is serving office and guests.",
    });
  });

  test("in step, by what the mode makes of the two", () => {
    const why = (changes: Partial<PairView> = {}) => {
      const { state, why: text } = summarise(config, coreOf(fakePairView(changes)));
      expect(state).toBe("fine");
      return text;
    };
    expect(why()).toBe(
      "Both boxes are in step. Box A serves office and guests together with its partner.",
    );
    const mode = { kind: "hot-standby", reservePercent: 10 } as const;
    expect(why({ mode })).toContain("serves office and guests, and its partner is ready");
    expect(why({ mode, role: "secondary" })).toContain("is ready to take over office and guests");
  });

  test("alone without its partner it is not fine, though everybody is served", () => {
    const state = "communications-interrupted";
    const view = fakePairView({ state, service: "all", isConnected: false });
    expect(summarise(config, coreOf(view, "partner-away"))).toEqual({
      role: "serving",
      state: "degraded",
      why: "The partner is away since 2026-05-03 07:12 UTC: this box works alone, and new leases are short until it is back.",
    });
  });

  test.each([
    ["pair-starting", { inStartup: true }, "down"],
    ["pair-recovering", { state: "recover" }, "down"],
    ["pair-waiting", { state: "recover-wait" }, "down"],
  ] as const)("%s: nobody is served, and the sentence says why", (id, changes, state) => {
    const core = coreOf(fakePairView({ ...changes, service: "nothing" }), id);
    expect(servedNow(core, 0)).toEqual({ ok: false, reason: "pair-not-serving" });
    const said = CONDITIONS[id].text.replace("{until}", "2026-05-03 07:22 UTC");
    expect(summarise(config, core)).toEqual({ role: "serving", state, why: said });
  });

  test.each([
    "partner-away",
    "partner-down",
    "partner-refuses",
    "pair-recovering",
    "pair-waiting",
    "pair-conflict-open",
  ] as const)("%s keeps a box from being fine", (id) => {
    const view = fakePairView({ state: "communications-interrupted", service: "all" });
    expect(summarise(config, coreOf(view, id)).state).toBe("degraded");
  });

  test.each(["maintenance", "drill"] as const)(
    "%s: its partner does its work, so it is neither fine nor down",
    (id) => {
      const isWorkedOn = id === "maintenance";
      const core = coreOf(fakePairView(), id);
      const closed = { ok: false, reason: "not-serving" };
      const { state, why } = summarise(config, {
        ...core,
        serving: () => closed,
      } as unknown as Core);
      expect(state).toBe("degraded");
      const text = CONDITIONS[id].text.replace("{since}", "2026-05-03 07:12 UTC");
      expect(why).toBe(text);
      expect(CONDITIONS[id].impact).toBe(isWorkedOn ? "some" : "none");
    },
  );

  test("what is worse than a drill is said instead of it", () => {
    const view = fakePairView({ state: "communications-interrupted", service: "all" });
    const { state, why } = summarise(config, coreOf(view, "drill", "partner-away"));
    expect([state, why]).toEqual(["degraded", expect.stringContaining("The partner is away")]);
  });

  test.each(["pair-clock", "pair-conflicts", "pair-not-listening"] as const)(
    "%s is said, and the box is fine",
    (id) => {
      const { state, why } = summarise(config, coreOf(fakePairView(), id));
      expect([state, why]).toEqual(["fine", expect.stringContaining("in step")]);
    },
  );
});
