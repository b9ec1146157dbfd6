// One box's part in a pair of two of ours, as its configuration has it.

import type { CoreConfig, NetworkConfig, PairConfig } from "../../daemon/core/config-view.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { configOf } from "./core-bench.ts";

/** Half of the clients each; `changes` replace what is given. */
export function pairConfig(role: FailoverRole, changes: Partial<PairConfig> = {}): PairConfig {
  return {
    name: "office",
    role,
    dialect: "tandem",
    mode: { kind: "load-balancing", primaryPercent: 50 },
    mcltSeconds: 600,
    partnerWaitMilliseconds: 50,
    loadBalanceSecondsMax: 3,
    receiveTimerSeconds: 60,
    safeSeconds: 0,
    ...changes,
  };
}

/** The configuration of a box of a pair that serves these networks. */
export function pairedConfig(
  networks: readonly NetworkConfig[],
  role: FailoverRole,
  changes: Partial<PairConfig> = {},
): CoreConfig {
  return configOf(networks, { pair: pairConfig(role, changes) });
}
