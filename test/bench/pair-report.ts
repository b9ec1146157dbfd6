/** Results of pairs as text. */
import type { DiskFacts } from "./disk.ts";
import type { PairResult } from "./pair-plan.ts";
import { BOUND_SECONDS } from "./pair-takeover.ts";
import type { Stage } from "./perfdhcp.ts";
import {
  cpuOf,
  describeMachine,
  formatTable,
  type Machine,
  mark,
  memoryOf,
  noiseOf,
  percentiles,
  rateOf,
  ratioToBestOther,
  times,
} from "./report.ts";
import { LEASE_SECONDS } from "./tandem-config.ts";

/** Our highest rate shall be this many times the best other pair's. */
export const PAIR_RATE_GOAL = 3;

/** A client shall be answered within this time after one of our boxes died. */
export const TAKEOVER_GOAL_MS = 1000;

const US = "tandem-pair";

export function renderPairs(
  results: readonly PairResult[],
  machine: Machine,
  disk: DiskFacts,
): string {
  const parts = [describeMachine(machine, disk), pairTable(results)];
  if (results.some(({ takeover }) => takeover !== null)) parts.push(takeoverTable(results));
  parts.push(notes(results));
  const judged = pairVerdicts(results);
  if (judged.length > 0) parts.push(judged.join("\n"));
  return parts.join("\n\n");
}

/** What the goals of the project say about these results, and whether they mean anything. */
export function pairVerdicts(results: readonly PairResult[]): string[] {
  const servers = results.map(({ server }) => server);
  const said = servers.flatMap(noiseOf);
  const us = results.find(({ server }) => server.name === US);
  const ratio = ratioToBestOther(servers, US, rateOf, "higher");
  if (Number.isFinite(ratio)) {
    const goal = `goal ${PAIR_RATE_GOAL}x`;
    said.push(
      `${mark(ratio >= PAIR_RATE_GOAL)} rate: ${times(ratio)} the best other pair (${goal})`,
    );
  }
  if (us?.firstLease) {
    const { min } = us.firstLease;
    const full = `${min} s of ${LEASE_SECONDS} s`;
    said.push(`${mark(min >= LEASE_SECONDS)} first leases are full: ${full}`);
  }
  if (us?.databases) {
    const { acknowledged, onA, onB } = us.databases;
    const fewest = Math.min(onA, onB);
    const missing = `${acknowledged} acknowledged, ${onA} and ${onB} stored`;
    said.push(`${mark(fewest >= acknowledged)} every lease is on both boxes: ${missing}`);
  }
  if (us?.takeover) {
    const { longestWait } = us.takeover;
    const wait = `${seconds(longestWait)} s`;
    said.push(`${mark(longestWait <= TAKEOVER_GOAL_MS)} takeover: longest wait ${wait} (goal 1 s)`);
    const { naks, duplicates } = us.takeover;
    const harm = `${naks} refused, ${duplicates} addresses given twice`;
    said.push(`${mark(naks + duplicates === 0)} takeover: ${harm}`);
  }
  if (us?.back) {
    const { inStep, addresses, differing } = us.back;
    const books = `${differing} of ${addresses} addresses differ`;
    said.push(`${mark(differing === 0)} the dead box is back in ${seconds(inStep)} s: ${books}`);
  }
  return said;
}

function pairTable(results: readonly PairResult[]): string {
  const head = ["pair", "version", "exch/s", "ratio", "loss %", "CPU s/10k", "ratio"];
  head.push("peak MiB", "ratio", "paced/s", "OFFER p50 ms", "p99", "ACK p50 ms", "p99");
  head.push("1st lease s", "acked", "on a", "on b", "takeover s", "longest s", "others");
  return formatTable(
    head,
    results.map((result) => pairRow(result, results)),
  );
}

function pairRow(result: PairResult, results: readonly PairResult[]): string[] {
  const { server, firstLease, databases, takeover } = result;
  const { highest } = server;
  const servers = results.map((one) => one.server);
  const paced = server.paced[0];
  const ratio = (value: typeof rateOf, better: "higher" | "lower"): string =>
    times(ratioToBestOther(servers, server.name, value, better));
  return [
    server.name,
    server.version,
    ...(highest === null
      ? Array<string>(7).fill("-")
      : [
          `${server.driverLimited ? ">= " : ""}${Math.round(highest.completed)}`,
          ratio(rateOf, "higher"),
          (highest.loss * 100).toFixed(2),
          highest.cpuPer10k.toFixed(2),
          ratio(cpuOf, "lower"),
          memoryOf(server).toFixed(1),
          ratio(memoryOf, "lower"),
        ]),
    paced === undefined ? "-" : String(paced.asked),
    ...halfAndMost(paced?.report.offer),
    ...halfAndMost(paced?.report.ack),
    firstLease === null ? "-" : range(firstLease.min, firstLease.max),
    ...(databases === null
      ? ["-", "-", "-"]
      : [databases.acknowledged, databases.onA, databases.onB].map(String)),
    takeover === null ? "-" : bounded(takeover.firstKnown),
    takeover === null ? "-" : longest(takeover),
    highest?.othersCpus.toFixed(2) ?? "-",
  ];
}

function takeoverTable(results: readonly PairResult[]): string {
  const head = ["kill -9 of one", "known s", "newcomer s", "wait p50 s", "p99", "longest s"];
  head.push(
    "in flight",
    "longest s",
    ">1 s",
    "of the dead",
    "clients",
    "unanswered",
    "NAK",
    "twice",
    "lease s",
    "back s",
    "differ",
  );
  const rows = results.flatMap(({ server, takeover, back }) =>
    takeover === null
      ? []
      : [
          [
            server.name,
            bounded(takeover.firstKnown),
            bounded(takeover.firstNewcomer),
            seconds(takeover.waitP50),
            seconds(takeover.waitP99),
            longest(takeover),
            String(takeover.inFlight),
            seconds(takeover.longestInFlight),
            String(takeover.waitedASecond),
            String(takeover.ofTheDead),
            String(takeover.clients),
            String(takeover.unanswered),
            String(takeover.naks),
            String(takeover.duplicates),
            takeover.shortestLease === null ? "-" : String(takeover.shortestLease),
            back === null ? "-" : seconds(back.inStep),
            back === null ? "-" : `${back.differing} of ${back.addresses}`,
          ],
        ],
  );
  return formatTable(head, rows);
}

function notes(results: readonly PairResult[]): string {
  const lines = results.map(({ server: { name, note, failure }, syncs }) => {
    const line = `${name}: ${note}; syncs its disk: ${syncs}`;
    return failure === null ? line : `${line}\n  not (completely) measured: ${failure}`;
  });
  return [
    "CPU and memory are of both boxes together. acked: leases acknowledged in a run at the highest " +
      "rate; on a, on b: leases each database has more after it.",
    "takeover: from the kill of box a to the first ACK of a client that only box a served; longest: " +
      `the longest wait of any client that began after it. At most ${BOUND_SECONDS} s are watched; > means still waiting.`,
    "twice: ACKs of an address that another client had. back: from the start of the dead box, when all clients had been " +
      "served, until both were in step; differ: addresses of which the books then said different things.",
    "in flight: exchanges that the kill interrupted; their clients wait until they send again.",
    "Clients send again after 4, 8, 16, 32, 64 s, each give or take one (RFC 2131 §4.1).",
    ...lines,
  ].join("\n");
}

function halfAndMost(stage: Stage | undefined): string[] {
  if (stage === undefined) return ["-", "-"];
  const [half = "-", , most = "-"] = percentiles(stage);
  return [half, most];
}

function range(min: number, max: number): string {
  return min === max ? String(min) : `${min}-${max}`;
}

function bounded(milliseconds: number | null): string {
  return milliseconds === null ? `>${BOUND_SECONDS}` : seconds(milliseconds);
}

function longest({ longestWait, longestIsOpen }: NonNullable<PairResult["takeover"]>): string {
  return `${longestIsOpen ? ">" : ""}${seconds(longestWait)}`;
}

function seconds(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? (milliseconds / 1000).toFixed(3) : "-";
}
