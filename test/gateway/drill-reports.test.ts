// What drills have shown, as a box keeps it: its own reports and the partner's, on disk, and nothing that is none.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DrillReports } from "../../daemon/drill-reports.ts";
import type { DrillReport } from "../../daemon/http/api-types.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { fakeDrill } from "../support/fake-gateway.ts";
import { until } from "../support/until.ts";

let folder: string;
let reports: DrillReports;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-drills-"));
  reports = new DrillReports(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, "drills.json");

function onDisk(): unknown {
  try {
    return JSON.parse(readFileSync(file(), "utf8"));
  } catch {
    return undefined;
  }
}

/** To be waited for before the folder goes. */
async function written(expected: readonly DrillReport[]): Promise<void> {
  const text = JSON.stringify(expected);
  await until(() => JSON.stringify(onDisk()) === text, "it is on disk");
}

async function loaded(): Promise<readonly DrillReport[]> {
  const again = new DrillReports(folder);
  await again.load();
  return again.all;
}

describe("reports", () => {
  test("are kept, the latest first, and are there after a restart", async () => {
    const [first, second] = [fakeDrill({ id: 1 }), fakeDrill({ id: 2, names: null })];
    reports.keep(first);
    reports.received(JSON.stringify(second));
    expect(reports.all).toEqual([second, first]);
    await written([second, first]);
    expect(await loaded()).toEqual([second, first]);
  });

  test("that come in one breath are all on disk in the end", async () => {
    for (let round = 0; round < 60; round++) {
      // Of lengths that show which of them is in the file.
      for (let id = 0; id < 2 + (round % 6); id++) {
        reports.keep(fakeDrill({ id, sentence: "x".repeat((id * 211 + round * 37) % 400) }));
      }
      await written(reports.all);
    }
  });

  test("count once, and the newer one of the same drill counts", async () => {
    reports.keep(fakeDrill({ id: 1, pingsLost: 3 }));
    reports.keep(fakeDrill({ id: 2 }));
    reports.received(JSON.stringify(fakeDrill({ id: 1, pingsLost: 4 })));
    expect(reports.all.map(({ id, pingsLost }) => [id, pingsLost])).toEqual([
      [1, 4],
      [2, 0],
    ]);
    // By chance the same number on another day.
    reports.keep(fakeDrill({ id: 2, at: "2026-05-04T07:12:00.000Z" }));
    expect(reports.all).toHaveLength(3);
    await written(reports.all);
  });

  test("are not kept without end", async () => {
    for (let id = 0; id < LIMITS.drillReportsMax + 5; id++) reports.keep(fakeDrill({ id }));
    expect(reports.all).toHaveLength(LIMITS.drillReportsMax);
    expect(reports.all[0]?.id).toBe(LIMITS.drillReportsMax + 4);
    await written(reports.all);
  });

  test("that the disk does not take are kept until the end of the process", async () => {
    mkdirSync(`${file()}.tmp`);
    reports.keep(fakeDrill({ id: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([reports.all.length, onDisk()]).toEqual([1, undefined]);
    rmSync(`${file()}.tmp`, { recursive: true });
    reports.keep(fakeDrill({ id: 2 }));
    await written(reports.all);
  });
});

describe("what is no report is not kept", () => {
  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["an empty object", "{}"],
    ["cut short", JSON.stringify(fakeDrill()).slice(0, -1)],
  ])("%s", (_, json) => {
    reports.received(json);
    expect([reports.all, onDisk()]).toEqual([[], undefined]);
  });

  test.each<[keyof DrillReport, unknown]>([
    ["id", -1],
    ["id", 1.5],
    ["id", "1"],
    ["kind", "great"],
    ["at", "yesterday"],
    ["at", undefined],
    ["measuredBy", "x".repeat(65)],
    ["gatewayMilliseconds", -1],
    ["gatewayMilliseconds", undefined],
    ["dhcpMilliseconds", "18"],
    ["pingsLost", null],
    ["outageMilliseconds", -0.5],
    ["names", { asked: 1 }],
    ["names", {}],
    ["names", { asked: 1, answered: 1, afterMilliseconds: -1 }],
    ["leases", "many"],
    ["sentence", "x".repeat(501)],
    ["sentence", 7],
  ])("with %s as %j", (field, value) => {
    reports.received(JSON.stringify({ ...fakeDrill(), [field]: value }));
    expect(reports.all).toEqual([]);
  });

  test("what else is said in one is left out", async () => {
    reports.received(JSON.stringify({ ...fakeDrill({ id: 5 }), more: "<script>" }));
    expect(reports.all).toEqual([fakeDrill({ id: 5 })]);
    await written(reports.all);
  });

  test("whatever comes, nothing is thrown", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (json) => {
        reports.received(json);
      }),
      { numRuns: 500 },
    );
    expect(reports.all).toEqual([]);
  });
});

describe("a file", () => {
  test.each([
    ["that is no JSON", "{"],
    ["that is no list", '{"id":1}'],
    ["that is empty", ""],
  ])("%s holds no reports, and is replaced by the next one", async (_, text) => {
    writeFileSync(file(), text);
    await reports.load();
    expect(reports.all).toEqual([]);
    reports.keep(fakeDrill());
    await written([fakeDrill()]);
  });

  test("of which a part is damaged holds the rest", async () => {
    writeFileSync(
      file(),
      JSON.stringify([fakeDrill({ id: 1 }), { id: 2 }, 3, fakeDrill({ id: 4 })]),
    );
    expect((await loaded()).map(({ id }) => id)).toEqual([1, 4]);
  });

  test("that cannot be read holds none", async () => {
    mkdirSync(file());
    expect(await loaded()).toEqual([]);
  });
});
