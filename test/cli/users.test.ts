// tandem user, against the real users with the real rules.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { accessRoutes } from "../../daemon/http/access-routes.ts";
import { AccessBench } from "../support/access-bench.ts";
import { Terminal, type Wishes } from "../support/at-terminal.ts";

let bench: AccessBench;
let terminal: Terminal;
let file: string;

beforeEach(async () => {
  bench = new AccessBench();
  terminal = await Terminal.begin(accessRoutes(bench.access));
  file = join(terminal.folder, "password");
  writeFileSync(file, "correct horse battery\nsecond line\n");
});
afterEach(() => terminal.end());

const tandem = (words: string, wishes?: Wishes) => terminal.run(words.split(" "), wishes);
const names = () => bench.access.users().map(({ name, role }) => `${name} ${role}`);

async function canLogIn(name: string, password: string): Promise<boolean> {
  const caller = { name: "", role: "nobody", via: "nobody", from: "192.168.1.9" } as const;
  return (await bench.access.logIn({ name, password }, caller)).isDone;
}

test("the first user is the first password; it is in no argument and not shown", async () => {
  expect((await tandem("user")).out).toContain("Or here: tandem user add NAME admin");
  const typed = await tandem("user add anna admin", { types: "another long one" });
  expect(typed).toMatchObject({ code: 0, out: expect.stringContaining("There is a user anna") });
  expect(typed.out).not.toContain("another long one");
  expect(await canLogIn("anna", "another long one")).toBe(true);
  expect((await tandem("user")).out).toBe("anna  admin  1 session\n");
});

test("from a file it is the first line", async () => {
  await tandem(`user add anna admin --passphrase-file ${file}`);
  expect(await canLogIn("anna", "correct horse battery")).toBe(true);
});

test("role, password, and the end of a user", async () => {
  for (const one of ["anna admin", "otto viewer"]) {
    await tandem(`user add ${one} --passphrase-file ${file}`);
  }
  expect((await tandem("user role otto operator")).code).toBe(0);
  writeFileSync(file, "yet another one");
  expect((await tandem(`user password otto --passphrase-file ${file}`)).code).toBe(0);
  expect(await canLogIn("otto", "yet another one")).toBe(true);
  expect(names()).toEqual(["anna admin", "otto operator"]);
  expect((await tandem("user delete otto")).code).toBe(0);
  const last = await tandem("user delete anna");
  expect([last.code, last.err]).toEqual([1, expect.stringMatching(/^Refused: .*admin/)]);
  expect(names()).toEqual(["anna admin"]);
});

test.each([
  ["user add anna", 3, "the role is one of"],
  ["user add anna king --passphrase-file F", 3, "the role is one of"],
  ["user add", 3, "needs the name of a user"],
  ["user crown anna", 3, "takes add, role, password, delete"],
  ["user add anna admin", 3, "nobody is there to be asked"],
  ["user add anna admin --passphrase-file /nowhere", 3, "ENOENT"],
  ["user password nobody --passphrase-file F", 1, "Refused: "],
  ["user delete ../x", 1, "Refused: "],
])("%s is refused", async (words, code, text) => {
  const ran = await tandem(words.replace("F", file));
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(text)]);
  expect(names()).toEqual([]);
});

test("a password that is too short is refused with the reason", async () => {
  writeFileSync(file, "short");
  const ran = await tandem(`user add anna admin --passphrase-file ${file}`);
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining("10 characters")]);
});
