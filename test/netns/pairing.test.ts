// Two real boxes become a pair: over the cable that joins them, with people who compare six digits.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import type { CertificateView } from "../../daemon/http/api-certificate.ts";
import type { Done, PairingView, Problem } from "../../daemon/http/api-types.ts";
import { Crowd, officeEnd, officeTime } from "../support/crowd.ts";
import { labProblem } from "../support/lab.ts";
import { addHost, addSwitch } from "../support/lab-hosts.ts";

const problem = labProblem();
let lab: RunningLab | undefined;

beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterEach(async () => {
  await lab?.stop();
  lab = undefined;
});

/** "new": box b has no networks yet; "alone": both are as one factory made them, with its networks, and box b stands by. */
async function start(kind: "new" | "alone" | "pair" = "new"): Promise<RunningLab> {
  lab = await startLab({ clients: 0, new: kind === "new", alone: kind === "alone" });
  return lab;
}

const pairingOf = (on: RunningLab, box: BoxName): Promise<PairingView> =>
  on.api<PairingView>(box, "/api/v1/pairing");

/** What a person says at a box; the sentence that they are told. */
function say(on: RunningLab, box: BoxName, what: string, body: unknown = {}): Promise<string> {
  const options = { socketPath: on.socket(box), path: `/api/v1/pairing/${what}`, method: "POST" };
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request({ ...options, headers }, (answer) => {
      let text = "";
      answer.on("data", (piece) => {
        text += piece;
      });
      answer.on("end", () => {
        const { sentence, detail } = JSON.parse(text) as Partial<Done & Problem>;
        resolve(sentence ?? detail ?? "");
      });
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}

/** The command line at a box, as a person over SSH has it. */
async function tandem(on: RunningLab, box: BoxName, ...words: string[]): Promise<string> {
  const cli = join(on.folder, "program", "dist", "tandem.js");
  const argv = [join(on.folder, "program", "node"), cli, "--socket", on.socket(box), ...words];
  const { out, err } = await on.try(["exec", box, ...argv]);
  return out + err;
}

async function untilDigits(on: RunningLab, box: BoxName): Promise<string> {
  await on.waitFor(`digits at box ${box}`, async () => (await pairingOf(on, box)).digits !== null);
  return (await pairingOf(on, box)).digits ?? "";
}

/** One person says it by the page's way, the other one on the command line. */
async function confirmBoth(on: RunningLab): Promise<void> {
  const digits = await untilDigits(on, "a");
  expect(await untilDigits(on, "b")).toBe(digits);
  expect(digits).toMatch(/^\d{6}$/);
  expect(await say(on, "a", "confirm", { digits })).toBe("Confirmed on this box.");
  expect(await tandem(on, "b", "pair", "confirm", digits)).toContain("Confirmed on this box.");
}

async function untilInStep(on: RunningLab): Promise<void> {
  let both: unknown[] = [];
  const goal = Array(2).fill({ inStep: true, role: "serving", conditions: [] });
  await on
    .waitFor("both boxes serving, in step", async () => {
      both = [await seen(on, "a"), await seen(on, "b")];
      return JSON.stringify(both) === JSON.stringify(goal);
    })
    .catch((error) => expect(both, String(error)).toEqual(goal));
}

async function seen(on: RunningLab, box: BoxName) {
  const { partner, role, conditions } = await on.boxStatus(box);
  const inStep = partner.paired && partner.inStep;
  return { inStep, role, conditions: conditions.map(({ sentence }) => sentence) };
}

/** By its fingerprint. */
async function authorityOf(on: RunningLab, box: BoxName): Promise<string | undefined> {
  const { authority } = await on.api<CertificateView>(box, "/api/v1/certificate");
  return authority?.fingerprint;
}

const fileOf = (on: RunningLab, box: BoxName, name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(on.boxDir(box), name), "utf8"));

test("whoever trusts the authority of the box that gives goes on doing so, and trusts the other one", async () => {
  const on = await start("alone");
  await on.cmd("unplug pair");
  await on.waitFor("an authority each", async () => {
    const [a, b] = [await authorityOf(on, "a"), await authorityOf(on, "b")];
    return a !== undefined && b !== undefined && a !== b;
  });
  const trusted = await authorityOf(on, "a");
  await on.cmd("plug pair");
  await confirmBoth(on);
  await untilInStep(on);
  await on.waitFor("one authority", async () => (await authorityOf(on, "b")) === trusted);
  await pause(3000);
  expect([await authorityOf(on, "a"), await authorityOf(on, "b")]).toEqual([trusted, trusted]);
});

test.each([
  ["a box without networks beside one that serves", "new"],
  ["two boxes as the factory made them, of which one was switched on to serve", "alone"],
] as const)(
  "%s, the cable in: both serve within a minute, and all devices are answered meanwhile",
  async (_, kind) => {
    const on = await start(kind);
    await on.cmd("unplug pair");
    const crowd = new Crowd(on, await addHost(on, "office", [{ on: "lan" }]));
    await on.waitFor("box a serving", async () => (await on.boxStatus("a")).state === "fine");
    const office = await crowd.office({ seconds: 14, rate: 50, macs: 40, seed: 5 });
    const began = officeTime();
    await pause(500);
    await on.cmd("plug pair");
    await confirmBoth(on);
    await untilInStep(on);
    expect(officeTime() - began).toBeLessThan(60_000);
    const { begun, answered, givenUp, naks, duplicates, longest } = await officeEnd(on, office);
    expect({ answered, givenUp, naks, duplicates }).toEqual({
      ...{ answered: begun, givenUp: 0, naks: 0, duplicates: 0 },
    });
    expect(begun).toBeGreaterThan(500);
    // Between the moments at which the one and the other box begins to share, a device may have to ask once more.
    expect(longest).toBeLessThan(1500);
    for (const box of ["a", "b"] as const) {
      const { stages, paired, refusal } = await pairingOf(on, box);
      expect([paired, refusal]).toEqual([true, null]);
      expect(stages.map(({ state }) => state)).toEqual(Array(8).fill("done"));
    }
    expect(fileOf(on, "b", "config.json")).toEqual(fileOf(on, "a", "config.json"));
    expect(fileOf(on, "b", "box.json")).toMatchObject({ name: "B", role: "serving" });
  },
);

test("somebody in between has other digits on either side, and gets no pair", async () => {
  const on = await start();
  await on.cmd("unplug pair");
  // Box b's end of the cable leads to one ear of the third party, box a's to another one.
  await addSwitch(on, "other");
  await on.exec("lab", ["ip", "link", "set", "b-ded0", "master", "other"]);
  const ears = [
    await addHost(on, "eara", [{ on: "pair" }]),
    await addHost(on, "earb", [{ on: "other" }]),
  ];
  for (const ear of ears) {
    const folder = ear.folder;
    for (const name of ["state", "run"]) mkdirSync(join(folder, name));
    const files = {
      "config.json": { version: 1, networks: [] },
      "box.json": { version: 1, name: "ear", role: "standby", networks: {} },
      "board.json": { version: 1, model: "Virtual", serial: ear.name, pairPorts: ["eth0"] },
    };
    for (const [name, content] of Object.entries(files)) ear.write(name, JSON.stringify(content));
    const program = join(on.folder, "program");
    const folders = [
      "--config",
      folder,
      "--state",
      join(folder, "state"),
      "--run",
      join(folder, "run"),
    ];
    await ear.start([join(program, "node"), join(program, "dist", "tandemd.js"), ...folders]);
  }
  await on.cmd("plug pair");
  const [ofA, ofB] = [await untilDigits(on, "a"), await untilDigits(on, "b")];
  expect(ofA).not.toBe(ofB);
  expect(await say(on, "a", "confirm", { digits: ofB })).toContain("not the digits");
  expect(await say(on, "b", "differ")).toBe("Pairing was stopped, and nothing was changed.");
  const { refusal } = await pairingOf(on, "b");
  expect(refusal).toMatchObject({ loud: true });
  expect(fileOf(on, "b", "box.json").pair).toBeUndefined();
  expect(fileOf(on, "a", "box.json").pair).toBeUndefined();
});

describe("two boxes that were set up differently", () => {
  test("show the difference, and both have what a person chooses", async () => {
    const on = await start();
    await on.cmd("unplug pair");
    const networks = fileOf(on, "a", "config.json").networks as Record<string, unknown>[];
    const shared = {
      version: 1,
      networks: networks.map((one) => ({ ...one, leaseSeconds: 7200 })),
    };
    const lan = { interface: "lan0", address: "10.77.0.3/24" };
    const own = { version: 1, name: "Second", role: "serving", networks: { lan } };
    const write = (name: string, content: unknown) =>
      writeFileSync(join(on.boxDir("b"), name), JSON.stringify(content));
    write("config.json", shared);
    write("box.json", own);
    await on.waitFor("box b serving", async () => (await on.boxStatus("b")).role === "serving");
    await on.cmd("plug pair");
    await confirmBoth(on);
    await on.waitFor("the question", async () => (await pairingOf(on, "b")).question !== null);
    expect((await pairingOf(on, "b")).question?.differences).toEqual([
      "networks[lan].leaseSeconds: 7200 here, 3600 on the other box",
      'gateway: (not set) here, {"wan":{"address":"10.79.0.1/24","router":"10.79.0.9"}} on the other box',
    ]);
    expect(await tandem(on, "b", "pair", "choose", "take")).toContain("configuration of the other");
    await untilInStep(on);
    expect(fileOf(on, "b", "config.json")).toEqual(fileOf(on, "a", "config.json"));
    expect(fileOf(on, "b", "config.json").networks).toMatchObject([{ leaseSeconds: 3600 }]);
    expect(fileOf(on, "b", "box.json")).toMatchObject({ name: "Second", networks: { lan } });
  });
});

test("a dead box is replaced: a new one takes its place, and the other one serves all the time", async () => {
  const on = await start("pair");
  await untilInStep(on);
  const before = fileOf(on, "a", "box.json");
  await on.cmd("power-cut b");
  // Another box, as it comes out of its package.
  for (const name of ["state", "run"]) {
    rmSync(join(on.boxDir("b"), name), { recursive: true });
    mkdirSync(join(on.boxDir("b"), name));
  }
  const write = (name: string, content: unknown) =>
    writeFileSync(join(on.boxDir("b"), name), JSON.stringify(content));
  write("config.json", { version: 1, networks: [] });
  write("box.json", { version: 1, name: "new", role: "standby", networks: {} });
  const crowd = new Crowd(on, await addHost(on, "office", [{ on: "lan" }]));
  const office = await crowd.office({ seconds: 8, rate: 40, macs: 40, seed: 6 });
  await on.cmd("start b");
  await confirmBoth(on);
  // What the dead box promised last, nobody knows: the new one learns all, and waits for that to be over.
  await on.waitFor("the new box that knows all leases", async () => {
    const { conditions } = await on.boxStatus("b");
    return conditions.some(({ id }) => id === "pair-waiting");
  });
  expect((await pairingOf(on, "b")).sentence).toContain("brought to the same state");
  const { begun, answered, duplicates } = await officeEnd(on, office);
  expect([answered, duplicates]).toEqual([begun, 0]);
  const pairs = [before.pair, fileOf(on, "a", "box.json").pair] as Record<string, unknown>[];
  expect(pairs[1]?.role).toBe(pairs[0]?.role);
  expect(pairs[1]?.partnerIdentity).not.toBe(pairs[0]?.partnerIdentity);
});

test("the pair is ended: the box where it is said serves on, the other one answers nobody", async () => {
  const on = await start("pair");
  await untilInStep(on);
  expect(await tandem(on, "b", "unpair", "--yes")).toContain("goes on serving");
  await on.waitFor("the end of the pair", async () => {
    const [a, b] = [await on.boxStatus("a"), await on.boxStatus("b")];
    return a.role === "standby" && b.role === "serving" && b.state === "fine";
  });
  for (const box of ["a", "b"] as const) {
    expect(fileOf(on, box, "box.json").pair).toBeUndefined();
    expect((await on.boxStatus(box)).partner.paired).toBe(false);
  }
});

describe("refused, with what to do", () => {
  test("a box of another model", async () => {
    const on = await start();
    await on.cmd("kill b");
    const board = { version: 1, model: "Other", serial: "LAB-B", pairPorts: ["ded0"] };
    writeFileSync(join(on.boxDir("b"), "board.json"), JSON.stringify(board));
    await on.cmd("start b");
    await on.waitFor("the refusal", async () => (await pairingOf(on, "a")).refusal !== null);
    const { refusal, digits } = await pairingOf(on, "a");
    expect(digits).toBeNull();
    expect(refusal?.sentence).toBe(
      "The boxes are of different models: this one is Virtual, the other one Other.",
    );
    expect(refusal?.advice).toContain("same model");
  });

  test("a box that speaks another version", async () => {
    const on = await start();
    await on.cmd("unplug pair");
    await on.cmd("kill b");
    await on.cmd("plug pair");
    // As the beacon of a later version may look: of what follows its number nothing is known.
    const host = await addHost(on, "later", [{ on: "pair" }]);
    const script = `
      const socket = require("node:dgram").createSocket("udp6");
      const beacon = Buffer.concat([Buffer.from("TNDM"), Buffer.from([2]), Buffer.alloc(200, 7)]);
      setInterval(() => socket.send(beacon, 8647, "ff12::7464:6d%eth0", () => {}), 200);`;
    const program = host.write("later.cjs", script);
    await host.start([join(on.folder, "program", "node"), program]);
    const said = async () => {
      const { conditions } = await on.boxStatus("a");
      return conditions.find(({ id }) => id === "pair-other-version");
    };
    await on.waitFor("word of the other version", async () => (await said()) !== undefined);
    expect((await said())?.sentence).toBe(
      "The box at the other end of the cable in ded0 speaks another version of Tandem than this one.",
    );
    expect((await said())?.advice).toContain("same version");
    await on.cmd("unplug pair");
    await on.waitFor("the end of it", async () => (await said()) === undefined);
  });

  test("a copy of this box's own disk", async () => {
    const on = await start();
    await on.waitFor("the key of box a", async () => (await pairingOf(on, "a")).found !== null);
    await on.cmd("kill b");
    const key = readFileSync(join(on.boxDir("a"), "state", "key"));
    writeFileSync(join(on.boxDir("b"), "state", "key"), key);
    await on.cmd("start b");
    const sentence = "What is at the other end has the key of this very box.";
    // The box that it was before is not heard any more, and forgotten, a few seconds later.
    await on.waitFor("the refusal", async () => {
      return (await pairingOf(on, "a")).refusal?.sentence === sentence;
    });
    const { refusal } = await pairingOf(on, "a");
    expect(refusal?.advice).toContain("remove the file named key");
  });
});
