// What one box has sent in a session and the other may not have: kept until it is known to have arrived.

import { LIMITS } from "../../limits.ts";
import {
  FRAME,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  frameOf,
  writeHeader,
} from "../../wire/channel-frames.ts";

export class Outbox {
  /** Frames, oldest first: those before `#head` have arrived, those before `#taken` were handed over. */
  #sent: Uint8Array[] = [];
  #head = 0;
  #taken = 0;
  /** How many frames have arrived in all. */
  #arrived = 0;
  #sentBytes = 0;
  #controlUnderWay = 0;
  readonly #isControl = new WeakSet<Uint8Array>();
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #messages: { readonly bytes: Uint8Array; at: number }[] = [];
  #messageBytes = 0;

  /** All that is held, and what it costs to hold it. */
  get bytes(): number {
    return this.#sentBytes + this.#gatheredBytes + this.#messageBytes;
  }

  /** How many frames have arrived, and whether more than these were handed over. */
  get arrivals(): { readonly count: number; readonly isOwed: boolean } {
    return { count: this.#arrived, isOwed: this.#taken > this.#head };
  }

  add(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
  }

  addControl(message: Uint8Array): void {
    this.#messages.push({ bytes: message, at: 0 });
    this.#messageBytes += message.length;
  }

  /** Frames that may leave now: all of failover, and of control so much that failover never waits for long. */
  take(): readonly Uint8Array[] {
    if (this.#gatheredBytes > 0) this.#takeFailover();
    if (this.#messages.length > 0) this.#takeControl();
    const from = this.#taken;
    this.#taken = this.#sent.length;
    return from === this.#taken ? NOTHING : this.#sent.slice(from);
  }

  /** A frame without content, in order with the bytes of failover. */
  addSignal(kind: number): void {
    this.#takeFailover();
    this.#keep(frameOf(kind, NO_BYTES));
  }

  /** False when so many frames were never sent, or were counted out before. */
  arrived(count: number): boolean {
    const news = count - this.#arrived;
    if (news < 0 || news > this.#taken - this.#head) return false;
    this.#arrived = count;
    for (const end = this.#head + news; this.#head < end; this.#head++) {
      this.#drop(this.#sent[this.#head] as Uint8Array);
    }
    // Half of it is dead: what is left moves to the front.
    if (this.#head > 64 && this.#head * 2 > this.#sent.length) {
      this.#sent = this.#sent.slice(this.#head);
      this.#taken -= this.#head;
      this.#head = 0;
    }
    return true;
  }

  /** All that has not arrived, in order. */
  again(): readonly Uint8Array[] {
    return this.#sent.slice(this.#head, this.#taken);
  }

  #drop(frame: Uint8Array): void {
    this.#sentBytes -= frame.length + FRAME_COST;
    if (this.#isControl.has(frame)) this.#controlUnderWay -= frame.length;
  }

  #keep(frame: Uint8Array): void {
    this.#sent.push(frame);
    this.#sentBytes += frame.length + FRAME_COST;
  }

  #takeFailover(): void {
    let left = this.#gatheredBytes;
    let piece = 0;
    let at = 0;
    while (left > 0) {
      const length = Math.min(left, FRAME_BYTES_MAX);
      const frame = new Uint8Array(FRAME_HEADER_BYTES + length);
      writeHeader(frame, 0, FRAME.failover, length);
      for (let filled = 0; filled < length; ) {
        const bytes = this.#gathered[piece] as Uint8Array;
        const part = Math.min(bytes.length - at, length - filled);
        frame.set(
          part === bytes.length ? bytes : bytes.subarray(at, at + part),
          FRAME_HEADER_BYTES + filled,
        );
        filled += part;
        at += part;
        if (at < bytes.length) continue;
        piece++;
        at = 0;
      }
      this.#keep(frame);
      left -= length;
    }
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  #takeControl(): void {
    for (;;) {
      const [message] = this.#messages;
      if (!message || this.#controlUnderWay >= LIMITS.controlUnderWayBytes) return;
      const rest = message.bytes.length - message.at;
      const length = Math.min(rest, FRAME_BYTES_MAX);
      const frame = new Uint8Array(FRAME_HEADER_BYTES + length);
      writeHeader(frame, 0, length === rest ? FRAME.last : FRAME.part, length);
      frame.set(message.bytes.subarray(message.at, message.at + length), FRAME_HEADER_BYTES);
      message.at += length;
      this.#messageBytes -= length;
      this.#controlUnderWay += frame.length;
      this.#isControl.add(frame);
      this.#keep(frame);
      if (length === rest) this.#messages.shift();
    }
  }
}

/** About what a frame takes besides its bytes: most of one that says nothing but its kind. */
const FRAME_COST = 100;
const NOTHING: readonly Uint8Array[] = [];
const NO_BYTES = new Uint8Array(0);
