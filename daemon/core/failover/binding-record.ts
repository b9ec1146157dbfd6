// What both sides of a binding update are compared by, and the checks that come before any comparison.

import type { WallSeconds } from "../../base/time.ts";
import type { BindingStatus, RejectReason } from "../../wire/failover/numbers.ts";

/** One address as one box knows it. Times are those of the record, 0 for none. */
export interface Binding {
  readonly status: BindingStatus;
  /** Packed identity; "" for nobody. */
  readonly client: string;
  /** Client-last-transaction-time (draft-ietf-dhc-failover-12 §12.6). */
  readonly lastTransactionAt: WallSeconds;
  readonly startsAt: WallSeconds;
  readonly endsAt: WallSeconds;
  readonly potentialUntil: WallSeconds;
}

/** As it came in a BNDUPD. */
export interface IncomingBinding extends Binding {
  /** The update had a client-hardware-address; undefined: it had one if it has a client. */
  readonly hasHardwareAddress?: boolean | undefined;
}

/** `text` is for the message of the BNDACK and for logs: a clause in lower case. */
export interface Refusal {
  readonly accept: false;
  readonly reason: RejectReason;
  readonly text: string;
}
export type Verdict = { readonly accept: true } | Refusal;

export const ACCEPT: Verdict = { accept: true };

/**
 * Two boxes whose clocks differ by more than 60 s do not connect; dhcpd adds 5 s for rounding and the
 * way. Times of the two that are not further apart may be of the same moment.
 */
export const CLOCK_SLACK_SECONDS = 65;

/**
 * What a box stores when it accepts an update. Nobody holds the address any more, and once it has
 * accepted both know: it is the primary's to give again (§5.11).
 */
export function storedStatus(status: BindingStatus): BindingStatus {
  return ENDED_NOW.has(status) ? "free" : status;
}

/** Why the update cannot be used whatever is known here (§7.1.1); undefined when it can. */
export function unusable(incoming: IncomingBinding): Refusal | undefined {
  const { status, client, hasHardwareAddress = client !== "" } = incoming;
  if (NEEDS_CLIENT.has(status) && !hasHardwareAddress) {
    return refuse("missing-binding-information", `${status} without a hardware address`);
  }
  if (status === "abandoned" && (hasHardwareAddress || client !== "")) {
    return refuse("unknown-reason", "abandoned with a client");
  }
  return undefined;
}

export function refuse(reason: RejectReason, text: string): Refusal {
  return { accept: false, reason, text };
}

const ENDED_NOW: ReadonlySet<BindingStatus> = new Set(["expired", "released", "reset"]);
const NEEDS_CLIENT: ReadonlySet<BindingStatus> = new Set(["active", "expired", "released"]);
