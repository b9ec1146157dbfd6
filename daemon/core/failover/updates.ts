// Binding updates on their way to the partner (draft-ietf-dhc-failover-12 §7.1): what changed waits in a
// queue, leaves as the partner's window allows, and is known to the partner when it is acknowledged.
//
// The queue is bounded. When it runs over, and after every time apart, the whole book is gone through in
// pages for whatever the partner does not have: each lease knows whether it does.

import { LIMITS } from "../../limits.ts";
import type { BindingUpdate, Dialect } from "../../wire/failover/messages.ts";
import { EncodeError } from "../../wire/writer.ts";
import type { Bindings } from "../bindings.ts";
import type { Effect } from "../effect.ts";
import type { LeaseBook, LeaseEntry } from "../lease-book.ts";
import { updateOf } from "./binding-fields.ts";
import { isTransitional } from "./lease-moves.ts";
import { UpdateQueue } from "./update-queue.ts";

interface InFlight {
  readonly xid: number;
  readonly entries: readonly LeaseEntry[];
  readonly sentAt: number;
}

/** Going through the book: for what the partner has not acknowledged, or for everything. */
interface Sweep {
  readonly kind: "unacknowledged" | "all";
  readonly entries: Iterator<LeaseEntry>;
  /** The partner asked for it, and gets an UPDDONE with this xid. */
  readonly requestXid: number | undefined;
}

export interface UpdateSender {
  /** Sends one BNDUPD and returns its xid. */
  sendUpdate(bindings: readonly BindingUpdate[]): number;
  sendDone(requestXid: number): void;
}

export class Updates {
  sent = 0;
  acknowledged = 0;
  refused = 0;
  /** Times the queue ran over and the book had to be gone through. */
  overflows = 0;
  /** Bindings that the partner takes without having acknowledged them. */
  window = 1;
  readonly #book: LeaseBook;
  readonly dialect: Dialect;
  /** Leases that clients have, or wait for; and all else. */
  readonly #clients = new UpdateQueue();
  readonly #others = new UpdateQueue();
  #inFlight: InFlight[] = [];
  #inFlightHead = 0;
  #outstanding = 0;
  #sweep: Sweep | undefined;
  #isSweepWanted = false;
  /** UPDDONE is due when every update up to `lastXid` is answered. */
  #done: { readonly requestXid: number; readonly lastXid: number } | undefined;
  #lastXid = 0;
  #durableThrough = 0;
  /** Have ended without a record of it; the partner is told when there is one. */
  #unwritten: LeaseEntry[] = [];

  constructor(book: LeaseBook, dialect: Dialect) {
    this.#book = book;
    this.dialect = dialect;
  }

  /** Updates that wait or are under way. */
  get backlog(): number {
    return this.#clients.size + this.#others.size + this.#outstanding;
  }

  /** Nothing waits, nothing is under way, and the book need not be gone through. */
  get isInStep(): boolean {
    return this.backlog === 0 && this.#sweep === undefined && !this.#isSweepWanted;
  }

  /** Something waits, and the partner would take it. */
  get hasMore(): boolean {
    const next = this.#clients.first;
    if (next && this.#outstanding < this.window) return next.sequence <= this.#durableThrough;
    if (this.#outstanding >= this.#windowOfOthers) return false;
    const other = this.#others.first;
    return other ? other.sequence <= this.#durableThrough : this.isSweeping;
  }

  get isSweeping(): boolean {
    return this.#sweep !== undefined || this.#isSweepWanted;
  }

  /** When the oldest update under way was sent, in monotonic milliseconds. */
  get oldestSentAt(): number | undefined {
    return this.#inFlight[this.#inFlightHead]?.sentAt;
  }

  /** The lease changed: the partner shall hear of it. */
  enqueue(entry: LeaseEntry): void {
    entry.updateXid = 0;
    if (entry.isQueued) return;
    const queue = entry.state === "active" ? this.#clients : this.#others;
    if (queue.size < LIMITS.peerBacklogMax) queue.push(entry);
    else this.#overflow();
  }

  /** Everything that the partner has not acknowledged will be sent. */
  sendUnacknowledged(): void {
    this.#isSweepWanted = true;
  }

  /** The partner asks for updates (§7.3, §7.4); a request takes the place of an earlier one. */
  request(kind: "unacknowledged" | "all", requestXid: number): void {
    this.#done = undefined;
    this.#sweep = { kind, entries: this.#book.leases()[Symbol.iterator](), requestXid };
  }

  /**
   * Sends as much as the window allows, at most LIMITS.peerPageMax at once. The partner hears of nothing
   * that is not on this box's own disk (`durableThrough`): it could go by what this box forgets.
   */
  fill(nowMonotonic: number, durableThrough: number, sender: UpdateSender): void {
    this.#durableThrough = durableThrough;
    const groupMax = this.dialect === "isc" ? 1 : GROUP_MAX;
    for (let left = LIMITS.peerPageMax; left > 0; ) {
      const entries = this.#take(Math.min(groupMax, left));
      if (entries.length === 0) break;
      left -= entries.length;
      this.#send(entries, nowMonotonic, sender);
    }
    this.#sayDone(sender);
  }

  /** Writes down what the partner cannot be told before; `out` has what need not wait for the disk. */
  writeEnds(bindings: Bindings, out: Effect[]): void {
    const entries = this.#unwritten.splice(0);
    for (const entry of entries) {
      if (!entry.writtenState || this.#book.at(entry.address) !== entry) continue;
      bindings.persist(entry, out);
      if (!entry.isQueued) this.#enqueueAnyway(entry);
    }
  }

  /**
   * The entries of a BNDUPD that this answers, with the index of each in it; undefined for an answer to
   * nothing. The window is free again.
   */
  answered(xid: number): readonly LeaseEntry[] | undefined {
    const list = this.#inFlight;
    for (let i = this.#inFlightHead; i < list.length; i++) {
      const one = list[i] as InFlight;
      if (one.xid !== xid) continue;
      if (i === this.#inFlightHead) this.#inFlightHead++;
      else list.splice(i, 1);
      if (this.#inFlightHead === list.length) {
        list.length = 0;
        this.#inFlightHead = 0;
      } else if (this.#inFlightHead > 1024) {
        list.splice(0, this.#inFlightHead);
        this.#inFlightHead = 0;
      }
      this.#outstanding -= one.entries.length;
      return one.entries;
    }
    return undefined;
  }

  /** The connection is gone, and with it all that was under way (§8.6). */
  forget(): void {
    for (let i = this.#inFlightHead; i < this.#inFlight.length; i++) {
      for (const entry of (this.#inFlight[i] as InFlight).entries) entry.updateXid = 0;
    }
    this.#clients.clear();
    this.#others.clear();
    this.#unwritten = [];
    this.#inFlight = [];
    this.#inFlightHead = 0;
    this.#outstanding = 0;
    this.#sweep = undefined;
    this.#isSweepWanted = false;
    this.#done = undefined;
    this.#lastXid = 0;
  }

  /** It waits for the own disk, and a sweep comes by once. */
  #enqueueAnyway(entry: LeaseEntry): void {
    entry.isAgreed = false;
    this.#others.push(entry);
  }

  #overflow(): void {
    if (!this.#isSweepWanted) this.overflows++;
    this.#isSweepWanted = true;
  }

  /** Clients wait for some of them, so leases come before what the boxes have to settle among themselves. */
  #take(count: number): LeaseEntry[] {
    const taken: LeaseEntry[] = [];
    this.#takeFrom(this.#clients, taken, Math.min(count, this.window - this.#outstanding));
    const room = Math.min(count, this.#windowOfOthers - this.#outstanding);
    this.#takeFrom(this.#others, taken, room);
    const isDone = this.#clients.size + this.#others.size === 0;
    if (isDone && taken.length < room) this.#takeFromBook(taken, room);
    return taken;
  }

  #takeFrom(queue: UpdateQueue, taken: LeaseEntry[], count: number): void {
    for (;;) {
      const entry = queue.first;
      if (taken.length >= count || !entry || entry.sequence > this.#durableThrough) return;
      queue.shift();
      if (entry.isAgreed || this.#book.at(entry.address) !== entry) continue;
      if (entry.writtenState) this.#unwritten.push(entry);
      else taken.push(entry);
    }
  }

  /** The other half is left free for clients. Beside a dhcpd none of them waits. */
  get #windowOfOthers(): number {
    return this.dialect === "isc" ? this.window : Math.ceil(this.window / 2);
  }

  #takeFromBook(taken: LeaseEntry[], count: number): void {
    if (!this.#sweep && this.#isSweepWanted) {
      this.#isSweepWanted = false;
      const entries = this.#book.leases()[Symbol.iterator]();
      this.#sweep = { kind: "unacknowledged", entries, requestXid: undefined };
    }
    const sweep = this.#sweep;
    if (!sweep) return;
    for (let looked = 0; taken.length < count && looked < LIMITS.peerSweepSlice; looked++) {
      const next = sweep.entries.next();
      if (next.done) {
        this.#endSweep(sweep);
        return;
      }
      const entry = next.value;
      // One that is under way already is answered before the updates that follow it.
      if (entry.isQueued || entry.updateXid !== 0) continue;
      if (taken.includes(entry) || (sweep.kind !== "all" && entry.isAgreed)) continue;
      if (entry.writtenState) this.#unwritten.push(entry);
      else if (entry.sequence <= this.#durableThrough) taken.push(entry);
      else if (!entry.fromPartner) this.#enqueueAnyway(entry);
    }
  }

  #endSweep(sweep: Sweep): void {
    this.#sweep = undefined;
    if (sweep.requestXid !== undefined) {
      this.#done = { requestXid: sweep.requestXid, lastXid: -1 };
    }
  }

  #send(entries: LeaseEntry[], sentAt: number, sender: UpdateSender): void {
    const bindings = entries.map((entry) => updateOf(entry, this.dialect));
    let xid: number;
    try {
      xid = sender.sendUpdate(bindings);
    } catch (error) {
      if (!(error instanceof EncodeError) || entries.length === 1) throw error;
      // Long identities: the message would be too long.
      const half = entries.length >> 1;
      this.#send(entries.slice(0, half), sentAt, sender);
      this.#send(entries.slice(half), sentAt, sender);
      return;
    }
    for (const entry of entries) {
      entry.updateXid = xid;
      entry.isUntold = false;
      entry.isEndTold = isTransitional(entry.state);
    }
    this.sent += entries.length;
    this.#lastXid = xid;
    this.#outstanding += entries.length;
    this.#inFlight.push({ xid, entries, sentAt });
  }

  /** UPDDONE leaves when all that was sent up to the end of the sweep is answered (§7.5). */
  #sayDone(sender: UpdateSender): void {
    const done = this.#done;
    // What waits for the own disk was found by the sweep as well.
    const isWriting = this.#others.size + this.#unwritten.length > 0;
    if (!done || (done.lastXid < 0 && isWriting)) return;
    const lastXid = done.lastXid < 0 ? this.#lastXid : done.lastXid;
    if (done.lastXid < 0) this.#done = { ...done, lastXid };
    const oldest = this.#inFlight[this.#inFlightHead];
    if (oldest && oldest.xid <= lastXid) return;
    this.#done = undefined;
    sender.sendDone(done.requestXid);
  }
}

/** Updates in one message: they fit, unless identities are long. */
const GROUP_MAX = 16;
