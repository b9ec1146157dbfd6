// Who may have which address by the configuration, worked out on its own from what the simulator knows of its
// clients.

import { contains, ipv4, parseMac } from "../../daemon/base/address.ts";
import { equalBytes } from "../../daemon/base/bytes.ts";
import type {
  CoreConfig,
  NetworkConfig,
  PoolConfig,
  ReservationConfig,
} from "../../daemon/core/config-view.ts";
import { text } from "../support/client-frame.ts";
import { BANNED, BRANCH, PHONE } from "./configs.ts";
import { circuitOf } from "./sim-identity.ts";

/** What a client can be told by. */
export interface Traits {
  readonly name: string;
  readonly mac: string;
  readonly vendorClass: string;
}

export function networksOn(config: CoreConfig, lan: string): NetworkConfig[] {
  return config.networks.filter(({ segment }) => segment === lan);
}

/** Why this client must not have the address on that LAN now; undefined when it may. */
export function whyNotFor(
  config: CoreConfig,
  lan: string,
  who: Traits,
  address: string,
): string | undefined {
  if (isBanned(config, who)) return "its class is denied";
  const networks = networksOn(config, lan);
  const network = networks.find(({ subnet }) => contains(subnet, ipv4(address)));
  if (!network) return "it is of another network";
  const reservations = networks.flatMap((one) => one.reservations);
  const reserved = reservations.find((one) => one.address === ipv4(address));
  if (reserved) return isFor(reserved, lan, who) ? undefined : "it is reserved for another";
  const pool = network.pools.find(({ from, to }) => from <= ipv4(address) && ipv4(address) <= to);
  if (!pool) return "it is in no pool";
  const isKnown = reservations.some((one) => isFor(one, lan, who));
  return isOpen(config, pool, who, isKnown) ? undefined : "its pool is closed to it";
}

/** The pools that a client may be given an address of, as places in the configuration. */
export function poolsFor(
  config: CoreConfig,
  lan: string,
  who: Traits,
): { readonly network: number; readonly pool: number }[] {
  if (isBanned(config, who)) return [];
  const networks = networksOn(config, lan);
  const reservations = networks.flatMap((one) => one.reservations);
  const isKnown = reservations.some((one) => isFor(one, lan, who));
  return networks.flatMap((network) =>
    network.pools.flatMap((pool, index) =>
      isOpen(config, pool, who, isKnown)
        ? [{ network: config.networks.indexOf(network), pool: index }]
        : [],
    ),
  );
}

function isOpen(config: CoreConfig, pool: PoolConfig, who: Traits, isKnown: boolean): boolean {
  if (pool.isKnownOnly && !isKnown) return false;
  if (pool.deny.some((index) => isMember(config, index, who))) return false;
  return pool.allow.length === 0 || pool.allow.some((index) => isMember(config, index, who));
}

function isMember(config: CoreConfig, index: number, who: Traits): boolean {
  switch (config.classes[index]?.name) {
    case "phones":
      return who.vendorClass.startsWith(PHONE);
    case "made-up":
      return who.mac.startsWith("02:");
    case "banned":
      return who.vendorClass.startsWith(BANNED);
    default:
      return false;
  }
}

function isBanned(config: CoreConfig, who: Traits): boolean {
  return config.classes.some((one, index) => one.isDenied && isMember(config, index, who));
}

function isFor({ key }: ReservationConfig, lan: string, who: Traits): boolean {
  const mac = parseMac(who.mac);
  switch (key.kind) {
    case "client":
      return mac !== undefined && equalBytes(key.client, Uint8Array.of(0, 1, ...mac));
    case "hostname":
      return key.hostname === who.name;
    case "circuit-id":
      return lan === BRANCH && equalBytes(key.bytes, text(circuitOf(who.mac)));
    default:
      return false;
  }
}
