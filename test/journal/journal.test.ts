import { describe, expect, test } from "vitest";
import { segmentName } from "../../daemon/journal/file-names.ts";
import { START_BYTES } from "../../daemon/journal/record.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { settle } from "../support/fake-clock.ts";
import { FakeDisk, type Operation } from "../support/fake-disk.ts";
import { seeded } from "../support/random.ts";
import { leases, reseal, segment } from "./files.ts";
import { namesOf, newDisk, Office, opened } from "./office.ts";

/** Every operation from now on. */
function record(disk: FakeDisk): Operation[] {
  const operations: Operation[] = [];
  disk.fault = (operation) => {
    operations.push(operation);
    return undefined;
  };
  return operations;
}

describe("group commit", () => {
  test("at low load a record is written at once, in one operation", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    const operations = record(disk);
    office.change(1);
    expect(operations).toEqual([]);
    office.kick();
    await settle();
    expect(operations.map(({ kind }) => kind)).toEqual(["append"]);
    expect(office.durableCalls).toEqual([1]);
    expect(office.journal.durableThrough).toBe(1);
    expect(office.journal.waitingBytes).toBe(0);
  });

  test("while a write is under way the next batch collects", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    disk.fault = () => "hang";
    office.change(1);
    office.kick();
    const operations = record(disk);
    for (let address = 2; address < 50; address++) {
      office.change(address);
      office.kick();
    }
    await settle();
    expect(operations).toEqual([]);
    expect(office.durableCalls).toEqual([]);
    disk.wake();
    await settle();
    expect(office.durableCalls).toEqual([1]);
    await office.clock.advance(LIMITS.journalPaceMilliseconds);
    expect(operations).toHaveLength(1);
    expect(office.durableCalls).toEqual([1, 49]);
  });

  test("a write that follows the one before too soon waits, but not longer than the pace", async () => {
    const office = await opened(newDisk());
    office.change(1);
    office.kick();
    await settle();
    office.change(2);
    office.kick();
    await settle();
    expect(office.durableCalls).toEqual([1]);
    await office.clock.advance(LIMITS.journalPaceMilliseconds - 0.5);
    expect(office.durableCalls).toEqual([1]);
    await office.clock.advance(0.5);
    expect(office.durableCalls).toEqual([1, 2]);
  });

  test("a big batch does not wait", async () => {
    const office = await opened(newDisk());
    office.change(1);
    office.kick();
    await settle();
    while (office.journal.waitingBytes < LIMITS.journalPaceBytes) office.change(office.sequence);
    office.kick();
    await settle();
    expect(office.durableCalls).toEqual([1, office.sequence]);
  });

  test("a kick without records does nothing", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    const operations = record(disk);
    office.kick();
    await office.clock.advance(5000);
    expect(operations).toEqual([]);
  });

  test("a sequence that does not rise by one is our mistake", async () => {
    const office = await opened(newDisk());
    office.sequence = 5;
    expect(() => office.change(1)).toThrow("sequences");
  });
});

describe("snapshots", () => {
  test("a start ends in one snapshot and one fresh segment", async () => {
    const disk = newDisk();
    let office = await opened(disk);
    for (let address = 1; address <= 30; address++) office.change(address % 9);
    office.kick();
    await settle();
    await office.journal.close();
    office = await opened(disk);
    expect(office.opened.leases).toHaveLength(9);
    expect(office.opened.lastSequence).toBe(30);
    expect(office.opened.report.findings).toEqual([]);
    expect(namesOf(disk)).toEqual([
      "journal-000000000000001f.tdj",
      "snapshot-000000000000001e.tdj",
    ]);
  });

  test("the salt stays the same over starts, so that every file helps to read the others", async () => {
    const disk = newDisk();
    const made = segment(leases(1, 5), { salt: 77 });
    disk.put(made.name, made.bytes);
    await opened(disk);
    for (const bytes of disk.contents().values()) {
      expect(new DataView(bytes.buffer).getUint32(22)).toBe(77);
    }
  });

  test("records go on being written while a snapshot is under way", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    for (let address = 0; address < 2500; address++) office.change(address);
    office.kick();
    await settle();
    const waiting: (() => void)[] = [];
    const slices: number[] = [];
    disk.fault = ({ kind, name, bytes }) => {
      if (kind === "write" && name.endsWith(".tmp")) {
        slices.push(bytes);
        waiting.push(() => disk.wake());
        return "hang";
      }
      return undefined;
    };
    office.journal.snapshot();
    await settle();
    office.change(7);
    office.kick();
    await office.clock.advance(10);
    expect(office.journal.durableThrough).toBe(2501);
    for (let done = 0; done < waiting.length; done++) {
      waiting[done]?.();
      await settle();
    }
    expect(slices.length).toBe(3);
    disk.fault = undefined;
    expect(namesOf(disk)).toEqual([segmentName(2501), "snapshot-00000000000009c4.tdj"]);
    disk.powerCut();
    disk.start();
    const next = await opened(disk);
    expect(next.book).toEqual(office.book);
  });

  test("a long segment is followed by a snapshot by itself, and files do not add up", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    let total = 0;
    while (total < 3 * LIMITS.journalSegmentBytesMin) {
      for (let count = 0; count < 500; count++) office.change(count % 20);
      total += office.journal.waitingBytes;
      office.kick();
      await office.clock.advance(5);
      let bytes = 0;
      for (const content of disk.contents().values()) bytes += content.length;
      expect(bytes).toBeLessThan(1.2 * LIMITS.journalSegmentBytesMin);
    }
    expect(office.logged.filter((id) => id === "journal-snapshot").length).toBeGreaterThan(1);
    expect(namesOf(disk)).toHaveLength(2);
  });

  test("records that wait while the segment changes are where they belong", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    for (let address = 1; address < 10; address++) office.change(address);
    office.kick();
    await settle();
    office.change(3);
    office.journal.snapshot();
    office.change(4);
    await office.clock.advance(10);
    expect(office.journal.durableThrough).toBe(11);
    expect(namesOf(disk)).toEqual([segmentName(10), "snapshot-0000000000000009.tdj"]);
    disk.powerCut();
    disk.start();
    const next = await opened(disk);
    expect(next.opened.report.findings).toEqual([]);
    expect(next.book).toEqual(office.book);
  });

  test("a snapshot asked for while one is under way is written as well", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.change(1);
    office.kick();
    await settle();
    office.journal.snapshot();
    office.change(2);
    // The clock was stepped: contents change without records of their own.
    for (const lease of office.book.values()) lease.expiresAt += 1000;
    office.journal.snapshot();
    await office.clock.advance(20);
    const last = [...office.book.values()].map((lease) => ({ ...lease }));
    expect(office.logged.filter((id) => id === "journal-snapshot")).toHaveLength(2);
    disk.powerCut();
    disk.start();
    const next = await opened(disk);
    expect(new Set([...next.book.values()].map((lease) => lease.expiresAt))).toEqual(
      new Set(last.map((lease) => lease.expiresAt)),
    );
  });

  test("a snapshot that fails is said and tried again; records are written meanwhile", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.change(1);
    office.kick();
    await settle();
    disk.fault = ({ kind, name }) =>
      kind === "write" && name.endsWith(".tmp") ? { error: "ENOSPC" } : undefined;
    office.journal.snapshot();
    await settle();
    expect(office.logged).toContain("journal-snapshot-failed");
    office.change(2);
    office.kick();
    await office.clock.advance(10);
    expect(office.journal.durableThrough).toBe(2);
    expect(office.state).toBe("ok");
    expect(namesOf(disk).some((name) => name.endsWith(".tmp"))).toBe(false);
    disk.fault = undefined;
    await office.clock.advance(LIMITS.journalSnapshotRetryMilliseconds);
    office.kick();
    await settle();
    expect(office.logged.at(-1)).toBe("journal-snapshot");
    expect(namesOf(disk)).toHaveLength(2);
  });
});

describe("repair", () => {
  test("a torn tail is cut before the first append, and kept aside", async () => {
    const disk = newDisk();
    const made = segment(leases(1, 5));
    const torn = made.records[4]?.start ?? 0;
    disk.put(made.name, made.bytes.subarray(0, torn + 30));
    let atFirstAppend = 0;
    disk.fault = ({ kind }) => {
      if (kind === "append") atFirstAppend ||= disk.contents().get(made.name)?.length ?? -1;
      return undefined;
    };
    const office = await Office.open(disk);
    expect(atFirstAppend).toBe(torn);
    expect(office.logged).toEqual(["journal-repaired"]);
    await settle();
    const aside = namesOf(disk).filter((name) => name.startsWith("damaged-"));
    expect(aside).toHaveLength(1);
    expect(disk.contents().get(aside[0] ?? "")).toEqual(made.bytes.slice(torn, torn + 30));
  });

  test("what is kept aside is bounded in number and size", async () => {
    const disk = newDisk();
    for (let round = 1; round <= 12; round++) {
      const office = await opened(disk);
      office.change(round);
      office.kick();
      await settle();
      await office.journal.close();
      const name = segmentName(round);
      const good = disk.contents().get(name) ?? new Uint8Array(0);
      const bytes = new Uint8Array(good.length + 2 * LIMITS.journalDamagedBytesMax).fill(1);
      bytes.set(good);
      disk.put(name, bytes);
    }
    await opened(disk);
    const aside = [...disk.contents()].filter(([name]) => name.startsWith("damaged-"));
    expect(aside).toHaveLength(LIMITS.journalDamagedFilesMax);
    for (const [, bytes] of aside) expect(bytes.length).toBe(LIMITS.journalDamagedBytesMax);
  });

  test("a file of a newer version stops the start, and nothing is touched", async () => {
    const disk = newDisk();
    const newer = segment(leases(6, 9));
    newer.bytes[8] = 7;
    reseal(newer.bytes.subarray(0, START_BYTES), 0);
    disk.put(newer.name, newer.bytes);
    disk.put("snapshot-0000000000000001.tmp", new Uint8Array(9));
    const before = disk.contents();
    await expect(Office.open(disk)).rejects.toThrow("newer version of Tandem");
    expect(disk.contents()).toEqual(before);
  });

  test("a file that cannot be read stops the start", async () => {
    const disk = newDisk();
    disk.put(segmentName(1), segment(leases(1, 5)).bytes);
    disk.fault = ({ kind }) => (kind === "read" ? { error: "EACCES" } : undefined);
    await expect(Office.open(disk)).rejects.toThrow("EACCES");
  });

  test("what a start reports is durable, even if only the process had crashed before", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const disk = new FakeDisk({ random: seeded(seed) });
      const first = await opened(disk);
      for (let address = 1; address < 40; address++) first.change(address);
      disk.fault = ({ kind }) => (kind === "append" ? "hang" : undefined);
      first.kick();
      disk.kill();
      disk.start();
      disk.fault = undefined;
      const second = await Office.open(disk);
      expect(second.book.size).toBe(39);
      disk.powerCut();
      disk.start();
      const third = await Office.open(disk);
      expect(third.book.size, `seed ${seed}`).toBe(39);
    }
  });
});

describe("closing", () => {
  test("everything appended is durable afterwards", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    for (let address = 1; address < 100; address++) {
      office.change(address);
      if (address % 10 === 0) office.kick();
    }
    office.journal.snapshot();
    await office.journal.close();
    expect(office.journal.durableThrough).toBe(99);
    disk.powerCut();
    disk.start();
    expect((await opened(disk)).book).toEqual(office.book);
  });

  test("nothing of what was written ahead stays in the file", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.change(1);
    await office.journal.close();
    const bytes = disk.contents().get(segmentName(1));
    expect(bytes?.length).toBe(START_BYTES + office.journal.segmentBytes);
  });

  test("ends also while the disk fails, and while nothing was ever written", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    disk.fault = () => ({ error: "EIO" });
    office.change(1);
    office.kick();
    await settle();
    await office.journal.close();
    const idle = await opened(newDisk());
    await idle.journal.close();
  });
});

describe("the wall clock", () => {
  test("a clock that was never set does not take back the last known time", async () => {
    const disk = newDisk();
    const first = await opened(disk);
    const wall = Math.floor(first.clock.wall / 1000);
    first.change(1);
    await first.journal.close();
    for (let boot = 0; boot < 3; boot++) {
      const office = await Office.open(disk);
      expect(office.opened.lastWall).toBeGreaterThanOrEqual(wall);
      office.clock.wall = 5000;
      office.change(2);
      office.kick();
      await settle();
      await office.journal.close();
    }
  });

  test("a clock that was wrong for a while does not spoil the time for ever", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    const wall = office.clock.wall;
    office.clock.wall = wall * 2;
    office.change(1);
    office.kick();
    await office.clock.advance(10);
    office.clock.wall = wall;
    office.change(2);
    await office.journal.close();
    const next = await Office.open(disk);
    expect(next.opened.lastWall).toBe(Math.floor(wall / 1000));
  });
});
