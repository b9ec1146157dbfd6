// Runs harness.c: rawlink's parsers, its send check and its filters on damaged input.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "tandem-rawlink-harness-"));
const program = join(folder, "harness");
const rounds = process.env.RAWLINK_ROUNDS ?? "100000";

beforeAll(() => {
  const source = new URL("harness.c", import.meta.url).pathname;
  const flags = "-std=c11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined";
  execFileSync("cc", [...flags.split(" "), "-fno-sanitize-recover=all", "-o", program, source], {
    stdio: ["ignore", "inherit", "inherit"],
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("rawlink's decisions on malformed input", () => {
  const own = Math.floor(Math.random() * 1e9);
  for (const seed of [1, 2, 3, own]) {
    test(`seed ${seed}`, () => {
      const output = execFileSync(program, [String(seed), rounds], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
      expect(output).toMatch(/^seed \d+: \d+ checks passed\n$/);
    });
  }
});
