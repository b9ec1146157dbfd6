import type { PairState } from "../core/failover/pair-state.ts";
import type { Lease } from "../core/lease.ts";
import type { JournalOptions } from "./options.ts";
import type { StoredPair } from "./pair-record.ts";

/** Everything that a snapshot holds. */
export interface Contents {
  readonly leases: readonly Lease[];
  readonly pair: StoredPair | undefined;
}

/** Where snapshots take their contents from: what recovery found, then what the core says. */
export class Book {
  readonly #leases: () => Iterable<Lease>;
  readonly #pair: () => PairState | undefined;
  #recovered: Contents | undefined;
  /** As appended last; the core's own may have changed since without a record. */
  #appended: StoredPair | undefined;

  constructor(options: Pick<JournalOptions, "book" | "pair">, recovered: Contents) {
    this.#leases = options.book;
    this.#pair = options.pair ?? (() => this.#appended?.state);
    this.#recovered = recovered;
    this.#appended = recovered.pair;
  }

  /** The core has not taken over yet what recovery found. */
  get isRecovered(): boolean {
    return this.#recovered !== undefined;
  }

  handOver(): void {
    this.#recovered = undefined;
  }

  /** Remembers a record of the pair's state, and returns a copy that does not change any more. */
  keepPair(state: PairState, sequence: number): StoredPair {
    this.#appended = { state: { ...state }, sequence };
    return this.#appended;
  }

  /** As of now: references to the leases and a copy of the pair's state, so the book may change. */
  contents(): Contents {
    if (this.#recovered) return this.#recovered;
    const leases = Array.from(this.#leases());
    const state = this.#pair();
    if (!state) return { leases, pair: undefined };
    // What was never appended is older than anything that will be.
    return { leases, pair: { state: { ...state }, sequence: this.#appended?.sequence ?? 0 } };
  }
}
