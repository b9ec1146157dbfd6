// Backups over the API: who may, what is taken, and how refusals are said.

import { beforeEach, describe, expect, test } from "vitest";
import { backupRoutes } from "../../daemon/http/backup-routes.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { createWebApp, type WebApp } from "../../daemon/http/routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FAKE_RESTORE, FakeBackups } from "../support/fake-backups.ts";
import { FakeBox } from "../support/fake-box.ts";
import { type Answer, askLater } from "./ask.ts";

const ADMIN: Caller = { name: "anna", role: "admin", via: "session", from: "192.168.1.20" };
const PAGE = { origin: "http://127.0.0.1:8080", "content-type": "application/json" };
const FILE = Buffer.from("a backup").toString("base64");

let backups: FakeBackups;
let caller: Caller;
let app: WebApp;

beforeEach(() => {
  backups = new FakeBackups();
  caller = ADMIN;
  app = createWebApp(new FakeBox(), { routes: backupRoutes(backups), callerOf: () => caller });
});

function post(path: string, content: unknown): Promise<Answer> {
  return askLater(app.answer, `/api/v1/${path}`, {
    ...{ method: "POST", headers: PAGE, body: JSON.stringify(content) },
  });
}

function get(path: string): Promise<Answer> {
  return askLater(app.answer, `/api/v1/${path}`);
}

test.each<Caller["role"]>(["nobody", "viewer", "operator"])(
  "nothing of it is for a %s",
  async (role) => {
    caller = { ...ADMIN, role };
    const refused = [401, 403];
    for (const path of ["backup", "restore", "restore/preview", "factory-reset"]) {
      expect(refused, path).toContain((await post(path, {})).status);
    }
    expect(refused).toContain((await get("factory-reset")).status);
    expect([...backups.backups, ...backups.restores, ...backups.resets]).toEqual([]);
  },
);

describe("a backup", () => {
  test("is downloaded, and kept nowhere on the way", async () => {
    const answer = await post("backup", { passphrase: "correct horse", leases: true });
    expect(answer.status).toBe(200);
    expect([...answer.bytes()]).toEqual([0, 255, 7]);
    expect(answer.header("content-type")).toBe("application/octet-stream");
    expect(answer.header("cache-control")).toBe("no-store");
    expect(answer.header("content-disposition")).toBe(
      'attachment; filename="tandem-A-2026-05-03.json"',
    );
    await post("backup", {});
    expect(backups.backups).toEqual([
      { caller: ADMIN, passphrase: "correct horse", withLeases: true },
      { caller: ADMIN, passphrase: undefined, withLeases: false },
    ]);
  });

  test("what is wrong with its passphrase, and a box that is busy", async () => {
    backups.made = { kind: "unreadable", path: "passphrase", reason: "the passphrase is no text" };
    const wrong = await post("backup", { passphrase: "x" });
    expect([wrong.status, wrong.json()]).toEqual([
      422,
      expect.objectContaining({
        detail: "The passphrase is no text.",
        errors: [{ path: "passphrase", reason: "the passphrase is no text" }],
      }),
    ]);
    backups.made = { kind: "refused", text: "the box is just starting" };
    expect((await post("backup", {})).json()).toMatchObject({
      status: 409,
      detail: "The box is just starting.",
    });
    expect((await post("backup", { passphrase: "x".repeat(600) })).status).toBe(400);
    expect((await post("backup", { password: "x" })).status).toBe(400);
  });
});

describe("a restore", () => {
  test("is looked at, and done", async () => {
    const shown = await post("restore/preview", { file: FILE });
    expect([shown.status, shown.json()]).toEqual([200, FAKE_RESTORE]);
    const done = await post("restore", { file: FILE, passphrase: "p", replaces: true });
    expect(done.json()).toEqual({ sentence: "The configuration was put back." });
    const [wish] = backups.restores;
    expect(wish).toMatchObject({ caller: ADMIN, passphrase: "p", isReplacement: true });
    expect(new TextDecoder().decode(wish?.file)).toBe("a backup");
    expect(backups.previews).toHaveLength(1);
  });

  test("refused, with all the reasons", async () => {
    backups.result = { isDone: false, text: "the backup cannot be put back" };
    expect((await post("restore", { file: FILE })).json()).toMatchObject({
      status: 409,
      detail: "The backup cannot be put back.",
    });
    const issues = [{ file: "box.json", path: "pair", reason: "is there" }];
    backups.previewed = { kind: "preview", view: { ...FAKE_RESTORE, issues } };
    expect((await post("restore", { file: FILE })).json()).toMatchObject({
      status: 409,
      errors: issues,
    });
    backups.previewed = { kind: "unreadable", path: "file", reason: "it is no backup" };
    expect((await post("restore/preview", { file: FILE })).json()).toMatchObject({
      ...{ status: 422, detail: "It is no backup." },
      errors: [{ path: "file", reason: "it is no backup" }],
    });
  });

  test.each(["", "=", "a b", "äöü", "YQ=Y", "Y", "YWI=YWI="])("%j is no file", async (file) => {
    expect((await post("restore/preview", { file })).status).toBe(400);
    expect(backups.previews).toEqual([]);
  });

  test("as large as a backup can be, and not larger", async () => {
    const head = { method: "POST", path: "/api/v1/restore" } as never;
    const bytes = app.admit({
      ...(head as object),
      transport: "tcp",
      header: () => undefined,
    } as never);
    expect(bytes).toBeGreaterThan((LIMITS.backupBytesMax * 4) / 3);
    expect(bytes).toBeLessThan(LIMITS.backupBytesMax * 1.5);
    const long = Buffer.alloc(LIMITS.backupBytesMax).toString("base64");
    expect((await post("restore/preview", { file: long })).status).toBe(200);
    expect((await post("restore/preview", { file: "A".repeat(12_000_000) })).status).toBe(400);
  });
});

describe("the way back to the factory", () => {
  test("says what goes, also with the leases", async () => {
    expect((await get("factory-reset")).json()).toEqual(backups.outlook);
    expect((await get("factory-reset?leases=true")).status).toBe(200);
    expect(backups.outlooks).toEqual([false, true]);
    expect((await get("factory-reset?leases=maybe")).status).toBe(400);
    backups.outlook = { kind: "refused", text: "the disk cannot be read" };
    expect((await get("factory-reset")).json()).toMatchObject({
      status: 409,
      detail: "The disk cannot be read.",
    });
  });

  test("is gone with a word that nobody says by mistake", async () => {
    expect((await post("factory-reset", {})).status).toBe(400);
    expect((await post("factory-reset", { confirm: true })).status).toBe(400);
    expect(backups.resets).toEqual([]);
    backups.result = { isDone: true, text: "the box begins anew" };
    const done = await post("factory-reset", { confirm: "factory-reset", leases: true });
    expect(done.json()).toEqual({ sentence: "The box begins anew." });
    expect(backups.resets).toEqual([{ withLeases: true, caller: ADMIN }]);
    backups.result = { isDone: false, text: "the disk is full" };
    expect((await post("factory-reset", { confirm: "factory-reset" })).status).toBe(409);
  });
});
