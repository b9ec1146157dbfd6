// The configurations that the simulated box may be given. Their pools overlap in part, so that a change
// leaves some leases inside and some outside.

import { ipv4, parseSubnet } from "../../daemon/base/address.ts";
import type { CoreConfig, NetworkConfig } from "../../daemon/core/config-view.ts";
import { configOf, network, reserve } from "../support/core-bench.ts";

export const OFFICE = "office";
export const GUESTS = "guests";

function office(changes: Parameters<typeof network>[0]): NetworkConfig {
  return network({ name: OFFICE, leaseSeconds: 600, maxLeaseSeconds: 900, ...changes });
}

function guests(changes: Parameters<typeof network>[0]): NetworkConfig {
  const subnet = parseSubnet("10.78.0.0/24");
  if (!subnet) throw new Error("bad subnet");
  return network({
    name: GUESTS,
    interfaceName: "lan1",
    subnet,
    ownAddress: ipv4("10.78.0.2"),
    serverId: ipv4("10.78.0.2"),
    leaseSeconds: 300,
    maxLeaseSeconds: 300,
    pool: ["10.78.0.100", "10.78.0.130"],
    ...changes,
  });
}

export const CONFIGS: readonly CoreConfig[] = [
  configOf([office({ pool: ["10.77.0.100", "10.77.0.130"] }), guests({})]),
  configOf([
    office({
      pool: ["10.77.0.110", "10.77.0.140"],
      leaseSeconds: 240,
      reservations: [reserve("02:5e:10:00:00:01", "10.77.0.20")],
    }),
    guests({ authoritative: false, leaseSeconds: 120 }),
  ]),
  // Fewer addresses than clients: they have to be used again as soon as they may.
  configOf([
    office({ pool: ["10.77.0.100", "10.77.0.103"], leaseSeconds: 180 }),
    guests({ pool: ["10.78.0.100", "10.78.0.102"], leaseSeconds: 150 }),
  ]),
  configOf([
    office({
      pool: ["10.77.0.100", "10.77.0.106"],
      reservations: [
        reserve("02:5e:10:00:00:02", "10.77.0.101"),
        reserve("02:5e:10:00:00:03", "10.77.0.103"),
      ],
    }),
    guests({ pool: ["10.78.0.100", "10.78.0.106"] }),
  ]),
];
