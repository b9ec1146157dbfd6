// Keeps the shares of both boxes as they should be: gives addresses away, asks for some, now and then
// (draft-ietf-dhc-failover-12 §5.4). What to give is decided in pool-balance.ts.

import type { Ipv4 } from "../../base/address.ts";
import { LIMITS } from "../../limits.ts";
import type { Bindings } from "../bindings.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";
import type { PoolRange } from "../pool.ts";
import type { Segment } from "../segment.ts";
import { hand } from "./lease-moves.ts";
import {
  type Balance,
  balanceOf,
  chooseGifts,
  idleSeconds,
  mayGiveFreed,
  mustAsk,
  nextBalanceAt,
  type SharePlan,
} from "./pool-balance.ts";

/** What was found in one range. */
interface Count {
  readonly recorded: LeaseEntry[];
  readonly fresh: Ipv4[];
  readonly theirs: number;
  readonly mineOldest: number | undefined;
  readonly theirsOldest: number | undefined;
}

/** A partner without an address to give is not asked more often than this. */
const ASK_MILLISECONDS = 5000;

export class Balancer {
  /** Addresses given to the partner since the start. */
  given = 0;
  readonly #bindings: Bindings;
  /** Monotonic milliseconds; infinity while nothing is planned. */
  #dueAt = Number.POSITIVE_INFINITY;
  #lastAt: number | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  get nextAt(): number {
    return this.#dueAt;
  }

  /** Balance now: NORMAL was entered, the partner asks, or the shares were changed. */
  wake(nowMonotonic: number): void {
    this.#dueAt = nowMonotonic;
  }

  stop(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** The partner gives without being asked, or was asked just now. */
  hasAsked(nowMonotonic: number): void {
    this.#askedAt = nowMonotonic;
  }

  /** This box has nothing left to give to a client: the partner may have. */
  runOut(nowMonotonic: number): void {
    this.#dueAt = Math.min(this.#dueAt, Math.max(nowMonotonic, this.#askedAt + ASK_MILLISECONDS));
  }

  /** Returns true when the partner is to be asked for addresses (POOLREQ). */
  run(segments: readonly Segment[], plan: SharePlan, now: number, out: Effect[]): boolean {
    let left = LIMITS.peerTransferSlice;
    let mustAskPartner = false;
    let mineIdle = 0;
    let theirsIdle = 0;
    const { seconds } = this.#bindings.clock;
    for (const segment of segments) {
      for (const range of segment.pool.ranges) {
        const count = this.#count(segment, range, plan);
        const balance = balanceFor(count, plan);
        const given = left > 0 ? this.#give(segment, count, balance, plan, left, out) : 0;
        left -= given;
        if (given === 0 && mustAsk(balance)) mustAskPartner = true;
        mineIdle = Math.max(mineIdle, idleSeconds(count.mineOldest, seconds));
        theirsIdle = Math.max(theirsIdle, idleSeconds(count.theirsOldest, seconds));
      }
    }
    this.given += LIMITS.peerTransferSlice - left;
    if (left <= 0) {
      this.#dueAt = now + 1;
      return false;
    }
    const lastAt = this.#lastAt === undefined ? undefined : now / 1000;
    this.#lastAt = now;
    const times = { now: now / 1000, lastAt: lastAt ?? now / 1000, scheduledAt: undefined };
    // The boxes have different times to wait, so that they do not balance at the same moment.
    const jitter = plan.role === "primary" ? 0 : 3;
    this.#dueAt = Math.ceil(nextBalanceAt({ ...times, mineIdle, theirsIdle, jitter }) * 1000);
    const isAsking = mustAskPartner && now - this.#askedAt >= ASK_MILLISECONDS;
    if (isAsking) this.#askedAt = now;
    return isAsking;
  }

  /** An address that just became free goes to the box that answers its last client. */
  freed(segment: Segment, entry: LeaseEntry, plan: SharePlan, out: Effect[]): void {
    if (plan.role !== "primary" || entry.slot < 0 || !segment.pool.isFree(entry.slot, entry))
      return;
    const range = segment.pool.rangeOf(entry.slot);
    // A rough count will do: the exact one is made when it is time to balance.
    const theirs = Math.max(0, range.size - range.free - range.active - range.abandoned);
    const balance = balanceOf(range.free, theirs, plan);
    if (!mayGiveFreed(entry.packedClient, balance, plan)) return;
    this.given++;
    hand(this.#bindings, segment.pool, entry.address, entry.network, "backup", out);
  }

  #count(segment: Segment, range: PoolRange, plan: SharePlan): Count {
    const { pool } = segment;
    const { book } = this.#bindings;
    const theirState = plan.role === "primary" ? "backup" : "free";
    const recorded: LeaseEntry[] = [];
    const fresh: Ipv4[] = [];
    let theirs = 0;
    let mineOldest: number | undefined;
    let theirsOldest: number | undefined;
    for (let slot = range.base; slot < range.base + range.size; slot++) {
      const address = pool.addressOf(slot);
      if (pool.isBarred(slot) || pool.slotOf(address) !== slot) continue;
      const entry = book.at(address);
      if (pool.isFree(slot, entry)) {
        if (entry) recorded.push(entry);
        else fresh.push(address);
        mineOldest = Math.min(mineOldest ?? Number.POSITIVE_INFINITY, entry?.expiresAt ?? 0);
      } else if (entry ? entry.state === theirState : theirState === "free") {
        theirs++;
        theirsOldest = Math.min(theirsOldest ?? Number.POSITIVE_INFINITY, entry?.expiresAt ?? 0);
      }
    }
    recorded.sort((a, b) => a.expiresAt - b.expiresAt);
    return { recorded, fresh, theirs, mineOldest, theirsOldest };
  }

  #give(
    segment: Segment,
    count: Count,
    balance: Balance,
    plan: SharePlan,
    max: number,
    out: Effect[],
  ): number {
    const { pool } = segment;
    const { recorded, fresh } = chooseGifts(count.recorded, count.fresh, balance, plan, max);
    const state = plan.role === "primary" ? "backup" : "free";
    const addresses = [...recorded.map((entry) => entry.address), ...fresh];
    for (const address of addresses) {
      const network = (segment.networkOf(address) ?? segment.primary).config.name;
      hand(this.#bindings, pool, address, network, state, out);
    }
    return addresses.length;
  }
}

function balanceFor(count: Count, plan: SharePlan): Balance {
  return balanceOf(count.recorded.length + count.fresh.length, count.theirs, plan);
}
