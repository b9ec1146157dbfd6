// How much of its memory this process really uses.

import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const TAKES = 6;
const PAUSE_MILLISECONDS = 20;

/**
 * Bytes that are reachable: garbage is collected before. The least of several takes, because what just arrived, and
 * what a finaliser lets go of, is counted until the collection after the next; what is really kept is in each of them.
 */
export async function usedBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let take = 0; take < TAKES; take++) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
    await pause(PAUSE_MILLISECONDS);
  }
  return least;
}
