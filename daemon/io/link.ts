// One LAN interface through rawlink: frames in and out over a Unix stream, kept connected.

import { connect, type Socket } from "node:net";
import type { Link } from "../ports.ts";
import {
  FRAME_BYTES_MAX,
  HEADER_BYTES,
  MESSAGE,
  type MessageEvents,
  MessageReader,
  openMessage,
  putHeader,
} from "./link-messages.ts";

export type { LinkState } from "./link-messages.ts";

export interface LinkEvents extends MessageEvents {
  /**
   * rawlink answers now, or it does not (any more), with the reason as a part of a sentence. Told
   * at each change, also of the reason. While it does not answer, the last `state` means nothing.
   */
  helper(connected: boolean, why: string): void;
  /**
   * Totals of lost frames since `open`, over all connections: the kernel's buffer was full, we read
   * too slowly, rawlink refused to send, sending failed (also: because rawlink was gone or stuck).
   */
  drops(kernel: number, slow: number, refused: number, failed: number): void;
}

/** Looks on while frames go by. The bytes are valid only during the call, and nothing may throw. */
export interface FrameTap {
  /** `bytes[start, end)` has come in, and nobody has looked at it yet. */
  received(
    interfaceName: string,
    bytes: Uint8Array,
    start: number,
    end: number,
    checksumReady: boolean,
  ): void;
  /** The frame goes out, if rawlink can send it. */
  sent(interfaceName: string, frame: Uint8Array): void;
}

const READ_BYTES = 256 << 10;
/** Half of what may wait for a rawlink that does not read: one half fills while one is written. */
const BATCH_BYTES = 512 << 10;
const RETRY_FIRST_MILLISECONDS = 100;
const RETRY_LAST_MILLISECONDS = 2000;
/** rawlink answers and reads within milliseconds; after this it is stuck, so connect anew. */
const ANSWER_MILLISECONDS = 3000;

type Drops = readonly [kernel: number, slow: number, refused: number, failed: number];
const NO_DROPS: Drops = [0, 0, 0, 0];

/** The packet helper's end of one interface. Nothing here throws; every trouble is an event. */
export class RawLink implements Link {
  readonly #path: string;
  readonly #interface: string;
  readonly #events: LinkEvents;
  readonly #readBuffer = new Uint8Array(READ_BYTES);

  #tap: FrameTap | undefined;
  #wanted = false;
  #socket: Socket | null = null;
  #answered = false;
  /** For one thing at a time: the next try, the first answer, the end of a slow write. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMilliseconds = RETRY_FIRST_MILLISECONDS;
  #toldWhy: string | null = null;
  #stopReading = (): void => {};

  #filling = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #spare = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #filledBytes = 0;
  #filledFrames = 0;
  /** Handed over, but the system has not taken it all; while there is such, batches wait. */
  #writingBytes = 0;
  #writingFrames = 0;
  #writes = 0;

  /** Totals of this connection as rawlink tells them, of all earlier ones, and what we lost. */
  #drops: Drops = NO_DROPS;
  #dropsBefore: Drops = NO_DROPS;
  #lost = 0;
  #lostTold = 0;

  constructor(socketPath: string, interfaceName: string, events: LinkEvents) {
    this.#path = socketPath;
    this.#interface = interfaceName;
    this.#events = events;
  }

  /** Starts connecting, and reconnects until `close`. */
  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  send(frame: Uint8Array): void {
    const at = this.#filledBytes;
    const end = at + HEADER_BYTES + frame.length;
    if (!this.#answered || frame.length > FRAME_BYTES_MAX || end > BATCH_BYTES) {
      this.#lost++;
      return;
    }
    putHeader(this.#filling, at, MESSAGE.send, frame.length);
    this.#filling.set(frame, at + HEADER_BYTES);
    this.#filledBytes = end;
    this.#filledFrames++;
    if (this.#tap !== undefined) this.#tap.sent(this.#interface, frame);
  }

  flush(): void {
    const socket = this.#socket;
    if (this.#filledBytes === 0 || this.#writingBytes > 0 || socket === null) return;
    const batch = this.#filling;
    const bytes = this.#filledBytes;
    const frames = this.#filledFrames;
    const write = ++this.#writes;
    this.#filledBytes = 0;
    this.#filledFrames = 0;
    socket.write(batch.subarray(0, bytes), () => {
      if (write === this.#writes && this.#writingBytes > 0) this.#written();
    });
    // Most writes are complete when the call returns, and their buffer can be filled again.
    if (socket.writableLength === 0) return;
    this.#writingBytes = bytes;
    this.#writingFrames = frames;
    this.#filling = this.#spare;
    this.#spare = batch;
    this.#timer = setTimeout(() => this.#lose("it takes no more frames"), ANSWER_MILLISECONDS);
  }

  /** Stops for good; no event comes after this. */
  close(): void {
    this.#wanted = false;
    this.#disconnect();
  }

  /** Who looks on from now on; undefined: nobody. */
  set tap(tap: FrameTap | undefined) {
    this.#tap = tap;
  }

  /** Bytes that rawlink has not taken yet, at most 1 MiB. */
  get backlogBytes(): number {
    return this.#writingBytes + this.#filledBytes;
  }

  #written(): void {
    clearTimeout(this.#timer);
    this.#writingBytes = 0;
    this.#writingFrames = 0;
    this.flush();
    this.#tellDrops();
  }

  #connect(): void {
    const reader = new MessageReader(this.#messageEvents());
    const socket = connect({
      path: this.#path,
      onread: {
        buffer: this.#readBuffer,
        callback: (length, bytes) => {
          const wrong = reader.read(bytes, length);
          if (wrong !== null && socket === this.#socket) this.#lose(wrong);
          return true;
        },
      },
    });
    this.#socket = socket;
    this.#stopReading = () => reader.stop();
    socket.on("connect", () => socket.write(openMessage(this.#interface)));
    socket.on("end", () => socket === this.#socket && this.#lose("it closed the connection"));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (socket === this.#socket) this.#lose(explain(error, this.#path));
    });
    this.#timer = setTimeout(() => this.#lose("it does not answer"), ANSWER_MILLISECONDS);
  }

  #messageEvents(): MessageEvents {
    const events = this.#events;
    return {
      frame: (bytes, start, end, ready) => {
        if (this.#tap !== undefined) {
          this.#tap.received(this.#interface, bytes, start, end, ready);
        }
        events.frame(bytes, start, end, ready);
      },
      batchEnd: () => events.batchEnd(),
      state: (state) => {
        this.#answer();
        events.state(state);
      },
      error: (text) => {
        this.#answer();
        events.error(text);
      },
      drops: (...totals) => {
        this.#drops = totals;
        this.#tellDrops(true);
      },
    };
  }

  /** The first message shows that rawlink serves this connection. */
  #answer(): void {
    if (this.#answered) return;
    clearTimeout(this.#timer);
    this.#answered = true;
    this.#retryMilliseconds = RETRY_FIRST_MILLISECONDS;
    this.#toldWhy = null;
    this.#events.helper(true, "");
    this.#tellDrops();
  }

  #lose(why: string): void {
    this.#disconnect();
    this.#timer = setTimeout(() => this.#connect(), this.#retryMilliseconds);
    this.#retryMilliseconds = Math.min(2 * this.#retryMilliseconds, RETRY_LAST_MILLISECONDS);
    if (why === this.#toldWhy) return;
    this.#toldWhy = why;
    this.#events.helper(false, why);
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#stopReading();
    this.#socket?.destroy();
    this.#socket = null;
    this.#answered = false;
    this.#lost += this.#writingFrames + this.#filledFrames;
    this.#writes++;
    this.#writingBytes = this.#writingFrames = this.#filledBytes = this.#filledFrames = 0;
    this.#dropsBefore = sum(this.#dropsBefore, this.#drops);
    this.#drops = NO_DROPS;
  }

  #tellDrops(changed = false): void {
    if (!changed && this.#lost === this.#lostTold) return;
    this.#lostTold = this.#lost;
    const [kernel, slow, refused, failed] = sum(this.#dropsBefore, this.#drops);
    this.#events.drops(kernel, slow, refused, failed + this.#lost);
  }
}

function sum(a: Drops, b: Drops): Drops {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

function explain(error: NodeJS.ErrnoException, path: string): string {
  switch (error.code) {
    case "ENOENT":
      return `its socket ${path} does not exist`;
    case "ECONNREFUSED":
      return `nobody listens on ${path}`;
    case "EACCES":
      return `access to ${path} is denied`;
    default:
      return error.message;
  }
}
