// The DHCPv4 server of one box: looks at a frame, finds the segment it is about, and has it answered.
// What a message means is decided by type: DISCOVER in dhcp4-discover.ts, REQUEST in dhcp4-request.ts, the
// rest in dhcp4-others.ts. Every frame ends in a counter, and in the record that `why` reads.

import { ANY, type Ipv4 } from "../base/address.ts";
import { hashBytes } from "../base/bytes.ts";
import type { Now } from "../base/time.ts";
import type { RefusalReason } from "../catalogue.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { Bindings } from "./bindings.ts";
import { ClassSet } from "./classes.ts";
import type { CoreConfig } from "./config-view.ts";
import { ConflictProbes } from "./conflict-probes.ts";
import { handleDiscover, offerNoAddress } from "./dhcp4-discover.ts";
import { handleLeaseQuery } from "./dhcp4-leasequery.ts";
import { handleDecline, handleInform, handleRelease } from "./dhcp4-others.ts";
import { handleRequest } from "./dhcp4-request.ts";
import type { Effect } from "./effect.ts";
import type { CoreEvent } from "./event.ts";
import type { Pair } from "./failover/pair.ts";
import { Retries } from "./failover/retries.ts";
import { ForcedRenewals, type ForceRenewAuth } from "./forced-renew.ts";
import { sendForcedRenewals } from "./forced-renew-sending.ts";
import { Decision, History } from "./history.ts";
import type { Lan } from "./lan.ts";
import { LeaseQueries } from "./leasequery.ts";
import { LeftToPartner } from "./left-to-partner.ts";
import { compileLevel, type Level } from "./levels.ts";
import type { LogLines } from "./log-lines.ts";
import { sendChecked } from "./offer-checks.ts";
import { Packet } from "./packet.ts";
import { whySilent } from "./pair-gate.ts";
import { ClientLimiter, DeclineLimiter } from "./rate-limits.ts";
import { look } from "./read-frame.ts";
import { type LeaseExtras, ReplyBuilder } from "./reply.ts";
import type { Segment } from "./segment.ts";
import { segmentOf } from "./segment-choice.ts";
import type { SelfProbeAnswer } from "./self-probe.ts";
import { identify, ServerIds } from "./server-ids.ts";

const REQUESTED_ADDRESS = OPTION.requestedIpAddress.code;
const SERVER_ID = OPTION.serverIdentifier.code;

export type FrameEvent = Extract<CoreEvent, { kind: "frame" }>;

const NO_EVENT: FrameEvent = {
  kind: "frame",
  lan: 0,
  bytes: new Uint8Array(0),
  start: 0,
  end: 0,
  checksumReady: true,
};

export class Dhcp4Server {
  lans: readonly Lan[] = [];
  segments: readonly Segment[] = [];
  readonly bindings: Bindings;
  readonly lines: LogLines;
  readonly replies = new ReplyBuilder();
  readonly packet: Packet;
  readonly history: History;
  readonly clientLimiter = new ClientLimiter();
  readonly declineLimiter = new DeclineLimiter();
  readonly probes = new ConflictProbes();
  readonly queries: LeaseQueries;
  /** Undefined: this box tells nobody to renew. */
  readonly auth: ForceRenewAuth | undefined;
  readonly renewals = new ForcedRenewals();
  now: Now = { monotonic: 0, wall: 0 };
  /** The frame in hand, and how many conflicts its request met before. */
  event: FrameEvent = NO_EVENT;
  tries = 0;
  /** The packet in hand is a test of the box by itself. */
  isTest = false;
  /** The packet in hand waits for the wire: what becomes of it is recorded then. */
  isWaiting = false;
  classes = new ClassSet([]);
  /** Hash of the client's hardware address, for limits and history. */
  hardwareHash = 0;
  readonly #hashSeed: number;
  readonly #decision = new Decision();
  classLevels: readonly Level[] = [];
  /** Whom a client means by the server identifier that it sends. */
  readonly ids = new ServerIds();
  #queriers: ReadonlySet<Ipv4> = new Set();
  /** This box's end of a pair; undefined when it works alone. */
  pair: Pair | undefined;
  /** Clients that this box leaves to its partner. */
  readonly retries = new Retries();
  readonly left = new LeftToPartner();

  constructor(
    bindings: Bindings,
    lines: LogLines,
    hashSeed: number,
    auth: ForceRenewAuth | undefined,
  ) {
    this.bindings = bindings;
    this.lines = lines;
    this.packet = new Packet(hashSeed);
    this.history = new History(hashSeed);
    this.queries = new LeaseQueries(bindings.book, hashSeed);
    this.auth = auth;
    this.#hashSeed = hashSeed;
  }

  /** Takes over a new configuration, of which `lans` and `segments` were made. */
  configure(config: CoreConfig, lans: readonly Lan[], segments: readonly Segment[]): void {
    this.lans = lans;
    this.segments = segments;
    this.classes = new ClassSet(config.classes);
    this.classLevels = config.classes.map(compileLevel);
    this.ids.configure(config.networks, this.now.monotonic);
    this.#queriers = new Set(config.leasequeryFrom);
    this.probes.dropAll();
    this.left.clear();
    this.ids.trustOn(lans);
  }

  /** Handles one frame: answers, changes and refusals go into `out` and the counters. */
  receive(event: FrameEvent, now: Now, out: Effect[]): void {
    const lan = this.lans[event.lan];
    if (!lan) return;
    this.now = now;
    this.event = event;
    this.tries = 0;
    const { counters } = lan.segment.primary;
    counters.frames++;
    this.packet.lan = event.lan;
    const reason = look(this, event, lan, out);
    if (reason) counters.refused[reason]++;
    else if (this.packet.type > 0) this.#serve(lan, out);
  }

  /** Handles a request again that `tries` conflicts were met with. */
  handleAgain(event: FrameEvent, tries: number, out: Effect[]): void {
    const lan = this.lans[event.lan];
    if (!lan) return;
    this.event = event;
    this.tries = tries;
    this.packet.lan = event.lan;
    if (!look(this, event, lan, out)) this.#serve(lan, out);
  }

  /** The packet in hand is the partner's to answer. */
  leave(): void {
    this.left.note(this.hardwareHash, this.event, this.now.monotonic);
  }

  /** The partner is gone: what was left to it is this box's. */
  answerLeft(now: Now, out: Effect[]): void {
    this.now = now;
    for (const { lan, bytes, checksumReady } of this.left.take(now.monotonic)) {
      const event = {
        kind: "frame",
        lan,
        bytes,
        start: 0,
        end: bytes.length,
        checksumReady,
      } as const;
      this.handleAgain(event, AGAIN, out);
    }
  }

  /** What is due by now: OFFERs that waited for the wire to speak against them. */
  passTime(now: Now, out: Effect[]): void {
    this.now = now;
    if (this.probes.size > 0) sendChecked(this, this.probes, out);
    if (this.renewals.size > 0) sendForcedRenewals(this, out);
  }

  /** Handles a test request of the box to itself: nothing of it is counted, recorded or held. */
  test(lan: Lan, frame: Uint8Array): SelfProbeAnswer {
    const out: Effect[] = [];
    this.event = {
      kind: "frame",
      lan: lan.index,
      bytes: frame,
      start: 0,
      end: frame.length,
      checksumReady: true,
    };
    this.packet.lan = lan.index;
    this.isTest = true;
    const unread = look(this, this.event, lan, out);
    const refusal = unread ?? this.#answer(lan, lan.segment, out);
    this.isTest = false;
    const { offers } = this.bindings;
    const offer = unread ? undefined : offers.find(this.packet.client, lan.segment.pool);
    if (offer) offers.drop(offer);
    const sent = out.find((effect) => effect.kind === "send");
    return { frame: sent?.frame, refusal };
  }

  /** Sends an OFFER or ACK for `address`, whose levels were prepared, and counts it. */
  sendLease(
    type: number,
    segment: Segment,
    address: Ipv4,
    seconds: number,
    out: Effect[],
    extras?: LeaseExtras,
  ): void {
    const frame = this.replies.lease(type, this.packet, address, seconds, extras);
    this.send(type, segment, address, frame, out);
  }

  /** Refuses a DHCPREQUEST aloud: the client begins anew at once instead of timing out. */
  sendNak(segment: Segment, address: Ipv4, reason: RefusalReason, out: Effect[]): RefusalReason {
    this.send(MESSAGE_TYPE.nak, segment, address, this.replies.nak(this.packet, reason), out);
    this.lines.refused(this.packet, address, reason, out);
    return reason;
  }

  /** Counts a reply about `address` and sends it. */
  send(type: number, segment: Segment, address: Ipv4, frame: Uint8Array, out: Effect[]): void {
    this.noteSent(type, segment, address);
    out.push({ kind: "send", lan: this.packet.lan, frame });
  }

  /** Counts the reply that was just built, which leaves now or when the partner has the lease. */
  noteSent(type: number, segment: Segment, address: Ipv4): void {
    if (!this.isTest) {
      this.count(type, segment, address);
      segment.primary.counters.optionsLeftOut += this.replies.leftOut;
    }
    this.note(type, address);
  }

  /** What the packet in hand is, or will be, answered with. */
  note(type: number, address: Ipv4): void {
    this.#decision.sent = type;
    this.#decision.address = address;
  }

  /** Keeps a decision about a client other than that of the packet in hand. */
  recordOther(chaddr: Uint8Array, isKnown: boolean, decision: Decision): void {
    const hash = hashBytes(chaddr, this.#hashSeed);
    this.history.record(hash, chaddr, chaddr.length, isKnown, decision);
  }

  count(type: number, segment: Segment, address: Ipv4): void {
    const { counters } = segment.networkOf(address) ?? segment.primary;
    (counters.sent[type] as number)++;
    const slot = segment.pool.slotOf(address);
    if (slot < 0) return;
    const pool = segment.pool.rangeOf(slot).counters;
    if (type === MESSAGE_TYPE.offer) pool.offers++;
    else if (type === MESSAGE_TYPE.ack) pool.acks++;
    else if (type === MESSAGE_TYPE.nak) pool.naks++;
  }

  mayQuery(relay: Ipv4): boolean {
    return this.#queriers.has(relay);
  }

  /** Whether an address is this box, on whichever LAN. */
  isOwnId(address: Ipv4): boolean {
    return address === this.packet.ownId || this.ids.isOwn(address, this.now.monotonic);
  }

  #serve(lan: Lan, out: Effect[]): void {
    const { packet } = this;
    const { message } = packet;
    // Who queries need not be on a network that is served.
    const isQuery = packet.type === MESSAGE_TYPE.leaseQuery;
    const segment = isQuery ? lan.segment : segmentOf(packet, lan, this.segments);
    const isKnownSegment = typeof segment !== "string";
    const { counters, config } = isKnownSegment ? segment.primary : lan.segment.primary;
    if (this.tries === 0) counters.countReceived(packet.type);
    const { hlen, chaddr } = message;
    this.hardwareHash = hashBytes(chaddr, this.#hashSeed, hlen);
    const decision = this.#decision;
    decision.reset(this.now.wall);
    this.isWaiting = false;
    packet.requested = ANY;
    packet.serverId = ANY;
    packet.reservation = undefined;
    const reason = isKnownSegment ? this.#answer(lan, segment, out) : segment;
    decision.type = packet.type;
    decision.relay = message.giaddr;
    decision.serverId = packet.serverId;
    decision.network = isKnownSegment ? config.name : "";
    if (decision.address === ANY) decision.address = packet.requested || message.ciaddr;
    if (reason) {
      counters.refused[reason]++;
      decision.reason = reason;
      if (isKnownSegment) countAtPool(segment, decision.address, reason);
    }
    if (this.isWaiting) return;
    const hasLease = decision.sent === MESSAGE_TYPE.ack && packet.type !== MESSAGE_TYPE.inform;
    const isKnown = packet.reservation !== undefined || hasLease;
    this.history.record(this.hardwareHash, chaddr, hlen, isKnown, decision);
  }

  #answer(lan: Lan, segment: Segment, out: Effect[]): RefusalReason | undefined {
    const { packet } = this;
    const { message } = packet;
    if (!lan.gate.ok) return lan.gate.reason;
    packet.isLocal = segment === lan.segment;
    identify(this, lan, segment);
    if (packet.type === MESSAGE_TYPE.leaseQuery) return handleLeaseQuery(this, lan, out);
    const reason = packet.identify(segment, this.bindings.book) ?? this.#readAddresses();
    if (reason) return reason;
    packet.classes.clear();
    if (segment.deny.has(message.chaddr, message.hlen)) return this.#deny(segment, out);
    this.classes.evaluate(packet, packet.classes);
    if (this.classes.isDenied(packet.classes)) {
      this.#decision.className = this.classes.deniedName(packet.classes);
      return this.#deny(segment, out);
    }
    const { hardwareHash, clientLimiter } = this;
    const { monotonic } = this.now;
    const { chaddr, hlen } = message;
    const isCounted = !this.isTest && this.tries === 0;
    if (isCounted && !clientLimiter.allows(hardwareHash, chaddr, hlen, segment.name, monotonic)) {
      return "rate-limited";
    }
    segment.admit(packet);
    const refusal = this.#dispatch(lan, segment, out);
    const isCharged = refusal === undefined || !NEVER_CHARGED.has(refusal);
    if (isCounted && isCharged) clientLimiter.charge(hardwareHash, monotonic);
    return refusal;
  }

  #deny(segment: Segment, out: Effect[]): RefusalReason {
    if (this.packet.type === MESSAGE_TYPE.discover) offerNoAddress(this, segment, out);
    return "denied";
  }

  #dispatch(lan: Lan, segment: Segment, out: Effect[]): RefusalReason | undefined {
    const silence = this.pair && whySilent(this, lan, segment, this.pair);
    if (silence === "partner-answers") this.leave();
    if (silence) return silence;
    switch (this.packet.type) {
      case MESSAGE_TYPE.discover:
        return handleDiscover(this, segment, out);
      case MESSAGE_TYPE.request:
        return handleRequest(this, segment, out);
      case MESSAGE_TYPE.release:
        return handleRelease(this, segment, out);
      case MESSAGE_TYPE.decline:
        return handleDecline(this, segment, out);
      case MESSAGE_TYPE.inform:
        return handleInform(this, segment, out);
      case MESSAGE_TYPE.offer:
      case MESSAGE_TYPE.ack:
      case MESSAGE_TYPE.nak:
      case MESSAGE_TYPE.forceRenew:
        return "wrong-direction";
      default:
        return "type-not-served";
    }
  }

  #readAddresses(): RefusalReason | undefined {
    const { packet } = this;
    const requested = packet.message.u32(REQUESTED_ADDRESS) ?? ANY;
    const serverId = packet.message.u32(SERVER_ID) ?? ANY;
    if (typeof requested !== "number" || typeof serverId !== "number") return "option-malformed";
    packet.requested = requested as Ipv4;
    packet.serverId = serverId as Ipv4;
    return undefined;
  }
}

/** A request that was counted when it came. */
const AGAIN = 1;

/** A made-up client that is turned away is charged to nobody: see rate-limits.ts. */
const NEVER_CHARGED: ReadonlySet<RefusalReason> = new Set([
  "too-many-new",
  "kept-for-known",
  "no-free-address",
] as const);

function countAtPool(segment: Segment, address: Ipv4, reason: RefusalReason): void {
  const slot = address === ANY ? -1 : segment.pool.slotOf(address);
  if (slot >= 0) segment.pool.rangeOf(slot).counters.countRefusal(reason);
}
