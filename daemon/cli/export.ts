// What this box has, as another DHCP server reads it: for those who outgrow two boxes.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type SharedConfig, SharedSchema } from "../config/schema.ts";
import { validate } from "../config/validate.ts";
import type { Exported } from "../export/exported.ts";
import { exportIsc } from "../export/isc.ts";
import { exportKea } from "../export/kea.ts";
import type { LeaseView } from "../http/api-types.ts";
import type { ImportedLease } from "../import/imported.ts";
import { UnreachableError } from "./client.ts";
import { type Context, EXIT } from "./context.ts";
import { allLeases } from "./show-leases.ts";
import { jsonText, printable } from "./terminal.ts";

type Exporter = (
  shared: SharedConfig,
  leases: readonly ImportedLease[],
  nowSeconds: number,
) => Exported;

/** By the word that a person says. */
const EXPORTERS: Readonly<Record<string, Exporter>> = { isc: exportIsc, kea: exportKea };

/** `export KIND CONFIG`: shows the files, or writes them into a folder. */
export async function exportFiles(context: Context): Promise<number> {
  const { err, options, words } = context;
  const [kind = "", name = ""] = words;
  const exporter = Object.hasOwn(EXPORTERS, kind) ? EXPORTERS[kind] : undefined;
  if (!exporter || name === "") {
    err('tandem: "export" needs isc or kea, and a config.json\n');
    return EXIT.usage;
  }
  const shared = readConfig(name, context);
  if (!shared) return EXIT.usage;
  const leases = await runningLeases(context);
  const exported = exporter(shared, leases, Math.floor(context.now() / 1000));
  if (options.write !== undefined) {
    if (!write(exported, options.write, context)) return EXIT.usage;
  } else show(exported, context);
  for (const note of exported.notes) {
    err(`left out  ${printable(note.path)}: ${printable(note.reason)}\n`);
  }
  return exported.notes.length === 0 ? EXIT.fine : EXIT.degraded;
}

function readConfig(name: string, { err }: Context): SharedConfig | undefined {
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(name, "utf8"));
  } catch (error) {
    err(`tandem: ${printable(name)}: ${printable((error as Error).message)}\n`);
    return undefined;
  }
  const read = validate(SharedSchema, name, input);
  if ("value" in read) return read.value;
  for (const { file, path: place, reason } of read.issues) {
    err(`tandem: ${printable(`${file} ${place}: ${reason}`)}\n`);
  }
  return undefined;
}

/** Without a daemon there are none, and that is said. */
async function runningLeases(context: Context): Promise<readonly ImportedLease[]> {
  try {
    const { leases } = await allLeases({ ...context, words: [] });
    return leases.flatMap((lease) => asExported(lease));
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    context.err(`tandem: no leases are exported. ${printable(error.message)}\n`);
    return [];
  }
}

function asExported(lease: LeaseView): readonly ImportedLease[] {
  const { address, state, mac, clientId, hostname, neverEnds } = lease;
  if (state !== "active" && state !== "abandoned") return [];
  const expiresAt = neverEnds ? undefined : Math.floor(Date.parse(lease.expiresAt) / 1000);
  return [
    {
      ...{ address, state: state === "active" ? state : "declined", expiresAt },
      ...(mac === "" ? {} : { mac }),
      ...(clientId === "" ? {} : { clientId }),
      ...(hostname === "" ? {} : { hostname }),
    },
  ];
}

function show({ files, notes }: Exported, { out, options }: Context): void {
  if (options.json) {
    out(jsonText({ files: Object.fromEntries(files), notes }, 2));
    return;
  }
  for (const text of files.values()) out(text);
}

/** Never over files that are there already. */
function write({ files }: Exported, folder: string, { out, err }: Context): boolean {
  for (const [name, text] of files) {
    const file = path.join(folder, name);
    try {
      writeFileSync(file, text, { flag: "wx" });
    } catch (error) {
      err(`tandem: ${printable((error as Error).message)}\n`);
      return false;
    }
    out(`Written: ${printable(file)}\n`);
  }
  return true;
}
