import { describe, expect, test } from "vitest";
import { segmentName } from "../../daemon/journal/file-names.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { settle } from "../support/fake-clock.ts";
import { leases, segment } from "./files.ts";
import { namesOf, newDisk, Office, opened } from "./office.ts";

const FAILING = [
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EROFS", "read-only"],
  ["EIO", "error"],
] as const;

describe("a failing disk", () => {
  test.each(FAILING)(
    "%s while writing: said at once, healed by a snapshot",
    async (error, reason) => {
      const disk = newDisk();
      const office = await opened(disk);
      office.change(1);
      office.kick();
      await office.clock.advance(10);
      disk.fault = ({ kind }) => (kind === "read" || kind === "list" ? undefined : { error });
      office.change(2);
      office.kick();
      await settle();
      expect(office.states).toMatchObject([{ kind: "failing", reason }]);
      office.change(3);
      office.kick();
      await office.clock.advance(5 * LIMITS.diskRetryMilliseconds);
      expect(office.durableCalls).toEqual([1]);
      expect(office.journal.waitingBytes).toBe(0);
      disk.fault = undefined;
      office.change(4);
      await office.clock.advance(LIMITS.diskRetryMilliseconds);
      expect(office.state).toBe("ok");
      expect(office.durableCalls).toEqual([1, 4]);
      office.change(5);
      office.kick();
      await office.clock.advance(10);
      expect(office.durableCalls).toEqual([1, 4, 5]);
      disk.powerCut();
      disk.start();
      const next = await opened(disk);
      expect(next.book).toEqual(office.book);
      expect(next.opened.report.findings).toEqual([]);
    },
  );

  test("a file whose sync failed is never written again", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.change(1);
    const bad = segmentName(1);
    disk.fault = ({ kind }) => (kind === "append" ? { error: "EIO" } : undefined);
    office.kick();
    await settle();
    disk.fault = ({ kind, name }) => {
      if (kind === "append" || kind === "write") expect(name).not.toBe(bad);
      return undefined;
    };
    await office.clock.advance(LIMITS.diskRetryMilliseconds);
    office.change(2);
    office.kick();
    await office.clock.advance(10);
    expect(office.durableCalls).toEqual([1, 2]);
    expect(namesOf(disk)).not.toContain(bad);
  });

  test.each([
    ["close", /^journal/],
    ["create", /^journal/],
    ["append", /^journal/],
    ["syncFolder", /^$/],
    ["create", /^snapshot/],
    ["write", /^snapshot/],
    ["sync", /^snapshot/],
    ["rename", /^snapshot/],
  ])("records appended while the retry is at its %s %s are not lost", async (kind, name) => {
    const disk = newDisk();
    const office = await opened(disk);
    for (let address = 1; address < 20; address++) office.change(address);
    office.kick();
    await settle();
    disk.fault = (each) => (each.kind === "append" ? { error: "EIO" } : undefined);
    office.change(1);
    office.kick();
    await office.clock.advance(500);
    office.change(2);
    let hung = 0;
    disk.fault = (each) =>
      each.kind === kind && name.test(each.name) && hung++ === 0 ? "hang" : undefined;
    await office.clock.advance(LIMITS.diskRetryMilliseconds);
    expect(hung).toBe(1);
    expect(office.durableCalls).toEqual([19]);
    office.change(3);
    office.kick();
    await office.clock.advance(10);
    disk.wake();
    await office.clock.advance(10);
    expect(office.durableCalls.at(-1)).toBe(office.sequence);
    disk.powerCut();
    disk.start();
    const next = await opened(disk);
    expect(next.book).toEqual(office.book);
    expect(next.opened.report.findings).toEqual([]);
  });

  test("a disk that cannot be written at the start: the leases are known all the same", async () => {
    const disk = newDisk();
    const made = segment(leases(1, 9));
    disk.put(made.name, made.bytes);
    disk.fault = ({ kind }) =>
      kind === "read" || kind === "list" ? undefined : { error: "EROFS" };
    const office = await Office.open(disk);
    expect(office.book.size).toBe(9);
    expect(office.journal.state).toMatchObject({ kind: "failing", reason: "read-only" });
    office.states.length = 0;
    office.kick();
    expect(office.states, "said again to those who came after the start").toHaveLength(1);
    await office.clock.advance(3000);
    disk.fault = undefined;
    await office.clock.advance(1000);
    expect(office.state).toBe("ok");
    disk.powerCut();
    disk.start();
    const next = await opened(disk);
    expect(next.book).toEqual(office.book);
  });

  test("a retry before the book is handed over keeps the recovered leases", async () => {
    const disk = newDisk();
    const made = segment(leases(1, 9));
    disk.put(made.name, made.bytes);
    disk.fault = ({ kind }) =>
      kind === "read" || kind === "list" ? undefined : { error: "EROFS" };
    const office = await Office.open(disk);
    office.book.clear();
    disk.fault = undefined;
    await office.clock.advance(5000);
    const next = await opened(disk);
    expect(next.book.size).toBe(9);
  });

  test("more records than may wait: said, dropped, and made good by a snapshot", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    disk.fault = ({ kind }) => (kind === "append" ? "hang" : undefined);
    office.change(0);
    office.kick();
    while (office.journal.waitingBytes < LIMITS.journalBatchBytesMax - 8192) {
      office.change(office.sequence % 1000);
    }
    for (let more = 0; more < 100; more++) office.change(more);
    expect(office.states, "the driver is not entered from within append").toEqual([]);
    office.kick();
    expect(office.journal.waitingBytes).toBeLessThan(LIMITS.journalBatchBytesMax / 2);
    expect(office.states).toMatchObject([{ kind: "failing", reason: "error" }]);
    for (let more = 0; more < 100; more++) office.change(more);
    disk.fault = undefined;
    disk.wake();
    await office.clock.advance(2 * LIMITS.diskRetryMilliseconds);
    expect(office.state).toBe("ok");
    expect(office.durableCalls.at(-1)).toBe(office.sequence);
    disk.powerCut();
    disk.start();
    expect((await opened(disk)).book).toEqual(office.book);
  });

  test("too many records while the retry runs: it is not believed, and done again", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    disk.fault = ({ kind }) => (kind === "append" ? { error: "EIO" } : undefined);
    office.change(0);
    office.kick();
    await settle();
    disk.fault = ({ kind }) => (kind === "rename" ? "hang" : undefined);
    await office.clock.advance(LIMITS.diskRetryMilliseconds);
    while (office.journal.waitingBytes < LIMITS.journalBatchBytesMax - 8192) {
      office.change(office.sequence % 1000);
    }
    for (let more = 0; more < 100; more++) office.change(more);
    disk.fault = undefined;
    disk.wake();
    await settle();
    expect(office.state).toBe("failing");
    expect(office.durableCalls).toEqual([]);
    await office.clock.advance(LIMITS.diskRetryMilliseconds);
    expect(office.state).toBe("ok");
    expect(office.durableCalls).toEqual([office.sequence]);
    disk.powerCut();
    disk.start();
    expect((await opened(disk)).book).toEqual(office.book);
  });

  test("the retry waits for a snapshot that is still under way", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.change(1);
    office.kick();
    await settle();
    disk.fault = ({ kind, name }) =>
      kind === "write" && name.endsWith(".tmp") ? "hang" : undefined;
    office.journal.snapshot();
    await settle();
    const kinds: string[] = [];
    disk.fault = ({ kind }) => {
      kinds.push(kind);
      return kind === "append" ? { error: "EIO" } : undefined;
    };
    office.change(2);
    office.kick();
    await office.clock.advance(3 * LIMITS.diskRetryMilliseconds);
    expect(kinds).toEqual(["append"]);
    expect(office.state).toBe("failing");
    disk.fault = undefined;
    disk.wake();
    await office.clock.advance(LIMITS.diskRetryMilliseconds);
    expect(office.state).toBe("ok");
    expect(namesOf(disk)).toHaveLength(2);
    disk.powerCut();
    disk.start();
    expect((await opened(disk)).book).toEqual(office.book);
  });
});

describe("a slow disk", () => {
  test("a write under way for long is said, again and again, until it ends", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    disk.fault = ({ kind }) => (kind === "append" ? "hang" : undefined);
    office.change(1);
    office.kick();
    await office.clock.advance(LIMITS.slowWriteMilliseconds - 1);
    expect(office.states).toEqual([]);
    await office.clock.advance(1);
    expect(office.states).toEqual([{ kind: "slow", milliseconds: 1000 }]);
    await office.clock.advance(2000);
    expect(office.states.at(-1)).toEqual({ kind: "slow", milliseconds: 3000 });
    disk.fault = undefined;
    disk.wake();
    await settle();
    expect(office.states.at(-1)).toEqual({ kind: "ok" });
    expect(office.durableCalls).toEqual([1]);
  });

  test("short writes, one after the other for a long time, are not slow", async () => {
    const office = await opened(newDisk());
    for (let round = 0; round < 300; round++) {
      office.change(round % 10);
      office.kick();
      await office.clock.advance(20);
    }
    expect(office.states).toEqual([]);
    expect(office.durableCalls).toHaveLength(300);
  });
});
