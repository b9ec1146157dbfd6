// The connection with a box that is not known yet, on a pair port: whole messages behind their length, one
// connection at a time.

import type { TLSSocket } from "node:tls";
import { equalBytes } from "../base/bytes.ts";
import { LIMITS } from "../limits.ts";
import { readU32 } from "../wire/reader.ts";
import type { PeerDoor, Visitor } from "./peer-door.ts";

export interface IntroductionHandlers {
  /** Whoever it is has proved to have the key of that identity. */
  connected(id: Uint8Array): void;
  /** One whole message, which may be kept. */
  received(message: Uint8Array): void;
  /** It is gone, or could not be made; `reason` is a part of a sentence. Not after `close`. */
  closed(reason: string): void;
}

export interface IntroductionPlace {
  readonly interfaceName: string;
  readonly address: string;
  readonly port: number;
}

const LENGTH_BYTES = 4;

export class IntroductionLink {
  readonly #handlers: IntroductionHandlers;
  #door: PeerDoor | undefined;
  #cancel: (() => void) | undefined;
  #socket: TLSSocket | undefined;
  #id: Uint8Array | undefined;
  #held = new Held();

  constructor(handlers: IntroductionHandlers) {
    this.#handlers = handlers;
  }

  /** Where connections are made from; undefined: none can be now. */
  set door(door: PeerDoor | undefined) {
    if (this.#door !== door) this.close();
    this.#door = door;
  }

  dial({ interfaceName, address, port }: IntroductionPlace): void {
    this.close();
    if (!this.#door) {
      setImmediate(() => this.#handlers.closed("this box cannot connect now"));
      return;
    }
    this.#cancel = this.#door.dial(interfaceName, address, port, {
      secured: (visitor) => {
        this.#cancel = undefined;
        this.#begin(visitor);
      },
      failed: (reason) => {
        this.#cancel = undefined;
        this.#handlers.closed(reason);
      },
    });
  }

  /**
   * Somebody has come. Whoever is here already stays, unless it is the same box that has begun anew; and so does a
   * box that is being dialled, for of two boxes only one dials.
   */
  visited(visitor: Visitor): void {
    const isOccupied = this.#socket && !(this.#id && equalBytes(this.#id, visitor.id));
    if (isOccupied || this.#cancel) {
      this.#door?.turnedAway("introduction-occupied");
      visitor.socket.destroy();
      return;
    }
    const isAgain = this.#socket !== undefined;
    this.close();
    if (isAgain) this.#handlers.closed("it has begun anew");
    this.#begin(visitor);
    if (this.#socket !== visitor.socket) this.#door?.turnedAway("introduction-unwelcome");
  }

  send(message: Uint8Array): void {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(message.length);
    this.#socket?.write(Buffer.concat([length, message]));
  }

  /** What was sent still leaves; nothing is told of the connection any more. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const socket = this.#socket;
    this.#forget();
    if (!socket) return;
    socket.removeAllListeners("data");
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LIMITS.peerCloseMilliseconds);
    socket.once("close", () => clearTimeout(timer));
  }

  #begin({ socket, id }: Visitor): void {
    this.#socket = socket;
    this.#id = id;
    socket.on("data", (bytes: Buffer) => {
      if (this.#socket === socket) this.#receive(socket, bytes);
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      if (this.#socket !== socket) return;
      this.#forget();
      this.#handlers.closed("the connection broke");
    });
    this.#handlers.connected(id);
  }

  #receive(socket: TLSSocket, bytes: Buffer): void {
    this.#held.add(bytes);
    for (;;) {
      const length = this.#held.next();
      if (length === undefined) return;
      if (length > LIMITS.controlBytesMax) {
        this.#door?.turnedAway("introduction-too-long");
        this.#forget();
        socket.destroy();
        this.#handlers.closed(`it says more than ${LIMITS.controlBytesMax} bytes at once`);
        return;
      }
      const message = this.#held.take(length);
      if (!message) return;
      this.#handlers.received(message);
      if (this.#socket !== socket) return;
    }
  }

  #forget(): void {
    this.#socket = undefined;
    this.#id = undefined;
    this.#held = new Held();
  }
}

/** Bytes of messages that are not whole, in one piece: they may come one by one. */
class Held {
  #bytes = Buffer.alloc(0);
  #from = 0;
  #end = 0;

  add(bytes: Buffer): void {
    const held = this.#end - this.#from;
    if (this.#end + bytes.length > this.#bytes.length) {
      // Twice as much as is needed, so that it is not moved at each byte.
      const room = Buffer.alloc(2 * (held + bytes.length));
      this.#bytes.copy(room, 0, this.#from, this.#end);
      this.#bytes = room;
      this.#from = 0;
      this.#end = held;
    }
    bytes.copy(this.#bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Of the message that is coming in; undefined: it has not been said yet. */
  next(): number | undefined {
    return this.#end - this.#from < LENGTH_BYTES ? undefined : readU32(this.#bytes, this.#from);
  }

  /** The message of that length, if it is whole. */
  take(length: number): Uint8Array | undefined {
    const start = this.#from + LENGTH_BYTES;
    if (this.#end - start < length) return undefined;
    this.#from = start + length;
    return Uint8Array.from(this.#bytes.subarray(start, start + length));
  }
}
