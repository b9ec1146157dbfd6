// The messages between the daemon and rawlink; board/rawlink/README.md is their specification.

/** An interface as rawlink sees it. `mac` is all zero while the interface is missing. */
export interface LinkState {
  readonly present: boolean;
  readonly carrier: boolean;
  readonly ifindex: number;
  /** Bytes of IP packet that fit one frame. */
  readonly mtu: number;
  readonly mac: Uint8Array;
}

/** What a stream of messages says. The calls come in the order of the messages. */
export interface MessageEvents {
  /** One received Ethernet frame, `bytes[start, end)`; the bytes are only valid during the call. */
  frame(bytes: Uint8Array, start: number, end: number, checksumReady: boolean): void;
  /** After the last whole frame of a chunk that had any. */
  batchEnd(): void;
  state(state: LinkState): void;
  /** Why the interface cannot be used or a frame was not sent: words without a full stop. */
  error(text: string): void;
  /** Totals of frames since the connection began. */
  drops(kernel: number, slow: number, refused: number, failed: number): void;
}

export const HEADER_BYTES = 4;
export const FRAME_BYTES_MAX = 2048;
const LINK_BYTES = 20;
const DROPS_BYTES = 16;

export const MESSAGE = {
  open: 0x01,
  send: 0x02,
  link: 0x81,
  frame: 0x82,
  error: 0x83,
  drops: 0x84,
} as const;

const FLAG_CHECKSUM_NOT_READY = 0x01;

export function openMessage(interfaceName: string): Uint8Array {
  const name = new TextEncoder().encode(interfaceName);
  const message = new Uint8Array(HEADER_BYTES + name.length);
  putHeader(message, 0, MESSAGE.open, name.length);
  message.set(name, HEADER_BYTES);
  return message;
}

export function putHeader(target: Uint8Array, at: number, type: number, payload: number): void {
  target[at] = type;
  target[at + 1] = 0;
  target[at + 2] = payload >> 8;
  target[at + 3] = payload & 0xff;
}

/** Cuts a byte stream into messages, wherever the reads happen to end. */
export class MessageReader {
  readonly #events: MessageEvents;
  /** The beginning of a message whose end has not been read yet. */
  readonly #held = new Uint8Array(HEADER_BYTES + FRAME_BYTES_MAX);
  #heldBytes = 0;
  #frames = 0;
  #stopped = false;

  constructor(events: MessageEvents) {
    this.#events = events;
  }

  /**
   * Takes `bytes[0, length)`. Returns null, or in a few words how the stream breaks the protocol;
   * nothing more may be read from it then.
   */
  read(bytes: Uint8Array, length: number): string | null {
    const held = this.#heldBytes > 0 ? this.#finishHeld(bytes, length) : 0;
    if (typeof held === "string") return this.#end(held);
    let at = held;
    while (length - at >= HEADER_BYTES && !this.#stopped) {
      const payload = payloadBytes(bytes, at);
      if (payload < 0) return this.#end(violation(bytes, at));
      if (length - at - HEADER_BYTES < payload) break;
      this.#dispatch(bytes, at, payload);
      at += HEADER_BYTES + payload;
    }
    if (!this.#stopped && at < length) {
      this.#held.set(bytes.subarray(at, length), this.#heldBytes);
      this.#heldBytes += length - at;
    }
    return this.#end(null);
  }

  /** May be called from within an event: no further event comes. */
  stop(): void {
    this.#stopped = true;
  }

  #end(result: string | null): string | null {
    const frames = this.#frames;
    this.#frames = 0;
    if (frames > 0 && !this.#stopped) this.#events.batchEnd();
    return result;
  }

  /** Completes the held message; returns how many bytes that took, or the violation. */
  #finishHeld(bytes: Uint8Array, length: number): number | string {
    let taken = this.#hold(bytes, 0, length, HEADER_BYTES);
    if (this.#heldBytes < HEADER_BYTES) return taken;
    const payload = payloadBytes(this.#held, 0);
    if (payload < 0) return violation(this.#held, 0);
    taken = this.#hold(bytes, taken, length, HEADER_BYTES + payload);
    if (this.#heldBytes < HEADER_BYTES + payload) return taken;
    this.#heldBytes = 0;
    this.#dispatch(this.#held, 0, payload);
    return taken;
  }

  /** Moves bytes from `at` on into the held message until it has `wanted`; returns the new `at`. */
  #hold(bytes: Uint8Array, at: number, length: number, wanted: number): number {
    const count = Math.min(wanted - this.#heldBytes, length - at);
    if (count <= 0) return at;
    this.#held.set(bytes.subarray(at, at + count), this.#heldBytes);
    this.#heldBytes += count;
    return at + count;
  }

  #dispatch(bytes: Uint8Array, at: number, payload: number): void {
    const start = at + HEADER_BYTES;
    const type = bytes[at];
    if (type === MESSAGE.frame) {
      const flags = bytes[at + 1] as number;
      this.#frames++;
      this.#events.frame(bytes, start, start + payload, (flags & FLAG_CHECKSUM_NOT_READY) === 0);
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, payload);
    if (type === MESSAGE.link) {
      this.#events.state({
        present: view.getUint8(0) !== 0,
        carrier: view.getUint8(1) !== 0,
        ifindex: view.getUint32(4),
        mtu: view.getUint32(8),
        // A copy also when `bytes` is a Buffer, whose own slice() would not be one.
        mac: new Uint8Array(bytes.subarray(start + 12, start + 18)),
      });
    } else if (type === MESSAGE.error) {
      this.#events.error(new TextDecoder().decode(bytes.subarray(start + 4, start + payload)));
    } else {
      this.#events.drops(
        view.getUint32(0),
        view.getUint32(4),
        view.getUint32(8),
        view.getUint32(12),
      );
    }
  }
}

/** Payload length of the message whose header is at `at`; -1 when there is no such message. */
function payloadBytes(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  switch (bytes[at]) {
    case MESSAGE.frame:
      return length <= FRAME_BYTES_MAX ? length : -1;
    case MESSAGE.link:
      return length === LINK_BYTES ? length : -1;
    case MESSAGE.drops:
      return length === DROPS_BYTES ? length : -1;
    case MESSAGE.error:
      return length >= 4 && length <= FRAME_BYTES_MAX ? length : -1;
    default:
      return -1;
  }
}

function violation(bytes: Uint8Array, at: number): string {
  const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return `it sent a message of type ${bytes[at]} with ${length} bytes, which does not exist`;
}
