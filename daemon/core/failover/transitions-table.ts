// The state machine of a failover endpoint as tables (draft-ietf-dhc-failover-12 §9). Rows are this
// box's state, columns what it meets. STATES.md beside this file shows the same with all sentences.
//
// A cell is one word:
//   .        stay
//   N CI …   go to that state (STATE_OF has the names)
//   other    a rule of transitions-rules.ts, for what depends on more than row and column
//
// "tandem" is the draft with better service. "isc" is what dhcpd 4.4.3 does itself, except:
//   - where dhcpd would end or shut down, the cell does what the draft does, or what dhcpd survives;
//   - RECOVER with a lost book joins a conflict only when dhcpd leaves no other way, and takes
//     PARTNER-DOWN from nobody but a person: nothing is leased from an empty book;
//   - a partner in RECOVER-WAIT is not NORMAL yet: half of the clients would wait for it;
//   - two states that would wait for each other for ever (RECOVER-DONE, POTENTIAL-CONFLICT) do not.
//
// Both differ from the draft where PARTNER-DOWN meets an interrupted recovery: the partner
// leased this box's addresses while the line was cut, so RECOVER begins anew (the rules lag, back).

import { assert } from "../../base/assert.ts";
import { DIALECTS, type Dialect } from "../../wire/failover/messages.ts";
import type { PairStateName } from "./pair-state.ts";
import { isRule, type RuleName } from "./transitions-rules.ts";

/** How the tables write a state; the order is that of rows and columns. */
export const STATE_OF = {
  N: "normal",
  CI: "communications-interrupted",
  PD: "partner-down",
  R: "recover",
  RW: "recover-wait",
  RD: "recover-done",
  PC: "potential-conflict",
  RI: "resolution-interrupted",
  CD: "conflict-done",
  P: "paused",
  S: "shutdown",
} as const satisfies Record<string, PairStateName>;
export type StateShort = keyof typeof STATE_OF;

export const SHORTS = Object.keys(STATE_OF) as StateShort[];

/** What can happen besides a STATE of the partner. */
export const HAPPENINGS = [
  "connection-lost",
  "startup-over",
  "updates-done",
  "wait-over",
  "safe-time-over",
  "rolled-back",
  "partner-down",
  "pause",
  "shutdown",
] as const;
export type Happening = (typeof HAPPENINGS)[number];

export type Cell =
  | { readonly kind: "stay" }
  | { readonly kind: "go"; readonly to: PairStateName }
  | { readonly kind: "rule"; readonly name: RuleName };

type Row<Column extends string> = Readonly<Record<Column, Cell>>;
type Grid<Column extends string> = Readonly<Record<PairStateName, Row<Column>>>;

/** The partner's STATE is heard; the column is the partner's state. */
const HEARD: Readonly<Record<Dialect, Grid<PairStateName>>> = {
  tandem: grid(Object.values(STATE_OF), [
    "     N     CI    PD      R     RW    RD    PC    RI    CD     P     S  ",
    "N    .     .     met     CI    CI    .     PC    PC    PC     CI    PD ",
    "CI   N     N     met     .     .     N     PC    PC    PC     .     PD ",
    "PD   hold  hold  meet    .     .     N     hold  hold  hold   .     .  ",
    "R    ask   ask   ask     ask   ask   ask   ask   ask   ask    .     .  ",
    "RW   .     .     R       .     .     .     .     .     .      .     .  ",
    "RD   N     .     renew   .     CI    N     .     .     .      .     PD ",
    "PC   .     .     .       CI    CI    N     first .     second RI    PD ",
    "RI   PC    PC    PC      CI    CI    N     PC    PC    PC     .     PD ",
    "CD   N     PC    PC      CI    CI    N     .     .     PC     CI    PD ",
    "P    .     .     .       .     .     .     .     .     .      .     .  ",
    "S    .     .     .       .     .     .     .     .     .      .     .  ",
  ]),
  isc: grid(Object.values(STATE_OF), [
    "     N     CI    PD      R     RW    RD    PC    RI    CD     P     S  ",
    "N    even  .     fresh   PD    CI    .     PC    PC    PC     CI    PD ",
    "CI   N     N     PC      PD    .     N     PC    PC    PC     .     PD ",
    "PD   .     hold  hold    .     .     N     hold  hold  PC     .     .  ",
    "R    all   all   all     all   all   all   all   PC    PC     .     .  ",
    "RW   .     .     R       .     .     .     .     .     PC     .     .  ",
    "RD   N     .     renew   CI    CI    N     PC    PC    PC     .     PD ",
    "PC   R     .     .       PD    CI    N     .     .     second .     PD ",
    "RI   R     PC    PC      PC    CI    N     PC    PC    PC     .     PD ",
    "CD   N     PC    PC      PD    CI    N     .     .     PC     CI    PD ",
    "P    .     .     .       .     .     .     .     .     .      .     .  ",
    "S    .     .     .       .     .     .     .     .     .      .     .  ",
  ]),
};

/** Both dialects: none of this is seen by the partner before its result is. */
const HAPPENED: Grid<Happening> = grid(HAPPENINGS, [
  "     lost  start updates wait  safe  rolled down   pause  shutdown ",
  "N    CI    CI    .       .     .     R      alone  pause  leave    ",
  "CI   safe  .     .       .     risk  R      alone  pause  leave    ",
  "PD   .     .     .       .     .     R      refuse pause  pause    ",
  "R    .     .     got     .     .     .      alone  pause  leave    ",
  "RW   lag   lag   .       over  .     R      alone  pause  leave    ",
  "RD   back  back  .       .     .     R      alone  pause  leave    ",
  "PC   RI    RI    done    .     .     R      alone  pause  pause    ",
  "RI   .     .     .       .     .     R      alone  pause  pause    ",
  "CD   .     .     .       .     .     R      alone  pause  pause    ",
  "P    .     .     .       .     .     .      refuse .      .        ",
  "S    .     .     .       .     .     .      refuse .      .        ",
]);

export function heardCell(dialect: Dialect, mine: PairStateName, heard: PairStateName): Cell {
  return HEARD[dialect][mine][heard];
}

export function happenedCell(mine: PairStateName, happening: Happening): Cell {
  return HAPPENED[mine][happening];
}

/**
 * In STARTUP: "ends" it, whatever the cell says; "judged" by the cell, which ends it by going
 * somewhere; "ignored": no business of a box that has not begun. A STATE of the partner ends it.
 */
export type InStartup = "ends" | "judged" | "ignored";

export const IN_STARTUP: Readonly<Record<Happening, Readonly<Record<Dialect, InStartup>>>> = {
  "connection-lost": { tandem: "ignored", isc: "ends" },
  "startup-over": { tandem: "ends", isc: "ends" },
  "updates-done": { tandem: "ignored", isc: "ignored" },
  "wait-over": { tandem: "ignored", isc: "ignored" },
  "safe-time-over": { tandem: "ignored", isc: "ignored" },
  "rolled-back": { tandem: "judged", isc: "judged" },
  "partner-down": { tandem: "judged", isc: "judged" },
  pause: { tandem: "judged", isc: "judged" },
  shutdown: { tandem: "judged", isc: "judged" },
};

/** What ends a wait that nobody waits for any more, or that has not begun, is passed over. */
export const ENDS_A_WAIT: readonly Happening[] = ["updates-done", "wait-over", "safe-time-over"];

/** A STATE with the STARTUP bit is recorded only, outside of the own STARTUP. */
export const STARTUP_BIT_WAITS: Readonly<Record<Dialect, boolean>> = { tandem: true, isc: false };

/** A STATE that says again what is on record means nothing in these states of this box. */
export const REPEAT_IS_NOTHING: Readonly<Record<Dialect, readonly PairStateName[]>> = {
  tandem: [],
  isc: ["normal", "potential-conflict"],
};

/** Every dialect with every state: what the lists and the tests go over. */
export const DIALECT_STATES: readonly (readonly [Dialect, PairStateName])[] = DIALECTS.flatMap(
  (dialect) => SHORTS.map((short) => [dialect, STATE_OF[short]] as const),
);

/** The first line is for the reader, but must have as many words as there are columns. */
function grid<Column extends string>(
  columns: readonly Column[],
  lines: readonly string[],
): Grid<Column> {
  const [head = [], ...rows] = lines.map((line) => line.trim().split(/\s+/));
  assert(head.length === columns.length, `a table of states has ${head.length} titles`);
  assert(rows.length === SHORTS.length, `a table of states has ${rows.length} rows`);
  const named = rows.map(([title, ...words], index) => {
    const short = SHORTS[index];
    assert(short !== undefined && title === short, `row ${title} of a table of states`);
    assert(words.length === columns.length, `row ${title} has ${words.length} cells`);
    const cells = words.map((word, column) => [columns[column], cellOf(word)] as const);
    return [STATE_OF[short], Object.fromEntries(cells) as Row<Column>] as const;
  });
  return Object.fromEntries(named) as Grid<Column>;
}

function cellOf(word: string): Cell {
  if (word === ".") return { kind: "stay" };
  const short = SHORTS.find((one) => one === word);
  if (short !== undefined) return { kind: "go", to: STATE_OF[short] };
  assert(isRule(word), `a table of states has no rule ${word}`);
  return { kind: "rule", name: word };
}

export function shortOf(state: PairStateName): StateShort {
  const short = SHORTS.find((one) => STATE_OF[one] === state);
  assert(short !== undefined, `no short name for ${state}`);
  return short;
}

// Names of the cases, for the record of what was met.

export function cellId(dialect: Dialect, mine: PairStateName, column: string): string {
  return `${dialect} ${shortOf(mine)} ${column}`;
}

/** A rule of several cases makes that many of a cell. */
export function variantId(cell: string, index: number, count: number): string {
  return count === 1 ? cell : `${cell} ${index + 1}`;
}

export function bitCell(dialect: Dialect): string {
  return `${dialect} STARTUP bit`;
}

export function repeatCell(dialect: Dialect): string {
  return `${dialect} said again`;
}

export function ignoredCell(dialect: Dialect, happening: Happening): string {
  return `${dialect} ignored ${happening}`;
}
