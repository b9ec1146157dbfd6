// Two boxes with an address that moves between them: real clients know them as one server, and renew with whichever
// has it. keepalived moves it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import { type BoxName, boxNames } from "../../board/virtual/topology.ts";
import { Crowd, officeEnd } from "../support/crowd.ts";
import { addresses, confirmed, labProblem } from "../support/lab.ts";
import { addHost } from "../support/lab-hosts.ts";

const GATEWAY = "10.77.0.1";
/** The shortest there is: clients renew after half of it. */
const LEASE_SECONDS = 60;
/** udhcpc, dhclient and dhcpcd. */
const CLIENTS = ["c1", "c3", "c4"];
const problem = labProblem();
let lab: RunningLab;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 4 });
  await lab.untilUp();
  await inStep();
  const file = join(lab.boxDir("a"), "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  config.networks[0].leaseSeconds = LEASE_SECONDS;
  writeFileSync(file, JSON.stringify(config));
  // Box b takes it from its partner.
  await lab.waitFor("short leases from both boxes", async () => {
    const statuses = await Promise.all(boxNames.map((box) => lab.boxStatus(box)));
    return statuses.every(({ networks }) => networks[0]?.leaseSeconds === LEASE_SECONDS);
  });
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

async function inStep(): Promise<void> {
  await lab.waitFor("both boxes in step", async () => {
    const statuses = await Promise.all(boxNames.map((box) => lab.boxStatus(box)));
    return statuses.every(({ partner }) => partner.paired && partner.inStep);
  });
}

/** Who has the address now. */
async function holder(): Promise<BoxName> {
  let found: BoxName | undefined;
  await lab.waitFor("a box that has the gateway", async () => {
    for (const box of boxNames) {
      const shown = await lab.try(["exec", box, "ip", "-4", "-o", "addr", "show", "dev", "lan0"]);
      if (shown.code === 0 && shown.out.includes(`${GATEWAY}/24`)) found = box;
    }
    return found !== undefined;
  });
  return found as BoxName;
}

async function acks(box: BoxName): Promise<number> {
  return (await lab.boxStatus(box)).networks[0]?.counters["sent-ack"] ?? 0;
}

test("clients know the gateway as the one that gave them their addresses", async () => {
  const before = await addresses(lab);
  for (const name of CLIENTS) {
    expect(await confirmed(lab, name)).toBe(before[name]);
    const { server, leaseSeconds } = await lab.client(name);
    expect([server, leaseSeconds], name).toEqual([GATEWAY, LEASE_SECONDS]);
  }
});

test("all renew with the box that has the address, and with the other one when that is off", {
  timeout: 150_000,
}, async () => {
  const before = await addresses(lab);
  const first = await holder();
  const other = first === "a" ? "b" : "a";
  const counts = [await acks(first), await acks(other)];
  await allRenewed();
  const sent = [await acks(first), await acks(other)].map((count, at) => count - (counts[at] ?? 0));
  // By unicast and at the first try: none has asked anybody else.
  expect(sent[0]).toBeGreaterThanOrEqual(CLIENTS.length);
  expect(sent[1]).toBe(0);
  await lab.cmd(`power-cut ${first}`);
  await lab.waitFor("the gateway at the other box", async () => (await holder()) === other);
  await allRenewed();
  expect(await addresses(lab)).toEqual(before);
  await lab.cmd(`start ${first}`);
  await inStep();
});

/** Until each client has renewed once more, by itself. */
async function allRenewed(): Promise<void> {
  const counts = new Map<string, number>();
  for (const name of CLIENTS) counts.set(name, (await lab.client(name)).renewals);
  for (const name of CLIENTS) {
    const isRenewed = async () => (await lab.client(name)).renewals > (counts.get(name) ?? 0);
    await lab.waitFor(`a renewal of ${name}`, isRenewed, 50_000);
  }
}

test("an office that asks all the time is served while a box loses its power: by one box, and soon", {
  timeout: 60_000,
}, async () => {
  const crowd = new Crowd(lab, await addHost(lab, "office", [{ on: "lan" }]));
  const office = await crowd.office({ seconds: 12, rate: 50, macs: 40, seed: 3 });
  await pause(3000);
  const first = await holder();
  await lab.cmd(`power-cut ${first}`);
  const report = await officeEnd(lab, office);
  const { answered, givenUp, duplicates, begun } = report;
  expect({ answered, givenUp, duplicates }).toEqual({ answered: begun, givenUp: 0, duplicates: 0 });
  expect(report.longest).toBeLessThan(2000);
  process.stdout.write(
    `  longest wait ${report.longest} ms, ${report.naks} refusals, ${begun} exchanges\n`,
  );
  await lab.cmd(`start ${first}`);
  await inStep();
  for (const box of boxNames) {
    const { conditions } = await lab.boxStatus(box);
    expect(conditions.map(({ id }) => id)).toEqual([]);
  }
});
