import type { LogId, LogValues } from "../catalogue.ts";
import type { Lease } from "./lease.ts";

/**
 * What the core asks for, in order. The driver performs effects left to right and may not let a
 * `send` leave before every `persist` that stands before it in the same step is on stable storage.
 * That is how "no DHCPACK before the lease is durable" is visible as the order of a list.
 */
export type Effect =
  /** Append this lease to the journal, as it is at this moment. */
  | { readonly kind: "persist"; readonly lease: Lease }
  /** Send a whole Ethernet frame on a LAN. */
  | { readonly kind: "send"; readonly lan: number; readonly frame: Uint8Array }
  /** Wake the core with an `alarm` event at this monotonic time in ms; replaces the earlier alarm. */
  | { readonly kind: "alarm"; readonly atMonotonic: number }
  /** Write all leases anew (after a clock step or a renumbering changed many of them). */
  | { readonly kind: "snapshot" }
  /** A line for the log, by its id in the catalogue. */
  | { readonly kind: "log"; readonly id: LogId; readonly values: LogValues };
