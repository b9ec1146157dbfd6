// What people should know of the wires between the boxes, as conditions; and the paths as the API shows them.

import type { ConditionId, LogValues } from "./catalogue.ts";
import type { PathSight, Sight } from "./core/witness/lookout.ts";
import type { PathVerdict } from "./core/witness/paths.ts";
import type { PathView } from "./http/api-types.ts";
import { LIMITS } from "./limits.ts";

export interface PathCondition {
  readonly id: ConditionId;
  /** A LAN, or "". */
  readonly subject: string;
  readonly values: LogValues;
}

/** What is wrong with a path, as a part of a sentence; its subject is the cable or the LAN. */
const FAULTS: Readonly<Record<PathVerdict, string>> = {
  up: "works",
  mute: "carries what the partner says, and not what this box says",
  silent: "has carrier, and nothing of the partner arrives on it",
  unplugged: "has no carrier at this box",
};

/**
 * `on`: the interface that the session is on; undefined: there is none, and that the partner is away is said
 * elsewhere. `isSettled`: it has stood for long enough that every path has had its time.
 */
export function pathConditions(
  sight: Sight,
  on: string | undefined,
  isSettled: boolean,
): readonly PathCondition[] {
  const { conclusion, paths } = sight;
  const of = (id: ConditionId, values: LogValues = {}) => [{ id, subject: "", values }];
  switch (conclusion) {
    case "one-way":
      return of("partner-deaf");
    case "isolated":
      return of("box-cut-off");
    case "slow":
      return on === undefined ? [] : of("partner-slow");
    case "gone":
      return [];
    case "in-step":
      return isSettled ? lanConditions(sight) : [];
    case "over-lan": {
      if (!isSettled) return [];
      const values = { fault: FAULTS[bestCable(paths)], lan: lanOf(paths, on) };
      return [...of("pair-cable", values), ...lanConditions(sight)];
    }
  }
}

/** LANs that only one of the boxes has, or on which they do not hear each other. */
function lanConditions({ paths, partner }: Sight): PathCondition[] {
  return paths.flatMap(({ lan, verdict }): PathCondition[] => {
    if (lan === undefined || verdict === "unplugged") return [];
    const partners = partner?.lans.find(({ name }) => name === lan);
    if (partners && !partners.isServed) {
      return [{ id: "partner-lan-down", subject: lan, values: {} }];
    }
    if (verdict === "up") return [];
    return [{ id: "pair-lan-silent", subject: lan, values: { fault: FAULTS[verdict] } }];
  });
}

function bestCable(paths: readonly PathSight[]): PathVerdict {
  const verdicts = paths.filter(({ lan }) => lan === undefined).map(({ verdict }) => verdict);
  return (["up", "mute", "silent"] as const).find((one) => verdicts.includes(one)) ?? "unplugged";
}

/** That the session is on, or will be. */
function lanOf(paths: readonly PathSight[], on: string | undefined): string {
  const current = paths.find(({ interfaceName }) => interfaceName === on);
  const first = paths.find(({ lan, verdict }) => lan !== undefined && verdict === "up");
  return current?.lan ?? first?.lan ?? "";
}

/** A wire that is put in works in one direction first, and a box that is busy is heard again in a moment. */
const PASSING: ReadonlySet<ConditionId> = new Set([
  "partner-deaf",
  "partner-slow",
  "pair-lan-silent",
]);

type Say = (id: ConditionId, subject: string, values: LogValues | undefined) => void;

/** Tells of each condition when it begins, changes and ends, and of nothing else. */
export class SaidConditions {
  readonly #say: Say;
  readonly #held = new Map<string, { condition: PathCondition; since: number; said: string }>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** What is so now, in monotonic milliseconds; all else is over. */
  set(conditions: readonly PathCondition[], now: number): void {
    const keys = conditions.map(({ id, subject }) => `${id} ${subject}`);
    for (const [key, { condition, said }] of this.#held) {
      if (keys.includes(key)) continue;
      this.#held.delete(key);
      if (said !== "") this.#say(condition.id, condition.subject, undefined);
    }
    for (const [index, condition] of conditions.entries()) {
      this.#hold(keys[index] as string, condition, now);
    }
  }

  #hold(key: string, condition: PathCondition, now: number): void {
    const held = this.#held.get(key) ?? { condition, since: now, said: "" };
    this.#held.set(key, held);
    const { id, subject, values } = condition;
    if (PASSING.has(id) && now - held.since < LIMITS.passingMilliseconds) return;
    const said = JSON.stringify(values);
    if (said === held.said) return;
    held.said = said;
    this.#say(id, subject, values);
  }
}

export function pathViews(sight: Sight, on: string | undefined, now: number): PathView[] {
  return sight.paths.map(({ interfaceName, lan, verdict, heardAt }) => ({
    interface: interfaceName,
    lan: lan ?? null,
    verdict,
    heardMillisecondsAgo: heardAt === undefined ? null : Math.round(now - heardAt),
    carriesSession: interfaceName === on,
  }));
}
