/**
 * The two clocks of one moment. `monotonic` never jumps and times everything that waits;
 * `wall` is what leases are written in, because it must survive a reboot.
 * Both in milliseconds; `wall` since 1970-01-01 UTC.
 */
export interface Now {
  readonly monotonic: number;
  readonly wall: number;
}

/** Wall-clock seconds since 1970-01-01 UTC, the unit of everything a lease stores. */
export type WallSeconds = number;

/** 2020-01-01 UTC: a clock before it has not been set since the box was switched on. */
export const CLOCK_SANE_SINCE: WallSeconds = 1_577_836_800;
