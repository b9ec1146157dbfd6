// tandem config: what both boxes have, what they had, and how another one comes into force.

import { readFileSync } from "node:fs";
import type { CheckView, ConfigView, HistoryView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { showConfig } from "./show-config.ts";
import { columns, jsonText, printable, wrap } from "./terminal.ts";

type Act = (context: Context, word: string | undefined) => Promise<number>;

/** Legend: the word after `config`, and what it does. */
const ACTS: Readonly<Record<string, Act>> = {
  keep: (context) => said(context, "/api/v1/configuration/keep"),
  take: (context) => said(context, "/api/v1/configuration/take"),
  confirm: (context) => said(context, "/api/v1/config/confirm"),
  undo: (context) => said(context, "/api/v1/config/undo"),
  history: showHistory,
  apply,
  back,
};

export async function config(context: Context): Promise<number> {
  const [name, word] = context.words;
  if (name === undefined) return showConfig(context);
  const act = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (act) return act(context, word);
  return wrong(context, `"config" takes ${Object.keys(ACTS).join(", ")}, not "${name}"`);
}

async function said({ client, options, out, err }: Context, path: string): Promise<number> {
  const { done, raw, sentence } = await client.post(path);
  if (options.json) out(jsonText(raw, 2));
  else if (done) out(`${sentence}\n`);
  else err(`Refused: ${sentence}\n`);
  return done ? EXIT.fine : EXIT.degraded;
}

async function showHistory({ client, options, out }: Context): Promise<number> {
  const { raw, value } = await client.get<HistoryView>("/api/v1/config/history");
  if (options.json) {
    out(jsonText(raw, 2));
    return EXIT.fine;
  }
  const rows = value.entries.map(({ generation, origin, isInForce }) => [
    String(generation),
    origin ? origin.at.slice(0, 19).replace("T", " ") : "",
    origin ? `${origin.by || "somebody"}, ${origin.from}, box ${origin.box}` : "",
    [isInForce ? "in force" : "", origin?.note ?? ""].filter((text) => text !== "").join(": "),
  ]);
  out(`${columns(rows).join("\n")}\n`);
  return EXIT.fine;
}

/** Puts a file into force on both boxes, when a person has seen what it means. */
async function apply(context: Context, file: string | undefined): Promise<number> {
  const { client, options } = context;
  if (file === undefined) return wrong(context, '"config apply" needs a file');
  const content = readConfig(file, context);
  const within = secondsOf(context);
  if (!content || within === undefined) return EXIT.usage;
  const now = await client.get<ConfigView>("/api/v1/config");
  const checked = await client.request<CheckView>("/api/v1/config/check", content);
  if ("refusal" in checked) return refuse(context, checked.refusal, checked.raw);
  if (!options.json) showCheck(context, checked.value);
  if (checked.value.issues.length > 0) {
    return refuse(context, "Nothing was changed.", checked.raw);
  }
  const problem = await agreement(context);
  if (problem !== undefined) return wrong(context, problem);
  const path = `/api/v1/config${within}`;
  return outcome(context, await client.change("PUT", path, content, now.value.hash));
}

async function back(context: Context, number: string | undefined): Promise<number> {
  if (!/^[0-9]{1,15}$/.test(number ?? "")) {
    return wrong(context, '"config back" needs a number of "config history"');
  }
  const within = secondsOf(context);
  if (within === undefined) return EXIT.usage;
  const problem = await agreement(context);
  if (problem !== undefined) return wrong(context, problem);
  const path = `/api/v1/config/history/${number}/restore${within}`;
  return outcome(context, await context.client.change("POST", path, {}));
}

/** Of what `--seconds` says; without it the box decides. Undefined: it is no number, and that was said. */
function secondsOf(context: Context): string | undefined {
  const { seconds } = context.options;
  if (seconds === undefined) return "";
  if (/^[0-9]{1,4}$/.test(seconds)) return `?confirmWithinSeconds=${seconds}`;
  wrong(context, "--seconds must be a number, 0 for good");
  return undefined;
}

/** Why it is not to be done, or undefined. */
async function agreement({ ask, options }: Context): Promise<string | undefined> {
  if (options.yes) return undefined;
  if (!ask) return "say --yes when that is wanted";
  const answer = await ask("Shall it be in force on both boxes? Type yes: ");
  return answer.trim().toLowerCase() === "yes" ? undefined : "nothing was changed";
}

function outcome(
  context: Context,
  { done, raw, sentence }: { done: boolean; raw: unknown; sentence: string },
): number {
  if (!done) return refuse(context, sentence, raw);
  const { out, options, columns: width } = context;
  const { trial } = raw as { trial?: { sentence: string } | null };
  if (options.json) out(jsonText(raw, 2));
  else {
    out(`${wrap(sentence, width, "")}\n`);
    if (trial) out(`${wrap(printable(trial.sentence), width, "")} Say: tandem config confirm\n`);
  }
  return EXIT.fine;
}

function showCheck({ out, columns: width }: Context, view: CheckView): void {
  for (const { path, before, after } of view.differences) out(`${path}: ${before} -> ${after}\n`);
  if (view.moreDifferences > 0) out(`and ${view.moreDifferences} more\n`);
  for (const { file, path, reason } of view.issues) {
    out(`${wrap(`Wrong: ${file} ${path} ${reason}`, width, "  ")}\n`);
  }
  for (const { severity, sentence } of view.consequences) {
    const mark = severity === "info" ? "-" : "!";
    out(`${wrap(`${mark} ${sentence}`, width, "  ")}\n`);
  }
}

function readConfig(file: string, context: Context): object | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value === "object" && value !== null) return value;
    wrong(context, `${printable(file)} holds no configuration`);
  } catch (error) {
    wrong(context, printable((error as Error).message));
  }
  return undefined;
}

function refuse({ options, out, err }: Context, sentence: string, raw: unknown): number {
  if (options.json) out(jsonText(raw, 2));
  else err(`Refused: ${sentence}\n`);
  return EXIT.degraded;
}

function wrong({ err }: Context, text: string): number {
  err(`tandem: ${text}\n`);
  return EXIT.usage;
}
