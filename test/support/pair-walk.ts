// Walks through everything that can happen to a pair of the model, breadth first: power cuts, a line
// that breaks at any moment, commands at the wrong time, disks that come back older.

import type { PairStateName } from "../../daemon/core/failover/pair-state.ts";
import { SHORTS, STATE_OF } from "../../daemon/core/failover/transitions-table.ts";
import {
  copyOf,
  freshEnd,
  type Index,
  isEnding,
  keyOf,
  OurEnd,
  type Pair,
  type World,
} from "./pair-model.ts";

export interface WalkOptions {
  /** How many different worlds at most. */
  readonly worldsMax: number;
  /** May a disk be put back, with whatever state on it? */
  readonly restores: boolean;
}

export interface Step {
  readonly what: string;
  readonly before: World | undefined;
  readonly after: World;
}

/** Every world once, with the step that led to it first. */
export function* walk(pair: Pair, { worldsMax, restores }: WalkOptions): Generator<Step> {
  const start: World = {
    ends: [freshEnd("recover"), freshEnd("recover")],
    isLinked: false,
    queues: [[], []],
  };
  const known = new Set([keyOf(start)]);
  const queue: World[] = [start];
  yield { what: "both are new", before: undefined, after: start };
  for (const before of queue) {
    for (const [what, change] of whatCanHappen(pair, before, restores)) {
      if (known.size >= worldsMax) return;
      const after = copyOf(before);
      change(after);
      const key = keyOf(after);
      if (known.has(key)) continue;
      known.add(key);
      yield { what, before, after };
      if (!after.ends.some((end) => end.isDead)) queue.push(after);
    }
  }
}

type Change = readonly [what: string, change: (world: World) => void];

function* whatCanHappen(pair: Pair, world: World, restores: boolean): Generator<Change> {
  if (pair.canConnect(world)) yield ["connect", (after) => pair.connect(after)];
  if (world.isLinked) yield ["the line is cut", (after) => pair.cut(after)];
  for (const index of [0, 1] as const) {
    if (world.ends[index].isOn) yield* toEnd(pair, world, index);
    else yield* toEndThatIsOff(pair, index, restores);
  }
}

function* toEndThatIsOff(pair: Pair, index: Index, restores: boolean): Generator<Change> {
  yield [`${index} starts`, (after) => pair.start(after, index)];
  if (!restores || !(pair.kinds[index] instanceof OurEnd)) return;
  for (const short of SHORTS.filter((one) => one !== "P" && one !== "S")) {
    yield [
      `${index} starts from a backup in ${short}`,
      (after) => {
        after.ends[index].saved = STATE_OF[short];
        after.ends[index].isRolledBack = true;
        pair.start(after, index);
      },
    ];
  }
}

function* toEnd(pair: Pair, world: World, index: Index): Generator<Change> {
  const end = world.ends[index];
  yield [`${index} loses power`, (after) => pair.stop(after, index)];
  const [message] = world.queues[index];
  if (message !== undefined) {
    const said = message.kind === "state" ? message.state : message.kind;
    yield [`${index} hears ${said}`, (after) => pair.deliver(after, index, true)];
    if (message.kind === "done") {
      yield [`${index} hears done, no wait`, (after) => pair.deliver(after, index, false)];
    }
  }
  if (end.inStartup && !world.isLinked) {
    yield [
      `${index} startup-over`,
      (after) => pair.happens(after, index, { kind: "startup-over" }),
    ];
  }
  if (isEnding(end)) return;
  const waits: Partial<Record<PairStateName, "wait-over" | "safe-time-over">> = {
    "recover-wait": "wait-over",
    "communications-interrupted": "safe-time-over",
  };
  const kind = end.inStartup ? undefined : waits[end.state];
  if (kind !== undefined)
    yield [`${index} ${kind}`, (after) => pair.happens(after, index, { kind })];
  for (const command of ["partner-down", "pause", "shutdown"] as const) {
    const isOurs = pair.kinds[index] instanceof OurEnd;
    if (command === "partner-down" && !isOurs && world.isLinked) continue;
    yield [
      `${index} is told ${command}`,
      (after) => pair.happens(after, index, { kind: "command", command }),
    ];
  }
}
