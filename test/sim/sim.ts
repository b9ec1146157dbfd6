// `npm run sim`: SEEDS=n seeds from FROM=1 on (300 unless told) in JOBS workers (as many as there are
// processors), each in a world of one box and one of two; WORLD=single or WORLD=pair for one of them.
// MINUTES=n of trouble in each. A pair that fails is made smaller until it fails no more.
//
// SEED=n WORLD=… tells the story of one seed, line by line. For a pair KINDS=a,b leaves only these kinds of
// trouble in it, KEEP=1,2 these troubles by their places, CLIENTS=n so many clients. DIALECT=isc has both boxes
// speak as dhcpd does.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { cells } from "../../daemon/core/failover/transitions-cells.ts";
import { DIALECTS } from "../../daemon/wire/failover/messages.ts";
import { coverageOf, describeCoverage } from "./coverage.ts";
import { kindsIn, minimise } from "./minimise.ts";
import { type PairOptions, runPairSeed } from "./pair-run.ts";
import { describeTrouble } from "./pair-story.ts";
import { runSeed } from "./run.ts";
import type { Finding, Task } from "./worker.ts";

/** Failing seeds that are made smaller; more of them are seldom another fault. */
const MINIMISED_MAX = 3;
const TAIL_LINES = 60;

const { env } = process;
const minutes = numberIn(env.MINUTES);
const dialect = DIALECTS.find((one) => one === env.DIALECT);
const worlds = (["single", "pair"] as const).filter(
  (world) => env.WORLD === undefined || env.WORLD === world,
);

if (env.SEED === undefined) await runMany();
else if (worlds.includes("pair") && env.WORLD === "pair") await tellPair(Number(env.SEED));
else await tellSingle(Number(env.SEED));

async function tellSingle(seed: number): Promise<void> {
  const { trace, complaints, acks, crashes } = await runSeed(seed, minutes, true);
  for (const line of trace) console.log(line);
  console.log(`seed ${seed}: ${acks} ACKs, ${crashes} crashes`);
  report("single", seed, complaints);
}

async function tellPair(seed: number): Promise<void> {
  const outcome = await runPairSeed(seed, { ...pairOptions(), isTraced: true });
  for (const place of outcome.kept) {
    const trouble = outcome.story[place];
    if (trouble) console.log(`${place}: ${describeTrouble(trouble)}`);
  }
  for (const line of outcome.trace) console.log(line);
  const { acks, crashes, excused } = outcome;
  console.log(`seed ${seed}: ${acks} ACKs, ${crashes} crashes, ${excused} overlaps excused`);
  report("pair", seed, outcome.complaints);
}

function pairOptions(): PairOptions {
  return {
    ...(minutes === undefined ? {} : { minutes }),
    dialect,
    clients: numberIn(env.CLIENTS),
    kinds: env.KINDS === undefined ? undefined : kindsIn(env.KINDS),
    keep: env.KEEP === undefined ? undefined : env.KEEP.split(",").filter(Boolean).map(Number),
  };
}

async function runMany(): Promise<void> {
  const from = numberIn(env.FROM) ?? 1;
  const count = numberIn(env.SEEDS) ?? 300;
  const jobs = Math.max(1, Math.min(count, numberIn(env.JOBS) ?? availableParallelism()));
  const totals = { acks: 0, crashes: 0, excused: 0, failed: 0 };
  const counts = new Map<string, number>();
  const failedPairs: number[] = [];
  const began = performance.now();
  await runTasks(from, count, jobs, (finding) => {
    totals.acks += finding.acks;
    totals.crashes += finding.crashes;
    totals.excused += finding.excused;
    for (const [cell, times] of finding.cells) counts.set(cell, (counts.get(cell) ?? 0) + times);
    report(finding.world, finding.seed, finding.complaints);
    if (finding.complaints.length === 0) return;
    totals.failed++;
    if (finding.world === "pair") failedPairs.push(finding.seed);
  });
  for (const seed of failedPairs.sort((a, b) => a - b).slice(0, MINIMISED_MAX)) {
    await tellSmallest(seed);
  }
  const spoken = dialect ?? "tandem";
  if (worlds.includes("pair")) {
    const coverage = coverageOf(
      cells().filter((cell) => cell.dialect === spoken),
      counts,
    );
    for (const line of describeCoverage(spoken, coverage)) console.log(line);
    if (coverage.wrong.length > 0) process.exitCode = 1;
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  const { acks, crashes, excused, failed } = totals;
  console.log(
    `${count} seeds from ${from} on, worlds: ${worlds.join(" and ")}: ${acks} ACKs, ${crashes} crashes, ${excused} overlaps excused (a living box declared off), ${failed} failed; ${seconds} s`,
  );
}

/** Each worker has one seed in hand and gets the next when it is done. */
async function runTasks(
  from: number,
  count: number,
  jobs: number,
  take: (finding: Finding) => void,
): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    while (next < from + count) {
      const task: Task = { seed: next++, minutes, dialect, worlds };
      for (const finding of await ask(worker, task)) take(finding);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

function ask(worker: Worker, task: Task): Promise<readonly Finding[]> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (findings: readonly Finding[]) => {
      worker.off("error", reject);
      resolve(findings);
    });
    worker.postMessage(task);
  });
}

async function tellSmallest(seed: number): Promise<void> {
  const smallest = await minimise(seed, pairOptions());
  if (!smallest) return;
  const { outcome, command } = smallest;
  console.log(`\nseed ${seed}, as small as it still fails: ${command}`);
  for (const place of outcome.kept) {
    const trouble = outcome.story[place];
    if (trouble) console.log(`  ${describeTrouble(trouble)}`);
  }
  console.log(`the last of ${outcome.trace.length} lines:`);
  for (const line of outcome.trace.slice(-TAIL_LINES)) console.log(line);
  console.log("");
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function report(world: string, seed: number, complaints: readonly string[]): void {
  for (const complaint of complaints) console.log(`${world} seed ${seed}: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}
