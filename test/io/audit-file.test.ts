// The file of who did what: whole lines, two files of bounded size, and a disk that fails.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AuditFile } from "../../daemon/io/audit-file.ts";
import { LIMITS } from "../../daemon/limits.ts";

let folder: string;
let problem: string | undefined;
let file: AuditFile;
const place = (name: string) => path.join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-audit-"));
  problem = undefined;
  file = open();
});
afterEach(async () => {
  await file.flush();
  rmSync(folder, { recursive: true, force: true });
});

function open(): AuditFile {
  return new AuditFile(folder, (why) => {
    problem = why;
  });
}

test("lines are on the disk in their order, for their owner only", async () => {
  for (let i = 0; i < 50; i++) file.append(`line ${i}`);
  await file.flush();
  file.append("the last");
  expect(await file.lines()).toEqual([
    ...Array.from({ length: 50 }, (_, i) => `line ${i}`),
    "the last",
  ]);
  expect(statSync(place("audit.log")).mode & 0o777).toBe(0o600);
  expect(readFileSync(place("audit.log"), "utf8")).toMatch(/line 49\nthe last\n$/);
});

test("a full file becomes the one before, and no two grow longer than they may", async () => {
  const long = "x".repeat(1000);
  for (let i = 0; i < 700; i++) {
    file.append(`${i} ${long}`);
    if (i % 7 === 0) await file.flush();
  }
  const lines = await file.lines();
  expect(statSync(place("audit.log")).size).toBeLessThanOrEqual(LIMITS.auditFileBytesMax);
  expect(statSync(place("audit.log.1")).size).toBeLessThanOrEqual(LIMITS.auditFileBytesMax);
  expect(lines.at(-1)?.startsWith("699 ")).toBe(true);
  const numbers = lines.map((line) => Number(line.split(" ")[0]));
  expect(numbers.length).toBeGreaterThan(250);
  expect(numbers).toEqual(numbers.map((_, i) => 700 - numbers.length + i));
});

test("it goes on after a restart, behind a line that the power has cut", async () => {
  file.append("first");
  await file.flush();
  writeFileSync(place("audit.log"), "first\nsecond that was cu");
  file = open();
  file.append("third");
  expect(await file.lines()).toEqual(["first", "second that was cu", "third"]);
  expect(readFileSync(place("audit.log"), "utf8")).toMatch(/cu\nthird\n$/);
});

test("a disk that fails is said, stops nobody, and has the lines when it works again", async () => {
  mkdirSync(place("audit.log"));
  file.append("one");
  await file.flush();
  expect(problem).toMatch(/EISDIR/);
  file.append("two");
  expect(await file.lines()).toEqual(["one", "two"]);
  rmSync(place("audit.log"), { recursive: true });
  await file.flush();
  expect(problem).toBeUndefined();
  expect(readFileSync(place("audit.log"), "utf8")).toBe("one\ntwo\n");
});

test("a line that a failing disk has cut is not joined with the next one", async () => {
  file.append("one");
  await file.flush();
  rmSync(place("audit.log"));
  mkdirSync(place("audit.log"));
  file.append("two");
  await file.flush();
  rmSync(place("audit.log"), { recursive: true });
  writeFileSync(place("audit.log"), "one\ntw");
  expect(await file.lines()).toEqual(["one", "tw", "two"]);
});

test("what waits for the disk is bounded, and how much was lost is said", async () => {
  mkdirSync(place("audit.log"));
  const most = LIMITS.auditWaitingMax;
  for (let i = 0; i < most + 10; i++) file.append(`${i}`);
  await file.flush();
  expect(problem).toContain("10 lines are lost");
  expect(await file.lines()).toHaveLength(most);
});
