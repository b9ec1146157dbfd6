// What a person is told before something is done with the gateway: what will happen, or the first reason against it.

import { describe, expect, test } from "vitest";
import { NO_RESOLVERS, type Resolvers } from "../../../daemon/core/gateway/resolvers.ts";
import { preflight, VERBS, type Verb, type VerbFacts } from "../../../daemon/core/gateway/verbs.ts";
import type { GatewayWord } from "../../../daemon/core/gateway/word.ts";

const READY: GatewayWord = { holding: "backup", score: 100, mayTake: true };
const HAS_IT: GatewayWord = { holding: "master", score: 100, mayTake: true };

const ACTIVE: VerbFacts = {
  ...{ box: "A", hasGateway: true, isPaired: true, role: "active", partner: READY, score: 100 },
  ...{ isInMaintenance: false, isInStep: true, isDrillUnderWay: false },
  resolvers: NO_RESOLVERS,
  whyUntracked: undefined,
};
const STANDBY: VerbFacts = { ...ACTIVE, role: "standby", partner: HAS_IT };
const MAINTENANCE: VerbFacts = { ...STANDBY, role: "maintenance", isInMaintenance: true };
const UNTRACKED: VerbFacts = { ...ACTIVE, whyUntracked: "conntrackd is not installed" };
const MOVES: readonly Verb[] = ["handover", "drill", "unplug"];

const HERE_TO_THERE =
  "box A hands the gateway over to its partner, which takes some milliseconds; connections go on";
const THERE_TO_HERE =
  "the partner of box A hands the gateway over to box A, which takes some milliseconds; connections go on";
const MAY_BREAK =
  ", but of those whose addresses are translated some may break, because they are not kept in step: conntrackd is not installed";
const AWAY =
  "box A hands everything over to its partner and answers nobody, also after it was switched off and on, until it is told that the work is done";
const UNPLUGGED =
  "acts for 10 seconds as if its power were gone, the other one does everything meanwhile, and gives the gateway back by itself; devices notice half a second of it";

describe("when all is well, what will happen is said", () => {
  test.each<[Verb, VerbFacts, string]>([
    ["handover", ACTIVE, HERE_TO_THERE],
    ["handover", STANDBY, THERE_TO_HERE],
    ["maintenance-on", ACTIVE, AWAY],
    ["maintenance-on", STANDBY, AWAY],
    ["maintenance-off", MAINTENANCE, "box A takes its share of the work again"],
    ["drill", ACTIVE, `${HERE_TO_THERE}, and gives it back by itself`],
    ["drill", STANDBY, `${THERE_TO_HERE}, and gives it back by itself`],
    ["handover", UNTRACKED, `${HERE_TO_THERE}${MAY_BREAK}`],
    [
      "drill",
      UNTRACKED,
      `${HERE_TO_THERE.replace(";", ", and gives it back by itself;")}${MAY_BREAK}`,
    ],
    ["unplug", ACTIVE, `box A ${UNPLUGGED}`],
    ["unplug", STANDBY, `the partner of box A ${UNPLUGGED}`],
  ])("%s, %#", (verb, facts, text) => {
    expect(preflight(verb, facts)).toEqual({ isPossible: true, text });
  });
});

/** Legend: what is otherwise, why nothing moves then. */
const NO_MOVE: readonly (readonly [VerbFacts, string])[] = [
  [
    { ...ACTIVE, hasGateway: false, role: "unknown" },
    "there is no gateway section in config.json, so nothing moves",
  ],
  [{ ...ACTIVE, isPaired: false, partner: undefined }, "this box has no partner"],
  [{ ...ACTIVE, partner: undefined }, "the partner is not heard"],
  [{ ...ACTIVE, isDrillUnderWay: true }, "a drill is under way; it ends by itself"],
  [
    { ...ACTIVE, partner: { ...READY, mayTake: false } },
    "the partner is in maintenance, or cannot be the gateway now",
  ],
  [
    { ...ACTIVE, partner: { ...READY, score: 90 } },
    "the partner is much worse off (90 of 100, this box 100)",
  ],
  [MAINTENANCE, "this box is in maintenance"],
  [{ ...STANDBY, role: "waiting" }, "no box has the gateway yet"],
  [{ ...STANDBY, role: "released" }, "the gateway is on its way already"],
  [{ ...STANDBY, role: "maintenance" }, "this box is in maintenance"],
  [{ ...STANDBY, role: "fault" }, "this box cannot be the gateway now"],
  [{ ...STANDBY, role: "unknown" }, "it is not known which box has the gateway"],
  [{ ...STANDBY, score: 90 }, "this box is much worse off (90 of 100, its partner 100)"],
];

describe("nothing that moves the gateway is done", () => {
  test.each(NO_MOVE)("%#: %s", (facts, text) => {
    for (const verb of MOVES) expect(preflight(verb, facts)).toEqual({ isPossible: false, text });
  });

  test.each([
    [{ ...ACTIVE, isInStep: false }, "the boxes are not in step"],
    [
      { ...ACTIVE, score: 99 },
      "one of the boxes is not quite well; a drill would not show what it is to show",
    ],
    [
      { ...STANDBY, partner: { ...HAS_IT, score: 99 } },
      "one of the boxes is not quite well; a drill would not show what it is to show",
    ],
  ])("for a drill all has to be well: %#", (facts, text) => {
    for (const verb of ["drill", "unplug"] as const) {
      expect(preflight(verb, facts)).toEqual({ isPossible: false, text });
    }
    expect(preflight("handover", facts).isPossible, "a person may have it all the same").toBe(true);
  });

  test.each([
    [{ ...ACTIVE, partner: { ...READY, score: 91 } }],
    [{ ...STANDBY, score: 91 }],
    [{ ...STANDBY, score: 100, partner: { ...HAS_IT, score: 20, mayTake: false } }],
  ])("a little worse is no reason, nor how the box is that lets go: %#", (facts) => {
    expect(preflight("handover", facts).isPossible).toBe(true);
  });
});

describe("maintenance", () => {
  test.each<[VerbFacts, string]>([
    [MAINTENANCE, "box A is in maintenance already"],
    [
      { ...ACTIVE, isPaired: false },
      "this box has no partner that could do its work; it can be switched off all the same",
    ],
    [
      { ...ACTIVE, partner: undefined },
      "the partner is not heard: nobody would serve while this box is off",
    ],
    [
      { ...ACTIVE, isInStep: false },
      "the partner does not know all leases yet: wait until both are in step",
    ],
    [
      { ...ACTIVE, partner: { ...READY, mayTake: false } },
      "the partner is in maintenance, or cannot be the gateway now",
    ],
    [{ ...ACTIVE, isDrillUnderWay: true }, "a drill is under way; it ends by itself"],
  ])("does not begin: %#", (facts, text) => {
    expect(preflight("maintenance-on", facts)).toEqual({ isPossible: false, text });
  });

  test.each([
    ["nothing moves", { ...ACTIVE, hasGateway: false, role: "unknown" as const }],
    ["the gateway is at the partner, which is not well", { ...STANDBY, partner: HAS_IT, score: 1 }],
    ["no box has the gateway", { ...STANDBY, role: "waiting" as const, partner: READY }],
  ])("begins where there is nothing to hand over: %s", (_, facts) => {
    expect(preflight("maintenance-on", facts)).toEqual({ isPossible: true, text: AWAY });
  });

  test("ends only where it is", () => {
    expect(preflight("maintenance-off", ACTIVE)).toEqual({
      ...{ isPossible: false, text: "box A is not in maintenance" },
    });
    // Whatever has become of the rest.
    const alone = { ...MAINTENANCE, isPaired: false, partner: undefined, isInStep: false };
    expect(preflight("maintenance-off", alone).isPossible).toBe(true);
  });
});

describe("names", () => {
  const seen = (own: Resolvers["own"], partner: Resolvers["partner"]): Resolvers => ({
    ...{ address: "10.77.0.2", own, partner },
  });
  const NEITHER = "; devices find no names, neither before nor after it: neither resolver answers";
  const LOST_THERE =
    "; but devices find no names after it: the resolver of its partner does not answer";
  const LOST_HERE = "; but devices find no names after it: the resolver of box A does not answer";

  test.each<[VerbFacts, Resolvers, string]>([
    [ACTIVE, seen("answers", "answers"), ""],
    [ACTIVE, seen("answers", "never"), ""],
    [ACTIVE, seen("answers", undefined), ""],
    [ACTIVE, seen("answers", "silent"), LOST_THERE],
    [ACTIVE, seen(undefined, "silent"), LOST_THERE],
    [ACTIVE, seen("silent", "silent"), NEITHER],
    [ACTIVE, seen("never", "silent"), NEITHER],
    [ACTIVE, seen("silent", "answers"), ""],
    [STANDBY, seen("answers", "silent"), ""],
    [STANDBY, seen("silent", "answers"), LOST_HERE],
    [STANDBY, seen("silent", "never"), LOST_HERE],
    [STANDBY, seen("never", "answers"), LOST_HERE],
    [STANDBY, seen("never", "never"), ""],
    [STANDBY, seen("never", undefined), ""],
    [STANDBY, seen("silent", "silent"), NEITHER],
  ])("that are lost with a handover are said before: %#", (facts, resolvers, warning) => {
    const text = facts === ACTIVE ? HERE_TO_THERE : THERE_TO_HERE;
    expect(preflight("handover", { ...facts, resolvers })).toEqual({
      ...{ isPossible: true, text: `${text}${warning}` },
    });
    const away = preflight("maintenance-on", { ...facts, resolvers });
    expect(away, "nothing moves when the gateway is at the partner").toEqual({
      ...{ isPossible: true, text: `${AWAY}${facts === ACTIVE ? warning : ""}` },
    });
  });

  test.each([
    [ACTIVE, seen("answers", "silent")],
    [ACTIVE, seen("silent", "answers")],
    [STANDBY, seen("silent", "silent")],
  ])("that are not found are no time for a drill: %#", (facts, resolvers) => {
    for (const verb of ["drill", "unplug"] as const) {
      expect(preflight(verb, { ...facts, resolvers })).toEqual({
        isPossible: false,
        text: "one of the resolvers does not answer; a drill would not show what it is to show",
      });
    }
  });

  test("are a reason why a box is worse off", () => {
    const partner = { ...READY, score: 85 };
    expect(
      preflight("handover", { ...ACTIVE, partner, resolvers: seen("answers", "silent") }).text,
    ).toBe(
      "the partner is much worse off (85 of 100, this box 100), and its resolver does not answer",
    );
    expect(
      preflight("handover", { ...STANDBY, score: 85, resolvers: seen("silent", "answers") }).text,
    ).toBe(
      "this box is much worse off (85 of 100, its partner 100), and its resolver does not answer",
    );
  });
});

test("the first reason counts, in this order", () => {
  const reasons: readonly Partial<VerbFacts>[] = [
    { hasGateway: false },
    { isPaired: false },
    { partner: undefined },
    { isDrillUnderWay: true },
  ];
  const said = reasons.map((_, from) => {
    const facts: VerbFacts = Object.assign({ ...ACTIVE }, ...reasons.slice(from));
    return preflight("handover", facts).text;
  });
  expect(said).toEqual([
    "there is no gateway section in config.json, so nothing moves",
    "this box has no partner",
    "the partner is not heard",
    "a drill is under way; it ends by itself",
  ]);
});

test("whatever is said becomes a whole sentence with a full stop behind it", () => {
  const facts = [ACTIVE, STANDBY, MAINTENANCE, ...NO_MOVE.map(([one]) => one)];
  for (const verb of VERBS) {
    for (const one of facts) {
      expect(preflight(verb, one).text).toMatch(/^[a-z][^`]*[a-z)]$/);
    }
  }
});
