import type { Clock } from "../ports.ts";

/** One alarm for all that waits: it never comes too late, and too early does no harm. */
export class Alarm {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Calls back at this monotonic time in ms, or before. */
  atLatest(at: number): void {
    if (at >= this.#at) return;
    this.#at = at;
    this.#clock.setAlarm(at, this.#onAlarm);
  }

  readonly #onAlarm = (): void => {
    this.#at = Number.POSITIVE_INFINITY;
    this.#callback();
  };
}
