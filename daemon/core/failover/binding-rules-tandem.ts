// Which updates count between two of our boxes.
//
// Causality first. A box whose record holds nothing that its partner has not acknowledged knows that an
// update was made by somebody who had seen that record: the update is newer, whatever the clocks say.
// Only when both have changed an address, each without the other's knowledge, is there a conflict.
//
// A conflict is decided from the two records as they stand on the wire and from nothing else: no clock,
// no state of the box. So both boxes, each seeing the other's record, come to the same winner without a
// word more. The loser takes the winner's record; the winner refuses, and sends its own (again).
//
// What the table must never allow is one address with two clients, or a client that loses what it was
// promised. What it may cost: a lease that is kept longer than its client wanted it, or a release that
// is forgotten. The address comes back when the lease ends.

import type { WallSeconds } from "../../base/time.ts";
import type { FailoverRole } from "../../wire/failover/messages.ts";
import type { BindingStatus } from "../../wire/failover/numbers.ts";
import { FOREVER_SECONDS } from "../config-view.ts";
import {
  ACCEPT,
  type Binding,
  CLOCK_SLACK_SECONDS,
  type IncomingBinding,
  type Refusal,
  refuse,
  unusable,
  type Verdict,
} from "./binding-record.ts";

// Legend: whose record counts.
//   p  the primary's
//   s  the secondary's
//   c  two leases. Of one client: the one in which it was heard later, else the primary's. Its promise is
//      kept either way, for both boxes keep the later end (mergeEnds). Of two clients: the lease that was
//      given when the other had ended. A box that was away may bring an old one back. If they overlap, two
//      clients hold the address already, and all that is left is to agree: the primary's, and nobody
//      else gets the address before both have ended.
//   r  a lease and a release. The lease, unless its own client was heard to release it so much later that
//      no difference of clocks explains it. Where the order is in doubt, the client may have come back.
//   l  the later end, else the primary's: the reason for leaving the address alone is true until then
//
// Why the other cells are safe:
// - A lease beats all that has ended (expired, reset, free, backup): what ended did so for a client that
//   the other box does not know to hold it now. A lease that should have ended does so in its time.
// - Abandoned beats all: somebody was seen to use the address. A lease that loses is still honoured, as
//   the address is then left alone until that lease has ended too (mergeEnds).
// - Of two that have ended nobody loses an address. One owner must come of it, be it this or that.
type Cell = "p" | "s" | "c" | "r" | "l";
/** What the secondary has: free, backup, expired, reset, released, active, abandoned. */
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell];

const COLUMN = {
  free: 0,
  backup: 1,
  expired: 2,
  reset: 3,
  released: 4,
  active: 5,
  abandoned: 6,
} as const satisfies Record<BindingStatus, number>;

/** Rows: what the primary has. */
const CONFLICT: Readonly<Record<BindingStatus, Row>> = {
  free: ["p", "p", "p", "p", "p", "s", "s"],
  backup: ["p", "p", "p", "p", "p", "s", "s"],
  expired: ["p", "p", "p", "p", "p", "s", "s"],
  reset: ["p", "p", "p", "p", "p", "s", "s"],
  released: ["p", "p", "p", "p", "p", "r", "s"],
  active: ["p", "p", "p", "p", "r", "c", "s"],
  abandoned: ["p", "p", "p", "p", "p", "p", "l"],
};

/**
 * The verdict of a box in `role` on an update that was made without knowledge of its own record. Both
 * must be as on the wire: a time that one box has corrected for its partner's clock is not the same
 * at both.
 */
export function conflictTandem(role: FailoverRole, mine: Binding, incoming: Binding): Verdict {
  const [primarys, secondarys] = role === "primary" ? [mine, incoming] : [incoming, mine];
  return winnerOf(primarys, secondarys) === mine ? outdone(mine, incoming) : ACCEPT;
}

/**
 * The verdict of a box in `role`. `isAgreed`: the partner is known to have what this box has. Then its
 * update is newer and accepted, but for one that takes a lease from its client more than `graceSeconds`
 * before its end. Only a partner whose clock has gone wrong sends such: it stores EXPIRED at the end, and
 * frees or gives away an address that it knew as leased when this box has agreed, or long after the end
 * (§5.11, §9.4.2). Such an update must do what it would have to in a conflict; so what wins here wins at
 * the partner too, when it is sent there. The client may give its lease up itself, an operator may take
 * it, and an address that is in use by others is no lease of anybody's: those are believed.
 *
 * A box that recovers may have an old disk and is the one to learn: it passes Infinity for
 * `graceSeconds`, and believes everything.
 */
export function judgeTandem(
  role: FailoverRole,
  isAgreed: boolean,
  mine: Binding | undefined,
  incoming: IncomingBinding,
  now: WallSeconds,
  graceSeconds: number,
): Verdict {
  const refusal = unusable(incoming);
  if (refusal || mine === undefined) return refusal ?? ACCEPT;
  if (isAgreed && !takesLease(mine, incoming, now + graceSeconds)) return ACCEPT;
  return conflictTandem(role, mine, incoming);
}

export interface Ends {
  readonly endsAt: WallSeconds;
  readonly potentialUntil: WallSeconds;
}

/**
 * The ends that both boxes keep with the winner of a conflict: its own, but the later of the two where
 * the loser may have promised the address for longer. That is so between two leases, of one client or of two (a
 * third must not come to it while either goes by its own), where one of one client may have expired by
 * a clock that is ahead; and between a lease and an abandonment, or two abandonments. In these cases it
 * does not matter which of the two is given first.
 */
export function mergeEnds(winner: Binding, loser: Binding): Ends {
  const statuses: readonly BindingStatus[] = [winner.status, loser.status];
  const isOneClient = winner.client === loser.client;
  const ends = statuses.filter((status) => status === "active" || status === "abandoned");
  const isPromised =
    ends.length === 2 ||
    (isOneClient && statuses.includes("active") && statuses.includes("expired"));
  const { endsAt, potentialUntil } = winner;
  if (!isPromised) return { endsAt, potentialUntil };
  return {
    endsAt: Math.max(endsAt, loser.endsAt),
    potentialUntil: Math.max(potentialUntil, loser.potentialUntil),
  };
}

function winnerOf(primarys: Binding, secondarys: Binding): Binding {
  const cell = CONFLICT[primarys.status][COLUMN[secondarys.status]];
  switch (cell) {
    case "p":
      return primarys;
    case "s":
      return secondarys;
    case "c":
      return isSuccessor(primarys, secondarys) ? secondarys : primarys;
    case "r":
      return releaseCounts(primarys, secondarys) === (primarys.status === "released")
        ? primarys
        : secondarys;
    case "l":
      return endOf(secondarys) > endOf(primarys) ? secondarys : primarys;
  }
}

/** Of two leases the secondary's counts. */
function isSuccessor(primarys: Binding, secondarys: Binding): boolean {
  if (primarys.client === secondarys.client) {
    return secondarys.lastTransactionAt > primarys.lastTransactionAt;
  }
  return isGivenAfter(secondarys, primarys) && !isGivenAfter(primarys, secondarys);
}

/** The first lease was given when the second had ended, as far as their clocks can tell. */
function isGivenAfter(first: Binding, second: Binding): boolean {
  return first.startsAt > 0 && first.startsAt + CLOCK_SLACK_SECONDS >= endOf(second);
}

/** Which of the two is the lease and which the release does not depend on the roles. */
function releaseCounts(one: Binding, other: Binding): boolean {
  const [lease, release] = one.status === "active" ? [one, other] : [other, one];
  const heardAt = lease.lastTransactionAt;
  return (
    lease.client === release.client &&
    heardAt > 0 &&
    release.lastTransactionAt > heardAt + CLOCK_SLACK_SECONDS
  );
}

/** No end beyond the last that the wire can carry: "never" is a later number inside a box. */
function endOf(binding: Binding): WallSeconds {
  return Math.min(binding.endsAt, FOREVER_SECONDS);
}

/** The client would lose what it was promised beyond `latest`. */
function takesLease(mine: Binding, incoming: Binding, latest: WallSeconds): boolean {
  if (mine.status !== "active" || mine.endsAt <= latest) return false;
  if (incoming.status === "abandoned" || incoming.status === "reset") return false;
  const isItsOwn = incoming.status === "active" || incoming.status === "released";
  return !(isItsOwn && incoming.client === mine.client);
}

/** Why an update does not count against what is known here. */
function outdone(mine: Binding, incoming: Binding): Refusal {
  if (incoming.status === "active" && mine.status !== "abandoned") {
    if (mine.client !== incoming.client) {
      return refuse("fatal-conflict", "it is active here for another client");
    }
    return refuse("outdated-binding-information", `it was ${mine.status} here later`);
  }
  if (mine.status === "active") {
    return refuse("outdated-binding-information", `it is active here, and not ${incoming.status}`);
  }
  return refuse("less-critical-binding-information", `it is ${mine.status} here`);
}
