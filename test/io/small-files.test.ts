// Small files on a real disk: whole, for whom they are, and errors of one kind.

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { SYSTEM_FILES } from "../../daemon/io/small-files.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-files-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a secret is for its owner only, also where a file that others could read was left over", async () => {
  const file = path.join(folder, "key");
  writeFileSync(`${file}.tmp`, "left over", { mode: 0o644 });
  await SYSTEM_FILES.write(file, Uint8Array.of(0, 255), true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect([...((await SYSTEM_FILES.readBytes(file)) ?? [])]).toEqual([0, 255]);
  await SYSTEM_FILES.write(file, "shorter", false);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(await SYSTEM_FILES.read(file)).toBe("shorter");
  expect(readdirSync(folder)).toEqual(["key"]);
});

test("what is not there is undefined, gone, or empty", async () => {
  const none = path.join(folder, "none");
  expect(await SYSTEM_FILES.read(none)).toBeUndefined();
  expect(await SYSTEM_FILES.readBytes(none)).toBeUndefined();
  await SYSTEM_FILES.remove(none);
  expect(await SYSTEM_FILES.list(none)).toEqual([]);
  writeFileSync(none, "");
  expect(await SYSTEM_FILES.list(folder)).toEqual([{ name: "none", isFolder: false }]);
  await SYSTEM_FILES.remove(none);
  expect(readdirSync(folder)).toEqual([]);
});

test("what the disk does wrong is an IoError with its errno", async () => {
  const inFile = path.join(folder, "file", "inner");
  writeFileSync(path.join(folder, "file"), "");
  for (const attempt of [
    () => SYSTEM_FILES.read(inFile),
    () => SYSTEM_FILES.write(inFile, "", true),
    () => SYSTEM_FILES.remove(inFile),
    () => SYSTEM_FILES.list(path.join(folder, "file")),
  ]) {
    const error: unknown = await attempt().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IoError);
    expect((error as IoError).code).toBe("ENOTDIR");
  }
});
