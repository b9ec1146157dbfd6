// How fast the API answers while the box serves: with 20,000 leases and 2,000 exchanges a second, what status and the
// first page of leases take, and whether a device is lost over it. `node test/bench/api-latency.ts [SECONDS]`.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { get } from "../../board/virtual/ask.ts";
import { measure, measureMemory, startServer, warmUp } from "./measure.ts";
import { buildRoom, enterRoom, insideRoom } from "./sandbox.ts";
import { SERVERS } from "./servers.ts";

const STORE = "TANDEM_BENCH_STORE";
const LEASES = 20_000;
const RATE = 2000;
const PAUSE_MILLISECONDS = 20;
/** Legend: what is asked for, and how long it may take, in 99 of 100 times. */
const ASKED = [
  ["/api/v1/status", 10],
  ["/api/v1/leases", 30],
  ["/api/v1/leases?sort=-seenAt", 30],
  ["/api/v1/leases?search=0c:01", 30],
] as const;

const root = resolve(import.meta.dirname, "..", "..");

async function main(): Promise<number> {
  process.env.PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
  if (insideRoom()) return inside(process.env[STORE] as string);
  const store = mkdtempSync(join(root, "dist", "bench-store-"));
  try {
    return await enterRoom({ [STORE]: store });
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

async function inside(store: string): Promise<number> {
  const setting = { room: buildRoom(), root, store, profiles: null };
  const server = SERVERS.find(({ name }) => name === "tandem");
  if (!server) throw new Error("there is no such server");
  const seconds = Number(process.argv[2] ?? 20);
  const instance = await startServer(setting, server);
  try {
    await warmUp(setting, instance, RATE, 5);
    await measureMemory(setting, instance, LEASES, RATE);
    const [folder = ""] = readdirSync("/run").filter((name) => name.startsWith("tandem-"));
    const socket = join("/run", folder, "tandem.sock");
    const taken = new Map<string, number[]>(ASKED.map(([path]) => [path, []]));
    let isOver = false;
    const asking = askAll(socket, taken, () => isOver);
    const load = { rate: RATE, seconds, clients: LEASES };
    const run = await measure(setting, instance, load);
    isOver = true;
    await asking;
    return report(run, taken);
  } finally {
    await instance.stop();
  }
}

async function askAll(
  socket: string,
  taken: ReadonlyMap<string, number[]>,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    for (const [path, times] of taken) {
      const begin = performance.now();
      const { code } = await get(socket, path);
      if (code !== 200) throw new Error(`${path} was answered ${code}`);
      times.push(performance.now() - begin);
      await pause(PAUSE_MILLISECONDS);
    }
  }
}

function report(
  { completed, loss, driverOverflows, othersCpus }: Awaited<ReturnType<typeof measure>>,
  taken: ReadonlyMap<string, number[]>,
): number {
  const percent = (100 * loss).toFixed(3);
  console.log(
    `${Math.round(completed)} exchanges/s, ${percent} % lost (${driverOverflows} at the driver), ${othersCpus.toFixed(2)} CPUs busy otherwise`,
  );
  let isGood = loss === 0;
  for (const [path, most] of ASKED) {
    const times = (taken.get(path) ?? []).toSorted((a, b) => a - b);
    const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
    if (!(at(0.99) < most)) isGood = false;
    console.log(
      `${path}: ${times.length} times, median ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms (at most ${most})`,
    );
  }
  return isGood ? 0 : 1;
}

process.exitCode = await main();
