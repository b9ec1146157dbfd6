/**
 * perfdhcp: its command line, and its report turned into numbers.
 *
 * perfdhcp plays a relay agent on its own interface address. It counts a packet as dropped when
 * it was sent and no matching answer came: once for DISCOVER without OFFER, once for REQUEST
 * without ACK. A REQUEST is only sent after an OFFER, so what one exchange can lose is spread
 * over both sections; here an exchange is complete when its ACK came, and everything else that
 * began with a DISCOVER is lost.
 */

/** One perfdhcp run. */
export interface Load {
  /** Exchanges to start per second. */
  readonly rate: number;
  /** Whole seconds during which exchanges are started. perfdhcp knows no fractions here. */
  readonly seconds: number;
  /** Distinct clients; perfdhcp goes through them in order and starts again. */
  readonly clients: number;
  /** First client's hardware address: another base is another set of clients. */
  readonly base: string;
  /** Stop after this many exchanges were started, even if `seconds` are not over. */
  readonly exchanges?: number;
  /** Keep every packet's time, for percentiles. Slows perfdhcp down: not for highest rates. */
  readonly timers?: boolean;
}

/** How long perfdhcp listens after its last DISCOVER. What is not answered by then is lost, so a
 * server cannot look faster by piling up more than this much work. */
export const EXIT_WAIT_MS = 100;

export interface Delays {
  readonly minMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One section of the report: DISCOVER-OFFER or REQUEST-ACK. */
export interface Stage {
  readonly sent: number;
  readonly received: number;
  /** Null when nothing came back. */
  readonly delays: Delays | null;
  /** Milliseconds; null unless the run kept timers. */
  readonly percentiles: Percentiles | null;
}

export interface LoadReport {
  readonly offer: Stage;
  readonly ack: Stage;
  readonly malformed: number;
  readonly rejected: number;
}

/** Arguments for perfdhcp on the given interface, without the program name. */
export function perfdhcpArguments(iface: string, load: Load): string[] {
  const args = ["-4", "-l", iface, "-r", String(load.rate), "-p", String(load.seconds)];
  args.push("-R", String(load.clients), "-b", `mac=${load.base}`);
  args.push("-W", String(EXIT_WAIT_MS * 1000));
  if (load.exchanges !== undefined) args.push("-n", String(load.exchanges));
  if (load.timers === true) args.push("-x", "t");
  return args;
}

/** Reads perfdhcp's report. Throws when a section is missing: then perfdhcp did not run. */
export function parsePerfdhcp(text: string): LoadReport {
  const offerText = section(text, "***Statistics for: DISCOVER-OFFER***");
  const ackText = section(text, "***Statistics for: REQUEST-ACK***");
  const offer = stage(offerText, optionalSection(text, "DISCOVER-OFFER"));
  const ack = stage(ackText, optionalSection(text, "REQUEST-ACK"));
  return {
    offer,
    ack,
    malformed: count(text, "Malformed packets"),
    rejected: count(offerText, "rejected leases") + count(ackText, "rejected leases"),
  };
}

/** The part of a load that one of several perfdhcp has; their clients are not the same. */
export function shareOf(load: Load, index: number, count: number): Load {
  const part = (total: number): number =>
    Math.floor((total * (index + 1)) / count) - Math.floor((total * index) / count);
  const base = load.base.split(":");
  // The third byte: no run has clients enough to reach it by counting.
  base[2] = (Number.parseInt(base[2] ?? "0", 16) ^ (index << 1)).toString(16).padStart(2, "0");
  const { exchanges } = load;
  return {
    ...load,
    rate: part(load.rate),
    clients: part(load.clients),
    base: base.join(":"),
    ...(exchanges === undefined ? {} : { exchanges: part(exchanges) }),
  };
}

/** What several perfdhcp saw at the same time, as one report. */
export function mergeReports(reports: readonly LoadReport[]): LoadReport {
  const [first] = reports;
  if (first && reports.length === 1) return first;
  const sum = (of: (report: LoadReport) => number): number =>
    reports.map(of).reduce((a, b) => a + b, 0);
  return {
    offer: mergeStages(reports.map(({ offer }) => offer)),
    ack: mergeStages(reports.map(({ ack }) => ack)),
    malformed: sum(({ malformed }) => malformed),
    rejected: sum(({ rejected }) => rejected),
  };
}

function mergeStages(stages: readonly Stage[]): Stage {
  const sent = stages.reduce((total, stage) => total + stage.sent, 0);
  const received = stages.reduce((total, stage) => total + stage.received, 0);
  const timed = stages.flatMap(({ received: count, delays }) =>
    delays ? [{ count, delays }] : [],
  );
  if (timed.length === 0) return { sent, received, delays: null, percentiles: null };
  const delays = {
    minMs: Math.min(...timed.map(({ delays: { minMs } }) => minMs)),
    meanMs:
      timed.reduce((total, { count, delays: one }) => total + one.meanMs * count, 0) / received,
    maxMs: Math.max(...timed.map(({ delays: { maxMs } }) => maxMs)),
  };
  return { sent, received, delays, percentiles: null };
}

/** Share of started exchanges that had no ACK, 0..1; 1 when none was started. */
export function lossOf(report: LoadReport): number {
  if (report.offer.sent === 0) return 1;
  return 1 - Math.min(report.ack.received, report.offer.sent) / report.offer.sent;
}

/** The p-th percentile (0..100) of sorted values by nearest rank; NaN when there are none. */
export function percentile(sorted: readonly number[], p: number): number {
  const rank = Math.max(1, Math.ceil((p / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

function section(text: string, heading: string): string {
  const start = text.indexOf(heading);
  if (start < 0) {
    throw new Error(`perfdhcp gave no report: ${text.trim().slice(-300) || "no output at all"}`);
  }
  const from = start + heading.length;
  const end = text.indexOf("***", from);
  return end < 0 ? text.slice(from) : text.slice(from, end);
}

function optionalSection(text: string, exchange: string): string | null {
  const heading = `***Timestamps for packets: ${exchange}***`;
  return text.includes(heading) ? section(text, heading) : null;
}

function stage(text: string, timers: string | null): Stage {
  const received = count(text, "received packets");
  return {
    sent: count(text, "sent packets"),
    received,
    delays: received === 0 ? null : delays(text),
    percentiles: timers === null ? null : percentilesOf(timers),
  };
}

function count(text: string, label: string): number {
  const found = new RegExp(`^${label}: (\\d+)`, "m").exec(text);
  if (found === null) throw new Error(`perfdhcp's report has no line "${label}"`);
  return Number(found[1]);
}

function delays(text: string): Delays {
  const value = (label: string): number => {
    const found = new RegExp(`^${label}: ([0-9.]+) ms`, "m").exec(text);
    if (found === null) throw new Error(`perfdhcp's report has no "${label}"`);
    return Number(found[1]);
  };
  return { minMs: value("min delay"), meanMs: value("avg delay"), maxMs: value("max delay") };
}

/** Lines are "sent / received: HHMMSS.micros / HHMMSS.micros", both counted from the start. */
function percentilesOf(timers: string): Percentiles | null {
  const line = /^sent \/ received: (\d{2})(\d{2})([\d.]+) \/ (\d{2})(\d{2})([\d.]+)$/gm;
  const values: number[] = [];
  for (const [, h1, m1, s1, h2, m2, s2] of timers.matchAll(line)) {
    const sent = Number(h1) * 3600 + Number(m1) * 60 + Number(s1);
    const received = Number(h2) * 3600 + Number(m2) * 60 + Number(s2);
    values.push((received - sent) * 1000);
  }
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  return {
    p50: percentile(values, 50),
    p95: percentile(values, 95),
    p99: percentile(values, 99),
  };
}
