// What the end of a pair does when something happens (draft-ietf-dhc-failover-12 §9): looked up in
// the tables of transitions-table.ts. The same input gives the same output, and there is always one.
//
// A box that starts is in STARTUP with the state that it saved. What happens then is judged with
// that state; afterwards STARTUP is over, whether the state is another or not.

import type { Dialect, FailoverRole } from "../../wire/failover/messages.ts";
import type { PairCommand } from "../event.ts";
import type { PairStateName } from "./pair-state.ts";
import { type Action, type Case, type Facts, ruleOf, type Variant } from "./transitions-rules.ts";
import {
  bitCell,
  type Cell,
  cellId,
  ENDS_A_WAIT,
  type Happening,
  happenedCell,
  heardCell,
  IN_STARTUP,
  ignoredCell,
  REPEAT_IS_NOTHING,
  repeatCell,
  STARTUP_BIT_WAITS,
  shortOf,
  variantId,
} from "./transitions-table.ts";

export { mayAnnounce } from "./transitions-announce.ts";
export type { Action, Facts } from "./transitions-rules.ts";

export type Trigger =
  /** STATE of the partner. */
  | { readonly kind: "partner-state"; readonly state: PairStateName; readonly isStartup: boolean }
  | { readonly kind: "connection-lost" }
  /** Nothing was heard of the partner in the time of STARTUP. */
  | { readonly kind: "startup-over" }
  /** UPDDONE for the request that is out; others are not for the table. */
  | { readonly kind: "updates-done" }
  /** The time of RECOVER-WAIT. */
  | { readonly kind: "wait-over" }
  | { readonly kind: "safe-time-over" }
  /** The partner remembers more of this box's journal than this box. */
  | { readonly kind: "rolled-back" }
  | { readonly kind: "command"; readonly command: PairCommand };

export interface Transition {
  /** Names the case of the table, for `cells()`. */
  readonly cell: string;
  /** Undefined: stay. When STARTUP ends, the state that it ends in. */
  readonly to: PairStateName | undefined;
  readonly endsStartup: boolean;
  /** Besides the entry actions of the state that is entered. */
  readonly actions: readonly Action[];
}

export function transition(facts: Facts, trigger: Trigger): Transition {
  const mine = facts.inStartup ? stateAtStart(facts.state) : facts.state;
  if (trigger.kind === "partner-state") return heard({ ...facts, state: mine }, trigger);
  const happening = trigger.kind === "command" ? trigger.command : trigger.kind;
  return happened({ ...facts, state: mine }, happening);
}

/**
 * What a box that starts makes of its saved state. PAUSED need not be saved; who was told to be off
 * for long has been replaced by its partner (§9.14).
 */
export function stateAtStart(saved: PairStateName): PairStateName {
  if (saved === "paused") return "communications-interrupted";
  return saved === "shutdown" ? "recover" : saved;
}

type Entry = (role: FailoverRole, partnerState: PairStateName | undefined) => readonly Action[];

/** The secondary asks at once only when the primary is already done with asking. */
function askInTurn(role: FailoverRole, partnerState: PairStateName | undefined): readonly Action[] {
  return role === "primary" || partnerState === "conflict-done" ? ["request-updates"] : [];
}

const NOTHING: Entry = () => [];
const READY: Entry = () => ["balance", "send-unacked"];
// A dhcpd believes its partner, whatever it has leased meanwhile itself.
const LISTEN: Entry = () => ["balance", "listen", "send-unacked"];
const APART: Entry = () => ["arm-safe-time"];
const WAIT: Entry = () => ["arm-wait"];
// A partner that is NORMAL or in RECOVER-DONE for long does not say so again.
const RECOVERED: Entry = () => ["judge-partner"];

const ENTRY: Readonly<Record<PairStateName, Readonly<Record<Dialect, Entry>>>> = {
  normal: { tandem: READY, isc: LISTEN },
  "communications-interrupted": { tandem: APART, isc: APART },
  "partner-down": { tandem: NOTHING, isc: NOTHING },
  recover: { tandem: () => ["request-updates"], isc: () => ["request-all"] },
  "recover-wait": { tandem: WAIT, isc: WAIT },
  "recover-done": { tandem: RECOVERED, isc: RECOVERED },
  "potential-conflict": { tandem: askInTurn, isc: askInTurn },
  "resolution-interrupted": { tandem: NOTHING, isc: NOTHING },
  "conflict-done": { tandem: NOTHING, isc: NOTHING },
  paused: { tandem: NOTHING, isc: NOTHING },
  shutdown: { tandem: NOTHING, isc: NOTHING },
};

/**
 * Done when a state is entered, also out of STARTUP, after it is written down and announced. A
 * request needs a connection; without one there is none, the partner's next STATE asks for it.
 * `partnerState` is the one on record, a STATE that is the cause included.
 */
export function entryActions(
  dialect: Dialect,
  role: FailoverRole,
  state: PairStateName,
  partnerState: PairStateName | undefined,
): readonly Action[] {
  return ENTRY[state][dialect](role, partnerState);
}

type Heard = Extract<Trigger, { kind: "partner-state" }>;

function heard(facts: Facts, { state, isStartup }: Heard): Transition {
  const { dialect, state: mine, inStartup } = facts;
  if (!inStartup) {
    if (isStartup && STARTUP_BIT_WAITS[dialect]) return stay(bitCell(dialect));
    const isRepeat = facts.partnerState === state && REPEAT_IS_NOTHING[dialect].includes(mine);
    if (isRepeat) return stay(repeatCell(dialect));
  }
  const column = shortOf(state);
  const judged = { ...facts, hasStartupBit: isStartup };
  return outcome(judged, column, heardCell(dialect, mine, state), inStartup);
}

function happened(facts: Facts, happening: Happening): Transition {
  const { dialect, state: mine, inStartup } = facts;
  const fate = IN_STARTUP[happening][dialect];
  const cell = happenedCell(mine, happening);
  const isLate = cell.kind === "stay" && ENDS_A_WAIT.includes(happening);
  if (isLate || (inStartup && fate === "ignored")) return stay(ignoredCell(dialect, happening));
  const judged = { ...facts, hasStartupBit: false };
  return outcome(judged, happening, cell, inStartup && fate === "ends");
}

function stay(cell: string): Transition {
  return { cell, to: undefined, endsStartup: false, actions: [] };
}

function outcome(facts: Case, column: string, cell: Cell, ends: boolean): Transition {
  const { dialect, state: mine, inStartup } = facts;
  const { id, variant } = chosen(facts, cellId(dialect, mine, column), cell);
  const endsStartup = ends || (inStartup && variant?.to !== undefined);
  const to = variant?.to ?? (endsStartup ? mine : undefined);
  // Who ends STARTUP by staying enters its state, and the entry asks for what the cell asks for.
  const actions = endsStartup && variant?.to === undefined ? [] : (variant?.actions ?? []);
  return { cell: id, to, endsStartup, actions };
}

function chosen(facts: Case, id: string, cell: Cell): { id: string; variant?: Variant } {
  switch (cell.kind) {
    case "stay":
      return { id };
    case "go":
      return { id, variant: { when: "", holds: () => true, to: cell.to } };
    case "rule": {
      const { variants } = ruleOf(cell.name);
      const index = variants.findIndex((variant) => variant.holds(facts));
      const variant = variants[index];
      const whole = variantId(id, index, variants.length);
      return variant === undefined ? { id: whole } : { id: whole, variant };
    }
  }
}
