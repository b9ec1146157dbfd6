import type { Status } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { jsonText, wrap } from "./terminal.ts";

/** A person says that the partner is off for certain. Asks first, unless they said `--yes`. */
export async function partnerDown(context: Context): Promise<number> {
  const { client, options, out, err } = context;
  if (!options.yes) {
    const refusal = await confirm(context);
    if (refusal !== undefined) {
      err(`${refusal}\n`);
      return EXIT.usage;
    }
  }
  const { done, raw, sentence } = await client.post("/api/v1/pair/partner-down");
  if (options.json) out(jsonText(raw, 2));
  else if (done) out(`${sentence}\n`);
  else err(`Refused: ${sentence}\n`);
  return done ? EXIT.fine : EXIT.degraded;
}

/** Spells out what it means. Why it is not to be done, or undefined. */
async function confirm({ client, ask, out, columns }: Context): Promise<string | undefined> {
  if (!ask) return `tandem: ${CONSEQUENCE} Say --yes when it is off for certain.`;
  const { value } = await client.get<Status>("/api/v1/status");
  const { box, partner } = value;
  // The box refuses, and says why.
  if (!partner.paired) return undefined;
  const what = `Box ${box.name} will count its partner as down, work alone, and give out the partner's addresses as well.`;
  for (const text of [partner.why, what, CONSEQUENCE]) out(`${wrap(text, columns, "")}\n\n`);
  const answer = await ask("Is the partner off for certain? Type yes: ");
  return answer.trim().toLowerCase() === "yes" ? undefined : "Nothing was changed.";
}

const CONSEQUENCE =
  "If the partner is NOT off, and devices can still reach it, both boxes may give the same address to two devices.";
