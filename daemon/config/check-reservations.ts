// Reservations that cannot be kept, or that clash with another entry.

import { ipv4, type Subnet } from "../base/address.ts";
import { hostProblem } from "./hosts.ts";
import { comparableKey, KEY_SETTINGS, keySettings } from "./reservations.ts";
import {
  type SharedConfig,
  type SharedNetwork,
  type SharedReservation,
  segmentOf,
} from "./schema.ts";
import type { Say } from "./validate.ts";

/** The reservations of one network, against each other and those of earlier networks on its wire. */
export function checkReservations(
  shared: SharedConfig,
  index: number,
  subnet: Subnet,
  say: Say,
): void {
  const network = shared.networks[index];
  if (!network) return;
  const byAddress = new Map<string, string>();
  const byKey = neighbourKeys(shared, index);
  network.reservations.forEach((entry, at) => {
    const place = `reservations[${at}]`;
    const where = `networks[${index}].${place}`;
    const label = entry.name ? `${place} (${entry.name})` : place;
    checkAddress(network, entry, subnet, `${where}.address`, say);
    const [setting, ...others] = keySettings(entry);
    if (setting === undefined || others.length > 0) {
      const has = keySettings(entry).join(" and ") || "none of them";
      say(where, `needs exactly one of ${KEY_SETTINGS.join(", ")} (found ${has})`);
      return;
    }
    claim(byAddress, entry.address, entry.address, label, `${where}.address`, say);
    const shown = shownKey(entry);
    claim(byKey, comparableKey(entry), shown, label, `${where}.${setting}`, say);
  });
}

function checkAddress(
  network: SharedNetwork,
  { address }: SharedReservation,
  subnet: Subnet,
  path: string,
  say: Say,
): void {
  const problem = hostProblem(ipv4(address), subnet, network.subnet);
  if (problem) say(path, problem);
  if (address === network.gateway) say(path, `${address} is the gateway of this network`);
  const trusted = network.trustedServers.indexOf(address);
  if (trusted >= 0) say(path, `${address} is another DHCP server, trustedServers[${trusted}]`);
  const relay = network.relays.indexOf(address);
  if (relay >= 0) say(path, `${address} is a relay, relays[${relay}]`);
}

/** A device on one wire would match the reservations of all its networks at once. */
function neighbourKeys(shared: SharedConfig, index: number): Map<string, string> {
  const own = shared.networks[index];
  const keys = new Map<string, string>();
  if (!own) return keys;
  shared.networks.slice(0, index).forEach((other, otherIndex) => {
    if (segmentOf(other) !== segmentOf(own)) return;
    other.reservations.forEach((entry, at) => {
      if (keySettings(entry).length !== 1) return;
      const name = entry.name ? ` (${entry.name})` : "";
      keys.set(comparableKey(entry), `networks[${otherIndex}].reservations[${at}]${name}`);
    });
  });
  return keys;
}

function claim(
  seen: Map<string, string>,
  key: string,
  shown: string,
  label: string,
  path: string,
  say: Say,
): void {
  const earlier = seen.get(key);
  if (earlier === undefined) seen.set(key, label);
  else say(path, `${shown} is already used by ${earlier}`);
}

function shownKey(entry: SharedReservation): string {
  const { mac, clientId, circuitId, remoteId, hostname } = entry;
  const hardware = (mac ?? clientId)?.toLowerCase().replaceAll("-", ":");
  return hardware ?? circuitId ?? remoteId ?? hostname?.toLowerCase() ?? "";
}
