import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { randomBytes, randomSeed } from "../../daemon/io/random.ts";

test("as many bytes as asked for, other ones each time", () => {
  expect(randomBytes(0)).toHaveLength(0);
  expect(randomBytes(16)).toHaveLength(16);
  expect(randomBytes(16)).not.toEqual(randomBytes(16));
});

test("a seed is a whole number of 32 bits and not zero", () => {
  const seeds = Array.from({ length: 100 }, () => randomSeed());
  for (const seed of seeds) {
    expect(Number.isInteger(seed) && seed > 0 && seed <= 0xffff_ffff).toBe(true);
  }
  expect(seeds.some((seed) => seed > 0x7fff_ffff)).toBe(true);
  expect(seeds.some((seed) => seed <= 0x7fff_ffff)).toBe(true);
});

test("a source that is missing or too short is an IoError that names it", () => {
  const folder = mkdtempSync(join(tmpdir(), "tandem-random-"));
  try {
    const short = join(folder, "short");
    writeFileSync(short, "abc");
    expect(() => randomBytes(4, short)).toThrow(IoError);
    expect(() => randomBytes(4, short)).toThrow(`${short} gives too few random numbers`);
    expect(() => randomBytes(4, join(folder, "none"))).toThrow(/none gives no random.*ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
