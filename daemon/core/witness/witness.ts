// When the partner was heard on which path, and what follows from that. Beacons that get here are signed by the
// partner's key and of now (freshness.ts).

import type { Beacon } from "../../wire/beacon.ts";
import { type Conclusion, conclude, type PathVerdict } from "./paths.ts";

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

/** Named by the LAN; the pair link has none. */
export type PathName = string | undefined;

interface Path {
  readonly silentAfter: number;
  hasCarrier: boolean;
  /** In monotonic milliseconds. */
  heardAt: number;
  /** When the partner last said that it hears this box here. */
  echoedAt: number;
}

export class Witness {
  readonly #times: WitnessTimes;
  readonly #pairLink: Path;
  readonly #lans = new Map<string, Path>();
  /** Since when nothing has been heard on any path. */
  #lastHeardAt: number;

  constructor(times: WitnessTimes, now: number) {
    this.#times = times;
    this.#pairLink = newPath(times.pairInterval * PAIR_INTERVALS_MISSED);
    this.#lastHeardAt = now;
  }

  /** The LANs that this box serves; those that it knew go on as they were. */
  setLans(names: readonly string[]): void {
    for (const name of this.#lans.keys()) if (!names.includes(name)) this.#lans.delete(name);
    const { lanInterval } = this.#times;
    for (const name of names) {
      if (!this.#lans.has(name)) {
        this.#lans.set(name, newPath(lanInterval * LAN_INTERVALS_MISSED));
      }
    }
  }

  setCarrier(name: PathName, hasCarrier: boolean): void {
    const path = this.#path(name);
    if (path) path.hasCarrier = hasCarrier;
  }

  /** `boot` is of this process: what the partner's beacon echoes was said by it, or it was not. */
  heard(name: PathName, { echo }: Pick<Beacon, "echo">, isEchoOurs: boolean, now: number): void {
    const path = this.#path(name);
    if (!path) return;
    path.heardAt = now;
    // An echo that is kept for long is of what arrived before the fault.
    if (echo && isEchoOurs && echo.heldMilliseconds <= path.silentAfter) path.echoedAt = now;
    this.#lastHeardAt = now;
  }

  verdict(name: PathName, now: number): PathVerdict {
    const path = this.#path(name);
    if (!path?.hasCarrier) return "unplugged";
    if (now - path.heardAt > path.silentAfter) return "silent";
    return now - path.echoedAt > path.silentAfter ? "mute" : "up";
  }

  conclusion(now: number): Conclusion {
    const lans = Array.from(this.#lans.keys(), (name) => this.verdict(name, now));
    const isOverdue = now - this.#lastHeardAt > this.#times.slowMax;
    return conclude(this.verdict(undefined, now), lans, isOverdue);
  }

  /** When a verdict or the conclusion may change without anything being heard; in monotonic milliseconds. */
  nextAt(now: number): number {
    const ends = [this.#pairLink, ...this.#lans.values()].flatMap(
      ({ heardAt, echoedAt, silentAfter }) => [heardAt + silentAfter, echoedAt + silentAfter],
    );
    ends.push(this.#lastHeardAt + this.#times.slowMax);
    // They are over when more time than that has passed.
    return Math.min(...ends.filter((end) => end >= now)) + 1;
  }

  #path(name: PathName): Path | undefined {
    return name === undefined ? this.#pairLink : this.#lans.get(name);
  }
}

function newPath(silentAfter: number): Path {
  const never = Number.NEGATIVE_INFINITY;
  return { silentAfter, hasCarrier: false, heardAt: never, echoedAt: never };
}
