// What is in force, on a real disk: through a cut of the power between any two writes, and beside what people write.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigStore } from "../../daemon/config-store.ts";
import { Configuration } from "../../daemon/configuration.ts";
import { BLANK, successor } from "../../daemon/core/sync/lineage.ts";
import { documentOf, type SharedDocument } from "../../daemon/core/sync/shared-document.ts";
import type { Standing } from "../../daemon/core/sync/sync-types.ts";
import { type WriteFile, writeDurably } from "../../daemon/io/config-file.ts";
import { BoxFolders, sharedConfig } from "./box-folders.ts";

let folders: BoxFolders;
beforeEach(() => {
  folders = new BoxFolders(2);
});
afterEach(() => folders.remove());

const FIRST = documentOf(sharedConfig(600));
const SECOND = documentOf(sharedConfig(700));
const ORIGIN = { who: "eva", wall: 1000, from: "page 192.168.1.20", box: "A", note: "phones" };
const THIRD = documentOf(sharedConfig(800));

function open(writeFile: WriteFile = writeDurably): ConfigStore {
  return new ConfigStore(path.join(folders.config, "config.json"), folders.state, writeFile);
}

function madeFrom(standing: Standing, document: SharedDocument): Standing {
  const lineage = successor(standing.lineage, document.hash, undefined, false);
  return { ...standing, lineage, origin: ORIGIN };
}

/** As a person wrote it, and in force. */
async function withFirst(): Promise<ConfigStore> {
  folders.edit(JSON.parse(FIRST.text));
  const store = open();
  await store.settle();
  await store.adopt(madeFrom(store.standing, FIRST), FIRST, "config.json");
  return store;
}

/** Write number `count` and all after it are not done, or the first of them is done and nobody hears of it. */
function powerCutAt(count: number, isDone: boolean): WriteFile {
  let writes = 0;
  return async (file, content) => {
    writes++;
    if (writes === count && isDone) await writeDurably(file, content);
    if (writes >= count) throw new Error("the power is off");
    await writeDurably(file, content);
  };
}

describe("the power is cut while the partner's configuration comes into force", () => {
  const cuts = [1, 2, 3, 4, 5].flatMap((count) => [
    [count, false] as const,
    [count, true] as const,
  ]);

  test.each(cuts)("at write %i, done: %s", async (count, isDone) => {
    await withFirst();
    const cut = open(powerCutAt(count, isDone));
    await cut.settle();
    await cut.adopt(madeFrom(cut.standing, SECOND), SECOND, "partner");

    const store = open();
    await store.settle();
    expect(store.problem).toBeUndefined();
    expect([FIRST, SECOND]).toContainEqual(store.document);
    expect(documentOf(folders.shared())).toEqual(store.document);
    expect(store.standing.lineage.hash).toBe(store.document.hash);
    expect(store.keptAside).toEqual([]);
    if (store.document.hash === SECOND.hash) {
      expect(await store.history.read(1)).toEqual({
        ...{ generation: 1, origin: ORIGIN, document: FIRST },
      });
    }
  });

  test.each(cuts)(
    "at write %i, done: %s, when a person had written something else",
    async (count, isDone) => {
      await withFirst();
      folders.edit(JSON.parse(THIRD.text));
      const cut = open(powerCutAt(count, isDone));
      await cut.settle();
      await cut.adopt(madeFrom(cut.standing, SECOND), SECOND, "partner");

      const store = open();
      await store.settle();
      const held = documentOf(folders.shared());
      const aside = folders
        .stored(/^config-set-aside-/)
        .map((text) => documentOf(JSON.parse(text)));
      // In force or not: what the person wrote is in the file still, or beside.
      expect([held, ...aside]).toContainEqual(THIRD);
      if (store.document.hash === SECOND.hash) expect(held).toEqual(SECOND);
    },
  );
});

test("the power is cut, and a person writes before it is back: that is their wish", async () => {
  await withFirst();
  const cut = open(powerCutAt(3, false));
  await cut.settle();
  await cut.adopt(madeFrom(cut.standing, SECOND), SECOND, "partner");
  folders.edit(JSON.parse(THIRD.text));
  const store = open();
  await store.settle();
  expect(store.document).toEqual(SECOND);
  expect(documentOf(folders.shared())).toEqual(THIRD);
  expect(store.isFileBehind).toBe(false);
});

test("what is no configuration at all is kept as it was, byte for byte", async () => {
  const store = await withFirst();
  folders.edit("{ half a configur");
  await store.adopt(madeFrom(store.standing, SECOND), SECOND, "partner");
  expect(folders.stored(/^config-set-aside-/)).toEqual(["{ half a configur"]);
  expect(store.keptAside).toHaveLength(1);
  rmSync(store.keptAside[0] ?? "");
  await store.settle();
  expect(store.keptAside).toEqual([]);
});

test("the layout of a person's file stays while it says what is in force", async () => {
  const store = await withFirst();
  const layout = FIRST.text.replaceAll(",", " ,\n");
  folders.edit(layout);
  await store.adopt(madeFrom(store.standing, FIRST), FIRST, "partner");
  expect(folders.shared()).toEqual(JSON.parse(layout));
  expect(folders.stored(/^config-history-/)).toEqual([]);
});

test("a disk that does not take it: in force all the same, said, and written when it can be", async () => {
  let isFull = true;
  await withFirst();
  const store = open((file, content) =>
    isFull ? Promise.reject(new Error("no space")) : writeDurably(file, content),
  );
  await store.settle();
  await store.adopt(madeFrom(store.standing, SECOND), SECOND, "partner");
  expect(store.document).toEqual(SECOND);
  expect(store.problem).toBe("no space");
  isFull = false;
  await store.settle();
  expect(store.problem).toBeUndefined();
  expect(documentOf(folders.shared())).toEqual(SECOND);
});

test("a file of what is in force that says nothing of who made it is one all the same", async () => {
  const store = await withFirst();
  await store.remember({ ...store.standing, origin: ORIGIN });
  const again = open();
  await again.settle();
  expect(again.standing.origin).toEqual(ORIGIN);
  const file = path.join(folders.state, "config-in-force.json");
  const { origin, ...others } = JSON.parse(readFileSync(file, "utf8"));
  expect(origin).toEqual(ORIGIN);
  writeFileSync(file, JSON.stringify(others));
  const old = open();
  await old.settle();
  expect([old.document, old.standing]).toEqual([FIRST, { ...again.standing, origin: undefined }]);
});

test("what is on trial is there after a restart with what was before, however large both are", async () => {
  const store = await withFirst();
  const large = documentOf({ ...sharedConfig(700), note: "x".repeat(900_000) });
  const { lineage, agreed, origin } = store.standing;
  const before = { lineage, agreed, origin, document: documentOf({ note: "y".repeat(900_000) }) };
  before.lineage = { ...lineage, hash: before.document.hash };
  const trial = { isMine: true, startedWall: 1000, untilWall: 61_000, before };
  await store.adopt({ ...madeFrom(store.standing, large), trial }, large, "request");
  const again = open();
  await again.settle();
  expect([again.document, again.standing]).toEqual([large, store.standing]);
});

test("a trial that could not be undone makes the file of what is in force none", async () => {
  const store = await withFirst();
  const { lineage, agreed, origin } = store.standing;
  const before = { lineage, agreed, origin, document: SECOND };
  const trial = { isMine: true, startedWall: 1000, untilWall: 61_000, before };
  await store.remember({ ...store.standing, trial });
  const again = open();
  await again.settle();
  expect(again.standing.lineage).toEqual(BLANK);
});

test.each(["", "{", "null", '{"version":1}', JSON.stringify({ version: 2 })])(
  "a file of what is in force that holds %j is none",
  async (text) => {
    await withFirst();
    writeFileSync(path.join(folders.state, "config-in-force.json"), text);
    const store = open();
    await store.settle();
    expect(store.standing.lineage).toEqual(BLANK);
  },
);

describe("what is read", () => {
  test("a change is told from what is in force, and not in force by being read", async () => {
    await withFirst();
    const configuration = new Configuration(folders.config, folders.state);
    expect(await configuration.load()).toMatchObject({ edit: undefined, isInForce: true });
    expect(await configuration.changed()).toBe(false);
    folders.edit(JSON.parse(SECOND.text));
    expect(await configuration.changed()).toBe(true);
    const { edit, isInForce, result } = await configuration.load();
    expect([edit, isInForce]).toEqual([SECOND, false]);
    expect(result.config?.shared.networks[0]?.leaseSeconds).toBe(600);
    expect(result).toMatchObject({ source: "files", issues: [], isNew: false });
  });

  test("a change with an error is none, and the errors are said", async () => {
    await withFirst();
    folders.edit({ ...sharedConfig(700), networks: 7 });
    const { edit, result } = await new Configuration(folders.config, folders.state).load();
    expect(edit).toBeUndefined();
    expect(result.source).toBe("last-good");
    expect(result.issues).toHaveLength(1);
    expect(result.config?.shared.networks[0]?.leaseSeconds).toBe(600);
  });

  test("box.json is noticed, and what is in force is checked against it as it is now", async () => {
    await withFirst();
    const configuration = new Configuration(folders.config, folders.state);
    expect((await configuration.load()).isBoxNew).toBe(false);
    folders.writeBox(3);
    const { isBoxNew, result } = await configuration.load();
    expect([isBoxNew, result.isNew]).toEqual([true, true]);
    const taken = documentOf(
      sharedConfig(600, { reservations: [{ mac: "02:00:00:00:00:01", address: "10.77.0.3" }] }),
    );
    expect(await configuration.check(taken)).toEqual([
      expect.objectContaining({ file: "box.json", path: "networks.lan.address" }),
    ]);
    expect(await configuration.check(SECOND)).toEqual([]);
  });

  test("a config.json that could not be replaced yet is nobody's wish", async () => {
    await withFirst();
    const blocked: WriteFile = (file, content) =>
      file.startsWith(folders.state)
        ? writeDurably(file, content)
        : Promise.reject(new Error("read-only"));
    const configuration = new Configuration(folders.config, folders.state, blocked);
    await configuration.load();
    const { store } = configuration;
    await store.adopt(madeFrom(store.standing, SECOND), SECOND, "partner");
    const { edit, isInForce, result } = await configuration.load();
    expect([edit, isInForce]).toEqual([undefined, false]);
    expect(result.config?.shared.networks[0]?.leaseSeconds).toBe(700);
    expect(store.problem).toBe("read-only");
  });
});
