// tandem drill: tries out that the other box takes over, and shows what earlier ones have shown.

import type { DrillReport, DrillsView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { carryOut } from "./gateway.ts";
import { columns, jsonText, wrap } from "./terminal.ts";
import { clockTime } from "./words.ts";

const PATH = "/api/v1/drills";
/** A box that was as if without power has to be in step again before the gateway goes back. */
const DRILL_SECONDS = 90;

/** The report comes when the gateway is back, which the box that was away may know later than the other one. */
const QUIET_MILLISECONDS = 12_000;

const VERBS: Readonly<Record<string, string>> = { planned: "drill", unplug: "unplug" };

export async function drill(context: Context): Promise<number> {
  const { client, words, err } = context;
  const [word, ...rest] = words;
  if (word === undefined) return await show(context);
  const verb = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
  if (verb === undefined || rest.length > 0) {
    err('tandem: "drill" is followed by planned, unplug, or nothing\nTry "tandem help".\n');
    return EXIT.usage;
  }
  const last = (await client.get<DrillsView>(PATH)).value.drills[0];
  let quietSince: number | undefined;
  let isLost = false;
  const code = await carryOut(context, verb, DRILL_SECONDS, async () => {
    const { underWay, drills } = (await client.get<DrillsView>(PATH)).value;
    const report = drills[0];
    const isNew = report && (report.id !== last?.id || report.at !== last?.at);
    if (isNew && !underWay) return reportText(report, context.columns);
    quietSince = underWay ? undefined : (quietSince ?? context.now());
    isLost = quietSince !== undefined && context.now() - quietSince > QUIET_MILLISECONDS;
    return isLost
      ? "The drill is over without a report: see tandem events on both boxes."
      : undefined;
  });
  return isLost ? EXIT.degraded : code;
}

async function show({ client, options, out, columns: width }: Context): Promise<number> {
  const { raw, value } = await client.get<DrillsView>(PATH);
  if (options.json) out(jsonText(raw, 2));
  else out(`${drillsText(value, width)}\n`);
  return EXIT.fine;
}

function drillsText({ underWay, drills }: DrillsView, width: number): string {
  const [last] = drills;
  const head = underWay ? "A drill is under way.\n" : "";
  if (!last) return `${head}There has been no drill yet. Begin one with: tandem drill planned`;
  const rows = drills.map((report) => [
    clockTime(report.at),
    report.kind,
    `taken by ${report.measuredBy}`,
    time(report.gatewayMilliseconds),
    `out ${time(report.outageMilliseconds)}`,
    `lost ${report.pingsLost} of ${report.pingsSent}`,
  ]);
  const table = drills.length > 1 ? `\n\n${columns(rows).join("\n")}` : "";
  return `${head}${reportText(last, width)}${table}`;
}

function reportText(report: DrillReport, width: number): string {
  const { names } = report;
  const rows = [
    ["begun", clockTime(report.at)],
    ["taken over by", `box ${report.measuredBy}`],
    ["noticed after", time(report.detectionMilliseconds)],
    ["gateway there after", time(report.gatewayMilliseconds)],
    ["all devices answered after", time(report.dhcpMilliseconds)],
    ["longest silence", time(report.outageMilliseconds)],
    ["pings lost", `${report.pingsLost} of ${report.pingsSent}, every 10 ms until then`],
    ["names", names ? namesText(names) : "no resolver at the gateway"],
    ["devices with an address", `${report.leases}`],
    ["gateway back after", time(report.revertedMilliseconds)],
  ];
  const lines = columns(rows).map((line) => `  ${line}`);
  return [wrap(report.sentence, width, ""), "", ...lines].join("\n");
}

function namesText({ asked, answered, afterMilliseconds }: NonNullable<DrillReport["names"]>) {
  const again = afterMilliseconds === null ? "" : `, there after ${afterMilliseconds} ms`;
  return `${answered} of ${asked} answered${again}`;
}

function time(milliseconds: number | null): string {
  return milliseconds === null ? "never" : `${milliseconds} ms`;
}
