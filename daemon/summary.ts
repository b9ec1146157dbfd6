// One role, one state and one sentence for the whole box, from its conditions.

import { CONDITIONS, sentence } from "./catalogue.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { Core } from "./core/core.ts";
import type { PairView } from "./core/failover/pair-view.ts";
import type { BoxState, Role } from "./http/api-types.ts";

export interface Summary {
  readonly role: Role;
  readonly state: BoxState;
  readonly why: string;
}

/** Whether a network is served now, by its LAN and by what the pair lets this box answer. */
export function servedNow(core: Core, network: number): ReturnType<Core["serving"]> {
  const gate = core.serving(network);
  if (!gate.ok || core.pairView()?.service !== "nothing") return gate;
  return { ok: false, reason: "pair-not-serving" };
}

const WEIGHT = { info: 0, warning: 1, error: 2 } as const;

/** The worst condition decides state and sentence; without one, what the box does. */
export function summarise(config: LoadedConfig | undefined, core: Core): Summary {
  const role: Role = config?.core.serving ? "serving" : "standby";
  const networks = config?.core.networks ?? [];
  const active = [...core.conditions.active()].sort(
    (a, b) => WEIGHT[CONDITIONS[b.id].severity] - WEIGHT[CONDITIONS[a.id].severity],
  );
  const worst = active.find((condition) => CONDITIONS[condition.id].impact !== "none") ?? active[0];
  const why = worst
    ? sentence(CONDITIONS[worst.id].text, { ...worst.values, subject: worst.subject })
    : "";
  if (!config) return { role, state: "down", why: why || "There is no configuration yet." };
  // Its partner does its work for now.
  if (active.some(({ id }) => id === "maintenance" || id === "drill"))
    return { role, state: "degraded", why };
  const limiting = active.some((condition) => CONDITIONS[condition.id].impact !== "none");
  const unserved = networks.filter((_, index) => !servedNow(core, index).ok).length;
  if (role === "serving" && networks.length > 0 && unserved === networks.length) {
    return { role, state: "down", why: why || "The ports of this box are being looked at." };
  }
  if (limiting) return { role, state: "degraded", why };
  if (role === "standby") return { role, state: "fine", why };
  if (networks.length === 0) {
    return { role, state: "fine", why: "No network is configured on this box yet." };
  }
  const names = networks.map((network) => network.name).join(" and ");
  return { role, state: "fine", why: servingSentence(config.box.name, names, core.pairView()) };
}

/** What a box without troubles does, alone or as one of two. */
function servingSentence(box: string, networks: string, pair: PairView | undefined): string {
  if (pair?.state !== "normal" || !pair.isConnected) return `Box ${box} is serving ${networks}.`;
  const both = "Both boxes are in step.";
  if (pair.mode.kind === "load-balancing") {
    return `${both} Box ${box} serves ${networks} together with its partner.`;
  }
  return pair.role === "primary"
    ? `${both} Box ${box} serves ${networks}, and its partner is ready to take over.`
    : `${both} Box ${box} is ready to take over ${networks} from its partner.`;
}
