// The gateway as the API shows it.

import type { LogId, LogValues } from "./catalogue.ts";
import type {
  Cause,
  Coordinator,
  CoordinatorFacts,
  CoordinatorNews,
  GatewayRole,
} from "./core/gateway/coordinator.ts";
import { CHECKS, type CheckView } from "./core/gateway/health.ts";
import type { GatewayPlan } from "./core/gateway/plan.ts";
import { type TrackingState, trackingView } from "./core/gateway/tracking.ts";
import type { GatewayStatus } from "./http/api-types.ts";
import { isoTime } from "./lease-view.ts";

export interface GatewayState {
  readonly plan: GatewayPlan;
  readonly coordinator: Pick<Coordinator, "role" | "roleSince">;
  readonly facts: CoordinatorFacts;
  readonly checks: readonly CheckView[];
  readonly score: number;
  readonly observers: { readonly bus: boolean; readonly fifo: boolean };
  readonly hasCarrier: (lan: string) => boolean;
  readonly maintenance: GatewayStatus["maintenance"];
  readonly tracking: TrackingState;
}

/** What the box is to the gateway, in words for people; {box} is its name. */
export const ROLE_SENTENCES: Readonly<Record<GatewayRole, string>> = {
  active: "The gateway is at box {box}.",
  standby: "The gateway is at the partner, and box {box} is ready to take it.",
  waiting: "No box is known to have the gateway, and box {box} is about to take it.",
  released: "Box {box} has let go of the gateway.",
  maintenance: "Box {box} is in maintenance and leaves the gateway to its partner.",
  fault: "Box {box} cannot be the gateway now.",
  unknown: "It is not known whether box {box} has the gateway.",
};

/** Why this box lets go of the gateway. */
const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  health: "the partner is better off",
  person: "a person wants it so",
  prefer: "the primary has been well for long enough",
  drill: "it is a drill",
  change: "other LANs are to move",
  split: "both boxes had it",
};

/** Why keepalived is started anew. */
export const ANEW_SENTENCES = {
  bus: "it is not on the system bus any more",
  stuck: "nothing keeps it from its work, and it does not do it",
} as const;

/** The same in a word or two. */
export const ROLE_WORDS: Readonly<Record<GatewayRole, string>> = {
  active: "the gateway",
  standby: "ready to take it",
  waiting: "about to take it",
  released: "letting go of it",
  maintenance: "in maintenance",
  fault: "not able to be it",
  unknown: "not known to be it",
};

/** `startedWall`: what the wall clock shows at monotonic 0. */
export function gatewayStatus(state: GatewayState, startedWall: number): GatewayStatus {
  const { plan, coordinator, facts, maintenance } = state;
  const { role } = coordinator;
  const at = (monotonic: number): string => isoTime(startedWall + monotonic);
  const since = at(coordinator.roleSince);
  return {
    role,
    why: ROLE_SENTENCES[role].replace("{box}", plan.box),
    since,
    lans: plan.lans.map(({ name, interfaceName, addresses }) => {
      const base = { name, interface: interfaceName, addresses };
      const list = addresses.map((address) => address.split("/")[0]).join(" and ");
      if (!state.hasCarrier(name)) {
        const check = state.checks.find(({ id, subject }) => id === "lan" && subject === name);
        const why = `${interfaceName} has no cable, so ${list} cannot be reached at this box.`;
        return { ...base, role: "no-carrier", why, since: check ? at(check.since) : since };
      }
      if (role === "active") {
        return { ...base, role: "gateway", why: `${list} is at this box.`, since };
      }
      return { ...base, role: "standby", why: `${list} is not at this box.`, since };
    }),
    wan: plan.wan ? { interface: plan.wan.interfaceName, address: plan.wan.address } : null,
    health: {
      score: state.score,
      checks: state.checks.map(({ id, subject, isGood, weight, detail, since: from }) => ({
        ...{ id, subject, title: CHECKS[id].title.replace("{subject}", subject) },
        ...{ isGood, weight, detail, since: at(from) },
      })),
    },
    partner: partnerOf(facts),
    observers: state.observers,
    maintenance,
    tracking: trackingView(state.tracking, facts.partner),
  };
}

function partnerOf({ partner }: CoordinatorFacts): GatewayStatus["partner"] {
  if (!partner) return null;
  const { holding, score, mayTake } = partner;
  return { holding, score, mayTake };
}

/** For the log. */
export function newsLine(news: CoordinatorNews): [LogId, LogValues] {
  const why = CAUSE_WORDS[news.cause];
  if (news.kind !== "released") {
    return [news.kind === "kept" ? "gateway-kept" : "gateway-releasing", { why }];
  }
  return ["gateway-released", { milliseconds: Math.round(news.tookMilliseconds), why }];
}

/** For the condition; undefined: nobody works on this box. */
export function maintenanceValues(
  maintenance: GatewayStatus["maintenance"],
): { readonly since: string; readonly state: string } | undefined {
  if (!maintenance) return undefined;
  const since = maintenance.since.slice(0, 16).replace("T", " ");
  const state = maintenance.isSafeToSwitchOff
    ? "its partner does everything, and it is safe to switch it off"
    : "it is NOT safe to switch it off yet";
  return { since: `${since} UTC`, state };
}
