// What no single field can know: ranges inside their network, entries that clash with each other.

import {
  broadcastOf,
  contains,
  formatIpv4,
  type Ipv4,
  ipv4,
  parseSubnet,
  type Subnet,
} from "../base/address.ts";
import { ConfigError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";
import { encodeConfigured } from "./options.ts";
import type { BoxConfig, ConfigIssue, SharedConfig, SharedNetwork } from "./schema.ts";

/** All clashes at once, each naming the entry it clashes with. Inputs have passed the schema. */
export function checkTogether(shared: SharedConfig, box: BoxConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const say = (path: string, reason: string, file = "config.json") =>
    issues.push({ file, path, reason });
  checkNames(shared, say);
  let addresses = 0;
  shared.networks.forEach((network, index) => {
    const path = `networks[${index}]`;
    const subnet = parseSubnet(network.subnet);
    if (!subnet) return;
    addresses += checkPools(network, subnet, path, say);
    checkAddresses(network, subnet, path, say);
    checkReservations(network, subnet, path, say);
    checkOptions(network, path, say);
    checkTimes(network, path, say);
  });
  if (addresses > LIMITS.poolAddressesMax) {
    say(
      "networks",
      `all pools together hold ${addresses} addresses, more than ${LIMITS.poolAddressesMax}`,
    );
  }
  checkBox(shared, box, (path, reason) => say(path, reason, "box.json"));
  return issues;
}

type Say = (path: string, reason: string) => void;

function checkNames(shared: SharedConfig, say: Say): void {
  const seen = new Map<string, number>();
  shared.networks.forEach((network, index) => {
    const earlier = seen.get(network.name);
    if (earlier !== undefined) {
      say(`networks[${index}].name`, `"${network.name}" is also the name of networks[${earlier}]`);
    }
    seen.set(network.name, index);
    const subnet = parseSubnet(network.subnet);
    for (let other = 0; other < index; other++) {
      const text = shared.networks[other]?.subnet ?? "";
      const otherSubnet = parseSubnet(text);
      if (!subnet || !otherSubnet) continue;
      if (contains(subnet, otherSubnet.address) || contains(otherSubnet, subnet.address)) {
        say(
          `networks[${index}].subnet`,
          `${network.subnet} overlaps ${text} of networks[${other}]`,
        );
      }
    }
  });
}

function checkPools(network: SharedNetwork, subnet: Subnet, path: string, say: Say): number {
  let addresses = 0;
  network.pools.forEach((pool, index) => {
    const where = `${path}.pools[${index}]`;
    const from = ipv4(pool.from);
    const to = ipv4(pool.to);
    for (const [end, value] of [
      ["from", from],
      ["to", to],
    ] as const) {
      if (!contains(subnet, value)) {
        say(`${where}.${end}`, `${formatIpv4(value)} is outside ${network.subnet}`);
      }
    }
    if (from > to) {
      say(where, `${pool.from} comes after ${pool.to}`);
      return;
    }
    addresses += to - from + 1;
    for (let other = 0; other < index; other++) {
      const earlier = network.pools[other];
      if (earlier && from <= ipv4(earlier.to) && to >= ipv4(earlier.from)) {
        say(
          where,
          `${pool.from}-${pool.to} overlaps pools[${other}] (${earlier.from}-${earlier.to})`,
        );
      }
    }
  });
  return addresses;
}

function checkAddresses(network: SharedNetwork, subnet: Subnet, path: string, say: Say): void {
  if (network.gateway !== undefined) {
    const problem = hostProblem(ipv4(network.gateway), subnet, network.subnet);
    if (problem) say(`${path}.gateway`, problem);
  }
}

function hostProblem(address: Ipv4, subnet: Subnet, text: string): string | undefined {
  if (!contains(subnet, address)) return `${formatIpv4(address)} is outside ${text}`;
  if (subnet.prefix >= 31) return undefined;
  if (address === subnet.address)
    return `${formatIpv4(address)} is the address of the network itself`;
  if (address === broadcastOf(subnet)) {
    return `${formatIpv4(address)} is the broadcast address of ${text}`;
  }
  return undefined;
}

function checkReservations(network: SharedNetwork, subnet: Subnet, path: string, say: Say): void {
  const byAddress = new Map<string, number>();
  const byClient = new Map<string, number>();
  network.reservations.forEach((entry, index) => {
    const where = `${path}.reservations[${index}]`;
    const problem = hostProblem(ipv4(entry.address), subnet, network.subnet);
    if (problem) say(`${where}.address`, problem);
    if (entry.address === network.gateway) {
      say(`${where}.address`, `${entry.address} is the gateway of this network`);
    }
    if ((entry.mac === undefined) === (entry.clientId === undefined)) {
      say(where, "needs either a mac or a clientId");
      return;
    }
    const client = (entry.clientId ?? entry.mac ?? "").toLowerCase().replaceAll("-", ":");
    clash(byAddress, entry.address, index, `${where}.address`);
    clash(byClient, client, index, `${where}.${entry.mac ? "mac" : "clientId"}`);
  });

  function clash(seen: Map<string, number>, key: string, index: number, where: string): void {
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, index);
    else {
      const name = network.reservations[earlier]?.name;
      say(where, `${key} is already used by reservations[${earlier}]${name ? ` (${name})` : ""}`);
    }
  }
}

function checkOptions(network: SharedNetwork, path: string, say: Say): void {
  for (const [key, value] of Object.entries(network.options)) {
    try {
      encodeConfigured(key, value);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      say(`${path}.options.${key}`, error.message);
    }
  }
}

function checkTimes(network: SharedNetwork, path: string, say: Say): void {
  const max = network.maxLeaseSeconds ?? network.leaseSeconds;
  if (max < network.leaseSeconds) {
    say(`${path}.maxLeaseSeconds`, `${max} is less than leaseSeconds (${network.leaseSeconds})`);
  }
}

function checkBox(shared: SharedConfig, box: BoxConfig, say: Say): void {
  const byInterface = new Map<string, string>();
  for (const [name, port] of Object.entries(box.networks)) {
    const network = shared.networks.find((candidate) => candidate.name === name);
    if (!network) {
      say(`networks.${name}`, `config.json has no network named "${name}"`);
      continue;
    }
    const earlier = byInterface.get(port.interface);
    if (earlier) say(`networks.${name}.interface`, `${port.interface} already serves "${earlier}"`);
    byInterface.set(port.interface, name);
    checkOwnAddress(network, port.address, `networks.${name}.address`, say);
  }
}

function checkOwnAddress(network: SharedNetwork, own: string, path: string, say: Say): void {
  const subnet = parseSubnet(network.subnet);
  const [text = "", prefix = ""] = own.split("/");
  if (!subnet) return;
  const problem = hostProblem(ipv4(text), subnet, network.subnet);
  if (problem) say(path, problem);
  else if (Number(prefix) !== subnet.prefix) {
    say(path, `has the prefix /${prefix}, but the network is ${network.subnet}`);
  }
  const taken = network.reservations.findIndex((entry) => entry.address === text);
  if (taken >= 0) say(path, `${text} is reserved by reservations[${taken}] of "${network.name}"`);
}
