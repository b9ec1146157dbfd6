/**
 * The two clocks of one moment. `monotonic` never jumps and times everything that waits;
 * `wall` is what leases are written in, because it must survive a reboot.
 * Both in milliseconds; `monotonic` since the box was switched on, `wall` since 1970-01-01 UTC.
 */
export interface Now {
  readonly monotonic: number;
  readonly wall: number;
}

/** Wall-clock seconds since 1970-01-01 UTC, the unit of everything a lease stores. */
export type WallSeconds = number;

/** 2020-01-01 UTC: a clock before it has not been set since the box was switched on. */
export const CLOCK_SANE_SINCE: WallSeconds = 1_577_836_800;

/** The day in UTC as "2026-03-01". */
export function formatDay(seconds: WallSeconds): string {
  // Counted in years that begin in March, so that the leap day is the last of its year.
  const days = Math.floor(seconds / 86_400) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524);
  const yearOfEra = Math.floor((dayOfEra - leaps - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear =
    dayOfEra - 365 * yearOfEra - Math.floor(yearOfEra / 4) + Math.floor(yearOfEra / 100);
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** The minute in UTC as "2026-03-01 09:12 UTC". */
export function formatMinute(seconds: WallSeconds): string {
  const minutes = Math.floor((seconds % 86_400) / 60);
  const hour = String(Math.floor(minutes / 60)).padStart(2, "0");
  return `${formatDay(seconds)} ${hour}:${String(minutes % 60).padStart(2, "0")} UTC`;
}
