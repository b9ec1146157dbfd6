// What no single field can know: ranges inside their network, names of other entries, entries that
// clash with each other. One file per subject; this one has the order, and what is about one network.

import { contains, formatIpv4, ipv4, parseSubnet, type Subnet } from "../base/address.ts";
import { ConfigError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";
import { checkBox } from "./check-box.ts";
import { checkGateway } from "./check-gateway.ts";
import { checkPair } from "./check-pair.ts";
import { checkReservations } from "./check-reservations.ts";
import { checkSegments } from "./check-segments.ts";
import { parseMatches } from "./classes.ts";
import { hostProblem } from "./hosts.ts";
import {
  checkTimes,
  DEFAULT_TIMES,
  type LeaseTimes,
  resolveTimes,
  UNKNOWN_TIMES,
} from "./levels.ts";
import { customOptionProblem, OptionNames } from "./options.ts";
import type { BoxConfig, Level, SharedConfig, SharedNetwork } from "./schema.ts";
import type { ConfigIssue, Say } from "./validate.ts";

/** All clashes at once, each naming the entry it clashes with. Inputs have passed the schema. */
export function checkTogether(shared: SharedConfig, box: BoxConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const say: Say = (path, reason) => issues.push({ file: "config.json", path, reason });
  const names = new OptionNames(shared.customOptions);
  checkCustomOptions(shared, say);
  checkLevel(shared, names, DEFAULT_TIMES, "", say);
  checkNames(shared, say);
  checkSegments(shared, say);
  const times = resolveTimes(shared, DEFAULT_TIMES);
  let addresses = 0;
  shared.networks.forEach((network, index) => {
    const path = `networks[${index}]`;
    const subnet = parseSubnet(network.subnet);
    if (!subnet) return;
    addresses += checkPools(network, subnet, path, say);
    checkAddresses(network, subnet, path, say);
    checkReservations(shared, index, subnet, say);
    checkLevels(network, names, times, path, say);
  });
  if (addresses > LIMITS.poolAddressesMax) {
    say(
      "networks",
      `all pools together hold ${addresses} addresses, more than ${LIMITS.poolAddressesMax}`,
    );
  }
  checkClasses(shared, names, say);
  checkPoolClasses(shared, say);
  const sayBox: Say = (path, reason) => issues.push({ file: "box.json", path, reason });
  checkBox(shared, box, sayBox);
  checkPair(shared, box, say, sayBox);
  checkGateway(shared, box, say, sayBox);
  return issues;
}

/** Options and lease times of one level. */
function checkLevel(
  level: Level,
  names: OptionNames,
  outer: LeaseTimes,
  path: string,
  say: Say,
): void {
  const earlier = new Map<number, string>();
  for (const [name, value] of Object.entries(level.options)) {
    const where = `${path === "" ? "" : `${path}.`}options.${name}`;
    try {
      const { code } = names.encode(name, value);
      const other = earlier.get(code);
      if (other !== undefined) say(where, `is the same option as "${other}"`);
      earlier.set(code, name);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      say(where, error.message);
    }
  }
  checkTimes(level, outer, path, say);
}

function checkCustomOptions(shared: SharedConfig, say: Say): void {
  const byCode = new Map<number, number>();
  const byName = new Map<string, number>();
  shared.customOptions.forEach(({ code, name }, index) => {
    const path = `customOptions[${index}]`;
    const problem = customOptionProblem(code, name);
    if (problem) say(path, problem);
    const sameCode = byCode.get(code);
    if (sameCode !== undefined) {
      say(`${path}.code`, `${code} is also the code of customOptions[${sameCode}]`);
    }
    const sameName = byName.get(name);
    if (sameName !== undefined) {
      say(`${path}.name`, `"${name}" is also the name of customOptions[${sameName}]`);
    }
    byCode.set(code, index);
    byName.set(name, index);
  });
}

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

function checkClasses(shared: SharedConfig, names: OptionNames, say: Say): void {
  const seen = new Map<string, number>();
  shared.classes.forEach((one, index) => {
    const path = `classes[${index}]`;
    const earlier = seen.get(one.name);
    if (earlier !== undefined) {
      say(`${path}.name`, `"${one.name}" is also the name of classes[${earlier}]`);
    } else seen.set(one.name, index);
    checkLevel(one, names, UNKNOWN_TIMES, path, say);
  });
  parseMatches(shared, names, say);
}

function checkPoolClasses(shared: SharedConfig, say: Say): void {
  const known = new Set(shared.classes.map((one) => one.name));
  shared.networks.forEach((network, index) => {
    network.pools.forEach((pool, poolIndex) => {
      for (const list of ["allow", "deny"] as const) {
        pool[list].forEach((name, at) => {
          const path = `networks[${index}].pools[${poolIndex}].${list}[${at}]`;
          if (!known.has(name)) say(path, `there is no class "${name}"`);
          else if (list === "deny" && pool.allow.includes(name)) {
            say(path, `"${name}" is in the pool's allow list as well`);
          }
        });
      }
    });
  });
}

function checkAddresses(network: SharedNetwork, subnet: Subnet, path: string, say: Say): void {
  if (network.gateway !== undefined) {
    const problem = hostProblem(ipv4(network.gateway), subnet, network.subnet);
    if (problem) say(`${path}.gateway`, problem);
  }
}

function checkLevels(
  network: SharedNetwork,
  names: OptionNames,
  outer: LeaseTimes,
  path: string,
  say: Say,
): void {
  checkLevel(network, names, outer, path, say);
  const times = resolveTimes(network, outer);
  const randomised = network.randomisedMacLeaseSeconds;
  const least = times.minLeaseSeconds;
  if (randomised !== undefined && least !== undefined && randomised < least) {
    say(
      `${path}.randomisedMacLeaseSeconds`,
      `${randomised} is less than minLeaseSeconds (${least})`,
    );
  }
  network.pools.forEach((pool, index) => {
    checkLevel(pool, names, times, `${path}.pools[${index}]`, say);
  });
  network.reservations.forEach((entry, index) => {
    checkLevel(entry, names, times, `${path}.reservations[${index}]`, say);
  });
}
