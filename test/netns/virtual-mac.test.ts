// The gateway with a hardware address of its own, which moves with it (RFC 9568 §7.3): devices need not learn another.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import { editConfig, labProblem } from "../support/lab.ts";
import { addHost, type Host } from "../support/lab-hosts.ts";
import { Observer, untilSettled } from "../support/outage.ts";
import { testUnless } from "../support/unless.ts";

const problem = labProblem();
const GATEWAY = "10.77.0.1";
/** By the virtual router, of which 51 is the usual one. */
const VIRTUAL_MAC = "00:00:5e:00:01:33";

let lab: RunningLab;
let neighbour: Host;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  await untilSettled(lab);
  neighbour = await addHost(lab, "nearby", [{ on: "lan", addresses: ["10.77.0.60/24"] }]);
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

/** The hardware address of the gateway as a device on the LAN learns it when it asks. */
async function askedFor(): Promise<string | undefined> {
  await neighbour.try(["ip", "neigh", "flush", "dev", "eth0"]);
  await neighbour.try(["ping", "-c", "1", "-W", "1", GATEWAY]);
  return await known();
}

/** As it stands in the device's table. */
async function known(): Promise<string | undefined> {
  const table = await neighbour.run(["ip", "neigh", "show", GATEWAY]);
  return /lladdr ([0-9a-f:]+)/.exec(table)?.[1];
}

const hardwareOf = (box: BoxName): string => `02:0${box}:00:00:00:01`;

const post = async (box: BoxName, path: string): Promise<string> => {
  const flags = ["-s", "-X", "POST", "--unix-socket", lab.socket(box)];
  return await lab.exec("lab", ["curl", ...flags, `http://localhost/api/v1/gateway/${path}`]);
};

testUnless(problem, "comes with the configuration, while both boxes serve", async () => {
  const active = await untilSettled(lab);
  expect(await askedFor()).toBe(hardwareOf(active));
  editConfig(lab, (config) => {
    config.gateway = { ...config.gateway, virtualMac: true };
  });
  const there = join(lab.boxDir("b"), "config.json");
  await lab.waitFor("it on box b", () => readFileSync(there, "utf8").includes("virtualMac"));
  await lab.waitFor("its address", async () => (await askedFor()) === VIRTUAL_MAC);
  await untilSettled(lab);
});

testUnless(
  problem,
  "is the same after a handover and a power cut, of which nobody notices more than else",
  async () => {
    const observer = await Observer.start(lab);
    const first = await untilSettled(lab);
    const handover = await observer.watch(() => post(first, "handover"), 2);
    expect(handover).toMatchObject({ tcpEnd: "", others: 0 });
    expect(handover.ping).toBeLessThan(50);
    const second = await untilSettled(lab);
    expect(second).not.toBe(first);
    expect(await known(), "without asking again").toBe(VIRTUAL_MAC);
    const cut = await observer.watch(() => lab.cmd(`power-cut ${second}`), 3);
    expect(cut).toMatchObject({ tcpEnd: "", others: 0 });
    expect(cut.ping).toBeLessThan(500);
    expect(await askedFor()).toBe(VIRTUAL_MAC);
    await lab.cmd(`start ${second}`);
    await untilSettled(lab);
  },
);
