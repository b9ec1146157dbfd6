// What the tests of importers share: files to read, a short form of the notes, and whether the draft can be loaded.

import { readFileSync } from "node:fs";
import path from "node:path";
import { broadcastOf, formatIpv4, type Ipv4, parseSubnet } from "../../daemon/base/address.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import type { Imported, Importer } from "../../daemon/import/imported.ts";

const FOLDER = path.resolve(import.meta.dirname, "../fixtures/import");

/** Files by the end of their path in test/fixtures/import. */
export function fixtures(...names: string[]): Map<string, string> {
  return new Map(
    names.map((name) => [path.basename(name), readFileSync(path.join(FOLDER, name), "utf8")]),
  );
}

export function read(importer: Importer, text: string, file = "a.conf"): Imported {
  return importer(new Map([[file, text]]));
}

/** "12 changed: The sentence." of every note. */
export function notesOf({ notes }: Imported): string[] {
  return notes.map(({ line, kind, reason }) => `${line} ${kind}: ${reason}`);
}

/** What `loadConfig` says of the draft, with a box that has a port on each of its networks. */
export function issuesOf({ shared }: Imported): string[] {
  const networks = Object.fromEntries(
    shared.networks
      .filter(({ sharedWith, relayed }) => sharedWith === undefined && relayed !== true)
      .map((network, index) => [
        network.name,
        { interface: `lan${index}`, address: freeAddress(network) },
      ]),
  );
  // A box that serves needs a port, if only for its relays.
  const role = Object.keys(networks).length > 0 ? "serving" : "standby";
  const box = { version: 1, name: "A", role, networks };
  const loaded = loadConfig(shared, box);
  return "issues" in loaded ? loaded.issues.map(({ path: at, reason }) => `${at}: ${reason}`) : [];
}

function freeAddress(network: Imported["shared"]["networks"][number]): string {
  const subnet = parseSubnet(network.subnet);
  if (!subnet) throw new Error(`${network.subnet} is no network`);
  const taken = [network.gateway, ...(network.reservations ?? []).map(({ address }) => address)];
  let address = (subnet.prefix < 31 ? broadcastOf(subnet) - 1 : broadcastOf(subnet)) as Ipv4;
  while (taken.includes(formatIpv4(address))) address = (address - 1) as Ipv4;
  return `${formatIpv4(address)}/${subnet.prefix}`;
}
