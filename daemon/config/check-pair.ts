// The pair: what both files say of it together, and against the networks.

import { contains, ipv4, parseSubnet } from "../base/address.ts";
import { FOREVER_SECONDS } from "../core/config-view.ts";
import { DEFAULT_TIMES, resolveTimes } from "./levels.ts";
import { type BoxPair, isFound, pairPorts, type SharedPair } from "./pair.ts";
import type { BoxConfig, Level, SharedConfig } from "./schema.ts";
import type { Say } from "./validate.ts";

export function checkPair(shared: SharedConfig, box: BoxConfig, say: Say, sayBox: Say): void {
  if (shared.pair) checkShared(shared, shared.pair, say);
  if (box.pair) checkPartner(shared, box, box.pair, sayBox);
  if (shared.pair && box.pair) {
    checkTogether(shared.pair, box.pair, sayBox);
  } else if (shared.pair) {
    sayBox("pair", `is missing, but config.json has the pair "${shared.pair.name}"`);
  } else if (box.pair && !isFound(box.pair)) {
    say("pair", "is missing, but box.json has a partner");
  }
  if (box.pair && box.role === "standby") {
    sayBox("role", '"standby" answers nobody; a box of a pair is "serving" (see pair.mode)');
  }
}

/** Either where it is, or who it is. */
function checkPartner(shared: SharedConfig, box: BoxConfig, pair: BoxPair, say: Say): void {
  const { address, partner, partnerIdentity } = pair;
  checkPorts(shared, box, pair, say);
  if (address !== undefined && partner !== undefined) {
    checkAddresses(shared, box, { address, partner }, say);
  } else if (address !== undefined) {
    say("pair.partner", "is missing, but pair.address is there");
  } else if (partner !== undefined) {
    say("pair.address", "is missing, but pair.partner is there");
  } else if (partnerIdentity === undefined) {
    say("pair.partnerIdentity", "is missing, and so are pair.address and pair.partner");
  } else if (pair.partnerPort !== undefined) {
    say("pair.partnerPort", "is of a partner with an address; this one says its port itself");
  }
}

/** What is of one file and does not go with the other. */
function checkTogether(pair: SharedPair, box: BoxPair, say: Say): void {
  if (pair.protocol !== "isc") return;
  if (isFound(box)) {
    say("pair", "needs address and partner; a dhcpd is not looked for (see pair.protocol)");
  } else if (box.partnerIdentity !== undefined) {
    say("pair.partnerIdentity", "is of a box; a dhcpd has none (see pair.protocol)");
  }
}

function checkShared(shared: SharedConfig, pair: SharedPair, say: Say): void {
  if (pair.mode === "hot-standby" && pair.primaryPercent !== undefined) {
    say("pair.primaryPercent", 'is of load balancing, but mode is "hot-standby"');
  }
  if (pair.mode === "load-balancing" && pair.reservePercent !== undefined) {
    say("pair.reservePercent", 'is of hot standby, but mode is "load-balancing"');
  }
  if (pair.protocol === "isc" && (pair.partnerWaitMilliseconds ?? 0) > 0) {
    say("pair.partnerWaitMilliseconds", "must be 0 with dhcpd, which acknowledges seconds later");
  }
  const longest = longestLease(shared);
  if (pair.mcltSeconds !== undefined && pair.mcltSeconds > longest) {
    say(
      "pair.mcltSeconds",
      `${pair.mcltSeconds} is longer than the longest lease of any network (${longest})`,
    );
  }
}

/** Seconds of the longest lease that any level may give. */
function longestLease(shared: SharedConfig): number {
  const outer = resolveTimes(shared, DEFAULT_TIMES);
  const usual = shared.networks.map((one) => resolveTimes(one, outer).maxLeaseSeconds ?? 0);
  const inner: readonly Level[] = [
    ...shared.classes,
    ...shared.networks.flatMap((one) => [...one.pools, ...one.reservations]),
  ];
  const special = inner.map((one) => one.maxLeaseSeconds ?? one.leaseSeconds ?? 0);
  if (usual.length + special.length === 0) return FOREVER_SECONDS;
  return [...usual, ...special].reduce((a, b) => Math.max(a, b), 0);
}

interface Ends {
  readonly address: string;
  readonly partner: string;
}

function checkAddresses(shared: SharedConfig, box: BoxConfig, pair: Ends, say: Say): void {
  for (const end of ["address", "partner"] as const) {
    const path = `pair.${end}`;
    const problem = addressProblem(pair[end]);
    if (problem) say(path, problem);
    else checkAgainstNetworks(shared, pair[end], path, say);
  }
  if (pair.address === pair.partner) {
    say("pair.partner", `${pair.partner} is pair.address, that of this box`);
    return;
  }
  for (const [name, port] of Object.entries(box.networks)) {
    if (port.address.split("/")[0] === pair.partner) {
      say("pair.partner", `${pair.partner} is this box's own address in networks.${name}`);
    }
  }
  if (isLoopback(pair.address) !== isLoopback(pair.partner)) {
    const [end, text] = isLoopback(pair.address)
      ? (["address", pair.address] as const)
      : (["partner", pair.partner] as const);
    say(`pair.${end}`, `${text} is known inside one box only`);
  }
}

/** No client may be given the address, and no client be told that it is the gateway. */
function checkAgainstNetworks(shared: SharedConfig, text: string, path: string, say: Say): void {
  const address = ipv4(text);
  shared.networks.forEach((network) => {
    const subnet = parseSubnet(network.subnet);
    if (!subnet || !contains(subnet, address)) return;
    const of = `of "${network.name}"`;
    if (network.gateway === text) say(path, `${text} is the gateway ${of}`);
    network.pools.forEach((pool, index) => {
      if (address < ipv4(pool.from) || address > ipv4(pool.to)) return;
      say(path, `${text} is inside pools[${index}] ${of} (${pool.from}-${pool.to})`);
    });
    const reserved = network.reservations.findIndex((entry) => entry.address === text);
    if (reserved >= 0) say(path, `${text} is reserved by reservations[${reserved}] ${of}`);
  });
}

function checkPorts(shared: SharedConfig, box: BoxConfig, pair: BoxPair, say: Say): void {
  const { own } = pairPorts(shared.pair?.protocol ?? "tandem", pair);
  if (shared.leasequery?.bulkPort === own) {
    say("pair.port", `${own} is also leasequery.bulkPort of config.json`);
  }
  if (box.http.port === own && pair.address !== undefined && isLoopback(pair.address)) {
    say("pair.port", `${own} is also http.port`);
  }
  const lans = Object.values(box.networks).map(({ address }) => address.split("/")[0]);
  if (box.http.httpsPort === own && pair.address !== undefined && lans.includes(pair.address)) {
    say("pair.port", `${own} is also http.httpsPort`);
  }
}

/** Why no box can have this address. */
function addressProblem(text: string): string | undefined {
  const first = ipv4(text) >>> 24;
  if (first === 0) return `${text} is not an address that a box can have`;
  if (first >= 224) return `${text} is a multicast or broadcast address, or reserved`;
  return undefined;
}

function isLoopback(text: string): boolean {
  return ipv4(text) >>> 24 === 127;
}
