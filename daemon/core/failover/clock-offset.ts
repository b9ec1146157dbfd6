// By how much the partner's clock is ahead, learnt from the time in every message.

/** Differences this small are left alone: times are in whole seconds, and messages take a while. */
const IGNORED_SECONDS = 2;
const WINDOW_MILLISECONDS = 60_000;

/**
 * A message says what its sender's clock showed when it was sent, so it always looks a little behind: of
 * several samples the largest is the best. Two windows, so that a clock that was set back is believed
 * within two of them.
 */
export class ClockOffset {
  #current = Number.NEGATIVE_INFINITY;
  #before = Number.NEGATIVE_INFINITY;
  #since = 0;

  /** `difference`: seconds by which the partner's clock was ahead when the message came in. */
  sample(difference: number, nowMonotonic: number): void {
    if (nowMonotonic - this.#since >= WINDOW_MILLISECONDS) {
      this.#since = nowMonotonic;
      this.#before = this.#current;
      this.#current = Number.NEGATIVE_INFINITY;
    }
    if (difference > this.#current) this.#current = difference;
  }

  /** A new connection: the partner may be another machine by now. */
  reset(): void {
    this.#current = Number.NEGATIVE_INFINITY;
    this.#before = Number.NEGATIVE_INFINITY;
  }

  /** Whole seconds by which the partner's clock is ahead; 0 when they agree or nothing is known. */
  get seconds(): number {
    const best = Math.max(this.#current, this.#before);
    if (best === Number.NEGATIVE_INFINITY) return 0;
    // The sender's time is rounded down: on average it was half a second more.
    const rounded = Math.round(best + 0.5);
    return Math.abs(rounded) <= IGNORED_SECONDS ? 0 : rounded;
  }
}
