// Two boxes, a cable that breaks, power that fails and people who do things in any order: whatever happens, the
// box that serves is as it was or one of a pair, and by doing it again both always become a pair.

import fc from "fast-check";
import { expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { problemIn } from "../../../daemon/document-files.ts";
import { seeded } from "../../support/random.ts";
import {
  type BoxOptions,
  Cable,
  type IntroducedBox,
  newBox,
  OFFICE,
  OFFICE_BOX,
  officeBox,
} from "../../support/two-introductions.ts";

const RUNS = Number(process.env.RUNS ?? 400);

const TROUBLES = ["cancel", "cut", "restart", "wait"] as const;
const move = fc.record({
  // Mostly things go on.
  what: fc.oneof(
    { weight: 40, arbitrary: fc.constant("advance" as const) },
    { weight: 8, arbitrary: fc.constant("confirm" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...TROUBLES) },
    { weight: 2, arbitrary: fc.constant("choose" as const) },
  ),
  at: fc.constantFrom(0 as const, 1 as const),
  choice: fc.constantFrom("keep" as const, "take" as const),
});
type Move = typeof move extends fc.Arbitrary<infer M> ? M : never;

function perform(cable: Cable, { what, at, choice }: Move): void {
  const end = cable.ends[at];
  if (what === "advance") cable.advance(at);
  else if (what === "confirm") end.confirm();
  else if (what === "choose") end.act({ kind: "choose", choice });
  else if (what === "cancel") end.act({ kind: "cancel" });
  else if (what === "cut") cable.cut();
  else if (what === "wait") cable.wait(7);
  else {
    cable.cut();
    end.restart();
    end.happen({ kind: "carrier", port: "pair0", isUp: true });
  }
}

/** Everything again, by people who want it and are let. */
function bringTogether(cable: Cable): void {
  for (let round = 0; round < 4 && !cable.isPair; round++) {
    for (const end of cable.ends) end.act({ kind: "again" });
    cable.wait(70);
    for (const end of cable.ends) end.confirm();
    cable.run();
    cable.ends[0].act({ kind: "choose", choice: "keep" });
    cable.run();
  }
}

function expectPair({ ends }: Cable): void {
  const [a, b] = ends;
  expect([a.pair.role, b.pair.role].sort()).toEqual(["primary", "secondary"]);
  expect(a.pair.partnerIdentity).toBe(hex(b.identity));
  expect(b.pair.partnerIdentity).toBe(hex(a.identity));
  expect(a.documents.shared).toEqual(b.documents.shared);
  expect(a.box.name).not.toBe(b.box.name);
  for (const { documents } of ends) expect(problemIn(documents)).toBeUndefined();
}

function walk(options: readonly [BoxOptions, BoxOptions], check: (a: IntroducedBox) => void): void {
  fc.assert(
    fc.property(fc.integer(), fc.array(move, { maxLength: 150, size: "max" }), (seed, moves) => {
      const cable = new Cable(...options, seeded(seed));
      cable.plug();
      for (const one of moves) {
        const confirmed = cable.ends.map(
          ({ view }) => view.isConfirmedHere || view.digits === undefined,
        );
        const writes = cable.ends.map((end) => end.writes);
        perform(cable, one);
        // Nobody writes while its own people are still asked.
        cable.ends.forEach((end, at) => {
          if (end.writes > (writes[at] ?? 0)) expect(confirmed[at]).toBe(true);
        });
        check(cable.ends[0]);
      }
      bringTogether(cable);
      expectPair(cable);
    }),
    { numRuns: RUNS },
  );
}

test.each([
  [1, 2],
  [2, 1],
])("a serving box %d and a new one %d", (first, second) => {
  walk([officeBox(first), newBox(second)], (a) => {
    const { pair: _, ...box } = a.box;
    expect(box).toEqual(OFFICE_BOX);
    expect(a.documents.shared).toMatchObject(OFFICE);
  });
});

test("two new ones", () => walk([newBox(1), newBox(2)], () => {}));

test("two that have a configuration each: what a box has is one of the two, whole", () => {
  const networks = [{ ...OFFICE.networks[0], name: "guests" }];
  const shared = { version: 1, networks };
  const box = { ...OFFICE_BOX, name: "G", networks: { guests: OFFICE_BOX.networks.office } };
  walk([officeBox(1), officeBox(2, { documents: { shared, box } })], ({ documents }) => {
    expect(problemIn(documents)).toBeUndefined();
  });
});
