// tandem handover and tandem maintenance: the gateway goes to the partner, and a person works on a box.

import type { PreflightView, Status } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { jsonText, wrap } from "./terminal.ts";

/** How long a move is waited for, and how long until everything is at the partner. */
const MOVE_SECONDS = 5;
const AWAY_SECONDS = 60;
const LOOK_MILLISECONDS = 100;

export async function handover(context: Context): Promise<number> {
  const before = (await look(context)).gateway?.role;
  return await carryOut(context, "handover", MOVE_SECONDS, ({ gateway }) => {
    const hasMoved = gateway !== null && gateway.role !== before && isSettled(gateway.role);
    return hasMoved ? wrap(gateway.why, context.columns, "") : undefined;
  });
}

export async function maintenance(context: Context): Promise<number> {
  const [word, ...rest] = context.words;
  if (rest.length === 0 && word === undefined) return await show(context);
  if (rest.length === 0 && word === "on") {
    return await carryOut(context, "maintenance/on", AWAY_SECONDS, (status) => {
      const sentence = sentenceOf(status, "it is safe to switch it off");
      return sentence && wrap(sentence, context.columns, "");
    });
  }
  if (rest.length === 0 && word === "off") {
    return await carryOut(context, "maintenance/off", MOVE_SECONDS, (status) =>
      sentenceOf(status) === undefined ? wrap(status.why, context.columns, "") : undefined,
    );
  }
  context.err('tandem: "maintenance" is followed by on, off, or nothing\nTry "tandem help".\n');
  return EXIT.usage;
}

/** Says what will happen, asks, has it done, and waits until it is: `isOver` gives the sentence then. */
export async function carryOut(
  context: Context,
  verb: string,
  seconds: number,
  isOver: (status: Status) => string | undefined | Promise<string | undefined>,
): Promise<number> {
  const { client, options, out, err, columns } = context;
  const path = `/api/v1/gateway/${verb}`;
  const { value: preflight } = await client.get<PreflightView>(path);
  if (preflight.possible && !options.yes) {
    const refusal = await confirm(context, preflight.sentence);
    if (refusal !== undefined) {
      err(`${refusal}\n`);
      return EXIT.usage;
    }
  }
  const { done, raw, sentence } = await client.post(path);
  if (options.json) out(jsonText(raw, 2));
  else if (!done) err(`${wrap(`Refused: ${sentence}`, columns, "")}\n`);
  if (!done) return EXIT.degraded;
  for (const end = context.now() + seconds * 1000; context.now() < end; await pause()) {
    const result = await isOver(await look(context));
    if (result === undefined) continue;
    if (!options.json) out(`${result}\n`);
    return EXIT.fine;
  }
  err("It takes long; look again with: tandem status\n");
  return EXIT.degraded;
}

/** Why it is not to be done, or undefined. */
async function confirm(context: Context, sentence: string): Promise<string | undefined> {
  const { ask, out, columns } = context;
  if (!ask) return `tandem: ${sentence} Say --yes to have it done.`;
  out(`${wrap(sentence, columns, "")}\n\n`);
  const answer = await ask("Type yes to have it done: ");
  return answer.trim().toLowerCase() === "yes" ? undefined : "Nothing was changed.";
}

async function show(context: Context): Promise<number> {
  const { out, options, columns } = context;
  const status = await look(context);
  const sentence = sentenceOf(status) ?? `Box ${status.box.name} is not in maintenance.`;
  if (options.json) out(jsonText({ maintenance: status.gateway?.maintenance ?? null }, 2));
  else out(`${wrap(sentence, columns, "")}\n`);
  return EXIT.fine;
}

/** Of the condition, if it says that. */
function sentenceOf({ conditions }: Status, part = ""): string | undefined {
  const found = conditions.find(({ id }) => id === "maintenance")?.sentence;
  return found?.includes(part) ? found : undefined;
}

function isSettled(role: string): boolean {
  return role === "active" || role === "standby";
}

async function look({ client }: Context): Promise<Status> {
  return (await client.get<Status>("/api/v1/status")).value;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
}
