// Whom a question is about: from a name, an address or a MAC to the device and all that is known of it.

import type { Ipv4 } from "./base/address.ts";
import { packBytes } from "./base/bytes.ts";
import type { NetworkConfig, ReservationConfig } from "./core/config-view.ts";
import type { PairView } from "./core/failover/pair-view.ts";
import type { History, PastDecision } from "./core/history.ts";
import type { Lease } from "./core/lease.ts";
import type { LeaseBook, LeaseEntry } from "./core/lease-book.ts";
import type { NetworkStatus, WhySeverity } from "./http/api-types.ts";

/** What an answer is made from; read once, at the moment of the question. */
export interface WhySources {
  /** Wall-clock milliseconds: how far the history goes back. */
  readonly startedAt: number;
  readonly networks: readonly NetworkConfig[];
  readonly book: Pick<LeaseBook, "at" | "leases">;
  readonly history: Pick<History, "of" | "about">;
  /** Undefined for a box that works alone. */
  readonly pair?: Pick<PairView, "role" | "state"> | undefined;
  /** How a network is doing now. */
  status(network: string): NetworkStatus | undefined;
}

/** The device that a question is about, and all that is known of it. */
export interface Subject {
  /** Empty for a client that was only ever seen by its client identifier. */
  readonly chaddr: Uint8Array;
  /** The lease it has, or the one that ended last. */
  readonly lease: Lease | undefined;
  readonly reservation: Reserved | undefined;
  /** Newest first. */
  readonly decisions: readonly PastDecision[];
}

export interface Reserved {
  readonly network: NetworkConfig;
  readonly entry: ReservationConfig;
}

export interface Verdict {
  readonly severity: WhySeverity;
  readonly verdict: string;
  readonly advice: string;
}

/** Whom an address is reserved for. */
export function reservedAt(
  address: Ipv4,
  networks: readonly NetworkConfig[],
): Reserved | undefined {
  for (const network of networks) {
    const entry = network.reservations.find((reservation) => reservation.address === address);
    if (entry) return { network, entry };
  }
  return undefined;
}

/** Devices of this name, or of its first label; those with a lease first, then by when they were heard. */
export function namedLike(text: string, { book, networks, ...rest }: WhySources): Subject[] {
  const sources = { book, networks, ...rest };
  const whole = text.toLowerCase();
  const dot = whole.indexOf(".");
  const names = dot > 0 ? [whole, whole.slice(0, dot)] : [whole];
  const found = new Map<string, Subject>();
  const add = (subject: Subject) => {
    const key = subject.lease ? packBytes(subject.lease.client) : packBytes(subject.chaddr);
    if (!found.has(key)) found.set(key, subject);
  };
  const leases: LeaseEntry[] = [];
  for (const lease of book.leases()) {
    if (lease.hostname !== "" && lease.state !== "abandoned" && names.includes(lease.hostname))
      leases.push(lease);
  }
  leases.sort(byUse);
  for (const lease of leases) add({ ...subjectOf(lease.chaddr, sources), lease });
  for (const network of networks) {
    for (const entry of network.reservations) {
      const { key, name } = entry;
      const isNamed = key.kind === "hostname" && names.includes(key.hostname);
      if (!isNamed && !names.includes(name.toLowerCase())) continue;
      const isByMac = key.kind === "client" && key.client[0] === 0;
      const holder = book.at(entry.address);
      const subject = subjectOf(
        isByMac ? key.client.subarray(2) : (holder?.chaddr ?? NOBODY),
        sources,
      );
      add({ ...subject, reservation: { network, entry } });
    }
  }
  return [...found.values()];
}

export function subjectOf(chaddr: Uint8Array, sources: WhySources): Subject {
  if (chaddr.length === 0) return nobody();
  const lease = bestLease(chaddr, sources.book);
  const decisions = sources.history.of(chaddr);
  const here = lease?.network ?? decisions[0]?.network;
  // Reservations of one device on several networks: the one where it is.
  const networks = sources.networks.toSorted(
    (a, b) => Number(b.name === here) - Number(a.name === here),
  );
  return { chaddr, lease, reservation: reservationOf(chaddr, lease, networks), decisions };
}

export function nobody(): Subject {
  return { chaddr: NOBODY, lease: undefined, reservation: undefined, decisions: [] };
}

const NOBODY = new Uint8Array(0);

function bestLease(chaddr: Uint8Array, book: Pick<LeaseBook, "leases">): Lease | undefined {
  const packed = packBytes(chaddr);
  let best: LeaseEntry | undefined;
  for (const entry of book.leases()) {
    // An address that is set aside bears the MAC of the device that keeps others from it.
    if (entry.packedChaddr !== packed || entry.state === "abandoned") continue;
    if (!best || byUse(entry, best) < 0) best = entry;
  }
  return best;
}

function byUse(a: Lease, b: Lease): number {
  return Number(b.state === "active") - Number(a.state === "active") || b.seenAt - a.seenAt;
}

function reservationOf(
  chaddr: Uint8Array,
  lease: Lease | undefined,
  networks: readonly NetworkConfig[],
): Reserved | undefined {
  const keys = [packBytes(Uint8Array.of(0, 1, ...chaddr))];
  if (lease) keys.push(packBytes(lease.client));
  for (const network of networks) {
    for (const entry of network.reservations) {
      const { key } = entry;
      const isTheirs =
        key.kind === "client"
          ? keys.includes(packBytes(key.client))
          : key.kind === "hostname"
            ? key.hostname === lease?.hostname
            : entry.address === lease?.address;
      if (isTheirs) return { network, entry };
    }
  }
  return undefined;
}
