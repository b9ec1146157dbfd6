// tandem logs: what the daemon has written into its log in this run.

import type { LogEntry, LogPage } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { jsonText, printable } from "./terminal.ts";

export async function logs({ client, options, words, out }: Context): Promise<number> {
  const query = new URLSearchParams({ limit: LINES });
  if (words[0] !== undefined) query.set("contains", words[0]);
  if (options.level !== undefined) query.set("level", options.level);
  const { raw, value } = await client.get<LogPage>(`/api/v1/logs?${query}`);
  if (options.json) out(jsonText(raw, 2));
  else out(value.lines.map(lineText).join(""));
  return EXIT.fine;
}

/** As many as the box has. */
const LINES = "5000";

/** As the daemon itself writes it. */
function lineText({ at, level, id, text }: LogEntry): string {
  return printable(`${at} ${level.padEnd(7)} ${id}: ${text}`).concat("\n");
}
