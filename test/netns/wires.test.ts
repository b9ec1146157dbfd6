// The wires between the boxes: what happens when they are pulled, cut, or lead somewhere else. Real boxes, real
// cables, and an office of devices that ask all the time.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import type { LeasePage, Status } from "../../daemon/http/api-types.ts";
import { Crowd, type OfficeReport, officeEnd, officeTime } from "../support/crowd.ts";
import { condition, labProblem } from "../support/lab.ts";
import { addHost } from "../support/lab-hosts.ts";

const problem = labProblem();
let lab: RunningLab;
let crowd: Crowd;
let seed = 10;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  crowd = new Crowd(lab, await addHost(lab, "office", [{ on: "lan" }]));
  await inStep();
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterEach(async () => {
  if (problem) return;
  await lab.cmd("start all");
  for (const wire of ["pair", "lan-a", "lan-b"]) await lab.cmd(`plug ${wire}`);
  await inStep();
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

interface Seen {
  readonly state: string;
  readonly connected: boolean;
  /** The interface that the session is on, "" for none. */
  readonly on: string;
  readonly conditions: readonly string[];
}

function seen({ partner, paths, conditions }: Status): Seen {
  if (!partner.paired) throw new Error(partner.why);
  const on = paths.find(({ carriesSession }) => carriesSession)?.interface ?? "";
  const { state, connected } = partner;
  return { state, connected, on, conditions: conditions.map(({ id }) => id) };
}

const look = async (box: BoxName): Promise<Seen> => seen(await lab.boxStatus(box));

/** Until nothing is wrong. */
async function inStep(): Promise<void> {
  const goal = { state: "normal", connected: true, on: "ded0", conditions: [] };
  let both: Seen[] = [];
  try {
    await lab.waitFor("both boxes in step over the cable", async () => {
      both = [await look("a"), await look("b")];
      return both.every((one) => JSON.stringify(one) === JSON.stringify(goal));
    });
  } catch (error) {
    expect(both, (error as Error).message).toEqual([goal, goal]);
  }
}

/** Milliseconds until it is so, looked at as often as can be. */
async function until(isSo: () => Promise<boolean>, most = 10_000): Promise<number> {
  const began = officeTime();
  while (!(await isSo().catch(() => false))) {
    if (officeTime() - began > most) throw new Error(`not within ${most} ms`);
    await pause(10);
  }
  return officeTime() - began;
}

/** Forty devices that each have an address already, or are new, ask so often while something happens. */
async function whileTheyAsk(
  deed: () => Promise<void>,
  { seconds = 12, rate = 50, macs = 40, isNew = false } = {},
): Promise<OfficeReport> {
  if (isNew) seed++;
  const office = await crowd.office({ seconds, rate, macs, seed: isNew ? seed : 10 });
  if (!isNew) await pause(2000);
  await deed();
  const report = await officeEnd(lab, office);
  // A device whose turn comes while it waits does not begin anew.
  expect(report.begun).toBeGreaterThan(seconds * rate * 0.8);
  return report;
}

/** Nobody was left without an answer, and nobody got what another one has. */
function expectAllServed(report: OfficeReport): void {
  const { answered, givenUp, naks, duplicates, begun } = report;
  expect({ answered, givenUp, naks, duplicates }).toEqual({
    ...{ answered: begun, givenUp: 0, naks: 0, duplicates: 0 },
  });
}

test("an office that nothing happens to is answered in no time", async () => {
  const report = await whileTheyAsk(async () => {});
  expectAllServed(report);
  expect(report.longest).toBeLessThan(1000);
});

describe("the pair cable", () => {
  test("is pulled under load: nobody notices, the boxes stay in step over the LAN, and say so within a second", async () => {
    const states = new Set<string>();
    const report = await whileTheyAsk(async () => {
      await lab.cmd("unplug pair");
      const said = await until(async () => {
        for (const box of ["a", "b"] as const) states.add((await look(box)).state);
        const both = [
          await condition(lab, "pair-cable", "a"),
          await condition(lab, "pair-cable", "b"),
        ];
        return both.every((one) => one !== undefined);
      });
      expect(said).toBeLessThan(1000);
      const { sentence, advice } = (await condition(lab, "pair-cable")) ?? {};
      expect(sentence).toBe(
        "The pair cable has no carrier at this box: the boxes speak over the LAN lan, and nothing else changes.",
      );
      expect(advice).toContain("replace it");
      for (let turn = 0; turn < 20; turn++, await pause(100)) {
        for (const box of ["a", "b"] as const) {
          const { state, on } = await look(box);
          states.add(state);
          if (turn > 10) expect(on).toBe("lan0");
        }
      }
      await lab.cmd("plug pair");
      await until(async () => (await look("a")).on === "ded0" && (await look("b")).on === "ded0");
      for (const box of ["a", "b"] as const) states.add((await look(box)).state);
      expect(await condition(lab, "pair-cable")).toBeUndefined();
    });
    expectAllServed(report);
    expect([...states]).toEqual(["normal"]);
  });

  test("lets nothing through although it has carrier: the same, a little later", async () => {
    const report = await whileTheyAsk(async () => {
      await whileDropped(["a-ded0", "b-ded0"], async () => {
        await until(async () => (await look("a")).on === "lan0" && (await look("b")).on === "lan0");
        expect((await look("a")).state).toBe("normal");
      });
      await until(async () => (await look("a")).on === "ded0");
    });
    expectAllServed(report);
  });

  test("carries one direction only: seen as such, and gone round", async () => {
    const verdict = async (box: BoxName) =>
      (await lab.boxStatus(box)).paths.find((path) => path.interface === "ded0")?.verdict;
    await whileDropped(["a-ded0"], async () => {
      await until(async () => (await look("a")).on === "lan0" && (await look("b")).on === "lan0");
      await until(async () => (await verdict("a")) === "mute" && (await verdict("b")) === "silent");
      const { sentence } = (await condition(lab, "pair-cable", "a")) ?? {};
      expect(sentence).toContain("carries what the partner says, and not what this box says");
      expect([(await look("a")).state, (await look("b")).state]).toEqual(["normal", "normal"]);
    });
  });
});

/** What comes from these ends of cables is dropped by the switch. */
async function whileDropped(ends: readonly string[], deed: () => Promise<void>): Promise<void> {
  const rule = `iifname { ${ends.join(", ")} } drop`;
  const chain = `chain c { type filter hook forward priority 0; ${rule}; }`;
  await lab.exec("lab", ["nft", `table bridge cut { ${chain}; }`]);
  try {
    await deed();
  } finally {
    await lab.exec("lab", ["nft", "delete table bridge cut"]);
  }
}

describe("a LAN", () => {
  test("is pulled at one box: the other one answers all of it within a second, and gives it back", async () => {
    const report = await whileTheyAsk(async () => {
      await lab.cmd("unplug lan-a");
      const said = await until(async () =>
        (await look("b")).conditions.includes("partner-lan-down"),
      );
      expect(said).toBeLessThan(1000);
      await pause(3000);
      expect([(await look("a")).state, (await look("b")).state]).toEqual(["normal", "normal"]);
      await lab.cmd("plug lan-a");
      await until(async () => (await look("b")).conditions.length === 0);
    });
    expectAllServed(report);
    expect(report.longest).toBeLessThan(1500);
  });
});

/** A second switch, a port for it at each box, and what both configurations have to say of it. */
async function addSecondLan(): Promise<void> {
  const lines = [
    "ip link add guests type bridge stp_state 0 forward_delay 0 mcast_snooping 0 && ip link set guests up",
  ];
  for (const [box, end] of [
    ["a", 2],
    ["b", 3],
  ] as const) {
    lines.push(
      `ip link add ${box}-lan1 type veth peer name lan1 netns ${box} && ip link set ${box}-lan1 master guests up`,
      `ip -n ${box} addr add 10.78.0.${end}/24 dev lan1 && ip -n ${box} link set lan1 up`,
    );
  }
  await lab.exec("lab", ["sh", "-c", lines.join(" && ")]);
  const edit = (
    box: BoxName,
    file: string,
    change: (config: { networks: unknown }) => void,
  ): void => {
    const name = join(lab.boxDir(box), file);
    const config = JSON.parse(readFileSync(name, "utf8")) as { networks: unknown };
    change(config);
    writeFileSync(name, JSON.stringify(config));
  };
  // What both share goes to the other box by itself; the ports are each box's own.
  edit("a", "config.json", (config) => {
    const pools = [{ from: "10.78.0.100", to: "10.78.0.199" }];
    (config.networks as unknown[]).push({ name: "guests", subnet: "10.78.0.0/24", pools });
  });
  await lab.waitFor("the new network at box b", async () =>
    readFileSync(join(lab.boxDir("b"), "config.json"), "utf8").includes("guests"),
  );
  for (const [box, end] of [
    ["a", 2],
    ["b", 3],
  ] as const) {
    edit(box, "box.json", (config) => {
      Object.assign(config.networks as object, {
        guests: { interface: "lan1", address: `10.78.0.${end}/24` },
      });
    });
  }
  await lab.waitFor("the new network at both boxes", async () => {
    const both = [await lab.boxStatus("a"), await lab.boxStatus("b")];
    return both.every(({ paths }) =>
      paths.some((path) => path.lan === "guests" && path.verdict === "up"),
    );
  });
}

describe("a box is busy", () => {
  /** It does nothing at all for so long, as one whose disk or memory keeps it waiting. */
  async function freeze(box: BoxName, milliseconds: number): Promise<void> {
    const pid = `${(await lab.status()).boxes[box].services.tandemd.pid}`;
    await lab.exec("lab", ["kill", "-STOP", pid]);
    await pause(milliseconds);
    await lab.exec("lab", ["kill", "-CONT", pid]);
  }

  test("for a second and a half: its partner answers everybody, and neither leaves NORMAL", async () => {
    const states = new Set<string>();
    const report = await whileTheyAsk(async () => {
      const frozen = freeze("a", 1500);
      for (let turn = 0; turn < 14; turn++, await pause(100)) states.add((await look("b")).state);
      await frozen;
      for (const box of ["a", "b"] as const) states.add((await look(box)).state);
    });
    expect([...states]).toEqual(["normal"]);
    expectAllServed(report);
    expect(report.longest).toBeLessThan(2500);
  });

  test("for longer than a box can be: it counts as gone, and is taken in again", async () => {
    const report = await whileTheyAsk(async () => {
      const frozen = freeze("a", 5000);
      await until(async () => (await look("b")).state === "communications-interrupted", 4500);
      await frozen;
    });
    expectAllServed(report);
  });
});

describe("a box loses its power", () => {
  test("the other one serves everybody within a second, and takes it back in when it returns", async () => {
    let cutAt = 0;
    const report = await whileTheyAsk(
      async () => {
        cutAt = officeTime();
        await lab.cmd("power-cut a");
        await until(async () => (await look("b")).state === "communications-interrupted");
        await pause(3000);
        await lab.cmd("start a");
        await until(async () => (await look("b")).state === "normal", 20_000);
      },
      { seconds: 16 },
    );
    expectAllServed(report);
    // Whoever asked the dead box asks again, after a second here; the first of them gets an answer then.
    const late = report.waits.filter(
      ([begun, wait]) => begun + wait > cutAt + 1000 && begun < cutAt + 8000,
    );
    expect(late.filter(([, wait]) => wait > 2200)).toEqual([]);
    const books = await Promise.all(
      (["a", "b"] as const).map(async (box) => {
        const { leases } = await lab.api<LeasePage>(box, "/api/v1/leases?state=active&limit=500");
        return leases.map(({ address, mac }) => `${address} ${mac}`);
      }),
    );
    expect(books[0]).toEqual(books[1]);
  });

  test("a new device that comes after the cut has an address within a second of it", async () => {
    let cutAt = 0;
    const waiting = whileTheyAsk(
      async () => {
        cutAt = officeTime();
        await lab.cmd("power-cut a");
      },
      { seconds: 3, rate: 8, macs: 24, isNew: true },
    );
    const report = await waiting;
    expect(report.duplicates).toBe(0);
    // Two thirds of a second until it is certain; a device that is too early asks again after a second.
    const firstLate = report.waits.filter(([begun, wait]) => begun + wait > cutAt);
    expect(Math.max(0, ...firstLate.map(([, wait]) => wait))).toBeLessThan(2200);
    expect(report.answered).toBe(report.begun);
  });
});

test("the cable is moved to another port that is marked for it: the session follows", async () => {
  await lab.cmd("kill a");
  const board = { version: 1, model: "Virtual", serial: "LAB-A", pairPorts: ["ded0", "ded1"] };
  writeFileSync(join(lab.boxDir("a"), "board.json"), JSON.stringify(board));
  const wire = async (...words: string[]) => lab.exec("lab", ["ip", "link", ...words]);
  await wire(..."add a-ded1 type veth peer name ded1 netns a".split(" "));
  await lab.exec("lab", ["ip", "-n", "a", "link", "set", "ded1", "up"]);
  await lab.cmd("start a");
  await inStep();
  await wire("set", "a-ded0", "down");
  await wire("set", "a-ded1", "master", "pair", "up");
  const states = new Set<string>();
  await until(async () => {
    const [a, b] = [await look("a"), await look("b")];
    for (const { state } of [a, b]) states.add(state);
    return a.on === "ded1" && b.on === "ded0" && a.conditions.length + b.conditions.length === 0;
  });
  expect([...states]).toEqual(["normal"]);
  await wire("set", "a-ded1", "down");
  await wire("set", "a-ded0", "up");
});

// The last one: a second LAN does not outlive a power cut.
test("one LAN of two is pulled at one box: on the other LAN both go on", async () => {
  expect((await look("a")).state).toBe("normal");
  await addSecondLan();
  const counted = async (box: BoxName): Promise<number> =>
    (await lab.boxStatus(box)).networks.find(({ name }) => name === "guests")?.counters[
      "sent-ack"
    ] ?? 0;
  const guests = new Crowd(lab, await addHost(lab, "guests", [{ on: "guests" }]));
  await lab.cmd("unplug lan-a");
  await until(async () => (await look("b")).conditions.includes("partner-lan-down"));
  const before = [await counted("a"), await counted("b")];
  const office = await guests.office({ seconds: 4, rate: 20, macs: 40, seed: 77 });
  expectAllServed(await officeEnd(lab, office));
  const after = [await counted("a"), await counted("b")];
  for (const index of [0, 1])
    expect((after[index] ?? 0) - (before[index] ?? 0)).toBeGreaterThan(10);
});
