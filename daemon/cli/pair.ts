// tandem pair and tandem unpair: two boxes become one, and two again.

import type { PairingView, Status } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { formatPairing } from "./show-pairing.ts";
import { jsonText, wrap } from "./terminal.ts";

/** Without words it shows how far it is; with words a person says something. */
export function pair(context: Context): Promise<number> {
  const { words, options, err } = context;
  const [verb, ...rest] = words;
  if (verb === undefined) return options.watch ? watch(context) : show(context);
  const content = Object.hasOwn(VERBS, verb) ? VERBS[verb]?.(rest) : undefined;
  if (content !== undefined) return say(context, verb, content);
  err(`tandem: "pair" is followed by one of: ${USAGE}\nTry "tandem help".\n`);
  return Promise.resolve(EXIT.usage);
}

export async function unpair(context: Context): Promise<number> {
  const { client, options, err } = context;
  if (!options.yes) {
    const refusal = await confirmUnpair(context);
    if (refusal !== undefined) {
      err(`${refusal}\n`);
      return EXIT.usage;
    }
  }
  const code = await say(context, "unpair", {});
  if (code !== EXIT.fine || options.json) return code;
  for (let tries = 0; tries < UNPAIR_SECONDS; tries++) {
    const { value } = await client.get<PairingView>(PATH);
    if (!value.paired) {
      context.out(`${wrap(value.unpaired, context.columns, "")}\n`);
      return EXIT.fine;
    }
    await pause();
  }
  err(`It takes long; look again with: tandem pair\n`);
  return EXIT.degraded;
}

const PATH = "/api/v1/pairing";
const USAGE = "confirm DIGITS, differ, choose keep, choose take, cancel, again, button";
/** The box itself waits for its partner for a few. */
const UNPAIR_SECONDS = 15;
const CONSEQUENCE =
  "This box goes on serving alone. The other one answers nobody until it is paired again, or its role is set to serving.";

/** What is sent with each verb; undefined: the words behind it make no sense. */
const VERBS: Readonly<Record<string, (words: readonly string[]) => object | undefined>> = {
  confirm: (words) => {
    const digits = words.join("");
    return /^[0-9]{6}$/.test(digits) ? { digits } : undefined;
  },
  differ: alone,
  choose: ([choice, ...rest]) =>
    rest.length === 0 && (choice === "keep" || choice === "take") ? { choice } : undefined,
  cancel: alone,
  again: alone,
  button: alone,
};

function alone(words: readonly string[]): object | undefined {
  return words.length === 0 ? {} : undefined;
}

async function say(context: Context, verb: string, content: object): Promise<number> {
  const { client, options, out, err } = context;
  const { done, raw, sentence } = await client.post(`${PATH}/${verb}`, content);
  if (options.json) out(jsonText(raw, 2));
  else if (done) out(`${sentence}\n`);
  else err(`Refused: ${sentence}\n`);
  return done ? EXIT.fine : EXIT.degraded;
}

async function show(context: Context): Promise<number> {
  const { client, options, out, paint, columns } = context;
  const { raw, value } = await client.get<PairingView>(PATH);
  out(options.json ? jsonText(raw, 2) : formatPairing(value, paint, columns));
  return value.refusal === null ? EXIT.fine : EXIT.degraded;
}

/** Every second, until both are in step. */
async function watch(context: Context): Promise<number> {
  const { client, options, out, paint, columns, isTerminal } = context;
  let last = "";
  for (;;) {
    const { raw, value } = await client.get<PairingView>(PATH);
    const text = options.json ? jsonText(raw) : formatPairing(value, paint, columns);
    if (text !== last) out(isTerminal && !options.json ? `${CLEAR}${text}` : text);
    last = text;
    if (value.stages.every(({ state }) => state === "done")) return EXIT.fine;
    await pause();
  }
}

/** Spells out what it means. Why it is not to be done, or undefined. */
async function confirmUnpair({ client, ask, out, columns }: Context): Promise<string | undefined> {
  if (!ask) return `tandem: ${CONSEQUENCE} Say --yes when that is wanted.`;
  const { value } = await client.get<Status>("/api/v1/status");
  // The box refuses, and says why.
  if (!value.partner.paired) return undefined;
  out(`${wrap(value.partner.why, columns, "")}\n\n${wrap(CONSEQUENCE, columns, "")}\n\n`);
  const answer = await ask("Shall the boxes be no pair any more? Type yes: ");
  return answer.trim().toLowerCase() === "yes" ? undefined : "Nothing was changed.";
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000));
}

const CLEAR = "\x1b[H\x1b[2J\x1b[3J";
