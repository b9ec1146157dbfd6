// What people should know of the gateway now, as conditions.

import type { ConditionId, LogValues } from "./catalogue.ts";
import type { CoordinatorFacts, GatewayRole } from "./core/gateway/coordinator.ts";
import type { CheckView } from "./core/gateway/health.ts";

export interface GatewaySigns {
  readonly role: GatewayRole;
  readonly facts: Pick<CoordinatorFacts, "holding" | "partner">;
  readonly checks: readonly CheckView[];
  readonly isInDoubt: boolean;
  /** keepalived is to run, and its helper answers. */
  readonly isWanted: boolean;
}

/** Passing by itself most of the time, so it has to last before it is said; in milliseconds. */
const LASTING = { soon: 1500, later: 5000 } as const;

interface Sign {
  readonly id: ConditionId;
  readonly after: number;
  /** Undefined: it is not so. */
  readonly when: (signs: GatewaySigns) => LogValues | undefined;
}

const check = (id: CheckView["id"]) => (signs: GatewaySigns) => badOf(id, signs, false);
/** At both boxes alike: nothing is taken off then. */
const common = (id: CheckView["id"]) => (signs: GatewaySigns) => badOf(id, signs, true);
const role =
  (wanted: GatewayRole) =>
  (signs: GatewaySigns): LogValues | undefined =>
    signs.isWanted && signs.role === wanted ? {} : undefined;

/** Legend: condition, how long it has to be so, when it is. LAN, disk and test request have conditions of their own. */
const SIGNS: readonly Sign[] = [
  { id: "gateway-unknown", after: LASTING.later, when: role("unknown") },
  { id: "gateway-fault", after: LASTING.soon, when: role("fault") },
  { id: "gateway-nobody", after: LASTING.soon, when: role("waiting") },
  {
    id: "gateway-both",
    after: LASTING.soon,
    when: ({ facts: { holding, partner } }) =>
      holding === "master" && partner?.holding === "master" ? {} : undefined,
  },
  { id: "gateway-doubt", after: 0, when: ({ isInDoubt }) => (isInDoubt ? {} : undefined) },
  { id: "health-wan", after: 0, when: check("wan") },
  { id: "health-internet", after: 0, when: check("internet") },
  { id: "health-resolver", after: 0, when: check("resolver") },
  { id: "health-names", after: 0, when: common("resolver") },
  { id: "health-busy", after: 0, when: check("busy") },
];

function badOf(
  id: CheckView["id"],
  { checks }: GatewaySigns,
  isCommon: boolean,
): LogValues | undefined {
  const bad = checks.find((one) => one.id === id && !one.isGood);
  return bad && (bad.weight === 0) === isCommon ? { detail: bad.detail } : undefined;
}

type Say = (id: ConditionId, subject: string, values: LogValues | undefined) => void;

/** Tells of each when it has lasted, when it says something else, and when it is over. */
export class SaidSigns {
  readonly #say: Say;
  readonly #since = new Map<ConditionId, number>();
  readonly #said = new Map<ConditionId, string>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** `signs` undefined: nothing moves, and nothing is to be said. */
  set(signs: GatewaySigns | undefined, now: number): void {
    for (const { id, after, when } of SIGNS) {
      const values = signs && when(signs);
      if (!values) this.#clear(id);
      else this.#hold(id, values, after, now);
    }
  }

  /** When something will have lasted for long enough; monotonic milliseconds. */
  get nextAt(): number {
    const ends = SIGNS.map(({ id, after }) => {
      const since = this.#said.has(id) ? undefined : this.#since.get(id);
      return since === undefined ? Number.POSITIVE_INFINITY : since + after;
    });
    return Math.min(...ends);
  }

  #hold(id: ConditionId, values: LogValues, after: number, now: number): void {
    const since = this.#since.get(id) ?? now;
    this.#since.set(id, since);
    if (now - since < after) return;
    const text = JSON.stringify(values);
    if (this.#said.get(id) === text) return;
    this.#said.set(id, text);
    this.#say(id, "", values);
  }

  #clear(id: ConditionId): void {
    this.#since.delete(id);
    if (this.#said.delete(id)) this.#say(id, "", undefined);
  }
}
