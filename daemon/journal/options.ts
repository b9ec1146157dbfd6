import type { LogId, LogValues } from "../catalogue.ts";
import type { Lease } from "../core/lease.ts";
import type { Clock, JournalState } from "../ports.ts";

/** Never called from within `append` or `snapshot`, so the driver is not entered while it works. */
export interface JournalEvents {
  /** Every record with a sequence up to `through` is on stable storage. */
  durable(through: number): void;
  state(state: JournalState): void;
  log(id: LogId, values: LogValues): void;
}

export interface JournalOptions {
  /** Its alarm must belong to the journal alone. */
  readonly clock: Clock;
  readonly events: JournalEvents;
  /** All leases, as they are now. First asked after the first `append` or `kick`. */
  readonly book: () => Iterable<Lease>;
  /** Random, 1 to 2^32-1: key of the checksums if this is a new journal. See record.ts. */
  readonly salt: number;
}
