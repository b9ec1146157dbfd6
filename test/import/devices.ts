// What the tests of importers for devices share: whether a draft is a configuration, and files gone wrong.

import path from "node:path";
import { loadConfig } from "../../daemon/config/load.ts";
import type { Imported, Importer } from "../../daemon/import/imported.ts";
import { lineStarts } from "../../daemon/import/notes.ts";
import { below } from "../support/random.ts";
import { read } from "./reading.ts";

export const FIXTURES = path.resolve(import.meta.dirname, "../fixtures/import");

/** One file of these lines. */
export function lines(importer: Importer, file: string, ...text: string[]): Imported {
  return read(importer, text.join("\n"), file);
}

/** What is wrong with the draft, on a box that has the ports that it tells of. */
export function issues({ shared, ports }: Imported): string[] {
  const networks = shared.networks.flatMap(({ name }, index) => {
    const { address, interface: port = `port${index}` } = ports[name] ?? {};
    return address === undefined ? [] : [[name, { interface: port, address }] as const];
  });
  const box = { version: 1, name: "A", role: "serving", networks: Object.fromEntries(networks) };
  const loaded = loadConfig(shared, box);
  return "issues" in loaded ? loaded.issues.map((one) => `${one.path}: ${one.reason}`) : [];
}

/** Notes that point at a line which is not there. */
export function misplaced({ notes }: Imported, files: ReadonlyMap<string, string>): string[] {
  const counts = new Map(Array.from(files, ([file, text]) => [file, lineStarts(text).length]));
  return notes
    .filter(({ file, line }) => line < 0 || line > (counts.get(file) ?? -1))
    .map(({ file, line, reason }) => `${file}:${line} ${reason}`);
}

/** Everything that an importer made, for people to read and to be compared with what it made before. */
export function written({ shared, ports, leases, notes }: Imported): string {
  const blocks = [
    JSON.stringify(shared, undefined, 1),
    JSON.stringify(ports),
    ...leases.map((lease) => JSON.stringify(lease)),
    ...notes.map(({ file, line, kind, text, reason }) => {
      return `${file}:${line} ${kind}: ${text}\n    ${reason}`;
    }),
  ];
  return `${blocks.join("\n")}\n`;
}

/** The text with some of its characters changed, taken out, doubled or moved. */
export function mutated(text: string, random: () => number): string {
  let result = text;
  for (let n = 1 + below(random, 8); n > 0; n--) {
    const at = below(random, result.length + 1);
    const end = Math.min(result.length, at + below(random, 40));
    const piece = result.slice(at, end);
    const there = below(random, result.length + 1);
    const sign = String.fromCharCode(
      below(random, 4) === 0 ? below(random, 0xffff) : below(random, 127),
    );
    const ways = [
      () => result.slice(0, at) + result.slice(end),
      () => result.slice(0, at) + sign + result.slice(at),
      () => result.slice(0, at) + piece + result.slice(at),
      () => result.slice(0, there) + piece + result.slice(there),
      () =>
        result.replace(/\d+/g, (digits) =>
          below(random, 20) === 0 ? `${below(random, 2 ** 33)}` : digits,
        ),
    ];
    result = ways[below(random, ways.length)]?.() ?? result;
  }
  return result;
}
