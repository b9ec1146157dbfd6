// When the partner was heard on which path, and what follows from that. Beacons that get here are signed by the
// partner's key and of now (freshness.ts).

import type { Beacon } from "../../wire/beacon.ts";
import { bestOf, type Conclusion, conclude, type PathVerdict } from "./paths.ts";

/** In milliseconds. */
export interface WitnessTimes {
  /** Between two beacons on the pair link, and on a LAN. */
  readonly pairInterval: number;
  readonly lanInterval: number;
  /** For how long a box that has carrier on the cable may be silent on every path and count as busy. */
  readonly slowMax: number;
}

export const DEFAULT_TIMES: WitnessTimes = { pairInterval: 200, lanInterval: 500, slowMax: 2500 };

/**
 * A beacon or two may get lost on the cable, where nothing else is sent; on a LAN another one is due soon enough
 * for a dead box to be found out within a second.
 */
const PAIR_INTERVALS_MISSED = 3;
const LAN_INTERVALS_MISSED = 1.6;

export interface WitnessPath {
  /** Of the interface. */
  readonly name: string;
  /** A port for the pair cable; otherwise a LAN. */
  readonly isPairLink: boolean;
}

interface Path {
  readonly isPairLink: boolean;
  readonly silentAfter: number;
  hasCarrier: boolean;
  /** In monotonic milliseconds. */
  heardAt: number;
  /** When the partner last said that it hears this box here. */
  echoedAt: number;
}

export class Witness {
  readonly #times: WitnessTimes;
  readonly #paths = new Map<string, Path>();
  /** Since when nothing has been heard on any path. */
  #lastHeardAt: number;

  constructor(times: WitnessTimes, now: number) {
    this.#times = times;
    this.#lastHeardAt = now;
  }

  /** Those that it knew go on as they were. */
  setPaths(paths: readonly WitnessPath[]): void {
    for (const [name, { isPairLink }] of this.#paths) {
      if (!paths.some((one) => one.name === name && one.isPairLink === isPairLink)) {
        this.#paths.delete(name);
      }
    }
    const { pairInterval, lanInterval } = this.#times;
    for (const { name, isPairLink } of paths) {
      if (this.#paths.has(name)) continue;
      const silentAfter = isPairLink
        ? pairInterval * PAIR_INTERVALS_MISSED
        : lanInterval * LAN_INTERVALS_MISSED;
      const never = Number.NEGATIVE_INFINITY;
      const path = { isPairLink, silentAfter, hasCarrier: false, heardAt: never, echoedAt: never };
      this.#paths.set(name, path);
    }
  }

  setCarrier(name: string, hasCarrier: boolean): void {
    const path = this.#paths.get(name);
    if (path) path.hasCarrier = hasCarrier;
  }

  /** `isEchoOurs`: what the partner's beacon echoes was said by this process. */
  heard(name: string, { echo }: Pick<Beacon, "echo">, isEchoOurs: boolean, now: number): void {
    const path = this.#paths.get(name);
    if (!path) return;
    path.heardAt = now;
    // An echo that is kept for long is of what arrived before the fault.
    if (echo && isEchoOurs && echo.heldMilliseconds <= path.silentAfter) path.echoedAt = now;
    this.#lastHeardAt = now;
  }

  /** Another partner: nothing was heard of it. */
  forget(now: number): void {
    for (const path of this.#paths.values()) {
      path.heardAt = Number.NEGATIVE_INFINITY;
      path.echoedAt = Number.NEGATIVE_INFINITY;
    }
    this.#lastHeardAt = now;
  }

  /** For so many milliseconds this box did not listen: it was not the partner that was silent. */
  excuse(milliseconds: number): void {
    for (const path of this.#paths.values()) {
      path.heardAt += milliseconds;
      path.echoedAt += milliseconds;
    }
    this.#lastHeardAt += milliseconds;
  }

  verdict(name: string, now: number): PathVerdict {
    const path = this.#paths.get(name);
    return path ? verdictOf(path, now) : "unplugged";
  }

  conclusion(now: number): Conclusion {
    const verdicts = (isPairLink: boolean): PathVerdict[] =>
      Array.from(this.#paths.values())
        .filter((path) => path.isPairLink === isPairLink)
        .map((path) => verdictOf(path, now));
    const isOverdue = now - this.#lastHeardAt > this.#times.slowMax;
    return conclude(bestOf(verdicts(true)), verdicts(false), isOverdue);
  }

  /** When a verdict or the conclusion may change without anything being heard; in monotonic milliseconds. */
  nextAt(now: number): number {
    const ends = Array.from(this.#paths.values()).flatMap(({ heardAt, echoedAt, silentAfter }) => [
      heardAt + silentAfter,
      echoedAt + silentAfter,
    ]);
    ends.push(this.#lastHeardAt + this.#times.slowMax);
    // They are over when more time than that has passed.
    return Math.min(...ends.filter((end) => end >= now)) + 1;
  }
}

function verdictOf({ hasCarrier, heardAt, echoedAt, silentAfter }: Path, now: number): PathVerdict {
  if (!hasCarrier) return "unplugged";
  if (now - heardAt > silentAfter) return "silent";
  return now - echoedAt > silentAfter ? "mute" : "up";
}
