// tandem config apply, confirm, undo, history and back, against the real rows of the API.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigDesk } from "../../daemon/config-desk.ts";
import { configRoutes } from "../../daemon/http/config-routes.ts";
import { Terminal, type Wishes } from "../support/at-terminal.ts";
import { FAKE_SHARED, FakeConfigMachine } from "../support/fake-config-machine.ts";

let terminal: Terminal;
let machine: FakeConfigMachine;
let file: string;
const with2Hours = { ...FAKE_SHARED, leaseSeconds: 7200 };

beforeEach(async () => {
  machine = new FakeConfigMachine();
  terminal = await Terminal.begin(configRoutes(new ConfigDesk(machine)));
  file = join(terminal.folder, "wanted.json");
  writeFileSync(file, JSON.stringify(with2Hours));
});
afterEach(() => terminal.end());

const tandem = (words: string, wishes?: Wishes) => terminal.run(words.split(" "), wishes);

test("apply says what it means, asks, and puts it into force on trial", async () => {
  machine.trial = { secondsLeft: 60, sentence: "The change is undone in 60 s." };
  const { code, out } = await tandem(`config apply ${file}`, { types: "yes" });
  expect(out).toContain("leaseSeconds: (not set) -> 7200\n- Something is new.\n");
  expect(out).toContain(
    "Both boxes have it.\nThe change is undone in 60 s. Say: tandem config confirm",
  );
  expect([code, machine.value]).toEqual([0, with2Hours]);
  expect(machine.wishes[0]?.trialSeconds).toBe(60);
});

test("for so long as is said, or for good", async () => {
  await tandem(`config apply ${file} --yes --seconds 0`);
  expect(machine.wishes[0]?.trialSeconds).toBe(0);
  await tandem("config back 1 --yes --seconds 30");
  expect(machine.wishes[1]?.trialSeconds).toBe(30);
  expect(machine.value).toEqual(FAKE_SHARED);
  expect((await tandem(`config apply ${file} --yes --seconds x`)).code).toBe(3);
  expect((await tandem(`config apply ${file} --yes --seconds 5`)).err).toContain("from 10 to 3600");
});

test.each([
  ["nobody is there to be asked", undefined],
  ["the answer is no", "no"],
])("nothing is changed when %s", async (_, types) => {
  const { code, err } = await tandem(`config apply ${file}`, types ? { types } : {});
  expect([code, err]).toEqual([3, expect.stringContaining("tandem: ")]);
  expect(machine.value).toEqual(FAKE_SHARED);
});

test("everything that is wrong with it is said, and nothing is changed", async () => {
  writeFileSync(file, JSON.stringify({ ...with2Hours, colour: "red", leaseSeconds: 1 }));
  const { code, out, err } = await tandem(`config apply ${file} --yes`);
  expect(out).toContain("Wrong: config.json leaseSeconds");
  expect(out).toContain("Wrong: config.json colour is not a known setting");
  expect([code, err]).toEqual([1, "Refused: Nothing was changed.\n"]);
  expect(machine.wishes).toEqual([]);
});

test("somebody else was faster", async () => {
  machine.rushes = [() => ({ ...FAKE_SHARED, leaseSeconds: 600 })];
  const { code, err } = await tandem(`config apply ${file} --yes`);
  expect([code, err]).toEqual([1, expect.stringContaining("Somebody else has changed it")]);
});

test.each(["{", "7", ""])("a file with %j is no configuration", async (text) => {
  writeFileSync(file, text);
  expect((await tandem(`config apply ${file} --yes`)).code).toBe(3);
  expect((await tandem("config apply /nowhere --yes")).err).toContain("ENOENT");
  expect((await tandem("config apply")).code).toBe(3);
});

test("confirm and undo say what came of them", async () => {
  expect(await tandem("config confirm")).toMatchObject({ code: 0, out: "The change stays.\n" });
  const none = { code: 1, err: "Refused: Nothing waits to be confirmed.\n" };
  expect(await tandem("config undo")).toMatchObject(none);
});

test("history, and back to one of it", async () => {
  await tandem(`config apply ${file} --yes`);
  const { out } = await tandem("config history");
  expect(out).toMatch(/^2 +in force\n1 *\n$/);
  expect((await tandem("config back 1", { types: "yes" })).code).toBe(0);
  expect(machine.value).toEqual(FAKE_SHARED);
  expect((await tandem("config back 9 --yes")).err).toContain("There is none of this number");
  expect((await tandem("config back")).code).toBe(3);
  expect((await tandem("config sideways")).err).toContain("keep, take, confirm");
});
