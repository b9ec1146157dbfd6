import type { Now } from "../base/time.ts";
import type { Clock } from "../ports.ts";

/** The clocks of this machine. Node's timers hold 2^31-1 ms at most, so long alarms are taken in steps. */
export class SystemClock implements Clock {
  #timer: NodeJS.Timeout | undefined;

  now(): Now {
    return { monotonic: monotonic(), wall: Date.now() };
  }

  setAlarm(atMonotonic: number, callback: () => void): void {
    clearTimeout(this.#timer);
    const wait = Math.max(0, Math.ceil(atMonotonic - monotonic()));
    const longest = 0x7fffffff;
    this.#timer =
      wait > longest
        ? setTimeout(() => this.setAlarm(atMonotonic, callback), longest)
        : setTimeout(callback, wait);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** `performance.now` counts from the start of the process, this from when the system was started. */
const startOfProcess = Number(process.hrtime.bigint()) / 1e6 - performance.now();

function monotonic(): number {
  return startOfProcess + performance.now();
}
