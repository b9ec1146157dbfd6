// Two validated files become the one frozen configuration that the core works with.

import { type Ipv4, ipv4, parseMac, parseSubnet, type Subnet } from "../base/address.ts";
import { ConfigError } from "../base/errors.ts";
import type {
  CoreConfig,
  NetworkConfig,
  OptionValue,
  ReservationConfig,
} from "../core/config-view.ts";
import { encodeOption, OPTION } from "../wire/dhcp4-options.ts";
import { checkTogether } from "./check.ts";
import { encodeConfigured } from "./options.ts";
import {
  type BoxConfig,
  BoxSchema,
  type ConfigIssue,
  type SharedConfig,
  type SharedNetwork,
  SharedSchema,
  validate,
} from "./schema.ts";

export interface LoadedConfig {
  readonly shared: SharedConfig;
  readonly box: BoxConfig;
  readonly core: CoreConfig;
}

/** Everything wrong in both files at once, or the configuration. Never throws. */
export function loadConfig(
  sharedInput: unknown,
  boxInput: unknown,
): { readonly config: LoadedConfig } | { readonly issues: ConfigIssue[] } {
  const shared = validate(SharedSchema, "config.json", sharedInput);
  const box = validate(BoxSchema, "box.json", boxInput);
  if ("issues" in shared || "issues" in box) {
    return {
      issues: [
        ...("issues" in shared ? shared.issues : []),
        ...("issues" in box ? box.issues : []),
      ],
    };
  }
  const issues = checkTogether(shared.value, box.value);
  if (issues.length > 0) return { issues };
  return { config: build(shared.value, box.value) };
}

function build(shared: SharedConfig, box: BoxConfig): LoadedConfig {
  const networks: NetworkConfig[] = [];
  for (const network of shared.networks) {
    const port = box.networks[network.name];
    if (port) networks.push(buildNetwork(network, port));
  }
  return { shared, box, core: { serving: box.role === "serving", networks } };
}

function buildNetwork(
  network: SharedNetwork,
  port: { readonly interface: string; readonly address: string },
): NetworkConfig {
  const subnet = knownSubnet(network.subnet);
  const ownAddress = ipv4(port.address.slice(0, port.address.indexOf("/")));
  return {
    name: network.name,
    interfaceName: port.interface,
    subnet,
    ownAddress,
    serverId: ownAddress,
    pools: network.pools.map((pool) => ({ from: ipv4(pool.from), to: ipv4(pool.to) })),
    reservations: network.reservations.map(buildReservation),
    leaseSeconds: network.leaseSeconds,
    minLeaseSeconds: Math.min(network.minLeaseSeconds, network.leaseSeconds),
    maxLeaseSeconds: network.maxLeaseSeconds ?? network.leaseSeconds,
    authoritative: network.authoritative,
    ignoreClientId: network.ignoreClientId,
    options: buildOptions(network, subnet),
  };
}

function buildReservation(entry: SharedNetwork["reservations"][number]): ReservationConfig {
  return { client: reservedClient(entry), address: ipv4(entry.address), name: entry.name ?? "" };
}

/** Identity as the core forms it: 0 + htype + MAC, or 1 + option 61 (RFC 2131 §4.2). */
export function reservedClient(entry: SharedNetwork["reservations"][number]): Uint8Array {
  if (entry.clientId !== undefined) {
    const bytes = entry.clientId.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
    return Uint8Array.of(1, ...bytes);
  }
  const mac = parseMac(entry.mac ?? "");
  if (!mac) throw new ConfigError("a reservation needs a mac or a clientId");
  return Uint8Array.of(0, 1, ...mac);
}

function buildOptions(network: SharedNetwork, subnet: Subnet): OptionValue[] {
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
  for (const [key, value] of Object.entries(network.options)) {
    const option = encodeConfigured(key, value);
    values.set(option.code, option.data);
  }
  return Array.from(values, ([code, data]) => ({ code, data }));
}

function knownSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (!subnet) throw new ConfigError(`"${text}" is not a network`);
  return subnet;
}
