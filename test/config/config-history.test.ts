// What was in force before, on a real disk: in its order, through damage, and as earlier versions wrote it.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PastConfiguration } from "../../daemon/config/past-configuration.ts";
import { ConfigHistory, type PastEntry } from "../../daemon/config-history.ts";
import { documentOf } from "../../daemon/core/sync/shared-document.ts";
import { writeDurably } from "../../daemon/io/config-file.ts";
import { LIMITS } from "../../daemon/limits.ts";

let folder: string;
let history: ConfigHistory;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-history-"));
  history = new ConfigHistory(folder, writeDurably);
  await history.open();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function past(generation: number, n = generation): PastConfiguration {
  const origin = { who: "eva", wall: 1000 + n, from: "command line", box: "A", note: `no. ${n}` };
  return { generation, origin, document: documentOf({ networks: [{ n }] }) };
}

/** What is known of all of them, in this process and in one that begins anew. */
async function expectEntries(all: readonly PastConfiguration[]): Promise<void> {
  const entries: PastEntry[] = all.map(({ generation, origin, document: { hash } }) => ({
    ...{ generation, hash, origin },
  }));
  expect(history.entries).toEqual(entries);
  await openAnew();
  expect(history.entries).toEqual(entries);
}

async function openAnew(): Promise<void> {
  history = new ConfigHistory(folder, writeDurably);
  expect(history.entries).toEqual([]);
  await history.open();
}

/** As earlier versions did. */
function writePlain(generation: number, content: unknown): void {
  writeFileSync(path.join(folder, `config-${generation}.json`), JSON.stringify(content));
}

test("the last ones are kept with all that is known of them, the newest first", async () => {
  const all = Array.from({ length: LIMITS.configHistoryMax + 5 }, (_, at) => past(at + 1));
  for (const one of all) {
    await history.write(one);
    await history.prune();
  }
  const kept = all.reverse().slice(0, LIMITS.configHistoryMax);
  await expectEntries(kept);
  for (const one of kept) expect(await history.read(one.generation)).toEqual(one);
  expect(await history.read(1)).toBeUndefined();
});

test("the order is that in which they were in force, whatever their numbers", async () => {
  const all = [past(40), past(2), past(3, 30), past(3, 31)];
  for (const one of all) await history.write(one);
  await expectEntries(all.reverse());
  expect(await history.read(3)).toEqual(past(3, 31));
});

test("one that is in force a second time is there once, as the newest", async () => {
  for (const one of [past(1), past(2), past(2), past(1)]) await history.write(one);
  await expectEntries([past(1), past(2)]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test("what an earlier version wrote is read, without an origin, and is older than all others", async () => {
  const plain = [past(7), past(9), past(10)].map((one) => ({ ...one, origin: undefined }));
  for (const { generation, document } of plain) writePlain(generation, JSON.parse(document.text));
  await openAnew();
  await expectEntries(plain.toReversed());
  await history.write(past(1));
  await expectEntries([past(1), ...plain.toReversed()]);
  for (const one of plain) expect(await history.read(one.generation)).toEqual(one);
});

test("damaged files are left out, and what was cut off is written anew", async () => {
  for (const one of [past(1), past(2), past(3)]) await history.write(one);
  const [first, second, third] = readdirSync(folder).sort();
  writeFileSync(path.join(folder, first ?? ""), "{ half a configur");
  writeFileSync(path.join(folder, second ?? ""), JSON.stringify({ version: 1, hash: "x" }));
  writePlain(7, 7);
  writePlain(8, null);
  mkdirSync(path.join(folder, "config-9.json"));
  writeFileSync(path.join(folder, "config-x.json"), "{}");
  await openAnew();
  await expectEntries([past(3)]);
  expect(await history.read(2)).toBeUndefined();
  writeFileSync(path.join(folder, third ?? ""), "");
  await openAnew();
  await expectEntries([]);
  await history.write(past(3));
  await expectEntries([past(3)]);
});

test("a file whose document is not the one of its hash is damaged", async () => {
  await history.write(past(1));
  const [name = ""] = readdirSync(folder);
  const file = { version: 1, generation: 1, hash: past(1).document.hash, origin: null };
  writeFileSync(path.join(folder, name), JSON.stringify({ ...file, shared: { networks: [] } }));
  expect(await history.read(1)).toBeUndefined();
});

test("without a folder there is nothing, and nothing rejects", async () => {
  rmSync(folder, { recursive: true });
  await openAnew();
  expect(await history.read(1)).toBeUndefined();
});
