// Everything that hostile machines can send to the ports of a pair, on the LAN and on the cable: both boxes stay in
// step and answer, nothing grows, and everything is counted with its reason.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { get } from "../../board/virtual/ask.ts";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import type { AttackPlan } from "../support/attacker.ts";
import { Crowd, type OfficeReport, officeEnd } from "../support/crowd.ts";
import { labProblem, repository } from "../support/lab.ts";
import { addHost, type Background, type Host } from "../support/lab-hosts.ts";

const PORT = 8647;
const BOXES = ["a", "b"] as const;
/** What is made once and kept is made in the first one; it does not count. */
const ROUNDS = [0, 1, 2];
const LAST_WARM_UP = 0;
/** Of one round: each attack lasts one second. */
const ROUND_SECONDS = 16;
/** So long nothing changes when the boxes are at rest. */
const REST_MILLISECONDS = 3000;
/** Of what is in use: two rounds are thousands of connections, each of which would leave more than a kilobyte. */
const GROWTH_MAX = 2 << 20;
/** What the system counts goes up and down with the garbage that waits; a leak outside of the heap is seen here. */
const RESIDENT_GROWTH_MAX = 48 << 20;

const problem = labProblem();
let lab: RunningLab;
let crowd: Crowd;
let attackers: readonly Attacker[] = [];
const lan = (): Attacker => attackers[0] as Attacker;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  crowd = new Crowd(lab, await addHost(lab, "office", [{ on: "lan" }]));
  attackers = [
    new Attacker(await addHost(lab, "evil", [{ on: "lan" }]), "lan0"),
    new Attacker(await addHost(lab, "evilpair", [{ on: "pair" }]), "ded0"),
  ];
  await lab.waitFor("both boxes in step", async () => (await look()).every(isFine));
  await Promise.all(attackers.map((attacker) => attacker.prepare()));
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

/** State and connection of both boxes, as each says it. */
async function look(): Promise<string[]> {
  return await Promise.all(
    BOXES.map(async (box) => {
      const { partner } = await lab.boxStatus(box);
      return partner.paired ? `${partner.state} ${partner.connected}` : partner.why;
    }),
  );
}

const isFine = (one: string): boolean => one === "normal true";

/** Figures of the process, without "tandem_process_". */
async function figures(box: BoxName): Promise<Record<string, number>> {
  const { body } = await get(lab.socket(box), "/metrics");
  const lines = body.matchAll(/^tandem_process_(\w+) (\S+)$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name, Number(value)]));
}

interface Usage {
  /** Bytes in use, after garbage was collected. */
  readonly live: number;
  readonly resident: number;
  readonly files: number;
}

async function processOf(box: BoxName): Promise<number> {
  return (await lab.status()).boxes[box].services.tandemd.pid as number;
}

async function filesOf(pid: number): Promise<number> {
  return (await lab.exec("lab", ["ls", `/proc/${pid}/fd`])).trim().split("\n").length;
}

/** While the boxes go from the LAN back to the cable, which they do after a deluge, each has a connection less. */
async function rest(): Promise<number[]> {
  const pids = await Promise.all(BOXES.map(processOf));
  let seen: number[] = [];
  for (let since = Date.now(); Date.now() - since < REST_MILLISECONDS; await pause(100)) {
    const now = await Promise.all(pids.map(filesOf));
    if (now.join() === seen.join() && (await look()).every(isFine)) continue;
    seen = now;
    since = Date.now();
  }
  return seen;
}

async function usage(box: BoxName): Promise<Usage> {
  const { box: own } = await lab.boxStatus(box);
  const pid = await processOf(box);
  const program = `${repository}/test/support/live-memory.ts`;
  const live = Number(await lab.exec(box, [process.execPath, program, `${pid}`]));
  // The inspector's connection is closed a moment after its program has ended.
  await pause(500);
  return { live, resident: own.memoryBytes, files: await filesOf(pid) };
}

class Attacker {
  readonly host: Host;
  /** Port of the boxes on this wire. */
  readonly #port: string;
  #plan = "";

  constructor(host: Host, port: string) {
    this.host = host;
    this.#port = port;
  }

  /** Learns the addresses of the boxes there, takes some, and records what they say. */
  async prepare(): Promise<void> {
    const own = Array.from({ length: 100 }, (_, one) => `fe80::bad:${one + 1}`);
    const lines = own.map((each) => `address add ${each}/64 dev eth0 nodad`).join("\n");
    await this.host.run(["ip", "-6", "-batch", this.host.write("addresses", lines)]);
    const boxes = await Promise.all(
      BOXES.map(async (box) => {
        const shown = await lab.exec(box, ["ip", "-6", "-o", "addr", "show", "dev", this.#port]);
        return /inet6 (fe80:[0-9a-f:]+)/.exec(shown)?.[1] ?? "";
      }),
    );
    const recording = this.host.write("beacons", "");
    await this.#node("recorder.ts", ["eth0", `${PORT}`, recording, "4"]);
    await pause(5000);
    const plan: AttackPlan = {
      ...{ interfaceName: "eth0", boxes, own, port: PORT, recording },
      seed: Number(process.env.SEED ?? 20260819),
    };
    this.#plan = this.host.write("plan.json", JSON.stringify(plan));
  }

  attack(): Promise<Background> {
    return this.#node("attacker.ts", [this.#plan, "1"]);
  }

  /** Asks for connections, and does not hear the answers. */
  async halfOpen(): Promise<Background> {
    const rule = "tcp flags & (syn | ack) == syn | ack drop";
    const chain = `chain c { type filter hook input priority 0; ${rule}; }`;
    await this.host.run(["nft", `table ip6 deaf { ${chain}; }`]);
    return this.#node("attacker.ts", [this.#plan, "3", "tcp-silent"]);
  }

  #node(program: string, args: readonly string[]): Promise<Background> {
    const script = `${repository}/test/support/${program}`;
    return this.host.start([process.execPath, script, ...args]);
  }
}

function expectAllAnswered({ answered, givenUp, naks, duplicates, begun }: OfficeReport): void {
  expect({ answered, givenUp, naks, duplicates }).toEqual({
    ...{ answered: begun, givenUp: 0, naks: 0, duplicates: 0 },
  });
}

/** All attacks on both wires at once, while an office works; returns what the boxes said meanwhile. */
async function round(): Promise<{ report: OfficeReport; seen: Set<string> }> {
  const plan = { seconds: ROUND_SECONDS, rate: 30, macs: 60, seed: 10 };
  const office = await crowd.office(plan);
  const attacks = await Promise.all(attackers.map((attacker) => attacker.attack()));
  const seen = new Set<string>();
  for (const attack of attacks) {
    while (await attack.isRunning()) {
      for (const one of await look()) seen.add(one);
      await pause(100);
    }
    expect(JSON.parse(attack.printed), "what was sent").toMatchObject({
      garbage: expect.any(Number),
      "tls-garbage": expect.any(Number),
    });
  }
  return { report: await officeEnd(lab, office), seen };
}

test("hostile machines on both wires change nothing, and nothing grows", {
  timeout: 240_000,
}, async () => {
  const before: Usage[] = [];
  for (const number of ROUNDS) {
    const { report, seen } = await round();
    expect([...seen]).toEqual(["normal true"]);
    expectAllAnswered(report);
    if (number === LAST_WARM_UP) {
      await rest();
      before.push(...(await Promise.all(BOXES.map(usage))));
    }
  }
  await rest();
  const after = await Promise.all(BOXES.map(usage));
  process.stdout.write(`  ${JSON.stringify({ before, after })}\n`);
  expect(after.map(({ files }) => files)).toEqual(before.map(({ files }) => files));
  after.forEach(({ live, resident }, index) => {
    expect(live - (before[index]?.live ?? 0)).toBeLessThan(GROWTH_MAX);
    expect(resident - (before[index]?.resident ?? 0)).toBeLessThan(RESIDENT_GROWTH_MAX);
  });
  await expectCounted();
});

test.each([
  ["the LAN", 0, ["up"]],
  // They speak over the LAN then, if it comes to that.
  ["the cable", 1, undefined],
])("a deluge on %s drowns neither the session nor the devices", async (_, wire, cable) => {
  const program = join(lab.folder, "deluge");
  const source = new URL("../support/deluge.c", import.meta.url).pathname;
  const flags = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", [...flags, "-o", program, source], { stdio: "inherit" });
  const office = await crowd.office({ seconds: 8, rate: 30, macs: 60, seed: 10 });
  const { host } = attackers[wire] as Attacker;
  const deluge = await host.start([program, "eth0", `${PORT}`, "60", "50000", "6"]);
  const seen = new Set<string>();
  const verdicts = new Set<string>();
  while (await deluge.isRunning()) {
    for (const one of await look()) seen.add(one);
    for (const box of BOXES) {
      const { paths } = await lab.boxStatus(box);
      for (const path of paths) if (path.interface === "ded0") verdicts.add(path.verdict);
    }
    await pause(100);
  }
  expectAllAnswered(await officeEnd(lab, office));
  process.stdout.write(`  ${deluge.printed.trim()} datagrams, cable ${[...verdicts].join()}\n`);
  expect([...seen]).toEqual(["normal true"]);
  if (cable) expect([...verdicts]).toEqual(cable);
});

test("connections that are never finished, from a hundred addresses, open nothing", async () => {
  const before = await rest();
  const attack = await lan().halfOpen();
  for (const end = Date.now() + 4000; Date.now() < end; await pause(100)) {
    expect((await look()).every(isFine)).toBe(true);
    const now = await Promise.all((await Promise.all(BOXES.map(processOf))).map(filesOf));
    now.forEach((files, index) => void expect(files).toBeLessThanOrEqual(before[index] ?? 0));
  }
  const after = await rest();
  await attack.stop();
  expect(after).toEqual(before);
});

/** Legend: what was done to the boxes, by the names that /metrics has for it. */
const REASONS = [
  "disregarded_unreadable",
  "disregarded_badly_signed",
  "disregarded_repeated",
  "disregarded_stranger",
  "disregarded_too_many",
  "insecure_no_tls",
  "insecure_no_key",
  "insecure_broke_off",
  "other_key",
  "introduction_unwelcome",
  "surplus",
  "too_often",
];

async function expectCounted(): Promise<void> {
  for (const box of BOXES) {
    const counted = await figures(box);
    process.stdout.write(`  ${box}: ${JSON.stringify(counted)}\n`);
    const missing = REASONS.filter((reason) => !((counted[`pair_${reason}`] ?? 0) > 0));
    expect(missing, `not counted at box ${box}`).toEqual([]);
  }
}
