// What would be taken over from another DHCP server, and what not: a preview, and a config.json to begin with.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Imported, Importer, ImportNote } from "../import/imported.ts";
import { importIsc } from "../import/isc.ts";
import { importKea } from "../import/kea.ts";
import { type Context, EXIT } from "./context.ts";
import { columns, jsonText, printable, wrap } from "./terminal.ts";

/** By the word that a person says. */
const IMPORTERS: Readonly<Record<string, { readonly server: string; readonly read: Importer }>> = {
  isc: { server: "ISC dhcpd", read: importIsc },
  kea: { server: "Kea", read: importKea },
};

/** `import KIND FILE…`: shows it, and writes config.json into a folder if asked to. */
export function importFiles(context: Context): number {
  const { err, options, words } = context;
  const [kind = "", ...names] = words;
  const importer = Object.hasOwn(IMPORTERS, kind) ? IMPORTERS[kind] : undefined;
  if (!importer) {
    err(
      `tandem: "import" takes ${Object.keys(IMPORTERS).join(" or ")}, not "${printable(kind)}"\n`,
    );
    return EXIT.usage;
  }
  if (names.length === 0) {
    err("tandem: say which files\n");
    return EXIT.usage;
  }
  let files: Map<string, string>;
  try {
    files = new Map(names.map((name) => [name, readFileSync(name, "utf8")]));
  } catch (error) {
    err(`tandem: ${printable((error as Error).message)}\n`);
    return EXIT.usage;
  }
  const imported = importer.read(files);
  if (options.json) context.out(jsonText(imported, 2));
  else show(imported, importer.server, context);
  if (options.write !== undefined && !write(imported, options.write, context)) return EXIT.usage;
  return imported.notes.length === 0 ? EXIT.fine : EXIT.degraded;
}

function show({ shared, leases, notes }: Imported, server: string, context: Context): void {
  const { out, paint } = context;
  if (shared.networks.length === 0) out(`There is no network in these files of ${server}.\n`);
  for (const network of shared.networks) {
    const { name, subnet, gateway, sharedWith } = network;
    const facts = [
      ...(gateway === undefined ? [] : [`gateway ${gateway}`]),
      ...(sharedWith === undefined ? [] : [`shares the wire of ${sharedWith}`]),
      ...(network.relayed ? ["behind a relay"] : []),
    ];
    out(`${paint("bold", name)}  ${[subnet, ...facts].join(", ")}\n`);
    const pools = network.pools.map(({ from, to, allow, deny, knownOnly }) => [
      "  pool",
      `${from} to ${to}`,
      [
        ...(allow?.length ? [`for ${allow.join(", ")}`] : []),
        ...(deny?.length ? [`not for ${deny.join(", ")}`] : []),
        ...(knownOnly ? ["for devices with a reservation"] : []),
      ].join("; "),
    ]);
    const reservations = (network.reservations ?? []).map((entry) => [
      "  reserved",
      entry.address,
      printable(
        [entry.mac ?? entry.clientId ?? entry.circuitId ?? entry.remoteId, entry.name]
          .join(" ")
          .trim(),
      ),
    ]);
    for (const line of columns([...pools, ...reservations])) out(`${line}\n`);
  }
  const classes = shared.classes ?? [];
  if (classes.length > 0) out(`\nClasses: ${classes.map(({ name }) => name).join(", ")}\n`);
  const declined = leases.filter(({ state }) => state === "declined").length;
  out(
    `\nLeases: ${leases.length}${declined > 0 ? `, ${declined} of them addresses in conflict` : ""}\n`,
  );
  showNotes(notes, context);
}

function showNotes(notes: readonly ImportNote[], { out, paint, columns: width }: Context): void {
  if (notes.length === 0) {
    out("Everything could be taken over.\n");
    return;
  }
  out(`\n${paint("bold", "Left out, or taken over as something else")}\n`);
  for (const { file, line, text, kind, reason } of notes) {
    const colour = kind === "changed" ? "yellow" : "red";
    const place = printable(line === 0 ? file : `${file}:${line}`);
    out(`  ${paint(colour, kind)}  ${place}  ${printable(text)}\n`);
    out(`    ${wrap(printable(reason), width - 4, "    ")}\n`);
  }
}

/** Never over a configuration that is there already. */
function write({ shared }: Imported, folder: string, { out, err, options }: Context): boolean {
  const file = path.join(folder, "config.json");
  try {
    writeFileSync(file, `${JSON.stringify(shared, null, 2)}\n`, { flag: "wx" });
  } catch (error) {
    err(`tandem: ${printable((error as Error).message)}\n`);
    return false;
  }
  if (!options.json) out(`\nWritten: ${printable(file)}\n`);
  return true;
}
