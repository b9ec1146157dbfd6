// A change on trial: what ends it, on which box, and what waits for that.

import { describe, expect, test } from "vitest";
import { documentOf } from "../../../daemon/core/sync/shared-document.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import { FIRST, inStep, makeDocument, NAMES, type Name, TwoBoxes } from "./two-boxes.ts";

const SECOND = makeDocument(2);
const THIRD = makeDocument(3);
const TRIAL = 60_000;
const GRACE = LIMITS.configTrialGraceMilliseconds;
const YEAR = 365 * 86_400_000;

/** Begun on box A, and on both. */
function onTrial(): TwoBoxes {
  const world = inStep();
  world.boxes.a.try(SECOND, TRIAL);
  world.settle();
  return world;
}

function inForce(world: TwoBoxes): string[] {
  return NAMES.map((name) => world.boxes[name].disk.document.text);
}

function generations(world: TwoBoxes): number[] {
  return NAMES.map((name) => world.view(name).lineage.generation);
}

function trials(world: TwoBoxes): boolean[] {
  return NAMES.map((name) => world.view(name).trial !== undefined);
}

function answers(world: TwoBoxes, name: Name) {
  return world.view(name).trial?.answers;
}

const both = (document: { readonly text: string }) => [document.text, document.text];

test("is in force on both, and both know until when", () => {
  const world = onTrial();
  expect(inForce(world)).toEqual(both(SECOND));
  expect(world.view("a").trial).toMatchObject({ until: TRIAL, isMine: true });
  expect(world.view("b").trial).toMatchObject({ until: TRIAL, isMine: false });
  expect(world.boxes.a.answers).toEqual([{ kind: "in-force", where: "both" }]);
  for (const name of NAMES) expect(world.boxes[name].said).toContain("config-trial-begun");
});

describe("time", () => {
  test("undoes it on the box that began it, and there as one generation more", () => {
    const world = onTrial();
    world.wait(TRIAL - 1);
    expect(inForce(world)).toEqual(both(SECOND));
    world.wait(1);
    expect([inForce(world), generations(world)]).toEqual([both(FIRST), [3, 3]]);
    expect(trials(world)).toEqual([false, false]);
    for (const name of NAMES) {
      expect(world.view(name).origin).toMatchObject({ from: "undone by itself", box: "a" });
      expect(world.boxes[name].disk.file).toEqual(FIRST);
      expect(world.boxes[name].disk.keptAside).toEqual([]);
    }
    expect(world.boxes.a.said).toContain("config-trial-undone");
  });

  test("undoes it on the other box some seconds later, and there to the very generation of before", () => {
    const world = onTrial();
    const { document, ...before } = world.boxes.b.disk.standing.trial?.before ?? {};
    expect(document).toEqual(FIRST);
    world.cut(0, 0);
    world.wait(TRIAL + GRACE - 1);
    expect([inForce(world), generations(world)]).toEqual([
      [FIRST.text, SECOND.text],
      [3, 2],
    ]);
    world.wait(1);
    expect([inForce(world), generations(world)]).toEqual([both(FIRST), [3, 1]]);
    expect(world.boxes.b.disk.standing).toEqual({
      ...before,
      ...{ refused: undefined, trial: undefined },
    });
    world.connect();
    world.settle();
    expect(generations(world)).toEqual([3, 3]);
  });

  test("that is left of it counts after a restart", () => {
    const world = onTrial();
    world.wait(TRIAL - 1000);
    for (const name of NAMES) world.restart(name);
    world.settle();
    world.wait(999);
    expect(inForce(world)).toEqual(both(SECOND));
    world.wait(1);
    expect(inForce(world)).toEqual([FIRST.text, SECOND.text]);
    world.wait(GRACE);
    expect(inForce(world)).toEqual(both(FIRST));
  });

  test.each([-YEAR, YEAR])("that cannot be told after a restart is over (%i ms)", (isAhead) => {
    const world = onTrial();
    world.boxes.a.clockIsAhead = isAhead;
    world.restart("a");
    world.settle();
    expect(inForce(world)).toEqual([FIRST.text, SECOND.text]);
    world.connect();
    world.settle();
    expect(inForce(world)).toEqual(both(FIRST));
  });

  test("by the wall clock does not count while the box runs", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.try(SECOND, TRIAL);
    world.settle();
    world.boxes.a.clockIsAhead = YEAR;
    world.connect();
    world.settle();
    world.boxes.b.clockIsAhead = -YEAR;
    world.wait(TRIAL - 1);
    expect(inForce(world)).toEqual(both(SECOND));
  });
});

describe("a person", () => {
  test.each(NAMES)(
    "confirms it on %s: it stays on both, and neither leaves it for a moment",
    (name) => {
      const world = onTrial();
      const adoptions = world.adoptions.length;
      expect(answers(world, name)?.confirm).toBe(name === "a" ? "done" : "passed-on");
      world.boxes[name].confirm();
      world.settle();
      expect(trials(world)).toEqual([false, false]);
      world.wait(TRIAL + GRACE);
      expect([inForce(world), generations(world)]).toEqual([both(SECOND), [3, 3]]);
      expect(world.adoptions).toHaveLength(adoptions);
      for (const one of NAMES) expect(world.boxes[one].said).toContain("config-trial-confirmed");
    },
  );

  test.each(NAMES)("undoes it on %s: what was before is in force on both", (name) => {
    const world = onTrial();
    world.boxes[name].undo();
    world.settle();
    expect([inForce(world), generations(world)]).toEqual([both(FIRST), [3, 3]]);
    for (const one of NAMES) {
      expect(world.view(one).origin).toMatchObject({ from: "API", box: name });
    }
  });

  test("confirms it on the other box while the first one is silent, which comes back in time", () => {
    const world = onTrial();
    world.cut(0, 0);
    world.settle();
    expect(answers(world, "b")?.confirm).toBe("done");
    world.boxes.b.confirm();
    world.settle();
    expect([trials(world), generations(world)]).toEqual([
      [true, false],
      [2, 3],
    ]);
    world.connect();
    world.settle();
    world.wait(TRIAL + GRACE);
    expect([inForce(world), generations(world)]).toEqual([both(SECOND), [3, 3]]);
  });

  test("confirms it on the other box, and time undoes it on the first: a person has to choose", () => {
    const world = onTrial();
    world.cut(0, 0);
    world.boxes.b.confirm();
    world.settle();
    world.wait(TRIAL + GRACE);
    world.connect();
    world.settle();
    expect(inForce(world)).toEqual([FIRST.text, SECOND.text]);
    expect(NAMES.map((name) => world.view(name).relation)).toEqual(["diverged", "diverged"]);
    expect(world.view("a").partnerDocument).toEqual(SECOND);
  });

  test("confirms it on the first box, and one undoes it on the other, apart: they have to choose", () => {
    const world = onTrial();
    world.cut(0, 0);
    world.boxes.a.confirm();
    world.boxes.b.undo();
    world.settle();
    world.connect();
    world.settle();
    expect(NAMES.map((name) => world.view(name).relation)).toEqual(["diverged", "diverged"]);
  });

  test("confirms it on the first box, and time puts the other one back, apart: it stays", () => {
    const world = onTrial();
    world.cut(0, 0);
    world.boxes.a.confirm();
    world.settle();
    world.wait(TRIAL + GRACE);
    expect(inForce(world)).toEqual([SECOND.text, FIRST.text]);
    world.connect();
    world.settle();
    expect([inForce(world), generations(world)]).toEqual([both(SECOND), [3, 3]]);
  });

  test("says something of nothing, or too late: nothing comes of it", () => {
    const world = inStep();
    for (const name of NAMES) {
      world.boxes[name].confirm();
      world.boxes[name].undo();
    }
    world.settle();
    expect([inForce(world), generations(world)]).toEqual([both(FIRST), [1, 1]]);
    const late = onTrial();
    late.boxes.b.confirm();
    while (!late.boxes.b.isIdle) late.boxes.b.work();
    late.boxes.a.undo();
    late.settle();
    expect(inForce(late)).toEqual(both(FIRST));
  });

  test("has to wait while the boxes are about to compare what they have", () => {
    const world = onTrial();
    world.cut(0, 0);
    world.settle();
    world.connect();
    while (!world.boxes.b.isIdle) world.boxes.b.work();
    expect(answers(world, "b")).toEqual({ confirm: "busy", undo: "busy" });
  });
});

describe("a partner that was away when it began", () => {
  test("has it on trial as well, for as long as is left", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.try(SECOND, TRIAL);
    world.settle();
    expect(world.boxes.a.answers).toEqual([{ kind: "in-force", where: "here" }]);
    world.wait(TRIAL - 5000);
    world.connect();
    world.settle();
    expect(inForce(world)).toEqual(both(SECOND));
    expect(world.view("b").trial).toMatchObject({ until: TRIAL, isMine: false });
    world.cut(0, 0);
    world.wait(5000 + GRACE);
    expect(inForce(world)).toEqual(both(FIRST));
  });

  test("and cannot take it goes on with its own, and both say why until it is over", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.try(makeDocument(2, "b"), TRIAL);
    world.settle();
    world.connect();
    world.settle();
    expect(world.view("a").refusedByPartner).toHaveLength(1);
    world.wait(TRIAL);
    expect([inForce(world), generations(world)]).toEqual([both(FIRST), [3, 3]]);
    expect(world.view("b").refusedHere).toEqual([]);
  });

  test("and had no configuration at all keeps it, and takes what became of it when it hears more", () => {
    const world = new TwoBoxes({ a: FIRST, b: documentOf({ badFor: "b" }) });
    world.settle();
    world.boxes.a.try(SECOND, TRIAL);
    world.settle();
    world.connect();
    world.settle();
    expect(world.boxes.b.disk.document).toEqual(SECOND);
    world.cut(0, 0);
    world.settle();
    expect(answers(world, "b")).toEqual({ confirm: "done", undo: "nothing-before" });
    world.wait(TRIAL + GRACE);
    expect([inForce(world), trials(world)]).toEqual([
      [FIRST.text, SECOND.text],
      [false, false],
    ]);
    expect(generations(world)).toEqual([3, 2]);
    world.connect();
    world.settle();
    expect([inForce(world), trials(world)]).toEqual([both(FIRST), [false, false]]);
  });
});

describe("what waits for its end", () => {
  test("another change over the API is refused, and so is a choice", () => {
    const world = onTrial();
    for (const name of NAMES) world.boxes[name].ask(THIRD);
    world.settle();
    for (const name of NAMES) {
      expect(world.boxes[name].answers.at(-1)).toEqual({ kind: "on-trial" });
      expect(world.boxes[name].sync.answerTo("keep")).toBe("on-trial");
    }
    expect(inForce(world)).toEqual(both(SECOND));
  });

  test.each(NAMES)("a change in config.json of %s is in force when it is confirmed", (name) => {
    const world = onTrial();
    world.boxes[name].edit(THIRD);
    world.settle();
    expect([inForce(world), world.view(name).edit?.state]).toEqual([both(SECOND), "waiting"]);
    world.boxes.a.confirm();
    world.settle();
    expect(inForce(world)).toEqual(both(THIRD));
  });

  test("the same while the partner is away, and through a restart", () => {
    const world = onTrial();
    world.boxes.a.edit(THIRD);
    world.settle();
    world.restart("a");
    world.settle();
    expect(inForce(world)).toEqual(both(SECOND));
    world.boxes.a.confirm();
    world.settle();
    expect(inForce(world)).toEqual([THIRD.text, SECOND.text]);
  });

  test("a change in config.json that was made from what is undone is kept aside", () => {
    const world = onTrial();
    world.boxes.b.edit(THIRD);
    world.settle();
    world.wait(TRIAL);
    expect(inForce(world)).toEqual(both(FIRST));
    expect(world.boxes.b.disk.file).toEqual(FIRST);
    expect(world.boxes.b.disk.keptAside).toEqual([THIRD.hash]);
  });
});

test("a first configuration cannot be on trial", () => {
  const world = new TwoBoxes({ a: documentOf({ badFor: "a" }), b: FIRST });
  world.settle();
  world.boxes.a.try(SECOND, TRIAL);
  world.settle();
  expect(world.boxes.a.answers).toEqual([{ kind: "nothing-before" }]);
});
