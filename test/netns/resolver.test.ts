// Names, with a real resolver on both boxes: what a drill shows of them, where the gateway goes when one of the resolvers
// ends, and that it stays where it is when both have.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import { type BoxName, boxNames, plan } from "../../board/virtual/topology.ts";
import type { DrillsView, HealthStatus, PreflightView } from "../../daemon/http/api-types.ts";
import { hasDnsmasq, startResolver } from "../support/dnsmasq.ts";
import { condition, labProblem } from "../support/lab.ts";
import { type Background, Host } from "../support/lab-hosts.ts";
import { gatewayAt, gatewayOf, untilSettled } from "../support/outage.ts";

const problem = hasDnsmasq ? labProblem() : "dnsmasq is not installed";
let lab: RunningLab;
const resolvers = new Map<BoxName, Background>();

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  await Promise.all(boxNames.map(start));
  await untilSettled(lab);
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

const other = (box: BoxName): BoxName => (box === "a" ? "b" : "a");

async function start(box: BoxName): Promise<void> {
  const folder = join(lab.folder, "hosts", `resolver-${box}`);
  mkdirSync(folder, { recursive: true });
  resolvers.set(box, await startResolver(new Host(lab, box, folder), "lan0"));
}

async function end(box: BoxName): Promise<void> {
  await resolvers.get(box)?.stop("KILL");
}

async function names(box: BoxName): Promise<HealthStatus["checks"][number] | undefined> {
  const gateway = await gatewayOf(lab, box);
  return gateway?.health.checks.find(({ title }) => title === "names");
}

async function untilNames(box: BoxName, detail: string): Promise<void> {
  let last = "";
  try {
    await lab.waitFor(`"${detail}"`, async () => {
      last = (await names(box))?.detail ?? "";
      return last === detail;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\nit says: ${last}`);
  }
}

/** A daemon that has just started does not know yet that there are resolvers. */
async function untilBothAnswer(): Promise<void> {
  const rest = "answers, and so does the resolver of the partner";
  for (const box of boxNames) await untilNames(box, `${address(box)} ${rest}`);
}

/** What a person is told before a handover, or a drill. */
async function preflight(box: BoxName, verb = "handover"): Promise<PreflightView> {
  return await lab.api<PreflightView>(box, `/api/v1/gateway/${verb}`);
}

const address = (box: BoxName): string => plan.boxes[box].lan;

test("both answer, and each box knows it of the other", async () => {
  await untilBothAnswer();
  for (const box of boxNames) {
    expect(await names(box)).toMatchObject({ isGood: true, weight: 15 });
    expect((await preflight(box)).sentence).toMatch(/connections go on\.$/);
  }
});

test("a drill shows how many names were found, and from when on at the other box", async () => {
  const active = await untilSettled(lab);
  const cli = join(lab.folder, "program", "dist", "tandem.js");
  const words = [
    process.execPath,
    cli,
    "--socket",
    lab.socket(active),
    "drill",
    "planned",
    "--yes",
  ];
  const done = await lab.try(["exec", active, ...words]);
  expect(done).toMatchObject({ code: 0, err: "" });
  const [report] = (await lab.api<DrillsView>(active, "/api/v1/drills")).drills;
  process.stdout.write(`  ${JSON.stringify(report)}\n`);
  const { asked = 0, answered = 0, afterMilliseconds } = report?.names ?? {};
  expect(asked, "every 100 ms for five seconds").toBeGreaterThan(25);
  expect(asked - answered, "those that were under way").toBeLessThan(20);
  expect(afterMilliseconds).toBeGreaterThan(0);
  expect(afterMilliseconds).toBeLessThan(1000);
  expect(done.out).toContain(
    `${answered} of ${asked} answered, there after ${afterMilliseconds} ms`,
  );
});

test("a partner that is gone as a whole is no silent resolver", async () => {
  const active = await untilSettled(lab);
  await lab.cmd(`power-cut ${other(active)}`);
  await untilNames(active, `${address(active)} answers`);
  await pause(6000);
  expect((await names(active))?.detail).toBe(`${address(active)} answers`);
  await lab.cmd(`start ${other(active)}`);
  await start(other(active));
  await untilSettled(lab, 60_000);
});

// The next three are one story.
let first: BoxName;
let second: BoxName;

test("the gateway leaves a box whose resolver has ended", async () => {
  first = await untilSettled(lab);
  second = other(first);
  await untilBothAnswer();
  await end(first);
  await untilNames(
    first,
    `${address(first)} does not answer, and the resolver of the partner does`,
  );
  await lab.waitFor("the gateway there", async () => (await gatewayAt(lab)) === second);
  expect(await names(first)).toMatchObject({ isGood: false, weight: 15 });
  expect((await gatewayOf(lab, first))?.health.score).toBe(85);
  const said = await condition(lab, "health-resolver", first);
  expect(said?.sentence).toBe(
    `The resolver of this box does not answer: ${address(first)} does not answer, and the resolver of the partner does.`,
  );
  await untilNames(second, `${address(second)} answers, and the resolver of the partner does not`);
  const back = await preflight(second);
  expect(back.possible).toBe(false);
  expect(back.sentence).toMatch(/much worse off .*, and its resolver does not answer\.$/);
});

test("it stays where it is when the other one has ended as well", async () => {
  await end(second);
  const neither = (box: BoxName): string =>
    `neither ${address(box)} nor the resolver of the partner answers`;
  await Promise.all(boxNames.map((box) => untilNames(box, neither(box))));
  // What was one's own fault has to be no more for a while, longer than it was for the first time.
  await lab.waitFor(
    "that neither is worse",
    async () => {
      const both = await Promise.all(boxNames.map((box) => gatewayOf(lab, box)));
      return both.every((one) => one?.health.score === 100 && one.partner?.score === 100);
    },
    40_000,
  );
  for (const box of boxNames) {
    expect(await names(box)).toMatchObject({ isGood: false, weight: 0 });
    expect((await condition(lab, "health-names", box))?.sentence).toBe(
      `Devices find no names, at whichever box the gateway is: ${neither(box)}.`,
    );
    expect(await condition(lab, "health-resolver", box)).toBeUndefined();
    const { possible, sentence } = await preflight(box);
    expect(possible).toBe(true);
    expect(sentence).toMatch(/; devices find no names, .*: neither resolver answers\.$/);
    expect((await preflight(box, "drill")).possible).toBe(false);
  }
  await pause(10_000);
  expect(await gatewayAt(lab), "neither is better").toBe(second);
});

test("it goes where a resolver answers again", async () => {
  await start(first);
  await lab.waitFor(
    "the gateway with the names",
    async () => (await gatewayAt(lab)) === first,
    40_000,
  );
  await start(second);
  await untilSettled(lab, 60_000);
  expect(await condition(lab, "health-names", first)).toBeUndefined();
});
