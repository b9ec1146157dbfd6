// Whether this box may make the authority of the pair when it knows of none. Both boxes would like to at once when they
// are new; and one that took everything from another box is about to hear of that one's. Of two that were made apart one
// has to go, and people may have trusted it: so a box waits until it would know.

import { LIMITS } from "../../limits.ts";

export class AuthorityTurn {
  /** When this box began to wait for a partner that it has not heard yet; monotonic milliseconds, as all here. */
  #since: number;
  #hasJoined = false;
  #channel: { readonly isPrimary: boolean; readonly since: number } | undefined;

  constructor(now: number) {
    this.#since = now;
  }

  /** It took everything from another box, and forgot what it had. */
  joined(now: number): void {
    this.#since = now;
    this.#hasJoined = true;
  }

  /** The boxes can hear each other, and tell what they know. */
  opened(isPrimary: boolean, now: number): void {
    this.#channel = { isPrimary, since: now };
  }

  closed(): void {
    this.#channel = undefined;
  }

  mayMake(isPaired: boolean, now: number): boolean {
    const channel = this.#channel;
    if (channel) {
      const { authorityHeardMilliseconds: heard, authorityAloneMilliseconds: alone } = LIMITS;
      return now >= channel.since + (channel.isPrimary ? heard : alone);
    }
    if (!isPaired && !this.#hasJoined) return true;
    return now >= this.#since + LIMITS.authorityAloneMilliseconds;
  }
}
