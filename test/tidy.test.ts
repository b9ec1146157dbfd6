// The rules of the house, run on every file: who may import whom, what pure code may not touch,
// how long a file may be. Function length, formatting and lint are Biome's part of `npm run check`.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");
const FILE_LINES_MAX = 400;

/** Folder or file (the longest match counts) to what it may import, besides its own folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "daemon/base/": [],
  "daemon/catalogue.ts": [
    "daemon/base/",
    "daemon/catalogue-pair.ts",
    "daemon/catalogue-gateway.ts",
    "daemon/catalogue-web.ts",
  ],
  "daemon/catalogue-pair.ts": [],
  "daemon/catalogue-gateway.ts": [],
  "daemon/catalogue-web.ts": [],
  "daemon/limits.ts": ["daemon/base/"],
  "daemon/ports.ts": ["daemon/base/"],
  "daemon/wire/": ["daemon/base/"],
  "daemon/core/": [
    "daemon/base/",
    "daemon/wire/",
    "daemon/catalogue.ts",
    "daemon/limits.ts",
    "daemon/ports.ts",
  ],
  "daemon/journal/": [
    "daemon/base/",
    "daemon/core/",
    "daemon/catalogue.ts",
    "daemon/limits.ts",
    "daemon/ports.ts",
  ],
  "daemon/waiting-sends.ts": ["daemon/limits.ts", "daemon/ports.ts"],
  "daemon/driver.ts": [
    "daemon/base/",
    "daemon/core/",
    "daemon/journal/",
    "daemon/waiting-sends.ts",
    "daemon/catalogue.ts",
    "daemon/limits.ts",
    "daemon/ports.ts",
  ],
  "daemon/config/": [
    "daemon/base/",
    "daemon/core/",
    "daemon/wire/",
    "daemon/limits.ts",
    "npm:valibot",
  ],
  "daemon/import/": [
    "daemon/base/",
    "daemon/config/",
    "daemon/wire/",
    "daemon/limits.ts",
    "npm:valibot",
  ],
  "daemon/export/": [
    "daemon/base/",
    "daemon/config/",
    "daemon/core/config-view.ts",
    "daemon/import/",
    "daemon/wire/",
  ],
  "daemon/http/api-types.ts": [
    "daemon/http/api-access.ts",
    "daemon/http/api-backup.ts",
    "daemon/http/api-config.ts",
    "daemon/http/api-devices.ts",
    "daemon/http/api-diagnostics.ts",
    "daemon/http/api-gateway.ts",
    "daemon/http/api-import.ts",
  ],
  "daemon/http/api-access.ts": [],
  "daemon/http/api-import.ts": [],
  "daemon/http/api-backup.ts": ["daemon/http/api-config.ts"],
  "daemon/http/api-devices.ts": [],
  "daemon/http/api-diagnostics.ts": [],
  "daemon/http/api-config.ts": [],
  "daemon/http/api-gateway.ts": [],
  "daemon/http/": ["daemon/base/", "daemon/limits.ts", "daemon/catalogue.ts", "npm:valibot"],
  "daemon/io/": [
    "daemon/base/",
    "daemon/wire/",
    "daemon/http/",
    "daemon/core/gateway/vrrp.ts",
    "daemon/limits.ts",
    "daemon/ports.ts",
    "node:",
    "npm:lowdb",
  ],
  "daemon/io/dbus-connection.ts": [
    "daemon/base/",
    "daemon/limits.ts",
    "daemon/io/",
    "node:",
    "npm:dbus-native",
  ],
  "daemon/cli/": [
    "daemon/base/",
    "daemon/config/",
    "daemon/http/api-types.ts",
    "daemon/import/",
    "daemon/export/",
    "node:",
  ],
  "daemon/summary.ts": ["daemon/"],
  "daemon/": ["daemon/", "node:"],
  "webui/": ["daemon/http/api-types.ts", "npm:preact", "npm:@preact/signals"],
};

/** No clock, no randomness, no timers, no process: the same input must give the same output. */
const PURE = [
  "daemon/base/",
  "daemon/wire/",
  "daemon/core/",
  "daemon/journal/",
  "daemon/driver.ts",
  "daemon/waiting-sends.ts",
];
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b|\bnew Date\(\)/, "time comes in with the event (Now)"],
  [/\bMath\.random\b/, "randomness comes in as a seed or an argument"],
  [/\bset(Timeout|Interval|Immediate)\b/, "timers are effects (alarm) or the Clock port"],
  [/\bprocess\s*\./, "the process belongs to main.ts and io/"],
  [/\bconsole\s*\./, "say it with a log effect"],
  [/\bBuffer\b/, "bytes are Uint8Array here"],
];
const TIMER_FREE = ["daemon/config/", "daemon/http/", "daemon/box.ts", "daemon/event-log.ts"];

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /\.(ts|tsx|mjs|c|h|css)$/.test(file) && existsSync(path.join(ROOT, file)));

describe("who may import whom", () => {
  test.each(files.filter((file) => /^(daemon|webui)\/.*\.tsx?$/.test(file)))("%s", (file) => {
    expect(importProblems(file, read(file))).toEqual([]);
  });

  test("a forbidden import is found", () => {
    expect(importProblems("daemon/core/x.ts", 'import { a } from "node:fs";')).toHaveLength(1);
    expect(importProblems("daemon/wire/x.ts", 'import { a } from "../core/b.ts";')).toHaveLength(1);
    expect(importProblems("daemon/core/x.ts", 'import { a } from "../wire/b.ts";')).toEqual([]);
  });
});

describe("pure code", () => {
  test.each(files.filter((file) => PURE.some((prefix) => file.startsWith(prefix))))(
    "%s",
    (file) => {
      expect(bannedUses(read(file), BANNED)).toEqual([]);
    },
  );

  test.each(files.filter((file) => TIMER_FREE.some((prefix) => file.startsWith(prefix))))(
    "no timers in %s",
    (file) => {
      expect(bannedUses(read(file), BANNED.slice(1, 3))).toEqual([]);
    },
  );

  test("a banned use is found, and one in a comment is not", () => {
    expect(bannedUses("const a = Date.now();", BANNED)).toHaveLength(1);
    expect(bannedUses("// Date.now() is not used here", BANNED)).toEqual([]);
  });
});

describe("every file", () => {
  test.each(files.filter((file) => !file.startsWith("test/fixtures/")))("%s", (file) => {
    const text = read(file);
    expect(text.split("\n").length - 1, "lines").toBeLessThanOrEqual(FILE_LINES_MAX);
    const leftovers = new RegExp(
      ["TO" + "DO", "FIX" + "ME", "X" + "XX:", "@ts-" + "ignore"].join("|"),
    );
    expect(text).not.toMatch(leftovers);
  });

  test("every TypeScript file of the daemon is reached from an entry point or a test", () => {
    const reached = new Set<string>();
    const queue = files.filter((file) =>
      /^(daemon\/main\.ts|daemon\/cli\/main\.ts|webui\/main\.tsx|test\/.*\.ts)$/.test(file),
    );
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file) || !existsSync(path.join(ROOT, file))) continue;
      reached.add(file);
      for (const target of imports(read(file))) {
        if (target.startsWith(".")) queue.push(path.join(path.dirname(file), target));
      }
    }
    const unreached = files.filter(
      (file) =>
        /^(daemon|webui)\/.*\.tsx?$/.test(file) && !reached.has(file) && !file.endsWith(".d.ts"),
    );
    expect(unreached).toEqual([]);
  });

  test("the top level is what the design says", () => {
    const top = new Set(
      execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
        .split("\n")
        .filter((file) => file !== "" && !file.startsWith("."))
        .map((file) => file.split("/")[0]),
    );
    const allowed = ["LICENSE", "README.md", "biome.json", "board", "daemon", "image"];
    allowed.push("package-lock.json", "package.json", "test", "tsconfig.json", "webui");
    expect([...top].filter((name) => !allowed.includes(name ?? ""))).toEqual([]);
  });
});

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), "utf8");
}

function imports(text: string): string[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|^\s*import\s+"([^"]+)"/gm,
  );
  return Array.from(found, (match) => match[1] ?? match[2] ?? "");
}

function importProblems(file: string, text: string): string[] {
  const rule = Object.keys(MAY_IMPORT)
    .filter((prefix) => file.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  if (rule === undefined) return [`${file} has no rule`];
  const own = rule.endsWith("/") ? rule : file;
  const allowed = [...(MAY_IMPORT[rule] ?? []), own];
  return imports(text)
    .map((target) => resolve(file, target))
    .filter((target) => !allowed.some((prefix) => target.startsWith(prefix)))
    .map((target) => `${file} may not import ${target}`);
}

function resolve(file: string, target: string): string {
  if (target.startsWith("node:")) return target;
  return target.startsWith(".") ? path.join(path.dirname(file), target) : `npm:${target}`;
}

function bannedUses(text: string, rules: readonly (readonly [RegExp, string])[]): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
  return rules
    .filter(([pattern]) => pattern.test(code))
    .map(([pattern, instead]) => `${pattern}: ${instead}`);
}
