// How much of its memory this process really uses.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes that are reachable: garbage is collected before. */
export function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
