// A backup is put back whole or not at all, at whichever moment the power of the box fails.

import { afterEach, describe, expect, test } from "vitest";
import type { BoxNow } from "../../daemon/backup/box-now.ts";
import { planRestore, type RestorePlan } from "../../daemon/backup/restore-plan.ts";
import { type RestorePorts, Restoring } from "../../daemon/backup/restoring.ts";
import { IoError } from "../../daemon/base/errors.ts";
import { SYSTEM_FILES } from "../../daemon/io/small-files.ts";
import { NOW_SECONDS } from "../config/consequence-scenes.ts";
import { BOX_FILE, backupDocument, KEY, SHARED } from "./backups.ts";
import { BoxFolder, filesWith, type Moment, Power, PowerCut } from "./failing-files.ts";

const ORIGIN = { by: "anna", from: "192.168.1.20", note: "backup of 2026-05-03" };
const OFFICE = { name: "office", subnet: "10.77.0.0/24", pools: [] };
const OFFICE_PORT = { office: { interface: "lan0", address: "10.77.0.2/24" } };
const BOTH = { ...SHARED, networks: [...SHARED.networks, OFFICE] };

/** What the box has before, so that the files come back in each of the orders. */
const BEFORE = {
  nothing: { shared: SHARED, box: BOX_FILE },
  shared: { shared: { ...SHARED, leaseSeconds: 600 }, box: BOX_FILE },
  box: { shared: SHARED, box: { ...BOX_FILE, name: "Z" } },
  "shared-first": { shared: { ...SHARED, leaseSeconds: 600 }, box: { ...BOX_FILE, name: "Z" } },
  "box-first": {
    shared: BOTH,
    box: { ...BOX_FILE, networks: { ...BOX_FILE.networks, ...OFFICE_PORT } },
  },
  "at-once": {
    shared: { version: 1, networks: [OFFICE] },
    box: { ...BOX_FILE, networks: OFFICE_PORT },
  },
} as const;
type OrderName = keyof typeof BEFORE;
const ORDERS = Object.keys(BEFORE) as OrderName[];

let folder: BoxFolder;
/** What is in force, as the rest of the daemon keeps it: durable by itself, and in config.json as well. */
let inForce: unknown;
let records: Map<string, string>;
let said: string[];

afterEach(() => folder.remove());

function box(order: OrderName): RestorePlan {
  const { shared, box: file } = BEFORE[order];
  folder = new BoxFolder({
    ...{ "etc/config.json": JSON.stringify(shared), "etc/box.json": JSON.stringify(file) },
    "state/key": "old key",
  });
  inForce = shared;
  records = new Map();
  said = [];
  const board = { model: "Example R2", serial: "TD-0001", wanPort: undefined, pairPorts: [] };
  const now: BoxNow = {
    ...{ shared, box: file, board, identity: "22".repeat(32), software: "1.2.0", records: [] },
    ...{ interfaces: undefined, leases: [], nowSeconds: NOW_SECONDS },
  };
  const plan = planRestore(backupDocument(), now, false);
  expect([plan.order, plan.issues]).toEqual([order, []]);
  return plan;
}

function ports(power = new Power(), refusal?: string): RestorePorts {
  return {
    apply: (document, origin) =>
      power.run(async () => {
        said.push(`apply by ${origin.by}`);
        if (refusal !== undefined) return { isDone: false, text: refusal };
        inForce = JSON.parse(document.text);
        await SYSTEM_FILES.write(`${folder.configDir}/config.json`, document.text, false);
        return { isDone: true, text: "both boxes have it" };
      }),
    reload: async () => {
      said.push("reload");
      // A change in config.json is a wish, and there is nobody to object.
      inForce = json("etc/config.json");
    },
    putRecords: (put) =>
      power.run(async () => {
        for (const { key, value } of put) records.set(key, value);
      }),
  };
}

function json(name: string): unknown {
  return JSON.parse(folder.all[name] ?? "null");
}

function state() {
  return {
    ...{ shared: inForce, box: json("etc/box.json") },
    key: Buffer.from(folder.all["state/key"] ?? "", "utf8").toString("hex"),
    records: [...records.keys()],
    isUnfinished: "state/restore-to-finish.json" in folder.all,
  };
}

const DONE = {
  ...{ shared: SHARED, box: BOX_FILE, key: KEY, isUnfinished: false },
  records: ["device:02005e100001", "user:anna", "authority"],
};

/** What the daemon does when it starts: reads what is in force, and then what people wish. */
async function start(): Promise<void> {
  await new Restoring(SYSTEM_FILES, folder).finish(ports().putRecords);
  const wish = json("etc/config.json");
  // In force is what was put into force, unless the file says another wish than it did before.
  if (JSON.stringify(wish) !== JSON.stringify(BEFORE[current].shared)) inForce = wish;
}
let current: OrderName;

describe.each(ORDERS)("order %s", (order) => {
  test("everything comes back, and the person is told what", async () => {
    const plan = box(order);
    const outcome = await new Restoring(SYSTEM_FILES, folder).run(plan, ORIGIN, ports());
    expect(outcome.isDone).toBe(true);
    expect(outcome.text).toContain(
      "the key of the box and 3 names and users were put back; the daemon",
    );
    expect(state()).toEqual(DONE);
    expect(json("state/documents-before.json")).toEqual(BEFORE[order]);
    expect(folder.modeOf("state/key")).toBe(0o600);
  });

  test.each<Moment>(["before", "after"])("power fails %s any operation", async (moment) => {
    const power = new Power();
    await new Restoring(filesWith(power), folderOf(order)).run(box(order), ORIGIN, ports(power));
    const operations = power.count;
    folder.remove();
    expect(operations).toBeGreaterThanOrEqual(5);
    for (let at = 0; at < operations; at++) {
      current = order;
      const plan = box(order);
      power.cut(at, moment);
      const run = new Restoring(filesWith(power), folder).run(plan, ORIGIN, ports(power));
      await expect(run, `operation ${at}`).rejects.toThrow(PowerCut);
      power.restore();
      const isBegun = "state/restore-to-finish.json" in folder.all || at === operations - 1;
      await start();
      const untouched = { ...BEFORE[order], records: [], isUnfinished: false };
      if (isBegun) expect(state(), `operation ${at}`).toEqual(DONE);
      else expect(state(), `operation ${at}`).toMatchObject(untouched);
      // Twice is as good as once.
      await start();
      expect(state().isUnfinished).toBe(false);
      folder.remove();
    }
  });
});

/** For the first run, of which only the operations are counted. */
function folderOf(order: OrderName): BoxFolder {
  box(order);
  return folder;
}

describe("a partner that does not take it", () => {
  test("nothing is put back where the configuration goes first", async () => {
    const plan = box("shared-first");
    const before = folder.all;
    const outcome = await new Restoring(SYSTEM_FILES, folder).run(
      plan,
      ORIGIN,
      ports(undefined, "the partner has no port for it"),
    );
    expect(outcome).toEqual({
      isDone: false,
      text: "nothing was put back: the partner has no port for it",
    });
    const { "state/documents-before.json": _, ...after } = folder.all;
    expect(after).toEqual(before);
    expect(records.size).toBe(0);
  });

  test("what was done already is said where box.json goes first", async () => {
    const plan = box("box-first");
    const outcome = await new Restoring(SYSTEM_FILES, folder).run(
      plan,
      ORIGIN,
      ports(undefined, "the partner is away"),
    );
    expect(outcome).toEqual({
      isDone: false,
      text: "box.json was put back, and what both boxes share was not: the partner is away",
    });
    expect(said).toEqual(["reload", "apply by anna"]);
    expect(state()).toMatchObject({ box: BOX_FILE, shared: BOTH, isUnfinished: false });
  });
});

/** A disk that takes no file of this name any more; the intent is there all the same when its folder was not synced. */
function fullFor(name: string, isWritten = false): typeof SYSTEM_FILES {
  return {
    ...SYSTEM_FILES,
    write: async (file, content, isSecret) => {
      const isIt = file.endsWith(`/${name}`);
      if (!isIt || isWritten) await SYSTEM_FILES.write(file, content, isSecret);
      if (isIt) throw new IoError(`${name} cannot be written: no space left on device`);
    },
  };
}

describe("a disk that is full", () => {
  test("before anything was done: nothing will be", async () => {
    for (const isWritten of [false, true]) {
      const plan = box("shared-first");
      const run = new Restoring(fullFor("restore-to-finish.json", isWritten), folder).run(
        plan,
        ORIGIN,
        ports(),
      );
      await expect(run).rejects.toThrow(IoError);
      expect(state()).toMatchObject({ ...BEFORE["shared-first"], isUnfinished: false });
      folder.remove();
    }
    box("nothing");
  });

  test("in the middle: it is said that the next start goes on, and it does", async () => {
    current = "shared-first";
    const plan = box(current);
    expect(await new Restoring(fullFor("box.json"), folder).run(plan, ORIGIN, ports())).toEqual({
      isDone: false,
      text: "box.json cannot be written: no space left on device; what is left of the backup is put back when the daemon starts again",
    });
    await start();
    expect(state()).toEqual(DONE);
  });
});

test("what was written down is for nobody else to read, and nonsense in its place does nothing", async () => {
  box("box");
  const restoring = new Restoring(SYSTEM_FILES, folder);
  for (const content of ["", "null", "[]", "{}", '{"order":']) {
    await SYSTEM_FILES.write(`${folder.stateDir}/restore-to-finish.json`, content, true);
    expect(folder.modeOf("state/restore-to-finish.json")).toBe(0o600);
    await restoring.finish(ports().putRecords);
    expect(json("etc/box.json")).toEqual(BEFORE.box.box);
  }
});
