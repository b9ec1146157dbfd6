// Leases as people and programs see them: filtered, sorted, cut into pages.

import { formatIpv4, formatMac, isRandomisedMac } from "./base/address.ts";
import { hex } from "./base/bytes.ts";
import { FOREVER_SECONDS } from "./core/config-view.ts";
import type { Lease } from "./core/lease.ts";
import type { LeasePage, LeaseView } from "./http/api-types.ts";
import type { LeaseQuery, LeaseSort } from "./http/box-view.ts";

/** ISO 8601 of a wall-clock time in milliseconds; times beyond the year 9999 are shown as that. */
export function isoTime(milliseconds: number): string {
  return new Date(Math.min(Math.max(0, milliseconds), 253_402_300_799_000)).toISOString();
}

export function leaseView(lease: Lease, isReserved: (lease: Lease) => boolean): LeaseView {
  return {
    address: formatIpv4(lease.address),
    network: lease.network,
    state: lease.state,
    mac: macText(lease),
    randomisedMac: isRandomisedMac(lease.chaddr),
    clientId: lease.client[0] === 1 ? hex(lease.client.subarray(1)) : "",
    hostname: lease.hostname,
    vendorClass: lease.vendorClass,
    startsAt: isoTime(lease.startsAt * 1000),
    seenAt: isoTime(lease.seenAt * 1000),
    expiresAt: isoTime(lease.expiresAt * 1000),
    neverEnds: isForGood(lease),
    reserved: isReserved(lease),
  };
}

/** As a device shows it; of other hardware than Ethernet plain hexadecimal. */
export function macText({ htype, chaddr }: Lease): string {
  return htype === 1 && chaddr.length === 6 ? formatMac(chaddr) : hex(chaddr);
}

/** When it ends or has ended, ISO 8601; "never". */
export function endText(lease: Lease): string {
  return isForGood(lease) ? "never" : isoTime(lease.expiresAt * 1000);
}

function isForGood({ state, leaseSeconds }: Lease): boolean {
  return state === "active" && leaseSeconds === FOREVER_SECONDS;
}

const COMPARE: Readonly<Record<LeaseSort, (a: Lease, b: Lease) => number>> = {
  address: (a, b) => a.address - b.address,
  hostname: (a, b) => compareText(a.hostname, b.hostname),
  mac: (a, b) => compareBytes(a.chaddr, b.chaddr),
  state: (a, b) => compareText(a.state, b.state),
  expiresAt: (a, b) => a.expiresAt - b.expiresAt,
  seenAt: (a, b) => a.seenAt - b.seenAt,
};

export function selectLeases(
  leases: Iterable<Lease>,
  query: LeaseQuery,
  isReserved: (lease: Lease) => boolean,
): LeasePage {
  const found: Lease[] = [];
  const wanted = query.search?.toLowerCase() ?? "";
  for (const lease of leases) {
    if (query.network !== undefined && lease.network !== query.network) continue;
    if (query.state !== undefined && lease.state !== query.state) continue;
    if (wanted !== "" && !matches(lease, wanted)) continue;
    found.push(lease);
  }
  const compare = COMPARE[query.sort ?? "address"];
  const sign = query.descending ? -1 : 1;
  found.sort((a, b) => sign * compare(a, b) || a.address - b.address);
  const page = found.slice(query.offset, query.offset + query.limit);
  return {
    total: found.length,
    offset: query.offset,
    leases: page.map((lease) => leaseView(lease, isReserved)),
  };
}

function matches(lease: Lease, wanted: string): boolean {
  return (
    formatIpv4(lease.address).includes(wanted) ||
    lease.hostname.includes(wanted) ||
    formatMac(lease.chaddr).includes(wanted.replaceAll("-", ":")) ||
    (lease.client[0] === 1 && hex(lease.client.subarray(1)).includes(wanted)) ||
    lease.vendorClass.toLowerCase().includes(wanted)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
