// One of the workers of `npm run sim`: runs the seeds that it is given, and says what came of each.

import { parentPort } from "node:worker_threads";
import type { Dialect } from "../../daemon/wire/failover/messages.ts";
import { runPairSeed } from "./pair-run.ts";
import { runSeed } from "./run.ts";

export interface Task {
  readonly seed: number;
  readonly minutes: number | undefined;
  readonly dialect: Dialect | undefined;
  readonly worlds: readonly ("single" | "pair")[];
}

export interface Finding {
  readonly world: "single" | "pair";
  readonly seed: number;
  readonly complaints: readonly string[];
  readonly acks: number;
  readonly crashes: number;
  readonly excused: number;
  readonly cells: ReadonlyMap<string, number>;
}

const NO_CELLS: ReadonlyMap<string, number> = new Map();

export async function runTask({ seed, minutes, dialect, worlds }: Task): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const world of worlds) {
    if (world === "single") {
      const { complaints, acks, crashes } = await runSeed(seed, minutes);
      findings.push({ world, seed, complaints, acks, crashes, excused: 0, cells: NO_CELLS });
    } else {
      const outcome = await runPairSeed(seed, {
        ...(minutes === undefined ? {} : { minutes }),
        dialect,
      });
      const { complaints, acks, crashes, excused, cells } = outcome;
      findings.push({ world, seed, complaints, acks, crashes, excused, cells });
    }
  }
  return findings;
}

parentPort?.on("message", (task: Task) => {
  void runTask(task).then((findings) => parentPort?.postMessage(findings));
});
