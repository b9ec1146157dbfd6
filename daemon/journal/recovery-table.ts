// What recovery does with each thing it can find, as two tables: one row per kind of file, one row
// per kind of place inside a file. A row names the facts it is for; a fact it does not name may be
// anything. Exactly one row fits whatever is found: this is checked when the tables are loaded, over
// every combination of facts, so a hole or an overlap cannot reach a box.
//
// The principles behind the rows:
// - A record whose checksum is right is one that we wrote; it is kept, wherever it stands. Of several
//   for one address, or for the pair, the one with the highest sequence wins, so an old one can do no
//   harm.
// - Damage costs the records it touches and no other.
// - What a newer version wrote and this one cannot read is never guessed at and never removed: a
//   lease with a condition that we do not understand could be given to a second client. So recovery
//   refuses, touches nothing and says so. A newer version can mark a record as one that older ones
//   may pass over, when nothing is promised by it.

import { assert } from "../base/assert.ts";

export const FILE_FACTS = {
  name: ["segment", "snapshot", "unfinished", "set-aside", "foreign"],
  /**
   * The file's first record. `differs`: good, but not what the name says. `empty`: not good, and
   * nothing but zeros behind it, so the file never held a record.
   */
  start: ["good", "differs", "newer", "empty", "unreadable"],
  /** Whether any file of the journal told the key of the checksums. */
  salt: ["known", "unknown"],
  /** Whether a whole snapshot holds all that this file can hold. */
  superseded: ["yes", "no"],
} as const;

export const PLACE_FACTS = {
  file: ["segment", "snapshot"],
  /**
   * `zeros`: to the end of the file. `unreadable`: no whole record with a right checksum. `pair`: the
   * state of the pair.
   */
  look: ["end", "zeros", "unreadable", "newer", "skippable", "lease", "pair", "trailer"],
  /** The record's sequence against the one before it: one more, even more, or not more. */
  order: ["next", "ahead", "behind"],
  /** Whether a good record that fits in follows later in the file. */
  goodBehind: ["yes", "no"],
  /** Whether it is the segment that was being written when the box stopped. */
  newest: ["yes", "no"],
} as const;

export type Facts<T> = {
  readonly [K in keyof T]: T[K] extends readonly (infer V)[] ? V : never;
};
export type FileFacts = Facts<typeof FILE_FACTS>;
export type PlaceFacts = Facts<typeof PLACE_FACTS>;

export type FileDecision = "read" | "remove" | "set-aside" | "leave" | "refuse";
/** `finish`: the file ends here. `skip`: go on at the next good record. `pass`: leave one record out. */
export type PlaceDecision = "take" | "pass" | "skip" | "finish" | "refuse";

export interface Row<T, D> {
  readonly label: string;
  readonly when: { readonly [K in keyof Facts<T>]?: readonly Facts<T>[K][] };
  readonly decision: D;
  /** Why, as the end of a sentence that begins with the file's name; "" when nothing is wrong. */
  readonly reason: string;
}
export type FileRow = Row<typeof FILE_FACTS, FileDecision>;
export type PlaceRow = Row<typeof PLACE_FACTS, PlaceDecision>;

const OURS = ["segment", "snapshot"] as const;
/** Records with something to remember in them. */
const KEPT = ["lease", "pair"] as const;

export const FILE_ROWS: readonly FileRow[] = [
  {
    label: "journal file",
    when: { name: OURS, start: ["good"], superseded: ["no"] },
    decision: "read",
    reason: "",
  },
  {
    label: "renamed file",
    when: { name: OURS, start: ["differs"], superseded: ["no"] },
    decision: "read",
    reason: "its content belongs to another name",
  },
  {
    label: "damaged beginning",
    when: { name: OURS, start: ["unreadable"], salt: ["known"], superseded: ["no"] },
    decision: "read",
    reason: "its beginning is damaged",
  },
  {
    label: "nothing to read it with",
    when: { name: OURS, start: ["unreadable"], salt: ["unknown"], superseded: ["no"] },
    decision: "set-aside",
    reason: "its beginning is damaged and no other file tells how to check it",
  },
  {
    label: "segment never begun",
    when: { name: ["segment"], start: ["empty"], superseded: ["no"] },
    decision: "remove",
    reason: "",
  },
  {
    label: "snapshot without content",
    when: { name: ["snapshot"], start: ["empty"], superseded: ["no"] },
    decision: "remove",
    reason: "its content is gone",
  },
  {
    label: "superseded file",
    when: { name: OURS, superseded: ["yes"] },
    decision: "remove",
    reason: "",
  },
  {
    label: "newer file",
    when: { name: OURS, start: ["newer"], superseded: ["no"] },
    decision: "refuse",
    reason: "it was written by a newer version of Tandem",
  },
  {
    label: "snapshot never finished",
    when: { name: ["unfinished"] },
    decision: "remove",
    reason: "",
  },
  { label: "set aside earlier", when: { name: ["set-aside"] }, decision: "leave", reason: "" },
  { label: "foreign file", when: { name: ["foreign"] }, decision: "leave", reason: "" },
];

export const PLACE_ROWS: readonly PlaceRow[] = [
  {
    label: "good record",
    when: { file: ["segment"], look: KEPT, order: ["next"] },
    decision: "take",
    reason: "",
  },
  {
    label: "record of a snapshot",
    when: { file: ["snapshot"], look: KEPT },
    decision: "take",
    reason: "",
  },
  {
    label: "sequences missing",
    when: { file: ["segment"], look: KEPT, order: ["ahead"] },
    decision: "take",
    reason: "records before this one are missing",
  },
  {
    label: "repeated record",
    when: { file: ["segment"], look: KEPT, order: ["behind"] },
    decision: "take",
    reason: "an older record stands behind a newer one",
  },
  {
    label: "end of snapshot",
    when: { file: ["snapshot"], look: ["trailer"] },
    decision: "finish",
    reason: "",
  },
  {
    label: "end of segment",
    when: { file: ["segment"], look: ["end"] },
    decision: "finish",
    reason: "",
  },
  {
    label: "space written ahead",
    when: { file: ["segment"], look: ["zeros"] },
    decision: "finish",
    reason: "",
  },
  {
    label: "torn tail",
    when: { file: ["segment"], look: ["unreadable"], goodBehind: ["no"], newest: ["yes"] },
    decision: "finish",
    reason: "its last write was interrupted",
  },
  {
    label: "damaged end",
    when: { file: ["segment"], look: ["unreadable"], goodBehind: ["no"], newest: ["no"] },
    decision: "finish",
    reason: "its end is damaged",
  },
  {
    label: "damaged in the middle",
    when: { look: ["unreadable"], goodBehind: ["yes"] },
    decision: "skip",
    reason: "a part of it is damaged",
  },
  {
    label: "damaged end of a snapshot",
    when: { file: ["snapshot"], look: ["unreadable"], goodBehind: ["no"] },
    decision: "finish",
    reason: "its end is damaged",
  },
  {
    label: "snapshot without its end",
    when: { file: ["snapshot"], look: ["end", "zeros"] },
    decision: "finish",
    reason: "its end is missing",
  },
  {
    label: "end record in a segment",
    when: { file: ["segment"], look: ["trailer"] },
    decision: "pass",
    reason: "it holds a record that does not belong there",
  },
  {
    label: "newer record",
    when: { look: ["newer"] },
    decision: "refuse",
    reason: "it was written by a newer version of Tandem",
  },
  {
    label: "record that may be passed over",
    when: { look: ["skippable"] },
    decision: "pass",
    reason: "",
  },
];

export function decideFile(facts: FileFacts): FileRow {
  return fileTable.find(facts);
}

export function decidePlace(facts: PlaceFacts): PlaceRow {
  return placeTable.find(facts);
}

/** Every combination of facts, for the check at load and for tests. */
export function allFacts<T extends object>(domains: T): Facts<T>[] {
  let all: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(domains) as [string, readonly string[]][]) {
    all = all.flatMap((facts) => values.map((value) => ({ ...facts, [name]: value })));
  }
  return all as Facts<T>[];
}

/** All rows that fit; a sound table has one for any facts. */
export function matching<T, D>(rows: readonly Row<T, D>[], facts: Facts<T>): Row<T, D>[] {
  return rows.filter((row) =>
    (Object.keys(row.when) as (keyof Facts<T>)[]).every((name) =>
      row.when[name]?.includes(facts[name]),
    ),
  );
}

/** One row per combination of facts, worked out once, since recovery asks for every record. */
class DecisionTable<T extends object, D> {
  readonly #byFacts = new Map<string, Row<T, D>>();
  readonly #names: readonly (keyof Facts<T>)[];

  constructor(domains: T, rows: readonly Row<T, D>[]) {
    this.#names = Object.keys(domains) as (keyof Facts<T>)[];
    for (const facts of allFacts(domains)) {
      const [row, second] = matching(rows, facts);
      assert(row !== undefined, `no recovery row for ${JSON.stringify(facts)}`);
      assert(second === undefined, `two recovery rows for ${JSON.stringify(facts)}`);
      this.#byFacts.set(this.#key(facts), row);
    }
  }

  find(facts: Facts<T>): Row<T, D> {
    const row = this.#byFacts.get(this.#key(facts));
    assert(row !== undefined, `not facts of recovery: ${JSON.stringify(facts)}`);
    return row;
  }

  #key(facts: Facts<T>): string {
    let key = "";
    for (const name of this.#names) key += `${facts[name]} `;
    return key;
  }
}

const fileTable = new DecisionTable(FILE_FACTS, FILE_ROWS);
const placeTable = new DecisionTable(PLACE_FACTS, PLACE_ROWS);
