// A change that somebody asks for over the API, and what they are told came of it.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../daemon/limits.ts";
import { diverged, FIRST, inStep, makeDocument, NAMES, type TwoBoxes } from "./two-boxes.ts";

const SECOND = makeDocument(2);
const THIRD = makeDocument(3);
const BOTH = { kind: "in-force", where: "both" };
const HERE = { kind: "in-force", where: "here" };

function inForce(world: TwoBoxes): string[] {
  return NAMES.map((name) => world.boxes[name].disk.document.text);
}

function files(world: TwoBoxes): string[] {
  return NAMES.map((name) => world.boxes[name].disk.file.text);
}

function work(world: TwoBoxes): void {
  for (const name of NAMES) while (!world.boxes[name].isIdle) world.boxes[name].work();
}

describe("a change that is asked for while the partner is there", () => {
  test("is in force on both, and in both files, with who asked", () => {
    const world = inStep();
    world.boxes.b.ask(SECOND);
    world.settle();
    expect([...inForce(world), ...files(world)]).toEqual(Array(4).fill(SECOND.text));
    expect(world.boxes.b.answers).toEqual([BOTH]);
    for (const name of NAMES) {
      expect(world.view(name).origin).toMatchObject({ from: "API", box: "b" });
    }
  });

  test("that the partner cannot take is in force on none, and forgotten by both", () => {
    const world = inStep();
    world.boxes.a.ask(makeDocument(2, "b"));
    world.settle();
    expect([...inForce(world), ...files(world)]).toEqual(Array(4).fill(FIRST.text));
    const objection = { file: "box.json", path: "networks", reason: "is not for b" };
    expect(world.boxes.a.answers).toEqual([{ kind: "refused", objections: [objection] }]);
    expect(world.view("b").refusedHere).toEqual([]);
    expect(world.view("a").edit).toBeUndefined();
  });

  test("that the partner does not answer changes nothing", () => {
    const world = inStep();
    world.boxes.a.ask(SECOND);
    work(world);
    world.underWay.a.length = 0;
    world.now += LIMITS.configAnswerMilliseconds;
    world.boxes.a.do({ kind: "tick" });
    world.settle();
    expect(world.boxes.a.answers).toEqual([{ kind: "unanswered" }]);
    expect(inForce(world)).toEqual([FIRST.text, FIRST.text]);
    world.now += LIMITS.configRetryMilliseconds;
    for (const name of NAMES) world.boxes[name].do({ kind: "tick" });
    world.settle();
    expect(inForce(world)).toEqual([FIRST.text, FIRST.text]);
  });

  test("while what is in force is refused by the partner: both go on saying why", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.edit(makeDocument(2, "b"));
    world.settle();
    world.connect();
    world.settle();
    world.boxes.a.ask(makeDocument(3, "b"));
    world.settle();
    expect(world.boxes.a.answers).toMatchObject([{ kind: "refused" }]);
    expect(world.view("a").refusedByPartner).toHaveLength(1);
    expect(world.view("b").refusedHere).toHaveLength(1);
    world.boxes.a.ask(SECOND);
    world.settle();
    expect(inForce(world)).toEqual([SECOND.text, SECOND.text]);
  });
});

describe("a change that is asked for without the partner", () => {
  test("is in force here, and on the partner when it is back", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.a.ask(SECOND);
    world.settle();
    expect(world.boxes.a.answers).toEqual([HERE]);
    expect([inForce(world)[0], files(world)[0]]).toEqual([SECOND.text, SECOND.text]);
    world.connect();
    world.settle();
    expect(inForce(world)).toEqual([SECOND.text, SECOND.text]);
  });

  test("is in force here alone where both have been changed apart", () => {
    const world = diverged();
    world.boxes.a.ask(makeDocument(4));
    world.settle();
    expect(world.boxes.a.answers).toEqual([HERE]);
    expect(inForce(world)).toEqual([makeDocument(4).text, THIRD.text]);
    expect(NAMES.map((name) => world.view(name).relation)).toEqual(["diverged", "diverged"]);
  });

  test.each([
    ["a", "keep", 4],
    ["b", "keep", 3],
  ] as const)("and the choice between the two is a person's: on %s %s", (name, choice, n) => {
    const world = diverged();
    world.boxes.a.ask(makeDocument(4));
    world.settle();
    world.choose(name, choice);
    world.settle();
    expect(inForce(world)).toEqual([makeDocument(n).text, makeDocument(n).text]);
  });
});

describe("a change that cannot be taken up", () => {
  test("was made from something that is not in force any more", () => {
    const world = inStep();
    world.boxes.a.ask(SECOND);
    world.settle();
    world.boxes.b.ask(THIRD, FIRST.hash);
    world.settle();
    expect(world.boxes.b.answers).toEqual([{ kind: "overtaken" }]);
    expect(inForce(world)).toEqual([SECOND.text, SECOND.text]);
  });

  test("comes while another one is under way", () => {
    const world = inStep();
    world.boxes.a.ask(SECOND);
    world.boxes.a.ask(THIRD);
    work(world);
    world.boxes.a.edit(makeDocument(4));
    work(world);
    world.boxes.a.ask(THIRD);
    work(world);
    expect(world.boxes.a.answers).toEqual([{ kind: "busy" }, { kind: "busy" }]);
    world.settle();
    expect(world.boxes.a.answers.at(-1)).toEqual(BOTH);
  });

  test("comes at both boxes at once: the primary's counts, and the other one is told", () => {
    const world = inStep();
    world.boxes.a.ask(SECOND);
    world.boxes.b.ask(THIRD);
    world.settle();
    expect([world.boxes.a.answers, world.boxes.b.answers]).toEqual([
      [BOTH],
      [{ kind: "overtaken" }],
    ]);
    expect(inForce(world)).toEqual([SECOND.text, SECOND.text]);
  });

  test("is what is in force already", () => {
    const world = inStep();
    world.boxes.a.ask(FIRST);
    world.settle();
    expect(world.boxes.a.answers).toEqual([{ kind: "unchanged" }]);
    expect(world.view("a").lineage.generation).toBe(1);
  });

  test("comes before the partner has said what it has", () => {
    const world = inStep();
    world.cut(0, 0);
    world.settle();
    world.connect();
    while (!world.boxes.a.isIdle) world.boxes.a.work();
    world.boxes.a.ask(SECOND);
    world.settle();
    expect(world.boxes.a.answers).toEqual([{ kind: "busy" }]);
  });
});

test.each(["cut", "there"])(
  "what the partner has refused in config.json is not slipped past it (%s)",
  (link) => {
    const world = inStep();
    const document = makeDocument(2, "b");
    world.boxes.a.edit(document);
    world.settle();
    if (link === "cut") world.cut(0, 0);
    world.boxes.a.ask(document);
    work(world);
    world.cut(0, 0);
    world.settle();
    expect(world.boxes.a.answers).toMatchObject([{ kind: "refused" }]);
    expect(inForce(world)).toEqual([FIRST.text, FIRST.text]);
    expect(world.view("a").edit?.state).toBe("refused");
  },
);

test("what a person had in config.json and what was never in force is kept", () => {
  const world = inStep();
  world.boxes.a.edit(makeDocument(2, "b"));
  world.settle();
  world.boxes.a.ask(THIRD);
  world.settle();
  expect(inForce(world)).toEqual([THIRD.text, THIRD.text]);
  expect(world.boxes.a.disk.keptAside).toEqual([makeDocument(2, "b").hash]);
  expect(world.view("a").edit).toBeUndefined();
  expect(world.boxes.a.disk.standing.refused).toBeUndefined();
});
