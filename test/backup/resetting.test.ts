// A box becomes as it came from the factory, at whichever moment its power fails.

import { afterEach, describe, expect, test } from "vitest";
import { resetOutlook, resetSteps } from "../../daemon/backup/reset-plan.ts";
import { Resetting } from "../../daemon/backup/resetting.ts";
import { IoError } from "../../daemon/base/errors.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import { SYSTEM_FILES } from "../../daemon/io/small-files.ts";
import { BoxFolder, filesWith, type Moment, Power, PowerCut } from "./failing-files.ts";

const FILES = {
  "etc/config.json": "{}",
  "etc/box.json": "{}",
  "etc/board.json": '{"version":1}',
  "etc/notes.txt": "of a person",
  "state/key": "secret",
  "state/records.json": "hashes",
  "state/config-in-force.json": "{}",
  "state/config-3.json": "{}",
  "state/last-good-config.json": "{}",
  "state/web/leaf.pem": "secret",
  "state/journal/journal-1.tdj": "leases",
  "state/lost+found/1": "of the file system",
  "state/half.json.tmp": "half",
};

let folder: BoxFolder;

afterEach(() => folder.remove());

function box(): BoxFolder {
  folder = new BoxFolder(FILES);
  return folder;
}

function withoutLeases(): Record<string, string> {
  const { all } = folder;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !name.includes("journal")));
}

const FACTORY_NAMES = [
  ...["etc/board.json", "etc/box.json", "etc/config.json", "etc/notes.txt"],
  "state/lost+found/1",
];

async function reset(withLeases: boolean): Promise<void> {
  const made = box();
  await new Resetting(SYSTEM_FILES, made).begin({ withLeases });
  expect(made.modeOf("state/factory-reset.json")).toBe(0o600);
  expect(await new Resetting(SYSTEM_FILES, made).finish()).toBe(true);
}

test("everything goes but hardware, leases and what is not ours", async () => {
  await reset(false);
  expect(Object.keys(withoutLeases())).toEqual(FACTORY_NAMES);
  expect(folder.all["state/journal/journal-1.tdj"]).toBe("leases");
  expect(folder.all["etc/board.json"]).toBe('{"version":1}');
  const [shared, own] = ["etc/config.json", "etc/box.json"].map((name) =>
    JSON.parse(folder.all[name] ?? ""),
  );
  expect(loadConfig(shared, own)).toHaveProperty("config");
});

test("leases go when they are asked for", async () => {
  await reset(true);
  expect(Object.keys(folder.all)).toEqual(FACTORY_NAMES);
});

test("without an intent nothing happens, and one that somebody has broken keeps the leases", async () => {
  const resetting = new Resetting(SYSTEM_FILES, box());
  expect(await resetting.finish()).toBe(false);
  expect(folder.all).toEqual(FILES);
  expect(await resetting.otherFiles()).toEqual(["notes.txt"]);
  await SYSTEM_FILES.write(`${folder.stateDir}/factory-reset.json`, "{", true);
  expect(await resetting.finish()).toBe(true);
  expect(folder.all["state/journal/journal-1.tdj"]).toBe("leases");
});

test("a wish that the disk did not take for sure is none", async () => {
  const files = {
    ...SYSTEM_FILES,
    write: async (...given: Parameters<typeof SYSTEM_FILES.write>) => {
      await SYSTEM_FILES.write(...given);
      throw new IoError("the folder cannot be synced");
    },
  };
  await expect(new Resetting(files, box()).begin({ withLeases: true })).rejects.toThrow(IoError);
  expect(await new Resetting(SYSTEM_FILES, folder).finish()).toBe(false);
  expect(folder.all).toEqual(FILES);
});

test("a box without a state folder is new already", async () => {
  folder = new BoxFolder({});
  await SYSTEM_FILES.remove(`${folder.stateDir}/none`);
  const nowhere = { configDir: folder.configDir, stateDir: `${folder.root}/none` };
  expect(await new Resetting(SYSTEM_FILES, nowhere).finish()).toBe(false);
  await expect(new Resetting(SYSTEM_FILES, nowhere).begin({ withLeases: true })).rejects.toThrow(
    IoError,
  );
});

describe.each<Moment>(["before", "after"])("power that fails %s an operation", (moment) => {
  test("at the request: the box is as it was, or becomes new", async () => {
    const power = new Power();
    power.cut(0, moment);
    await expect(
      new Resetting(filesWith(power), box()).begin({ withLeases: true }),
    ).rejects.toThrow(PowerCut);
    expect(await new Resetting(SYSTEM_FILES, folder).finish()).toBe(moment === "after");
    if (moment === "before") expect(folder.all).toEqual(FILES);
    else expect(Object.keys(folder.all)).toEqual(FACTORY_NAMES);
  });

  test("at each operation of the next start, and again at the one after it", async () => {
    const power = new Power();
    await new Resetting(SYSTEM_FILES, box()).begin({ withLeases: true });
    await new Resetting(filesWith(power), folder).finish();
    const operations = power.count;
    folder.remove();
    expect(operations).toBe(11);
    for (let first = 0; first < operations; first++) {
      for (let second = 0; second < operations - first; second += 4) {
        await new Resetting(SYSTEM_FILES, box()).begin({ withLeases: true });
        for (const at of [first, second]) {
          power.cut(at, moment);
          await new Resetting(filesWith(power), folder).finish().catch((error: unknown) => {
            expect(error).toBeInstanceOf(PowerCut);
          });
        }
        power.restore();
        await new Resetting(filesWith(power), folder).finish();
        expect(Object.keys(folder.all), `${first}, ${second}`).toEqual(FACTORY_NAMES);
        folder.remove();
      }
    }
  });
});

test("what may bring it back goes first, and what people read last", () => {
  const state = { files: ["key", "config-in-force.json", "documents-to-write.json"], folders: {} };
  expect(
    resetSteps(state, { withLeases: false }).map(({ kind, name }) => `${kind} ${name}`),
  ).toEqual([
    "remove documents-to-write.json",
    "remove config-in-force.json",
    "remove key",
    "write config.json",
    "write box.json",
  ]);
});

test("the person is told what goes and what stays", () => {
  const facts = { isPaired: true, isPartnerHeard: true, leases: 12, otherFiles: ["notes.txt"] };
  expect(resetOutlook(facts, { withLeases: false })).toEqual({
    goes: [
      "The configuration, its history, users, names of devices, certificates and the key of the box go. The box answers no device until it is set up again.",
      "The partner is told first that the pair is over, and goes on serving alone.",
    ],
    stays: [
      "The software, and board.json with what the box is made of.",
      "The book of leases, with 12 devices that have an address now.",
      "Files in the configuration folder that are not of Tandem: notes.txt.",
    ],
  });
  const alone = { isPaired: true, isPartnerHeard: false, leases: 1, otherFiles: [] };
  expect(resetOutlook(alone, { withLeases: true }).goes.slice(1)).toEqual([
    "The partner is not reached, so it goes on counting itself as one of a pair: say tandem unpair there.",
    "The book of leases goes: which 1 device has an address now is not known any more, and its address may be given to another one.",
  ]);
});
