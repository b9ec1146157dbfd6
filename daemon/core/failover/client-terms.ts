// What the pair means for the answers that clients get: whether there are any, for how long a lease may be, and
// whether the partner is to have it first.

import type { Now } from "../../base/time.ts";
import type { Bindings } from "../bindings.ts";
import { FOREVER_SECONDS } from "../config-view.ts";
import type { LeaseEntry } from "../lease-book.ts";
import { hashBuckets } from "./load-balance.ts";
import { clientSeconds } from "./mclt.ts";
import type { Pair } from "./pair.ts";
import { type SharePlan, sharePlan } from "./pool-balance.ts";
import { type Service, serviceOf } from "./service.ts";

/** Answers so late, in waits for the partner, that it makes no sense to wait for more. */
const LAG_FACTOR = 4;

export class ClientTerms {
  readonly #pair: Pair;
  readonly #bindings: Bindings;
  #bucketsFor = -1;
  #buckets = hashBuckets(50);

  constructor(pair: Pair, bindings: Bindings) {
    this.#pair = pair;
    this.#bindings = bindings;
  }

  /** What this box may answer now. */
  get service(): Service {
    const { endpoint, config } = this.#pair;
    const { state, partnerState } = endpoint.state;
    return serviceOf(config.dialect, state, endpoint.inStartup, partnerState);
  }

  /** An ACK waits for the partner; not while it lags behind. */
  asksFirst(now: Now): boolean {
    const { config, state, isUpdating, updates } = this.#pair;
    const { partnerWaitMilliseconds, dialect } = config;
    if (state !== "normal" || dialect === "isc" || !isUpdating) return false;
    if (partnerWaitMilliseconds === 0) return false;
    const oldest = updates.oldestSentAt;
    return oldest === undefined || now.monotonic - oldest < LAG_FACTOR * partnerWaitMilliseconds;
  }

  /** What a client may be told without the partner's knowing more, of the `wanted` seconds. */
  safeSeconds(entry: LeaseEntry | undefined, wanted: number = FOREVER_SECONDS): number {
    const { state } = this.#pair.endpoint;
    // Nobody else has ever had a part in these addresses.
    if (state.partnerState === undefined && state.state === "partner-down") return wanted;
    const now = this.#bindings.clock.secondsFromNow(0);
    const agreedUntil = entry && !entry.isEndTold ? entry.agreedUntil : 0;
    return clientSeconds(wanted, now, agreedUntil, state.mcltSeconds);
  }

  /** Keeps an ACK back until the partner has the lease, for a while; then it is good for `safeSeconds`. */
  hold(entry: LeaseEntry, lan: number, frame: Uint8Array, safeSeconds: number, now: Now): void {
    const { held, config } = this.#pair;
    const deadline = now.monotonic + config.partnerWaitMilliseconds;
    held.hold({ entry, lan, frame, safeSeconds, deadline, sequence: entry.sequence });
  }

  get plan(): SharePlan {
    return sharePlan(this.#pair.config, this.primaryBuckets);
  }

  /** Buckets of RFC 3074 that the primary answers. */
  get primaryBuckets(): Uint8Array {
    const { config, session } = this.#pair;
    const { mode, role, dialect } = config;
    const isTold = role === "secondary" && dialect === "isc";
    if (isTold && session.primaryBuckets) return session.primaryBuckets;
    const percent = mode.kind === "load-balancing" ? mode.primaryPercent : 100;
    if (percent !== this.#bucketsFor) {
      this.#bucketsFor = percent;
      this.#buckets = hashBuckets(percent);
    }
    return this.#buckets;
  }
}
