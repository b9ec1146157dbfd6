// Which addresses this box may give out, by its state and by how long it has been so
// (draft-ietf-dhc-failover-12 §9.4.2).

import type { Now, WallSeconds } from "../../base/time.ts";
import { LIMITS } from "../../limits.ts";
import type { FailoverRole } from "../../wire/failover/messages.ts";
import type { Bindings } from "../bindings.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";
import type { Endpoint } from "./endpoint.ts";
import { takeoverAt } from "./mclt.ts";

/** The book is gone through for addresses to take over this often at most. */
const LOOK_MILLISECONDS = 1000;

export class Rights {
  /** Addresses of the partner's, or of nobody's, taken over since the start. */
  takenOver = 0;
  readonly #bindings: Bindings;
  readonly #endpoint: Endpoint;
  readonly #role: FailoverRole;
  /** When to look for addresses to take over, in monotonic milliseconds. */
  #takeoverAt = Number.POSITIVE_INFINITY;
  /**
   * Until then this box's own share is not given to anybody: it was away for longer than the MCLT, and the
   * partner may have taken it over and have told nobody yet. What it gave ends within another MCLT.
   */
  #doubtfulUntil = 0;

  constructor(bindings: Bindings, endpoint: Endpoint, role: FailoverRole) {
    this.#bindings = bindings;
    this.#endpoint = endpoint;
    this.#role = role;
  }

  /** True while the own share is not given away after a long absence. */
  isDoubtful(nowMonotonic: number): boolean {
    return nowMonotonic < this.#doubtfulUntil;
  }

  /** `lastAlive`: when this box last wrote to its journal; its clock may be wrong since. */
  begin(lastAlive: WallSeconds, now: Now): void {
    const { mcltSeconds, partnerState } = this.#endpoint.state;
    const { clock } = this.#bindings;
    const wasAway = clock.isWrong || clock.seconds - lastAlive >= mcltSeconds;
    if (wasAway && partnerState !== undefined) {
      this.#doubtfulUntil = now.monotonic + mcltSeconds * 1000;
    }
    this.refresh(now);
  }

  get nextAt(): number {
    const doubt = this.#doubtfulUntil > 0 ? this.#doubtfulUntil : Number.POSITIVE_INFINITY;
    return Math.min(this.#takeoverAt, doubt);
  }

  /** After a change of state. True when the shares are others. */
  refresh(now: Now): boolean {
    const { state, inStartup } = this.#endpoint;
    if (state.state === "normal" && !inStartup) this.#doubtfulUntil = 0;
    const isAlone = state.state === "partner-down" && !inStartup;
    if (isAlone && this.#takeoverAt === Number.POSITIVE_INFINITY) this.#takeoverAt = now.monotonic;
    if (!isAlone) this.#takeoverAt = Number.POSITIVE_INFINITY;
    const isSure = !this.isDoubtful(now.monotonic);
    const isPrimary = this.#role === "primary";
    const ownsAll = isAlone && this.#bindings.clock.seconds >= this.#allFrom;
    return this.#bindings.share.become({
      free: isPrimary && isSure,
      backup: !isPrimary && isSure,
      fresh: isSure && (isPrimary || ownsAll),
      ended: false,
      endedToSame: isSure,
      toldToSame: isPrimary && isSure,
    });
  }

  /** Takes over what is due. True when the shares are others. */
  passTime(now: Now, out: Effect[]): boolean {
    let isChanged = false;
    if (this.#doubtfulUntil > 0 && now.monotonic >= this.#doubtfulUntil) {
      this.#doubtfulUntil = 0;
      isChanged = this.refresh(now);
    }
    if (now.monotonic < this.#takeoverAt) return isChanged;
    isChanged = this.refresh(now) || isChanged;
    if (this.isDoubtful(now.monotonic)) this.#takeoverAt = this.#doubtfulUntil;
    else this.#takeOver(now, out);
    return isChanged;
  }

  /** From when on the partner's never-used addresses may be given. */
  get #allFrom(): WallSeconds {
    return this.#endpoint.state.since + this.#waitSeconds;
  }

  /** A partner that never was has given nothing to anybody. */
  get #waitSeconds(): number {
    const { partnerState, mcltSeconds } = this.#endpoint.state;
    // An answer may have waited for the disk, and its client counts from when it came.
    return partnerState === undefined ? 0 : mcltSeconds + LIMITS.expiryGraceSeconds;
  }

  #takeOver(now: Now, out: Effect[]): void {
    const { book, clock } = this.#bindings;
    const { since } = this.#endpoint.state;
    const nowSeconds = clock.seconds;
    let next = this.#allFrom > nowSeconds ? this.#allFrom : Number.POSITIVE_INFINITY;
    let left = LIMITS.peerTransferSlice;
    for (const entry of book.leases()) {
      if (!this.#isToTake(entry)) continue;
      const { expiresAt: endsAt, toldUntil, agreedUntil } = entry;
      const at = takeoverAt(since, { endsAt, toldUntil, agreedUntil }, this.#waitSeconds);
      if (at > nowSeconds) next = Math.min(next, at);
      else if (left-- > 0) this.#take(entry, out);
      else next = nowSeconds;
    }
    const earliest = now.monotonic + (left < 0 ? 1 : LOOK_MILLISECONDS);
    this.#takeoverAt = Math.max(earliest, clock.monotonicAt(Math.min(next, nowSeconds + 60)));
  }

  #isToTake(entry: LeaseEntry): boolean {
    const { state } = entry;
    if (state === "active" || state === "abandoned") return false;
    return state !== (this.#role === "primary" ? "free" : "backup");
  }

  #take(entry: LeaseEntry, out: Effect[]): void {
    this.takenOver++;
    this.#bindings.beforeChange(entry, out);
    entry.state = this.#role === "primary" ? "free" : "backup";
    entry.toldUntil = this.#bindings.clock.seconds;
    this.#bindings.persist(entry, out);
  }
}
