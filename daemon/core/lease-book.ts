// Everything the box knows about addresses: the only index of leases, by address and by client.

import type { Ipv4 } from "../base/address.ts";
import { hashBytes, packBytes, unpackBytes } from "../base/bytes.ts";
import type { WallSeconds } from "../base/time.ts";
import { LIMITS } from "../limits.ts";
import { type ClientIdentity, ClientIndex, type IndexedByClient } from "./client-identity.ts";
import { type Expiring, ExpiryQueue } from "./expiry-queue.ts";
import type { BindingState, Lease } from "./lease.ts";
import { type AddressPool, PLACE, type Place } from "./pool.ts";

export const NOBODY = new Uint8Array(0);

/** A lease and its places in the indexes. Everything below `durableExpiresAt` is the book's own. */
export class LeaseEntry implements Lease, Expiring, IndexedByClient<LeaseEntry> {
  readonly address: Ipv4;
  network = "";
  state: BindingState = "free";
  htype = 0;
  hostname = "";
  vendorClass = "";
  canForceRenew = false;
  xid = 0;
  startsAt: WallSeconds = 0;
  seenAt: WallSeconds = 0;
  expiresAt: WallSeconds = 0;
  leaseSeconds = 0;
  clockUncertain = false;
  toldUntil: WallSeconds = 0;
  agreedUntil: WallSeconds = 0;
  fromPartner = false;
  sequence = 0;
  durableExpiresAt: WallSeconds = 0;

  /** Where the record of it stands among the effects of the step in which it was made. */
  effectAt = 0;

  /** The partner is known to have this content. */
  isAgreed = false;
  /** Changed from a free address of this box's share, and nothing of that ever sent to the partner. */
  isUntold = false;
  /** What the journal has it as, when its end is not there yet: that follows from what is. */
  writtenState: BindingState | undefined = undefined;
  /** It has ended, and the partner was told so or may have been: it may have made use of that. */
  isEndTold = false;
  /** Waits in the queue of updates for the partner. */
  isQueued = false;
  /** Of the last BNDUPD about it that has not been answered; 0 when none is under way. */
  updateXid = 0;

  /** Identity, hardware address and option 82, packed: there are as many of them as leases. */
  packedClient = "";
  packedChaddr = "";
  packedRelayAgent = "";
  clientHash = 0;
  nextByClient: LeaseEntry | undefined = undefined;
  queuedFor = 0;
  /** The pool of the network whose subnet holds the address, and the slot there; -1 outside it. */
  pool: AddressPool | undefined = undefined;
  slot = -1;
  place: Place = PLACE.nowhere;
  countedAs: "active" | "abandoned" | undefined = undefined;
  previous: LeaseEntry | undefined = undefined;
  next: LeaseEntry | undefined = undefined;

  constructor(address: Ipv4) {
    this.address = address;
  }

  get client(): Uint8Array {
    return unpackBytes(this.packedClient);
  }

  get chaddr(): Uint8Array {
    return unpackBytes(this.packedChaddr);
  }

  set chaddr(bytes: Uint8Array) {
    this.packedChaddr = packBytes(bytes);
  }

  get relayAgent(): Uint8Array {
    return this.packedRelayAgent === "" ? NOBODY : unpackBytes(this.packedRelayAgent);
  }

  /** Allocates nothing when nothing changes. Of content beyond the limit the first part is kept. */
  set relayAgent(bytes: Uint8Array) {
    const length =
      bytes.length <= LIMITS.relayAgentBytesMax ? bytes.length : wholeSuboptions(bytes);
    if (isPacked(bytes, length, this.packedRelayAgent)) return;
    this.packedRelayAgent = packBytes(bytes.subarray(0, length));
  }
}

/** A plain record with the content of an entry, which goes its own way from then on. */
export function copyLease(entry: Lease): Lease {
  const { address, network, state, htype, hostname, vendorClass, startsAt, seenAt } = entry;
  const { expiresAt, leaseSeconds, clockUncertain, sequence, durableExpiresAt } = entry;
  const { client, chaddr, relayAgent, canForceRenew, xid } = entry;
  const who = { client, htype, chaddr, hostname, vendorClass, relayAgent, canForceRenew, xid };
  const when = { startsAt, seenAt, expiresAt, leaseSeconds, clockUncertain, durableExpiresAt };
  const { toldUntil, agreedUntil, fromPartner } = entry;
  const partner = { toldUntil, agreedUntil, fromPartner };
  return { address, network, state, sequence, ...who, ...when, ...partner };
}

export class LeaseBook {
  // Keys are `address | 0`, which keeps them small integers for the engine.
  readonly #byAddress = new Map<number, LeaseEntry>();
  readonly #byClient = new ClientIndex<LeaseEntry>();
  readonly #expiry = new ExpiryQueue<LeaseEntry>();
  readonly #hashSeed: number;

  constructor(hashSeed: number) {
    this.#hashSeed = hashSeed;
  }

  /** Addresses the book knows, leased or not. */
  get size(): number {
    return this.#byAddress.size;
  }

  leases(): Iterable<LeaseEntry> {
    return this.#byAddress.values();
  }

  /** As the journal has them, or would have to: without ends that were never written. */
  *records(): Generator<Lease> {
    for (const entry of this.#byAddress.values()) {
      const { writtenState } = entry;
      yield writtenState ? { ...copyLease(entry), state: writtenState } : entry;
    }
  }

  at(address: Ipv4): LeaseEntry | undefined {
    return this.#byAddress.get(address | 0);
  }

  /**
   * The lease a client has in this network, or had: an active one before one that has ended, the
   * one heard of last before older ones.
   */
  find(client: ClientIdentity, pool: AddressPool): LeaseEntry | undefined {
    let best: LeaseEntry | undefined;
    let entry = this.#byClient.first(client.hash);
    for (; entry !== undefined; entry = entry.nextByClient) {
      if (entry.clientHash !== client.hash || entry.pool !== pool) continue;
      if (!client.equalsPacked(entry.packedClient)) continue;
      if (best === undefined || isBetter(entry, best)) best = entry;
    }
    return best;
  }

  /** All leases a client has or had, in every network; added to `into`. */
  collect(client: ClientIdentity, into: LeaseEntry[]): void {
    let entry = this.#byClient.first(client.hash);
    for (; entry !== undefined; entry = entry.nextByClient) {
      if (entry.clientHash === client.hash && client.equalsPacked(entry.packedClient)) {
        into.push(entry);
      }
    }
  }

  /** A new entry; the address must not have one. Call `place` or set its pool before `changed`. */
  create(address: Ipv4, pool: AddressPool, slot: number): LeaseEntry {
    const entry = new LeaseEntry(address);
    entry.pool = pool;
    entry.slot = slot;
    this.#byAddress.set(address | 0, entry);
    return entry;
  }

  /**
   * Takes over a record from the journal (or from another box): of two about one address the one
   * with the higher sequence holds. Returns undefined when it was older than what is known.
   */
  apply(record: Lease): LeaseEntry | undefined {
    let entry = this.at(record.address);
    if (entry && entry.sequence >= record.sequence) return undefined;
    if (!entry) {
      entry = new LeaseEntry(record.address);
      this.#byAddress.set(record.address | 0, entry);
    }
    entry.network = record.network;
    entry.state = record.state;
    this.setClient(entry, record.client, hashBytes(record.client, this.#hashSeed));
    entry.htype = record.htype;
    entry.chaddr = record.chaddr;
    entry.hostname = record.hostname;
    entry.vendorClass = record.vendorClass;
    entry.relayAgent = record.relayAgent;
    entry.canForceRenew = record.canForceRenew;
    entry.xid = record.xid;
    entry.startsAt = record.startsAt;
    entry.seenAt = record.seenAt;
    entry.expiresAt = record.expiresAt;
    entry.leaseSeconds = record.leaseSeconds;
    entry.clockUncertain = record.clockUncertain;
    entry.toldUntil = record.toldUntil;
    entry.agreedUntil = record.agreedUntil;
    entry.fromPartner = record.fromPartner;
    entry.sequence = record.sequence;
    entry.durableExpiresAt = record.durableExpiresAt;
    this.changed(entry);
    return entry;
  }

  /** Hands the address over to a client; NOBODY takes it out of the index of clients. */
  setClient(entry: LeaseEntry, client: Uint8Array, clientHash: number): void {
    if (entry.packedClient !== "") this.#byClient.remove(entry);
    entry.packedClient = packBytes(client);
    entry.clientHash = clientHash;
    if (client.length > 0) this.#byClient.add(entry);
  }

  /** Call after `state` or `expiresAt` changed: the queue, the pool and its counts follow. */
  changed(entry: LeaseEntry, toFront = false): void {
    if (entry.state === "active" || entry.state === "abandoned") this.#expiry.watch(entry);
    else this.#expiry.forget(entry);
    if (entry.pool && entry.slot >= 0) entry.pool.settle(entry.slot, entry, toFront);
  }

  /** The next active or abandoned lease whose end is at or before `second`, out of the queue. */
  popEnded(second: WallSeconds): LeaseEntry | undefined {
    return this.#expiry.pop(second);
  }

  /** Not later than the next end of a lease; undefined when none can end. */
  get nextEnd(): WallSeconds | undefined {
    return this.#expiry.nextAt;
  }

  /** Takes an address out of the book altogether. */
  remove(entry: LeaseEntry): void {
    this.#expiry.forget(entry);
    this.setClient(entry, NOBODY, 0);
    if (entry.pool && entry.slot >= 0) entry.pool.release(entry.slot, entry);
    this.#byAddress.delete(entry.address | 0);
  }

  /**
   * Puts every lease into the pool that holds its address now: after a start, and when a new
   * configuration brought new pools. The one free longest comes first in its list.
   */
  placeAll(poolOf: (address: Ipv4) => AddressPool | undefined): void {
    const entries = Array.from(this.#byAddress.values());
    entries.sort((a, b) => a.expiresAt - b.expiresAt);
    for (const entry of entries) {
      entry.place = PLACE.nowhere;
      entry.countedAs = undefined;
      entry.previous = undefined;
      entry.next = undefined;
      entry.pool = poolOf(entry.address);
      entry.slot = entry.pool ? entry.pool.slotOf(entry.address) : -1;
      this.changed(entry);
    }
  }

  /** All ends anew, after a step of the clock moved many leases. */
  requeueAll(): void {
    this.#expiry.clear();
    for (const entry of this.#byAddress.values()) this.changed(entry);
  }
}

/** Whether the first `length` of `bytes` are the bytes of a packed string. */
function isPacked(bytes: Uint8Array, length: number, packed: string): boolean {
  if (packed.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== packed.charCodeAt(i)) return false;
  return true;
}

/** Bytes of the sub-options at the start of option 82 that fit into what is kept of it. */
function wholeSuboptions(bytes: Uint8Array): number {
  let end = 0;
  for (;;) {
    const next = end + 2 + (bytes[end + 1] ?? 0);
    if (next > LIMITS.relayAgentBytesMax || next > bytes.length) return end;
    end = next;
  }
}

function isBetter(a: LeaseEntry, b: LeaseEntry): boolean {
  const isActive = a.state === "active";
  return isActive === (b.state === "active") ? a.seenAt > b.seenAt : isActive;
}
