// One session with the partner over connections that come and go: whatever was sent on one that broke is sent
// again on the next, once and in order. So a cable can be pulled, and neither the failover protocol nor the
// configuration nor anything else above has to know.
//
// The box that dials decides on which connection the session is; the other one follows. A connection begins with
// "ask" and "answer", by which each learns how much of what it sent has arrived.
//
// In a session failover is spoken in conversations, one after the other: a core that has enough of its partner ends
// the one, and what is said about the configuration goes on.

import { equalBytes } from "../../base/bytes.ts";
import { DecodeError } from "../../base/errors.ts";
import { LIMITS } from "../../limits.ts";
import {
  acknowledgementFrame,
  answerFrame,
  askFrame,
  FRAME,
  FRAME_BYTES_MAX,
  type Frame,
  FrameStream,
  frameOf,
  readAcknowledgement,
  readAnswer,
  readAsk,
  SESSION_BYTES,
} from "../../wire/channel-frames.ts";
import { Outbox } from "./outbox.ts";

/** What a channel wants done, in the order of the calls. Links are numbered by the owner. */
export interface ChannelOwner {
  write(link: number, bytes: Uint8Array): void;
  /** The link is not used any more; what was written on it may still leave. `isFault`: for what came in on it. */
  drop(link: number, reason: string, isFault: boolean): void;
  /** A new session: nothing of an earlier one is under way any more. */
  opened(): void;
  control(message: Uint8Array): void;
  /** The session that was opened is over; what was spoken in it was told as over before. */
  closed(reason: string): void;
  /** Both want to speak failover: nothing of an earlier conversation is under way any more. */
  conversationOpened(): void;
  /** Valid only during the call. */
  failover(bytes: Uint8Array): void;
  /** Told unless this end has hung up. */
  conversationClosed(reason: string): void;
}

/** "calling": this end has asked for one, and what comes in until the answer is of the one before. */
type Conversation = "none" | "calling" | "open";

interface Link {
  readonly number: number;
  readonly isDialled: boolean;
  readonly stream: FrameStream;
}

export class Channel {
  readonly #owner: ChannelOwner;
  readonly #boot: Uint8Array;
  readonly #links = new Map<number, Link>();
  /** The one that the session is on. */
  #link: Link | undefined;
  #session: Uint8Array | undefined;
  #asked: { readonly link: Link; readonly fresh: Uint8Array } | undefined;
  #sessions = 0;
  #conversation: Conversation = "none";
  #isCaller = false;
  #acceptsDue = 0;
  #outbox = new Outbox();
  #received = 0;
  #acknowledged = 0;
  #unacknowledgedBytes = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  /** `boot`: 8 bytes that no other process of any box has chosen. */
  constructor(boot: Uint8Array, owner: ChannelOwner) {
    this.#boot = boot;
    this.#owner = owner;
  }

  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  /** The number of the link that the session is on; undefined while it is on none. */
  get link(): number | undefined {
    return this.#link?.number;
  }

  /** Bytes that wait for the partner, and those of it that are not whole. */
  get heldBytes(): number {
    const streams = Array.from(this.#links.values(), ({ stream }) => stream.heldBytes);
    return streams.reduce((sum, bytes) => sum + bytes, this.#outbox.bytes + this.#partBytes);
  }

  /** How many frames of this session the partner is known to have, and whether it owes word of more. */
  get arrivals(): { readonly count: number; readonly isOwed: boolean } {
    return this.#outbox.arrivals;
  }

  /** A connection with the partner stands. Who has dialled asks at once, and says no more on the one before. */
  begin(number: number, isDialled: boolean): void {
    const link: Link = { number, isDialled, stream: new FrameStream() };
    this.#links.set(number, link);
    if (!isDialled) return;
    if (this.#link) this.#leave(this.#link, "the session moves");
    if (this.#asked) this.#leave(this.#asked.link, "another connection is faster");
    const fresh = this.#nextSession();
    this.#asked = { link, fresh };
    const ask = { resume: this.#session, fresh, received: this.#received };
    this.#owner.write(number, askFrame(ask));
  }

  /** Bytes of a connection, cut anywhere. */
  bytes(number: number, bytes: Uint8Array): void {
    const link = this.#links.get(number);
    if (!link) return;
    try {
      link.stream.push(bytes);
      for (let frame = link.stream.next(); frame; frame = link.stream.next()) {
        this.#take(link, frame);
        if (this.#links.get(number) !== link) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fault(link, error.message);
    }
  }

  /** The connection is gone. The session waits for another one. */
  broken(number: number): void {
    const link = this.#links.get(number);
    if (link) this.#forget(link);
  }

  /** Wants to speak failover. False: there is no session, or it is for the partner to begin. */
  call(): boolean {
    if (!this.#session || !this.#isCaller) return false;
    if (this.#conversation !== "none") return true;
    this.#conversation = "calling";
    this.#acceptsDue++;
    this.#outbox.addSignal(FRAME.call);
    return true;
  }

  /** Has enough of it; what was sent before still arrives. */
  hangUp(): void {
    if (this.#conversation === "none") return;
    this.#conversation = "none";
    this.#outbox.addSignal(FRAME.hangUp);
  }

  /** Takes the bytes over. False: more than the partner can be behind waits for it, and the session is over. */
  send(bytes: Uint8Array): boolean {
    if (this.#conversation !== "open") return true;
    this.#outbox.add(bytes);
    return this.#mustFit();
  }

  /** A whole message, in order among its kind; failover goes before it. */
  sendControl(message: Uint8Array): boolean {
    if (!this.#session) return true;
    this.#outbox.addControl(message);
    return this.#mustFit();
  }

  /** Hands over what was sent since the last time, and what has arrived. */
  flush(): void {
    const link = this.#link;
    if (!link || !this.#session) return;
    const frames = this.#outbox.take();
    const isDue = this.#unacknowledgedBytes >= LIMITS.channelAcknowledgeBytes;
    if (frames.length > 0 || isDue) this.#acknowledge(link);
    for (const frame of frames) this.#owner.write(link.number, frame);
  }

  /** Says that everything has arrived that has: for the times when nothing is sent. */
  rest(): void {
    if (this.#link && this.#session) this.#acknowledge(this.#link);
  }

  /** Ends the session, and tells the partner so if it can be told. */
  end(reason: string): void {
    const link = this.#link;
    if (!this.#session) return;
    this.flush();
    if (link) this.#owner.write(link.number, frameOf(FRAME.end, textBytes(reason)));
    this.#close(reason);
    if (link) this.#leave(link, reason);
  }

  #take(link: Link, { kind, content }: Frame): void {
    if (kind === FRAME.ask) this.#takeAsk(link, content);
    else if (kind === FRAME.answer) this.#takeAnswer(link, content);
    else if (link !== this.#link)
      throw new DecodeError("frame", 0, `kind ${kind} before the greeting`);
    else this.#takeContent(link, kind, content);
  }

  #takeAsk(link: Link, content: Uint8Array): void {
    if (link.isDialled || link === this.#link) throw new DecodeError("ask", 0, "is out of turn");
    const { resume, fresh, received } = readAsk(content);
    const before = this.#link;
    this.#link = link;
    if (before) this.#leave(before, "the session moves");
    if (this.#asked) this.#leave(this.#asked.link, "the partner has dialled as well");
    const isKnown = resume !== undefined && this.#session && equalBytes(resume, this.#session);
    const session = isKnown ? resume : fresh;
    this.#owner.write(
      link.number,
      answerFrame({ session, received: isKnown ? this.#received : 0 }),
    );
    if (isKnown) this.#goOn(link, received);
    else this.#open(session, false);
  }

  #takeAnswer(link: Link, content: Uint8Array): void {
    const asked = this.#asked;
    if (asked?.link !== link) throw new DecodeError("answer", 0, "is out of turn");
    const { session, received } = readAnswer(content);
    const isKnown = this.#session !== undefined && equalBytes(session, this.#session);
    if (!isKnown && !equalBytes(session, asked.fresh)) {
      throw new DecodeError("session", 0, "is another one");
    }
    this.#asked = undefined;
    this.#link = link;
    if (isKnown) this.#goOn(link, received);
    else this.#open(session, true);
  }

  #takeContent(link: Link, kind: number, content: Uint8Array): void {
    if (kind === FRAME.acknowledgement) {
      this.#arrived(readAcknowledgement(content));
      return;
    }
    if (kind === FRAME.end) {
      this.#close(`the partner ended it: ${plainText(content)}`);
      this.#leave(link, "the session is over");
      return;
    }
    this.#received++;
    this.#unacknowledgedBytes += content.length;
    if (kind === FRAME.failover) {
      if (this.#conversation === "open") this.#owner.failover(content);
    } else if (kind === FRAME.part || kind === FRAME.last) {
      this.#takePart(content, kind === FRAME.last);
    } else this.#takeSignal(kind);
  }

  #takeSignal(kind: number): void {
    const is = this.#conversation;
    if (kind === FRAME.hangUp) {
      // While this end is calling it is of the conversation before, of which both had enough.
      if (is === "open") this.#closeConversation("the partner closed it");
      return;
    }
    if (kind === FRAME.accept) {
      if (--this.#acceptsDue < 0) throw new DecodeError("accept", 0, "is out of turn");
      // Only the answer to the last call is of the conversation that this end wants.
      if (this.#acceptsDue > 0 || is !== "calling") return;
    } else {
      if (this.#isCaller || is !== "none") throw new DecodeError("call", 0, "is out of turn");
      this.#outbox.addSignal(FRAME.accept);
      if (!this.#mustFit()) return;
    }
    this.#conversation = "open";
    this.#owner.conversationOpened();
  }

  #closeConversation(reason: string): void {
    const before = this.#conversation;
    this.#conversation = "none";
    if (before === "open") this.#owner.conversationClosed(reason);
  }

  #takePart(content: Uint8Array, isLast: boolean): void {
    // Many short ones would be held at a multiple of what they say.
    if (!isLast && content.length < FRAME_BYTES_MAX) {
      throw new DecodeError("part", 0, `of ${content.length} bytes, and more of it to come`);
    }
    this.#partBytes += content.length;
    if (this.#partBytes > LIMITS.controlBytesMax) {
      throw new DecodeError("control message", 0, `has more than ${LIMITS.controlBytesMax} bytes`);
    }
    this.#parts.push(new Uint8Array(content));
    if (!isLast) return;
    const message = joined(this.#parts, this.#partBytes);
    this.#parts = [];
    this.#partBytes = 0;
    this.#owner.control(message);
  }

  #acknowledge(link: Link): void {
    if (this.#acknowledged === this.#received) return;
    this.#acknowledged = this.#received;
    this.#unacknowledgedBytes = 0;
    this.#owner.write(link.number, acknowledgementFrame(this.#received));
  }

  #arrived(received: number): void {
    if (this.#outbox.arrived(received)) return;
    throw new DecodeError("count", 0, `${received} frames cannot have arrived`);
  }

  /** The session goes on here: what has not arrived leaves again. */
  #goOn(link: Link, received: number): void {
    this.#arrived(received);
    this.#acknowledged = this.#received;
    this.#unacknowledgedBytes = 0;
    for (const frame of this.#outbox.again()) this.#owner.write(link.number, frame);
    this.flush();
  }

  #open(session: Uint8Array, isCaller: boolean): void {
    this.#close("the partner has begun anew");
    this.#session = session;
    this.#isCaller = isCaller;
    this.#acceptsDue = 0;
    this.#owner.opened();
    this.call();
    this.flush();
  }

  #close(reason: string): void {
    if (!this.#session) return;
    this.#session = undefined;
    this.#outbox = new Outbox();
    this.#received = 0;
    this.#acknowledged = 0;
    this.#unacknowledgedBytes = 0;
    this.#parts = [];
    this.#partBytes = 0;
    this.#closeConversation(reason);
    this.#owner.closed(reason);
  }

  #mustFit(): boolean {
    if (this.#outbox.bytes <= LIMITS.peerBytesMax) return true;
    this.end(`the partner is too slow: more than ${LIMITS.peerBytesMax} bytes wait for it`);
    return false;
  }

  /** What is said here cannot be believed: nothing of the session can be. */
  #fault(link: Link, text: string): void {
    const reason = `the partner sent what cannot be read: ${text}`;
    const isOfSession = link === this.#link;
    this.#leave(link, reason, true);
    if (isOfSession) this.#close(reason);
  }

  #leave(link: Link, reason: string, isFault = false): void {
    this.#forget(link);
    this.#owner.drop(link.number, reason, isFault);
  }

  #forget(link: Link): void {
    this.#links.delete(link.number);
    if (this.#link === link) this.#link = undefined;
    if (this.#asked?.link === link) this.#asked = undefined;
  }

  #nextSession(): Uint8Array {
    const number = ++this.#sessions;
    const name = new Uint8Array(SESSION_BYTES);
    name.set(this.#boot);
    new DataView(name.buffer).setUint32(this.#boot.length, number);
    return name;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const REASON_BYTES_MAX = 200;

function textBytes(text: string): Uint8Array {
  const plain = text.slice(0, REASON_BYTES_MAX);
  return Uint8Array.from(plain, (character) => character.charCodeAt(0) & 0x7f);
}

/** It ends up before people: nothing but plain characters, and not many. */
function plainText(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, REASON_BYTES_MAX));
  return text.replace(/[^\x20-\x7e]/g, "?");
}
