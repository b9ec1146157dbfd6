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

const COMPARE: Readonly<Record<LeaseSort, Compare>> = {
  address: (a, b) => a.address - b.address,
  hostname: (a, b) => compareText(a.hostname, b.hostname),
  mac: (a, b) => compareBytes(a.chaddr, b.chaddr),
  state: (a, b) => compareText(a.state, b.state),
  expiresAt: (a, b) => a.expiresAt - b.expiresAt,
  seenAt: (a, b) => a.seenAt - b.seenAt,
};

type Compare = (a: Lease, b: Lease) => number;

export function selectLeases(
  leases: Iterable<Lease>,
  query: LeaseQuery,
  isReserved: (lease: Lease) => boolean,
): LeasePage {
  const { network, state, offset, limit } = query;
  const compare = COMPARE[query.sort ?? "address"];
  const sign = query.descending ? -1 : 1;
  const first = new First(offset + limit, (a, b) => sign * compare(a, b) || a.address - b.address);
  const isWanted = query.search ? finder(query.search.toLowerCase()) : undefined;
  let total = 0;
  for (const lease of leases) {
    if (network !== undefined && lease.network !== network) continue;
    if (state !== undefined && lease.state !== state) continue;
    if (isWanted && !isWanted(lease)) continue;
    total++;
    first.add(lease);
  }
  const page = first.all().slice(offset, offset + limit);
  return { total, offset, leases: page.map((lease) => leaseView(lease, isReserved)) };
}

/**
 * The first so many of a long list in some order, without putting all of it in order: packets wait while a page is
 * made.
 */
class First {
  readonly #count: number;
  readonly #compare: Compare;
  /** At most twice as many as are wanted; the first ones of all that were seen are among them. */
  #kept: Lease[] = [];
  /** Whoever comes behind it is none of them. */
  #last: Lease | undefined;

  constructor(count: number, compare: Compare) {
    this.#count = count;
    this.#compare = compare;
  }

  add(lease: Lease): void {
    if (this.#last && this.#compare(lease, this.#last) >= 0) return;
    this.#kept.push(lease);
    if (this.#kept.length >= 2 * this.#count) this.#last = this.all().at(-1);
  }

  all(): readonly Lease[] {
    this.#kept.sort(this.#compare);
    this.#kept = this.#kept.slice(0, this.#count);
    return this.#kept;
  }
}

/** Looks for a text in lower case only where it could be: most are names, and no address is made text for these. */
function finder(wanted: string): (lease: Lease) => boolean {
  const octets = wanted.replaceAll("-", ":");
  const mayBeAddress = /^[0-9.]+$/.test(wanted);
  const mayBeMac = /^[0-9a-f:]+$/.test(octets);
  const mayBeHex = /^[0-9a-f]+$/.test(wanted);
  return ({ address, hostname, chaddr, client, vendorClass }) =>
    hostname.includes(wanted) ||
    (mayBeAddress && formatIpv4(address).includes(wanted)) ||
    (mayBeMac && formatMac(chaddr).includes(octets)) ||
    (mayBeHex && client[0] === 1 && hex(client.subarray(1)).includes(wanted)) ||
    vendorClass.toLowerCase().includes(wanted);
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
