// The list of `npm run mutations` stays true: what it breaks is there, and those who have to notice are too.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countIn } from "./break.ts";
import { BREAKS } from "./breaks.ts";

const ROOT = join(import.meta.dirname, "..", "..");

test.each(BREAKS)("$what: its text stands once in $file", ({ file, find, put }) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  expect(countIn(text, find)).toBe(1);
  expect(put).not.toBe(find);
});

test.each(BREAKS)("$what: the tests that have to notice exist", ({ noticedBy }) => {
  const files = "tests" in noticedBy ? noticedBy.tests : [];
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test("no two breaks are called the same", () => {
  expect(new Set(BREAKS.map(({ what }) => what)).size).toBe(BREAKS.length);
});
