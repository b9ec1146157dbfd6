// What putting a backup back would come to: decided here, shown to a person, and done only afterwards.

import type { BackupDocument, BackupRecord } from "../config/backup-document.ts";
import { count } from "../config/consequence-words.ts";
import {
  type Consequence,
  type Consequences,
  consequencesOfInputs,
  type Inputs,
} from "../config/consequences.ts";
import { type ConfigDifferences, differencesOf } from "../config/differences.ts";
import { loadConfig } from "../config/load.ts";
import type { ConfigIssue } from "../config/validate.ts";
import { listOf, objectOf } from "../core/introduction/free-address.ts";
import { saysTheSame } from "../core/sync/shared-document.ts";
import type { BoxNow, LeftOut } from "./box-now.ts";
import { documentsFor, type Whose, whoseBackup } from "./whose-backup.ts";

/** Both files are never in a state in which they do not go together. */
export type Order = "nothing" | "shared" | "box" | "shared-first" | "box-first" | "at-once";

export interface RestorePlan {
  readonly whose: Whose;
  /** When, by whom, of which box: whole sentences. */
  readonly about: string;
  readonly order: Order;
  readonly shared: unknown;
  readonly box: unknown;
  readonly key: string | undefined;
  readonly records: readonly BackupRecord[];
  /** The daemon has to begin anew, because it is known by another key then. */
  readonly needsRestart: boolean;
  readonly sharedDifferences: ConfigDifferences;
  readonly boxDifferences: ConfigDifferences;
  readonly consequences: Consequences;
  readonly leftOut: readonly LeftOut[];
  /** Why it cannot be done; empty: it can. */
  readonly issues: readonly ConfigIssue[];
}

/** Never throws, whatever is in the documents of the backup. */
export function planRestore(
  backup: BackupDocument,
  now: BoxNow,
  isReplacement: boolean,
): RestorePlan {
  const whose = whoseBackup(backup, now, isReplacement);
  const { shared, box, key, leftOut } = documentsFor(backup, now, whose);
  const { records, left } = recordsFor(backup, now);
  const loaded = loadConfig(shared, box);
  const order = orderOf(now, shared, box);
  const issues = [...("issues" in loaded ? loaded.issues : []), ...wrongPlace(now, whose, order)];
  return {
    ...{ whose, order, shared, box, key, records, issues },
    about: aboutBackup(backup, now, whose),
    needsRestart: key !== undefined,
    sharedDifferences: differencesOf(now.shared, shared),
    boxDifferences: differencesOf(now.box, box),
    consequences: consequencesFor(now, { shared, box }, key, backup),
    leftOut: [...leftOut, ...left, ...leasesLeft(backup), ...portsLeft(whose, shared, box)],
  };
}

const WHOSE: Readonly<Record<Whose, string>> = {
  "this-box": "It is of this very box.",
  "replaced-box": "It is of another box, whose place this one takes.",
  "other-box": "It is of another box: what the boxes share is put back, and this box stays itself.",
};

function aboutBackup(backup: BackupDocument, now: BoxNow, whose: Whose): string {
  const { madeAt, madeBy, software, box } = backup;
  const hardware = [box.model, box.serial].filter((part) => part !== "").join(", ");
  const by = madeBy === "" ? "" : ` by ${madeBy}`;
  const on = ` on ${box.name === "" ? "a box without a name" : `box ${box.name}`}`;
  const made = `The backup was made at ${madeAt}${by}${on}${hardware === "" ? "" : ` (${hardware})`}.`;
  const version =
    software === now.software
      ? ""
      : ` It was made by Tandem ${software}, and this box has ${now.software}.`;
  return `${made}${version} ${WHOSE[whose]}`;
}

function wrongPlace(now: BoxNow, whose: Whose, order: Order): ConfigIssue[] {
  const isPaired = objectOf(now.box).pair !== undefined;
  if (!isPaired) return [];
  if (whose === "replaced-box") {
    const reason =
      "this box is one of a pair, so it cannot take the place of another one: pair a new box with the one that is left";
    return [{ file: "box.json", path: "pair", reason }];
  }
  if (order !== "at-once") return [];
  const reason =
    "what both boxes share and what is of this box alone can only change together, and the partner cannot follow that: change the networks in two steps";
  return [{ file: "box.json", path: "networks", reason }];
}

/** Whichever can go first, so that no moment has files that do not go together. */
function orderOf(now: BoxNow, shared: unknown, box: unknown): Order {
  const isSharedNew = !saysTheSame(shared, now.shared);
  const isBoxNew = !saysTheSame(box, now.box);
  if (!isSharedNew && !isBoxNew) return "nothing";
  if (!isBoxNew) return "shared";
  if (!isSharedNew) return "box";
  if ("config" in loadConfig(shared, now.box)) return "shared-first";
  return "config" in loadConfig(now.shared, box) ? "box-first" : "at-once";
}

function consequencesFor(
  { shared, box, ...facts }: BoxNow,
  after: Inputs,
  key: string | undefined,
  backup: BackupDocument,
): Consequences {
  const known = consequencesOfInputs({ shared, box }, after, facts);
  if (key === undefined) return known;
  const restart: Consequence = {
    id: "key-restored",
    severity: "warning",
    path: "the key of the box",
    sentence: `This box gets the key back by which it was known (${backup.box.identity.slice(0, 16)}…), and its daemon is started again for that: for some seconds it answers nobody.`,
  };
  return { ...known, list: [restart, ...known.list] };
}

/** What is known here stays: an old password, or a token that was taken back, must not return by itself. */
function recordsFor(
  { records, secrets }: BackupDocument,
  now: BoxNow,
): { readonly records: BackupRecord[]; readonly left: LeftOut[] } {
  const own = new Map(now.records.map(({ key, value }) => [key, value]));
  const all = [...records, ...(secrets?.records ?? [])];
  const differing = all.filter(({ key, value }) => own.get(key) !== value);
  const kept = differing.filter(({ key }) => own.has(key) && !isDevice(key));
  const left = kept.map(({ key }) => ({
    what: wordOf(key),
    why: "This box has it already, and keeps what it has.",
  }));
  return { records: differing.filter((one) => !kept.includes(one)), left };
}

/** What people call their devices is no secret, and is put back as it was. */
export function isDevice(key: string): boolean {
  return key.startsWith("device:");
}

/** "the user anna" of "user:anna". */
export function wordOf(key: string): string {
  const [kind = "", ...name] = key.split(":");
  return name.length === 0 ? `the ${kind}` : `the ${kind} ${name.join(":")}`;
}

function leasesLeft({ leases }: BackupDocument): LeftOut[] {
  if (leases === null || leases.length === 0) return [];
  const why =
    "They may have changed since. Devices keep their addresses and tell them when they renew, and the partner knows them.";
  return [{ what: `the addresses of ${count(leases.length, "device")}`, why }];
}

/** Networks that come back and that nothing of this box is on. */
function portsLeft(whose: Whose, shared: unknown, box: unknown): LeftOut[] {
  if (whose !== "other-box") return [];
  const ports = objectOf(objectOf(box).networks);
  const names = listOf(objectOf(shared).networks).flatMap((one) => {
    const { name, sharedWith, relayed } = objectOf(one);
    const wire = sharedWith ?? name;
    const isServed = relayed === true || (typeof wire === "string" && Object.hasOwn(ports, wire));
    return isServed ? [] : [String(name)];
  });
  if (names.length === 0) return [];
  const why =
    "box.json of this box does not say on which of its ports they are. If it takes the place of the other box, say so.";
  return [{ what: `the ports of ${names.slice(0, 5).join(", ")}`, why }];
}
