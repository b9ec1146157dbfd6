// The configurations that the simulated box may be given. Their pools overlap in part, so that a change
// leaves some leases inside and some outside.

import { type Ipv4, ipv4, parseSubnet } from "../../daemon/base/address.ts";
import {
  type ClassConfig,
  type CoreConfig,
  FOREVER_SECONDS,
  type Match,
  type NetworkConfig,
  NOTHING_SET,
  type ReservationKey,
} from "../../daemon/core/config-view.ts";
import { bytes, configOf, network, poolOf, reserve, text } from "../support/core-bench.ts";

export const OFFICE = "office";
export const GUESTS = "guests";
/** Behind a relay: no interface of the box is on it. */
export const BRANCH = "branch";
export const RELAY_ADDRESS = "10.79.0.1";
/** Vendor classes (option 60) that the classes below look for. */
export const PHONE = "phone 1.0";
export const BANNED = "banned";

type Changes = Parameters<typeof network>[0];

const PHONES = 0;
const MADE_UP = 1;
const CLASSES: readonly ClassConfig[] = [
  classOf("phones", { kind: "option", code: 60, test: startsWith(PHONE) }),
  classOf("made-up", { kind: "randomised-mac" }),
  classOf("banned", { kind: "option", code: 60, test: startsWith(BANNED) }, true),
];

function startsWith(value: string) {
  return { how: "starts-with", bytes: text(value), ignoreCase: false } as const;
}

function classOf(name: string, match: Match, isDenied = false): ClassConfig {
  return { ...NOTHING_SET, name, match, isDenied };
}

function reservedFor(key: ReservationKey, address: string) {
  return { ...NOTHING_SET, key, address: ipv4(address), name: "" };
}

function subnetOf(prefix: string) {
  const subnet = parseSubnet(`${prefix}.0/24`);
  if (!subnet) throw new Error("bad subnet");
  const ownAddress = ipv4(`${prefix}.2`);
  return { subnet, ownAddress, serverId: ownAddress };
}

function office(changes: Changes): NetworkConfig {
  return network({ name: OFFICE, leaseSeconds: 600, maxLeaseSeconds: 900, ...changes });
}

function guests(changes: Changes): NetworkConfig {
  return network({
    name: GUESTS,
    interfaceName: "lan1",
    ...subnetOf("10.78.0"),
    leaseSeconds: 300,
    maxLeaseSeconds: 300,
    pool: ["10.78.0.100", "10.78.0.130"],
    ...changes,
  });
}

function branch(changes: Changes): NetworkConfig {
  const any = ipv4("0.0.0.0") as Ipv4;
  return network({
    name: BRANCH,
    interfaceName: "",
    ...subnetOf("10.79.0"),
    ownAddress: any,
    serverId: any,
    leaseSeconds: 240,
    maxLeaseSeconds: 400,
    pool: ["10.79.0.100", "10.79.0.112"],
    ...changes,
  });
}

/** A second network on the wire of the office. */
function annexe(changes: Changes): NetworkConfig {
  return network({
    name: "annexe",
    segment: OFFICE,
    ...subnetOf("10.80.0"),
    leaseSeconds: 300,
    maxLeaseSeconds: 300,
    ...changes,
  });
}

/** The same with another name server: clients that can be told of it are. */
export function withNameServer(config: CoreConfig, address: string): CoreConfig {
  const data = bytes(...address.split(".").map(Number));
  const networks = config.networks.map((one) => ({
    ...one,
    options: [...one.options.filter(({ code }) => code !== 6), { code: 6, data }],
  }));
  return { ...config, networks };
}

export const CONFIGS: readonly CoreConfig[] = [
  configOf([office({ pool: ["10.77.0.100", "10.77.0.130"] }), guests({})]),
  configOf([
    office({
      pool: ["10.77.0.110", "10.77.0.140"],
      leaseSeconds: 240,
      reservations: [reserve("00:5e:10:00:00:01", "10.77.0.20")],
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
        reserve("00:5e:10:00:00:02", "10.77.0.101"),
        reserve("00:5e:10:00:00:03", "10.77.0.103"),
      ],
    }),
    guests({ pool: ["10.78.0.100", "10.78.0.106"] }),
  ]),
  // The wire is asked first, pools have their own kinds of clients, and made-up addresses go soon.
  configOf(
    [
      office({
        ...{ probe: true, watchServers: true, rapidCommit: true },
        randomisedMacLeaseSeconds: 120,
        pools: [
          poolOf("10.77.0.100", "10.77.0.108", { deny: [PHONES] }),
          poolOf("10.77.0.109", "10.77.0.113", { allow: [PHONES] }),
          poolOf("10.77.0.120", "10.77.0.122", { isKnownOnly: true, deny: [MADE_UP] }),
        ],
        reservations: [
          reserve("00:5e:10:00:00:01", "10.77.0.101"),
          reservedFor({ kind: "hostname", hostname: "client3" }, "10.77.0.21"),
        ],
      }),
      guests({ probe: true, watchServers: true, rapidCommit: true, leaseSeconds: 150 }),
    ],
    { classes: CLASSES },
  ),
  // Two networks on one wire and one behind a relay.
  configOf(
    [
      office({ probe: true, watchServers: true, pool: ["10.77.0.100", "10.77.0.101"] }),
      annexe({ probe: true, pools: [poolOf("10.80.0.100", "10.80.0.104", { deny: [MADE_UP] })] }),
      guests({ probe: true, forceRenew: true, keptForKnownPercent: 30 }),
      branch({
        probe: true,
        leasesPerCircuitMax: 2,
        relays: [ipv4(RELAY_ADDRESS)],
        reservations: [
          reservedFor({ kind: "circuit-id", bytes: text("port-2") }, "10.79.0.20"),
          reserve("00:5e:10:00:00:04", "10.79.0.101"),
        ],
      }),
    ],
    { classes: CLASSES },
  ),
  // Leases that never end, next to ones that end soon.
  configOf([
    office({
      ...{ probe: true, forceRenew: true },
      leaseSeconds: FOREVER_SECONDS,
      maxLeaseSeconds: FOREVER_SECONDS,
      randomisedMacLeaseSeconds: 120,
      pool: ["10.77.0.100", "10.77.0.115"],
    }),
    guests({ forceRenew: true, leaseSeconds: 120, pool: ["10.78.0.100", "10.78.0.104"] }),
    branch({ leaseSeconds: FOREVER_SECONDS, maxLeaseSeconds: FOREVER_SECONDS }),
  ]),
  configOf(
    [
      office({
        ...{ probe: true, forceRenew: true, keptForKnownPercent: 50 },
        leaseSeconds: 120,
        pools: [
          poolOf("10.77.0.100", "10.77.0.106", { leaseSeconds: 200 }),
          poolOf("10.77.0.107", "10.77.0.109", { allow: [PHONES, MADE_UP] }),
        ],
      }),
      guests({ watchServers: true, rapidCommit: true, pool: ["10.78.0.100", "10.78.0.104"] }),
      branch({ probe: true, leasesPerCircuitMax: 1, rapidCommit: true }),
    ],
    { classes: CLASSES },
  ),
];
