// A change over the API, on trial or for good, and whatever a person says of it, with a fault at every single step:
// between any two things that either box does, the link is cut, or one of the boxes or both lose their power.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../daemon/limits.ts";
import {
  FIRST,
  inStep,
  makeDocument,
  NAMES,
  type Name,
  otherOf,
  type TwoBoxes,
} from "./two-boxes.ts";

const SECOND = makeDocument(2);
const TRIAL = 60_000;
const YEAR = 365 * 86_400_000;

/** What happens to the boxes at one step; their clocks may be anything after a restart. */
const FAULTS: Readonly<Record<string, (world: TwoBoxes) => void>> = {
  "the link is cut": (world) => world.cut(0, 0),
  "a loses its power": (world) => world.restart("a"),
  "b loses its power": (world) => world.restart("b"),
  "both lose their power": (world) => NAMES.forEach((name) => void world.restart(name)),
  "a loses its power and its clock": (world) => loseClock(world, "a", -YEAR),
  "b loses its power and its clock": (world) => loseClock(world, "b", -YEAR),
  "both lose their power, for a year": (world) =>
    NAMES.forEach((name) => void loseClock(world, name, YEAR)),
};

function loseClock(world: TwoBoxes, name: Name, by: number): void {
  world.boxes[name].clockIsAhead = by;
  world.restart(name);
}

interface Course {
  readonly maker: Name;
  /** What is done one after the other, each when nothing happens any more. */
  readonly acts: readonly ((world: TwoBoxes) => void)[];
}

function pass(milliseconds: number): (world: TwoBoxes) => void {
  return (world) => {
    world.now += milliseconds;
    for (const name of NAMES) world.boxes[name].tick();
  };
}

/** Whether the boxes come together again at once, or when all time is over. */
type Heal = "at once" | "late";

/** The fault comes before step number `at`; undefined when there are not so many. */
function run(course: Course, fault: string, at: number, heal: Heal): TwoBoxes | undefined {
  const world = inStep();
  let steps = 0;
  for (const act of course.acts) {
    act(world);
    do {
      if (steps === at) {
        FAULTS[fault]?.(world);
        if (heal === "at once") world.connect();
      }
      steps++;
    } while (world.advance());
  }
  if (steps <= at) return undefined;
  world.connect();
  world.settle();
  world.wait(TRIAL);
  world.wait(LIMITS.configTrialGraceMilliseconds);
  return world;
}

function eachStep(
  course: Course,
  fault: string,
  heal: Heal,
  check: (world: TwoBoxes, at: number) => void,
) {
  let at = 0;
  for (let world = run(course, fault, at, heal); world; world = run(course, fault, at, heal)) {
    check(world, at);
    at++;
  }
  // The shortest of them: who asks, is asked, is ready, and has it.
  expect(at).toBeGreaterThan(20);
}

/** Neither is in force for a while only, and both have the same. */
function expectSame(world: TwoBoxes, at: number): void {
  const [a, b] = [world.view("a"), world.view("b")];
  expect([a.trial, b.trial], `step ${at}`).toEqual([undefined, undefined]);
  expect([a.relation, b.relation], `step ${at}`).toEqual(["same", "same"]);
  expect(a.lineage, `step ${at}`).toEqual(b.lineage);
  for (const name of NAMES) {
    const { document, file } = world.boxes[name].disk;
    expect(file, `config.json of ${name}, step ${at}`).toEqual(document);
  }
}

const COURSES = NAMES.flatMap((maker) =>
  Object.keys(FAULTS).flatMap((fault) =>
    (["at once", "late"] as const).map((heal) => [maker, fault, heal] as const),
  ),
);

describe("a change for good", () => {
  test.each(COURSES)("made on %s, %s, together again %s", (maker, fault, heal) => {
    const course = { maker, acts: [(world: TwoBoxes) => world.boxes[maker].ask(SECOND)] };
    eachStep(course, fault, heal, (world, at) => {
      expectSame(world, at);
      const [answer] = world.boxes[maker].answers;
      if (answer) expect(answer.kind).toBe("in-force");
      if (answer) expect(world.boxes[maker].disk.document).toEqual(SECOND);
    });
  });
});

describe("a change on trial", () => {
  const begin = (maker: Name) => (world: TwoBoxes) => world.boxes[maker].try(SECOND, TRIAL);
  const end = [pass(TRIAL), pass(LIMITS.configTrialGraceMilliseconds)];

  test.each(COURSES)(
    "made on %s, of which nobody says anything, %s, together again %s",
    (maker, fault, heal) => {
      eachStep({ maker, acts: [begin(maker), ...end] }, fault, heal, (world, at) => {
        expectSame(world, at);
        expect(world.boxes.a.disk.document, `step ${at}`).toEqual(FIRST);
      });
    },
  );

  describe.each(NAMES)("undone by a person on %s", (person) => {
    test.each(COURSES)("made on %s, %s, together again %s", (maker, fault, heal) => {
      const undo = (world: TwoBoxes) => world.boxes[person].undo();
      eachStep({ maker, acts: [begin(maker), undo, ...end] }, fault, heal, (world, at) => {
        expectSame(world, at);
        expect(world.boxes.a.disk.document, `step ${at}`).toEqual(FIRST);
      });
    });
  });

  describe.each(NAMES)("confirmed by a person on %s", (person) => {
    test.each(COURSES)("made on %s, %s, together again %s", (maker, fault, heal) => {
      const confirm = (world: TwoBoxes) => world.boxes[person].confirm();
      eachStep({ maker, acts: [begin(maker), confirm, ...end] }, fault, heal, (world, at) => {
        const isConfirmed = NAMES.some((name) => world.boxes[name].confirmed.length > 0);
        if (world.view("a").relation === "diverged") {
          expectBothSaidTheirs(world, maker, person, heal);
          return;
        }
        expectSame(world, at);
        const expected = isConfirmed ? SECOND : FIRST;
        expect(world.boxes.a.disk.document, `step ${at}`).toEqual(expected);
      });
    });
  });

  /** The other box could not reach the one that began it: a person kept it there, and time undid it here. */
  function expectBothSaidTheirs(world: TwoBoxes, maker: Name, person: Name, heal: Heal): void {
    const other = otherOf(maker);
    expect([person, heal]).toEqual([other, "late"]);
    expect(world.boxes[other].disk.document).toEqual(SECOND);
    expect(world.boxes[maker].disk.document).toEqual(FIRST);
    expect(world.boxes[maker].confirmed).toEqual([]);
    world.choose("a", "keep");
    world.settle();
    expectSame(world, -1);
  }
});
