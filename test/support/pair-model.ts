// Two ends of a pair as nothing but their states, and the line between them: small enough to walk
// through everything that can happen to them. The books, the clock and the pools are left out; what
// depends on them (is there something to wait for?) is tried both ways.

import { assert } from "../../daemon/base/assert.ts";
import type { PairStateName } from "../../daemon/core/failover/pair-state.ts";
import {
  entryActions,
  stateAtStart,
  type Trigger,
  transition,
} from "../../daemon/core/failover/transitions.ts";
import { SHORTS, STATE_OF } from "../../daemon/core/failover/transitions-table.ts";
import type { Dialect, FailoverRole } from "../../daemon/wire/failover/messages.ts";

/** One end; what is remembered over a restart and what is not. */
export interface End {
  isOn: boolean;
  state: PairStateName;
  /** Of the disk; PAUSED never is. */
  saved: PairStateName;
  inStartup: boolean;
  partnerState: PairStateName | undefined;
  hasPartnerBit: boolean;
  isHeard: boolean;
  hasSpoken: boolean;
  /** A request is out. */
  hasAsked: boolean;
  wasDownFirst: boolean;
  /** Its disk is older than the partner remembers, which nobody knows yet. */
  isRolledBack: boolean;
  /** Of dhcpd only: it has come to its end by what it heard. */
  isDead: boolean;
}

export type Message =
  | { readonly kind: "state"; readonly state: PairStateName; readonly bit: boolean }
  | { readonly kind: "request" }
  | { readonly kind: "done" };

export interface World {
  readonly ends: [End, End];
  isLinked: boolean;
  /** By the end that is to get them. */
  readonly queues: [Message[], Message[]];
}

/** What stands behind an end. */
export interface Kind {
  readonly name: string;
  start(end: End, world: World): void;
  happens(end: End, trigger: Trigger, world: World, mustWait: boolean): void;
  connected(end: End, world: World): void;
}

export type Index = 0 | 1;

export function freshEnd(state: PairStateName): End {
  return {
    isOn: true,
    state,
    saved: state,
    inStartup: true,
    partnerState: undefined,
    hasPartnerBit: false,
    isHeard: false,
    hasSpoken: false,
    hasAsked: false,
    wasDownFirst: false,
    isRolledBack: false,
    isDead: false,
  };
}

/** Our end, by the tables. `seen` counts their cells. */
export class OurEnd implements Kind {
  readonly name: string;
  readonly seen: Set<string>;
  readonly #dialect: Dialect;
  readonly #role: FailoverRole;
  readonly #index: Index;

  constructor(dialect: Dialect, role: FailoverRole, seen: Set<string>) {
    this.name = `${dialect} ${role}`;
    this.#dialect = dialect;
    this.#role = role;
    this.#index = role === "primary" ? 0 : 1;
    this.seen = seen;
  }

  start(end: End): void {
    end.state = stateAtStart(end.saved);
    end.saved = end.state;
  }

  connected(end: End, world: World): void {
    if (end.isRolledBack) {
      end.isRolledBack = false;
      this.happens(end, { kind: "rolled-back" }, world, true);
    }
    if (!end.hasSpoken) this.#announce(end, world);
  }

  happens(end: End, trigger: Trigger, world: World, mustWait: boolean): void {
    const facts = {
      dialect: this.#dialect,
      role: this.#role,
      state: end.state,
      inStartup: end.inStartup,
      partnerState: end.partnerState,
      isConnected: world.isLinked && (end.isHeard || trigger.kind === "partner-state"),
      wasDownFirst: end.wasDownFirst,
      mustWait,
    };
    if (trigger.kind === "partner-state") {
      end.partnerState = trigger.state;
      end.hasPartnerBit = trigger.isStartup;
      end.isHeard = true;
    }
    const { cell, to, endsStartup, actions } = transition(facts, trigger);
    this.seen.add(cell);
    const isEntered = to !== undefined && (to !== end.state || endsStartup);
    if (endsStartup) end.inStartup = false;
    const enacted = [...actions];
    if (isEntered) {
      end.state = to;
      if (to !== "paused") end.saved = to;
      this.#announce(end, world);
      enacted.unshift(...entryActions(this.#dialect, this.#role, to, end.partnerState));
    } else if (end.isHeard && !end.hasSpoken) {
      this.#announce(end, world);
    }
    for (const action of enacted) {
      if (action === "request-updates" || action === "request-all") this.#ask(end, world);
      if (action === "judge-partner" && world.isLinked && end.isHeard) {
        const { partnerState: state, hasPartnerBit: isStartup } = end;
        assert(state !== undefined, "a partner that was heard has a state");
        this.happens(end, { kind: "partner-state", state, isStartup }, world, mustWait);
      }
    }
  }

  #ask(end: End, world: World): void {
    if (!world.isLinked || end.hasAsked) return;
    end.hasAsked = true;
    send(world, this.#index, { kind: "request" });
  }

  /** In the isc dialect the partner is heard first: some states are fatal to some dhcpd. */
  #announce(end: End, world: World): void {
    if (!world.isLinked || (this.#dialect === "isc" && !end.isHeard)) return;
    // Goodbye is for who was greeted.
    if (isEnding(end) && !end.hasSpoken) return;
    end.hasSpoken = true;
    send(world, this.#index, { kind: "state", state: end.state, bit: end.inStartup });
  }
}

export function send(world: World, from: Index, message: Message): void {
  world.queues[other(from)].push(message);
}

export function other(index: Index): Index {
  return index === 0 ? 1 : 0;
}

/** Both ends with the line: what can happen, and what happens when nothing more goes wrong. */
export class Pair {
  readonly kinds: readonly [Kind, Kind];

  constructor(primary: Kind, secondary: Kind) {
    this.kinds = [primary, secondary];
  }

  connect(world: World): void {
    world.isLinked = true;
    for (const index of [0, 1] as const) {
      const end = world.ends[index];
      end.isHeard = false;
      end.hasSpoken = false;
      end.hasAsked = false;
      end.hasPartnerBit = false;
    }
    for (const index of [0, 1] as const)
      this.#do(world, index, (end, kind) => kind.connected(end, world));
  }

  canConnect(world: World): boolean {
    return !world.isLinked && world.ends.every((end) => end.isOn && !end.isDead && !isEnding(end));
  }

  /** Takes the line down; a box that is on notices. */
  cut(world: World): void {
    world.isLinked = false;
    world.queues[0].length = 0;
    world.queues[1].length = 0;
    for (const index of [0, 1] as const) {
      const end = world.ends[index];
      end.isHeard = false;
      end.hasAsked = false;
      if (end.isOn) this.happens(world, index, { kind: "connection-lost" });
    }
  }

  stop(world: World, index: Index): void {
    const end = world.ends[index];
    end.isOn = false;
    if (!end.inStartup) end.wasDownFirst = false;
    if (world.isLinked) this.cut(world);
  }

  start(world: World, index: Index): void {
    const end = world.ends[index];
    end.isOn = true;
    end.isDead = false;
    end.inStartup = true;
    this.kinds[index].start(end, world);
  }

  happens(world: World, index: Index, trigger: Trigger, mustWait = true): void {
    this.#do(world, index, (end, kind) => kind.happens(end, trigger, world, mustWait));
  }

  /** The next message for this end. */
  deliver(world: World, index: Index, mustWait: boolean): void {
    const message = world.queues[index].shift();
    if (message === undefined) return;
    const end = world.ends[index];
    switch (message.kind) {
      case "request":
        send(world, index, { kind: "done" });
        break;
      case "done":
        if (!end.hasAsked) break;
        end.hasAsked = false;
        this.happens(world, index, { kind: "updates-done" }, mustWait);
        break;
      case "state": {
        const trigger = {
          kind: "partner-state",
          state: message.state,
          isStartup: message.bit,
        } as const;
        this.happens(world, index, trigger, mustWait);
        break;
      }
    }
  }

  #do(world: World, index: Index, work: (end: End, kind: Kind) => void): void {
    const end = world.ends[index];
    const before = end.state;
    work(end, this.kinds[index]);
    const partner = world.ends[other(index)];
    const isNewlyDown = end.state === "partner-down" && before !== "partner-down";
    if (isNewlyDown && (!partner.isOn || partner.inStartup)) partner.wasDownFirst = true;
  }

  /**
   * Nothing goes wrong any more: who is off starts, the line stands, times pass. Says true when both
   * are NORMAL and have no more to say. `order` makes one end quicker than the other.
   */
  settles(world: World, order: readonly Index[], watch?: (world: World) => void): boolean {
    for (let step = 0; step < 200; step++) {
      watch?.(world);
      const turn = order[step % order.length] ?? 0;
      const late = other(turn);
      if (world.queues[turn].length > 0) this.deliver(world, turn, true);
      else if (world.queues[late].length > 0) this.deliver(world, late, true);
      else if (world.ends.every((end) => end.isOn && end.state === "normal" && !end.inStartup)) {
        if (world.isLinked) return true;
        this.connect(world);
      } else if (!this.#nextStep(world)) return false;
    }
    return false;
  }

  /** Quiet on the line: whatever time or people bring next. */
  #nextStep(world: World): boolean {
    for (const index of [0, 1] as const) {
      const end = world.ends[index];
      if (end.isOn && (isEnding(end) || end.isDead)) this.stop(world, index);
      else if (!end.isOn) this.start(world, index);
      else continue;
      return true;
    }
    if (this.canConnect(world)) {
      this.connect(world);
      return true;
    }
    for (const index of [0, 1] as const) {
      if (world.ends[index].state !== "recover-wait") continue;
      this.happens(world, index, { kind: "wait-over" });
      return true;
    }
    return false;
  }
}

/** The process says goodbye; it dials nobody any more. */
export function isEnding(end: End): boolean {
  return end.state === "paused" || end.state === "shutdown";
}

/** One line for a world, the same for the same world. */
export function keyOf(world: World): string {
  const [a, b] = world.ends;
  const line = (queue: readonly Message[]) =>
    queue.map((one) =>
      one.kind === "state" ? codeOf(one.state) + (one.bit ? "*" : "") : one.kind[0],
    );
  return `${endKey(a)}|${endKey(b)}|${world.isLinked ? 1 : 0}|${line(world.queues[0])}|${line(world.queues[1])}`;
}

const CODES = new Map<PairStateName, string>(SHORTS.map((short) => [STATE_OF[short], short]));

function codeOf(state: PairStateName | undefined): string {
  return (state && CODES.get(state)) ?? "?";
}

function endKey(end: End): string {
  const flags = [
    end.isOn,
    end.inStartup,
    end.hasPartnerBit,
    end.isHeard,
    end.hasSpoken,
    end.hasAsked,
    end.wasDownFirst,
    end.isRolledBack,
    end.isDead,
  ];
  const bits = flags.map((flag) => (flag ? 1 : 0)).join("");
  return `${codeOf(end.state)} ${codeOf(end.saved)} ${codeOf(end.partnerState)} ${bits}`;
}

export function copyOf(world: World): World {
  const [a, b] = world.ends;
  return {
    ends: [{ ...a }, { ...b }],
    isLinked: world.isLinked,
    queues: [[...world.queues[0]], [...world.queues[1]]],
  };
}
