// The state tables cell by cell: what draft-ietf-dhc-failover-12 §9 and dhcpd 4.4.3 do, and where
// and why we do something else.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PairStateName } from "../../../daemon/core/failover/pair-state.ts";
import { serviceOf } from "../../../daemon/core/failover/service.ts";
import {
  entryActions,
  type Facts,
  mayAnnounce,
  stateAtStart,
  type Trigger,
  transition,
} from "../../../daemon/core/failover/transitions.ts";
import { cells } from "../../../daemon/core/failover/transitions-cells.ts";
import { RULE_NAMES, ruleOf } from "../../../daemon/core/failover/transitions-rules.ts";
import {
  HAPPENINGS,
  happenedCell,
  heardCell,
  SHORTS,
  STATE_OF,
  type StateShort,
} from "../../../daemon/core/failover/transitions-table.ts";
import { DIALECTS } from "../../../daemon/wire/failover/messages.ts";
import { dhcpdCell } from "../../support/dhcpd-model.ts";

const STATES: readonly PairStateName[] = Object.values(STATE_OF);

const CALM: Facts = {
  dialect: "tandem",
  role: "primary",
  state: "normal",
  inStartup: false,
  partnerState: undefined,
  isConnected: true,
  wasDownFirst: false,
  mustWait: true,
};

/** Where we leave the table of dhcpd, and why: mine, heard, ours. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  // A box that recovers is not NORMAL yet: half of the clients would wait for it.
  "N RW": "CI",
  "CI RW": ".",
  "RD RW": "CI",
  // dhcpd shuts down, or exits; these are the draft's ways on, by states that it survives.
  "N PC": "PC",
  "N RI": "PC",
  "N CD": "PC",
  "PC N": "R",
  "RI N": "R",
  "CD CI": "PC",
  "CD PD": "PC",
  "CD R": "PD",
  "CD RW": "CI",
  "CD RD": "N",
  "CD CD": "PC",
  "CD P": "CI",
  "CD S": "PD",
  // A conflict state said to a dhcpd in NORMAL shuts it down; it decides by hearing PARTNER-DOWN.
  "PD N": ".",
  // A lost book is filled before anything else.
  "R N": ".",
  "R PC": ".",
  "R S": ".",
  // dhcpd in CONFLICT-DONE exits on anything but a conflict state or NORMAL.
  "RW CD": "PC",
  "RD CD": "PC",
  // RECOVER-DONE and POTENTIAL-CONFLICT would wait for each other for ever.
  "RD PC": "PC",
  "RD RI": "PC",
  "PC RW": "CI",
  "PC RD": "N",
  "RI RW": "CI",
  "RI RD": "N",
  // dhcpd in RECOVER that hears RECOVER-DONE asks for nothing; COMMUNICATIONS-INTERRUPTED moves it.
  "RD R": "CI",
  // Both in RECOVER would wait for each other although this one has its book.
  "PC R": "PD",
  // The partner leased this box's addresses while the line was cut.
  "RW PD": "R",
};

describe("isc, on the partner's STATE: as dhcpd, or as argued", () => {
  const walk = STATES.flatMap((mine) => STATES.map((heard) => [mine, heard] as const));

  test.each(walk)("%s hears %s", (state, heard) => {
    const mine = shortOf(state);
    const key = `${mine} ${shortOf(heard)}`;
    const expected = ELSEWHERE[key] ?? dhcpdCell(state, heard);
    const { to, endsStartup } = hear({ dialect: "isc", state }, heard);
    expect(to === undefined ? "." : shortOf(to)).toBe(expected);
    expect(endsStartup).toBe(false);
  });

  test.each(Object.entries(ELSEWHERE))("%s is really other than dhcpd", (key, ours) => {
    const [mine, heard] = key.split(" ") as [StateShort, StateShort];
    expect(dhcpdCell(STATE_OF[mine], STATE_OF[heard])).not.toBe(ours);
  });

  test("NORMAL in STARTUP that hears PARTNER-DOWN recovers", () => {
    expect(hear({ dialect: "isc", inStartup: true }, "partner-down")).toMatchObject({
      to: "recover",
      endsStartup: true,
    });
  });

  test("PARTNER-DOWN holds back on the STARTUP bit, but not beside CONFLICT-DONE", () => {
    const facts = { dialect: "isc", state: "partner-down" } as const;
    expect(hear(facts, "communications-interrupted", true).to).toBeUndefined();
    expect(hear(facts, "conflict-done", true).to).toBe("potential-conflict");
  });

  test("NORMAL and POTENTIAL-CONFLICT pass over what is on record", () => {
    const facts = { dialect: "isc", partnerState: "recover" } as const;
    expect(hear(facts, "recover").cell).toBe("isc said again");
    expect(hear({ ...facts, state: "potential-conflict" }, "recover").to).toBeUndefined();
    expect(hear({ ...facts, state: "communications-interrupted" }, "recover").to).toBe(
      "partner-down",
    );
  });

  test("the STARTUP bit does not matter elsewhere", () => {
    expect(hear({ dialect: "isc", state: "communications-interrupted" }, "normal", true).to).toBe(
      "normal",
    );
  });
});

describe("isc: no STATE that is fatal to dhcpd", () => {
  const partners = STATES.filter((state) => state !== "paused" && state !== "shutdown");
  const own = partners.flatMap((mine) => partners.map((heard) => [mine, heard] as const));

  test.each(own)("%s after hearing %s", (state, heard) => {
    for (const facts of variations({ dialect: "isc", state })) {
      const { to, cell } = hear(facts, heard, facts.mustWait);
      expect(mayAnnounce("isc", heard, to ?? state), `${cell} ${JSON.stringify(facts)}`).toBe(true);
    }
  });

  test("nor after anything else that happens beside a partner that was heard", () => {
    for (const state of STATES) {
      for (const partnerState of partners.filter((one) => mayAnnounce("isc", one, state))) {
        // Who hears this is in another state by then.
        const heard = hear({ dialect: "isc", state }, partnerState).to ?? state;
        for (const happening of HAPPENINGS) {
          // dhcpd does not tell.
          if (happening === "rolled-back" || happening === "connection-lost") continue;
          for (const facts of variations({ dialect: "isc", state: heard, partnerState })) {
            if (!facts.isConnected || facts.inStartup) continue;
            const { to, cell } = transition(facts, triggerOf(happening));
            expect(mayAnnounce("isc", partnerState, to ?? heard), cell).toBe(true);
          }
        }
      }
    }
  });

  test("a partner that was never heard may be told anything, and ours always", () => {
    for (const state of STATES) {
      expect(mayAnnounce("isc", undefined, state)).toBe(true);
      for (const partner of STATES) expect(mayAnnounce("tandem", partner, state)).toBe(true);
    }
  });
});

describe("tandem", () => {
  const SERVING: readonly PairStateName[] = [
    "normal",
    "communications-interrupted",
    "partner-down",
  ];

  test.each(SERVING)("%s goes on serving beside a box that recovers", (state) => {
    for (const heard of ["recover", "recover-wait"] as const) {
      for (const facts of variations({ state })) {
        const to = hear(facts, heard).to ?? state;
        expect(serviceOf("tandem", to, false, heard)).toBe("all");
      }
    }
  });

  test.each(STATES)("%s outside of STARTUP only records a STATE with the STARTUP bit", (state) => {
    for (const heard of STATES) {
      expect(hear({ state }, heard, true)).toEqual({
        cell: "tandem STARTUP bit",
        to: undefined,
        endsStartup: false,
        actions: [],
      });
    }
  });

  test.each(STATES)("saved %s: a STATE ends STARTUP", (state) => {
    for (const heard of STATES) {
      for (const bit of [false, true]) {
        const { to, endsStartup } = hear({ state, inStartup: true }, heard, bit);
        expect(endsStartup).toBe(true);
        expect(to).toBeDefined();
      }
    }
  });

  test("who was off when the partner went to PARTNER-DOWN recovers, others are in conflict", () => {
    for (const state of SERVING) {
      const first = hear({ state, inStartup: true, wasDownFirst: true }, "partner-down", true);
      expect(first.to).toBe("recover");
      expect(hear({ state, inStartup: true }, "partner-down").to).toBe("potential-conflict");
      expect(hear({ state, wasDownFirst: true }, "partner-down").to).toBe("potential-conflict");
    }
  });

  test("a recovery that was interrupted beside PARTNER-DOWN begins anew", () => {
    const facts = { partnerState: "partner-down", isConnected: false } as const;
    for (const state of ["recover-wait", "recover-done"] as const) {
      expect(transition({ ...CALM, ...facts, state }, { kind: "connection-lost" }).to).toBe(
        "recover",
      );
      const starting = { ...CALM, ...facts, state, inStartup: true };
      expect(transition(starting, { kind: "startup-over" }).to).toBe("recover");
      expect(hear({ ...facts, state, inStartup: true }, "partner-down", true).to).toBe("recover");
    }
    expect(hear({ state: "recover-done" }, "partner-down").to).toBeUndefined();
  });

  test("RECOVER-WAIT is over: RECOVER-DONE beside the partner, alone it serves", () => {
    const facts = { ...CALM, state: "recover-wait" } as const;
    expect(transition(facts, { kind: "wait-over" }).to).toBe("recover-done");
    expect(transition({ ...facts, isConnected: false }, { kind: "wait-over" }).to).toBe(
      "communications-interrupted",
    );
  });

  test("the secondary is done only after the primary is", () => {
    const facts = { ...CALM, state: "potential-conflict", role: "secondary" } as const;
    const done = { kind: "updates-done" } as const;
    expect(transition({ ...facts, partnerState: "potential-conflict" }, done).to).toBeUndefined();
    expect(transition({ ...facts, partnerState: "conflict-done" }, done).to).toBe("normal");
    expect(transition({ ...facts, role: "primary" }, done).to).toBe("conflict-done");
  });

  test("what a STATE asks for besides is left to the entry when it ends STARTUP", () => {
    expect(hear({ state: "recover" }, "normal").actions).toEqual(["request-updates"]);
    expect(hear({ state: "recover", inStartup: true }, "normal").actions).toEqual([]);
    expect(entryActions("tandem", "primary", "recover", "normal")).toEqual(["request-updates"]);
    expect(entryActions("isc", "primary", "recover", "normal")).toEqual(["request-all"]);
  });
});

test("beside a box that waits in RECOVER-WAIT the other one serves everybody", () => {
  const others = STATES.filter(
    (one) => !["recover", "recover-wait", "paused", "shutdown"].includes(one),
  );
  for (const dialect of DIALECTS) {
    for (const state of others) {
      const to = hear({ dialect, state }, "recover-wait").to ?? state;
      expect(serviceOf(dialect, to, false, "recover-wait"), `${dialect} ${state}`).toBe("all");
    }
  }
});

describe("commands", () => {
  test.each(STATES)("partner-down in %s: only without a partner", (state) => {
    for (const facts of variations({ state })) {
      const { to, actions } = transition(facts, { kind: "command", command: "partner-down" });
      const isPossible =
        !facts.isConnected && !["partner-down", "paused", "shutdown"].includes(startOf(facts));
      expect(to).toBe(isPossible ? "partner-down" : undefined);
      expect(actions).toEqual(isPossible ? [] : ["refuse"]);
    }
  });

  test("shutdown hands over to a partner that can take over, else it is a pause", () => {
    const shutdown = { kind: "command", command: "shutdown" } as const;
    expect(transition({ ...CALM, partnerState: "normal" }, shutdown).to).toBe("shutdown");
    expect(transition({ ...CALM, partnerState: "recover" }, shutdown).to).toBe("paused");
    const alone = { ...CALM, partnerState: "normal", isConnected: false } as const;
    expect(transition(alone, shutdown).to).toBe("paused");
  });

  test("a box that was paused or off for long starts as something else", () => {
    expect(STATES.filter((state) => stateAtStart(state) !== state)).toEqual(["paused", "shutdown"]);
    const facts = { ...CALM, inStartup: true, state: "shutdown" } as const;
    expect(transition(facts, { kind: "startup-over" }).to).toBe("recover");
  });
});

describe("the tables", () => {
  const anyFacts: fc.Arbitrary<Facts> = fc.record({
    dialect: fc.constantFrom(...DIALECTS),
    role: fc.constantFrom("primary" as const, "secondary" as const),
    state: fc.constantFrom(...STATES),
    inStartup: fc.boolean(),
    partnerState: fc.constantFrom(undefined, ...STATES),
    isConnected: fc.boolean(),
    wasDownFirst: fc.boolean(),
    mustWait: fc.boolean(),
  });
  const anyTrigger: fc.Arbitrary<Trigger> = fc.oneof(
    fc.record({
      kind: fc.constant("partner-state" as const),
      state: fc.constantFrom(...STATES),
      isStartup: fc.boolean(),
    }),
    fc.constantFrom(...HAPPENINGS).map(triggerOf),
  );
  const known = new Map(cells().map((cell) => [cell.id, cell]));

  test("each case has a name of its own", () => {
    expect(known.size).toBe(cells().length);
  });

  test("whatever happens has a cell, and does what the cell says", () => {
    fc.assert(
      fc.property(anyFacts, anyTrigger, (facts, trigger) => {
        const { cell, to, endsStartup, actions } = transition(facts, trigger);
        const info = known.get(cell);
        expect(info, cell).toBeDefined();
        expect(info?.dialect).toBe(facts.dialect);
        if (endsStartup) expect(to).toBe(info?.to ?? stateAtStart(facts.state));
        else expect(to).toBe(info?.to);
        if (!endsStartup) expect(actions).toEqual(info?.actions ?? []);
        if (endsStartup) expect(facts.inStartup).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test.each(RULE_NAMES)("rule %s: is used, and its last case has no condition", (name) => {
    const last = ruleOf(name).variants.at(-1);
    expect(last?.when).toBe("otherwise");
    const words = STATES.flatMap((mine) => [
      ...DIALECTS.flatMap((dialect) => STATES.map((heard) => heardCell(dialect, mine, heard))),
      ...HAPPENINGS.map((happening) => happenedCell(mine, happening)),
    ]);
    expect(words.some((cell) => cell.kind === "rule" && cell.name === name)).toBe(true);
  });

  test("who is in STARTUP answers nothing, and beside a dhcpd in conflict nobody does", () => {
    for (const dialect of DIALECTS) {
      for (const state of STATES) expect(serviceOf(dialect, state, true, "normal")).toBe("nothing");
    }
    expect(serviceOf("isc", "normal", false, "conflict-done")).toBe("nothing");
    expect(serviceOf("tandem", "normal", false, "conflict-done")).toBe("balanced");
    expect(serviceOf("isc", "partner-down", false, "resolution-interrupted")).toBe("all");
  });
});

function hear(facts: Partial<Facts>, state: PairStateName, isStartup = false) {
  return transition({ ...CALM, ...facts }, { kind: "partner-state", state, isStartup });
}

function triggerOf(happening: (typeof HAPPENINGS)[number]): Trigger {
  switch (happening) {
    case "partner-down":
    case "pause":
    case "shutdown":
      return { kind: "command", command: happening };
    default:
      return { kind: happening };
  }
}

/** Everything that is not given, both ways. */
function variations(given: Partial<Facts>): Facts[] {
  const both = [false, true];
  return both.flatMap((inStartup) =>
    both.flatMap((isConnected) =>
      both.flatMap((wasDownFirst) =>
        both.flatMap((mustWait) =>
          (["primary", "secondary"] as const).map((role) => ({
            ...CALM,
            role,
            inStartup,
            isConnected,
            wasDownFirst,
            mustWait,
            ...given,
          })),
        ),
      ),
    ),
  );
}

function startOf({ state, inStartup }: Facts): PairStateName {
  return inStartup ? stateAtStart(state) : state;
}

function shortOf(state: PairStateName): StateShort {
  return SHORTS.find((short) => STATE_OF[short] === state) ?? "S";
}
