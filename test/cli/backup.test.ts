// tandem backup, restore and factory-reset at a terminal, on a box that is not there.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../daemon/cli/run.ts";
import { backupRoutes } from "../../daemon/http/backup-routes.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { type HttpServer, listenUnix } from "../../daemon/io/http-server.ts";
import { FAKE_RESTORE, FakeBackups } from "../support/fake-backups.ts";
import { FakeBox } from "../support/fake-box.ts";

let folder: string;
let server: HttpServer;
let backups: FakeBackups;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-cli-"));
  backups = new FakeBackups();
  const web = createWebApp(new FakeBox(), { routes: backupRoutes(backups) });
  server = await listenUnix(path.join(folder, "tandem.sock"), web);
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `types`: what the person types when asked; without it nobody is there. */
async function tandem(argv: readonly string[], types?: string) {
  const said = { out: "", err: "" };
  const code = await run([...argv, "--socket", path.join(folder, "tandem.sock")], {
    ...{ env: {}, isTerminal: false, columns: 80, now: () => 0 },
    ask:
      types === undefined
        ? undefined
        : async (question) => {
            said.out += question;
            return types;
          },
    out: (text) => {
      said.out += text;
    },
    outBytes: async () => {},
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

function file(name: string, content: string | Uint8Array = ""): string {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
}

describe("tandem backup", () => {
  test("writes a file for its owner only, and says that it is not encrypted", async () => {
    const place = path.join(folder, "box.json");
    const { code, out, err } = await tandem(["backup", place]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(
      `Written: ${place}\nIt is not encrypted: whoever has it can read the configuration and the names of devices.\nPasswords, tokens and keys are not in it; with --passphrase-file they would be.\n`,
    );
    expect([...readFileSync(place)]).toEqual([0, 255, 7]);
    expect(statSync(place).mode & 0o777).toBe(0o600);
  });

  test("with the first line of a file as its passphrase", async () => {
    const words = file("words", "correct horse battery\nand more\n");
    const place = path.join(folder, "box.backup");
    const { code, out } = await tandem(["backup", place, "--passphrase-file", words, "--leases"]);
    expect([code, out]).toEqual([
      0,
      `Written: ${place}\nIt is encrypted: without the passphrase it is of no use to anybody.\n`,
    ]);
    expect(backups.backups).toEqual([
      expect.objectContaining({ passphrase: "correct horse battery", withLeases: true }),
    ]);
    const json = await tandem(["backup", path.join(folder, "again"), "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({ bytes: 3, isEncrypted: false });
  });

  test("never over a file that is there, nor without a passphrase that cannot be read", async () => {
    const place = file("mine", "of a person");
    expect(await tandem(["backup", place])).toMatchObject({
      code: 3,
      err: expect.stringContaining("EEXIST"),
    });
    expect(readFileSync(place, "utf8")).toBe("of a person");
    const missing = await tandem([
      "backup",
      path.join(folder, "new"),
      "--passphrase-file",
      "/none",
    ]);
    expect(missing).toMatchObject({ code: 3, err: expect.stringContaining("/none") });
    expect(existsSync(path.join(folder, "new"))).toBe(false);
  });

  test("refused", async () => {
    backups.made = { kind: "unreadable", path: "passphrase", reason: "it is too short\u001b[2J" };
    const { code, err } = await tandem(["backup", path.join(folder, "x")]);
    expect([code, err]).toEqual([1, "Refused: It is too short\\u001b[2J.\n"]);
  });
});

describe("tandem restore", () => {
  test("shows what would come of it, and does nothing", async () => {
    const place = file("box.backup", Uint8Array.of(1, 2, 255));
    const { code, out, err } = await tandem(["restore", place]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatchInlineSnapshot(`
      "The backup was made at 2026-05-03T07:12:00.000Z. It is of this very box.

      What people will notice:
        ! 3 leases fall outside the pools that lan has then.

      What changes:
        config.json leaseSeconds: 600 → (not set)

      What comes back besides:
        the user anna

      What stays out:
        the key of the box: It is only in a backup that is encrypted.
      "
    `);
    expect([...(backups.previews[0]?.file ?? [])]).toEqual([1, 2, 255]);
    expect(backups.restores).toEqual([]);
    expect(JSON.parse((await tandem(["restore", place, "--json"])).out)).toEqual(FAKE_RESTORE);
  });

  test("does it with --yes", async () => {
    const words = file("words", "correct horse");
    const place = file("box.backup", "x");
    const { code, out } = await tandem([
      "restore",
      place,
      "--yes",
      "--replace",
      "--passphrase-file",
      words,
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/The configuration was put back\.\n$/);
    expect(backups.restores).toEqual([
      expect.objectContaining({ passphrase: "correct horse", isReplacement: true }),
    ]);
  });

  test("what cannot be put back is not tried", async () => {
    const issues = [{ file: "box.json", path: "pair", reason: "is there" }];
    const view = { ...FAKE_RESTORE, issues, changes: [], records: [] };
    backups.previewed = { kind: "preview", view };
    const place = file("box.backup", "x");
    const shown = await tandem(["restore", place]);
    expect(shown.code).toBe(1);
    expect(shown.out).toContain("It cannot be put back:\n  box.json pair: is there\n");
    expect(shown.out).toContain("Nothing would change.");
    expect(await tandem(["restore", place, "--yes"])).toMatchObject({
      code: 1,
      err: "Nothing was put back.\n",
    });
    expect(backups.restores).toEqual([]);
  });

  test("files that are not there, or are none", async () => {
    expect(await tandem(["restore", "/none"])).toMatchObject({ code: 3 });
    expect(await tandem(["restore"])).toMatchObject({
      code: 3,
      err: expect.stringContaining("needs the file"),
    });
    backups.previewed = { kind: "unreadable", path: "file", reason: "it is no backup" };
    const place = file("x", "y");
    expect(await tandem(["restore", place])).toMatchObject({
      code: 1,
      err: "Refused: It is no backup.\n",
    });
    expect(JSON.parse((await tandem(["restore", place, "--json"])).out)).toMatchObject({
      status: 422,
    });
  });

  test("a partner that refuses in the meantime", async () => {
    backups.result = { isDone: false, text: "the partner has no port for it" };
    const { code, err } = await tandem(["restore", file("x", "y"), "--yes"]);
    expect([code, err]).toEqual([1, "Refused: The partner has no port for it.\n"]);
  });
});

describe("tandem factory-reset", () => {
  test("asks a person, and does nothing without a yes", async () => {
    const { code, out, err } = await tandem(["factory-reset"], "no");
    expect([code, err]).toEqual([3, "Nothing was changed.\n"]);
    expect(out).toBe(
      "- Everything goes.\n\nWhat stays:\n- The software.\n\nShall the box become as it came from the factory? Type yes: ",
    );
    expect(backups.resets).toEqual([]);
  });

  test("without a person it has to be said", async () => {
    const { code, err } = await tandem(["factory-reset"]);
    expect(code).toBe(3);
    expect(err).toContain("Everything goes.");
    expect(err).toContain("say --yes when that is wanted");
  });

  test("does it, with the leases when they are asked for", async () => {
    backups.result = { isDone: true, text: "the box becomes new" };
    expect(await tandem(["factory-reset", "--leases"], "yes")).toMatchObject({ code: 0 });
    expect(await tandem(["factory-reset", "--yes"])).toEqual({
      code: 0,
      out: "The box becomes new.\n",
      err: "",
    });
    expect(backups.resets.map(({ withLeases }) => withLeases)).toEqual([true, false]);
    expect(backups.outlooks).toEqual([true]);
    backups.result = { isDone: false, text: "the disk is full" };
    expect(await tandem(["factory-reset", "--yes"])).toMatchObject({
      code: 1,
      err: "Refused: The disk is full.\n",
    });
  });
});
