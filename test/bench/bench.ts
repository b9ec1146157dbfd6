/** The bench: Tandem beside other DHCP servers, driven by perfdhcp. See --help. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type DiskFacts, diskFacts, MEMORY_FILE_SYSTEMS } from "./disk.ts";
import { type BenchOptions, parseOptions, USAGE, UsageError } from "./options.ts";
import { measurePairs, PAIRS } from "./pair-bench.ts";
import type { PairResult } from "./pair-plan.ts";
import { renderPairs } from "./pair-report.ts";
import { measureServer, type ServerResult } from "./plan.ts";
import { summarizeProfile } from "./profile.ts";
import { type Machine, renderReport } from "./report.ts";
import { buildRoom, enterRoom, insideRoom } from "./sandbox.ts";
import { needs, SERVERS } from "./servers.ts";

/** Names the folder for lease stores, made outside and used inside the room. */
const STORE = "TANDEM_BENCH_STORE";

/** How long the disk is measured, milliseconds. */
const DISK_MS = 1500;

const root = resolve(import.meta.dirname, "..", "..");

/** Entry; the exit code is 0 when everything asked for was measured, 2 for a wrong command line. */
async function main(): Promise<number> {
  // Servers and tools live in sbin, which is not on everybody's path.
  process.env.PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
  const names = SERVERS.map(({ name }) => name);
  const pairs = PAIRS.map(({ name }) => name);
  const options = parseOptions(process.argv.slice(2), names, pairs);
  if (options.help) {
    console.log(USAGE.replace("SERVERS", names.join(",")).replace("PAIRS", pairs.join(",")));
    return 0;
  }
  return insideRoom() ? measureAll(options) : prepare(options);
}

/** Outside: checks what is needed, makes the store folder, and removes it afterwards. */
async function prepare(options: BenchOptions): Promise<number> {
  const tools = [
    needs("perfdhcp", "kea-admin"),
    needs("ip", "iproute2"),
    needs("unshare", "util-linux"),
    needs("nsenter", "util-linux"),
  ].filter((missing) => missing !== null);
  if (tools.length > 0) throw new UsageError(tools.join("\n"));
  const parent = resolve(options.store ?? join(root, "dist"));
  mkdirSync(parent, { recursive: true });
  const store = mkdtempSync(join(parent, "bench-store-"));
  try {
    return await enterRoom({ [STORE]: store });
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

/** Inside the room: the bench itself. */
async function measureAll(options: BenchOptions): Promise<number> {
  const store = process.env[STORE];
  if (store === undefined) throw new Error(`${STORE} is not set`);
  const machine = machineFacts();
  const disk = diskFacts(store, DISK_MS);
  if (MEMORY_FILE_SYSTEMS.has(disk.fileSystem) && !options.allowTmpfs) {
    throw new UsageError(
      `${disk.folder} is on ${disk.fileSystem}: durable writes would cost nothing there. ` +
        "Give a folder on a disk with --store, or --allow-tmpfs.",
    );
  }
  const json = resolve(options.json);
  const profiles = options.profile ? json.replace(/\.json$/, "").concat("-profiles") : null;
  if (profiles !== null) rmSync(profiles, { recursive: true, force: true });
  if (options.pair || options.takeover) {
    const setting = { root, store, profiles };
    const measured = await measurePairs(setting, options, (line) => console.log(line));
    writeResults(json, { options, machine, disk, ...measured });
    console.log(`\n${renderPairs(measured.results, machine, disk)}`);
    return conclude(
      json,
      profiles,
      measured.results.map(({ server }) => server),
      measured.skipped,
    );
  }
  const setting = { room: buildRoom(), root, store, profiles };
  const results: ServerResult[] = [];
  const skipped: string[] = [];
  for (const name of options.servers) {
    const server = SERVERS.find((candidate) => candidate.name === name);
    if (server === undefined) continue;
    const missing = server.missing(root);
    if (missing !== null) {
      skipped.push(`${name}: not measured: ${missing}`);
      console.log(skipped.at(-1));
      continue;
    }
    const result = await measureServer(setting, server, options, (line) => console.log(line));
    if (result.failure !== null) console.log(`${name}: ${result.failure}`);
    results.push(result);
  }
  writeResults(json, { options, machine, disk, results, skipped });
  console.log(`\n${renderReport(results, machine, disk)}`);
  return conclude(json, profiles, results, skipped);
}

/** Says what else there is to see; the exit code. */
function conclude(
  json: string,
  profiles: string | null,
  results: readonly ServerResult[],
  skipped: readonly string[],
): number {
  for (const line of skipped) console.log(line);
  if (profiles !== null) showProfiles(profiles);
  console.log(`\nResults: ${json}`);
  return results.every(({ failure }) => failure === null) && skipped.length === 0 ? 0 : 1;
}

function machineFacts(): Machine {
  const perfdhcp = spawnSync("perfdhcp", ["-v"], { encoding: "utf8" });
  return {
    cpu: cpus()[0]?.model ?? "unknown CPU",
    cores: cpus().length,
    kernel: release(),
    node: process.version.slice(1),
    perfdhcp: /\d[\d.]*/.exec(perfdhcp.stdout)?.[0] ?? "unknown",
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
}

interface Outcome {
  readonly options: BenchOptions;
  readonly machine: Machine;
  readonly disk: DiskFacts;
  readonly results: readonly (ServerResult | PairResult)[];
  readonly skipped: readonly string[];
}

function writeResults(path: string, outcome: Outcome): void {
  mkdirSync(dirname(path), { recursive: true });
  const text = JSON.stringify({ version: 1, when: new Date().toISOString(), ...outcome }, null, 2);
  writeFileSync(path, `${text}\n`);
}

function showProfiles(folder: string): void {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    console.log(`\nOwn time by function, ${path}`);
    for (const line of summarizeProfile(JSON.parse(readFileSync(path, "utf8")), 40)) {
      const share = `${(line.share * 100).toFixed(1)} %`.padStart(7);
      console.log(`${share} ${line.selfMs.toFixed(0).padStart(7)} ms  ${line.where}`);
    }
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
