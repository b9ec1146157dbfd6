import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { loadSecret, SECRET_BYTES } from "../../daemon/io/secret.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-secret-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("is made once, for its owner only, and found again", () => {
  const file = path.join(folder, "secret");
  const first = loadSecret(file);
  expect(first.length).toBe(SECRET_BYTES);
  expect(first.some((byte) => byte !== 0)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(loadSecret(file)).toEqual(first);
  expect(readdirSync(folder)).toEqual(["secret"]);
  expect(loadSecret(path.join(folder, "other"))).not.toEqual(first);
});

test("what a power cut left is replaced, whatever its mode", () => {
  const file = path.join(folder, "secret");
  writeFileSync(`${file}.tmp`, "half");
  chmodSync(`${file}.tmp`, 0o644);
  writeFileSync(file, "");
  expect(loadSecret(file).length).toBe(SECRET_BYTES);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).size).toBe(SECRET_BYTES);
});

test("a place that gives nothing is an IoError with its code", () => {
  const file = path.join(folder, "secret");
  mkdirSync(file);
  expect(() => loadSecret(file)).toThrow(IoError);
  try {
    loadSecret(path.join(folder, "missing", "secret"));
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ name: "IoError", code: "ENOENT" });
  }
});
