// Messages out of a TCP stream: the length field of each is the only frame there is.

import { assert } from "../../base/assert.ts";
import { DecodeError } from "../../base/errors.ts";
import { readU16 } from "../reader.ts";
import { HEADER_BYTES, MESSAGE_BYTES_MAX } from "./decode.ts";

const LENGTH_BYTES = 2;

/**
 * Give it the bytes as they come with `push`, then take whole messages with `next` until there is none.
 * It holds at most one message that is not whole, 2047 bytes, whatever the peer sends.
 */
export class MessageStream {
  readonly #part = new Uint8Array(MESSAGE_BYTES_MAX);
  #held = 0;
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  #offset = 0;
  #fault: DecodeError | undefined;

  /** Bytes that wait for the rest of their message. */
  get held(): number {
    return this.#held;
  }

  /** Bytes of whole messages so far: where the next message starts in the stream. */
  get offset(): number {
    return this.#offset;
  }

  /** The chunk must not change until `next` has returned undefined. Ignored once `next` has thrown. */
  push(chunk: Uint8Array): void {
    if (this.#fault !== undefined) return;
    assert(this.#at === this.#chunk.length, "the last chunk has not been read to its end");
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The next whole message as a view, valid until the next call; undefined when more bytes are needed.
   * Throws DecodeError for a length that no message has, every time from then on: where the next message
   * would start, nobody can know.
   */
  next(): Uint8Array | undefined {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#held > 0 || this.#left < LENGTH_BYTES) return this.#completed();
    const length = this.#checked(readU16(this.#chunk, this.#at));
    if (length > this.#left) return this.#completed();
    const message = this.#chunk.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.#offset += length;
    return message;
  }

  get #left(): number {
    return this.#chunk.length - this.#at;
  }

  /** Adds to the message that came in parts; undefined as long as it is not whole. */
  #completed(): Uint8Array | undefined {
    if (!this.#fill(LENGTH_BYTES)) return undefined;
    const length = this.#checked(readU16(this.#part, 0));
    if (!this.#fill(length)) return undefined;
    this.#held = 0;
    this.#offset += length;
    return this.#part.subarray(0, length);
  }

  /** Takes from the chunk until `wanted` bytes are held. False when it does not suffice. */
  #fill(wanted: number): boolean {
    const taken = Math.min(Math.max(wanted - this.#held, 0), this.#left);
    this.#part.set(this.#chunk.subarray(this.#at, this.#at + taken), this.#held);
    this.#held += taken;
    this.#at += taken;
    return this.#held >= wanted;
  }

  #checked(length: number): number {
    if (length >= HEADER_BYTES && length <= MESSAGE_BYTES_MAX) return length;
    const bounds = `${HEADER_BYTES} to ${MESSAGE_BYTES_MAX}`;
    this.#fault = new DecodeError("message length", this.#offset, `${length} is not ${bounds}`);
    this.#chunk = NOTHING;
    this.#at = 0;
    throw this.#fault;
  }
}

const NOTHING = new Uint8Array(0);
