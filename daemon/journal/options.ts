import type { WallSeconds } from "../base/time.ts";
import type { LogId, LogValues } from "../catalogue.ts";
import type { PairState } from "../core/failover/pair-state.ts";
import type { Lease } from "../core/lease.ts";
import type { Clock, JournalState } from "../ports.ts";
import type { Journal } from "./journal.ts";
import type { RecoveryReport } from "./recover.ts";

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
  /**
   * The state of the pair as it is now, undefined in none: then the next snapshot forgets it. Asked
   * when `book` is. Without this the journal keeps what was appended last.
   */
  readonly pair?: () => PairState | undefined;
  /** Random, 1 to 2^32-1: key of the checksums if this is a new journal. See record.ts. */
  readonly salt: number;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** The newest content of each address; durable for certain unless the journal is `failing`. */
  readonly leases: Lease[];
  /** The newest state of the pair, alike; undefined when the box is in none. */
  readonly pair: PairState | undefined;
  /** The next record to append has this sequence plus one. */
  readonly lastSequence: number;
  /** Wall time at which the newest record was written, 0 for a new journal. */
  readonly lastWall: WallSeconds;
  readonly report: RecoveryReport;
}
