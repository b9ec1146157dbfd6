// The simulated universe: true time, one random source, and everything that will happen. Nothing in it
// depends on the machine it runs on, so a seed is a whole story that can be told again.

import { settle } from "../support/fake-clock.ts";
import { below, seeded } from "../support/random.ts";

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly what: () => void;
}

const GRID = 1024;

/** What chance decides, for one part of the world. */
export class Fate {
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A number from `from` up to `to`. */
  between(from: number, to: number): number {
    return from + this.random() * (to - from);
  }

  /** A waiting time with this mean: what comes at random intervals has no memory. */
  around(mean: number): number {
    return -Math.log(1 - this.random()) * mean;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[below(this.random, items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

export class World extends Fate {
  /** True time in milliseconds; no clock in the world is better. */
  now = 0;
  readonly seed: number;
  /** One line per happening when tracing, else empty. */
  readonly trace: string[] = [];
  readonly complaints: string[] = [];
  readonly isTraced: boolean;
  readonly #queue: Happening[] = [];
  /** Looks at the world after each happening. */
  watch: (() => void) | undefined;
  #order = 0;

  constructor(seed: number, isTraced: boolean) {
    super(seeded(seed));
    this.seed = seed;
    this.isTraced = isTraced;
  }

  /** Something happens `milliseconds` from now, after what was arranged for the same time before. */
  after(milliseconds: number, what: () => void): void {
    // On a grid of exact binary fractions, so that a clock that began later shows no rounding: an
    // alarm must not come a hair too early.
    const at = Math.ceil((this.now + Math.max(0, milliseconds)) * GRID) / GRID;
    this.#push({ at, order: this.#order++, what });
  }

  /** Lets time pass up to `end`, or until something is wrong. */
  async run(end: number): Promise<void> {
    for (;;) {
      const next = this.#queue[0];
      if (!next || next.at > end || this.complaints.length > 0) break;
      this.#removeFirst();
      this.now = next.at;
      try {
        next.what();
      } catch (error) {
        this.complain((error as Error).stack ?? String(error));
      }
      // The journal waits for its disk with promises; whatever they do belongs to this moment.
      await settle();
      this.watch?.();
    }
    if (this.complaints.length === 0) this.now = Math.ceil(end * GRID) / GRID;
  }

  /**
   * Chance of its own for a part of the world: what happens to the others does not change it, so that a
   * story with one trouble less stays much the same.
   */
  fate(label: string): Fate {
    let hash = this.seed ^ 0x811c9dc5;
    for (const letter of label) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
    return new Fate(seeded(hash));
  }

  tell(who: string, what: string): void {
    if (!this.isTraced) return;
    this.trace.push(`${(this.now / 1000).toFixed(3).padStart(10)}  ${who.padEnd(10)} ${what}`);
  }

  /** An invariant does not hold: the run ends here. */
  complain(what: string): void {
    this.tell("!", what);
    this.complaints.push(`at ${(this.now / 1000).toFixed(3)} s: ${what}`);
  }

  #push(item: Happening): void {
    const queue = this.#queue;
    let at = queue.length;
    queue.push(item);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = queue[parent] as Happening;
      if (isBefore(above, item)) break;
      queue[at] = above;
      at = parent;
    }
    queue[at] = item;
  }

  #removeFirst(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = queue[child + 1];
      if (right && isBefore(right, queue[child] as Happening)) child++;
      const below = queue[child];
      if (!below || isBefore(last, below)) break;
      queue[at] = below;
      at = child;
    }
    queue[at] = last;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
