/** What is measured of each pair, in which order. */
import { measure, type Setting, startServer } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { asServer, type Contender } from "./pair-contenders.ts";
import type { PairRoom } from "./pair-room.ts";
import { firstLeases, measureTakeover, type Return, type Takeover } from "./pair-takeover.ts";
import { measureServer, type Progress, type ServerResult } from "./plan.ts";

/** Leases in both databases after a run at the highest rate. */
export interface Databases {
  /** Leases that clients were told of in this run. */
  readonly acknowledged: number;
  /** By how many leases each database grew meanwhile. */
  readonly onA: number;
  readonly onB: number;
}

export interface PairResult {
  readonly syncs: string;
  /** Rates, CPU and memory of both boxes together. */
  readonly server: ServerResult;
  /** The shortest and the longest lease that new clients got, seconds. */
  readonly firstLease: { readonly min: number; readonly max: number } | null;
  readonly databases: Databases | null;
  readonly takeover: Takeover | null;
  readonly back: Return | null;
}

/** New clients whose first lease is looked at. */
const FIRST_LEASES = 64;

/** Leases of the run after which databases are compared, at most: each of another client. */
const COMPARED_LEASES = 20_000;

/** How long a partner that hears later may take to hear everything, milliseconds. */
const CATCH_UP_MS = 10_000;
const CATCH_UP_STEP_MS = 1000;

/** Measures one pair; what goes wrong ends up in `failure`, with what was measured before. */
export async function measurePair(
  setting: Setting,
  room: PairRoom,
  contender: Contender,
  options: BenchOptions,
  say: Progress,
): Promise<PairResult> {
  const { name, note, variantOf, syncs } = contender;
  let server: ServerResult = {
    ...{ name, version: contender.version(setting.root), note, isCeiling: false, variantOf },
    ...{ highest: null, driverLimited: false, search: [], paced: [], resident: null },
    failure: null,
  };
  let result: PairResult = {
    syncs,
    server,
    firstLease: null,
    databases: null,
    takeover: null,
    back: null,
  };
  try {
    if (options.pair) {
      const pair = asServer(contender, room, { asShipped: false });
      server = await measureServer(setting, pair, options, say);
      result = { ...result, server };
      const rate = Math.floor(server.highest?.completed ?? 0);
      if (rate > 0) result = { ...result, ...(await compare(setting, room, contender, rate, say)) };
    }
    if (options.takeover) {
      const { takeover, back } = await measureTakeover(setting, room, contender);
      say(`${name}: killed one; ${describeTakeover(takeover)}`);
      result = { ...result, takeover, back };
    }
    return result;
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { ...result, server: { ...result.server, failure } };
  }
}

export function describeTakeover({ firstKnown, longestWait, unanswered }: Takeover): string {
  const first = firstKnown === null ? "nobody answered" : `first answer ${seconds(firstKnown)} s`;
  return `${first}, longest wait ${seconds(longestWait)} s, ${unanswered} still waiting`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

async function compare(
  setting: Setting,
  room: PairRoom,
  contender: Contender,
  rate: number,
  say: Progress,
): Promise<Pick<PairResult, "firstLease" | "databases">> {
  const server = asServer(contender, room, { asShipped: false });
  const instance = await startServer(setting, server);
  const count = (): Promise<number[]> =>
    Promise.all(server.members().map((member) => member.activeLeases()));
  try {
    const leases = await firstLeases(room, FIRST_LEASES);
    const firstLease = { min: Math.min(...leases), max: Math.max(...leases) };
    const before = await settled(count);
    const seconds = Math.max(1, Math.min(5, Math.floor(COMPARED_LEASES / rate)));
    const { report } = await measure(setting, instance, { rate, seconds, clients: rate * seconds });
    const after = await settled(count);
    const [onA = 0, onB = 0] = after.map((leases, box) => leases - (before[box] ?? 0));
    const databases = { acknowledged: report.ack.received, onA, onB };
    say(
      `${contender.name}: first leases ${firstLease.min} to ${firstLease.max} s; ` +
        `${databases.acknowledged} acknowledged, ${onA} on a, ${onB} on b`,
    );
    return { firstLease, databases };
  } finally {
    await instance.stop();
  }
}

/** Counts of both boxes when they have stopped changing. */
async function settled(count: () => Promise<number[]>): Promise<number[]> {
  const begin = performance.now();
  let last = await count();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, CATCH_UP_STEP_MS));
    const now = await count();
    if (String(now) === String(last) || performance.now() - begin > CATCH_UP_MS) return now;
    last = now;
  }
}
