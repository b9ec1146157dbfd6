/** One server under load: start it with an empty store, drive it, read what it cost. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Load,
  type LoadReport,
  lossOf,
  mergeReports,
  parsePerfdhcp,
  perfdhcpArguments,
  shareOf,
} from "./perfdhcp.ts";
import { CLIENT_IFACE, end, type Room, type Side } from "./sandbox.ts";
import type { Server, Started } from "./servers.ts";
import {
  type CpuClock,
  cpuSeconds,
  type Memory,
  memoryOf,
  type Process,
  parseUdpOverflows,
  readCpuClock,
} from "./usage.ts";

/** What is the same for every measurement of a bench. */
export interface Setting {
  readonly room: Room;
  readonly root: string;
  readonly store: string;
  readonly profiles: string | null;
}

/** A server that is running and answers. */
export interface Instance {
  readonly server: Server;
  readonly processes: readonly Process[];
  stop(): Promise<void>;
}

/** One run's result. Rates are exchanges per second, times milliseconds. */
export interface Run {
  readonly asked: number;
  readonly started: number;
  readonly completed: number;
  readonly loss: number;
  readonly report: LoadReport;
  /** CPU seconds of all the server's processes per 10,000 complete exchanges. */
  readonly cpuPer10k: number;
  /** CPUs that other work on the machine kept busy meanwhile; much of it spoils the result. */
  readonly othersCpus: number;
  /** Answers that came but found perfdhcp's socket full: losses that are not the server's. */
  readonly driverOverflows: number;
  readonly memory: readonly Memory[];
}

/** Clients of a measured run. */
const CLIENT_BASE = "00:0c:01:02:03:04";
/** Other clients for warming up, so that they do not own leases of the measured ones. */
const WARM_BASE = "00:0c:f1:02:03:04";
/** Below it one perfdhcp has an easy life. */
const SHARED_RATE_MIN = 1000;
/** So many that none of them asks more often than a server would let a single client. */
const WARM_CLIENTS = 2000;

/** How long a server may take from start to its first answer. */
const READY_TRIES = 40;

/** Starts the server with an empty store and waits until it completes an exchange. */
export async function startServer(setting: Setting, server: Server): Promise<Instance> {
  const dir = join(setting.store, `${server.name}-${process.hrtime.bigint()}`);
  const tools = join(setting.store, "tools");
  for (const folder of [dir, tools]) mkdirSync(folder, { recursive: true });
  const { room, root, profiles } = setting;
  const started = await server.start({ room, root, dir, tools, profiles });
  const stop = async (): Promise<void> => {
    for (const { child } of [...started].reverse()) await end(child);
  };
  try {
    await waitUntilAnswering(setting, server, started);
  } catch (error) {
    await stop();
    throw new Error(`${messageOf(error)}\n${lastLines(dir)}`);
  }
  const processes = started.map(({ name, child }) => ({ name, pid: child.pid ?? 0 }));
  return { server, processes, stop };
}

/** Load before a measured run: code gets compiled, files get created, caches get warm. */
export async function warmUp(
  setting: Setting,
  instance: Instance,
  rate: number,
  seconds: number,
): Promise<void> {
  const half = Math.max(1, Math.round(rate / 2));
  await drive(setting, { rate: half, seconds, clients: WARM_CLIENTS, base: WARM_BASE });
  await settle(instance);
}

/** A measured run. */
export async function measure(
  setting: Setting,
  instance: Instance,
  load: Omit<Load, "base">,
): Promise<Run> {
  const before = cpuSeconds(instance.processes);
  const clock = readCpuClock();
  const overflows = driverOverflows(setting);
  const begin = performance.now();
  const report = await drive(setting, { ...load, base: CLIENT_BASE });
  const others = othersCpus(clock, cpuSeconds(instance.processes) - before, begin);
  const memory = memoryOf(instance.processes);
  // What the server still does after the last answer belongs to the run as well.
  await settle(instance);
  const cpu = cpuSeconds(instance.processes) - before;
  const acks = report.ack.received;
  return {
    asked: load.rate,
    started: report.offer.sent / load.seconds,
    completed: acks / load.seconds,
    loss: lossOf(report),
    report,
    cpuPer10k: acks === 0 ? Number.NaN : (cpu / acks) * 10_000,
    othersCpus: others,
    driverOverflows: driverOverflows(setting) - overflows,
    memory,
  };
}

function driverOverflows(setting: Setting): number {
  const { room } = setting;
  return room.drivers
    .map((side) => parseUdpOverflows(room.read(side, "/proc/net/snmp")))
    .reduce((a, b) => a + b, 0);
}

/** How many CPUs were busy since `begin` with neither the server nor the bench. */
function othersCpus(since: CpuClock, server: number, begin: number): number {
  const now = readCpuClock();
  const others = now.machine - since.machine - (now.bench - since.bench) - server;
  return Math.max(0, others / ((performance.now() - begin) / 1000));
}

/** Gives each of `leases` clients a lease at a moderate rate and reads resident memory. */
export async function measureMemory(
  setting: Setting,
  instance: Instance,
  leases: number,
  rate: number,
): Promise<{ leases: number; memory: Memory[] }> {
  const seconds = Math.ceil(leases / rate) + 5;
  const load = { rate, seconds, clients: leases, exchanges: leases, base: CLIENT_BASE };
  let held = (await drive(setting, load)).ack.received;
  // A client that got nothing the first time gets its lease in a second round. The last ACK may
  // be missing from the count, see waitUntilAnswering.
  if (held < leases - 1) held = (await drive(setting, load)).ack.received;
  await sleep(2000);
  // perfdhcp may start an exchange or two more than asked for, of a client that has its lease.
  return { leases: Math.min(held, leases), memory: memoryOf(instance.processes) };
}

/** All drivers at once where the rate is worth it, and where no packet's own time is wanted. */
async function drive(setting: Setting, load: Load): Promise<LoadReport> {
  const { drivers } = setting.room;
  if (load.rate < SHARED_RATE_MIN || load.timers === true)
    return driveFrom(setting, "client", load);
  const reports = drivers.map((side, index) =>
    driveFrom(setting, side, shareOf(load, index, drivers.length)),
  );
  return mergeReports(await Promise.all(reports));
}

async function driveFrom(setting: Setting, side: Side, load: Load): Promise<LoadReport> {
  const command = ["perfdhcp", ...perfdhcpArguments(CLIENT_IFACE, load)];
  const child = setting.room.run(side, command, { capture: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  await new Promise((resolve) => child.once("close", resolve));
  return parsePerfdhcp(output);
}

async function waitUntilAnswering(
  setting: Setting,
  server: Server,
  started: readonly Started[],
): Promise<void> {
  // Three, because perfdhcp may leave after the last OFFER without waiting for its ACK.
  const load = { rate: 20, seconds: 1, clients: 3, exchanges: 3, base: "00:0c:e1:02:03:04" };
  for (let tries = 0; tries < READY_TRIES; tries++) {
    const ended = started.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (ended !== undefined) {
      const { exitCode, signalCode } = ended.child;
      throw new Error(`${ended.name} ended at start (${signalCode ?? `exit code ${exitCode}`}).`);
    }
    if ((await drive(setting, load)).ack.received > 0) return;
    await sleep(150);
  }
  throw new Error(`${server.name} did not answer after its start.`);
}

/** Waits until the server is idle again (or 5 s are over). */
async function settle(instance: Instance): Promise<void> {
  const step = 150;
  let last = cpuSeconds(instance.processes);
  for (let waited = 0; waited < 5000; waited += step) {
    await sleep(step);
    const now = cpuSeconds(instance.processes);
    if (now - last <= (step / 1000) * 0.15) return;
    last = now;
  }
}

function lastLines(dir: string): string {
  const logs = readdirSync(dir).filter((name) => name.endsWith(".log"));
  return logs
    .map((name) => {
      const lines = readFileSync(join(dir, name), "utf8").trim().split("\n").slice(-8);
      return `${name}:\n  ${lines.join("\n  ")}`;
    })
    .join("\n");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
