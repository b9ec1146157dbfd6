// Configurations that the tests of exports write for other servers: the recipes of the documentation, and drafts.

import { readFileSync } from "node:fs";
import path from "node:path";
import { loadConfig } from "../../daemon/config/load.ts";
import type { SharedConfig } from "../../daemon/config/schema.ts";
import { importIsc } from "../../daemon/import/isc.ts";
import { importKea } from "../../daemon/import/kea.ts";
import { fixtures } from "../import/reading.ts";

const DOCUMENT = path.resolve(import.meta.dirname, "../../daemon/CONFIGURATION.md");

/** By name; those that load with a box without ports. */
export function configurations(): [string, SharedConfig][] {
  const recipes = readFileSync(DOCUMENT, "utf8").matchAll(
    /<!-- recipe: ([a-z-]+) -->\n```json\n([\s\S]*?)\n```/g,
  );
  const drafts: [string, unknown][] = [
    ...Array.from(recipes, ([, name, text]): [string, unknown] => [
      `recipe ${name}`,
      JSON.parse(text ?? ""),
    ]),
    ["isc/office", importIsc(fixtures("isc/office.conf", "isc/hosts.conf")).shared],
    ["isc/example", importIsc(fixtures("isc/example.conf")).shared],
    ["kea/office", importKea(fixtures("kea/office.conf", "kea/subnets.json")).shared],
    ["kea/classify2", importKea(fixtures("kea/classify2.json")).shared],
    ["kea/all-options", importKea(fixtures("kea/all-options.json")).shared],
  ];
  return drafts.map(([name, draft]) => {
    const { pair, gateway, ...alone } = draft as { pair?: unknown; gateway?: unknown };
    return [name, loaded(alone)];
  });
}

/** Throws what is wrong with it. */
export function loaded(shared: unknown): SharedConfig {
  const box = { version: 1, name: "A", role: "standby", networks: {} };
  const result = loadConfig(shared, box);
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  return result.config.shared;
}
