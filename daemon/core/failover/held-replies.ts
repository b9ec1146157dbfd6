// ACKs that wait for the partner to have the lease too: for a few milliseconds, and then they leave all the
// same, with no more time than the MCLT allows (draft-ietf-dhc-failover-12 §5.2.1).

import { shortenLease } from "../../wire/shorten-lease.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";

export interface HeldReply {
  readonly lan: number;
  readonly frame: Uint8Array;
  readonly entry: LeaseEntry;
  /** The record of the lease, which the reply may not precede. */
  readonly sequence: number;
  /** What the client may be told without the partner, in seconds. */
  readonly safeSeconds: number;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

/** In the order in which they came, which is that of their deadlines. */
export class HeldReplies {
  /** Replies that left with the whole lease, and with what was safe without the partner. */
  inTime = 0;
  late = 0;
  readonly #byEntry = new Map<LeaseEntry, HeldReply>();
  readonly #order: HeldReply[] = [];
  #head = 0;

  get size(): number {
    return this.#byEntry.size;
  }

  /** Deadline of the oldest, in monotonic milliseconds. */
  get nextAt(): number | undefined {
    this.#skipGone();
    return this.#order[this.#head]?.deadline;
  }

  /** A client that asked again gets the newer answer only. */
  hold(reply: HeldReply): void {
    this.#byEntry.set(reply.entry, reply);
    this.#order.push(reply);
  }

  /** The partner has the lease with this record. */
  confirm(entry: LeaseEntry, out: Effect[]): void {
    const reply = this.#byEntry.get(entry);
    if (!reply || reply.sequence !== entry.sequence) return;
    this.#byEntry.delete(entry);
    this.inTime++;
    out.push({ kind: "send", lan: reply.lan, frame: reply.frame, after: reply.sequence });
  }

  /**
   * The partner does not have it, and the client may be told all the same: of no more time than was safe
   * when it asked, or than `safeSeconds`, if given, which is safe now.
   */
  release(entry: LeaseEntry, out: Effect[], safeSeconds = 0): void {
    const reply = this.#byEntry.get(entry);
    if (!reply) return;
    this.#byEntry.delete(entry);
    this.late++;
    shortenLease(reply.frame, Math.max(reply.safeSeconds, safeSeconds));
    out.push({ kind: "send", lan: reply.lan, frame: reply.frame, after: reply.sequence });
  }

  /** The client may not be told: the address is another's. */
  drop(entry: LeaseEntry): boolean {
    return this.#byEntry.delete(entry);
  }

  releaseDue(nowMonotonic: number, out: Effect[]): void {
    for (;;) {
      this.#skipGone();
      const reply = this.#order[this.#head];
      if (!reply || reply.deadline > nowMonotonic) return;
      this.release(reply.entry, out);
    }
  }

  releaseAll(out: Effect[]): void {
    this.releaseDue(Number.POSITIVE_INFINITY, out);
  }

  #skipGone(): void {
    const order = this.#order;
    while (this.#head < order.length) {
      const reply = order[this.#head] as HeldReply;
      if (this.#byEntry.get(reply.entry) === reply) break;
      this.#head++;
    }
    if (this.#head === order.length) {
      order.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      order.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
