/** Results as text: tables with ratios, and the sentences that say what they mean. */
import type { DiskFacts } from "./disk.ts";
import type { Run } from "./measure.ts";
import type { Stage } from "./perfdhcp.ts";
import type { ServerResult } from "./plan.ts";

/** Where the bench ran; enough to judge whether two results can be compared. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly perfdhcp: string;
  /** One-minute load average at the start: other work makes every number worse. */
  readonly loadBefore: number;
}

/** tandemd with 10,000 leases shall stay below this, MiB. */
export const RESIDENT_GOAL_MIB = 90;

/** Our highest rate shall be this many times the best other server's. */
export const RATE_GOAL = 1.3;

/** From this share of the do-nothing responder's rate on, perfdhcp is the limit, not we. */
const CEILING_SHARE = 0.95;

/** With more CPUs than this busy for others, a run says little about the server. */
const NOISE_CPUS = 0.2;

const US = "tandem";

export function renderReport(
  results: readonly ServerResult[],
  machine: Machine,
  disk: DiskFacts,
): string {
  const parts = [describeMachine(machine, disk)];
  const highest = results.filter((result) => result.highest !== null);
  if (highest.length > 0) parts.push(highestTable(highest));
  if (results.some(({ paced }) => paced.length > 0)) parts.push(pacedTable(results));
  if (results.some(({ resident }) => resident !== null)) parts.push(residentTable(results));
  parts.push(notes(results));
  const judged = verdicts(results);
  if (judged.length > 0) parts.push(judged.join("\n"));
  return parts.join("\n\n");
}

/** Columns padded to their widest cell; the first to the left, the others to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? "";
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** This server's value over the best other server's: the largest of them, or the smallest. The
 * do-nothing responder and variants are nobody's competitors; a variant is compared with the server
 * it is one of. NaN when there is no other. */
export function ratioToBestOther(
  results: readonly ServerResult[],
  name: string,
  value: (result: ServerResult) => number,
  better: "higher" | "lower",
): number {
  const mine = results.find((result) => result.name === name);
  const others = results
    .filter((result) => isComparedWith(result, name, mine?.variantOf ?? null))
    .map(value)
    .filter((number) => Number.isFinite(number));
  if (mine === undefined || others.length === 0) return Number.NaN;
  return value(mine) / (better === "higher" ? Math.max(...others) : Math.min(...others));
}

function isComparedWith(other: ServerResult, name: string, variantOf: string | null): boolean {
  if (variantOf !== null) return other.name === variantOf;
  return other.name !== name && other.variantOf === null && !other.isCeiling;
}

/** What the goals of the project say about these results, one sentence each; first of all whether
 * the machine was quiet enough for them to mean anything. */
export function verdicts(results: readonly ServerResult[]): string[] {
  const us = results.find(({ name }) => name === US);
  const said = results.flatMap(noiseOf);
  if (us?.highest == null) return said;
  const ratio = ratioToBestOther(results, US, rateOf, "higher");
  if (Number.isFinite(ratio)) {
    const atCeiling = isAtCeiling(us, results);
    const limit = atCeiling ? ", at perfdhcp's own ceiling" : "";
    const goal = `goal ${RATE_GOAL}x or the ceiling`;
    const holds = ratio >= RATE_GOAL || atCeiling;
    said.push(`${mark(holds)} rate: ${times(ratio)} the best other server${limit} (${goal})`);
  }
  const kea = results.find(({ name }) => name === "kea");
  if (kea?.highest != null) {
    const cpu = us.highest.cpuPer10k / kea.highest.cpuPer10k;
    said.push(`${mark(cpu <= 1)} CPU per exchange: ${times(cpu)} Kea's (goal at most 1x)`);
  }
  const daemon = us.resident?.memory.find(({ name }) => name === "tandemd");
  if (daemon !== undefined && us.resident !== null) {
    const size = `${daemon.residentMiB.toFixed(1)} MiB with ${us.resident.leases} leases`;
    const holds = daemon.residentMiB < RESIDENT_GOAL_MIB;
    said.push(`${mark(holds)} memory of tandemd: ${size} (goal under ${RESIDENT_GOAL_MIB} MiB)`);
  }
  return [...said, ...results.flatMap((result) => variantLine(result, results))];
}

/** No goal, only a figure: what it costs to have more to decide. */
function variantLine(result: ServerResult, results: readonly ServerResult[]): string[] {
  const { name, variantOf } = result;
  const rate = times(ratioToBestOther(results, name, rateOf, "higher"));
  const cpu = times(ratioToBestOther(results, name, cpuOf, "lower"));
  if (variantOf === null || rate === "-") return [];
  return [`${name}: ${rate} the rate of ${variantOf}, ${cpu} its CPU per exchange`];
}

export function noiseOf({ name, highest }: ServerResult): string[] {
  if (highest === null || highest.othersCpus <= NOISE_CPUS) return [];
  const cpus = `${highest.othersCpus.toFixed(2)} CPUs`;
  return [`NOISY: other work kept ${cpus} busy while ${name} was measured; repeat when quiet`];
}

/** As fast as the do-nothing responder, both measured on a quiet machine: a starved perfdhcp
 * would make a low ceiling that anybody reaches. */
function isAtCeiling(us: ServerResult, results: readonly ServerResult[]): boolean {
  const ceiling = results.find(({ isCeiling }) => isCeiling);
  if (ceiling === undefined || [us, ceiling].flatMap(noiseOf).length > 0) return false;
  return rateOf(us) >= rateOf(ceiling) * CEILING_SHARE;
}

function highestTable(results: readonly ServerResult[]): string {
  const head = ["highest rate", "version", "exch/s", "ratio", "loss %", "OFFER ms", "max"];
  head.push("ACK ms", "max", "CPU s/10k", "ratio", "peak MiB", "ratio", "others");
  const rows = results.map((result) => {
    const run = result.highest;
    if (run === null) return [result.name];
    const ratio = (value: (of: ServerResult) => number, better: "higher" | "lower"): string =>
      result.isCeiling ? "" : times(ratioToBestOther(results, result.name, value, better));
    return [
      result.name,
      result.version,
      `${result.driverLimited ? ">= " : ""}${Math.round(run.completed)}`,
      ratio(rateOf, "higher"),
      (run.loss * 100).toFixed(2),
      mean(run.report.offer),
      highestDelay(run.report.offer),
      mean(run.report.ack),
      highestDelay(run.report.ack),
      run.cpuPer10k.toFixed(2),
      ratio(cpuOf, "lower"),
      peakMiB(run).toFixed(1),
      ratio(memoryOf, "lower"),
      run.othersCpus.toFixed(2),
    ];
  });
  return formatTable(head, rows);
}

export function pacedTable(results: readonly ServerResult[]): string {
  const head = ["fixed rate", "exch/s", "loss %", "OFFER p50 ms", "p95", "p99"];
  head.push("ACK p50 ms", "p95", "p99", "max", "CPU s/10k");
  const rates = [...new Set(results.flatMap(({ paced }) => paced.map(({ asked }) => asked)))];
  const rows = rates.flatMap((rate) =>
    results.flatMap(({ name, paced }) =>
      paced
        .filter(({ asked }) => asked === rate)
        .map((run) => [
          name,
          String(Math.round(run.completed)),
          (run.loss * 100).toFixed(2),
          ...percentiles(run.report.offer),
          ...percentiles(run.report.ack),
          highestDelay(run.report.ack),
          run.cpuPer10k.toFixed(2),
        ]),
    ),
  );
  return formatTable(head, rows);
}

function residentTable(results: readonly ServerResult[]): string {
  const rows = results.flatMap(({ name, resident }) =>
    (resident?.memory ?? []).map((memory) => [
      name,
      memory.name,
      String(resident?.leases ?? ""),
      memory.residentMiB.toFixed(1),
      memory.peakMiB.toFixed(1),
    ]),
  );
  return formatTable(["memory", "process", "leases", "resident MiB", "peak MiB"], rows);
}

function notes(results: readonly ServerResult[]): string {
  const lines = results.map(({ name, note, failure }) =>
    failure === null ? `${name}: ${note}` : `${name}: ${note}\n  not measured: ${failure}`,
  );
  return [
    "Every run begins with an empty store, and no server probes an address before offering it.",
    "Ratios are against the best of the other servers, do-nothing left out; tandem-rich's are " +
      "against tandem.",
    '"others": CPUs that other work on this machine kept busy during the run; should be near 0.',
    ...lines,
  ].join("\n");
}

export function describeMachine(machine: Machine, disk: DiskFacts): string {
  const { cpu, cores, kernel, node, perfdhcp, loadBefore } = machine;
  const load = `load ${loadBefore.toFixed(2)} at the start`;
  return [
    `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}, perfdhcp ${perfdhcp}, ${load}`,
    `lease stores on ${disk.fileSystem} (${disk.device}): ` +
      `${Math.round(disk.syncsPerSecond)} fdatasync per second, one append each`,
  ].join("\n");
}

export function rateOf(result: ServerResult): number {
  return result.highest?.completed ?? Number.NaN;
}

export function cpuOf(result: ServerResult): number {
  return result.highest?.cpuPer10k ?? Number.NaN;
}

export function memoryOf(result: ServerResult): number {
  return result.highest === null ? Number.NaN : peakMiB(result.highest);
}

export function peakMiB(run: Run): number {
  return run.memory.reduce((sum, memory) => sum + memory.peakMiB, 0);
}

function mean(stage: Stage): string {
  return stage.delays?.meanMs.toFixed(2) ?? "-";
}

function highestDelay(stage: Stage): string {
  return stage.delays?.maxMs.toFixed(1) ?? "-";
}

export function percentiles(stage: Stage): string[] {
  const found = stage.percentiles;
  if (found === null) return ["-", "-", "-"];
  return [found.p50, found.p95, found.p99].map((value) => value.toFixed(2));
}

export function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : "-";
}

export function mark(holds: boolean): string {
  return holds ? "holds:" : "DOES NOT HOLD:";
}
