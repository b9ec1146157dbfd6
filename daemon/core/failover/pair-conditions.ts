// What people should know of the pair, as conditions: they hold from now until they are over.

import { formatMinute, type Now, type WallSeconds } from "../../base/time.ts";
import type { ConditionId, LogValues } from "../../catalogue.ts";
import type { Conditions } from "../conditions.ts";
import { maySupersede } from "../witness/paths.ts";
import type { Pair } from "./pair.ts";

/** Clocks that differ by more than this are worth a word; far below what ends the connection. */
const CLOCK_SECONDS = 5;

/** `pair` undefined: the box works alone, and nothing is said. */
export function sayPair(
  pair: Pair | undefined,
  seconds: WallSeconds,
  now: Now,
  conditions: Conditions,
): void {
  const say = (id: ConditionId, values: LogValues | false | undefined): void => {
    if (values) conditions.set(id, "", values, now);
    else conditions.clear(id, "");
  };
  const state = pair?.state;
  const inStartup = pair?.endpoint.inStartup ?? false;
  const since = pair && { since: sinceOf(pair) };
  const is = (...names: (typeof state)[]): boolean => !inStartup && names.includes(state);
  say("pair-starting", inStartup && {});
  say("partner-away", is("communications-interrupted") && since);
  say("partner-down", is("partner-down") && !isJustMeeting(pair) && since);
  say("partner-refuses", pair !== undefined && pair.refusal !== "" && { reason: pair.refusal });
  say("pair-recovering", is("recover") && {});
  say("pair-waiting", is("recover-wait") && pair && { until: waitEnd(pair, seconds, now) });
  say(
    "pair-conflict-open",
    is("potential-conflict", "resolution-interrupted", "conflict-done") && {},
  );
  const offset = pair?.session.offset.seconds ?? 0;
  say("pair-clock", Math.abs(offset) > CLOCK_SECONDS && { seconds: offset });
  const conflicts = pair?.conflicts ?? 0;
  say("pair-conflicts", conflicts > 0 && { count: conflicts });
}

/** A box that has just become one of two counts its partner as down until they have spoken, which they are about to. */
function isJustMeeting(pair: Pair | undefined): boolean {
  if (!pair || pair.endpoint.state.partnerState !== undefined) return false;
  const { sight } = pair.endpoint;
  return sight !== undefined && !maySupersede(sight.conclusion);
}

/** A box that had served alone before it had a partner has done so from its beginning. */
function sinceOf({ endpoint }: Pair): string {
  const { since } = endpoint.state;
  return since === 0 ? "this box was set up" : formatMinute(since);
}

function waitEnd(pair: Pair, seconds: WallSeconds, now: Now): string {
  const left = Math.max(0, pair.endpoint.waitEnd - now.monotonic) / 1000;
  return formatMinute(seconds + (Number.isFinite(left) ? left : 0));
}
