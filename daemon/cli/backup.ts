// tandem backup, restore and factory-reset: a box in a file, and back.

import { readFileSync, writeFileSync } from "node:fs";
import type { Done, ResetView, RestoreView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { jsonText, type Paint, printable, wrap } from "./terminal.ts";

/** `backup [FILE]`: never over a file that is there already. */
export async function backup(context: Context): Promise<number> {
  const { client, options, out, err, words } = context;
  const passphrase = passphraseOf(context);
  if (passphrase === null) return EXIT.usage;
  const secret = passphrase === undefined ? {} : { passphrase };
  const made = await client.download("/api/v1/backup", { ...secret, leases: options.leases });
  if ("refusal" in made) {
    err(`Refused: ${printable(made.refusal)}\n`);
    return EXIT.degraded;
  }
  const [file = made.name] = words;
  try {
    writeFileSync(file, made.bytes, { flag: "wx", mode: 0o600 });
  } catch (error) {
    err(`tandem: ${printable((error as Error).message)}\n`);
    return EXIT.usage;
  }
  const isEncrypted = passphrase !== undefined;
  if (options.json) out(jsonText({ file, bytes: made.bytes.length, isEncrypted }, 2));
  else out(`Written: ${printable(file)}\n${isEncrypted ? ENCRYPTED : OPEN}\n`);
  return EXIT.fine;
}

const OPEN =
  "It is not encrypted: whoever has it can read the configuration and the names of devices.\nPasswords, tokens and keys are not in it; with --passphrase-file they would be.";
const ENCRYPTED = "It is encrypted: without the passphrase it is of no use to anybody.";

/** `restore FILE`: shows what would come of it; with --yes it is done. */
export async function restore(context: Context): Promise<number> {
  const { client, options, out, err, words } = context;
  const passphrase = passphraseOf(context);
  const file = readOr(words[0] ?? "", context);
  if (passphrase === null || !file) return EXIT.usage;
  const content = {
    file: Buffer.from(file).toString("base64"),
    ...(passphrase === undefined ? {} : { passphrase }),
    replaces: options.replace,
  };
  const shown = await client.request<RestoreView>("/api/v1/restore/preview", content);
  if ("refusal" in shown) return refuse(shown, context);
  if (!options.yes) {
    out(options.json ? jsonText(shown.raw, 2) : formatPreview(shown.value, context));
    return shown.value.issues.length === 0 ? EXIT.fine : EXIT.degraded;
  }
  if (!options.json) out(formatPreview(shown.value, context));
  if (shown.value.issues.length > 0) {
    err("Nothing was put back.\n");
    return EXIT.degraded;
  }
  const done = await client.request<Done>("/api/v1/restore", content);
  if ("refusal" in done) return refuse(done, context);
  out(options.json ? jsonText(done.raw, 2) : `${printable(done.value.sentence)}\n`);
  return EXIT.fine;
}

export async function factoryReset(context: Context): Promise<number> {
  const { client, options, out, err, ask, columns } = context;
  const path = "/api/v1/factory-reset";
  if (!options.yes) {
    const { value } = await client.get<ResetView>(`${path}?leases=${options.leases}`);
    const list = (sentences: readonly string[]) =>
      sentences.map((one) => `- ${wrap(one, columns - 2, "  ")}\n`).join("");
    const text = `${list(value.goes)}\nWhat stays:\n${list(value.stays)}\n`;
    if (!ask) {
      err(`${text}tandem: say --yes when that is wanted.\n`);
      return EXIT.usage;
    }
    out(text);
    const answer = await ask("Shall the box become as it came from the factory? Type yes: ");
    if (answer.trim().toLowerCase() !== "yes") {
      err("Nothing was changed.\n");
      return EXIT.usage;
    }
  }
  const content = { confirm: "factory-reset", leases: options.leases };
  const done = await client.request<Done>(path, content);
  if ("refusal" in done) return refuse(done, context);
  out(options.json ? jsonText(done.raw, 2) : `${printable(done.value.sentence)}\n`);
  return EXIT.fine;
}

function refuse(
  { refusal, raw }: { readonly refusal: string; readonly raw: unknown },
  { options, out, err }: Context,
): number {
  if (options.json) out(jsonText(raw, 2));
  else err(`Refused: ${printable(refusal)}\n`);
  return EXIT.degraded;
}

/** The first line of the file; undefined: none was given; null: it cannot be read, which was said. */
function passphraseOf(context: Context): string | undefined | null {
  const file = context.options["passphrase-file"];
  if (file === undefined) return undefined;
  const bytes = readOr(file, context);
  if (!bytes) return null;
  return new TextDecoder().decode(bytes).split(/\r?\n/)[0] ?? "";
}

function readOr(file: string, { err }: Context): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    err(`tandem: ${printable((error as Error).message)}\n`);
    return undefined;
  }
}

/** What is worst comes first, so it is shown in this order. */
export function formatPreview(view: RestoreView, { paint, columns }: Context): string {
  const line = (text: string) => `  ${wrap(text, columns - 2, "    ")}\n`;
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `\n${paint("bold", title)}\n${lines.join("")}`;
  const left = view.leftOut.map(({ what, why }) => line(`${what}: ${why}`));
  const changes = view.changes.map(({ file, path, before, after }) =>
    line(`${file} ${path}: ${before} → ${after}`),
  );
  const more = view.moreChanges > 0 ? [`  and ${view.moreChanges} more\n`] : [];
  return [
    `${wrap(view.about, columns, "")}\n`,
    part(
      "It cannot be put back:",
      view.issues.map(({ file, path, reason }) => line(`${file} ${path}: ${reason}`)),
    ),
    part(
      "What people will notice:",
      view.consequences.map(({ severity, sentence }) =>
        line(`${mark(severity, paint)} ${sentence}`),
      ),
    ),
    part("What changes:", [...changes, ...more]),
    part("What comes back besides:", view.records.map(line)),
    part("What stays out:", left),
    view.changes.length + view.records.length === 0 ? "\nNothing would change.\n" : "",
  ].join("");
}

function mark(severity: RestoreView["consequences"][number]["severity"], paint: Paint): string {
  if (severity === "danger") return paint("red", "!");
  return severity === "warning" ? paint("yellow", "!") : "-";
}
