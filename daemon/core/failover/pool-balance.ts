// How the two boxes share the addresses that nobody has: how many of its own one gives to the other,
// which ones and when (draft-ietf-dhc-failover-12 §5.4, in the form that dhcpd gave it). A box's own
// free addresses are those in state "free" at the primary and in state "backup" at the secondary.
//
// Both boxes give, each looks at the same two counts, and what one has too many of the other has too
// few of by the same number. So they come to rest: addresses with a last client change hands beyond
// equality only towards the box that would answer this client, and others only up to equality.

import type { Ipv4 } from "../../base/address.ts";
import type { WallSeconds } from "../../base/time.ts";
import type { FailoverRole } from "../../wire/failover/messages.ts";
import type { PairConfig } from "../config-view.ts";
import { bucketOfIdentity, isPrimaryBucket } from "./load-balance.ts";

/** How a pair shares; the same on both boxes but for the role. */
export interface SharePlan {
  readonly role: FailoverRole;
  /** Of all free addresses, what the secondary is to have. */
  readonly secondaryPercent: number;
  /** The share above is a reserve: rounded up, so that a small pool leaves the secondary one too. */
  readonly isReserve: boolean;
  /** Undefined: it does not matter which box has which address. */
  readonly primaryBuckets: Uint8Array | undefined;
}

/**
 * `primaryBuckets` are those in force, as in `isPrimaryBucket`. A dhcpd always makes equal halves, and
 * would give back what it was given beyond that, so it gets them in every mode.
 */
export function sharePlan(
  pair: Pick<PairConfig, "role" | "dialect" | "mode">,
  primaryBuckets: Uint8Array,
): SharePlan {
  const { role, dialect, mode } = pair;
  if (dialect === "isc") {
    return { role, secondaryPercent: 50, isReserve: false, primaryBuckets };
  }
  if (mode.kind === "load-balancing") {
    const secondaryPercent = 100 - mode.primaryPercent;
    return { role, secondaryPercent, isReserve: false, primaryBuckets };
  }
  // The primary answers everybody: by its clients every address of the reserve would go back to it.
  const secondaryPercent = mode.reservePercent;
  return { role, secondaryPercent, isReserve: true, primaryBuckets: undefined };
}

/** How one pool stands, seen from this box; whole numbers of addresses. */
export interface Balance {
  /** How many to give away; below 0 when the partner has too many. */
  readonly surplus: number;
  /** Misbalance that is worth acting on. */
  readonly threshold: number;
  /** How far from equality an address's last client may decide where it goes. */
  readonly hold: number;
}

/** `mine` and `theirs` are the free addresses of one pool that are this box's and the partner's. */
export function balanceOf(mine: number, theirs: number, plan: SharePlan): Balance {
  const total = mine + theirs;
  const isPrimary = plan.role === "primary";
  const wanted = secondaryTarget(total, plan);
  // Worked out from the secondary's side on both boxes, so that rounding is the same on both.
  const secondarySurplus = Math.trunc((isPrimary ? theirs : mine) - wanted);
  // With equal halves this is the total. The smaller share is what must not be lost in the margin.
  const base = 2 * Math.min(wanted, total - wanted);
  return {
    // 0 is added because -0 is not the 0 of anybody's comparison.
    surplus: (isPrimary ? -secondarySurplus : secondarySurplus) + 0,
    threshold: percentOf(base, MISBALANCE_PERCENT),
    hold: percentOf(base, OWNERSHIP_PERCENT),
  };
}

/** This box is so short of addresses that it asks for them (POOLREQ) when its timer finds it so. */
export function mustAsk(balance: Balance): boolean {
  const { surplus, threshold } = balance;
  return surplus < (threshold === 0 ? -1 : -2 * threshold);
}

/**
 * Whether an address that just became free goes to the partner at once because of its last client. It
 * does not once the partner has too many.
 */
export function mayGiveFreed(packedClient: string, balance: Balance, plan: SharePlan): boolean {
  return balance.surplus > -balance.hold && isPartners(packedClient, plan);
}

/** A free address with a record. One that was never used has no client: packedClient is "". */
export interface GiftCandidate {
  readonly packedClient: string;
}

/** What to give, at most as many as asked for in both lists together. */
export interface Gifts<T> {
  readonly recorded: T[];
  /** Addresses without a record. */
  readonly fresh: Ipv4[];
}

/**
 * Chooses among this box's free addresses of one pool: `recorded` from the one free longest, and
 * `fresh` in any order; of the latter no more are drawn than are given. First those whose last client
 * the partner answers, a little beyond equality; then, up to equality, never-used ones; then, while
 * the misbalance is more than a little, those free longest. With less than `max` gifts the pool is done;
 * else the caller counts anew and asks again.
 */
export function chooseGifts<T extends GiftCandidate>(
  recorded: Iterable<T>,
  fresh: Iterable<Ipv4>,
  balance: Balance,
  plan: SharePlan,
  max: number,
): Gifts<T> {
  const { surplus, hold } = balance;
  const gifts: Gifts<T> = { recorded: [], fresh: [] };
  const forClients = Math.min(max, surplus + hold);
  if (forClients <= 0) return gifts;
  const forAge = Math.min(max, surplus);
  const unused: T[] = [];
  const used: T[] = [];
  for (const candidate of recorded) {
    if (gifts.recorded.length >= forClients) break;
    if (isPartners(candidate.packedClient, plan)) gifts.recorded.push(candidate);
    else {
      const list = candidate.packedClient === "" ? unused : used;
      if (list.length < forAge) list.push(candidate);
    }
    if (plan.primaryBuckets === undefined && unused.length >= forAge) break;
  }
  takeUpTo(forAge - gifts.recorded.length, unused, gifts.recorded);
  takeUpTo(forAge - gifts.recorded.length, fresh, gifts.fresh);
  const given = gifts.recorded.length + gifts.fresh.length;
  takeUpTo(Math.min(surplus - hold, max) - given, used, gifts.recorded);
  return gifts;
}

/** The timers of one pool. All times are seconds of one monotonic clock. */
export interface BalanceTimes {
  readonly now: number;
  /** When this box balanced the pool last; undefined: not yet. */
  readonly lastAt: number | undefined;
  /** What the timer is set to; undefined: it is not set. */
  readonly scheduledAt: number | undefined;
  /** From `idleSeconds`, of this box's free addresses and of the partner's. */
  readonly mineIdle: number;
  readonly theirsIdle: number;
  /** Random, 0 to 4: so that the two boxes do not balance at the same moment over and over. */
  readonly jitter: number;
}

/**
 * How long a box's longest unused free address has been so, in seconds: about as long again will the
 * others last. `endedAt` is that address's; 0 when it was never used, undefined when there is none.
 */
export function idleSeconds(endedAt: WallSeconds | undefined, now: WallSeconds): number {
  return endedAt === undefined ? 0 : Math.max(now - endedAt, 0);
}

/**
 * When to balance next: about when one of the lists will have shrunk enough to matter, the partner's
 * twice as soon as the own one, since it asks if it has to. Earlier than planned at times, later never.
 */
export function nextBalanceAt(times: BalanceTimes): number {
  const { now, lastAt, scheduledAt, mineIdle, theirsIdle, jitter } = times;
  const mine = 2 * percentOf(mineIdle, MISBALANCE_PERCENT);
  const theirs = percentOf(theirsIdle, MISBALANCE_PERCENT);
  const wanted = now + Math.min(mine, theirs, BALANCE_SECONDS_MAX);
  const earliest = lastAt === undefined ? now : lastAt + BALANCE_SECONDS_MIN;
  return Math.min(Math.max(wanted, earliest) + jitter, scheduledAt ?? Number.POSITIVE_INFINITY);
}

/** dhcpd's max-lease-misbalance, max-lease-ownership, min-balance and max-balance. */
const MISBALANCE_PERCENT = 15;
const OWNERSHIP_PERCENT = 10;
const BALANCE_SECONDS_MIN = 60;
const BALANCE_SECONDS_MAX = 3600;

/** How many of `total` free addresses the secondary is to have; not always a whole number. */
function secondaryTarget(total: number, plan: SharePlan): number {
  const wanted = (total * plan.secondaryPercent) / 100;
  if (!plan.isReserve) return wanted;
  // The last address stays with the primary, which is the one that answers.
  return Math.max(Math.min(Math.ceil(wanted), total - 1), 0);
}

function percentOf(count: number, percent: number): number {
  return Math.floor((count * percent + 50) / 100);
}

/** Whether the partner is the one to answer the last client of an address. */
function isPartners(packedClient: string, plan: SharePlan): boolean {
  if (plan.primaryBuckets === undefined || packedClient === "") return false;
  const isPrimarys = isPrimaryBucket(plan.primaryBuckets, bucketOfIdentity(packedClient));
  return isPrimarys !== (plan.role === "primary");
}

/** Moves the first `count` of `from`, and draws no more of them. */
function takeUpTo<T>(count: number, from: Iterable<T>, into: T[]): void {
  if (count <= 0) return;
  let left = count;
  for (const item of from) {
    into.push(item);
    if (--left <= 0) return;
  }
}
