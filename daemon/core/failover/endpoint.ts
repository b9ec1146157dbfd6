// The state of this end of the pair (draft-ietf-dhc-failover-12 §9): what happens is looked up in the table
// of transitions.ts and put into effect here, the disk first and the partner after.

import type { Now, WallSeconds } from "../../base/time.ts";
import { LIMITS } from "../../limits.ts";
import { STARTUP_FLAG } from "../../wire/failover/numbers.ts";
import type { PairConfig } from "../config-view.ts";
import type { Effect } from "../effect.ts";
import type { PairCommand } from "../event.ts";
import type { PairState, PairStateName } from "./pair-state.ts";
import type { Session } from "./session.ts";
import { mayCountAsOff, type PartnerSight } from "./sight.ts";
import {
  type Action,
  entryActions,
  type Facts,
  stateAtStart,
  type Trigger,
  transition,
} from "./transitions.ts";

/** What the endpoint has done by the rest of the pair. */
export interface EndpointOwner {
  readonly seconds: WallSeconds;
  /** Record number for what is persisted now. */
  nextSequence(): number;
  /** The last record of the own journal that the partner need not hear of any more. */
  agreedThrough(): number;
  act(action: Action, now: Now, out: Effect[]): void;
  /** State, STARTUP or the partner's state is another. */
  changedState(before: PairStateName, now: Now, out: Effect[]): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/** A box that had lost its book gets here when it is whole again; alone it was so at the end of RECOVER-WAIT. */
const KNOWS_ALL: readonly PairStateName[] = [
  "recover-done",
  "normal",
  "communications-interrupted",
];

export class Endpoint {
  readonly state: PairState;
  inStartup = true;
  /** The partner's STATE has been heard on this connection: communications are ok (§9.1). */
  isHeard = false;
  /** The own database is not what it was: all of it is asked for. */
  isIncomplete: boolean;
  /** How often each cell of the table was looked up. */
  readonly cells = new Map<string, number>();
  sight: PartnerSight;
  readonly #owner: EndpointOwner;
  readonly #session: Session;
  readonly #lastAlive: WallSeconds;
  readonly #startedAt: number;
  #config: PairConfig;
  #hasSpoken = false;
  #hasPartnerBit = false;
  /** Ends of STARTUP, of RECOVER-WAIT and of the safe time, in monotonic milliseconds. */
  readonly #startupEnd: number;
  #waitEnd = NEVER;
  #safeEnd = NEVER;

  /** `lastAlive`: when this box last wrote to its journal before this start. */
  constructor(
    config: PairConfig,
    state: PairState,
    isIncomplete: boolean,
    lastAlive: WallSeconds,
    owner: EndpointOwner,
    session: Session,
    now: Now,
  ) {
    this.#config = config;
    this.state = { ...state, state: stateAtStart(state.state) };
    this.isIncomplete = isIncomplete;
    this.#lastAlive = lastAlive;
    this.#owner = owner;
    this.#session = session;
    this.#startedAt = now.monotonic;
    this.#startupEnd = now.monotonic + LIMITS.startupMilliseconds;
  }

  set config(config: PairConfig) {
    this.#config = config;
  }

  /** When something is due, in monotonic milliseconds. */
  get nextAt(): number {
    return Math.min(this.inStartup ? this.#startupEnd : NEVER, this.#waitEnd, this.#safeEnd);
  }

  /** When RECOVER-WAIT is over, in monotonic milliseconds; infinity outside of it. */
  get waitEnd(): number {
    return this.#waitEnd;
  }

  passTime(now: Now, out: Effect[]): void {
    const { monotonic } = now;
    if (this.inStartup && monotonic >= this.#startupEnd) {
      this.trigger({ kind: "startup-over" }, now, out);
    }
    if (monotonic >= this.#waitEnd) {
      this.#waitEnd = NEVER;
      this.trigger({ kind: "wait-over" }, now, out);
    }
    if (monotonic >= this.#safeEnd) {
      this.#safeEnd = NEVER;
      this.trigger({ kind: "safe-time-over" }, now, out);
    }
  }

  /** The safe time passes only while the partner counts as off by all that is known. */
  see(sight: PartnerSight, now: Now): void {
    const could = mayCountAsOff(this.sight);
    this.sight = sight;
    const can = mayCountAsOff(sight);
    if (can === could || this.state.state !== "communications-interrupted") return;
    this.#safeEnd = can ? this.#safeTimeFrom(now) : NEVER;
  }

  /** Communications with the partner were lost. */
  lost(now: Now, out: Effect[]): void {
    this.isHeard = false;
    this.#hasSpoken = false;
    this.trigger({ kind: "connection-lost" }, now, out);
  }

  /** A connection stands: the partner is to know the state (§8.3). */
  established(now: Now, out: Effect[]): void {
    this.isHeard = false;
    this.#hasSpoken = false;
    this.#announce(now, out);
  }

  partnerSays(
    partnerState: PairStateName,
    since: WallSeconds,
    isStartup: boolean,
    now: Now,
    out: Effect[],
  ): void {
    this.isHeard = true;
    this.#hasPartnerBit = isStartup;
    const before = this.#facts(since);
    const { state } = this;
    const isNews = state.partnerState !== partnerState || state.partnerSince !== since;
    state.partnerState = partnerState;
    state.partnerSince = since;
    const wasAt = state.state;
    this.#apply({ kind: "partner-state", state: partnerState, isStartup }, before, now, out);
    if (isNews && state.state === wasAt) this.persist(out);
    this.#owner.changedState(wasAt, now, out);
  }

  command(command: PairCommand, now: Now, out: Effect[]): boolean {
    return this.trigger({ kind: "command", command }, now, out);
  }

  /** False when the table refuses what was asked for. */
  trigger(trigger: Trigger, now: Now, out: Effect[]): boolean {
    const before = this.state.state;
    const isDone = this.#apply(trigger, this.#facts(0), now, out);
    this.#owner.changedState(before, now, out);
    return isDone;
  }

  /** What an old disk says is told when the partner has said all that it knows. */
  get isLearning(): boolean {
    const { state, partnerState, mustWait } = this.state;
    return state === "recover" && mustWait && partnerState !== "recover";
  }

  /** Writes down what is remembered over a restart. */
  persist(out: Effect[]): void {
    const { state } = this;
    // The process ends, and comes back as what it was before.
    if (state.state === "paused") return;
    state.agreedThrough = this.#owner.agreedThrough();
    out.push({ kind: "persist-pair", state: { ...state }, sequence: this.#owner.nextSequence() });
  }

  /** STATE to the partner, behind whatever was persisted in this step (§7.10). */
  #announce(now: Now, out: Effect[]): void {
    const session = this.#session;
    if (!session.isLinked) return;
    // Some states are the end of some dhcpd, so it is heard first. Of two boxes one has to begin.
    const { dialect, role } = this.#config;
    const begins = dialect === "tandem" || (session.isWithBox && role === "primary");
    if (!begins && !this.isHeard) return;
    const { state, since } = this.state;
    // Goodbye is for who was greeted.
    if ((state === "paused" || state === "shutdown") && !this.#hasSpoken) return;
    this.#hasSpoken = true;
    session.flush(now, out);
    session.sendBehind(
      {
        type: "STATE",
        time: session.time,
        xid: session.nextXid(),
        serverState: state,
        serverFlags: this.inStartup ? STARTUP_FLAG : 0,
        startTimeOfState: Math.min(since, 0xffffffff),
      },
      out,
    );
  }

  #safeTimeFrom({ monotonic }: Now): number {
    const { safeSeconds } = this.#config;
    return safeSeconds > 0 ? monotonic + safeSeconds * 1000 : NEVER;
  }

  #facts(partnerSince: WallSeconds): Facts {
    const { state, partnerState, mustWait } = this.state;
    return {
      dialect: this.#config.dialect,
      role: this.#config.role,
      state,
      inStartup: this.inStartup,
      partnerState,
      isConnected: this.#session.isLinked && this.isHeard,
      wasDownFirst: partnerSince >= this.#lastAlive,
      mustWait,
    };
  }

  #apply(trigger: Trigger, facts: Facts, now: Now, out: Effect[]): boolean {
    const { cell, to, endsStartup, actions } = transition(facts, trigger);
    this.cells.set(cell, (this.cells.get(cell) ?? 0) + 1);
    if (actions.includes("refuse")) return false;
    const isEntered = to !== undefined && (to !== this.state.state || endsStartup);
    if (endsStartup) this.inStartup = false;
    if (isEntered) {
      this.#enter(to, now, out);
      const { role, dialect } = this.#config;
      for (const action of entryActions(dialect, role, to, this.state.partnerState)) {
        this.#act(action, now, out);
      }
    } else if (this.isHeard && !this.#hasSpoken) {
      this.#announce(now, out);
    }
    for (const action of actions) this.#act(action, now, out);
    return true;
  }

  #enter(to: PairStateName, now: Now, out: Effect[]): void {
    const { state } = this;
    this.#waitEnd = NEVER;
    this.#safeEnd = NEVER;
    if (state.state !== to) {
      // What the partner has acknowledged until then need not be told to it again.
      if (to === "paused") this.persist(out);
      state.state = to;
      state.since = this.#owner.seconds;
      if (KNOWS_ALL.includes(to)) {
        state.mustWait = false;
        this.isIncomplete = false;
      }
      this.persist(out);
    }
    this.#announce(now, out);
  }

  #act(action: Action, now: Now, out: Effect[]): void {
    const { partnerState } = this.state;
    switch (action) {
      case "arm-wait":
        // What the lost book knew was promised before this process began.
        this.#waitEnd = Math.max(now.monotonic, this.#startedAt + this.state.mcltSeconds * 1000);
        break;
      case "arm-safe-time":
        this.#safeEnd = mayCountAsOff(this.sight) ? this.#safeTimeFrom(now) : NEVER;
        break;
      case "judge-partner": {
        if (!this.#session.isLinked || !this.isHeard || !partnerState) break;
        const isStartup = this.#hasPartnerBit;
        const trigger = { kind: "partner-state", state: partnerState, isStartup } as const;
        this.#apply(trigger, this.#facts(this.state.partnerSince), now, out);
        break;
      }
      default:
        this.#owner.act(action, now, out);
    }
  }
}
