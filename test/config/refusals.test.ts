// Every refusal of a configuration says where, what was found there, and why, in a sentence that people can read.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../daemon/config/load.ts";
import { type ConfigIssue, withFound } from "../../daemon/config/validate.ts";
import { damaged, pick, sample } from "../support/json-schema-samples.ts";
import { below, seeded } from "../support/random.ts";
import { schemaDocument } from "../support/schema-document.ts";
import { issues, office } from "./loading.ts";

const COUNT = Number(process.env.FUZZ ?? 3000);
const SEED = Number(process.env.SEED ?? 20261203);

const DOC = readFileSync(new URL("../../daemon/CONFIGURATION.md", import.meta.url), "utf8");
const EXAMPLES = Array.from(
  DOC.matchAll(/<!-- (recipe|box): \S+ -->\n```json\n([\s\S]*?)```/g),
  ([, kind, json = ""]) => [kind, JSON.parse(json) as unknown] as const,
);
const RECIPES = EXAMPLES.filter(([kind]) => kind === "recipe").map(([, file]) => file);
const BOXES = EXAMPLES.filter(([kind]) => kind === "box").map(([, file]) => file);

/** What is wrong with the way in which an issue is said. */
function faultsOf({ path, reason }: ConfigIssue, input: unknown): string[] {
  const faults: string[] = [];
  if (path === "" || path.length > 250) faults.push("no path");
  if (!/^[^\s].{4,299}$/.test(reason)) faults.push("too long, too short, or of several lines");
  if (/Invalid|Expected|undefined|NaN|\[object|`/.test(reason)) faults.push("no plain words");
  if (/^[A-Z][a-z]/.test(reason) || reason.endsWith(".")) faults.push("no end of a sentence");
  const isOfOption = /(^|\.)options\./.test(path);
  const isOfName = /is not a known|is missing|cannot be a name/.test(reason);
  const saysValue = withFound({ file: "", path, reason }, input).reason === reason;
  if (!isOfOption && !isOfName && !saysValue) faults.push("what was found is not said");
  return faults;
}

test(`what is wrong with ${COUNT} pairs of files is said well, seed ${SEED}`, () => {
  const random = seeded(SEED);
  const [shared, own] = [schemaDocument("config.json"), schemaDocument("box.json")];
  let refusals = 0;
  for (let i = 0; i < COUNT; i++) {
    const one = below(random, 3) === 0 ? sample(shared, random) : pick(RECIPES, random);
    const other = below(random, 4) === 0 ? sample(own, random) : pick(BOXES, random);
    const config = i % 2 === 0 ? damaged(one, random) : one;
    const box = i % 2 === 0 ? other : damaged(other, random);
    const result = loadConfig(config, box);
    for (const issue of "issues" in result ? result.issues : []) {
      refusals++;
      const faults = faultsOf(issue, issue.file === "box.json" ? box : config);
      expect(faults, `${issue.path} ${issue.reason}`).toEqual([]);
    }
  }
  expect(refusals).toBeGreaterThan(COUNT / 3);
});

describe("what was found is said", () => {
  test.each([
    [
      "a clash that is about something else",
      { reservations: [{ address: "10.77.0.9" }] },
      "(found none of them)",
    ],
    [
      "two of what there may be one of",
      { reservations: [{ address: "10.77.0.9", mac: "02:00:5e:10:00:01", hostname: "a" }] },
      "(found mac and hostname)",
    ],
    [
      "a text in the place of an object",
      { boot: "a".repeat(300) },
      `must be an object (found "${"a".repeat(56)}...)`,
    ],
    [
      "a name that is very long",
      { ["k".repeat(300)]: 1 },
      `[0].${"k".repeat(57)}...: is not a known setting`,
    ],
  ])("%s", (_, network, end) => {
    const found = issues(office(network));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(end);
  });

  test("a map of ports that is none", () => {
    expect(issues(office({}, {}, { networks: 7 }))).toEqual([
      "box.json networks: must be an object (found 7)",
    ]);
  });

  test("once, in whatever spelling, and not where a longer one is", () => {
    const issue = (reason: string) => ({ file: "f", path: "a[0].b", reason });
    const say = (reason: string, b: unknown) => withFound(issue(reason), { a: [{ b }] }).reason;
    expect(say("02:0a is taken", "02-0A")).toBe("02:0a is taken");
    expect(say("10.0.0.1 is taken", "10.0.0.1/8")).toBe("10.0.0.1 is taken");
    expect(say("must be 10", 1)).toBe("must be 10 (found 1)");
    expect(say("must be 1", 1)).toBe("must be 1");
    expect(say("is bad (found x)", 1)).toBe("is bad (found x)");
    expect(say("is bad", {})).toBe("is bad");
    expect(withFound(issue("is bad"), null).reason).toBe("is bad");
  });
});
