// Networks as the core wants them, with the global values in them already.

import { ANY, type Ipv4, ipv4, parseSubnet, type Subnet } from "../base/address.ts";
import { ConfigError } from "../base/errors.ts";
import type { NetworkConfig, OptionValue, PoolConfig } from "../core/config-view.ts";
import { encodeOption, OPTION } from "../wire/dhcp4-options.ts";
import { parseMacPrefix } from "./fields.ts";
import { buildLevel, DEFAULT_TIMES, mergeBoot, resolveTimes } from "./levels.ts";
import type { OptionNames } from "./options.ts";
import { buildReservation } from "./reservations.ts";
import {
  type BoxConfig,
  portsOf,
  type SharedConfig,
  type SharedNetwork,
  type SharedPool,
  segmentOf,
} from "./schema.ts";

/** The networks of this box; each segment's first one is the one that speaks for it. */
export function buildNetworks(
  shared: SharedConfig,
  box: BoxConfig,
  names: OptionNames,
): NetworkConfig[] {
  const ports = portsOf(box);
  const primaries = shared.networks.filter((network) => network.sharedWith === undefined);
  const inOrder = primaries.flatMap((primary) => [
    primary,
    ...shared.networks.filter((network) => network.sharedWith === primary.name),
  ]);
  return inOrder.flatMap((network) => {
    const place = placeOf(network, ports);
    return place
      ? [buildNetwork(shared, network, virtualPlace(shared, network, place), names)]
      : [];
  });
}

type Place = Pick<NetworkConfig, "interfaceName" | "ownAddress" | "serverId">;

/** Undefined when the network is left to another box. */
function placeOf(network: SharedNetwork, ports: ReturnType<typeof portsOf>): Place | undefined {
  if (network.relayed) return { interfaceName: "", ownAddress: ANY, serverId: ANY };
  const own = ports.get(network.name);
  const shared = ports.get(segmentOf(network));
  if (own) {
    const address = withoutPrefix(own.address);
    return { interfaceName: own.interface, ownAddress: address, serverId: address };
  }
  if (!shared) return undefined;
  return {
    interfaceName: shared.interface,
    ownAddress: ANY,
    serverId: withoutPrefix(shared.address),
  };
}

/** Where a virtual address moves with the service, clients know the pair as that one server. */
function virtualPlace(shared: SharedConfig, network: SharedNetwork, place: Place): Place {
  if (!shared.gateway || network.relayed || network.gateway === undefined) return place;
  return { ...place, serverId: ipv4(network.gateway) };
}

function buildNetwork(
  shared: SharedConfig,
  network: SharedNetwork,
  place: Place,
  names: OptionNames,
): NetworkConfig {
  const subnet = knownSubnet(network.subnet);
  const times = resolveTimes(network, resolveTimes(shared, DEFAULT_TIMES));
  const leaseSeconds = times.leaseSeconds ?? DEFAULT_TIMES.leaseSeconds;
  return {
    name: network.name,
    ...place,
    segment: segmentOf(network),
    subnet,
    relays: network.relays.map(ipv4),
    options: buildOptions(shared, network, subnet, names),
    ...mergeBoot(network, shared),
    ...times,
    leaseSeconds,
    minLeaseSeconds: times.minLeaseSeconds ?? DEFAULT_TIMES.minLeaseSeconds,
    maxLeaseSeconds: times.maxLeaseSeconds ?? leaseSeconds,
    randomisedMacLeaseSeconds: network.randomisedMacLeaseSeconds,
    authoritative: network.authoritative,
    ignoreClientId: network.ignoreClientId,
    rapidCommit: network.rapidCommit,
    forceRenew: network.forceRenew,
    probe: network.probe,
    watchServers: network.watchServers,
    deny: buildDenied([...shared.deny, ...network.deny]),
    leasesPerCircuitMax: network.leasesPerPort,
    keptForKnownPercent: network.keepForKnownPercent,
    trustedServers: network.trustedServers.map(ipv4),
    pools: network.pools.map((pool) => buildPool(shared, pool, names)),
    reservations: network.reservations.map((entry) => buildReservation(entry, names)),
  };
}

function buildPool(shared: SharedConfig, pool: SharedPool, names: OptionNames): PoolConfig {
  const indexOf = (name: string) => shared.classes.findIndex((one) => one.name === name);
  return {
    ...buildLevel(pool, names),
    from: ipv4(pool.from),
    to: ipv4(pool.to),
    allow: pool.allow.map(indexOf),
    deny: pool.deny.map(indexOf),
    isKnownOnly: pool.knownOnly,
  };
}

/** What the network is, then the global options it does not set, then its own. */
function buildOptions(
  shared: SharedConfig,
  network: SharedNetwork,
  subnet: Subnet,
  names: OptionNames,
): OptionValue[] {
  const values = new Map<number, Uint8Array>();
  values.set(OPTION.subnetMask.code, encodeOption(OPTION.subnetMask, subnet.mask));
  if (network.gateway) {
    values.set(OPTION.router.code, encodeOption(OPTION.router, [ipv4(network.gateway)]));
  }
  if (network.dns && network.dns.length > 0) {
    const servers: Ipv4[] = network.dns.map(ipv4);
    values.set(OPTION.domainNameServer.code, encodeOption(OPTION.domainNameServer, servers));
  }
  if (network.domain) {
    values.set(OPTION.domainName.code, encodeOption(OPTION.domainName, network.domain));
  }
  for (const { code, data } of names.encodeAll(shared.options)) {
    if (!values.has(code)) values.set(code, data);
  }
  for (const { code, data } of names.encodeAll(network.options)) values.set(code, data);
  return Array.from(values, ([code, data]) => ({ code, data })).filter(
    ({ data }) => data.length > 0,
  );
}

function buildDenied(entries: readonly string[]): Uint8Array[] {
  return entries.map(parseMacPrefix).filter((prefix) => prefix !== undefined);
}

function withoutPrefix(address: string): Ipv4 {
  return ipv4(address.slice(0, address.indexOf("/")));
}

function knownSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (!subnet) throw new ConfigError(`"${text}" is not a network`);
  return subnet;
}
