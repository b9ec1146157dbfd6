// Over which path the session with the partner goes: the pair cable while it works, else a LAN, and back when it
// has worked for a while. One box dials, so that both never move at once; the other one only waits.

import { LIMITS } from "../../limits.ts";
import type { PathSight, Sight } from "../witness/lookout.ts";
import type { Conclusion } from "../witness/paths.ts";

export type RouteStep =
  | { readonly kind: "dial"; readonly path: PathSight; readonly address: string }
  /** What is on that path will not arrive; another one does better. */
  | { readonly kind: "abandon" }
  /** The partner cannot be spoken with any more. */
  | { readonly kind: "end"; readonly reason: string };

/** What the route is about, as it is now. */
export interface RouteFacts {
  readonly isOpen: boolean;
  /** Interface of the connection that the session is on, and where the partner was there when it began. */
  readonly on: string | undefined;
  readonly address: string | undefined;
  readonly isDialling: boolean;
}

/** Part of a sentence; undefined: the partner may be heard again in a moment. */
const LOST: Readonly<Record<Conclusion, string | undefined>> = {
  "in-step": undefined,
  "over-lan": undefined,
  slow: undefined,
  "one-way": undefined,
  gone: "the partner is silent on every path",
  isolated: "the partner is silent, and this box has no LAN on which it could be heard",
};

export class Route {
  readonly #dials: boolean;
  /** Since when each path has worked without a break; monotonic milliseconds. */
  readonly #upSince = new Map<string, number>();
  /** Since when the session has had no connection that works. */
  #withoutSince: number | undefined;
  #graceMilliseconds: number = LIMITS.channelGraceMilliseconds;
  #dialAt = 0;
  #refused = "";

  constructor(dials: boolean) {
    this.#dials = dials;
  }

  /** An attempt has failed; nobody listens there: the process of the partner has ended. */
  failed(now: number, hasEnded: boolean): void {
    this.#dialAt = now + LIMITS.peerRedialMilliseconds;
    if (hasEnded) this.#refused = "the partner has ended";
  }

  /** The connection of the session is gone; `isClosed`: the partner closed it, so it is not the path that failed. */
  lost(now: number, isClosed: boolean): void {
    this.#withoutSince = now;
    this.#graceMilliseconds = isClosed
      ? LIMITS.channelReplaceMilliseconds
      : LIMITS.channelGraceMilliseconds;
  }

  /** What is to be done; nothing most of the time. */
  step(sight: Sight, facts: RouteFacts, now: number): RouteStep | undefined {
    const { conclusion, paths } = sight;
    this.#note(paths, now);
    const best = this.#best(paths, facts.on, now);
    const current = paths.find(({ interfaceName }) => interfaceName === facts.on);
    // A partner whose cable is in another of its ports now has another address.
    const hasMoved = facts.address !== undefined && current?.address !== facts.address;
    const works = current?.verdict === "up" && !hasMoved;
    if (works || !facts.isOpen) {
      this.#withoutSince = undefined;
      this.#graceMilliseconds = LIMITS.channelGraceMilliseconds;
    } else this.#withoutSince ??= now;
    const reason = facts.isOpen ? this.#whyEnd(conclusion, now) : undefined;
    this.#refused = "";
    if (reason) return { kind: "end", reason };
    if (current && !works && best) return { kind: "abandon" };
    if (!this.#dials || sight.isDisowned || facts.isDialling || now < this.#dialAt)
      return undefined;
    if (!best?.address || best === current) return undefined;
    this.#dialAt = now + LIMITS.peerRedialMilliseconds;
    return { kind: "dial", path: best, address: best.address };
  }

  /** When to look again without any news, after `now`, at which it was looked; monotonic milliseconds. */
  nextAt(facts: RouteFacts, now: number): number {
    const times = [this.#dialAt];
    if (facts.isOpen && this.#withoutSince !== undefined) {
      times.push(this.#withoutSince + this.#graceMilliseconds);
    }
    for (const since of this.#upSince.values()) {
      times.push(since + LIMITS.pairLinkStableMilliseconds);
    }
    return Math.min(...times.filter((time) => time > now));
  }

  #whyEnd(conclusion: Conclusion, now: number): string | undefined {
    if (LOST[conclusion]) return LOST[conclusion];
    if (this.#refused !== "") return this.#refused;
    if (this.#withoutSince === undefined) return undefined;
    if (now - this.#withoutSince < this.#graceMilliseconds) return undefined;
    return conclusion === "one-way"
      ? "the partner does not hear this box"
      : "no connection with the partner stands";
  }

  #note(paths: readonly PathSight[], now: number): void {
    for (const { interfaceName, verdict } of paths) {
      if (verdict !== "up") this.#upSince.delete(interfaceName);
      else if (!this.#upSince.has(interfaceName)) this.#upSince.set(interfaceName, now);
    }
  }

  /** Paths are in the order of preference. One that has just come back is not moved to before it is stable. */
  #best(paths: readonly PathSight[], on: string | undefined, now: number): PathSight | undefined {
    const usable = paths.filter(
      ({ verdict, address }) => verdict === "up" && address !== undefined,
    );
    const current = usable.find(({ interfaceName }) => interfaceName === on);
    if (!current) return usable[0];
    return usable.find(({ interfaceName }) => {
      const since = this.#upSince.get(interfaceName) ?? now;
      return interfaceName === on || now - since >= LIMITS.pairLinkStableMilliseconds;
    });
  }
}
