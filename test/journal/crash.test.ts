// Power cuts, kills and failing operations at every point, with seeds. After each of them the next
// start must find every record that was reported durable, and nothing that was never appended.
// CRASH_SEEDS=n runs n lives instead of the usual number; a failure names its seed.

import { describe, expect, test } from "vitest";
import { settle } from "../support/fake-clock.ts";
import { FakeDisk, type Fault, type Operation } from "../support/fake-disk.ts";
import { below, seeded } from "../support/random.ts";
import { complaint, type Durable, Office, type Written } from "./office.ts";

const SEEDS = Number(process.env.CRASH_SEEDS ?? 400);
const ERRORS = ["ENOSPC", "EIO", "EROFS", "EDQUOT"];

/** Opens a journal; undefined when the power was cut before it was open. */
async function tryOpen(disk: FakeDisk, written: Written): Promise<Office | undefined> {
  let office: Office | undefined;
  const opening = Office.open(disk, written).then((opened) => {
    office = opened;
  });
  opening.catch(() => {});
  while (!office && !disk.down) await settle();
  return office;
}

/** A short, fixed life: some records, a snapshot, more records, a clean end. */
async function shortLife(disk: FakeDisk, written: Written): Promise<Office | undefined> {
  const office = await tryOpen(disk, written);
  for (let round = 0; office && round < 6 && !disk.down; round++) {
    for (let count = 0; count < 12; count++) office.change(below(disk.random, 25));
    if (round % 2 === 1) office.changePair();
    office.kick();
    if (round === 2) office.journal.snapshot();
    await office.clock.advance(3);
  }
  if (office && !disk.down) {
    void office.journal.close();
    await settle();
  }
  return office;
}

/** What was durable before holds until the new life has said more. */
function merge(before: Durable, office: Office | undefined): Durable {
  const merged = new Map(before);
  for (const [address, lease] of office?.durable ?? []) {
    if (lease.sequence >= (merged.get(address)?.sequence ?? 0)) merged.set(address, lease);
  }
  return merged;
}

describe("a power cut at every operation", () => {
  test.each(["before", "during", "after"] as const)("%s it", { timeout: 60_000 }, async (crash) => {
    let reached = true;
    for (let index = 0; reached; index++) {
      for (let seed = 1; seed <= 6; seed++) {
        const disk = new FakeDisk({ random: seeded(seed * 1000 + index) });
        const written: Written = new Map();
        let durable = merge(new Map(), await shortLife(disk, written));
        disk.kill();
        disk.start();
        const at = disk.operations + index;
        disk.fault = (operation) => (operation.index === at ? { crash } : undefined);
        durable = merge(durable, await shortLife(disk, written));
        reached = disk.operations > at;
        if (!disk.down) disk.powerCut();
        disk.start();
        disk.fault = undefined;
        const found = await tryOpen(disk, written);
        const wrong = found ? complaint(durable, found, written) : "did not open";
        expect(wrong, `seed ${seed}, operation ${index}`).toBe("");
        // Only what was under way can be torn; whole files and all before must be as they should.
        const labels = found?.opened.report.findings.map((finding) => finding.label) ?? [];
        for (const label of labels) expect(["torn tail", "damaged in the middle"]).toContain(label);
      }
    }
  });
});

/** The folder could not be synced when a snapshot was renamed, and the process ends before the next try. */
async function endsBeforeItsSnapshotIsThere(disk: FakeDisk, written: Written): Promise<Durable> {
  const office = await tryOpen(disk, written);
  for (let count = 0; count < 20; count++) office?.change(below(disk.random, 10));
  office?.kick();
  await settle();
  let isRenamed = false;
  disk.fault = ({ kind }) => {
    isRenamed ||= kind === "rename";
    return isRenamed && kind === "syncFolder" ? { error: "EIO" } : undefined;
  };
  office?.journal.snapshot();
  await settle();
  disk.kill();
  disk.start();
  return merge(new Map(), office);
}

describe("a power cut at every operation of a start", () => {
  test("what a snapshot replaces goes after the snapshot is there for good", async () => {
    let reached = true;
    for (let index = 0; reached; index++) {
      for (let seed = 1; seed <= 20; seed++) {
        const disk = new FakeDisk({ random: seeded(seed * 1000 + index) });
        const written: Written = new Map();
        const durable = await endsBeforeItsSnapshotIsThere(disk, written);
        const at = disk.operations + index;
        disk.fault = (operation) => (operation.index === at ? { crash: "after" } : undefined);
        await tryOpen(disk, written);
        reached = disk.operations > at;
        if (!disk.down) disk.powerCut();
        disk.start();
        disk.fault = undefined;
        const found = await tryOpen(disk, written);
        const wrong = found ? complaint(durable, found, written) : "did not open";
        expect(wrong, `seed ${seed}, operation ${index}`).toBe("");
      }
    }
  });
});

/** Faults that come and go, as a function of the operation's number. */
function weather(random: () => number): (operation: Operation) => Fault | undefined {
  let error = "";
  let until = 0;
  return ({ index, kind }) => {
    if (index >= until) {
      error = random() < 0.25 ? (ERRORS[below(random, ERRORS.length)] ?? "") : "";
      until = index + 1 + below(random, error === "" ? 40 : 12);
    }
    if (random() < 0.01) {
      return { crash: (["before", "during", "after"] as const)[below(random, 3)] ?? "before" };
    }
    // A disk that is full or read-only can still be read.
    if (error === "" || kind === "list" || kind === "read" || kind === "close") return undefined;
    if (kind === "remove" && error !== "EROFS") return undefined;
    return { error };
  };
}

/** A long life of many boots, with everything that can go wrong; ends with a complaint or "". */
async function longLife(seed: number): Promise<string> {
  const random = seeded(seed);
  const disk = new FakeDisk({ random });
  const written: Written = new Map();
  let durable: Durable = new Map();
  for (let boot = 0; boot < 8; boot++) {
    disk.fault = boot % 4 === 3 ? undefined : weather(random);
    const office = await tryOpen(disk, written);
    if (office) {
      const wrong = complaint(durable, office, written);
      if (wrong !== "") return `boot ${boot}: ${wrong}`;
      for (let round = below(random, 40); round > 0 && !disk.down; round--) {
        for (let count = below(random, 30); count > 0; count--) office.change(below(random, 60));
        if (random() < 0.3) office.changePair();
        if (random() < 0.9) office.kick();
        if (random() < 0.05) office.journal.snapshot();
        await office.clock.advance(random() < 0.1 ? 1500 : random() * 5);
      }
      durable = merge(durable, office);
    }
    if (!disk.down && random() < 0.3) disk.kill();
    if (!disk.down) disk.powerCut();
    disk.start();
  }
  disk.fault = undefined;
  const last = await tryOpen(disk, written);
  return last ? complaint(durable, last, written) : "did not open";
}

describe("lives with everything that can go wrong", () => {
  test(`${SEEDS} seeds`, { timeout: 60_000 + SEEDS * 200 }, async () => {
    const first = Number(process.env.CRASH_SEED ?? 1);
    for (let seed = first; seed < first + SEEDS; seed++) {
      expect(await longLife(seed), `CRASH_SEED=${seed}`).toBe("");
    }
  });
});

describe("after errors alone", () => {
  test("the journal heals by itself as soon as the disk does", async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seeded(seed);
      const disk = new FakeDisk({ random });
      const faults = weather(random);
      disk.fault = (operation) => {
        const fault = faults(operation);
        return typeof fault === "object" && "error" in fault ? fault : undefined;
      };
      const office = await tryOpen(disk, new Map());
      if (!office) continue;
      for (let round = 0; round < 30; round++) {
        for (let count = below(random, 30); count > 0; count--) office.change(below(random, 60));
        if (random() < 0.3) office.changePair();
        office.kick();
        await office.clock.advance(random() < 0.1 ? 1500 : random() * 5);
      }
      disk.fault = undefined;
      office.kick();
      await office.clock.advance(3000);
      expect(office.state, `seed ${seed}`).toBe("ok");
      expect(office.journal.durableThrough, `seed ${seed}`).toBe(office.sequence);
      disk.powerCut();
      disk.start();
      const next = await tryOpen(disk, new Map());
      expect(next?.book, `seed ${seed}`).toEqual(office.book);
      expect(next?.pair, `seed ${seed}`).toEqual(office.pair);
    }
  });
});
