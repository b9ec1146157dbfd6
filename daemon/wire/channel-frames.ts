// What two boxes say to each other below the failover messages: one session that outlives its connections.
// A connection is TLS over TCP; what comes in on it is of the partner, but may be cut anywhere.
//
//   kind (1)  length (2)  content …
//
// "ask" is the first frame of who has dialled, "answer" the first of who was. Frames of content are counted from
// the begin of the session, each direction for itself; the counts are how two ends find each other again.

import { DecodeError } from "../base/errors.ts";
import { copyOf, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const FRAME_HEADER_BYTES = 3;
/** Of one frame's content: the most that anything of higher weight has to wait for. */
export const FRAME_BYTES_MAX = 16_384;
export const SESSION_BYTES = 12;
export const CHANNEL_VERSION = 1;

export const FRAME = {
  ask: 1,
  answer: 2,
  acknowledgement: 3,
  /** The session is over; the content is why, in plain text. */
  end: 4,
  /** Bytes of the failover protocol. */
  failover: 5,
  /** Part of a control message, as long as a frame can be; more of it follows. */
  part: 6,
  /** The rest of a control message. */
  last: 7,
  /** The box that dials wants to speak failover, the other one agrees, either one has enough of it. */
  call: 8,
  accept: 9,
  hangUp: 10,
} as const;

const KINDS: ReadonlySet<number> = new Set(Object.values(FRAME));

export interface Ask {
  /** The session that it wants to go on with; undefined: it has none. */
  readonly resume: Uint8Array | undefined;
  /** What a new one is to be called, when that one is not known any more. */
  readonly fresh: Uint8Array;
  /** Frames of content of that session that it has received. */
  readonly received: number;
}

export interface Answer {
  readonly session: Uint8Array;
  readonly received: number;
}

export interface Frame {
  readonly kind: number;
  /** A view, valid until the next call. */
  readonly content: Uint8Array;
}

/** Header and content in one piece. */
export function frameOf(kind: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + content.length);
  writeHeader(bytes, 0, kind, content.length);
  bytes.set(content, FRAME_HEADER_BYTES);
  return bytes;
}

export function writeHeader(bytes: Uint8Array, at: number, kind: number, length: number): void {
  bytes[at] = kind;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length & 255;
}

export function askFrame({ resume, fresh, received }: Ask): Uint8Array {
  const writer = new Writer()
    .u8(CHANNEL_VERSION)
    .bytes(resume ?? NO_SESSION)
    .bytes(fresh);
  return frameOf(FRAME.ask, count(writer, received).done());
}

export function answerFrame({ session, received }: Answer): Uint8Array {
  const writer = new Writer().u8(CHANNEL_VERSION).bytes(session);
  return frameOf(FRAME.answer, count(writer, received).done());
}

export function acknowledgementFrame(received: number): Uint8Array {
  return frameOf(FRAME.acknowledgement, count(new Writer(), received).done());
}

/** Throws DecodeError, as all of the following. */
export function readAsk(content: Uint8Array): Ask {
  const reader = versioned(content);
  const resume = reader.bytes("resume", SESSION_BYTES);
  const fresh = reader.bytes("fresh", SESSION_BYTES);
  const received = readCount(reader);
  return { resume: resume.some((byte) => byte !== 0) ? resume : undefined, fresh, received };
}

export function readAnswer(content: Uint8Array): Answer {
  const reader = versioned(content);
  return { session: reader.bytes("session", SESSION_BYTES), received: readCount(reader) };
}

export function readAcknowledgement(content: Uint8Array): number {
  return readCount(new Reader(content, 0, content.length));
}

const NO_SESSION = new Uint8Array(SESSION_BYTES);

function versioned(content: Uint8Array): Reader {
  const reader = new Reader(content, 0, content.length);
  const version = reader.u8("version");
  if (version !== CHANNEL_VERSION) {
    throw reader.fail("version", `${version} is not spoken here, but ${CHANNEL_VERSION}`);
  }
  return reader;
}

/** 48 bits: 32 would be over after some days of the most that a box can do. */
function count(writer: Writer, value: number): Writer {
  return writer.u16(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
}

function readCount(reader: Reader): number {
  const value = reader.u16("count") * 2 ** 32 + reader.u32("count");
  if (reader.remaining > 0) throw reader.fail("frame", `has ${reader.remaining} bytes too many`);
  return value;
}

/** Frames out of a connection: holds at most one that is not whole, whatever comes in. */
export class FrameStream {
  #held: Uint8Array = new Uint8Array(0);
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  get heldBytes(): number {
    return this.#held.length;
  }

  /** The chunk must not change until `next` has returned undefined. */
  push(chunk: Uint8Array): void {
    this.#chunk = this.#held.length === 0 ? chunk : joined(this.#held, chunk);
    this.#held = NOTHING;
    this.#at = 0;
  }

  /** Undefined: more bytes are needed. Throws DecodeError for what is no frame: the connection is of no use then. */
  next(): Frame | undefined {
    const chunk = this.#chunk;
    const left = chunk.length - this.#at;
    const header = left >= FRAME_HEADER_BYTES;
    const kind = header ? (chunk[this.#at] as number) : 0;
    const length = header
      ? ((chunk[this.#at + 1] as number) << 8) | (chunk[this.#at + 2] as number)
      : 0;
    if (header && !KINDS.has(kind)) throw new DecodeError("frame", this.#at, `kind ${kind}`);
    if (length > FRAME_BYTES_MAX) throw new DecodeError("frame", this.#at, `${length} bytes`);
    if (!header || left < FRAME_HEADER_BYTES + length) {
      this.#held = copyOf(chunk, this.#at);
      this.#chunk = NOTHING;
      this.#at = 0;
      return undefined;
    }
    const start = this.#at + FRAME_HEADER_BYTES;
    this.#at = start + length;
    return { kind, content: chunk.subarray(start, start + length) };
  }
}

const NOTHING = new Uint8Array(0);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
