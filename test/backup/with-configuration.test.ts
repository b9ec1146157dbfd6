// Behind a restore and a reset the daemon's own reading of its files: what it finds in force at its next start.

import { afterEach, beforeEach, expect, test } from "vitest";
import { FACTORY_BOX, FACTORY_SHARED } from "../../daemon/backup/reset-plan.ts";
import { Resetting } from "../../daemon/backup/resetting.ts";
import { planRestore, type RestorePlan } from "../../daemon/backup/restore-plan.ts";
import { type RestorePorts, Restoring } from "../../daemon/backup/restoring.ts";
import { ConfigPartner } from "../../daemon/config-partner.ts";
import { Configuration } from "../../daemon/configuration.ts";
import { SYSTEM_FILES } from "../../daemon/io/small-files.ts";
import { NOW_SECONDS } from "../config/consequence-scenes.ts";
import { BOX_FILE, backupDocument, IDENTITY, SHARED } from "./backups.ts";
import { BoxFolder, filesWith, Power, PowerCut } from "./failing-files.ts";

const OFFICE = { name: "office", subnet: "10.77.0.0/24", pools: [] };
const BEFORE = {
  shared: { version: 1, networks: [OFFICE] },
  box: { ...BOX_FILE, networks: { office: { interface: "lan0", address: "10.77.0.2/24" } } },
};
const ORIGIN = { by: "anna", from: "command line", note: "" };

let folder: BoxFolder;

beforeEach(async () => {
  folder = new BoxFolder({
    "etc/config.json": JSON.stringify(BEFORE.shared),
    "etc/box.json": JSON.stringify(BEFORE.box),
  });
  expect((await started()).shared).toEqual(BEFORE.shared);
});

afterEach(() => folder.remove());

/** A new process. */
function configuration() {
  const files = new Configuration(folder.configDir, folder.stateDir);
  const partner = new ConfigPartner(files, {
    now: () => ({ monotonic: 0, wall: 0 }),
    ...{ send: () => {}, close: () => {}, changed: () => {}, say: () => {}, condition: () => {} },
  });
  return { files, partner };
}

/** What is in force after a start, with nothing to complain of. */
async function started() {
  const { files, partner } = configuration();
  const { config, issues, source } = await partner.load();
  expect([issues, source]).toEqual([[], "files"]);
  return {
    shared: JSON.parse(files.store.document.text),
    box: config?.box,
    name: config?.box.name,
  };
}

function plan(): RestorePlan {
  const board = { model: "", serial: "", wanPort: undefined, pairPorts: [] };
  const made = planRestore(
    backupDocument({ secrets: null }),
    {
      ...{ shared: BEFORE.shared, box: BEFORE.box, board, identity: IDENTITY, software: "1.2.0" },
      ...{ records: [], interfaces: undefined, leases: [], nowSeconds: NOW_SECONDS },
    },
    false,
  );
  expect([made.order, made.issues]).toEqual(["at-once", []]);
  return made;
}

function ports(reload: () => Promise<void>): RestorePorts {
  return {
    apply: () => Promise.reject(new Error("there is nothing to be asked of a partner")),
    reload,
    putRecords: async () => {},
  };
}

test("both files of a restore are in force at once, and at the next start", async () => {
  const { files, partner } = configuration();
  await partner.load();
  const reload = async () => void (await partner.load());
  const outcome = await new Restoring(SYSTEM_FILES, folder).run(plan(), ORIGIN, ports(reload));
  expect(outcome.isDone).toBe(true);
  expect(JSON.parse(files.store.document.text)).toEqual(SHARED);
  expect((await started()).shared).toEqual(SHARED);
});

test("a restore that was cut between the files is in force at the next start", async () => {
  const count = new Power();
  await new Restoring(filesWith(count), folder).run(
    plan(),
    ORIGIN,
    ports(async () => {}),
  );
  for (let at = 2; at < count.count; at++) {
    await SYSTEM_FILES.write(
      `${folder.configDir}/config.json`,
      JSON.stringify(BEFORE.shared),
      false,
    );
    await SYSTEM_FILES.write(`${folder.configDir}/box.json`, JSON.stringify(BEFORE.box), false);
    await started();
    const power = new Power();
    power.cut(at, "before");
    const run = new Restoring(filesWith(power), folder).run(
      plan(),
      ORIGIN,
      ports(async () => {}),
    );
    await expect(run).rejects.toThrow(PowerCut);
    await new Restoring(SYSTEM_FILES, folder).finish(async () => {});
    const { shared, box } = await started();
    expect([shared, box?.networks], `operation ${at}`).toEqual([SHARED, BOX_FILE.networks]);
  }
});

test("behind a reset the box has no networks, no history, and waits to be set up", async () => {
  await new Resetting(SYSTEM_FILES, folder).begin({ withLeases: true });
  expect(await new Resetting(SYSTEM_FILES, folder).finish()).toBe(true);
  const { shared, name } = await started();
  expect([shared, name]).toEqual([FACTORY_SHARED, FACTORY_BOX.name]);
  expect(Object.keys(folder.all).filter((file) => /config-[0-9]+\.json$/.test(file))).toEqual([]);
});
