import type { Ipv4 } from "../../daemon/base/address.ts";
import type { PairState } from "../../daemon/core/failover/pair-state.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { copyLease } from "../../daemon/core/lease-book.ts";

/** A lease as a phone in an office would have it. Different sequences give different contents. */
export function makeLease(sequence: number, address: number, more: Partial<Lease> = {}): Lease {
  const chaddr = Uint8Array.of(2, 0, 0x5e, address >>> 16, address >>> 8, address);
  const startsAt = 1_780_000_000 + sequence;
  return {
    address: (0x0a4d0000 + address) as Ipv4,
    network: "office",
    state: "active",
    client: Uint8Array.of(1, 1, ...chaddr),
    htype: 1,
    chaddr,
    hostname: `phone-${address}`,
    vendorClass: "android-dhcp-14",
    relayAgent: new Uint8Array(0),
    canForceRenew: false,
    xid: 0,
    startsAt,
    seenAt: startsAt,
    expiresAt: startsAt + 43_200,
    leaseSeconds: 43_200,
    clockUncertain: false,
    toldUntil: 0,
    agreedUntil: 0,
    fromPartner: false,
    sequence,
    durableExpiresAt: startsAt + 43_200,
    ...more,
  };
}

/** The state of a pair in good health; `agreedThrough` tells which record it was made for. */
export function makePair(sequence: number, more: Partial<PairState> = {}): PairState {
  return {
    state: "normal",
    since: 1_780_000_000 + sequence,
    partnerState: "communications-interrupted",
    partnerSince: 1_779_000_000 + sequence,
    mcltSeconds: 600,
    agreedThrough: Math.max(0, sequence - 1),
    partnerSequence: 3 * sequence,
    contactEnd: sequence,
    epoch: 2,
    mustWait: false,
    ...more,
  };
}

/** What the journal of a box that ends now says at its next start. */
export function readBack(leases: Iterable<Lease>): Lease[] {
  return Array.from(leases, (lease) => ({
    ...copyLease(lease),
    durableExpiresAt: lease.expiresAt,
  }));
}
