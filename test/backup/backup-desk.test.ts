// Backups of a box with real files: made, looked at, put back on this box and on others; and the way to the factory.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BackupDesk, type BackupHost } from "../../daemon/backup/backup-desk.ts";
import { readBackup, writeBackup } from "../../daemon/backup/backup-file.ts";
import { hex } from "../../daemon/base/bytes.ts";
import { IoError } from "../../daemon/base/errors.ts";
import { UNKNOWN_BOARD } from "../../daemon/config/board.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { identityOf } from "../../daemon/io/identity.ts";
import { SYSTEM_FILES } from "../../daemon/io/small-files.ts";
import { leaseOf, NOW_SECONDS } from "../config/consequence-scenes.ts";
import { BOX_FILE, backupDocument, PASSPHRASE, SHARED } from "./backups.ts";
import { BoxFolder } from "./failing-files.ts";

const ANNA: Caller = { name: "anna", role: "admin", via: "session", from: "192.168.1.20" };
const SEED = new Uint8Array(32).fill(0x41);
const OWN = hex(identityOf(SEED).id);
const BOARD = { ...UNKNOWN_BOARD, model: "Example R2", serial: "TD-0001" };
const RECORDS = [
  { key: "device:02005e100001", value: '{"name":"Kitchen"}' },
  { key: "user:anna", value: "hash-of-anna" },
];
const ORIGIN = {
  ...{ by: "bob", from: "command line", box: "A", at: "2026-05-02T10:00:00.000Z", note: "" },
};

let folder: BoxFolder;
let host: BackupHost & { shared: unknown; isStarting: boolean; calls: unknown[] };
let desk: BackupDesk;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  folder = new BoxFolder({ "etc/box.json": JSON.stringify(BOX_FILE), "state/key": "A".repeat(32) });
  const calls: unknown[] = [];
  host = {
    ...{ shared: SHARED as unknown, isStarting: false, calls },
    inForce: () => (host.isStarting ? undefined : { shared: host.shared, origin: ORIGIN }),
    identity: () => OWN,
    records: () => RECORDS,
    leases: () => [
      leaseOf("192.168.1.60", "printer"),
      leaseOf("192.168.1.61", "old", { state: "free" }),
    ],
    interfaces: () => ["lan0"],
    isPartnerHeard: () => true,
    leavePair: async () => {
      calls.push("leave");
      return "this box goes on alone";
    },
    restart: (reason) => calls.push(`restart: ${reason}`),
    now: () => NOW_SECONDS * 1000,
    apply: async (document, origin) => {
      calls.push(["apply", JSON.parse(document.text), origin]);
      return { isDone: true, text: "both boxes have it" };
    },
    reload: async () => void calls.push("reload"),
    putRecords: async (records) => void calls.push(records.map(({ key }) => key)),
  };
  desk = deskOf(folder);
});

afterEach(() => {
  vi.useRealTimers();
  folder.remove();
});

function deskOf({ configDir, stateDir }: BoxFolder, board = BOARD): BackupDesk {
  return new BackupDesk({
    ...{ files: SYSTEM_FILES, configDir, stateDir, host, board, software: "1.2.0" },
  });
}

async function made(passphrase?: string, withLeases = false): Promise<Uint8Array> {
  const answer = await desk.make({ caller: ANNA, passphrase, withLeases });
  if (answer.kind === "made") return answer.bytes;
  throw new Error(JSON.stringify(answer));
}

function wish(file: Uint8Array, passphrase?: string, isReplacement = false) {
  return { caller: ANNA, file, passphrase, isReplacement };
}

describe("a backup", () => {
  test("has what the box is, and with a passphrase its secrets", async () => {
    const open = await readBackup(await made(), undefined);
    expect(open).toEqual({
      ...{ madeAt: "2026-05-03T07:12:00.000Z", madeBy: "anna", software: "1.2.0" },
      box: { name: "A", model: "Example R2", serial: "TD-0001", identity: OWN },
      ...{ shared: SHARED, origin: ORIGIN, boxFile: BOX_FILE, leases: null, secrets: null },
      board: { model: "Example R2", serial: "TD-0001", pairPorts: [] },
      records: [RECORDS[0]],
    });
    const secret = await readBackup(await made(PASSPHRASE, true), PASSPHRASE);
    expect(secret.secrets).toEqual({ key: hex(SEED), records: [RECORDS[1]] });
    expect(secret.leases?.map(({ address, mac, expires }) => [address, mac, expires])).toEqual([
      ["192.168.1.60", "00:00:5e:00:00:3c", "2026-05-03T19:12:00.000Z"],
    ]);
  });

  test("is named after box and day", async () => {
    for (const [passphrase, name] of [
      [undefined, "tandem-A-2026-05-03.json"],
      [PASSPHRASE, "tandem-A-2026-05-03.backup"],
    ] as const) {
      expect(await desk.make({ caller: ANNA, passphrase, withLeases: false })).toMatchObject({
        name,
      });
    }
  });

  test("one at a time, and none while the box starts", async () => {
    const first = made(PASSPHRASE);
    const refused = await desk.make({ caller: ANNA, passphrase: undefined, withLeases: false });
    expect(refused).toMatchObject({
      kind: "refused",
      text: expect.stringContaining("at this moment"),
    });
    expect((await first).length).toBeGreaterThan(100);
    host.isStarting = true;
    const early = await desk.make({ caller: ANNA, passphrase: undefined, withLeases: false });
    expect(early).toEqual({ kind: "refused", text: "the box is just starting" });
  });

  test("what cannot be made is said", async () => {
    const short = await desk.make({ caller: ANNA, passphrase: "short", withLeases: false });
    expect(short).toMatchObject({ kind: "unreadable", path: "passphrase" });
    host.identity = () => {
      throw new IoError("the key cannot be read");
    };
    const keyless = await desk.make({ caller: ANNA, passphrase: undefined, withLeases: false });
    expect(keyless).toEqual({ kind: "refused", text: "the key cannot be read" });
  });
});

describe("a restore", () => {
  test("is looked at first, and touches nothing", async () => {
    const file = await made();
    host.shared = { ...SHARED, leaseSeconds: 600 };
    const shown = await desk.preview(wish(file));
    expect(shown).toMatchObject({
      kind: "preview",
      view: {
        whose: "this-box",
        changes: [{ file: "config.json", path: "leaseSeconds", before: "600", after: "(not set)" }],
        consequences: [expect.objectContaining({ id: "leases-much-longer" })],
        ...{ records: [], issues: [], needsRestart: false },
      },
    });
    expect(host.calls).toEqual([]);
  });

  test("goes through the partner, with who did it", async () => {
    const file = await made();
    host.shared = { ...SHARED, leaseSeconds: 600 };
    const done = await desk.restore(wish(file));
    expect(done).toMatchObject({
      result: { isDone: true, text: "the configuration was put back" },
    });
    const note = "backup of 2026-05-03T07:12:00.000Z";
    expect(host.calls).toEqual([["apply", SHARED, { by: "anna", from: "192.168.1.20", note }]]);
  });

  test("on a box that lost its disk: the key too, and the daemon begins anew", async () => {
    const file = await made(PASSPHRASE);
    folder.remove();
    folder = new BoxFolder({ "state/key": "B".repeat(32) });
    Object.assign(host, { shared: null, identity: () => "22".repeat(32), records: () => [] });
    desk = deskOf(folder);
    const done = await desk.restore(wish(file, PASSPHRASE));
    expect(done).toMatchObject({ result: { isDone: true } });
    expect(folder.all["state/key"]).toBe("A".repeat(32));
    expect(JSON.parse(folder.all["etc/box.json"] ?? "")).toEqual(BOX_FILE);
    expect(host.calls).toContainEqual(["device:02005e100001", "user:anna"]);
    expect(host.calls).not.toContain("restart: a key was put back");
    vi.advanceTimersByTime(1000);
    expect(host.calls).toContain("restart: a key was put back");
  });

  test("on another box that takes its place", async () => {
    const file = await made(PASSPHRASE);
    const box = { version: 1, name: "new", role: "standby", networks: {} };
    folder.remove();
    folder = new BoxFolder({ "etc/box.json": JSON.stringify(box), "state/key": "B".repeat(32) });
    Object.assign(host, { shared: { version: 1, networks: [] }, identity: () => "22".repeat(32) });
    desk = deskOf(folder, { ...BOARD, serial: "TD-0009" });
    await desk.restore(wish(file, PASSPHRASE, true));
    expect(JSON.parse(folder.all["etc/box.json"] ?? "")).toEqual(BOX_FILE);
    expect(folder.all["state/key"]).toBe("B".repeat(32));
  });

  test("what does not go on this box is refused with the reason", async () => {
    const office = { version: 1, networks: [] };
    const file = await writeBackup(backupDocument({ shared: office, secrets: null }), undefined);
    const done = await desk.restore(wish(file));
    expect(done).toMatchObject({
      result: {
        isDone: false,
        text: 'the backup cannot be put back on this box: box.json networks.lan config.json has no network named "lan"',
      },
    });
    expect(host.calls).toEqual([]);
  });

  test("files and passphrases that are not right", async () => {
    const file = await made(PASSPHRASE);
    expect(await desk.preview(wish(file, "correct horse batterz"))).toEqual({
      ...{ kind: "unreadable", path: "passphrase" },
      reason: "the passphrase is wrong, or the file was changed",
    });
    expect(await desk.preview(wish(file.subarray(0, 70), PASSPHRASE))).toMatchObject({
      ...{ kind: "unreadable", path: "file" },
      reason: expect.stringContaining("cut off"),
    });
    expect(await desk.restore(wish(Uint8Array.of(1)))).toMatchObject({ kind: "unreadable" });
    const forged = await writeBackup(backupDocument(), PASSPHRASE);
    expect(await desk.restore(wish(forged, PASSPHRASE))).toMatchObject({
      reason: "secrets.key is not the key of the box that the backup names",
    });
    host.isStarting = true;
    expect(await desk.preview(wish(await writeBackup(backupDocument(), undefined)))).toMatchObject({
      text: "the box is just starting",
    });
  });

  test("an error of our own is not hidden, and blocks nothing", async () => {
    host.leases = () => {
      throw new TypeError("ours");
    };
    await expect(
      desk.make({ caller: ANNA, passphrase: undefined, withLeases: true }),
    ).rejects.toThrow("ours");
    expect((await made()).length).toBeGreaterThan(100);
  });
});

describe("the way to the factory", () => {
  test("is told before", async () => {
    const { goes, stays } = (await desk.resetOutlook(true)) as { goes: string[]; stays: string[] };
    expect(goes).toHaveLength(2);
    expect(goes[1]).toContain("which 1 device has an address");
    expect(stays).toHaveLength(1);
    expect(host.calls).toEqual([]);
  });

  test("the partner first, then the wish, then the end of the process", async () => {
    const paired = { ...BOX_FILE, pair: { role: "primary", partnerIdentity: "ab".repeat(32) } };
    await SYSTEM_FILES.write(`${folder.configDir}/box.json`, JSON.stringify(paired), false);
    const outcome = await desk.reset(false, ANNA);
    expect(outcome).toEqual({
      isDone: true,
      text: "this box goes on alone; the box becomes as it came from the factory, and is started again for that",
    });
    expect(JSON.parse(folder.all["state/factory-reset.json"] ?? "")).toEqual({
      version: 1,
      withLeases: false,
    });
    vi.advanceTimersByTime(1000);
    expect(host.calls).toEqual([
      "leave",
      "restart: asked for the state of the factory by anna at 192.168.1.20",
    ]);
  });

  test("a box alone tells nobody; a disk that does not take the wish is said, and nothing ends", async () => {
    expect(await desk.reset(true, { ...ANNA, name: "", from: "unix socket" })).toMatchObject({
      isDone: true,
    });
    expect(host.calls).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(host.calls).toEqual(["restart: asked for the state of the factory by unix socket"]);
    host.calls.length = 0;
    folder.remove();
    folder = new BoxFolder({ "etc/box.json": "{" });
    desk = deskOf(folder);
    await SYSTEM_FILES.write(`${folder.root}/state-is-a-file`, "", false);
    const nowhere = { configDir: folder.configDir, stateDir: `${folder.root}/state-is-a-file` };
    desk = new BackupDesk({
      files: SYSTEM_FILES,
      ...nowhere,
      host,
      board: BOARD,
      software: "1.2.0",
    });
    const refused = await desk.reset(true, ANNA);
    expect(refused).toMatchObject({
      isDone: false,
      text: expect.stringContaining("cannot be written"),
    });
    vi.advanceTimersByTime(1000);
    expect(host.calls).toEqual([]);
  });
});
