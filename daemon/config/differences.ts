// In what two shared configurations differ, for people: entries of lists are matched by what names them, so that
// one that was put in front does not make all behind it differ.

import { saysTheSame } from "../core/sync/shared-document.ts";
import { LIMITS } from "../limits.ts";

export interface ConfigDifference {
  /** Such as `networks[lan].leaseSeconds`. */
  readonly path: string;
  /** As a person would write it in the file, shortened; "(not set)" where there is nothing. */
  readonly here: string;
  readonly partner: string;
}

export interface ConfigDifferences {
  readonly shown: readonly ConfigDifference[];
  /** How many there are besides. */
  readonly more: number;
}

/** At most `max` of them, in the order of this box's file. Both are values that a document can hold. */
export function differencesOf(
  here: unknown,
  partner: unknown,
  max: number = LIMITS.configDifferencesMax,
): ConfigDifferences {
  const all: ConfigDifference[] = [];
  compare("", here, partner, all);
  return { shown: all.slice(0, max), more: Math.max(0, all.length - max) };
}

/** What names an entry of a list of that name; where none of these is there, its place does. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  networks: ["name"],
  classes: ["name"],
  customOptions: ["name"],
  pools: ["from"],
  reservations: ["mac", "clientId", "circuitId", "remoteId", "hostname", "address"],
};

const NOT_SET = "(not set)";
const TEXT_MAX = 60;

type Settings = Readonly<Record<string, unknown>>;

function compare(path: string, here: unknown, partner: unknown, into: ConfigDifference[]): void {
  if (isSettings(here) && isSettings(partner)) {
    for (const key of union(Object.keys(here), Object.keys(partner))) {
      compare(path === "" ? key : `${path}.${key}`, own(here, key), own(partner, key), into);
    }
    return;
  }
  const entries = [entriesOf(path, here), entriesOf(path, partner)] as const;
  if (entries[0] && entries[1]) {
    for (const name of union([...entries[0].keys()], [...entries[1].keys()])) {
      compare(`${path}[${name}]`, entries[0].get(name), entries[1].get(name), into);
    }
    compareOrder(path, entries[0], entries[1], into);
    return;
  }
  const shown = {
    path: path || "(the whole file)",
    here: inWords(here),
    partner: inWords(partner),
  };
  if (!saysTheSame(here, partner)) into.push(shown);
}

/** The first pool, or class, that goes comes first, so the order says something as well. */
function compareOrder(
  path: string,
  here: ReadonlyMap<string, unknown>,
  partner: ReadonlyMap<string, unknown>,
  into: ConfigDifference[],
): void {
  const order = (of: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>) =>
    [...of.keys()].filter((name) => other.has(name));
  const [own, partners] = [order(here, partner), order(partner, here)];
  if (saysTheSame(own, partners)) return;
  into.push({ path: `order of ${path}`, here: inWords(own), partner: inWords(partners) });
}

/** The entries of a list by their names; undefined for what is no list of named entries. */
function entriesOf(path: string, value: unknown): Map<string, unknown> | undefined {
  const names = NAMES[/([^.[\]]+)$/.exec(path)?.[1] ?? ""];
  if (!names || !Array.isArray(value)) return undefined;
  const entries = new Map<string, unknown>();
  value.forEach((entry: unknown, index) => {
    const key = isSettings(entry)
      ? names.find((name) => typeof entry[name] === "string")
      : undefined;
    const name = key === undefined ? String(index) : String((entry as Settings)[key]).toLowerCase();
    entries.set(entries.has(name) ? `${name} ${index}` : name, entry);
  });
  return entries;
}

function inWords(value: unknown): string {
  if (value === undefined) return NOT_SET;
  const text = JSON.stringify(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 3)}...` : text;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(settings: Settings, key: string): unknown {
  return Object.hasOwn(settings, key) ? settings[key] : undefined;
}

function union(first: readonly string[], second: readonly string[]): Set<string> {
  return new Set([...first, ...second]);
}
