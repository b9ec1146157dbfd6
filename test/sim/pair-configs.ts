// The configurations that a simulated pair may be given: alike on both boxes but for the addresses of their
// own and their part in the pair.

import { ipv4, parseSubnet } from "../../daemon/base/address.ts";
import type { CoreConfig, PairConfig, PairMode } from "../../daemon/core/config-view.ts";
import type { Dialect } from "../../daemon/wire/failover/messages.ts";
import { configOf, network, poolOf, reserve } from "../support/core-bench.ts";
import { GUESTS, OFFICE } from "./configs.ts";
import type { Fate } from "./world.ts";

/** What both boxes have alike. */
export interface PairPlan {
  readonly dialect: Dialect;
  readonly mode: PairMode;
  readonly mcltSeconds: number;
  readonly partnerWaitMilliseconds: number;
  readonly receiveTimerSeconds: number;
  readonly safeSeconds: number;
  readonly leaseSeconds: number;
  readonly hasGuests: boolean;
  readonly probe: boolean;
  readonly hasReservations: boolean;
  readonly poolSize: number;
  /** The boxes see each other besides what they say. */
  readonly hasHeartbeats: boolean;
  /** To clients they are one server, by an address that moves between them. */
  readonly hasVirtual: boolean;
}

/** By LAN. */
export const VIRTUAL_ADDRESSES: Readonly<Record<string, string>> = {
  [OFFICE]: "10.77.0.1",
  [GUESTS]: "10.78.0.1",
};

export const MODES: readonly PairMode[] = [
  { kind: "load-balancing", primaryPercent: 50 },
  { kind: "load-balancing", primaryPercent: 50 },
  { kind: "load-balancing", primaryPercent: 80 },
  { kind: "load-balancing", primaryPercent: 0 },
  { kind: "hot-standby", reservePercent: 10 },
  { kind: "hot-standby", reservePercent: 30 },
];
export const LEASE_SECONDS: readonly number[] = [120, 240, 600, 900];

export function planOf(fate: Fate, dialect: Dialect): PairPlan {
  return {
    dialect,
    mode: fate.pick(MODES),
    mcltSeconds: fate.pick([60, 120, 300]),
    partnerWaitMilliseconds: fate.pick([0, 5, 20, 200]),
    receiveTimerSeconds: fate.pick([15, 30, 60]),
    safeSeconds: fate.pick([0, 0, 0, 60, 300]),
    leaseSeconds: fate.pick(LEASE_SECONDS),
    hasGuests: fate.chance(0.4),
    probe: fate.chance(0.3),
    hasReservations: fate.chance(0.3),
    poolSize: fate.pick([4, 8, 12, 30]),
    hasHeartbeats: dialect === "tandem" && fate.chance(0.6),
    hasVirtual: dialect === "tandem" && fate.chance(0.6),
  };
}

export function configFor(role: "primary" | "secondary", plan: PairPlan): CoreConfig {
  const { leaseSeconds, probe, poolSize, hasVirtual } = plan;
  const [own, others] = role === "primary" ? [2, 4] : [4, 2];
  const times = { leaseSeconds, maxLeaseSeconds: Math.max(900, leaseSeconds), minLeaseSeconds: 30 };
  const common = { ...times, probe, rapidCommit: probe };
  const first = network({
    ...common,
    ...onSubnet("10.77.0", own, others, hasVirtual),
    name: OFFICE,
    pools: [poolOf("10.77.0.100", `10.77.0.${99 + poolSize}`)],
    reservations: plan.hasReservations
      ? [
          reserve("00:5e:10:00:00:01", "10.77.0.20"),
          reserve("00:5e:10:00:00:02", "10.77.0.101"),
          reserve("00:5e:10:00:00:03", "10.77.0.102"),
        ]
      : [],
  });
  const second = network({
    ...common,
    ...onSubnet("10.78.0", own, others, hasVirtual),
    name: GUESTS,
    interfaceName: "lan1",
    pools: [
      poolOf("10.78.0.100", "10.78.0.103"),
      poolOf("10.78.0.110", `10.78.0.${109 + poolSize}`),
    ],
  });
  return configOf(plan.hasGuests ? [first, second] : [first], { pair: pairOf(role, plan) });
}

function pairOf(role: "primary" | "secondary", plan: PairPlan): PairConfig {
  const { dialect, mode, mcltSeconds, partnerWaitMilliseconds } = plan;
  return {
    ...{ name: "pair", role, dialect, mode, mcltSeconds, partnerWaitMilliseconds },
    loadBalanceSecondsMax: 3,
    receiveTimerSeconds: plan.receiveTimerSeconds,
    safeSeconds: plan.safeSeconds,
  };
}

function onSubnet(prefix: string, own: number, others: number, hasVirtual: boolean) {
  const subnet = parseSubnet(`${prefix}.0/24`);
  if (!subnet) throw new Error("bad subnet");
  const ownAddress = ipv4(`${prefix}.${own}`);
  const trustedServers = [ipv4(`${prefix}.${others}`)];
  const serverId = hasVirtual ? ipv4(`${prefix}.1`) : ownAddress;
  return { subnet, ownAddress, serverId, trustedServers };
}
