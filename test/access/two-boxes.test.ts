// Two boxes with everything real but the network: files, the slow hash, random bytes.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Access } from "../../daemon/access/access.ts";
import { hex } from "../../daemon/base/bytes.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { AuditFile } from "../../daemon/io/audit-file.ts";
import { sha256 } from "../../daemon/io/identity.ts";
import { Passwords } from "../../daemon/io/password.ts";
import { randomBytes } from "../../daemon/io/random.ts";
import { Records } from "../../daemon/records.ts";
import { FAKE_NOW } from "../support/fake-box.ts";

const SOCKET: Caller = { name: "", role: "admin", via: "socket", from: "unix socket" };
const NOBODY: Caller = { name: "", role: "nobody", via: "nobody", from: "192.168.1.20" };
const PASSWORD = "a horse and a battery";

class Box {
  readonly folder = mkdtempSync(path.join(tmpdir(), "tandem-access-"));
  readonly name: string;
  other: Box | undefined;
  audit = new AuditFile(this.folder, () => {});
  records: Records;
  access: Access;

  constructor(name: string) {
    this.name = name;
    [this.records, this.access] = this.open();
  }

  /** As after a restart. */
  open(): [Records, Access] {
    this.audit = new AuditFile(this.folder, () => {});
    this.records = new Records(this.folder, {
      ...{ wall: () => FAKE_NOW, by: () => this.name, say: () => {}, condition: () => {} },
      send: (bytes) => this.other?.records.received(bytes),
    });
    this.access = new Access({
      ...{ records: this.records, passwords: new Passwords(), audit: this.audit },
      random: randomBytes,
      digest: (text) => hex(sha256(new TextEncoder().encode(text))),
      now: () => ({ monotonic: 1000, wall: FAKE_NOW }),
      presenceProvenAt: () => undefined,
      serial: () => "",
    });
    return [this.records, this.access];
  }

  whoIs(session: string): Caller {
    return this.access.callerOf({
      ...{ method: "GET", path: "/api/v1/session", query: new URLSearchParams() },
      ...{ transport: "tcp", isSecure: true, remote: NOBODY.from },
      header: (name) => (name === "cookie" ? `__Host-tandem-session=${session}` : undefined),
    });
  }

  async logIn(name: string, password: string): Promise<string> {
    const outcome = await this.access.logIn({ name, password }, NOBODY);
    if (!outcome.isDone) throw new Error(outcome.text);
    return outcome.value;
  }
}

let a: Box;
let b: Box;
beforeEach(async () => {
  [a, b] = [new Box("aa"), new Box("bb")];
  await Promise.all([a.records.load(), b.records.load()]);
});
afterEach(async () => {
  for (const { folder, records, audit } of [a, b]) {
    await records.delete("user:nobody");
    await audit.flush();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("who was set up on one logs in on both, and a password changed on one ends the sessions on both", async () => {
  const wish = { name: "anna", password: PASSWORD };
  expect(await a.access.setUp(wish, SOCKET)).toMatchObject({ isDone: true, isOnDisk: true });
  [a.other, b.other] = [b, a];
  b.records.opened();
  a.records.opened();
  const onA = await a.logIn("anna", PASSWORD);
  const onB = await b.logIn("anna", PASSWORD);
  expect(a.whoIs(onA)).toMatchObject({ name: "anna", role: "admin", via: "session" });
  // A session stays on the box that gave it.
  expect(b.whoIs(onA).role).toBe("nobody");
  const next = { password: "another long password", current: PASSWORD };
  expect(await b.access.setPassword("anna", next, b.whoIs(onB))).toMatchObject({ isDone: true });
  expect(a.whoIs(onA).role).toBe("nobody");
  expect(b.whoIs(onB).role).toBe("nobody");
  await expect(a.logIn("anna", PASSWORD)).rejects.toThrow("not the right one");
});

test("everything is there after a restart but the sessions, and no file holds what is secret", async () => {
  await a.access.setUp({ name: "anna", password: PASSWORD }, SOCKET);
  const session = await a.logIn("anna", PASSWORD);
  const wish = { name: "backup", role: "viewer", paths: [], expiresAt: null } as const;
  const made = await a.access.addToken(wish, a.whoIs(session));
  if (!made.isDone) throw new Error(made.text);
  await a.audit.flush();
  const files = ["records.json", "audit.log"].map((name) =>
    readFileSync(path.join(a.folder, name), "utf8"),
  );
  for (const secret of [PASSWORD, session, made.value.token.slice(-43)]) {
    for (const text of files) expect(text).not.toContain(secret);
  }
  a.open();
  await a.records.load();
  expect(a.whoIs(session).role).toBe("nobody");
  expect(a.access.setupView().isNeeded).toBe(false);
  expect(a.whoIs(await a.logIn("anna", PASSWORD)).name).toBe("anna");
  expect(a.access.tokens()).toMatchObject([{ name: "backup", by: "anna" }]);
  const whats = (await a.access.audit(10)).map(({ what }) => what);
  expect(whats).toEqual(["login", `add token ${made.value.id} as viewer`, "login", "set-up"]);
});
