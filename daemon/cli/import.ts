// What would be taken over from another DHCP server, and what not: a preview, and a config.json to begin with.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { importDnsmasq } from "../import/dnsmasq-conf.ts";
import type { Imported, Importer, ImportNote } from "../import/imported.ts";
import { importIsc } from "../import/isc.ts";
import { importKea } from "../import/kea.ts";
import { importUci } from "../import/uci-import.ts";
import { importWindows } from "../import/windows-import.ts";
import { type Context, EXIT } from "./context.ts";
import { columns, jsonText, printable, wrap } from "./terminal.ts";

/** By the word that a person says. */
const IMPORTERS: Readonly<Record<string, { readonly server: string; readonly read: Importer }>> = {
  isc: { server: "ISC dhcpd", read: importIsc },
  kea: { server: "Kea", read: importKea },
  openwrt: { server: "OpenWrt", read: importUci },
  dnsmasq: { server: "dnsmasq", read: importDnsmasq },
  windows: { server: "Windows Server", read: importWindows },
};

/** What an import can be of: "isc, kea, …". */
export const IMPORT_KINDS = Object.keys(IMPORTERS).join(", ");

/** `import KIND FILE…`: shows it, and writes config.json into a folder if asked to. */
export function importFiles(context: Context): number {
  const { err, options, words } = context;
  const [kind = "", ...names] = words;
  const importer = Object.hasOwn(IMPORTERS, kind) ? IMPORTERS[kind] : undefined;
  if (!importer) {
    err(`tandem: "import" takes one of ${IMPORT_KINDS}, not "${printable(kind)}"\n`);
    return EXIT.usage;
  }
  if (names.length === 0) {
    err("tandem: say which files\n");
    return EXIT.usage;
  }
  let files: Map<string, string>;
  try {
    files = new Map(names.map((name) => [name, textOf(readFileSync(name))]));
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

/** Windows writes two bytes for a character, and says so with the first ones. */
function textOf(bytes: Uint8Array): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? "utf-16le" : "utf-8").decode(bytes);
}

function show({ shared, ports, leases, notes }: Imported, server: string, context: Context): void {
  const { out, paint } = context;
  if (shared.networks.length === 0) out(`There is no network in these files of ${server}.\n`);
  for (const network of shared.networks) {
    const { name, subnet, gateway, sharedWith } = network;
    const port = ports[name];
    const facts = [
      ...(port?.interface === undefined ? [] : [`at ${port.interface}`]),
      ...(port?.address === undefined ? [] : [`the server is ${port.address}`]),
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
    for (const line of columns([...pools, ...reservations])) out(`${line.trimEnd()}\n`);
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
  // Fifty reservations with the same setting that nothing is like here are one thing to know.
  const reasons = Map.groupBy(notes, ({ kind, reason }) => `${kind} ${reason}`);
  for (const alike of reasons.values()) {
    const [{ kind, reason } = { kind: "changed", reason: "" }] = alike;
    const mark = paint(kind === "changed" ? "yellow" : "red", kind);
    out(`  ${mark}  ${wrap(printable(reason), width - 4, "    ")}\n`);
    for (const { file, line, text } of alike) {
      out(`    ${printable(line === 0 ? file : `${file}:${line}`)}  ${printable(text)}\n`);
    }
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
