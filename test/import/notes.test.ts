// Notes are in the order of the files, bounded, and safe to print.

import { expect, test } from "vitest";
import {
  LineCounter,
  lineAt,
  lineStarts,
  NOTES_MAX,
  Notes,
  shortened,
} from "../../daemon/import/notes.ts";

test("in the order of the files and their lines, whatever order they were made in", () => {
  const notes = new Notes(["b.conf", "a.conf"]);
  notes.changed({ file: "a.conf", line: 1 }, "x", "Third.");
  notes.leftOut({ file: "b.conf", line: 9 }, "y", "Second.");
  notes.unreadable({ file: "b.conf", line: 2 }, "z", "First.");
  expect(notes.done()).toEqual([
    { file: "b.conf", line: 2, kind: "unreadable", text: "z", reason: "First." },
    { file: "b.conf", line: 9, kind: "left-out", text: "y", reason: "Second." },
    { file: "a.conf", line: 1, kind: "changed", text: "x", reason: "Third." },
  ]);
});

test("no more than a person can use, and it is said how many there are", () => {
  const notes = new Notes(["a"]);
  for (let line = 1; line <= NOTES_MAX + 7; line++) notes.leftOut({ file: "a", line }, "t", "R.");
  const all = notes.done();
  expect(all).toHaveLength(NOTES_MAX + 1);
  expect(all.at(-1)?.reason).toBe(`There are 7 more notes than the ${NOTES_MAX} that are shown.`);
});

test("the words of a file are cut to one short line that no terminal obeys", () => {
  expect(shortened("  option\n\tdomain-name \u001b[31m \u0085 ")).toBe("option domain-name [31m");
  expect(shortened("a".repeat(120))).toHaveLength(120);
  expect(shortened("a".repeat(121))).toBe(`${"a".repeat(119)}…`);
  expect(shortened(" ".repeat(1000))).toBe("…");
  expect(shortened("\ud800")).toBe("\ufffd");
});

test.each([
  ["a\nb\nc", [0, 2, 4]],
  ["a\r\nb\rc", [0, 3, 5]],
  ["", [0]],
])("lines of %j", (text, starts) => {
  expect(lineStarts(text)).toEqual(starts);
});

test("the line of every character", () => {
  const starts = lineStarts("ab\n\nc");
  expect([0, 1, 2, 3, 4].map((offset) => lineAt(starts, offset))).toEqual([1, 1, 1, 2, 3]);
  const counter = new LineCounter("ab\n\nc");
  expect([0, 1, 2, 3, 4].map((offset) => counter.lineAt(offset))).toEqual([1, 1, 1, 2, 3]);
});
