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
  /** It is bad, and no better at the partner: people should know, and the gateway has no reason to move. */
  readonly isCommon?: boolean;
  /** A sentence: what was seen. */
  readonly detail: string;
}

export interface CheckView {
  readonly id: CheckId;
  /** A LAN, or "". */
  readonly subject: string;
  readonly isGood: boolean;
  /** Taken off the number while it is bad; 0 while it is as bad at the partner. */
  readonly weight: number;
  readonly detail: string;
  /** Monotonic milliseconds; when it became good or bad. */
  readonly since: number;
}

interface Check {
  readonly id: CheckId;
  readonly subject: string;
  detail: string;
  /** When it was last looked at with a result. */
  lookedAt: number;
  /** Whether all is well, and whether all is at least as well as at the partner. */
  readonly whole: Settled;
  readonly level: Settled;
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
    const { isGood, isCommon = false, detail } = look;
    const isLevel = isGood || isCommon;
    if (!known) {
      const whole = new Settled(CHECKS[id], isGood, now);
      const level = new Settled(CHECKS[id], isLevel, now);
      this.#checks.set(key, { id, subject, detail, lookedAt: now, whole, level });
      return;
    }
    known.detail = detail;
    known.lookedAt = now;
    known.whole.look(isGood, now);
    known.level.look(isLevel, now);
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
      check.whole.settle(now);
      check.level.settle(now);
      if (!check.level.isGood) score -= CHECKS[check.id].weight;
    }
    return Math.max(0, score);
  }

  views(now: number): CheckView[] {
    this.score(now);
    return Array.from(this.#checks.values(), ({ id, subject, detail, whole, level }) => {
      const isGood = whole.isGood && level.isGood;
      const isCommon = !isGood && level.isGood;
      const { since } = isGood || isCommon ? whole : level;
      return { id, subject, isGood, detail, since, weight: isCommon ? 0 : CHECKS[id].weight };
    });
  }

  /** When the number may be another one without a new look; monotonic milliseconds. */
  nextAt(): number {
    const checks = Array.from(this.#checks.values());
    return Math.min(...checks.flatMap(({ whole, level }) => [whole.nextAt, level.nextAt]));
  }
}

/** Whether something is good, as soon as it has been seen so for long enough. */
class Settled {
  readonly #rule: Rule;
  isGood: boolean;
  since: number;
  /** What was seen last, and since when without a break. */
  #looksGood: boolean;
  #looksSoSince: number;
  #flaps = 0;

  constructor(rule: Rule, isGood: boolean, now: number) {
    this.#rule = rule;
    this.isGood = isGood;
    this.since = now;
    this.#looksGood = isGood;
    this.#looksSoSince = now;
  }

  look(isGood: boolean, now: number): void {
    if (this.#looksGood !== isGood) {
      this.#looksGood = isGood;
      this.#looksSoSince = now;
    }
    this.settle(now);
  }

  settle(now: number): void {
    if (now < this.nextAt) return;
    // How long it was good before it went bad again decides how much it is trusted the next time.
    if (this.isGood) {
      const isFlapping = now - this.since < FLAP_MEMORY_MILLISECONDS;
      this.#flaps = isFlapping ? this.#flaps + 1 : 0;
    }
    this.isGood = this.#looksGood;
    this.since = now;
  }

  get nextAt(): number {
    if (this.#looksGood === this.isGood) return Number.POSITIVE_INFINITY;
    const { badAfter, goodAfter } = this.#rule;
    const factor = Math.min(2 ** this.#flaps, FLAP_FACTOR_MAX);
    return this.#looksSoSince + (this.isGood ? badAfter : goodAfter * factor);
  }
}
