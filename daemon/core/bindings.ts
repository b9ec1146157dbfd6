// Who may have which address, and the only place that changes leases. Every change that a client is
// told of is numbered and asked to be persisted in the same step, before the reply to it.

import { ANY, type Ipv4 } from "../base/address.ts";
import type { WallSeconds } from "../base/time.ts";
import type { RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import type { JournalState } from "../ports.ts";
import { preferredPlace } from "./client-identity.ts";
import { hostnameOf, vendorClassOf } from "./client-text.ts";
import type { CoreClock } from "./clock.ts";
import type { Effect } from "./effect.ts";
import { type LeaseBook, type LeaseEntry, NOBODY } from "./lease-book.ts";
import type { Network } from "./network.ts";
import { OfferTable } from "./offers.ts";
import type { Packet } from "./packet.ts";

/** A client is told of a lease that could not be written anew only when this much of it is left. */
export const DURABLE_SECONDS_MIN = 60;

export class Bindings {
  readonly book: LeaseBook;
  readonly offers: OfferTable;
  readonly clock: CoreClock;
  /** The highest sequence given out, and the highest that is on stable storage. */
  sequence: number;
  durableThrough: number;
  /** Records with a higher sequence were written since this start. */
  readonly sequenceAtStart: number;
  journal: JournalState = { kind: "ok" };

  constructor(book: LeaseBook, clock: CoreClock, lastSequence: number) {
    this.book = book;
    this.clock = clock;
    this.offers = new OfferTable(book);
    this.sequence = lastSequence;
    this.durableThrough = lastSequence;
    this.sequenceAtStart = lastSequence;
  }

  get isJournalFailing(): boolean {
    return this.journal.kind === "failing";
  }

  /**
   * The address to offer this client, 0.0.0.0 when there is none: the one reserved for it; the one it
   * has; the one it was offered already; the one it had; the one it asks for; one that was never used,
   * from a place that its identity determines, so that even a lost journal tends to give it the same
   * again; the one free longest; one that was declined long ago.
   */
  choose(network: Network, packet: Packet): Ipv4 {
    const { client, reservation, requested } = packet;
    const { pool } = network;
    if (reservation && this.#isFreeFor(reservation.address, packet)) return reservation.address;
    const known = this.book.find(client, pool);
    const mayKeep = known !== undefined && !network.whyForeign(known.address, client);
    if (mayKeep && known.state === "active") return known.address;
    const offer = this.offers.find(client, pool);
    if (offer) return offer.address;
    if (mayKeep && this.#isFreeFor(known.address, packet)) return known.address;
    const slot = requested === ANY ? -1 : pool.slotOf(requested);
    if (slot >= 0 && pool.isSelectable(slot, this.book.at(requested))) return requested;
    const fresh = pool.findFresh(preferredPlace(client));
    if (fresh >= 0) return pool.addressOf(fresh);
    return (pool.freed.first ?? pool.rested.first)?.address ?? ANY;
  }

  /** Holds an offered address, unless its lease or its reservation does so already. */
  hold(network: Network, packet: Packet, address: Ipv4, nowMonotonic: number): void {
    const { client } = packet;
    if (packet.reservation?.address === address) return;
    const entry = this.book.at(address);
    if (entry?.state === "active" && client.equalsPacked(entry.packedClient)) return;
    const { pool } = network;
    this.offers.hold(client, address, pool, pool.slotOf(address), nowMonotonic);
  }

  /** Why this client cannot have this address now; undefined when it can. */
  whyNot(network: Network, packet: Packet, address: Ipv4): RefusalReason | undefined {
    const { client, reservation } = packet;
    const foreign = network.whyForeign(address, client);
    if (foreign) return foreign;
    if (!this.#isFreeFor(address, packet)) return "address-taken";
    if (reservation && reservation.address !== address) {
      if (this.#isFreeFor(reservation.address, packet)) return "reserved-elsewhere";
    }
    return undefined;
  }

  /**
   * Gives the address to the client for `seconds` from now; what it was promised before stays kept for
   * it. `whyNot` must have said that it may.
   */
  grant(
    network: Network,
    packet: Packet,
    address: Ipv4,
    seconds: number,
    out: Effect[],
  ): LeaseEntry {
    const { client, message } = packet;
    const { book, clock } = this;
    const slot = network.pool.slotOf(address);
    const entry = book.at(address) ?? book.create(address, network.pool, slot);
    this.#beforeChange(entry);
    const now = clock.seconds;
    let end = clock.secondsFromNow(seconds);
    // The ACK of a shorter lease may get lost, and then the client still counts on the longer one.
    if (entry.state === "active" && entry.expiresAt > end) end = entry.expiresAt;
    if (!client.equalsPacked(entry.packedClient)) {
      book.setClient(entry, client.copy(), client.hash);
      entry.durableExpiresAt = 0;
      entry.startsAt = now;
      entry.hostname = "";
      entry.vendorClass = "";
    }
    entry.state = "active";
    entry.network = network.config.name;
    entry.htype = message.htype;
    if (!isChaddrOf(entry, packet)) entry.chaddr = message.chaddr.slice(0, message.hlen);
    entry.hostname = hostnameOf(message, entry.hostname);
    entry.vendorClass = vendorClassOf(message, entry.vendorClass);
    entry.seenAt = now;
    entry.expiresAt = end;
    entry.leaseSeconds = end - clock.secondsFromNow(0);
    const offer = this.offers.find(client, network.pool);
    if (offer) this.offers.drop(offer);
    this.#persist(entry, out);
    return entry;
  }

  /** The client gave its address back (RFC 2131 §4.3.4). What it was stays known. */
  release(entry: LeaseEntry, out: Effect[]): void {
    this.#beforeChange(entry);
    entry.state = "released";
    entry.seenAt = this.clock.seconds;
    entry.expiresAt = entry.seenAt;
    this.#persist(entry, out);
  }

  /** Sets an address aside that is in use by somebody unknown (RFC 2131 §4.3.3). */
  abandon(network: Network, packet: Packet, address: Ipv4, out: Effect[]): LeaseEntry {
    const { book, clock } = this;
    const slot = network.pool.slotOf(address);
    const entry = book.at(address) ?? book.create(address, network.pool, slot);
    this.#beforeChange(entry);
    const { message } = packet;
    book.setClient(entry, NOBODY, 0);
    entry.state = "abandoned";
    entry.network = network.config.name;
    entry.htype = message.htype;
    entry.chaddr = message.chaddr.slice(0, message.hlen);
    entry.seenAt = clock.seconds;
    entry.expiresAt = clock.secondsFromNow(LIMITS.abandonedSeconds);
    entry.leaseSeconds = LIMITS.abandonedSeconds;
    const offer = this.offers.at(address);
    if (offer) this.offers.drop(offer);
    this.#persist(entry, out);
    return entry;
  }

  /**
   * Ends one lease or rest whose time is over and returns it; undefined when there is none. Nothing
   * is persisted: the end follows from what is on disk. All end LIMITS.expiryGraceSeconds late.
   */
  endNext(): LeaseEntry | undefined {
    const entry = this.book.popEnded(this.clock.seconds - LIMITS.expiryGraceSeconds);
    if (!entry) return undefined;
    entry.state = entry.state === "active" ? "expired" : "free";
    // Without a network nobody can ask for it any more, and the journal need not keep it.
    if (entry.pool) this.book.changed(entry);
    else this.book.remove(entry);
    return entry;
  }

  /** When the next lease may end, in monotonic milliseconds; undefined when none can. */
  get nextEndMonotonic(): number | undefined {
    const end = this.book.nextEnd;
    if (end === undefined) return undefined;
    return this.clock.monotonicAt(end + LIMITS.expiryGraceSeconds);
  }

  /** End of the lease as it is on stable storage for sure, 0 when none is. */
  durableEnd(entry: LeaseEntry): WallSeconds {
    if (entry.state !== "active") return 0;
    return entry.sequence <= this.durableThrough ? entry.expiresAt : entry.durableExpiresAt;
  }

  /**
   * Seconds of an active lease of this client that are durable, 0 when there are too few. A lease from
   * before this start has none while the clock is uncertain: by a better clock, after another start,
   * less may be left of it than the client would be told now.
   */
  durableSecondsLeft(packet: Packet, address: Ipv4): number {
    const entry = this.book.at(address);
    if (!entry || !packet.client.equalsPacked(entry.packedClient)) return 0;
    if (this.clock.isUncertain && entry.sequence <= this.sequenceAtStart) return 0;
    const left = this.durableEnd(entry) - this.clock.secondsFromNow(0);
    return left >= DURABLE_SECONDS_MIN ? left : 0;
  }

  /** Nobody else has the address or was offered it, and it does not rest. */
  #isFreeFor(address: Ipv4, packet: Packet): boolean {
    const { client } = packet;
    const entry = this.book.at(address);
    if (entry) {
      if (entry.state === "abandoned") return false;
      if (entry.state === "active" && !client.equalsPacked(entry.packedClient)) return false;
    }
    const offer = this.offers.at(address);
    return !offer || client.equals(offer.client);
  }

  /** Remembers what the disk will hold for sure until the coming change is durable too. */
  #beforeChange(entry: LeaseEntry): void {
    const end = entry.state === "active" ? entry.expiresAt : 0;
    if (entry.sequence <= this.durableThrough) entry.durableExpiresAt = end;
    else entry.durableExpiresAt = Math.min(entry.durableExpiresAt, end);
  }

  #persist(entry: LeaseEntry, out: Effect[]): void {
    entry.clockUncertain = this.clock.isUncertain;
    entry.sequence = ++this.sequence;
    this.book.changed(entry);
    out.push({ kind: "persist", lease: entry });
  }
}

function isChaddrOf(entry: LeaseEntry, packet: Packet): boolean {
  const { chaddr, hlen } = packet.message;
  if (entry.packedChaddr.length !== hlen) return false;
  for (let i = 0; i < hlen; i++) if (entry.packedChaddr.charCodeAt(i) !== chaddr[i]) return false;
  return true;
}
