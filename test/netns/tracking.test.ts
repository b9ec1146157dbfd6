// Connections whose addresses are translated, through a gateway that moves between two real boxes with real keepalived and
// conntrackd. One on which only the server says anything breaks at once at a box that does not know it: that box takes
// what comes for its own. That it does so without conntrackd is shown here too, or the rest would show nothing.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import { type BoxName, boxNames, plan } from "../../board/virtual/topology.ts";
import { labProblem, repository } from "../support/lab.ts";
import { addHost, type Background, type Host } from "../support/lab-hosts.ts";
import { gatewayOf, untilSettled } from "../support/outage.ts";

const PORT = 7777;
const DEVICE = "10.77.0.50";
/** Of each flow, which end is the only one to speak. Whether one breaks is a matter of which packet comes first. */
const SPEAKERS = ["server", "server", "server", "client"] as const;
const SNAT = `snat to ${plan.wan.virtual}`;
const script = `${repository}/test/support/tcp-tick.ts`;
const missing = ["conntrackd", "conntrack", "nft"].find((name) => !existsSync(`/usr/sbin/${name}`));
const problem = labProblem() || (missing && `${missing} is not installed`);

let lab: RunningLab;
let host: Host;
let active: BoxName;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  host = await addHost(lab, "probe", [{ on: "lan", addresses: [`${DEVICE}/24`] }]);
  await host.run(["ip", "route", "add", "default", "via", plan.lan.gateway]);
  for (const box of boxNames) await translate(box);
  const line = `"$0" "$1" server ${PORT} >"$2" 2>&1 & echo`;
  await lab.exec("wan", ["sh", "-c", line, process.execPath, script, serverLog()]);
});
beforeEach(async (context) => {
  if (problem) context.skip(problem);
  active = await untilSettled(lab);
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

const serverLog = (): string => join(lab.folder, "hosts", "server.log");
const other = (box: BoxName): BoxName => (box === "a" ? "b" : "a");

/** As the firewall of a box would: devices are seen outside with the address that moves. */
async function translate(box: BoxName, verb = SNAT): Promise<void> {
  const rule = `oifname "wan0" ip saddr ${plan.lan.subnet} ${verb}`;
  const chain = `chain post { type nat hook postrouting priority 100; ${rule}; };`;
  await lab.exec(box, ["nft", `table ip nat; delete table ip nat; table ip nat { ${chain} };`]);
}

async function tandem(box: BoxName, ...words: string[]): Promise<string> {
  const cli = join(lab.folder, "program", "dist", "tandem.js");
  const argv = [process.execPath, cli, "--socket", lab.socket(box), ...words];
  return await lab.exec(box, argv);
}

/** A box that has just let go of the gateway learns all connections anew: not before it has. */
async function handOver(count: number): Promise<void> {
  const from = active;
  await untilKept();
  await lab.waitFor("the partner knows them", async () => (await known(other(from))) >= count);
  await tandem(from, "handover", "--yes");
  active = await untilSettled(lab);
  expect(active).toBe(other(from));
}

async function cutPower(box: BoxName): Promise<void> {
  await lab.cmd(`power-cut ${box}`);
  await lab.waitFor("the other box has the gateway", async () => {
    return (await gatewayOf(lab, other(box)))?.role === "active";
  });
}

async function untilKept(): Promise<void> {
  await lab.waitFor("both boxes keep connections in step", async () => {
    const both = await Promise.all(boxNames.map((box) => gatewayOf(lab, box)));
    return both.every((gateway) => gateway?.tracking.isKept);
  });
}

/** How many connections of the device through the gateway the kernel of a box knows. */
async function known(box: BoxName): Promise<number> {
  const list = await lab.exec(box, ["conntrack", "-L", "-p", "tcp", "-s", DEVICE]);
  return list.split("ESTABLISHED").length - 1;
}

class Flow {
  readonly speaker: (typeof SPEAKERS)[number];
  readonly #program: Background;

  private constructor(speaker: (typeof SPEAKERS)[number], program: Background) {
    this.speaker = speaker;
    this.#program = program;
  }

  static async start(speaker: (typeof SPEAKERS)[number]): Promise<Flow> {
    const words = ["client", plan.wan.gateway, `${PORT}`, speaker];
    const program = await host.start([process.execPath, script, ...words]);
    await program.says("connected");
    return new Flow(speaker, program);
  }

  /** A box has said to the server that there is no such connection. */
  get isReset(): boolean {
    const port = / from (\d+)/.exec(this.#program.printed)?.[1];
    return readFileSync(serverLog(), "utf8").includes(`${port}: read ECONNRESET`);
  }

  /** Resolves when the device hears something. */
  async hears(): Promise<void> {
    await this.#program.signal("USR1");
    await this.#program.says("hears");
  }

  /** Ends it; how it was, in words, "" for well, and its longest silence. */
  async end(): Promise<{ readonly end: string; readonly longest: number }> {
    await this.#program.stop();
    return JSON.parse(this.#program.printed.trim().split("\n").at(-1) ?? "");
  }
}

/** Resolves when the partner knows all of them. */
async function flows(): Promise<Flow[]> {
  for (const box of boxNames)
    await lab.exec(box, ["conntrack", "-D", "-s", DEVICE]).catch(() => {});
  const all: Flow[] = [];
  for (const speaker of SPEAKERS) all.push(await Flow.start(speaker));
  await lab.waitFor("all known to the partner", async () => {
    return (await known(other(active))) >= all.length;
  });
  return all;
}

async function untouched(all: readonly Flow[]): Promise<void> {
  for (const flow of all) {
    const what = `only the ${flow.speaker} speaks`;
    if (flow.speaker === "server") await flow.hears();
    const { end, longest } = await flow.end();
    process.stdout.write(`  ${what}: silent for ${longest} ms\n`);
    expect(end, what).toBe("");
    expect(longest).toBeLessThan(5000);
  }
}

describe("with conntrackd, connections go on", () => {
  beforeEach(untilKept);

  test("when the gateway is handed over, back, and over again", async () => {
    expect(await tandem(active, "status")).toContain("Open connections: kept in step");
    const all = await flows();
    for (let times = 0; times < 3; times++) await handOver(all.length);
    await untouched(all);
  });

  test("also where the kernel forgets them with the address, by masquerading", async () => {
    for (const box of boxNames) await translate(box, "masquerade");
    const all = await flows();
    for (let times = 0; times < 3; times++) await handOver(all.length);
    await untouched(all);
    for (const box of boxNames) await translate(box);
  });

  test("when the box with the gateway loses its power, and when it is back, empty, and gets the gateway", async () => {
    const all = await flows();
    const dead = active;
    await cutPower(dead);
    await lab.waitFor("nobody is there to be in step with", async () => {
      return (await gatewayOf(lab, other(dead)))?.tracking.isKept === false;
    });
    await lab.cmd(`start ${dead}`);
    await translate(dead);
    active = await untilSettled(lab);
    expect(active).toBe(other(dead));
    await handOver(all.length);
    await untouched(all);
  });

  test("when conntrackd dies at the box with the gateway, and then the box", async () => {
    const all = await flows();
    const pid = await lab.exec(active, ["cat", join(lab.folder, active, "gate", "conntrackd.pid")]);
    await lab.exec("lab", ["kill", "-9", pid.trim()]);
    await lab.waitFor("another one", async () => {
      const file = join(lab.folder, active, "gate", "conntrackd.pid");
      const now = await lab.try(["exec", active, "cat", file]);
      return now.code === 0 && now.out !== pid;
    });
    await untilKept();
    const dead = active;
    await cutPower(dead);
    await lab.cmd(`start ${dead}`);
    await translate(dead);
    await untilSettled(lab);
    await untouched(all);
  });
});

test("without it a box says so and serves as before, and a connection on which only the server speaks breaks", async () => {
  const program = join(lab.folder, "program", "gatekeeper");
  renameSync(program, `${program}-there`);
  writeFileSync(program, `#!/bin/sh\nexec "$0-there" -c /nowhere/conntrackd "$@"\n`, {
    mode: 0o755,
  });
  for (const box of boxNames) await lab.cmd(`gatekeeper ${box} stop`);
  await lab.cmd("start all");
  active = await untilSettled(lab);
  for (const box of boxNames) {
    expect((await gatewayOf(lab, box))?.tracking).toEqual({
      isKept: false,
      why: "Open connections: not kept in step: conntrackd is not installed. Those whose addresses are translated may break when the gateway moves.",
    });
  }
  const [silent, speaking] = [await Flow.start("server"), await Flow.start("client")];
  await cutPower(active);
  await lab.waitFor("the box answers the server as if for itself", () => silent.isReset);
  // The kernel takes up a connection in its middle when its first packet comes from inside.
  expect((await speaking.end()).end).toBe("");
});
