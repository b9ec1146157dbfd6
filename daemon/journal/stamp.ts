import { CLOCK_SANE_SINCE, type WallSeconds } from "../base/time.ts";
import type { Clock } from "../ports.ts";

/**
 * The wall time put into records. While the clock was never set since the box was switched on, the
 * last sensible time is used instead: else the next start would believe that it is long ago.
 */
export class Stamp {
  readonly #clock: Clock;
  #last: WallSeconds;

  constructor(clock: Clock, last: WallSeconds) {
    this.#clock = clock;
    this.#last = last;
  }

  now(): WallSeconds {
    const wall = Math.max(0, Math.floor(this.#clock.now().wall / 1000));
    if (wall < CLOCK_SANE_SINCE) return Math.max(wall, this.#last);
    this.#last = wall;
    return wall;
  }
}
