// Whether a try to log in is looked at now: both the address that it comes from and the name that it is for may have to
// wait.

import { LIMITS } from "../limits.ts";
import { BackOff } from "./back-off.ts";

/** All times are monotonic milliseconds. */
export class LoginGate {
  readonly #sources = new BackOff();
  readonly #names = new BackOff();
  /** From where somebody has logged in, the latest last. */
  readonly #familiar = new Set<string>();

  /** Milliseconds to wait, or 0: it is looked at, and has failed until `succeeded` or `dropped` is called. */
  begin(from: string, name: string, now: number): number {
    const source = sourceOf(from);
    // Somebody who tries a name from elsewhere must not keep its owner out.
    const ofName = this.#isFamiliar(source, name) ? 0 : this.#names.wait(name, now);
    const wait = Math.max(this.#sources.wait(source, now), ofName);
    if (wait > 0) return wait;
    this.#sources.begin(source, now);
    this.#names.begin(name, now);
    return 0;
  }

  /**
   * What the address has failed at before is not forgotten: else whoever has an account here would log in between any two
   * guesses at somebody else's.
   */
  succeeded(from: string, name: string, now: number): void {
    const source = sourceOf(from);
    this.#sources.takeBack(source, now);
    this.#names.forget(name);
    const key = familiarKey(source, name);
    this.#familiar.delete(key);
    this.#familiar.add(key);
    const [oldest] = this.#familiar;
    if (this.#familiar.size > LIMITS.familiarSourcesMax && oldest) this.#familiar.delete(oldest);
  }

  /** The box was too busy to look at it. */
  dropped(from: string, name: string, now: number): void {
    this.#sources.takeBack(sourceOf(from), now);
    this.#names.takeBack(name, now);
  }

  #isFamiliar(source: string, name: string): boolean {
    return this.#familiar.has(familiarKey(source, name));
  }
}

function familiarKey(source: string, name: string): string {
  return `${source} ${name}`;
}

/** One address in one spelling. */
function sourceOf(from: string): string {
  return from.toLowerCase().replace(/^::ffff:/, "");
}
