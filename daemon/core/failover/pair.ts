// This box as one of two: what the partner says and does, and what of this box's own doings it has to know.
// The parts decide; here they are joined.

import type { Ipv4 } from "../../base/address.ts";
import type { Now, WallSeconds } from "../../base/time.ts";
import type { JournalState } from "../../ports.ts";
import type { BindingUpdate, FailoverRole, ReceivedMessage } from "../../wire/failover/messages.ts";
import type { RejectReason } from "../../wire/failover/numbers.ts";
import type { Bindings, Partnership } from "../bindings.ts";
import type { PairConfig } from "../config-view.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";
import { Acknowledgements, type AcknowledgementsOwner } from "./acknowledgements.ts";
import { agreedThrough, isBesideFreshDhcpd, isFirstMeeting, markAgreed } from "./agreed-records.ts";
import { Balancer } from "./balancer.ts";
import type { BoxFacts } from "./box-facts.ts";
import { ClientTerms } from "./client-terms.ts";
import { Endpoint, type EndpointOwner } from "./endpoint.ts";
import { HeldReplies } from "./held-replies.ts";
import { Intake, type IntakeOwner } from "./intake.ts";
import { JournalNotes } from "./journal-notes.ts";
import type { AddressPlace } from "./lease-moves.ts";
import type { PairHost, PairOptions } from "./pair-host.ts";
import { postUpdate, takeMessage } from "./pair-messages.ts";
import { firstState, type PairStateName } from "./pair-state.ts";
import type { SessionOwner } from "./peer-connection.ts";
import { Rights } from "./rights.ts";
import { Session } from "./session.ts";
import type { Action } from "./transitions.ts";
import { UpdateRequests } from "./update-requests.ts";
import { type UpdateSender, Updates } from "./updates.ts";

export class Pair
  implements
    Partnership,
    SessionOwner,
    EndpointOwner,
    IntakeOwner,
    AcknowledgementsOwner,
    UpdateSender
{
  readonly endpoint: Endpoint;
  readonly session: Session;
  readonly updates: Updates;
  readonly intake: Intake;
  readonly answers: Acknowledgements;
  readonly held = new HeldReplies();
  readonly balancer: Balancer;
  readonly rights: Rights;
  readonly notes: JournalNotes;
  readonly terms: ClientTerms;
  readonly requests: UpdateRequests;
  /** Why the partner would not speak to this box, or this one to it; "" when it does. */
  refusal = "";
  /** Updates that the partner refused for good since the start. */
  conflicts = 0;
  readonly #bindings: Bindings;
  readonly #host: PairHost;
  #config: PairConfig;
  #hasBegun = false;

  constructor(options: PairOptions) {
    const { config, bindings, hashSeed, lastAlive, now, host } = options;
    this.#config = config;
    this.#bindings = bindings;
    this.#host = host;
    this.session = new Session(config, this, hashSeed);
    this.requests = new UpdateRequests(this.session);
    this.updates = new Updates(bindings.book, config.dialect);
    this.intake = new Intake(bindings, this.updates, this.held, this, hashSeed);
    this.answers = new Acknowledgements(bindings, this.updates, this.held, this);
    this.balancer = new Balancer(bindings);
    const hasServed = lastAlive > 0 && bindings.book.size > 0;
    // A dhcpd does not say whether it remembers this box.
    const mustWait = config.dialect === "isc" && !hasServed;
    const first = firstState(config.mcltSeconds, hasServed, mustWait, bindings.clock.seconds);
    const state = options.state ?? first;
    const isIncomplete = state.state === "recover" || state.state === "recover-wait";
    this.endpoint = new Endpoint(config, state, isIncomplete, lastAlive, this, this.session, now);
    this.notes = new JournalNotes(bindings, this.endpoint.state, config.dialect, now);
    this.terms = new ClientTerms(this, bindings);
    this.rights = new Rights(bindings, this.endpoint, config.role);
    this.rights.begin(lastAlive, now);
    markAgreed(bindings.book, state.agreedThrough);
  }

  get state(): PairStateName {
    return this.endpoint.state.state;
  }

  get config(): PairConfig {
    return this.#config;
  }

  /** A new configuration with the same name, role and dialect. */
  configure(config: PairConfig, now: Now): void {
    this.#config = config;
    this.session.config = this.#config;
    this.endpoint.config = this.#config;
    if (this.isUpdating) this.balancer.wake(now.monotonic);
  }

  /** The partner takes updates and answers them. */
  get isUpdating(): boolean {
    return this.session.isLinked && this.endpoint.isHeard && !this.endpoint.inStartup;
  }

  // Time and events.

  get nextAt(): number {
    const { endpoint, session, held, balancer, rights } = this;
    const heldAt = held.nextAt ?? Number.POSITIVE_INFINITY;
    const notesAt = this.notes.nextAt(this.isUpdating, session.contactedAt);
    const own = Math.min(endpoint.nextAt, balancer.nextAt, rights.nextAt);
    return Math.min(own, session.nextAt, heldAt, notesAt, this.requests.nextAt);
  }

  passTime(now: Now, out: Effect[]): void {
    if (!this.#hasBegun) {
      // Where the journal was at the end of the last contact is known only now.
      this.#hasBegun = true;
      this.endpoint.persist(out);
    }
    this.held.releaseDue(now.monotonic, out);
    this.requests.passTime(now.monotonic);
    this.session.passTime(now, out);
    this.endpoint.passTime(now, out);
    if (this.rights.passTime(now, out)) this.#host.reshare();
    if (now.monotonic >= this.balancer.nextAt) this.balance(now, out);
    if (this.isUpdating && this.notes.isDue(now.monotonic)) {
      this.endpoint.persist(out);
      this.notes.written(now.monotonic);
    }
  }

  /** The end of a batch of events: what waits for the partner leaves. */
  flush(now: Now, out: Effect[]): void {
    const { durableThrough } = this.#bindings;
    if (this.#isTelling) this.updates.fill(now.monotonic, durableThrough, this);
    if (this.session.isLinked && this.notes.mustTell(now.monotonic, this.session.contactedAt)) {
      this.session.contact(now);
    }
    this.session.flush(now, out);
    this.updates.writeEnds(this.#bindings, out);
  }

  /** More could be sent to the partner than was in one go. */
  get hasMore(): boolean {
    return this.#isTelling && this.updates.hasMore;
  }

  get #isTelling(): boolean {
    if (!this.isUpdating || this.endpoint.isLearning) return false;
    return !(this.isNormal && this.requests.isListening);
  }

  journal(state: JournalState, now: Now, out: Effect[]): void {
    if (state.kind === "failing") this.session.suspend("the disk cannot be written", now, out);
    else if (state.kind === "ok") this.session.resume(now);
  }

  // Partnership: what bindings.ts asks.

  get isApart(): boolean {
    return !this.isUpdating;
  }

  get ownState(): "free" | "backup" {
    return this.role === "primary" ? "free" : "backup";
  }

  /** In NORMAL it is the primary that says when a lease is over (§5.11). */
  get endsLeases(): boolean {
    return this.role === "primary" || this.state !== "normal" || !this.isUpdating;
  }

  changed(entry: LeaseEntry): void {
    entry.updateXid = 0;
    // An answer that waits is about a lease that is over.
    if (entry.state !== "active") this.held.drop(entry);
    if (this.isUpdating) this.updates.enqueue(entry);
  }

  // SessionOwner.

  get mcltSeconds(): number {
    const { role, mcltSeconds } = this.#config;
    return role === "primary" ? mcltSeconds : this.endpoint.state.mcltSeconds;
  }

  get wall(): number {
    return this.#bindings.clock.wall;
  }

  facts(): BoxFacts {
    const host = this.#host;
    return { boot: 0, ...this.notes.tell(), serverIds: host.serverIds(), macs: host.macs() };
  }

  established(
    mclt: number | undefined,
    facts: BoxFacts | undefined,
    now: Now,
    out: Effect[],
  ): void {
    const { state } = this.endpoint;
    this.refusal = "";
    this.requests.forget();
    this.updates.window = this.session.partnerWindow;
    state.mcltSeconds = mclt ?? this.#config.mcltSeconds;
    this.#host.say({ kind: "connected" }, out);
    if (facts) {
      this.#host.trust(facts);
      if (this.notes.rollback.meet(facts)) {
        this.endpoint.isIncomplete = true;
        this.#host.say({ kind: "rolled-back" }, out);
        this.endpoint.trigger({ kind: "rolled-back" }, now, out);
      }
      this.endpoint.persist(out);
      this.notes.rollback.open(this.#bindings.sequence);
    }
    this.endpoint.established(now, out);
  }

  lost(reason: string, now: Now, out: Effect[]): void {
    this.requests.forget();
    this.updates.forget();
    this.held.releaseAll(out);
    this.balancer.stop();
    this.#host.say({ kind: "lost", reason }, out);
    this.notes.rollback.close(this.#bindings.sequence);
    this.endpoint.persist(out);
    this.endpoint.lost(now, out);
    if (this.terms.service === "all") this.#host.answerLeft(now, out);
  }

  refused(reason: string, out: Effect[]): void {
    if (this.refusal === reason) return;
    this.refusal = reason;
    this.#host.say({ kind: "refused", reason }, out);
  }

  received(message: ReceivedMessage, now: Now, out: Effect[]): void {
    takeMessage(this, message, now, out);
  }

  /** UPDDONE: the request that is out has been answered in full. */
  requestDone(xid: number, now: Now, out: Effect[]): void {
    if (!this.requests.isAnswered(xid)) return;
    const { partnerState } = this.endpoint.state;
    const isFirst = isFirstMeeting(this.#config.dialect, partnerState, this.#bindings.book);
    if (isFirst) this.endpoint.state.mustWait = false;
    this.endpoint.trigger({ kind: "updates-done" }, now, out);
  }

  heardOf(facts: BoxFacts, out: Effect[]): void {
    const { epoch } = this.endpoint.state;
    this.notes.rollback.heardOf(facts);
    if (this.endpoint.state.epoch !== epoch) this.endpoint.persist(out);
    this.#host.trust(facts);
    this.#host.noteNews();
  }

  // UpdateSender.

  sendUpdate(bindings: readonly BindingUpdate[]): number {
    return postUpdate(this.session, this.#config.dialect, bindings);
  }

  sendDone(requestXid: number): void {
    this.session.post({ type: "UPDDONE", time: this.session.time, xid: requestXid });
  }

  // IntakeOwner.

  get role(): FailoverRole {
    return this.#config.role;
  }

  get isNormal(): boolean {
    return this.state === "normal";
  }

  placeOf(address: Ipv4): AddressPlace | undefined {
    return this.#host.placeOf(address);
  }

  get leadSeconds(): number {
    const { mustWait, mcltSeconds, partnerState } = this.endpoint.state;
    if (isBesideFreshDhcpd(this.#config.dialect, partnerState)) return 0;
    return this.isRecovering && mustWait ? mcltSeconds : 0;
  }

  get isRecovering(): boolean {
    return this.state === "recover";
  }

  get isReplaced(): boolean {
    const { partnerState, mustWait } = this.endpoint.state;
    return this.isRecovering && (partnerState === "partner-down" || mustWait);
  }

  safeSeconds(entry: LeaseEntry): number {
    return this.terms.safeSeconds(entry);
  }

  turnedDown(address: Ipv4, reason: RejectReason, out: Effect[]): void {
    if (reason === "fatal-conflict") this.conflict(address, out);
  }

  taken(entry: LeaseEntry, out: Effect[]): void {
    if (entry.state === "free") this.freed(entry, out);
    else if (entry.state === "active") this.#host.answeredByPartner(entry);
  }

  // AcknowledgementsOwner.

  get isPartnerRecovering(): boolean {
    const { partnerState } = this.endpoint.state;
    return partnerState === "recover" || partnerState === "recover-wait";
  }

  freed(entry: LeaseEntry, out: Effect[]): void {
    if (this.state !== "normal" || !this.isUpdating) return;
    const segment = this.#host.segments().find((one) => one.pool === entry.pool);
    if (segment) this.balancer.freed(segment, entry, this.terms.plan, out);
  }

  conflict(address: Ipv4, out: Effect[]): void {
    this.conflicts++;
    this.#host.say({ kind: "conflict", address }, out);
  }

  // EndpointOwner.

  get seconds(): WallSeconds {
    return this.#bindings.clock.seconds;
  }

  nextSequence(): number {
    return ++this.#bindings.sequence;
  }

  agreedThrough(): number {
    return agreedThrough(this.#bindings.book, this.#bindings.sequence);
  }

  act(action: Action, now: Now, out: Effect[]): void {
    switch (action) {
      case "balance":
        this.balancer.wake(now.monotonic);
        // A dhcpd that enters NORMAL gives of itself, and complains of who asks before.
        if (this.#config.dialect === "isc") this.balancer.hasAsked(now.monotonic);
        break;
      case "send-unacked":
        this.updates.sendUnacknowledged();
        break;
      case "request-updates":
        this.requests.send(this.endpoint.isIncomplete ? "UPDREQALL" : "UPDREQ", out);
        break;
      case "request-all":
        this.requests.send("UPDREQALL", out);
        break;
      case "listen":
        // Of two boxes one has to begin.
        if (this.role === "primary" || !this.session.isWithBox) {
          this.requests.listen(now.monotonic, out);
        }
        break;
      default:
    }
  }

  changedState(before: PairStateName, now: Now, out: Effect[]): void {
    const { state } = this.endpoint;
    if (state.state !== before) {
      this.#host.say({ kind: "state", from: before, to: state.state }, out);
      if (before === "normal") {
        this.balancer.stop();
        this.held.releaseAll(out);
        // Ends that were left to the primary are this box's own business again.
        this.#bindings.book.requeueAll();
      }
      if (state.state === "normal") this.notes.rollback.settle();
    }
    this.#host.noteNews();
    if (this.rights.refresh(now)) this.#host.reshare();
  }

  balance(now: Now, out: Effect[]): void {
    if (this.state !== "normal" || !this.isUpdating) {
      this.balancer.stop();
      return;
    }
    const isAsking = this.balancer.run(this.#host.segments(), this.terms.plan, now.monotonic, out);
    if (!isAsking) return;
    const { session } = this;
    session.post({ type: "POOLREQ", time: session.time, xid: session.nextXid() });
  }
}
