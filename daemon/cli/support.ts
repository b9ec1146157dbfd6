// tandem support: one document for whoever looks for a fault from afar.

import { writeFileSync } from "node:fs";
import { type Context, EXIT } from "./context.ts";
import { jsonText, printable } from "./terminal.ts";

export async function support({ client, options, words, out, err }: Context): Promise<number> {
  const [file] = words;
  const anonymous = options.anonymous ? "yes" : "no";
  const { raw } = await client.get<unknown>(`/api/v1/support?anonymous=${anonymous}`);
  const text = jsonText(raw, 2);
  if (file === undefined) {
    out(text);
    return EXIT.fine;
  }
  try {
    // It holds addresses of devices: nobody else may read it.
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    err(`tandem: ${printable((error as Error).message)}\n`);
    return EXIT.usage;
  }
  out(`${printable(file)} has everything. Look through it before you give it away.\n`);
  return EXIT.fine;
}
