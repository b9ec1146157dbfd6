import type { Now } from "../../daemon/base/time.ts";
import type { Clock } from "../../daemon/ports.ts";

/** A clock that moves only when told to. Monotonic time starts at 0. */
export class FakeClock implements Clock {
  monotonic = 0;
  wall: number;
  #alarm: { at: number; callback: () => void } | undefined;

  constructor(wall = 1_780_000_000_000) {
    this.wall = wall;
  }

  now(): Now {
    return { monotonic: this.monotonic, wall: this.wall };
  }

  setAlarm(at: number, callback: () => void): void {
    this.#alarm = { at, callback };
  }

  soon(callback: () => void): void {
    queueMicrotask(callback);
  }

  /** Monotonic time of the alarm, if one is set. */
  get alarmAt(): number | undefined {
    return this.#alarm?.at;
  }

  /** Moves both clocks and lets everything happen that is due on the way. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.monotonic + milliseconds;
    await settle();
    while (this.#alarm && this.#alarm.at <= end) {
      const { at, callback } = this.#alarm;
      this.#alarm = undefined;
      this.#moveTo(Math.max(at, this.monotonic));
      callback();
      await settle();
    }
    this.#moveTo(end);
  }

  #moveTo(monotonic: number): void {
    this.wall += monotonic - this.monotonic;
    this.monotonic = monotonic;
  }
}

/** Lets everything finish that needs no time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
