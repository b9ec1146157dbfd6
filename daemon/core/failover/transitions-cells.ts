// Every case of the state tables by name, so that a run can say which of them it met, and why the
// others cannot be met.

import { DIALECTS, type Dialect } from "../../wire/failover/messages.ts";
import type { PairStateName } from "./pair-state.ts";
import { type Action, ruleOf } from "./transitions-rules.ts";
import {
  bitCell,
  type Cell,
  cellId,
  DIALECT_STATES,
  ENDS_A_WAIT,
  HAPPENINGS,
  happenedCell,
  heardCell,
  IN_STARTUP,
  ignoredCell,
  REPEAT_IS_NOTHING,
  repeatCell,
  SHORTS,
  STARTUP_BIT_WAITS,
  STATE_OF,
  variantId,
} from "./transitions-table.ts";

export interface CellInfo {
  /** As `Transition.cell` has it. */
  readonly id: string;
  readonly dialect: Dialect;
  /** Undefined: the same in all states. */
  readonly state: PairStateName | undefined;
  /** What happens, and in which case, in words. */
  readonly label: string;
  /** Undefined: stay. */
  readonly to: PairStateName | undefined;
  readonly actions: readonly Action[];
  /** Why no run of two ends that follow the tables comes here; undefined when one can. */
  readonly unreachable: string | undefined;
}

/** In the order of the tables. */
export function cells(): CellInfo[] {
  return [...DIALECT_STATES.flatMap(cellsOfState), ...DIALECTS.flatMap(cellsOfDialect)];
}

function cellsOfState([dialect, state]: readonly [Dialect, PairStateName]): CellInfo[] {
  const heard = SHORTS.flatMap((short) => {
    const label = `hears ${short}`;
    return variantsOf(dialect, state, short, label, heardCell(dialect, state, STATE_OF[short]));
  });
  const happened = HAPPENINGS.flatMap((happening) => {
    const cell = happenedCell(state, happening);
    if (cell.kind === "stay" && ENDS_A_WAIT.includes(happening)) return [];
    return variantsOf(dialect, state, happening, happening, cell);
  });
  return [...heard, ...happened];
}

function cellsOfDialect(dialect: Dialect): CellInfo[] {
  const plain = (id: string, label: string): CellInfo => ({
    id,
    dialect,
    state: undefined,
    label,
    to: undefined,
    actions: [],
    unreachable: whyNot(id),
  });
  const ignored = HAPPENINGS.filter(
    (one) => ENDS_A_WAIT.includes(one) || IN_STARTUP[one][dialect] === "ignored",
  );
  const bit = STARTUP_BIT_WAITS[dialect]
    ? [plain(bitCell(dialect), "a STATE with the STARTUP bit, outside of STARTUP")]
    : [];
  const repeat =
    REPEAT_IS_NOTHING[dialect].length > 0
      ? [plain(repeatCell(dialect), "the STATE that is on record already")]
      : [];
  const late = ignored.map((one) => plain(ignoredCell(dialect, one), `${one} in STARTUP, or late`));
  return [...bit, ...repeat, ...late];
}

function variantsOf(
  dialect: Dialect,
  state: PairStateName,
  column: string,
  label: string,
  cell: Cell,
): CellInfo[] {
  const id = cellId(dialect, state, column);
  const base = { dialect, state, to: undefined, actions: [] };
  if (cell.kind === "stay") return [{ ...base, id, label, unreachable: whyNot(id) }];
  if (cell.kind === "go") {
    return [{ ...base, id, label, to: cell.to, unreachable: whyNot(id) }];
  }
  const { variants } = ruleOf(cell.name);
  return variants.flatMap((variant, index) => {
    if (variant.onlyIn !== undefined && variant.onlyIn !== dialect) return [];
    const name = variantId(id, index, variants.length);
    const info = {
      ...base,
      id: name,
      label: variants.length === 1 ? label : `${label}, ${variant.when}`,
      to: variant.to,
      actions: variant.actions ?? [],
      unreachable: whyNot(name),
    };
    return [info];
  });
}

const RESTORED = "only a journal or a lease file that was put back unnoticed leads here";
const SAVED = "stateAtStart has made another state of it";
const ABLE_ONLY = "SHUTDOWN is said to a partner that can take over, which this box is not";
const GREETED =
  "what is said first on a connection leads out of this state, so this comes never first";
const NO_PRIMARY = "only the primary gets to CONFLICT-DONE";
const NO_CONFLICT = "a dhcpd in conflict leads out of this state with its first STATE";

/**
 * `*` is any word, and `|` is or. The first that fits counts. Walked through in a model of both
 * ends: test/core/failover/transitions-walk.test.ts.
 */
const UNREACHABLE: readonly (readonly [pattern: string, why: string])[] = [
  ["* ignored wait-over", "this time runs in RECOVER-WAIT only"],
  ["* ignored safe-time-over", "this time runs in COMMUNICATIONS-INTERRUPTED only"],
  ["* P|S startup-over", SAVED],
  ["tandem RW|RI|CD S", ABLE_ONLY],
  ["* PC CD 2", NO_PRIMARY],
  ["* CD CD", NO_PRIMARY],
  ["tandem S RI|CD", "this box left a partner that was able, and it had no cause to become this"],
  ["isc * rolled-back", "dhcpd does not say what it knew of this box"],
  ["isc CI shutdown 1", "beside a dhcpd that can take over this box is NORMAL"],
  ["isc CI pause 1", NO_CONFLICT],
  ["isc CI shutdown 2", NO_CONFLICT],
  ["isc RW|RD pause 1", NO_CONFLICT],
  ["isc RW|RD shutdown 2", NO_CONFLICT],
  ["isc RI pause|shutdown|partner-down 1", GREETED],
  ["isc RI P|S", GREETED],
  ["isc S CI|R|RW|RI|CD", "a dhcpd that hears SHUTDOWN goes to PARTNER-DOWN"],
  ["isc N RW", RESTORED],
  ["isc R CD", RESTORED],
  ["isc RW|RD PC|RI|CD", RESTORED],
  ["isc PC|RI N|RW|RD", RESTORED],
  ["isc CD RW|RD", RESTORED],
];

function whyNot(id: string): string | undefined {
  const words = id.split(" ");
  return UNREACHABLE.find(([pattern]) => {
    const wanted = pattern.split(" ");
    return wanted.every((one, index) => one === "*" || one.split("|").includes(words[index] ?? ""));
  })?.[1];
}
