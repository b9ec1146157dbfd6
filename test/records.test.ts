// The records of two boxes with real files and a channel between them.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConditionId, LogId, LogValues } from "../daemon/catalogue.ts";
import { recordsFromJson } from "../daemon/config/records-file.ts";
import { Records } from "../daemon/records.ts";
import { encodeRecords } from "../daemon/wire/records-message.ts";

class Side {
  readonly name: string;
  readonly folder = mkdtempSync(path.join(tmpdir(), "tandem-records-"));
  readonly said: { readonly id: LogId; readonly values: LogValues }[] = [];
  readonly conditions = new Map<ConditionId, LogValues>();
  readonly heard: Uint8Array[] = [];
  readonly changed: string[] = [];
  readonly waiting: Uint8Array[] = [];
  isOpen = false;
  other: Side | undefined;
  records: Records;

  constructor(name: string) {
    this.name = name;
    this.records = this.open();
  }

  /** As after a restart of the box. */
  open(): Records {
    this.records = new Records(this.folder, {
      wall: () => 1000,
      by: () => this.name,
      send: (bytes) => this.other?.hear(bytes),
      say: (id, values) => void this.said.push({ id, values }),
      condition: (id, values) => {
        if (values) this.conditions.set(id, values);
        else this.conditions.delete(id);
      },
    });
    this.records.subscribe((keys) => void this.changed.push(...keys));
    return this.records;
  }

  /** A channel gives nothing to a box to which it is not open yet. */
  hear(bytes: Uint8Array): void {
    this.heard.push(bytes);
    expect(this.records.owns(bytes)).toBe(true);
    if (this.isOpen) this.records.received(bytes);
    else this.waiting.push(bytes);
  }

  opened(): void {
    this.isOpen = true;
    this.records.opened();
    for (const bytes of this.waiting.splice(0)) this.records.received(bytes);
  }

  closed(): void {
    this.isOpen = false;
    this.other = undefined;
    this.records.closed();
  }

  get file(): string {
    return path.join(this.folder, "records.json");
  }

  get onDisk(): string[] {
    const { records } = recordsFromJson(JSON.parse(readFileSync(this.file, "utf8")));
    return records.map(({ key, value }) => `${key}=${value}`).sort();
  }
}

let a: Side;
let b: Side;
beforeEach(async () => {
  [a, b] = [new Side("aa"), new Side("bb")];
  await Promise.all([a.records.load(), b.records.load()]);
});
afterEach(async () => {
  await settle(a, b);
  for (const { folder } of [a, b]) rmSync(folder, { recursive: true, force: true });
});

function connect(): void {
  [a.other, b.other] = [b, a];
  a.opened();
  b.opened();
}

function cut(): void {
  a.closed();
  b.closed();
}

/** Nothing waits for a disk any more. */
async function settle(...sides: readonly Side[]): Promise<void> {
  for (const { records } of sides) await records.delete("user:nobody");
}

describe("on one box", () => {
  test("a record is on the disk when it is said to be, for its owner only, and there after a restart", async () => {
    expect(a.records.isKnown).toBe(true);
    expect(existsSync(a.file)).toBe(false);
    expect(await a.records.set("user:anna", "{}")).toBe(true);
    expect(statSync(a.file).mode & 0o777).toBe(0o600);
    const again = a.open();
    expect(again.isKnown).toBe(false);
    await again.load();
    expect(again.get("user:anna")).toBe("{}");
    expect(again.list("user").map(({ key }) => key)).toEqual(["user:anna"]);
  });

  test("what is not there is not deleted, and nothing is written for it", async () => {
    await a.records.delete("user:anna");
    expect(existsSync(a.file)).toBe(false);
    expect(a.changed).toEqual([]);
  });

  test("who listens is told, until they stop", async () => {
    const keys: string[] = [];
    const stop = a.records.subscribe((changed) => void keys.push(...changed));
    await a.records.set("user:anna", "{}");
    stop();
    await a.records.set("user:bert", "{}");
    expect(keys).toEqual(["user:anna"]);
  });

  test("many changes at once are all on the disk", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `user:${i}`);
    await Promise.all(names.map((key) => a.records.set(key, "{}")));
    expect(a.onDisk).toEqual(names.map((key) => `${key}={}`).sort());
  });

  test("to forget leaves nothing, not even that there was something", async () => {
    await a.records.set("user:anna", "{}");
    await a.records.forget();
    expect(a.onDisk).toEqual([]);
    expect(a.records.get("user:anna")).toBeUndefined();
    expect(a.changed).toEqual(["user:anna", "user:anna"]);
  });
});

describe("between two boxes", () => {
  test("all that each has is told when they meet, changes after that", async () => {
    await a.records.set("user:anna", "1");
    await b.records.set("token:1", "2");
    connect();
    await settle(a, b);
    expect(a.onDisk).toEqual(["token:1=2", "user:anna=1"]);
    expect(b.onDisk).toEqual(a.onDisk);
    await a.records.delete("token:1");
    expect(b.records.get("token:1")).toBeUndefined();
    expect(b.changed).toEqual(["token:1", "user:anna", "token:1"]);
    cut();
    await a.records.set("user:anna", "3");
    expect(b.records.get("user:anna")).toBe("1");
    connect();
    expect(b.records.get("user:anna")).toBe("3");
  });

  test("what was heard is not told back", async () => {
    connect();
    await a.records.set("user:anna", "1");
    expect(b.heard).toHaveLength(1);
    expect(a.heard).toHaveLength(0);
  });

  test("what both have changed apart is said, and both have the same", async () => {
    await a.records.set("user:anna", "of a");
    await b.records.set("user:anna", "of b");
    connect();
    expect([a, b].map(({ records }) => records.get("user:anna"))).toEqual(["of b", "of b"]);
    expect(a.said).toEqual([
      { id: "records-clash", values: { what: "user:anna", who: "the partner" } },
    ]);
    const before = [a.said.length, b.said.length];
    cut();
    connect();
    expect([a.said.length, b.said.length]).toEqual(before);
  });

  test("a partner that breaks the rules is not listened to until it comes anew, and nothing else suffers", async () => {
    connect();
    a.records.received(Uint8Array.of(0x50, 0, 9));
    expect(a.said).toEqual([
      { id: "records-partner-wrong", values: { reason: expect.stringContaining("key") } },
    ]);
    const record = { key: "user:anna", value: "1", number: 1, by: "bb", at: 0 };
    const [message = new Uint8Array(0)] = encodeRecords([record]);
    a.records.received(message);
    expect(a.records.get("user:anna")).toBeUndefined();
    cut();
    a.records.received(message);
    expect(a.records.get("user:anna")).toBeUndefined();
    connect();
    a.records.received(message);
    expect(a.records.get("user:anna")).toBe("1");
  });

  test("more than there is room for, and what is of a later version, is said", () => {
    connect();
    const [message = new Uint8Array(0)] = encodeRecords([
      { key: "tunnel:1", value: "1", number: 1, by: "bb", at: 0 },
      { key: "device:1", value: "x".repeat(1025), number: 1, by: "bb", at: 0 },
    ]);
    a.records.received(message);
    expect(a.said).toEqual([
      { id: "records-surplus", values: { count: 1 } },
      { id: "records-unknown", values: { count: 1 } },
    ]);
  });
});

describe("a disk", () => {
  test("a damaged file is kept aside and said, and what the partner has of it comes back", async () => {
    await a.records.set("user:anna", "1");
    connect();
    await settle(a, b);
    cut();
    writeFileSync(a.file, '{"version":1,"rec');
    a.open();
    await a.records.load();
    expect(a.records.isKnown).toBe(true);
    expect(a.said).toEqual([
      {
        id: "records-damaged",
        values: {
          file: path.join(a.folder, "records-damaged.json"),
          reason: expect.stringContaining("is not JSON"),
        },
      },
    ]);
    expect(readFileSync(path.join(a.folder, "records-damaged.json"), "utf8")).toContain('"rec');
    connect();
    await settle(a);
    expect(a.onDisk).toEqual(["user:anna=1"]);
  });

  test("one damaged record does not take the others with it", async () => {
    const good = { key: "user:anna", value: "1", number: 1, by: "aa", at: 0 };
    const records = [good, { ...good, key: "no key" }, { ...good, number: "1" }, 7];
    writeFileSync(a.file, JSON.stringify({ version: 1, records }));
    a.open();
    await a.records.load();
    expect(a.records.get("user:anna")).toBe("1");
    expect(a.said[0]?.values.reason).toBe("3 of its records cannot be read");
    expect(a.onDisk).toEqual(["user:anna=1"]);
  });

  test("that cannot be written: it holds all the same, is said, and is tried again", async () => {
    connect();
    const blocked = `${a.file}.tmp`;
    mkdirSync(blocked);
    expect(await a.records.set("user:anna", "1")).toBe(false);
    expect(a.conditions.get("records-unsaved")?.why).toContain("cannot be written");
    expect([a, b].map(({ records }) => records.get("user:anna"))).toEqual(["1", "1"]);
    rmSync(blocked, { recursive: true });
    a.records.tick();
    await settle(a);
    expect(a.conditions.size).toBe(0);
    expect(a.onDisk).toEqual(["user:anna=1"]);
  });

  test("that cannot be read: nobody knows who there is, and nothing is written over it", async () => {
    await a.records.set("user:anna", "1");
    const kept = readFileSync(a.file);
    rmSync(a.file);
    // Not even root reads a folder as a file.
    mkdirSync(a.file);
    const again = a.open();
    await again.load();
    expect(again.isKnown).toBe(false);
    expect(await again.set("user:bert", "2")).toBe(false);
    expect(a.conditions.get("records-unsaved")?.why).toContain("cannot be read");
    connect();
    rmSync(a.file, { recursive: true });
    writeFileSync(a.file, kept);
    chmodSync(a.file, 0o600);
    again.tick();
    await settle(a, b);
    expect(again.isKnown).toBe(true);
    expect(a.onDisk).toEqual(["user:anna=1", "user:bert=2"]);
    expect(b.onDisk).toEqual(a.onDisk);
  });
});
