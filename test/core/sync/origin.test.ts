// Who put a configuration into force, and when, goes with it to the other box.

import { describe, expect, test } from "vitest";
import { diverged, inStep, makeDocument, NAMES, START_WALL } from "./two-boxes.ts";

describe("who changed it", () => {
  test("is known on both boxes", () => {
    const world = inStep();
    world.now = 1234;
    world.boxes.a.edit(makeDocument(2));
    world.settle();
    const origin = { who: "", wall: START_WALL + 1234, from: "config.json", box: "a", note: "" };
    expect(NAMES.map((name) => world.boxes[name].disk.standing.origin)).toEqual([origin, origin]);
  });

  test("is shown where a person has to choose, and stays with what they choose", () => {
    const world = diverged();
    expect(world.view("a").partnerOrigin).toMatchObject({ box: "b" });
    world.choose("a", "take");
    world.settle();
    for (const name of NAMES) expect(world.view(name).origin).toMatchObject({ box: "b" });
  });

  test("is told to a box that was away", () => {
    const world = inStep();
    world.cut(0, 0);
    world.boxes.b.edit(makeDocument(2));
    world.settle();
    world.connect();
    world.settle();
    expect(world.view("a").origin).toMatchObject({ from: "config.json", box: "b" });
  });
});
