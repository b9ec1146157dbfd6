/** What clients notice when one server of a pair is killed under load. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Setting, startServer } from "./measure.ts";
import { asServer, type Contender, type Member } from "./pair-contenders.ts";
import { type Exchange, type FleetPlan, type FleetReport, now, READY } from "./pair-fleet.ts";
import { LAN_ADDRESS, type PairRoom } from "./pair-room.ts";
import { percentile } from "./perfdhcp.ts";
import { CLIENT_ADDRESS } from "./sandbox.ts";

export interface Takeover {
  /** From the kill to the first ACK of a client that only the dead server would have served; null
   * when there was none within the bound. Milliseconds, as all of these. */
  readonly firstKnown: number | null;
  readonly firstNewcomer: number | null;
  /** The longest any client waited that began after the kill, from its first DISCOVER; and whether it
   * was still waiting. */
  readonly longestWait: number;
  readonly longestIsOpen: boolean;
  /** Clients whose packets died with the server, in the middle of an exchange, and the longest of their
   * waits: at least until they send again, whoever serves them then. */
  readonly inFlight: number;
  readonly longestInFlight: number;
  /** The worst wait of each client that only the dead server served: of half of them, of nearly all. */
  readonly waitP50: number;
  readonly waitP99: number;
  /** Clients that waited longer than a second. */
  readonly waitedASecond: number;
  /** Clients in all, and how many of them only the dead server served before. */
  readonly clients: number;
  readonly ofTheDead: number;
  /** Clients without an answer at the end. */
  readonly unanswered: number;
  readonly naks: number;
  /** ACKs of an address that another client had. */
  readonly duplicates: number;
  /** The shortest lease handed out after the kill, seconds. */
  readonly shortestLease: number | null;
  readonly observedSeconds: number;
}

/** The dead box, started again after the clients had gone. */
export interface Return {
  /** From its start until both boxes were in step, milliseconds. */
  readonly inStep: number;
  /** Addresses in either book, and those of which the books say different things. */
  readonly addresses: number;
  readonly differing: number;
}

/** The steady load goes on for so long before the kill. */
const STEADY_MS = 3000;

/** The books of both boxes are compared until they agree, so often and so far apart. */
const COMPARE_TRIES = 20;
const COMPARE_STEP_MS = 500;

/** Nobody is watched for longer than this. */
export const BOUND_SECONDS = 120;

/** 200 exchanges a second of 2,000 clients, half of them without a lease so far. */
const PLAN: FleetPlan = {
  address: CLIENT_ADDRESS,
  clients: 2000,
  known: 1000,
  rate: 200,
  surveyOnly: false,
  afterMin: 12,
  afterMax: BOUND_SECONDS,
  seed: 7,
};

/** Kills box a, the one that serves (or its half), with everything it runs. */
export async function measureTakeover(
  setting: Setting,
  room: PairRoom,
  contender: Contender,
): Promise<{ takeover: Takeover; back: Return | null }> {
  const server = asServer(contender, room, { asShipped: true });
  const instance = await startServer(setting, server);
  try {
    let killedAt = 0;
    const report = await runFleet(room, PLAN, async (died) => {
      await sleep(STEADY_MS);
      killedAt = now();
      for (const { child } of server.members()[0]?.processes ?? []) child.kill("SIGKILL");
      died();
    });
    const takeover = judgeTakeover(report, killedAt, LAN_ADDRESS.a);
    if (takeover.ofTheDead === 0) throw new Error("box a served nobody before it was killed.");
    const inStep = await server.comeBack("a");
    const back = inStep === null ? null : { inStep, ...(await compareBooks(server.members())) };
    return { takeover, back };
  } finally {
    await instance.stop();
  }
}

/** Nothing changes any more: what still differs after a while does so for good. */
async function compareBooks(members: readonly Member[]): Promise<Omit<Return, "inStep">> {
  for (let tries = 0; ; tries++) {
    const books = await Promise.all(members.map((member) => member.book?.() ?? []));
    const [a, b] = [new Set(books[0]), new Set(books[1])];
    const addressesOf = (lines: Iterable<string>): Set<string> =>
      new Set(Array.from(lines, (line) => line.split(" ", 1)[0] ?? ""));
    const addresses = addressesOf([...a, ...b]).size;
    const differing = addressesOf(a.symmetricDifference(b)).size;
    if (differing === 0 || tries === COMPARE_TRIES) return { addresses, differing };
    await sleep(COMPARE_STEP_MS);
  }
}

/** Lease times that so many new clients get, seconds. */
export async function firstLeases(room: PairRoom, clients: number): Promise<readonly number[]> {
  const plan = { ...PLAN, clients, known: clients, rate: 50, surveyOnly: true };
  return (await runFleet(room, plan, async () => {})).firstLeases;
}

export function judgeTakeover(report: FleetReport, killedAt: number, dead: string): Takeover {
  const onlyDead = report.servedBy.map((servers) => servers.length === 1 && servers[0] === dead);
  const after = report.exchanges.filter(
    ({ ended, server }) => ended === null || (ended > killedAt && server !== dead),
  );
  const orphans = after.filter(({ client }) => onlyDead[client] === true);
  const waitOf = ({ begun, ended }: Exchange): number => (ended ?? report.ended) - begun;
  const worst = new Map<number, number>();
  for (const exchange of after) {
    const { client } = exchange;
    worst.set(client, Math.max(worst.get(client) ?? 0, waitOf(exchange)));
  }
  const orphanWaits = [...worst]
    .filter(([client]) => onlyDead[client] === true)
    .map(([, wait]) => wait)
    .sort((a, b) => a - b);
  const early = after.filter(({ begun }) => begun < killedAt);
  const begunAfter = after.filter(({ begun }) => begun >= killedAt);
  const longestOf = (some: readonly Exchange[]): number => Math.max(0, ...some.map(waitOf));
  const longestWait = longestOf(begunAfter);
  const leases = after.flatMap(({ leaseSeconds }) => leaseSeconds ?? []);
  // Half the fleet has leases when the survey is over: those come first.
  const isKnown = ({ client }: Exchange): boolean => client < report.known;
  return {
    firstKnown: firstEnd(orphans.filter(isKnown), killedAt),
    firstNewcomer: firstEnd(
      orphans.filter((exchange) => !isKnown(exchange)),
      killedAt,
    ),
    longestWait,
    longestIsOpen: begunAfter.some((one) => one.ended === null && waitOf(one) === longestWait),
    inFlight: early.length,
    longestInFlight: longestOf(early),
    waitP50: percentile(orphanWaits, 50),
    waitP99: percentile(orphanWaits, 99),
    waitedASecond: [...worst.values()].filter((wait) => wait > 1000).length,
    clients: onlyDead.length,
    ofTheDead: onlyDead.filter(Boolean).length,
    unanswered: after.filter(({ ended }) => ended === null).length,
    naks: report.naks,
    duplicates: report.duplicates,
    shortestLease: leases.length === 0 ? null : Math.min(...leases),
    observedSeconds: (report.ended - killedAt) / 1000,
  };
}

function firstEnd(exchanges: readonly Exchange[], killedAt: number): number | null {
  const ends = exchanges.flatMap(({ ended }) => ended ?? []);
  return ends.length === 0 ? null : Math.min(...ends) - killedAt;
}

async function runFleet(
  room: PairRoom,
  plan: FleetPlan,
  whenReady: (died: () => void) => Promise<void>,
): Promise<FleetReport> {
  const program = join(import.meta.dirname, "pair-fleet.ts");
  const child = room.run("client", [process.execPath, program, JSON.stringify(plan)], {
    capture: true,
  });
  let output = "";
  let errors = "";
  let ready: Promise<void> | null = null;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (ready === null && output.startsWith(READY)) {
      ready = whenReady(() => void child.kill("SIGUSR2"));
    }
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  await new Promise((resolve) => child.once("close", resolve));
  await ready;
  const json = output.slice(READY.length).trim();
  if (json === "") throw new Error(`the clients gave no report: ${errors.trim().slice(-400)}`);
  return JSON.parse(json);
}
