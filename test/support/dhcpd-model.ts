// The states of dhcpd 4.4.3 as it was seen to go through them, to try our tables against. Cells:
// "." stays, "exit" ends the process, "shut" goes to SHUTDOWN because the pair makes no sense to it.

import type { PairStateName } from "../../daemon/core/failover/pair-state.ts";
import type { Trigger } from "../../daemon/core/failover/transitions.ts";
import { SHORTS, STATE_OF, type StateShort } from "../../daemon/core/failover/transitions-table.ts";
import { type End, type Index, type Kind, send, type World } from "./pair-model.ts";

export const DHCPD = `
     N    CI   PD   R    RW   RD   PC   RI   CD   P    S
N    .    .    PC   PD   .    .    shut shut shut CI   PD
CI   N    N    PC   PD   N    N    PC   PC   PC   .    PD
PD   PC   PC   PC   .    .    N    PC   PC   PC   .    .
R    PC   .    .    .    .    .    PC   PC   PC   .    PD
RW   .    .    .    .    .    .    .    .    .    .    .
RD   N    .    .    .    .    N    .    .    .    .    PD
PC   shut .    .    R    .    .    .    .    .    .    PD
RI   PC   PC   PC   PC   PC   PC   PC   PC   PC   .    PD
CD   N    exit exit exit exit exit .    .    exit exit S
P    .    .    .    .    .    .    .    .    .    .    .
S    .    .    .    .    .    .    .    .    .    .    .
`;

const ROWS = new Map(
  DHCPD.trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .map(([mine, ...cells]) => [mine, cells] as const),
);

/** What the table of dhcpd says: a short name, ".", "exit" or "shut". */
export function dhcpdCell(mine: PairStateName, heard: PairStateName): string {
  return ROWS.get(short(mine))?.[SHORTS.indexOf(short(heard))] ?? "?";
}

function short(state: PairStateName): StateShort {
  return SHORTS.find((one) => STATE_OF[one] === state) ?? "S";
}

/** In these states a STATE that says nothing new is passed over. */
const DEAF: readonly PairStateName[] = [
  "normal",
  "potential-conflict",
  "recover-done",
  "recover-wait",
  "paused",
  "shutdown",
];

export class DhcpdEnd implements Kind {
  readonly name: string;
  readonly #index: Index;

  constructor(index: Index) {
    this.name = `dhcpd ${index === 0 ? "primary" : "secondary"}`;
    this.#index = index;
  }

  start(end: End): void {
    if (end.saved === "shutdown") end.saved = "recover";
    if (end.saved === "paused") end.saved = "communications-interrupted";
    end.state = end.saved;
  }

  connected(end: End, world: World): void {
    this.#say(end, world);
  }

  happens(end: End, trigger: Trigger, world: World, mustWait: boolean): void {
    if (end.isDead) return;
    switch (trigger.kind) {
      case "partner-state":
        this.#hear(end, trigger.state, trigger.isStartup, world);
        break;
      case "connection-lost":
      case "startup-over":
        this.#lose(end, world);
        break;
      case "updates-done":
        this.#updated(end, world, mustWait);
        break;
      case "wait-over":
        if (end.state === "recover-wait") this.#enter(end, "recover-done", world);
        break;
      case "safe-time-over":
        if (end.state === "communications-interrupted") this.#enter(end, "partner-down", world);
        break;
      case "command": {
        const to = {
          "partner-down": "partner-down",
          pause: "paused",
          shutdown: "shutdown",
        } as const;
        this.#enter(end, to[trigger.command], world);
        break;
      }
      case "rolled-back":
        break;
    }
  }

  #hear(end: End, heard: PairStateName, isStartup: boolean, world: World): void {
    const wasHeard = end.partnerState;
    end.partnerState = heard;
    end.isHeard = true;
    const { state, inStartup } = end;
    if (!inStartup && wasHeard === heard && DEAF.includes(state)) return;
    if (!inStartup && state === "partner-down" && isStartup) return;
    const cell = dhcpdCell(state, heard);
    if (cell === "exit" || cell === "shut") {
      end.isDead = true;
      return;
    }
    const recovers = inStartup && state === "normal" && heard === "partner-down";
    const to = recovers ? "recover" : cell === "." ? undefined : STATE_OF[cell as StateShort];
    if (to !== undefined || inStartup) {
      this.#enter(end, to ?? state, world);
    } else if (
      state === "recover" &&
      (["communications-interrupted", "partner-down", "recover"] as PairStateName[]).includes(heard)
    ) {
      this.#ask(end, world);
    } else if (
      state === "potential-conflict" &&
      this.#index === 1 &&
      heard === "conflict-done" &&
      wasHeard === "potential-conflict"
    ) {
      this.#ask(end, world);
    }
  }

  #lose(end: End, world: World): void {
    if (end.state === "normal") this.#enter(end, "communications-interrupted", world);
    else if (end.state === "potential-conflict") this.#enter(end, "resolution-interrupted", world);
    else if (end.inStartup) this.#enter(end, end.state, world);
  }

  #updated(end: End, world: World, mustWait: boolean): void {
    if (end.state === "recover") {
      const areFresh = end.partnerState === "recover" || end.partnerState === "recover-done";
      this.#enter(end, mustWait && !areFresh ? "recover-wait" : "recover-done", world);
    } else if (end.state === "potential-conflict") {
      this.#enter(end, this.#index === 0 ? "conflict-done" : "normal", world);
    }
  }

  #enter(end: End, to: PairStateName, world: World): void {
    end.inStartup = false;
    end.state = to;
    end.saved = to;
    if (!world.isLinked) return;
    this.#say(end, world);
    if (to === "recover") this.#ask(end, world);
    if (
      to === "potential-conflict" &&
      (this.#index === 0 || end.partnerState === "conflict-done")
    ) {
      this.#ask(end, world);
    }
  }

  #say(end: End, world: World): void {
    send(world, this.#index, { kind: "state", state: end.state, bit: end.inStartup });
  }

  #ask(end: End, world: World): void {
    if (!world.isLinked || end.hasAsked) return;
    end.hasAsked = true;
    send(world, this.#index, { kind: "request" });
  }
}
