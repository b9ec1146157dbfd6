// Files of other servers, looked through in a process of its own: what it says, and what becomes of one that does not end.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ImportProcess } from "../../daemon/io/import-process.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-import-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** With this program instead of the command line. */
function importing(script: string, milliseconds = 10_000): ImportProcess {
  const program = path.join(folder, "program.mjs");
  writeFileSync(program, script);
  return new ImportProcess({ program, folder: path.join(folder, "state"), milliseconds });
}

const one = (name: string, text = "x") => [{ name, content: new TextEncoder().encode(text) }];
const left = () => readdirSync(path.join(folder, "state"));

const ECHO = `
  import { readFileSync } from "node:fs";
  const [, kind, , , ...files] = process.argv.slice(2);
  const notes = files.map((file) => ({
    file, line: 1, kind: "left-out", text: readFileSync(file, "utf8"), reason: file,
  }));
  console.log(JSON.stringify({ shared: { kind }, ports: {}, leases: [1, 2], notes }));`;

test("notes are of the files as people call them; nothing is left behind", async () => {
  const files = [...one("/etc/dhcp/dhcpd.conf", "ddns"), ...one("../../../etc/passwd", "root")];
  expect(await importing(ECHO).preview("isc", files)).toEqual({
    ...{ config: { kind: "isc" }, ports: {}, leases: 2, moreNotes: 0 },
    notes: [
      expect.objectContaining({
        ...{ file: "/etc/dhcp/dhcpd.conf", text: "ddns", reason: "0-dhcpd.conf" },
      }),
      expect.objectContaining({ file: "../../../etc/passwd", text: "root", reason: "1-passwd" }),
    ],
  });
  expect(left()).toEqual([]);
});

test.each(["..", ".", "/", "a/..", "-rf", "\u0000x", "--json", "x y;z"])(
  "a file may be called %j",
  async (name) => {
    const view = await importing(ECHO).preview("kea", one(name));
    expect(view).toMatchObject({ notes: [{ file: name, text: "x" }] });
    expect(left()).toEqual([]);
  },
);

test("one that does not end is ended, and the next one is looked through", async () => {
  const endless = importing("setInterval(() => {}, 1000);", 300);
  expect(await endless.preview("isc", one("a"))).toContain("takes too long");
  expect(left()).toEqual([]);
  expect(await importing(ECHO).preview("isc", one("a"))).toMatchObject({ leases: 2 });
});

test("two at once are one too many", async () => {
  const slow = importing("setTimeout(() => {}, 400);");
  const first = slow.preview("isc", one("a"));
  expect(await slow.preview("isc", one("a"))).toContain("at this moment");
  await first;
});

test.each([
  ["ends with a mistake", "process.exit(7);"],
  ["says what is no answer", "console.log('{');"],
  ["throws", "throw new Error('ours');"],
])("a program that %s", async (_, script) => {
  expect(await importing(script).preview("isc", one("a"))).toMatch(/could not be looked through/);
  expect(left()).toEqual([]);
});

test("a program that is not there, and a folder that cannot be made", async () => {
  const none = new ImportProcess({ program: "/nowhere/tandem.js", folder });
  expect(await none.preview("isc", one("a"))).toMatch(/could not be looked through/);
  const program = path.join(folder, "file");
  writeFileSync(program, "");
  const noFolder = new ImportProcess({ program, folder: path.join(program, "x") });
  expect(await noFolder.preview("isc", one("a"))).toMatch(/^The files cannot be looked through/);
});
