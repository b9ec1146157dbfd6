// This box's own UPDREQ or UPDREQALL (draft-ietf-dhc-failover-12 §7.3, §7.4): one at a time, until UPDDONE.

import { LIMITS } from "../../limits.ts";
import type { Effect } from "../effect.ts";
import type { Session } from "./session.ts";

export class UpdateRequests {
  readonly #session: Session;
  /** Of the one that waits for its UPDDONE. */
  #xid: number | undefined;
  /** Monotonic milliseconds until which this box only listens. */
  #listensUntil = Number.POSITIVE_INFINITY;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Behind the STATE that was written down in this step. */
  send(type: "UPDREQ" | "UPDREQALL", out: Effect[]): void {
    const session = this.#session;
    if (this.#xid !== undefined || !session.isLinked) return;
    this.#xid = session.nextXid();
    session.sendBehind({ type, time: session.time, xid: this.#xid }, out);
  }

  /**
   * A dhcpd believes its partner, whatever it has leased meanwhile itself: it is heard out before it is told
   * anything, but for some time only.
   */
  listen(nowMonotonic: number, out: Effect[]): void {
    this.send("UPDREQ", out);
    this.#listensUntil = nowMonotonic + LIMITS.peerListenMilliseconds;
  }

  get isListening(): boolean {
    return this.#listensUntil < Number.POSITIVE_INFINITY;
  }

  /** When it has listened for long enough. */
  get nextAt(): number {
    return this.#listensUntil;
  }

  passTime(nowMonotonic: number): void {
    if (nowMonotonic >= this.#listensUntil) this.#listensUntil = Number.POSITIVE_INFINITY;
  }

  /** Whether this UPDDONE answers the request that is out. */
  isAnswered(xid: number): boolean {
    if (xid !== this.#xid) return false;
    this.forget();
    return true;
  }

  /** The connection is another, or none. */
  forget(): void {
    this.#xid = undefined;
    this.#listensUntil = Number.POSITIVE_INFINITY;
  }
}
