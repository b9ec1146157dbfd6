// A flood of made-up hardware addresses: devices that were here before are still served.
// FLOOD_SECONDS and FLOOD_SEED change its length and its addresses.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import { Crowd, type FloodCounts, floodEnd } from "../support/crowd.ts";
import {
  addresses,
  condition,
  confirmed,
  editConfig,
  labProblem,
  leaseState,
  untilSaid,
} from "../support/lab.ts";
import { addHost, type Background, type Host, Udhcpc } from "../support/lab-hosts.ts";

const SECONDS = Number(process.env.FLOOD_SECONDS ?? 8);
const SEED = Number(process.env.FLOOD_SEED ?? Math.floor(Math.random() * 1e6));
const FLOOD = { seconds: SECONDS, rate: 2500, macs: 20_000, percent: 20, seed: SEED };
const RESERVED = { mac: "02:0e:00:00:00:02", address: "10.77.0.150" };
/** Far more than 20,000 clients may cost: what a flood takes has to be bounded. */
const GROWTH_BYTES_MAX = 80 << 20;

const problem = labProblem();
let lab: RunningLab;
let crowd: Crowd;
let returning: Host;
let reserved: Host;
let flood: Background;
let counts: FloodCounts;
let held: Record<string, string>;
let before: { address: string; memory: number; pid: number };

// Not useLab(): nobody wants to read a capture of all this.
beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 3, alone: true });
  editConfig(lab, (config) => {
    for (const network of config.networks) network.reservations = [RESERVED];
  });
  await lab.waitFor("the reservation in force", async () =>
    (await lab.cmd("logs a")).includes("config-applied"),
  );
  await lab.untilUp();
  crowd = new Crowd(lab, await addHost(lab, "crowd", [{ on: "lan" }]));
  returning = await addHost(lab, "back", [{ on: "lan", mac: "02:0e:00:00:00:01" }]);
  reserved = await addHost(lab, "reserved", [{ on: "lan", mac: RESERVED.mac }]);
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterAll(async () => lab?.stop());

async function daemon(): Promise<{ memory: number; pid: number; restarts: number }> {
  const { boxes } = await lab.status();
  const { pid, restarts } = boxes.a.services.tandemd;
  return { memory: (await lab.boxStatus("a")).box.memoryBytes, pid, restarts };
}

async function gets(host: Host): Promise<string> {
  const client = await Udhcpc.start(host);
  const { address } = await client.until("bound");
  await client.release();
  await client.program.stop("KILL");
  return address;
}

test("before: one device was here and left", async () => {
  const address = await gets(returning);
  held = await addresses(lab);
  before = { address, ...(await daemon()) };
  expect(await condition(lab, "starvation")).toBeUndefined();
});

test(`in the flood of seed ${SEED}, the box says what is going on`, async () => {
  flood = await crowd.flood(FLOOD);
  const said = await untilSaid(lab, "starvation");
  expect(said.subject).toBe("lan");
  expect(said.severity).toBe("warning");
});

test("in the flood, devices that have an address keep it", async () => {
  for (const name of Object.keys(held)) expect(await confirmed(lab, name)).toBe(held[name]);
  expect(await flood.isRunning()).toBe(true);
});

test("in the flood, a device that was here before and one with a reservation get theirs", async () => {
  expect(await gets(returning)).toBe(before.address);
  expect(await gets(reserved)).toBe(RESERVED.address);
  expect(await flood.isRunning()).toBe(true);
});

test("the crowd got no more than the share of strangers", async () => {
  counts = await floodEnd(lab, flood);
  process.stdout.write(`  ${JSON.stringify(counts)}\n`);
  expect(counts.failed).toBe(0);
  expect(counts.discovers).toBeGreaterThan(SECONDS * 2000);
  expect(counts.acks).toBeGreaterThan(0);
  const { networks } = await lab.boxStatus("a");
  const [pool] = networks[0]?.pools ?? [];
  // Ten of the hundred are kept for those who were here before.
  expect(pool?.active).toBeLessThanOrEqual(90);
});

test("memory stayed bounded, and nothing was started again", async () => {
  const after = await daemon();
  process.stdout.write(`  memory ${before.memory >> 20} -> ${after.memory >> 20} MiB\n`);
  expect(after.memory - before.memory).toBeLessThan(GROWTH_BYTES_MAX);
  expect([after.pid, after.restarts]).toEqual([before.pid, 0]);
});

test("when it is over, the box says so by itself and serves as before", async () => {
  // It stays said for half a minute, so that a flood in waves is one.
  const over = async (): Promise<boolean> => (await condition(lab, "starvation")) === undefined;
  await lab.waitFor("the end of starvation", over, 45_000);
  for (const name of Object.keys(held)) {
    expect(await leaseState(lab, held[name] ?? "")).toBe("active");
    expect(await confirmed(lab, name)).toBe(held[name]);
  }
  expect(await gets(returning)).toBe(before.address);
  const stranger = await addHost(lab, "stranger", [{ on: "lan", mac: "02:0e:00:00:00:03" }]);
  expect(await gets(stranger)).toMatch(/^10\.77\.0\.1\d\d$/);
});
