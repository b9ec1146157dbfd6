// Changes of leases that the pair brings about: what the partner says, and what changes hands between the
// boxes. All else that changes leases is in bindings.ts.

import type { Ipv4 } from "../../base/address.ts";
import { hashBytes, unpackBytes } from "../../base/bytes.ts";
import type { WallSeconds } from "../../base/time.ts";
import type { Bindings } from "../bindings.ts";
import type { Effect } from "../effect.ts";
import type { BindingState } from "../lease.ts";
import { type LeaseEntry, NOBODY } from "../lease-book.ts";
import type { AddressPool } from "../pool.ts";
import type { Told } from "./binding-fields.ts";

/** Where an address belongs by the configuration. */
export interface AddressPlace {
  readonly network: string;
  readonly pool: AddressPool;
}

/** Which statuses have a client, or remember the last one. */
const NO_CLIENT: ReadonlySet<BindingState> = new Set(["abandoned"]);

/** Takes over what the partner says of an address; `state` is what it is from now on. */
export function take(
  bindings: Bindings,
  hashSeed: number,
  told: Told,
  state: BindingState,
  expiresAt: WallSeconds,
  place: AddressPlace,
  out: Effect[],
): LeaseEntry {
  const { book, clock } = bindings;
  const { pool } = place;
  const entry = book.at(told.address) ?? book.create(told.address, pool, pool.slotOf(told.address));
  bindings.beforeChange(entry, out);
  entry.isUntold = false;
  const hasClient = told.packedClient !== "" && !NO_CLIENT.has(state);
  const keepsClient = !hasClient && state !== "abandoned" && state !== "active";
  if (!keepsClient && told.packedClient !== entry.packedClient) {
    const client = hasClient ? unpackBytes(told.packedClient) : NOBODY;
    bindings.book.setClient(entry, client, hashBytes(client, hashSeed));
    entry.hostname = "";
    entry.vendorClass = "";
    entry.relayAgent = NOBODY;
    entry.canForceRenew = false;
    entry.xid = 0;
  }
  if (hasClient) {
    entry.htype = told.htype;
    entry.chaddr = told.chaddr;
  }
  const { request } = told;
  if (hasClient && request) {
    entry.hostname = request.hostname;
    entry.vendorClass = request.vendorClass;
    entry.relayAgent = request.relayAgent;
    entry.canForceRenew = request.canForceRenew;
    entry.xid = request.xid;
  }
  entry.state = state;
  entry.network = place.network;
  entry.startsAt = told.startsAt;
  if (told.seenAt > 0 || keepsClient)
    entry.seenAt = Math.max(told.seenAt, keepsClient ? entry.seenAt : 0);
  entry.expiresAt = expiresAt;
  entry.leaseSeconds = Math.max(0, expiresAt - clock.secondsFromNow(0));
  // The partner says nothing that is not on its own disk. What has ended both agree on with this.
  entry.toldUntil = state === told.state ? told.potentialUntil : clock.seconds;
  entry.agreedUntil = entry.toldUntil;
  const offer = bindings.offers.at(told.address);
  if (offer && state !== "free" && state !== "backup") bindings.offers.drop(offer);
  bindings.persist(entry, out, true);
  return entry;
}

/** Nobody holds the address any more, and the partner has not confirmed it (§5.11). */
export function isTransitional(state: BindingState): boolean {
  return state === "expired" || state === "released" || state === "reset";
}

/** Both boxes know that nobody has the address any more (§5.11): it is the primary's. */
export function settleEnded(bindings: Bindings, entry: LeaseEntry, out: Effect[]): void {
  bindings.beforeChange(entry, out);
  entry.state = "free";
  entry.toldUntil = bindings.clock.seconds;
  entry.agreedUntil = entry.toldUntil;
  bindings.persist(entry, out, true);
}

/** An address that nobody holds changes hands, or comes back to this box. */
export function hand(
  bindings: Bindings,
  pool: AddressPool,
  address: Ipv4,
  network: string,
  state: "free" | "backup",
  out: Effect[],
): LeaseEntry {
  const { book, clock } = bindings;
  const entry = book.at(address) ?? book.create(address, pool, pool.slotOf(address));
  bindings.beforeChange(entry, out);
  entry.isUntold = false;
  entry.state = state;
  entry.network = network;
  entry.toldUntil = clock.seconds;
  if (entry.startsAt === 0) entry.startsAt = clock.seconds;
  bindings.persist(entry, out);
  return entry;
}

/** The client may have been told of a later end by the partner: the later one counts. */
export function extend(
  bindings: Bindings,
  entry: LeaseEntry,
  expiresAt: WallSeconds,
  potentialUntil: WallSeconds,
  out: Effect[],
): void {
  bindings.beforeChange(entry, out);
  entry.expiresAt = Math.max(entry.expiresAt, expiresAt);
  entry.toldUntil = Math.max(entry.toldUntil, potentialUntil);
  entry.leaseSeconds = Math.max(0, entry.expiresAt - bindings.clock.secondsFromNow(0));
  bindings.persist(entry, out);
}
