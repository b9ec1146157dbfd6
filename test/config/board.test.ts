// What a box is made of, as its image says.

import { describe, expect, test } from "vitest";
import { parseBoard } from "../../daemon/config/board.ts";

test("a box without the file has no pair ports", () => {
  expect(parseBoard(null)).toEqual({ model: "", serial: "", wanPort: undefined, pairPorts: [] });
  expect(parseBoard({ version: 1 })).toEqual(parseBoard(null));
});

test("all that can be said", () => {
  const said = {
    model: "Example R2",
    serial: "TD-0001",
    wanPort: "wan0",
    pairPorts: ["ded0", "lan4"],
  };
  expect(parseBoard({ version: 1, ...said })).toEqual(said);
});

describe("what cannot be used is named", () => {
  test.each([
    [{}, "version is missing"],
    [{ version: 2 }, "version must be 1; this file is of another version"],
    [{ version: 1, model: 5 }, "model must be a text in quotes"],
    [{ version: 1, serial: "x".repeat(65) }, "serial must be at most 64 plain characters"],
    [{ version: 1, pairPorts: Array(5).fill("ded0") }, "pairPorts must be 4 at most"],
    [{ version: 1, pairPorts: ["a b"] }, "pairPorts[0] "],
    [{ version: 1, ports: [] }, "ports "],
    ["board", "must be an object"],
  ])("%j: %s", (input, text) => {
    expect(() => parseBoard(input)).toThrow(text);
  });
});
