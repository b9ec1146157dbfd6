// Devices, lengths of time and addresses as the sentences of consequences name them.

import { formatIpv4, formatMac } from "../base/address.ts";
import { formatMinute } from "../base/time.ts";
import { FOREVER_SECONDS } from "../core/config-view.ts";
import type { LeaseFacts } from "./consequence-scene.ts";

const NAMED_MAX = 3;
/** A time later than 9999 is no date that a person could use. */
const LATEST_SECONDS = 253_402_300_799;

export type ConsequenceSeverity = "info" | "warning" | "danger";

/** Something that people will notice when a configuration comes into force. */
export interface Consequence {
  /** What kind it is, such as "leases-outside-pools". */
  readonly id: string;
  readonly severity: ConsequenceSeverity;
  /** The setting behind it, such as `networks[lan].pools`. */
  readonly path: string;
  /** One whole sentence, or two, for people. */
  readonly sentence: string;
}

/** "1 device" and "3 devices". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** "192.168.1.50 printer, 192.168.1.51 desk, 192.168.1.52 and 4 more", in the order of their addresses. */
export function some(leases: readonly LeaseFacts[]): string {
  const first = leases.toSorted((a, b) => a.address - b.address).slice(0, NAMED_MAX);
  return listed(first.map(device), leases.length - first.length);
}

/** At most three of them, and how many more there are. */
export function someOf(names: readonly string[]): string {
  return listed(names.slice(0, NAMED_MAX), names.length - Math.min(names.length, NAMED_MAX));
}

function listed(names: readonly string[], more: number): string {
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

export function device(lease: LeaseFacts): string {
  const name = nameOf(lease);
  return name === "" ? formatIpv4(lease.address) : `${formatIpv4(lease.address)} ${name}`;
}

/** What people know it by, "" for a device that says nothing. */
export function nameOf({ hostname, chaddr }: LeaseFacts): string {
  return hostname !== "" ? hostname : formatMac(chaddr);
}

/** "12 hours"; "for ever" has no length. */
export function lengthOf(seconds: number): string {
  if (seconds === FOREVER_SECONDS) return "without an end";
  for (const [unit, length] of UNITS) {
    if (seconds >= length && seconds % length === 0) return count(seconds / length, unit);
  }
  return count(seconds, "second");
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** When the last of them ends, in words that follow "by". Undefined: there are none, or none ever ends. */
export function lastEnd(leases: readonly LeaseFacts[], nowSeconds: number): string | undefined {
  let last = 0;
  for (const { leaseSeconds, expiresAt } of leases) {
    if (leaseSeconds !== FOREVER_SECONDS && expiresAt > last) last = expiresAt;
  }
  return last > nowSeconds ? formatMinute(Math.min(last, LATEST_SECONDS)) : undefined;
}

export function isForGood({ leaseSeconds }: LeaseFacts): boolean {
  return leaseSeconds === FOREVER_SECONDS;
}

/** "Devices learn it when they renew, the last of them by …": of a parameter that is told with a lease. */
export function learned(leases: readonly LeaseFacts[], nowSeconds: number): string {
  const end = lastEnd(leases, nowSeconds);
  const forGood = leases.filter(isForGood);
  const renewing =
    end === undefined ? "" : ` Devices learn it when they renew, the last by ${end}.`;
  if (forGood.length === 0) return renewing;
  const those = count(forGood.length, "device");
  return `${renewing} ${those} with a lease without an end will not ask again before being started anew (${some(forGood)}).`;
}
