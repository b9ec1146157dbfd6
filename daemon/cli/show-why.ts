import type { LeaseView, WhyDecision, WhySeverity, WhyView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { type Colour, columns, jsonText, type Paint, wrap } from "./terminal.ts";
import { ago, clockTime } from "./words.ts";

export async function showWhy({ client, options, words, ...rest }: Context): Promise<number> {
  const query = new URLSearchParams({ client: words[0] ?? "" });
  const { raw, value } = await client.get<WhyView>(`/api/v1/why?${query}`);
  const { out, paint, now } = rest;
  out(options.json ? jsonText(raw, 2) : formatWhy(value, paint, rest.columns, now()));
  return value.severity === "fine" ? EXIT.fine : EXIT.degraded;
}

/** The answer for a terminal `width` characters wide; ends with a line end. */
export function formatWhy(view: WhyView, paint: Paint, width: number, now: number): string {
  const limit = Math.min(width, WIDTH_MAX);
  const mark = paint(COLOURS[view.severity], "●");
  const lines = [`${mark} ${wrap(localTimes(view.verdict), limit - 2, "  ")}`];
  if (view.advice !== "")
    lines.push(`  ${paint("grey", wrap(localTimes(view.advice), limit - 2, "  "))}`);
  const facts = factsOf(view, now);
  if (facts.length > 0) lines.push("", ...columns(facts));
  if (view.decisions.length > 0) {
    lines.push("", paint("bold", "Its messages, newest first"));
    for (const decision of view.decisions) lines.push(...decisionLines(decision, paint, limit));
  }
  return `${lines.join("\n")}\n`;
}

/** In the words of the verdict; other states as they are. */
const STATES: Readonly<Record<string, string>> = {
  active: "active, {end}",
  abandoned: "set aside, {end}",
};

/** Longer lines are hard to read, however wide the terminal is. */
const WIDTH_MAX = 100;

const COLOURS: Readonly<Record<WhySeverity, Colour>> = {
  fine: "green",
  waiting: "yellow",
  refused: "red",
  unknown: "grey",
};

/** The sentences have times in UTC; here they stand beside times of the box's own zone. */
function localTimes(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/g, (_, day, time) =>
    clockTime(`${day}T${time}:00Z`).slice(0, MINUTES_COLUMNS),
  );
}

function factsOf({ client, lease, reservation }: WhyView, now: number): string[][] {
  const facts: string[][] = [];
  if (client !== "") facts.push(["device", client]);
  if (lease) {
    if (lease.hostname !== "") facts.push(["name", lease.hostname]);
    if (lease.vendorClass !== "") facts.push(["class", lease.vendorClass]);
    facts.push(["lease", leaseText(lease, now)]);
    facts.push(["heard", ago(Date.parse(lease.seenAt), now)]);
  }
  if (reservation) {
    const { address, network, name } = reservation;
    facts.push(["reserved", `${address} on ${network}${name === "" ? "" : `, "${name}"`}`]);
  }
  return facts;
}

function leaseText(lease: LeaseView, now: number): string {
  const end = lease.neverEnds ? "never ends" : `ends ${ago(Date.parse(lease.expiresAt), now)}`;
  const when = STATES[lease.state]?.replace("{end}", end) ?? lease.state;
  return `${lease.address} on ${lease.network}, ${when}`;
}

function* decisionLines(decision: WhyDecision, paint: Paint, limit: number): Generator<string> {
  const times = decision.count === 1 ? "" : ` (${decision.count} times, this was the last)`;
  const indent = " ".repeat(TIME_COLUMNS);
  const text = wrap(`${decision.sentence}${times}`, limit, indent);
  yield `  ${paint("grey", clockTime(decision.at))}  ${text}`;
}

/** Date and time without the seconds. */
const MINUTES_COLUMNS = 16;
/** Two spaces, date and time, two spaces. */
const TIME_COLUMNS = 23;
