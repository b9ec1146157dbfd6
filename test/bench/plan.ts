/** What is measured of each server, in which order. */
import {
  type Instance,
  measure,
  measureMemory,
  type Run,
  type Setting,
  startServer,
  warmUp,
} from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { Load } from "./perfdhcp.ts";
import { findHighest, nextConfirmation, STARTED_ENOUGH, type Trial } from "./search.ts";
import type { Server } from "./servers.ts";
import type { Memory } from "./usage.ts";

export interface ServerResult {
  readonly name: string;
  readonly version: string;
  readonly note: string;
  readonly isCeiling: boolean;
  readonly variantOf: string | null;
  /** The confirmed run at the highest rate (or at --rate); null when no rate was sustained. */
  readonly highest: Run | null;
  /** perfdhcp could not start more exchanges: the server may be faster than stated. */
  readonly driverLimited: boolean;
  readonly search: readonly Trial[];
  readonly paced: readonly Run[];
  readonly resident: { readonly leases: number; readonly memory: readonly Memory[] } | null;
  /** Why it was not (completely) measured. */
  readonly failure: string | null;
}

/** A server loses when this share of exchanges is not completed. */
export const MAX_LOSS = 0.01;

/** A server slower than this would need minutes to hand out 10,000 leases. */
const RESIDENT_MIN_RATE = 1000;
const RESIDENT_RATE = 1000;

export type Progress = (line: string) => void;

/** Measures one server; what goes wrong ends up in `failure`, with what was measured before. */
export async function measureServer(
  setting: Setting,
  server: Server,
  options: BenchOptions,
  say: Progress,
): Promise<ServerResult> {
  const { name, note, isCeiling, variantOf } = server;
  const version = server.version(setting.root);
  let result: ServerResult = {
    ...{ name, version, note, isCeiling, variantOf, highest: null, driverLimited: false },
    ...{ search: [], paced: [], resident: null, failure: null },
  };
  // Only the run at the highest rate is worth a profile.
  const plain = { ...setting, profiles: null };
  try {
    let asked = options.rate;
    if (asked === null) {
      const found = await search(plain, server, options, say);
      result = { ...result, search: found.trials };
      asked = found.best?.asked ?? null;
    }
    if (asked === null) return { ...result, failure: "no rate was sustained" };
    const highest = await confirm(setting, server, asked, options, say);
    if (highest === null) return { ...result, failure: "no rate was sustained for long" };
    const driverLimited = highest.started < highest.asked * STARTED_ENOUGH;
    result = { ...result, highest, driverLimited };
    const rates = options.paced.filter((rate) => rate <= highest.completed);
    result = { ...result, paced: await runPaced(plain, server, rates, options, say) };
    if (options.memoryLeases > 0 && !isCeiling && highest.completed >= RESIDENT_MIN_RATE) {
      say(`${name}: ${options.memoryLeases} leases for resident memory`);
      const resident = await withServer(plain, server, (instance) =>
        measureMemory(plain, instance, options.memoryLeases, RESIDENT_RATE),
      );
      result = { ...result, resident };
    }
    return result;
  } catch (error) {
    return { ...result, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Each trial has a server of its own with an empty store: a returning client or a grown lease
 * file would change what is measured. */
async function search(
  setting: Setting,
  server: Server,
  options: BenchOptions,
  say: Progress,
): ReturnType<typeof findHighest> {
  const run = async (rate: number): Promise<Trial> => {
    const { searchSeconds: seconds, clients } = options;
    const trial = await runFresh(setting, server, { rate, seconds, clients }, 1);
    say(describeTrial(server.name, trial));
    const { asked, started, completed, loss } = trial;
    return { asked, started, completed, loss };
  };
  const { resolution } = options;
  return findHighest(run, { start: server.startRate, floor: 10, maxLoss: MAX_LOSS, resolution });
}

/** Longer runs around the rate that was found, until one holds that cannot be raised by 5 %. With
 * a fixed rate there is one run, whatever it loses. */
async function confirm(
  setting: Setting,
  server: Server,
  found: number,
  options: BenchOptions,
  say: Progress,
): Promise<Run | null> {
  let best: Run | null = null;
  let failing = Number.POSITIVE_INFINITY;
  let rate: number | null = found;
  const { seconds, clients } = options;
  for (let tries = 0; rate !== null && tries < options.confirmations; tries++) {
    const run: Run = await runFresh(setting, server, { rate, seconds, clients }, 2);
    say(`${describeTrial(server.name, run)} in ${seconds} s`);
    if (options.rate !== null) return run;
    if (run.loss >= MAX_LOSS) failing = rate;
    else if (best === null || run.completed > best.completed) best = run;
    if (best === run && run.started < run.asked * STARTED_ENOUGH) return best;
    rate = nextConfirmation(best?.asked ?? null, failing, run.loss);
  }
  return best;
}

/** A server with an empty store, `warmSeconds` of lighter load, then the measured run. */
async function runFresh(
  setting: Setting,
  server: Server,
  load: Omit<Load, "base">,
  warmSeconds: number,
): Promise<Run> {
  return withServer(setting, server, async (instance) => {
    await warmUp(setting, instance, load.rate, warmSeconds);
    return measure(setting, instance, load);
  });
}

async function runPaced(
  setting: Setting,
  server: Server,
  rates: readonly number[],
  options: BenchOptions,
  say: Progress,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const rate of rates) {
    const load = { rate, seconds: options.seconds, clients: options.clients, timers: true };
    const run = await runFresh(setting, server, load, 2);
    say(`${describeTrial(server.name, run)}, each packet timed`);
    runs.push(run);
  }
  return runs;
}

async function withServer<T>(
  setting: Setting,
  server: Server,
  use: (instance: Instance) => Promise<T>,
): Promise<T> {
  const instance = await startServer(setting, server);
  try {
    return await use(instance);
  } finally {
    await instance.stop();
  }
}

function describeTrial(name: string, trial: Trial & { driverOverflows?: number }): string {
  const short = trial.started < trial.asked * STARTED_ENOUGH;
  const started = short ? ` (perfdhcp started only ${Math.round(trial.started)}/s)` : "";
  const loss = `${(trial.loss * 100).toFixed(2)} % lost`;
  const overflows = trial.driverOverflows ?? 0;
  const where = overflows === 0 ? "" : ` (${overflows} answers at perfdhcp's full socket)`;
  const done = `${Math.round(trial.completed)}/s done`;
  return `${name}: ${trial.asked}/s asked${started}, ${done}, ${loss}${where}`;
}
