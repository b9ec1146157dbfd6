// The rules by which two boxes keep one configuration, one by one.

import { describe, expect, test } from "vitest";
import { documentOf } from "../../../daemon/core/sync/shared-document.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import { diverged, FIRST, inStep, makeDocument, NAMES, TwoBoxes } from "./two-boxes.ts";

function inForce(world: TwoBoxes): string[] {
  return NAMES.map((name) => world.boxes[name].disk.document.text);
}

function files(world: TwoBoxes): string[] {
  return NAMES.map((name) => world.boxes[name].disk.file.text);
}

function wait(world: TwoBoxes, milliseconds: number): void {
  world.now += milliseconds;
  for (const name of NAMES) world.boxes[name].do({ kind: "tick" });
  for (const name of NAMES) while (!world.boxes[name].isIdle) world.boxes[name].work();
}

describe("when two boxes meet", () => {
  test("the same document, though made apart: they are in step, with one number", () => {
    const world = new TwoBoxes({ a: FIRST, b: makeDocument(2) });
    world.settle();
    world.boxes.b.edit(FIRST);
    world.connect();
    world.settle();
    expect(NAMES.map((name) => world.view(name).relation)).toEqual(["same", "same"]);
    expect(world.view("a").lineage).toEqual(world.view("b").lineage);
    expect(world.view("a").lineage.generation).toBe(2);
  });

  test("one has missed changes: it takes them, and its config.json shows them", () => {
    const world = inStep();
    world.cut(0, 0);
    for (const n of [2, 3, 4]) {
      world.boxes.b.edit(makeDocument(n));
      world.settle();
    }
    world.connect();
    world.settle();
    const { text } = makeDocument(4);
    expect([...inForce(world), ...files(world)]).toEqual([text, text, text, text]);
    expect(world.boxes.a.disk.keptAside).toEqual([]);
  });

  test("however many changes it has missed", () => {
    const world = inStep();
    world.cut(0, 0);
    for (let n = 2; n < 60; n++) {
      world.boxes.a.edit(makeDocument(n));
      world.settle();
    }
    world.connect();
    world.settle();
    expect(world.view("b").relation).toBe("same");
    expect(world.view("b").lineage.generation).toBe(59);
  });

  test("one is as the factory left it: it takes the other's", () => {
    const world = new TwoBoxes({ a: documentOf({ networks: [] }), b: makeDocument(7) });
    world.settle();
    expect(world.view("a").lineage.generation).toBe(0);
    world.connect();
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(7).text, makeDocument(7).text]);
  });

  test("a change that was taken back is not taken for what was missed", () => {
    const world = inStep();
    for (const n of [2, 1]) {
      world.boxes.a.edit(makeDocument(n));
      world.settle();
    }
    world.cut(0, 0);
    world.boxes.a.edit(makeDocument(2));
    world.boxes.b.edit(makeDocument(3));
    world.settle();
    world.connect();
    world.settle();
    expect(world.view("a").relation).toBe("diverged");
  });
});

describe("a change while both are there", () => {
  test("is in force on both, on neither before the partner was ready", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2));
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    expect(world.view("a").edit?.state).toBe("asked");
    expect(inForce(world)).toEqual([FIRST.text, FIRST.text]);
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2).text, makeDocument(2).text]);
    expect(world.boxes.b.said).toContain("config-agreed");
  });

  test("that the partner cannot take is in force on none, with the reason on both", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2, "b"));
    world.settle();
    expect(inForce(world)).toEqual([FIRST.text, FIRST.text]);
    const objection = { file: "box.json", path: "networks", reason: "is not for b" };
    expect(world.view("a").edit).toMatchObject({ state: "refused", objections: [objection] });
    expect(world.view("b").refusedHere).toEqual([objection]);
    expect(files(world)[0]).toBe(makeDocument(2, "b").text);
  });

  test("that was refused stays out of force through a restart and a cut, until the partner can take it", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2, "b"));
    world.settle();
    world.restart("a");
    world.settle();
    expect(world.view("a").edit?.state).toBe("refused");
    expect(inForce(world)[0]).toBe(FIRST.text);
    world.connect();
    world.settle();
    expect(inForce(world)[0]).toBe(FIRST.text);
    world.boxes.b.takesAll = true;
    world.boxes.b.do({ kind: "box-changed" });
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2, "b").text, makeDocument(2, "b").text]);
  });

  test("that was refused is put into force here by a person who says so while the partner is away", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2, "b"));
    world.settle();
    world.cut(0, 0);
    world.settle();
    expect(world.boxes.a.sync.answerTo("keep")).toBe("applied-here-alone");
    world.choose("a", "keep");
    world.settle();
    expect(inForce(world)[0]).toBe(makeDocument(2, "b").text);
    world.connect();
    world.settle();
    expect(world.view("a").refusedByPartner).toHaveLength(1);
    expect(world.view("b").relation).toBe("older");
  });

  test("on the box that cannot take the partner's newer one is its own: then a person has to choose", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.edit(makeDocument(2, "b"));
    world.settle();
    world.connect();
    world.settle();
    expect(world.view("b").relation).toBe("older");
    world.boxes.b.edit(makeDocument(3));
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2, "b").text, makeDocument(3).text]);
    expect(NAMES.map((name) => world.view(name).relation)).toEqual(["diverged", "diverged"]);
    expect(world.view("a").partnerDocument).toEqual(makeDocument(3));
  });

  test("that was refused and is taken back is forgotten on both", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2, "b"));
    world.settle();
    world.boxes.a.edit(FIRST);
    world.settle();
    expect(world.view("a").edit).toBeUndefined();
    expect(world.boxes.a.disk.standing.refused).toBeUndefined();
    expect(world.view("b").refusedHere).toEqual([]);
  });

  test("that is corrected before the answer came counts as it is now", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2));
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.boxes.a.edit(makeDocument(3));
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(3).text, makeDocument(3).text]);
  });

  test("while the channel is lost: is in force here at once, and on both when it is back", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2));
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.cut(1, 0);
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2).text, FIRST.text]);
    world.connect();
    world.settle();
    expect(inForce(world)[1]).toBe(makeDocument(2).text);
  });
});

describe("both change it at once", () => {
  test("the primary's is in force, and the other one is kept in a file", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2));
    world.boxes.b.edit(makeDocument(3));
    world.settle();
    const { text } = makeDocument(2);
    expect([...inForce(world), ...files(world)]).toEqual([text, text, text, text]);
    expect(world.boxes.b.disk.keptAside).toEqual([makeDocument(3).hash]);
  });

  test("the same way: nothing is kept aside", () => {
    const world = inStep();
    for (const name of NAMES) world.boxes[name].edit(makeDocument(2));
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2).text, makeDocument(2).text]);
    expect(world.boxes.b.disk.keptAside).toEqual([]);
  });

  test("the secondary takes its own up again when nothing comes of the primary's", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2, "b"));
    world.boxes.b.edit(makeDocument(3));
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(3).text, makeDocument(3).text]);
    expect(world.boxes.a.disk.keptAside).toEqual([makeDocument(2, "b").hash]);
  });
});

describe("both have changed it apart", () => {
  test("nothing is touched, and each knows the other's", () => {
    const world = diverged();
    expect(inForce(world)).toEqual([makeDocument(2).text, makeDocument(3).text]);
    expect(world.view("a").partnerDocument).toEqual(makeDocument(3));
    expect(world.view("b").partnerDocument).toEqual(makeDocument(2));
  });

  test.each([
    ["a", "keep", 2],
    ["a", "take", 3],
    ["b", "keep", 3],
    ["b", "take", 2],
  ] as const)("a person on %s says %s", (name, choice, n) => {
    const world = diverged();
    const before = Math.max(...NAMES.map((one) => world.view(one).lineage.generation));
    expect(world.boxes[name].sync.answerTo(choice)).toBe("partner-is-asked");
    world.choose(name, choice);
    world.settle();
    const { text } = makeDocument(n);
    expect([...inForce(world), ...files(world)]).toEqual([text, text, text, text]);
    const { lineage } = world.view("a");
    expect(lineage.generation).toBeGreaterThan(before);
    const ancestors = lineage.ancestors.map(({ hash }) => hash);
    expect(ancestors).toEqual(expect.arrayContaining([2, 3].map((m) => makeDocument(m).hash)));
  });

  test("a change on the box whose configuration is taken, at that moment, is the next one", () => {
    const world = diverged();
    world.choose("a", "take");
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.deliver("a");
    while (!world.boxes.b.isIdle) world.boxes.b.work();
    world.boxes.b.edit(makeDocument(5));
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(5).text, makeDocument(5).text]);
    expect(world.boxes.b.disk.keptAside).toEqual([]);
  });

  test("people choose differently on both: the primary's choice counts, and the other person is told", () => {
    const world = diverged();
    world.choose("a", "keep");
    world.choose("b", "keep");
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2).text, makeDocument(2).text]);
    expect(world.boxes.b.said).toContain("config-choice-overtaken");
    expect(world.boxes.b.disk.earlier).toContain(makeDocument(3).hash);
  });

  test("a person makes both files the same: that ends it", () => {
    const world = diverged();
    for (const [name, n] of [
      ["a", 4],
      ["a", 2],
      ["b", 2],
    ] as const) {
      world.boxes[name].edit(makeDocument(n));
      world.settle();
    }
    expect(NAMES.map((name) => world.view(name).relation)).toEqual(["same", "same"]);
    expect(world.view("a").lineage).toEqual(world.view("b").lineage);
  });

  test("the choice of what this box cannot take is not done, and says why", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.edit(makeDocument(2));
    world.boxes.b.edit(makeDocument(3, "a"));
    world.settle();
    world.connect();
    world.settle();
    world.choose("a", "take");
    world.settle();
    expect(world.view("a").relation).toBe("diverged");
    expect(world.boxes.a.said).toContain("config-choice-refused");
  });

  test("there is nothing to choose otherwise", () => {
    const world = inStep();
    expect(world.boxes.a.sync.answerTo("keep")).toBe("in-step");
    expect(world.boxes.a.sync.answerTo("take")).toBe("in-step");
    world.cut(0, 0);
    world.settle();
    expect(world.boxes.a.sync.answerTo("take")).toBe("partner-away");
    world.connect();
    world.boxes.a.work();
    world.boxes.a.work();
    expect(world.boxes.a.sync.answerTo("keep")).toBe("busy");
  });
});

describe("a partner that does not answer", () => {
  test("a change waits for it, is given up and asked for again", () => {
    const world = inStep();
    world.boxes.a.edit(makeDocument(2));
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.underWay.a.length = 0;
    wait(world, LIMITS.configAnswerMilliseconds);
    expect(world.view("a").edit?.state).toBe("unanswered");
    expect(inForce(world)).toEqual([FIRST.text, FIRST.text]);
    wait(world, LIMITS.configRetryMilliseconds);
    expect(world.view("a").edit?.state).toBe("asked");
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(2).text, makeDocument(2).text]);
  });

  test("what is newer here is offered again as well", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.edit(makeDocument(2));
    world.settle();
    world.connect();
    for (let i = 0; i < 8; i++) for (const name of NAMES) world.boxes[name].work();
    for (const name of NAMES) world.deliver(name);
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.underWay.a.length = 0;
    wait(world, LIMITS.configAnswerMilliseconds);
    expect(world.view("a").isUnanswered).toBe(true);
    wait(world, LIMITS.configRetryMilliseconds);
    world.settle();
    expect(world.view("a").relation).toBe("same");
  });

  test("that never says what it has, or what became of a change, is no use", () => {
    const silent = new TwoBoxes({ a: FIRST, b: FIRST });
    silent.settle();
    silent.connect();
    while (!silent.boxes.a.isIdle) silent.boxes.a.work();
    wait(silent, LIMITS.configAnswerMilliseconds);
    expect(silent.boxes.a.closings).toHaveLength(1);

    const world = inStep();
    world.boxes.a.edit(makeDocument(2));
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.deliver("a");
    while (!world.boxes.b.isIdle) world.boxes.b.work();
    world.deliver("b");
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    expect(inForce(world)).toEqual([makeDocument(2).text, FIRST.text]);
    world.underWay.a.length = 0;
    wait(world, LIMITS.configAnswerMilliseconds);
    expect(NAMES.map((name) => world.boxes[name].closings.length)).not.toEqual([0, 0]);
    world.connect();
    world.settle();
    expect(inForce(world)[1]).toBe(makeDocument(2).text);
  });
});
