import type {
  BoxState,
  Condition,
  GatewayStatus,
  NetworkStatus,
  PartnerStatus,
  Status,
} from "../http/api-types.ts";
import { UnreachableError } from "./client.ts";
import { type Context, EXIT } from "./context.ts";
import { type Colour, columns, jsonText, type Paint, wrap } from "./terminal.ts";
import { ago, bytes, clockTime, span } from "./words.ts";

export async function showStatus({
  client,
  options,
  out,
  paint,
  ...rest
}: Context): Promise<number> {
  const { raw, value } = await client.get<Status>("/api/v1/status");
  out(options.json ? jsonText(raw, 2) : formatStatus(value, paint, rest.columns));
  return EXIT[value.state];
}

/** The status again at each change, until the person ends it. */
export async function watchStatus(context: Context): Promise<number> {
  const { client, options, out, paint, isTerminal } = context;
  const show = (text: string) => out(isTerminal && !options.json ? `${CLEAR}${text}` : text);
  for (;;) {
    try {
      for await (const { raw, value } of client.follow()) {
        if (value.kind !== "status") continue;
        const status = (raw as { readonly status: unknown }).status;
        show(options.json ? jsonText(status) : formatStatus(value.status, paint, context.columns));
      }
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      if (!isTerminal) throw error;
      show(`${paint("red", "●")} ${error.message}\n  Trying again every second.\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** The whole status for a terminal `width` characters wide; ends with a line end. */
export function formatStatus(status: Status, paint: Paint, width: number): string {
  const now = Date.parse(status.time);
  const { box, journal } = status;
  const running = span((now - Date.parse(box.startedAt)) / 1000);
  const lines = [
    `${paint(STATE_COLOURS[status.state], "●")} ${paint("bold", status.why)}`,
    `  ${status.state} since ${clockTime(status.since)} (${ago(Date.parse(status.since), now)})`,
    "",
    ...columns([
      ["box", `${paint("bold", box.name)} · ${status.role} · Tandem ${box.version}`],
      ["running", `for ${running} · ${bytes(box.memoryBytes)} of memory`],
      ["leases", `${journal.leases} · journal ${journal.state} · ${bytes(journal.bytes)}`],
      ...partnerRows(status.partner, width, now),
      ...gatewayRows(status.gateway, width, now),
    ]),
    ...status.networks.flatMap((network) => ["", ...networkLines(network, paint)]),
  ];
  if (status.networks.length === 0) lines.push("", "networks  (none)");
  const problems = status.conditions.flatMap((condition) => [
    ...conditionLines(condition, paint, width, now),
  ]);
  if (problems.length > 0) lines.push("", paint("bold", "To know"), ...problems);
  const issues = status.configuration.issues.map(
    ({ file, path, reason }) => `  ${[file, path].filter(Boolean).join(" ")}: ${reason}`,
  );
  if (issues.length > 0) lines.push("", paint("bold", "Configuration errors"), ...issues);
  return `${lines.join("\n")}\n`;
}

const CLEAR = "\x1b[H\x1b[2J\x1b[3J";

const STATE_COLOURS: Readonly<Record<BoxState, Colour>> = {
  fine: "green",
  degraded: "yellow",
  down: "red",
};
const SEVERITY_COLOURS = { info: "grey", warning: "yellow", error: "red" } as const;
const BAR_CELLS = 20;

function partnerRows(partner: PartnerStatus, width: number, now: number): string[][] {
  const rows = (first: string, ...more: string[]): string[][] =>
    [first, ...more].map((text, index) => [
      index === 0 ? "partner" : "",
      wrap(text, width, " ".repeat(9)),
    ]);
  if (!partner.paired) return rows(`not paired: ${partner.why}`);
  const here = partner.inStartup ? `${partner.stateWords}, starting` : partner.stateWords;
  const lines = [`this box: ${here}${sinceText(partner.since, now)}`];
  if (partner.partnerStateWords !== null) {
    const last = partner.connected ? "the other" : "the other, last heard";
    lines.push(`${last}: ${partner.partnerStateWords}${sinceText(partner.partnerSince, now)}`);
  }
  const { backlog, clockOffsetSeconds: offset } = partner;
  if (backlog > 0) lines.push(`changes that the partner has not acknowledged: ${backlog}`);
  if (offset !== 0) {
    lines.push(`the partner's clock is ${Math.abs(offset)} s ${offset > 0 ? "ahead" : "behind"}`);
  }
  return rows(partner.why, ...lines);
}

/** Where the addresses that move are, how well the boxes are, and what is bad. */
function gatewayRows(gateway: GatewayStatus | null, width: number, now: number): string[][] {
  if (!gateway) return [];
  const { health, partner, lans } = gateway;
  const here = `health ${health.score} of 100${partner ? `, the other's ${partner.score}` : ""}`;
  const bad = health.checks.filter(({ isGood }) => !isGood);
  const texts = [
    `${gateway.why}${sinceText(gateway.since, now)}`,
    `${lans.flatMap(({ addresses }) => addresses).join(", ")} · ${here}`,
    ...bad.map(({ title, detail }) => `${title}: ${detail}`),
    gateway.tracking.why,
  ];
  return texts.map((text, index) => [
    index === 0 ? "gateway" : "",
    wrap(text, width, " ".repeat(9)),
  ]);
}

function sinceText(since: string | null, now: number): string {
  return since === null ? "" : ` since ${clockTime(since)} (${ago(Date.parse(since), now)})`;
}

function networkLines(network: NetworkStatus, paint: Paint): string[] {
  const { link } = network;
  const counters = Object.entries(network.counters)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`);
  const isUp = link.present && link.carrier;
  const rows = [
    ["serving", network.serving ? "yes" : paint("red", `no: ${network.why}`)],
    ["link", isUp ? `up · ${link.mac} · MTU ${link.mtu}` : paint("red", linkFault(network))],
    ["server id", network.serverId],
    ["gateway", network.gateway === "" ? "(none)" : network.gateway],
    ["lease time", span(network.leaseSeconds)],
    ...network.pools.map((pool) => {
      const used = pool.size - pool.free - pool.partners;
      const share = pool.size === 0 ? 0 : used / pool.size;
      // Neither empty nor full unless it is so.
      const most = used === pool.size ? BAR_CELLS : BAR_CELLS - 1;
      const filled = Math.min(most, Math.ceil(share * BAR_CELLS));
      const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
      const colour = share >= 0.95 ? "red" : share >= 0.8 ? "yellow" : "green";
      const rest = [`${pool.active} in use`];
      if (pool.offered > 0) rest.push(`${pool.offered} offered`);
      if (pool.abandoned > 0) rest.push(`${pool.abandoned} set aside`);
      rest.push(`${pool.free} of ${pool.size} free`);
      if (pool.partners > 0) rest.push(`${pool.partners} the partner's`);
      return ["pool", `${pool.from} to ${pool.to} ${paint(colour, bar)} ${rest.join(", ")}`];
    }),
    ["packets", counters.length === 0 ? "(none)" : counters.join(" · ")],
  ];
  const title = `${paint("bold", network.name)}  ${network.subnet} on ${network.interface}`;
  return [title, ...columns(rows).map((line) => `  ${line}`)];
}

function linkFault({ link, interface: name }: NetworkStatus): string {
  if (!link.helper) return "unknown: the packet helper does not answer";
  return link.present ? `no cable or no device on ${name}` : `${name} is not there`;
}

function* conditionLines(
  condition: Condition,
  paint: Paint,
  width: number,
  now: number,
): Generator<string> {
  const mark = paint(SEVERITY_COLOURS[condition.severity], "▲");
  yield `  ${mark} ${wrap(condition.sentence, width, "    ")}`;
  const since = `for ${span((now - Date.parse(condition.since)) / 1000)}`;
  const note = condition.advice === "" ? since : `${condition.advice} (${since})`;
  yield `    ${paint("grey", wrap(note, width, "    "))}`;
}
