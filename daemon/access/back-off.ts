// How long somebody waits who has guessed wrongly: a second, and twice as long after each further try.

import { LIMITS } from "../limits.ts";

interface Tries {
  readonly count: number;
  /** Monotonic milliseconds: before it no try is looked at. */
  readonly until: number;
}

/** By a source address, or by the name that is tried. All times are monotonic milliseconds. */
export class BackOff {
  readonly #tries = new Map<string, Tries>();

  /** Milliseconds until a try of this key is looked at; 0: now. */
  wait(key: string, now: number): number {
    return Math.max(0, (this.#known(key, now)?.until ?? now) - now);
  }

  /** A try is looked at. It counts as failed until it is known better: many at once are no way around the waiting. */
  begin(key: string, now: number): void {
    const count = (this.#known(key, now)?.count ?? 0) + 1;
    if (!this.#tries.has(key)) this.#makeRoom(now);
    this.#tries.set(key, { count, until: now + waitAfter(count) });
  }

  /** The try that was begun last did not fail, or was not looked at; those before it stay. */
  takeBack(key: string, now: number): void {
    const known = this.#tries.get(key);
    if (!known) return;
    if (known.count <= 1) this.#tries.delete(key);
    else this.#tries.set(key, { count: known.count - 1, until: now });
  }

  forget(key: string): void {
    this.#tries.delete(key);
  }

  #known(key: string, now: number): Tries | undefined {
    const known = this.#tries.get(key);
    return known && !isForgotten(known, now) ? known : undefined;
  }

  /** Of those that have tried least the one that may try again first: whoever fills the table does not free the rest. */
  #makeRoom(now: number): void {
    if (this.#tries.size < LIMITS.loginSourcesMax) return;
    for (const [key, tries] of this.#tries) if (isForgotten(tries, now)) this.#tries.delete(key);
    if (this.#tries.size < LIMITS.loginSourcesMax) return;
    const least = [...this.#tries].reduce((a, b) => (isLess(b[1], a[1]) ? b : a));
    this.#tries.delete(least[0]);
  }
}

function isLess(a: Tries, b: Tries): boolean {
  return a.count === b.count ? a.until < b.until : a.count < b.count;
}

function isForgotten({ until }: Tries, now: number): boolean {
  return now - until >= LIMITS.loginForgetMilliseconds;
}

function waitAfter(count: number): number {
  const { loginWaitMilliseconds, loginWaitMillisecondsMax } = LIMITS;
  return Math.min(loginWaitMillisecondsMax, loginWaitMilliseconds * 2 ** (count - 1));
}
