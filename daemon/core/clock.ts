// The time that leases are written in.
//
// Lease times are wall-clock seconds because they must survive a reboot, yet routers boot without a
// clock, take the time from a file, and get the right one minutes later from the network. Two
// mistakes must not follow from that. A lease that ends too early gives one address to two clients,
// as the first one still counts its own seconds. A lease that lasts for years takes its address out
// of the pool. Hence:
//
// - A clock before CLOCK_SANE_SINCE, or behind the last thing the journal knows, is not believed.
//   Time then goes on from that last moment by the monotonic clock. It is too slow by the time the
//   box was off, so leases end late, never early.
// - A clock that is believed may be wrong all the same, until a time server was reached. What is
//   written under a clock that is not believed, or in the first minutes after the box was switched on
//   or its clock made a step, is marked `clockUncertain`: a later start takes such a lease as granted at
//   that start, because by a better clock it could look long expired. When the minutes are over the
//   marks are taken off.
// - When the clock goes forward while the box runs, leases move with it: they keep the seconds they
//   had left. After a clock that was not believed only those written by it move; the others were
//   written by a right one and are judged by the right one again.
// - When the clock goes back, leases written since the start move back with it; older ones keep their
//   end, but none lasts longer than its own length from now.
// - A clock that is sane but behind the journal for good (it was once set to the future) is believed
//   in the end, when no lease from before this start is left that could depend on it.
//
// What remains: a clock that was wrong but believed for longer than those minutes, a crash, and the
// right clock from the beginning of the next start. No box can tell that from having been off.

import { CLOCK_SANE_SINCE, type Now, type WallSeconds } from "../base/time.ts";
import { LIMITS } from "../limits.ts";

/** How a step moves leases: by so many milliseconds, and whether older ones go along. */
export interface ClockStep {
  readonly milliseconds: number;
  readonly movesOlderLeases: boolean;
}

export class CoreClock {
  /** Now, in milliseconds since 1970 as leases count them. */
  wall: number;
  /** True while the clock of the box is not believed. */
  isWrong: boolean;
  #last: Now;
  /** End of the minutes in which the clock may still be corrected, in monotonic milliseconds. */
  #probationEnd: number;

  /** `floor` is the last time that the journal knows, 0 when it is empty. */
  constructor(floor: WallSeconds, now: Now) {
    const earliest = Math.max(floor, CLOCK_SANE_SINCE) * 1000;
    this.isWrong = now.wall < earliest - LIMITS.clockStepMilliseconds;
    this.wall = this.isWrong ? earliest : now.wall;
    this.#last = now;
    // The monotonic clock began when the box was switched on, which may be long before this start.
    this.#probationEnd = LIMITS.clockProbationMilliseconds;
  }

  /** True when a later start with a better clock could find fault with the times of now. */
  get isUncertain(): boolean {
    return this.isWrong || this.#last.monotonic < this.#probationEnd;
  }

  /** Whole seconds, rounded down. */
  get seconds(): WallSeconds {
    return Math.floor(this.wall / 1000);
  }

  /** The end of something that lasts `seconds` from now, rounded so that it is never too early. */
  secondsFromNow(seconds: number): WallSeconds {
    return Math.ceil(this.wall / 1000) + seconds;
  }

  /** When the wall clock will show this second, in monotonic milliseconds. */
  monotonicAt(second: WallSeconds): number {
    return this.#last.monotonic + second * 1000 - this.wall;
  }

  /** Takes the time of an event; returns a step when leases have to move. */
  advance(now: Now): ClockStep | undefined {
    const last = this.#last;
    this.#last = now;
    const elapsed = now.monotonic - last.monotonic;
    if (this.isWrong) {
      this.wall += elapsed;
      const isRight = now.wall >= Math.max(this.wall - LIMITS.clockStepMilliseconds, SANE);
      return isRight ? this.believe() : undefined;
    }
    const step = now.wall - last.wall - elapsed;
    if (Math.abs(step) <= LIMITS.clockStepMilliseconds) {
      this.wall = now.wall;
      return undefined;
    }
    if (now.wall < SANE) {
      this.isWrong = true;
      this.wall += elapsed;
      return undefined;
    }
    this.wall = now.wall;
    this.#probationEnd = now.monotonic + LIMITS.clockProbationMilliseconds;
    return { milliseconds: step, movesOlderLeases: step > 0 };
  }

  /** True when only the journal speaks against the clock of the box: it could be believed. */
  get isSaneButBehind(): boolean {
    return this.isWrong && this.#last.wall >= SANE;
  }

  /** Goes over to the clock of the box. */
  believe(): ClockStep {
    const milliseconds = this.#last.wall - this.wall;
    this.wall = this.#last.wall;
    this.isWrong = false;
    this.#probationEnd = this.#last.monotonic + LIMITS.clockProbationMilliseconds;
    return { milliseconds, movesOlderLeases: false };
  }
}

const SANE = CLOCK_SANE_SINCE * 1000;
