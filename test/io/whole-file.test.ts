// A small file written while somebody waits for it: whole or as it was before, whatever goes wrong.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { writeWhole } from "../../daemon/io/whole-file.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-whole-"));
  file = join(folder, "operator.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (): string => readFileSync(file, "utf8");

test("a new file, and one in place of another, is whole and its owner's only", () => {
  writeWhole(file, Buffer.from("first"));
  expect([text(), statSync(file).mode & 0o777]).toEqual(["first", 0o600]);
  chmodSync(file, 0o666);
  writeWhole(file, Buffer.from("second one"));
  expect([text(), statSync(file).mode & 0o777]).toEqual(["second one", 0o600]);
  writeWhole(file, new Uint8Array(0));
  expect([text(), existsSync(`${file}.tmp`)]).toEqual(["", false]);
  const large = new Uint8Array(3 << 20).fill(7);
  writeWhole(file, large);
  expect(readFileSync(file).equals(large)).toBe(true);
});

test("what an earlier process left behind is in nobody's way", () => {
  writeFileSync(`${file}.tmp`, "half of som");
  writeWhole(file, Buffer.from("whole"));
  expect([text(), existsSync(`${file}.tmp`)]).toEqual(["whole", false]);
});

test("a link in its place is replaced, and leads nowhere", () => {
  const other = join(folder, "other");
  writeFileSync(other, "untouched");
  symlinkSync(other, `${file}.tmp`);
  symlinkSync(other, file);
  writeWhole(file, Buffer.from("whole"));
  expect([text(), readFileSync(other, "utf8")]).toEqual(["whole", "untouched"]);
});

describe("when it cannot be written the old one stays, and why is said", () => {
  beforeEach(() => writeWhole(file, Buffer.from("before")));

  test.each([
    ["a folder is in the way", () => mkdirSync(`${file}.tmp`), "before"],
    [
      "the file is a folder",
      () => {
        rmSync(file);
        mkdirSync(file);
        writeFileSync(join(file, "x"), "");
      },
      undefined,
    ],
    ["its folder is gone", () => rmSync(folder, { recursive: true }), undefined],
  ])("%s", (_, spoil, left) => {
    spoil();
    expect(() => writeWhole(file, Buffer.from("after"))).toThrow(IoError);
    expect(() => writeWhole(file, Buffer.from("after"))).toThrow(
      /^\/.*operator\.json cannot be written: .*\bE[A-Z]+\b/,
    );
    if (left !== undefined) expect(text()).toBe(left);
  });

  test("a disk that takes a part of it", () => {
    // The system takes what fits into the limit, and says how much that was; only then it refuses.
    const module = new URL("../../daemon/io/whole-file.ts", import.meta.url).href;
    const script = `import { writeWhole } from ${JSON.stringify(module)};
      try { writeWhole(process.argv[1], Buffer.alloc(5000, "a")); console.log("written"); }
      catch (error) { console.log(error.name); }`;
    const node = [process.execPath, "--input-type=module", "-e", script, "--", file];
    const limited = ["-c", 'ulimit -f 1; exec "$@"', "sh", ...node];
    expect(execFileSync("sh", limited, { encoding: "utf8" })).toBe("IoError\n");
    expect(text()).toBe("before");
  });
});
