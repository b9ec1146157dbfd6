// Who may have which address, and the only place that changes leases. Every change that a client is
// told of is numbered and asked to be persisted in the same step, before the reply to it.

import { ANY, type Ipv4 } from "../base/address.ts";
import { packBytes } from "../base/bytes.ts";
import type { WallSeconds } from "../base/time.ts";
import type { RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import type { JournalState } from "../ports.ts";
import { RELAY_SUBOPTION } from "../wire/relay-agent.ts";
import { preferredPlace } from "./client-identity.ts";
import { hostnameOf, vendorClassOf } from "./client-text.ts";
import type { CoreClock } from "./clock.ts";
import type { Effect } from "./effect.ts";
import { type LeaseBook, type LeaseEntry, NOBODY } from "./lease-book.ts";
import { OfferTable } from "./offers.ts";
import type { Packet } from "./packet.ts";
import type { Segment } from "./segment.ts";

const CIRCUIT_ID = RELAY_SUBOPTION.agentCircuitId.code;

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
  /** Why `choose` found nothing. */
  whyNone: RefusalReason = "no-free-address";

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
   * The address to offer this client, 0.0.0.0 when there is none, and `whyNone` says why: the one
   * reserved for it; the one it has; the one it was offered already; the one it had; the one it asks
   * for; one that was never used, from a place that its identity determines, so that even a lost
   * journal tends to give it the same again; the one free longest; one that was declined long ago.
   */
  choose(segment: Segment, packet: Packet, nowMonotonic: number): Ipv4 {
    const { client, reservation, requested } = packet;
    const { pool } = segment;
    if (reservation && this.#isFreeFor(reservation.address, packet)) return reservation.address;
    const known = this.book.find(client, pool);
    const mayKeep = known !== undefined && !segment.whyForeign(known.address, packet);
    if (mayKeep && known.state === "active") return known.address;
    const offer = this.offers.find(client, pool);
    if (offer && pool.isAdmitted(offer.slot)) return offer.address;
    const refusal = known || reservation ? undefined : this.whyNoNewcomer(segment, nowMonotonic);
    if (refusal) {
      this.whyNone = refusal;
      return ANY;
    }
    if (mayKeep && this.#isFreeFor(known.address, packet)) return known.address;
    const slot = requested === ANY ? -1 : pool.slotOf(requested);
    if (slot >= 0 && pool.isSelectable(slot, this.book.at(requested))) return requested;
    const found = pool.find(preferredPlace(client));
    if (found >= 0) return pool.addressOf(found);
    this.whyNone = pool.free > 0 ? "pool-closed" : "no-free-address";
    return ANY;
  }

  /** Why a client that was never here gets no address now, however many are free. */
  whyNoNewcomer(segment: Segment, nowMonotonic: number): RefusalReason | undefined {
    if (!segment.limiter.allowsNew(nowMonotonic)) return "too-many-new";
    const { free } = segment.pool;
    return free > 0 && free <= segment.keptForKnown ? "kept-for-known" : undefined;
  }

  /**
   * Holds an offered address, unless its lease or its reservation does so already. `isChecked`: it need
   * not be asked for on the wire any more.
   */
  hold(
    segment: Segment,
    packet: Packet,
    address: Ipv4,
    nowMonotonic: number,
    isChecked: boolean,
  ): void {
    const { client } = packet;
    if (packet.reservation?.address === address) return;
    const entry = this.book.at(address);
    if (entry?.state === "active" && client.equalsPacked(entry.packedClient)) return;
    const { pool } = segment;
    const slot = pool.slotOf(address);
    const offer = this.offers.hold(client, address, pool, slot, nowMonotonic);
    offer.isChecked ||= isChecked;
  }

  /** Why this client cannot have this address now; undefined when it can. */
  whyNot(segment: Segment, packet: Packet, address: Ipv4): RefusalReason | undefined {
    const { reservation } = packet;
    const foreign = segment.whyForeign(address, packet);
    if (foreign) return foreign;
    const state = this.book.at(address)?.state;
    if (state === "abandoned") return "address-in-use";
    if (state === "backup") return "partner-owns";
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
    segment: Segment,
    packet: Packet,
    address: Ipv4,
    seconds: number,
    canForceRenew: boolean,
    out: Effect[],
  ): LeaseEntry {
    const { client, message } = packet;
    const { book, clock } = this;
    const { pool } = segment;
    const entry = book.at(address) ?? book.create(address, pool, pool.slotOf(address));
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
      entry.relayAgent = NOBODY;
    }
    entry.state = "active";
    entry.network = (segment.networkOf(address) ?? segment.primary).config.name;
    entry.htype = message.htype;
    if (!isChaddrOf(entry, packet)) entry.chaddr = message.chaddr.slice(0, message.hlen);
    entry.hostname = hostnameOf(message, entry.hostname);
    entry.vendorClass = vendorClassOf(message, entry.vendorClass);
    // A client that renews by unicast does so without its relay, and is still behind it.
    if (packet.relay.bytes.length > 0) entry.relayAgent = packet.relay.bytes;
    entry.canForceRenew = canForceRenew;
    entry.xid = canForceRenew ? message.xid : 0;
    entry.seenAt = now;
    entry.expiresAt = end;
    entry.leaseSeconds = end - clock.secondsFromNow(0);
    const offer = this.offers.find(client, pool);
    if (offer) this.offers.drop(offer);
    this.#persist(entry, out);
    return entry;
  }

  /**
   * Active leases behind the same port (circuit-id) as the packet in hand. Goes through all leases: it is
   * asked only where such a limit is set, and for clients without a lease.
   */
  leasesAtPort(segment: Segment, packet: Packet): number {
    const { relay } = packet;
    const start = relay.start(CIRCUIT_ID);
    const port = packBytes(relay.bytes.subarray(start - 2, start + relay.length(CIRCUIT_ID)));
    let count = 0;
    for (const entry of this.book.leases()) {
      if (entry.pool !== segment.pool || entry.state !== "active") continue;
      if (holdsSuboption(entry.packedRelayAgent, port)) count++;
    }
    return count;
  }

  /** The client gave its address back (RFC 2131 §4.3.4). What it was stays known. */
  release(entry: LeaseEntry, out: Effect[]): void {
    this.#beforeChange(entry);
    entry.state = "released";
    entry.seenAt = this.clock.seconds;
    entry.expiresAt = entry.seenAt;
    this.#persist(entry, out);
  }

  /**
   * Sets an address aside that is in use by somebody unknown (RFC 2131 §4.3.3). `mac` is who declined
   * it, or who answers from it.
   */
  abandon(segment: Segment, htype: number, mac: Uint8Array, address: Ipv4, out: Effect[]) {
    const { book, clock } = this;
    const { pool } = segment;
    const entry = book.at(address) ?? book.create(address, pool, pool.slotOf(address));
    this.#beforeChange(entry);
    book.setClient(entry, NOBODY, 0);
    entry.state = "abandoned";
    // Who it was leased to is not who uses it.
    entry.hostname = "";
    entry.vendorClass = "";
    entry.relayAgent = NOBODY;
    entry.network = (segment.networkOf(address) ?? segment.primary).config.name;
    entry.htype = htype;
    entry.chaddr = mac;
    entry.startsAt = clock.seconds;
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
      if (entry.state === "abandoned" || entry.state === "backup") return false;
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

/** Whether packed relay agent information has this sub-option, code and length included. */
function holdsSuboption(packed: string, suboption: string): boolean {
  for (let at = 0; at + 1 < packed.length; at += 2 + packed.charCodeAt(at + 1)) {
    if (packed.startsWith(suboption, at)) return true;
  }
  return false;
}

function isChaddrOf(entry: LeaseEntry, packet: Packet): boolean {
  const { chaddr, hlen } = packet.message;
  if (entry.packedChaddr.length !== hlen) return false;
  for (let i = 0; i < hlen; i++) if (entry.packedChaddr.charCodeAt(i) !== chaddr[i]) return false;
  return true;
}
