// The TCP connections with the partner, and the one that both agreed on (draft-ietf-dhc-failover-12 §8).
// Both boxes listen and dial; the primary says CONNECT on every connection, the secondary takes the first.

import { hashBytes } from "../../base/bytes.ts";
import { DecodeError } from "../../base/errors.ts";
import type { Now } from "../../base/time.ts";
import { LIMITS } from "../../limits.ts";
import { decodeMessage } from "../../wire/failover/decode.ts";
import { encodeMessage, writeMessage } from "../../wire/failover/encode.ts";
import { MessageWriter } from "../../wire/failover/message-writer.ts";
import type { FailoverMessage, MessageOf, ReceivedMessage } from "../../wire/failover/messages.ts";
import type { RejectReason } from "../../wire/failover/numbers.ts";
import type { PairConfig } from "../config-view.ts";
import type { Effect } from "../effect.ts";
import { type BoxFacts, factsOf, vendorOptions } from "./box-facts.ts";
import { ClockOffset } from "./clock-offset.ts";
import {
  connectAckOf,
  connectOf,
  type Objection,
  ownBuckets,
  whyNot,
  whyNotConnect,
} from "./greeting.ts";
import { hbaFromWire } from "./load-balance.ts";
import { Connection, type SessionOwner } from "./peer-connection.ts";

type Connect = MessageOf<"CONNECT">;
type ConnectAck = MessageOf<"CONNECTACK">;

/** "" is a box that is spoken to as dhcpd. */
const VENDOR_CLASS = "tandem-1";

export class Session {
  /** Buckets of RFC 3074 that the primary answers, as the primary said; undefined before it did. */
  primaryBuckets: Uint8Array | undefined;
  partnerWindow = 1;
  /** The partner is no dhcpd, but one of our boxes. */
  isWithBox = false;
  /** Monotonic milliseconds of the last CONTACT. */
  contactedAt = 0;
  readonly offset = new ClockOffset();
  /** Messages that could not be read, and connections ended for it. */
  faults = 0;
  readonly #owner: SessionOwner;
  /** Differs from start to start; never 0. */
  readonly boot: number;
  #config: PairConfig;
  readonly #connections = new Map<number, Connection>();
  #link: Connection | undefined;
  #partnerReceiveMilliseconds = 0;
  #lastSentAt = 0;
  #lastHeardAt = 0;
  #dialAt = 0;
  #isDialling = false;
  /** Messages of this step that need not wait for the disk. */
  readonly #posted = new MessageWriter();
  #isOpen = true;

  constructor(config: PairConfig, owner: SessionOwner, hashSeed: number) {
    this.#config = config;
    this.#owner = owner;
    this.boot = hashBytes(new Uint8Array(8), hashSeed) || 1;
  }

  get isLinked(): boolean {
    return this.#link !== undefined;
  }

  /** Monotonic milliseconds of the last message of the partner. */
  get lastHeardAt(): number {
    return this.#lastHeardAt;
  }

  set config(config: PairConfig) {
    this.#config = config;
  }

  // What the driver tells.

  opened(id: number, now: Now, out: Effect[]): void {
    this.#isDialling = false;
    if (!this.#isOpen) {
      out.push({ kind: "peer-close", connection: id });
      return;
    }
    const connection = new Connection(id, now.monotonic);
    this.#connections.set(id, connection);
    if (this.#config.role === "primary") this.#sendConnect(connection, out);
  }

  bytes(id: number, bytes: Uint8Array, now: Now, out: Effect[]): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    try {
      connection.stream.push(bytes);
      for (;;) {
        const whole = connection.stream.next();
        if (!whole) return;
        const message = decodeMessage(whole, 0, whole.length, this.#config.dialect);
        this.offset.sample(message.time - this.#owner.wall / 1000, now.monotonic);
        this.#receive(connection, message, now, out);
        if (this.#connections.get(id) !== connection) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.faults++;
      this.#close(connection, `the partner sent what cannot be read: ${error.message}`, now, out);
    }
  }

  /** `id` 0: dialling failed. */
  closed(id: number, reason: string, now: Now, out: Effect[]): void {
    if (id === 0) {
      this.#isDialling = false;
      return;
    }
    const connection = this.#connections.get(id);
    if (connection) this.#forget(connection, reason, now, out);
  }

  /** The disk cannot be written: nothing could be acknowledged, so there is nothing to talk about. */
  suspend(reason: string, now: Now, out: Effect[]): void {
    this.#isOpen = false;
    this.restart(reason, now, out);
  }

  /** Begins anew with the partner. */
  restart(reason: string, now: Now, out: Effect[]): void {
    for (const connection of Array.from(this.#connections.values())) {
      this.#close(connection, reason, now, out);
    }
  }

  resume(now: Now): void {
    this.#isOpen = true;
    this.#dialAt = now.monotonic;
  }

  // Sending.

  /** Sends with the others of this step, without waiting for the disk. Returns the xid. */
  post(message: FailoverMessage): number {
    writeMessage(this.#posted, message, this.#config.dialect);
    return message.xid;
  }

  /** Sends behind the records of this step. */
  sendBehind(message: FailoverMessage, out: Effect[]): void {
    const link = this.#link;
    if (!link) return;
    const bytes = encodeMessage(message, this.#config.dialect);
    out.push({ kind: "peer-send", connection: link.id, bytes });
  }

  /** The next xid of the link; 0, which to dhcpd means none, is never given to an update. */
  nextXid(): number {
    const link = this.#link;
    return link ? link.xid++ : 0;
  }

  get time(): number {
    return Math.min(Math.floor(this.#owner.wall / 1000), 0xffffffff);
  }

  /** Hands over what was posted. */
  flush(now: Now, out: Effect[]): void {
    const link = this.#link;
    if (this.#posted.length === 0) return;
    const bytes = this.#posted.take();
    if (!link) return;
    this.#lastSentAt = now.monotonic;
    out.push({ kind: "peer-send", connection: link.id, bytes });
  }

  // Time.

  get nextAt(): number {
    if (!this.#isOpen) return Number.POSITIVE_INFINITY;
    if (this.#link) return Math.min(this.#contactAt, this.#lastHeardAt + this.#receiveMilliseconds);
    let at = this.#isDialling ? Number.POSITIVE_INFINITY : this.#dialAt;
    for (const { openedAt } of this.#connections.values()) {
      at = Math.min(at, openedAt + LIMITS.peerHandshakeMilliseconds);
    }
    return at;
  }

  passTime(now: Now, out: Effect[]): void {
    const { monotonic } = now;
    const link = this.#link;
    for (const connection of Array.from(this.#connections.values())) {
      if (connection === link) continue;
      if (monotonic - connection.openedAt < LIMITS.peerHandshakeMilliseconds) continue;
      this.#close(connection, "the partner does not speak", now, out);
    }
    if (link) {
      if (monotonic - this.#lastHeardAt >= this.#receiveMilliseconds) {
        this.#close(link, "the partner has fallen silent", now, out);
      } else if (monotonic >= this.#contactAt) {
        this.contact(now);
      }
    }
    if (this.#link || this.#isDialling || !this.#isOpen || monotonic < this.#dialAt) return;
    this.#isDialling = true;
    const isSlow = this.#config.dialect === "isc";
    this.#dialAt =
      monotonic + (isSlow ? LIMITS.peerDialSlowMilliseconds : LIMITS.peerDialMilliseconds);
    out.push({ kind: "peer-dial" });
  }

  get #receiveMilliseconds(): number {
    return this.#config.receiveTimerSeconds * 1000;
  }

  /** §7.11: a third of what the partner bears. */
  get #contactAt(): number {
    return (
      this.#lastSentAt + Math.max(1000, Math.floor(this.#partnerReceiveMilliseconds / 3000) * 1000)
    );
  }

  /** Tells the partner that this box is there, and how it is. */
  contact(now: Now): void {
    this.#lastSentAt = now.monotonic;
    this.contactedAt = now.monotonic;
    this.post({
      type: "CONTACT",
      time: this.time,
      xid: this.nextXid(),
      ...this.#vendor(),
    });
  }

  // The handshake.

  #vendor(): Pick<Connect, "vendorSpecificOptions"> & {
    vendorClassIdentifier: string | undefined;
  } {
    if (this.#config.dialect === "isc") {
      return { vendorClassIdentifier: undefined, vendorSpecificOptions: undefined };
    }
    const vendorSpecificOptions = vendorOptions({ ...this.#owner.facts(), boot: this.boot });
    return { vendorClassIdentifier: VENDOR_CLASS, vendorSpecificOptions };
  }

  #sendConnect(connection: Connection, out: Effect[]): void {
    this.primaryBuckets = ownBuckets(this.#config);
    connection.connectXid = connection.xid++;
    const { mcltSeconds } = this.#owner;
    const message = connectOf(this.#config, this.time, connection.connectXid, mcltSeconds);
    this.#send(
      connection,
      { ...message, ...this.#vendor(), vendorClassIdentifier: VENDOR_CLASS },
      out,
    );
  }

  #send(connection: Connection, message: FailoverMessage, out: Effect[]): void {
    const bytes = encodeMessage(message, this.#config.dialect);
    out.push({ kind: "peer-send", connection: connection.id, bytes });
  }

  #receive(connection: Connection, message: ReceivedMessage, now: Now, out: Effect[]): void {
    if (connection === this.#link) {
      this.#lastHeardAt = now.monotonic;
      if (message.type === "DISCONNECT") {
        const why = message.message ?? String(message.rejectReason ?? "no reason");
        this.#close(connection, `the partner ended the connection: ${why}`, now, out);
      } else if (message.type !== "CONNECT" && message.type !== "CONNECTACK") {
        this.#owner.received(message, now, out);
      }
    } else if (message.type === "CONNECT" && this.#config.role === "secondary") {
      this.#onConnect(connection, message, now, out);
    } else if (message.type === "CONNECTACK" && connection.connectXid >= 0) {
      this.#onConnectAck(connection, message, now, out);
    } else {
      this.#close(connection, `the partner begins with ${message.type}`, now, out);
    }
  }

  /** As a secondary (§8.3); the order of the checks is that of dhcpd. */
  #onConnect(connection: Connection, message: Connect, now: Now, out: Effect[]): void {
    const { dialect } = this.#config;
    const buckets = message.hashBucketAssignment;
    const facts = factsOf(message.vendorSpecificOptions);
    const refusal = this.#whyNot(message) ?? whyNotConnect(message);
    if (refusal) {
      this.#refuse(connection, message, refusal.reason, refusal.text, now, out);
      return;
    }
    const link = this.#link;
    if (link && (facts === undefined || facts.boot === link.boot)) {
      this.#refuse(connection, message, "duplicate-connection", "already connected", now, out);
      return;
    }
    // The partner is a new process, and has not told the old connection goodbye.
    if (link) this.#close(link, "the partner was started anew", now, out);
    this.primaryBuckets = buckets && hbaFromWire(dialect, buckets);
    connection.boot = facts?.boot ?? 0;
    this.#sendConnectAck(connection, message, undefined, "", out);
    this.#establish(connection, message, message.mclt, facts, now, out);
  }

  #whyNot(message: Connect | ConnectAck): Objection | undefined {
    return whyNot(this.#config.name, this.#owner.wall / 1000, message);
  }

  /** As the primary. */
  #onConnectAck(connection: Connection, message: ConnectAck, now: Now, out: Effect[]): void {
    connection.connectXid = -1;
    if (message.rejectReason !== undefined) {
      const why = message.message ?? String(message.rejectReason);
      if (!this.#link) this.#owner.refused(why, out);
      this.#close(connection, `the partner refuses: ${why}`, now, out);
      return;
    }
    const facts = factsOf(message.vendorSpecificOptions);
    const refusal = this.#whyNot(message);
    const link = this.#link;
    // A dhcpd that still had the other connection would not take this one.
    const isToldSo = this.#config.dialect === "tandem";
    const isDuplicate = link && isToldSo && (!facts || facts.boot === link.boot);
    if (refusal || isDuplicate) {
      const rejectReason = refusal?.reason ?? "duplicate-connection";
      const text = refusal?.text ?? "already connected";
      const xid = connection.xid++;
      const message = { type: "DISCONNECT", time: this.time, xid, rejectReason } as const;
      this.#send(connection, { ...message, message: text }, out);
      if (refusal && !link) this.#owner.refused(text, out);
      this.#close(connection, text, now, out);
      return;
    }
    if (link) this.#close(link, "the partner was started anew", now, out);
    connection.boot = facts?.boot ?? 0;
    this.#establish(connection, message, undefined, facts, now, out);
  }

  #sendConnectAck(
    connection: Connection,
    connect: Connect,
    rejectReason: RejectReason | undefined,
    text: string,
    out: Effect[],
  ): void {
    const refusal = rejectReason === undefined ? undefined : { reason: rejectReason, text };
    const message = connectAckOf(this.#config, this.time, connect, refusal);
    const isFull = message.receiveTimer !== undefined;
    const vendor = isFull ? { ...this.#vendor(), vendorClassIdentifier: VENDOR_CLASS } : NO_VENDOR;
    this.#send(connection, { ...message, ...vendor }, out);
  }

  #refuse(
    connection: Connection,
    connect: Connect,
    reason: RejectReason,
    text: string,
    now: Now,
    out: Effect[],
  ): void {
    this.#sendConnectAck(connection, connect, reason, text, out);
    if (!this.#link) this.#owner.refused(text, out); // A late one says nothing of the partner.
    this.#close(connection, text, now, out);
  }

  #establish(
    connection: Connection,
    message: Connect | ConnectAck,
    mclt: number | undefined,
    facts: BoxFacts | undefined,
    now: Now,
    out: Effect[],
  ): void {
    this.#link = connection;
    this.#lastHeardAt = now.monotonic;
    this.#lastSentAt = now.monotonic;
    this.#partnerReceiveMilliseconds = (message.receiveTimer ?? 20) * 1000;
    this.partnerWindow = Math.max(1, message.maxUnackedBndupd ?? 1);
    this.isWithBox = message.vendorClassIdentifier === VENDOR_CLASS;
    if (connection.xid === 0) connection.xid = 1;
    this.#owner.established(mclt, facts, now, out);
  }

  #close(connection: Connection, reason: string, now: Now, out: Effect[]): void {
    if (connection === this.#link) this.flush(now, out);
    out.push({ kind: "peer-close", connection: connection.id });
    this.#forget(connection, reason, now, out);
  }

  #forget(connection: Connection, reason: string, now: Now, out: Effect[]): void {
    this.#connections.delete(connection.id);
    if (connection !== this.#link) return;
    this.#link = undefined;
    this.offset.reset();
    this.#posted.cut(0);
    this.#dialAt = Math.max(this.#dialAt, now.monotonic + LIMITS.peerRedialMilliseconds);
    this.#owner.lost(reason, now, out);
  }
}

const NO_VENDOR = { vendorClassIdentifier: undefined, vendorSpecificOptions: undefined };
