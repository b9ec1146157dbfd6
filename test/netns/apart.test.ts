// Boxes that cannot see each other for long: one that is off counts as down by itself, and two that both live give
// nobody what the other one gave before the time for that has come.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import type { LeasePage, Status } from "../../daemon/http/api-types.ts";
import { Crowd, officeEnd } from "../support/crowd.ts";
import { labProblem } from "../support/lab.ts";
import { addHost, addSwitch } from "../support/lab-hosts.ts";

const problem = labProblem();
beforeEach((context) => {
  if (problem) context.skip(problem);
});

/** The shortest times that there are: both stories wait for them, at the same time. */
const SECONDS = 60;

interface Pair {
  readonly state: string;
  readonly inStep: boolean;
  readonly conflicts: number;
}

function pairOf({ partner }: Status): Pair {
  if (!partner.paired) throw new Error(partner.why);
  const { state, inStep, counters } = partner;
  return { state, inStep, conflicts: counters.conflicts ?? 0 };
}

const look = async (lab: RunningLab, box: BoxName) => pairOf(await lab.boxStatus(box));

async function untilInStep(lab: RunningLab, milliseconds = 20_000): Promise<void> {
  const isSo = async () => (await look(lab, "a")).inStep && (await look(lab, "b")).inStep;
  await lab.waitFor("both boxes in step", isSo, milliseconds);
}

/** A pool of so few addresses, and short times. What is written at box a goes to box b by itself. */
async function shorten(lab: RunningLab, pool: { from: string; to: string }): Promise<void> {
  const file = join(lab.boxDir("a"), "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  Object.assign(config.pair, { mcltSeconds: SECONDS, safeSeconds: SECONDS });
  config.networks[0].pools = [pool];
  config.networks[0].probe = false;
  writeFileSync(file, JSON.stringify(config));
  await lab.waitFor("the new configuration at box b", async () =>
    readFileSync(join(lab.boxDir("b"), "config.json"), "utf8").includes("safeSeconds"),
  );
  // The MCLT is agreed on when the boxes begin to speak.
  await lab.cmd("kill b");
  await lab.cmd("start b");
  await lab.waitFor("box b again", async () => (await lab.boxStatus("b")).partner.paired);
  await untilInStep(lab);
}

/** Who has which address, by what one box knows. */
async function book(lab: RunningLab, box: BoxName): Promise<Map<string, string>> {
  const { leases } = await lab.api<LeasePage>(box, "/api/v1/leases?state=active&limit=500");
  return new Map(leases.map(({ address, mac }) => [address, mac]));
}

describe.concurrent("for long", () => {
  test("a box without power counts as down after the safe time, by itself, and is taken in when it returns", {
    timeout: 180_000,
  }, async () => {
    const lab = await startLab({ clients: 0 });
    try {
      await untilInStep(lab);
      await shorten(lab, { from: "10.77.0.100", to: "10.77.0.199" });
      const crowd = new Crowd(lab, await addHost(lab, "office", [{ on: "lan" }]));
      await lab.cmd("power-cut a");
      const state = async () => (await look(lab, "b")).state;
      const isAlone = async () => (await state()) === "communications-interrupted";
      await lab.waitFor("box b alone", isAlone);
      const began = Date.now();
      const isDown = async () => (await state()) === "partner-down";
      await lab.waitFor("the end of the safe time", isDown, (SECONDS + 10) * 1000);
      expect(Date.now() - began).toBeGreaterThan((SECONDS - 2) * 1000);
      const office = await crowd.office({ seconds: 12, rate: 40, macs: 40, seed: 1 });
      await lab.cmd("start a");
      await untilInStep(lab);
      const report = await officeEnd(lab, office);
      expect([report.answered, report.duplicates, report.naks]).toEqual([report.begun, 0, 0]);
      expect(await book(lab, "a")).toEqual(await book(lab, "b"));
    } finally {
      await lab.stop();
    }
  });

  test("boxes that both live and are both declared down give nobody a second time what is given, for the whole MCLT; then every conflict is told of", {
    timeout: 240_000,
  }, async () => {
    const lab = await startLab({ clients: 0 });
    try {
      await untilInStep(lab);
      await shorten(lab, { from: "10.77.0.100", to: "10.77.0.139" });
      const offices = {
        a: new Crowd(lab, await addHost(lab, "officea", [{ on: "lan" }])),
        b: new Crowd(lab, await addHost(lab, "officeb", [{ on: "lan" }])),
      };
      // Every wire between the two halves of the office is cut, and a person says of both boxes what is not so.
      await addSwitch(lab, "half");
      await lab.cmd("unplug pair");
      for (const end of ["b-lan0", "officeb-eth0"]) {
        await lab.exec("lab", ["ip", "link", "set", end, "master", "half"]);
      }
      for (const box of ["a", "b"] as const) {
        const isAlone = async () => (await look(lab, box)).state === "communications-interrupted";
        await lab.waitFor(`box ${box} alone`, isAlone);
        await declareDown(lab, box);
      }
      const began = Date.now();
      // Three times as many devices as a half of the pool has addresses.
      const days = [
        await offices.a.office({ seconds: SECONDS - 10, rate: 2, macs: 60, seed: 1 }),
        await offices.b.office({ seconds: SECONDS - 10, rate: 2, macs: 60, seed: 2 }),
      ];
      for (const day of days) expect((await officeEnd(lab, day)).duplicates).toBe(0);
      expect(Date.now() - began).toBeLessThan(SECONDS * 1000);
      expect(shared(await book(lab, "a"), await book(lab, "b"))).toEqual([]);

      // After it each uses the addresses of a box that it takes for off.
      await pause(began + (SECONDS + 3) * 1000 - Date.now());
      for (const [box, seed] of [
        ["a", 3],
        ["b", 4],
      ] as const) {
        await officeEnd(lab, await offices[box].office({ seconds: 2, rate: 4, macs: 8, seed }));
      }
      const conflicts = shared(await book(lab, "a"), await book(lab, "b"));
      expect(conflicts.length).toBeGreaterThan(0);

      await lab.exec("lab", ["ip", "link", "set", "b-lan0", "master", "lan"]);
      await lab.cmd("plug pair");
      await untilInStep(lab, 60_000);
      expect(await book(lab, "a")).toEqual(await book(lab, "b"));
      for (const box of ["a", "b"])
        writeFileSync(
          `/tmp/apart-${box}.log`,
          readFileSync(join(lab.boxDir(box as "a"), "tandemd.log")),
        );
      const told = [...conflictsTold(lab, "a"), ...conflictsTold(lab, "b")];
      for (const address of conflicts) expect(told).toContain(address);
    } finally {
      await lab.stop();
    }
  });
});

async function declareDown(lab: RunningLab, box: BoxName): Promise<void> {
  const cli = join(lab.folder, "program", "dist", "tandem.js");
  const argv = [join(lab.folder, "program", "node"), cli, "--socket", lab.socket(box)];
  await lab.exec(box, [...argv, "partner-down", "--yes"]);
}

/** Addresses that are of different devices by the two books. */
function shared(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...a].filter(([address, mac]) => (b.get(address) ?? mac) !== mac).map(([one]) => one);
}

/** Addresses of which the box says in its log that two devices had them. */
function conflictsTold(lab: RunningLab, box: BoxName): string[] {
  const log = readFileSync(join(lab.boxDir(box), "tandemd.log"), "utf8");
  return Array.from(log.matchAll(/Both boxes gave ([\d.]+)/g), ([, address]) => address ?? "");
}
