// How well this box could be the gateway, as one number from 100 down. Each check has a weight, and has to be bad, or
// good again, for a while before it counts; one that comes and goes has to be good for longer each time.

export const CHECK_IDS = ["lan", "wan", "internet", "resolver", "dhcp", "disk", "busy"] as const;
export type CheckId = (typeof CHECK_IDS)[number];

interface Rule {
  /** Taken off the number while it is bad. */
  readonly weight: number;
  /** How long it has to be bad, and good again, in milliseconds. */
  readonly badAfter: number;
  readonly goodAfter: number;
  /** What a person calls it, and what follows from it while it is bad. */
  readonly title: string;
}

/** Legend: check, weight, times, title. {subject} is a LAN or a port. */
export const CHECKS: Readonly<Record<CheckId, Rule>> = {
  // The link itself says it, and it has stayed for three seconds before the box takes its share of DHCP back.
  lan: { weight: 30, badAfter: 0, goodAfter: 3000, title: "cable of {subject}" },
  // The prober has waited for several answers already.
  wan: { weight: 40, badAfter: 0, goodAfter: 10_000, title: "way to the provider" },
  internet: { weight: 40, badAfter: 0, goodAfter: 30_000, title: "Internet" },
  resolver: { weight: 15, badAfter: 5000, goodAfter: 10_000, title: "names" },
  dhcp: { weight: 20, badAfter: 0, goodAfter: 0, title: "test request on {subject}" },
  disk: { weight: 15, badAfter: 2000, goodAfter: 10_000, title: "storage" },
  busy: { weight: 10, badAfter: 5000, goodAfter: 10_000, title: "load" },
};

export const SCORE_MAX = 100;

/** Within it a return makes the next one take twice as long, up to eight times. */
const FLAP_MEMORY_MILLISECONDS = 600_000;
const FLAP_FACTOR_MAX = 8;
/** What was found out while this box had the gateway is believed for so long when it cannot be looked at any more. */
const MEMORY_MILLISECONDS = 300_000;

/** What a look at something showed; undefined: it cannot be looked at now. */
export interface Look {
  readonly isGood: boolean;
  /** A sentence: what was seen. */
  readonly detail: string;
}

export interface CheckView {
  readonly id: CheckId;
  /** A LAN, or "". */
  readonly subject: string;
  readonly isGood: boolean;
  readonly weight: number;
  readonly detail: string;
  /** Monotonic milliseconds; when it became good or bad. */
  readonly since: number;
}

interface Check {
  readonly id: CheckId;
  readonly subject: string;
  isGood: boolean;
  since: number;
  detail: string;
  /** What was seen last, and since when without a break. */
  looksGood: boolean;
  looksSoSince: number;
  /** When it was last looked at with a result. */
  lookedAt: number;
  flaps: number;
}

export class Health {
  readonly #checks = new Map<string, Check>();

  /** What was seen now. The first look counts at once: nothing is known that it could contradict. */
  look(id: CheckId, subject: string, look: Look | undefined, now: number): void {
    const key = `${id} ${subject}`;
    const known = this.#checks.get(key);
    if (!look) {
      if (known && now - known.lookedAt > MEMORY_MILLISECONDS) this.#checks.delete(key);
      return;
    }
    const { isGood, detail } = look;
    if (!known) {
      const since = { since: now, looksSoSince: now, lookedAt: now };
      this.#checks.set(key, { id, subject, isGood, detail, looksGood: isGood, flaps: 0, ...since });
      return;
    }
    known.detail = detail;
    known.lookedAt = now;
    if (known.looksGood !== isGood) {
      known.looksGood = isGood;
      known.looksSoSince = now;
    }
    this.#settle(known, now);
  }

  /** Only these are looked at from now on. */
  keep(wanted: (id: CheckId, subject: string) => boolean): void {
    for (const [key, { id, subject }] of this.#checks) {
      if (!wanted(id, subject)) this.#checks.delete(key);
    }
  }

  /** 0 to 100. */
  score(now: number): number {
    let score = SCORE_MAX;
    for (const check of this.#checks.values()) {
      this.#settle(check, now);
      if (!check.isGood) score -= CHECKS[check.id].weight;
    }
    return Math.max(0, score);
  }

  views(now: number): CheckView[] {
    this.score(now);
    return Array.from(this.#checks.values(), ({ id, subject, isGood, detail, since }) => ({
      ...{ id, subject, isGood, detail, since },
      weight: CHECKS[id].weight,
    }));
  }

  /** When the number may be another one without a new look; monotonic milliseconds. */
  nextAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const check of this.#checks.values()) {
      if (check.looksGood !== check.isGood) {
        at = Math.min(at, check.looksSoSince + waitOf(check));
      }
    }
    return at;
  }

  #settle(check: Check, now: number): void {
    if (check.looksGood === check.isGood) return;
    if (now - check.looksSoSince < waitOf(check)) return;
    // How long it was good before it went bad again decides how much it is trusted the next time.
    if (check.isGood) {
      const isFlapping = now - check.since < FLAP_MEMORY_MILLISECONDS;
      check.flaps = isFlapping ? check.flaps + 1 : 0;
    }
    check.isGood = check.looksGood;
    check.since = now;
  }
}

function waitOf({ id, isGood, flaps }: Check): number {
  const { badAfter, goodAfter } = CHECKS[id];
  return isGood ? badAfter : goodAfter * Math.min(2 ** flaps, FLAP_FACTOR_MAX);
}
