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
import { potentialExpiration } from "./failover/mclt.ts";
import { Share } from "./failover/share.ts";
import { copyLease, type LeaseBook, type LeaseEntry, NOBODY } from "./lease-book.ts";
import { OfferTable } from "./offers.ts";
import type { Packet } from "./packet.ts";
import type { Segment } from "./segment.ts";

/** A client is told of a lease that could not be written anew only when this much of it is left. */
export const DURABLE_SECONDS_MIN = 60;

/** What a partner means for leases; a box that works alone has none. */
export interface Partnership {
  /** The lease changed here: the partner shall hear of it. */
  changed(entry: LeaseEntry): void;
  /** Nothing of what changes now can have reached the partner before it is said otherwise. */
  readonly isApart: boolean;
  /** The status of an address that this box may give, by its role. */
  readonly ownState: "free" | "backup";
  /** False while it is the partner that says when leases are over. */
  readonly endsLeases: boolean;
}

export class Bindings {
  readonly book: LeaseBook;
  /** Which addresses without a holder this box may give; one object for all pools. */
  readonly share = new Share();
  partnership: Partnership | undefined = undefined;
  readonly offers: OfferTable;
  readonly clock: CoreClock;
  /** The highest sequence given out, and the highest that is on stable storage. */
  sequence: number;
  durableThrough: number;
  /** Records with a higher sequence were written since this start. */
  readonly sequenceAtStart: number;
  journal: JournalState = { kind: "ok" };
  /** Leases of which clients were told while no record could be written. */
  readonly #toldAgain = new Set<LeaseEntry>();
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
    const entry = this.book.at(address);
    if (entry?.state === "abandoned") return "address-in-use";
    if (reservation?.address !== address && this.#isPartners(entry, packet)) {
      return "partner-owns";
    }
    if (!this.#isFreeFor(address, packet)) return "address-taken";
    if (reservation && reservation.address !== address) {
      if (this.#isFreeFor(reservation.address, packet)) return "reserved-elsewhere";
    }
    return undefined;
  }

  /**
   * Gives the address to the client for `seconds` from now, of the `wanted` ones that the configuration
   * has for it; what it was promised before stays kept for it. `whyNot` must have said that it may.
   */
  grant(
    segment: Segment,
    packet: Packet,
    address: Ipv4,
    seconds: number,
    wanted: number,
    canForceRenew: boolean,
    out: Effect[],
  ): LeaseEntry {
    const { client, message } = packet;
    const { book, clock } = this;
    const { pool } = segment;
    const entry = book.at(address) ?? book.create(address, pool, pool.slotOf(address));
    this.beforeChange(entry, out);
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
    entry.xid = message.xid;
    entry.seenAt = now;
    entry.expiresAt = end;
    entry.leaseSeconds = end - clock.secondsFromNow(0);
    if (this.partnership) {
      const told = potentialExpiration(clock.secondsFromNow(0), wanted, seconds);
      entry.toldUntil = Math.max(told, end);
      // The partner keeps no end of what has ended.
      if (entry.isEndTold) entry.agreedUntil = Math.min(entry.agreedUntil, now);
    }
    const offer = this.offers.find(client, pool);
    if (offer) this.offers.drop(offer);
    this.persist(entry, out);
    return entry;
  }

  /** The client gave its address back (RFC 2131 §4.3.4). What it was stays known. */
  release(entry: LeaseEntry, out: Effect[]): void {
    this.beforeChange(entry, out);
    entry.state = entry.isUntold ? this.#ownState : "released";
    entry.seenAt = this.clock.seconds;
    entry.expiresAt = entry.seenAt;
    entry.toldUntil = this.partnership ? entry.seenAt : 0;
    this.persist(entry, out);
  }

  /**
   * Sets an address aside that is in use by somebody unknown (RFC 2131 §4.3.3). `mac` is who declined
   * it, or who answers from it.
   */
  abandon(segment: Segment, htype: number, mac: Uint8Array, address: Ipv4, out: Effect[]) {
    const { book, clock } = this;
    const { pool } = segment;
    const entry = book.at(address) ?? book.create(address, pool, pool.slotOf(address));
    this.beforeChange(entry, out);
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
    entry.toldUntil = this.partnership ? entry.expiresAt : 0;
    const offer = this.offers.at(address);
    if (offer) this.offers.drop(offer);
    this.persist(entry, out);
    return entry;
  }

  /**
   * Ends one lease or rest whose time is over and returns it; undefined when there is none. Nothing
   * is persisted: the end follows from what is on disk. All end LIMITS.expiryGraceSeconds late.
   *
   * In a pair an ended lease is nobody's until the partner has confirmed it (draft failover-12 §5.11),
   * unless the partner never heard of it.
   */
  endNext(): LeaseEntry | undefined {
    const entry = this.#popEnded();
    if (!entry) return undefined;
    const { partnership } = this;
    if (partnership) {
      const wasActive = entry.state === "active";
      // Until the partner agrees it may have promised more than this box knows.
      if (!wasActive) entry.toldUntil = this.clock.seconds;
      entry.fromPartner = false;
      entry.isAgreed = false;
      entry.writtenState = entry.state;
      entry.state = wasActive ? "expired" : "reset";
      if (entry.isUntold) entry.state = partnership.ownState;
      this.book.changed(entry);
      partnership.changed(entry);
      return entry;
    }
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
    return this.clock.monotonicAt(end + this.#graceSeconds);
  }

  /** A client is told of its lease without a new record: the partner must not say later that it was over. */
  noteAcknowledged(entry: LeaseEntry): void {
    const { partnership } = this;
    if (!partnership) return;
    entry.seenAt = this.clock.seconds;
    entry.isAgreed = false;
    this.#toldAgain.add(entry);
    partnership.changed(entry);
  }

  /** The disk takes records again: there is one of all that clients were told without. */
  writeToldAgain(out: Effect[]): void {
    for (const entry of this.#toldAgain) {
      if (entry.state !== "active" || this.book.at(entry.address) !== entry) continue;
      this.beforeChange(entry, out);
      this.persist(entry, out);
    }
    this.#toldAgain.clear();
  }

  /**
   * End of the lease that is on the disk for sure, or 0. What a start or an uncertain clock moved is in memory alone.
   */
  #durableEnd(entry: LeaseEntry): WallSeconds {
    const { state, sequence, expiresAt } = entry;
    const isOlder = sequence <= this.sequenceAtStart;
    if (state !== "active" || (isOlder && this.clock.isUncertain)) return 0;
    if (!isOlder && sequence <= this.durableThrough) return expiresAt;
    return Math.min(entry.durableExpiresAt, expiresAt);
  }

  /** Seconds of an active lease of this client that are durable, 0 when there are too few. */
  durableSecondsLeft(packet: Packet, address: Ipv4): number {
    const entry = this.book.at(address);
    if (!entry || !packet.client.equalsPacked(entry.packedClient)) return 0;
    const left = this.#durableEnd(entry) - this.clock.secondsFromNow(0);
    return left >= DURABLE_SECONDS_MIN ? left : 0;
  }

  /**
   * Ends are left to the partner where they are its to say. One that it has not said for long is a
   * lease that it does not know of: it is told.
   */
  #popEnded(): LeaseEntry | undefined {
    const { partnership } = this;
    for (;;) {
      const entry = this.book.popEnded(this.clock.seconds - this.#graceSeconds);
      if (!entry || !partnership || partnership.endsLeases) return entry;
      entry.isAgreed = false;
      partnership.changed(entry);
    }
  }

  get #graceSeconds(): number {
    const isOwn = this.partnership?.endsLeases ?? true;
    return LIMITS.expiryGraceSeconds + (isOwn ? 0 : LIMITS.partnerEndSeconds);
  }

  /** Nobody has the address, and it is not this box's to give to this client. */
  #isPartners(entry: LeaseEntry | undefined, packet: Packet): boolean {
    const { share } = this;
    if (!entry) return !share.fresh;
    if (entry.state === "active" || entry.state === "abandoned") return false;
    if (share.has(entry)) return false;
    return !packet.client.equalsPacked(entry.packedClient) || !share.hasForSame(entry);
  }

  /** Nobody else has the address or was offered it, it does not rest, and it is not the partner's. */
  #isFreeFor(address: Ipv4, packet: Packet): boolean {
    const { client } = packet;
    const entry = this.book.at(address);
    if (entry) {
      if (entry.state === "abandoned") return false;
      if (entry.state === "active" && !client.equalsPacked(entry.packedClient)) return false;
    }
    // One that is reserved for the client is given to nobody else by either box.
    const isReserved = packet.reservation?.address === address;
    if (!isReserved && this.#isPartners(entry, packet)) return false;
    const offer = this.offers.at(address);
    return !offer || client.equals(offer.client);
  }

  get #ownState(): "free" | "backup" {
    return this.partnership?.ownState ?? "free";
  }

  /**
   * Remembers what the disk will hold for sure until the coming change is durable too, and whether the
   * partner can know of it. A record of it that waits in `out` keeps what it says.
   */
  beforeChange(entry: LeaseEntry, out: Effect[]): void {
    const waiting = out[entry.effectAt];
    if (waiting?.kind === "persist" && waiting.lease === entry) {
      out[entry.effectAt] = { kind: "persist", lease: copyLease(entry) };
    }
    const { partnership } = this;
    if (partnership?.isApart && this.#isOwn(entry)) entry.isUntold = true;
    const end = entry.state === "active" ? entry.expiresAt : 0;
    entry.durableExpiresAt = Math.min(this.#durableEnd(entry), end);
  }

  /** `fromPartner`: it is what the partner has already. */
  persist(entry: LeaseEntry, out: Effect[], fromPartner = false): void {
    entry.clockUncertain = this.clock.isUncertain;
    entry.sequence = ++this.sequence;
    entry.fromPartner = fromPartner;
    entry.isAgreed = fromPartner;
    entry.writtenState = undefined;
    entry.isEndTold = false;
    if (fromPartner) entry.isUntold = false;
    this.book.changed(entry);
    entry.effectAt = out.length;
    out.push({ kind: "persist", lease: entry });
    if (!fromPartner) this.partnership?.changed(entry);
  }

  /** Free to be given by this box, as the partner knows it too. */
  #isOwn(entry: LeaseEntry): boolean {
    if (entry.sequence === 0) return this.share.fresh && this.partnership?.ownState === "free";
    return entry.isAgreed && entry.state === this.partnership?.ownState;
  }
}

function isChaddrOf(entry: LeaseEntry, packet: Packet): boolean {
  const { chaddr, hlen } = packet.message;
  if (entry.packedChaddr.length !== hlen) return false;
  for (let i = 0; i < hlen; i++) if (entry.packedChaddr.charCodeAt(i) !== chaddr[i]) return false;
  return true;
}
