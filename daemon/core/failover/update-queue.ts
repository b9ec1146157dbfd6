// Leases in the order in which they wait for the partner.

import type { LeaseEntry } from "../lease-book.ts";

/** Places that are given up at once, so that a long line does not move for each lease that leaves. */
const SPARE_MAX = 4096;

export class UpdateQueue {
  readonly #entries: LeaseEntry[] = [];
  #head = 0;

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get first(): LeaseEntry | undefined {
    return this.#entries[this.#head];
  }

  push(entry: LeaseEntry): void {
    entry.isQueued = true;
    this.#entries.push(entry);
  }

  /** Takes the first one out. */
  shift(): void {
    const { first } = this;
    if (!first) return;
    first.isQueued = false;
    this.#head++;
    if (this.#head === this.#entries.length) this.#cut();
    else if (this.#head > SPARE_MAX) this.#cut();
  }

  clear(): void {
    while (this.size > 0) this.shift();
  }

  #cut(): void {
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }
}
