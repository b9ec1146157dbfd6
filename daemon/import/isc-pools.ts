// Pools of one network: such that lie inside it, do not overlap, and are not more than a box can hold.

import { contains, formatIpv4, formatSubnet, type Ipv4 } from "../base/address.ts";
import { LIMITS } from "../limits.ts";
import type { PlacedHosts } from "./isc-hosts.ts";
import { KNOWN, type NetworkPlan, type PoolPlan, UNKNOWN } from "./isc-plans.ts";
import type { Settings } from "./isc-settings.ts";
import type { Notes } from "./notes.ts";

export interface FittedPool {
  readonly from: string;
  readonly to: string;
  readonly allow?: string[];
  readonly deny?: string[];
  readonly knownOnly?: true;
  readonly settings: Settings;
}

/** How many addresses the pools of all networks may still have. */
export class PoolBudget {
  readonly notes: Notes;
  #left = LIMITS.poolAddressesMax;

  constructor(notes: Notes) {
    this.notes = notes;
  }

  /** Of so many addresses as many as there is room for. */
  take(count: number): number {
    const taken = Math.min(count, this.#left);
    this.#left -= taken;
    return taken;
  }
}

/** `around`: the settings in force in the network, of whose flags one is about pools. */
export function poolsOf(
  plan: NetworkPlan,
  budget: PoolBudget,
  hosts: PlacedHosts,
  around: Settings,
): FittedPool[] {
  const { notes } = budget;
  const fitted: FittedPool[] = [];
  const taken: { from: Ipv4; to: Ipv4 }[] = [];
  for (const pool of plan.pools) {
    const problem = poolProblem(pool, plan, taken);
    if (problem !== undefined) {
      notes.leftOut(pool.place, pool.text, problem);
      continue;
    }
    const room = budget.take(pool.to - pool.from + 1);
    if (room === 0) {
      const reason = `All pools together have ${LIMITS.poolAddressesMax} addresses at most.`;
      notes.leftOut(pool.place, pool.text, reason);
      continue;
    }
    const to = (pool.from + room - 1) as Ipv4;
    if (to < pool.to) {
      const reason = `All pools together have ${LIMITS.poolAddressesMax} addresses at most: this one ends at ${formatIpv4(to)}.`;
      notes.changed(pool.place, pool.text, reason);
    }
    taken.push({ from: pool.from, to });
    fitted.push({
      from: formatIpv4(pool.from),
      to: formatIpv4(to),
      ...admitted(pool, hosts, around),
      settings: pool.settings,
    });
  }
  return fitted;
}

function poolProblem(
  { from, to }: PoolPlan,
  { subnet }: NetworkPlan,
  taken: readonly { from: Ipv4; to: Ipv4 }[],
): string | undefined {
  if (from > to) return "The last address comes before the first one.";
  if (!contains(subnet, from) || !contains(subnet, to)) {
    return `It does not lie in ${formatSubnet(subnet)}.`;
  }
  if (taken.some((other) => from <= other.to && to >= other.from)) {
    return "It has addresses of another pool.";
  }
  if (taken.length >= LIMITS.poolsPerNetworkMax) {
    return `A network has ${LIMITS.poolsPerNetworkMax} pools at most.`;
  }
  return undefined;
}

function admitted(
  { allow, deny, settings }: PoolPlan,
  hosts: PlacedHosts,
  around: Settings,
): Pick<FittedPool, "allow" | "deny" | "knownOnly"> {
  const flag = settings.flags.get("knownOnly") ?? around.flags.get("knownOnly");
  const denied = deny.filter((name) => name !== KNOWN && name !== UNKNOWN);
  const isForKnown = (flag?.value === true && allow.length === 0) || deny.includes(UNKNOWN);
  const isOnlyKnown = isForKnown || (allow.length === 1 && allow[0] === KNOWN);
  const isOnlyUnknown = deny.includes(KNOWN);
  const named = isOnlyKnown && allow.every((name) => name === KNOWN) ? [] : allow;
  const names = [
    ...named,
    ...(isOnlyKnown && hosts.hasHomeless ? [KNOWN] : []),
    ...(isOnlyUnknown ? [UNKNOWN] : []),
  ].map((name) => hosts.className(name));
  return {
    ...(names.length > 0 && { allow: [...new Set(names)] }),
    ...(denied.length > 0 && { deny: denied.filter((name) => !names.includes(name)) }),
    ...(isOnlyKnown && !hosts.hasHomeless && { knownOnly: true as const }),
  };
}
