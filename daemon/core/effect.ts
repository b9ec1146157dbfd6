import type { LogId, LogValues } from "../catalogue.ts";
import type { PairState } from "./failover/pair-state.ts";
import type { Lease } from "./lease.ts";

/**
 * What the core asks for, in order. The driver performs effects left to right and may not let a
 * `send` leave before every `persist` that stands before it in the same step is on stable storage.
 * That is how "no DHCPACK before the lease is durable" is visible as the order of a list.
 */
export type Effect =
  /** Append this lease to the journal, as it is at this moment. */
  | { readonly kind: "persist"; readonly lease: Lease }
  /** Append what the box remembers of its pair, as it is at this moment, under this sequence. */
  | { readonly kind: "persist-pair"; readonly state: PairState; readonly sequence: number }
  /**
   * Send a whole Ethernet frame on a LAN; not before record `after`, if given, is on stable storage. With 0 it
   * waits for no record at all: a question that has to be answered in time, and tells of nothing.
   */
  | {
      readonly kind: "send";
      readonly lan: number;
      readonly frame: Uint8Array;
      readonly after?: number;
    }
  /**
   * Send whole failover messages to the partner. As every send it waits for the records before it in the
   * same step, and for record `after` if given; those that wait keep their order among themselves.
   */
  | {
      readonly kind: "peer-send";
      readonly connection: number;
      readonly bytes: Uint8Array;
      readonly after?: number;
    }
  /** Dial the partner once; `peer-open` or `peer-closed` with connection 0 says what came of it. */
  | { readonly kind: "peer-dial" }
  /** Close a connection, after what was sent on it. A `peer-closed` that follows means nothing. */
  | { readonly kind: "peer-close"; readonly connection: number }
  /** Wake the core with an `alarm` event at this monotonic time in ms; replaces the earlier alarm. */
  | { readonly kind: "alarm"; readonly atMonotonic: number }
  /** Write all leases anew (after a clock step or a renumbering changed many of them). */
  | { readonly kind: "snapshot" }
  /** A line for the log, by its id in the catalogue. */
  | { readonly kind: "log"; readonly id: LogId; readonly values: LogValues };
