// Whether the times of a draft fit each other, by the rules that a configuration is checked with.

import {
  checkTimes,
  DEFAULT_TIMES,
  type LeaseTimes,
  resolveTimes,
  UNKNOWN_TIMES,
} from "../config/levels.ts";
import type { DraftLevel, DraftNetwork } from "./device-parts.ts";

/** A lease that never ends, in seconds. */
const FOREVER_SECONDS = 0xffffffff;

/** True when there is no level whose times contradict those that it takes over. */
export function timesFit(
  level: DraftLevel,
  networks: readonly DraftNetwork[],
  classes: readonly DraftLevel[],
): boolean {
  let fits = true;
  const check = (one: DraftLevel, outer: LeaseTimes): LeaseTimes => {
    const times = {
      options: {},
      leaseSeconds: one.leaseSeconds === "infinite" ? FOREVER_SECONDS : one.leaseSeconds,
      renewSeconds: one.renewSeconds,
      rebindSeconds: one.rebindSeconds,
    };
    checkTimes(times, outer, "", () => {
      fits = false;
    });
    return resolveTimes(times, outer);
  };
  const all = check(level, DEFAULT_TIMES);
  for (const network of networks) {
    const inside = check(network, all);
    for (const one of [...network.pools, ...network.reservations]) check(one, inside);
  }
  for (const one of classes) check(one, UNKNOWN_TIMES);
  return fits;
}
