// Which updates a dhcpd 4.4.3 accepts: not the matrix of draft-ietf-dhc-failover-12 §7.1.3, but what is
// deployed. A box that is paired with one decides as it does, in both roles: where the two would differ,
// one would refuse for ever what the other keeps sending.

import type { WallSeconds } from "../../base/time.ts";
import type { FailoverRole } from "../../wire/failover/messages.ts";
import type { BindingStatus } from "../../wire/failover/numbers.ts";
import {
  ACCEPT,
  type Binding,
  CLOCK_SLACK_SECONDS,
  type IncomingBinding,
  refuse,
  unusable,
  type Verdict,
} from "./binding-record.ts";

// Legend:
//   y  accepted
//   n  refused, fatal conflict
//   p  accepted when its potential expiration has passed: nobody can have been told a later end
//   e  accepted when the lease has ended here too, up to the slack of the clocks
type Cell = "y" | "n" | "p" | "e";
/** What comes: free, backup, active, expired, released, abandoned, reset. */
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell];

const COLUMN = {
  free: 0,
  backup: 1,
  active: 2,
  expired: 3,
  released: 4,
  abandoned: 5,
  reset: 6,
} as const satisfies Record<BindingStatus, number>;

// An active lease is judged by role and state, all else by what it is. In NORMAL only the primary lets
// leases expire, so the secondary believes it; outside of it both do.
//                     free backup active expired released abandoned reset
const ANYTHING: Row = ["y", "y", "y", "y", "y", "y", "y"];
const NOBODYS_YET: Row = ["p", "p", "y", "y", "y", "y", "y"];
const ACTIVE_AT_PRIMARY: Row = ["n", "n", "y", "n", "y", "y", "n"];
const ACTIVE_AT_SECONDARY: Row = ["p", "p", "y", "e", "y", "y", "y"];
const ACTIVE_NOT_NORMAL: Row = ["n", "n", "y", "e", "y", "y", "y"];

/** The verdict of a box in `role`; `mine` is undefined for an address without a record. */
export function judgeIsc(
  role: FailoverRole,
  isNormal: boolean,
  mine: Binding | undefined,
  incoming: IncomingBinding,
  now: WallSeconds,
): Verdict {
  const refusal = unusable(incoming);
  if (refusal || mine === undefined) return refusal ?? ACCEPT;
  const cell = rowOf(role, isNormal, mine.status)[COLUMN[incoming.status]];
  const isAccepted =
    cell === "y" ||
    (cell === "p" && incoming.potentialUntil <= now) ||
    (cell === "e" && mine.endsAt - CLOCK_SLACK_SECONDS <= now);
  if (isAccepted) return ACCEPT;
  return refuse(
    "fatal-conflict",
    `it is ${mine.status} here, and not to become ${incoming.status}`,
  );
}

/**
 * Where a box is more careful of a lease than a dhcpd: undefined, it decides as one. A dhcpd that was away,
 * or knew of no renewal, says that the lease is over, or was given back long ago. It is refused, is sent the
 * lease, and always takes that. `isAgreed`: it was told of the lease; then it is believed from
 * `graceSeconds` before the end on, and at any time by a box that recovers, which is the one to learn.
 */
export function judgeLease(
  mine: Binding | undefined,
  incoming: IncomingBinding,
  isAgreed: boolean,
  now: WallSeconds,
  graceSeconds: number,
): Verdict | undefined {
  if (mine?.status !== "active" || unusable(incoming)) return undefined;
  const { status, lastTransactionAt } = incoming;
  if (status === "released") {
    const isLater = lastTransactionAt > mine.lastTransactionAt + SAME_MOMENT_SECONDS;
    return isAgreed || isLater ? undefined : outdated(status);
  }
  if (!UNLEASED.has(status)) return undefined;
  if (isAgreed && graceSeconds === Number.POSITIVE_INFINITY) return ACCEPT;
  return mine.endsAt > now + (isAgreed ? graceSeconds : 0) ? outdated(status) : undefined;
}

function outdated(status: BindingStatus): Verdict {
  return refuse("outdated-binding-information", `it is active here, and not ${status}`);
}

const UNLEASED: ReadonlySet<BindingStatus> = new Set(["free", "backup", "expired"]);
/** What is left of a difference of clocks when times have been corrected for it. */
const SAME_MOMENT_SECONDS = 5;

/**
 * Whose update counts when one comes for an address while an update of our own about it is on its way,
 * sent and not acknowledged. When "mine" does, the other is refused as less critical; else ours is
 * forgotten, its acknowledgement ignored, and the other judged as usual.
 */
export function duelIsc(role: FailoverRole, mine: Binding, incoming: Binding): "mine" | "incoming" {
  const primarys = role === "primary" ? "mine" : "incoming";
  if (incoming.status === "active") {
    if (mine.status !== "active") return "incoming";
    if (mine.lastTransactionAt === incoming.lastTransactionAt) return primarys;
    return mine.lastTransactionAt > incoming.lastTransactionAt ? "mine" : "incoming";
  }
  if (mine.status === "active" && incoming.status === "expired") return "incoming";
  return primarys;
}

function rowOf(role: FailoverRole, isNormal: boolean, mine: BindingStatus): Row {
  if (mine === "active") {
    if (!isNormal) return ACTIVE_NOT_NORMAL;
    return role === "primary" ? ACTIVE_AT_PRIMARY : ACTIVE_AT_SECONDARY;
  }
  return isNormal && (mine === "expired" || mine === "reset") ? NOBODYS_YET : ANYTHING;
}
