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
  #held: Buffer[] = [];
  #heldBytes = 0;

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

  /** Somebody has come. Whoever is here already stays, unless it is the same box that has begun anew. */
  visited(visitor: Visitor): void {
    if (this.#socket && !(this.#id && equalBytes(this.#id, visitor.id))) {
      visitor.socket.destroy();
      return;
    }
    const isAgain = this.#socket !== undefined;
    this.close();
    if (isAgain) this.#handlers.closed("it has begun anew");
    this.#begin(visitor);
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
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    for (;;) {
      if (this.#heldBytes < LENGTH_BYTES) return;
      const [first] = this.#held;
      const head = first && first.length >= LENGTH_BYTES ? first : this.#join();
      const length = readU32(head, 0);
      if (length > LIMITS.controlBytesMax) {
        this.#forget();
        socket.destroy();
        this.#handlers.closed(`it says more than ${LIMITS.controlBytesMax} bytes at once`);
        return;
      }
      if (this.#heldBytes < LENGTH_BYTES + length) return;
      const whole = this.#join();
      const rest = whole.subarray(LENGTH_BYTES + length);
      this.#held = rest.length > 0 ? [rest] : [];
      this.#heldBytes = rest.length;
      this.#handlers.received(Uint8Array.from(whole.subarray(LENGTH_BYTES, LENGTH_BYTES + length)));
      if (this.#socket !== socket) return;
    }
  }

  #join(): Buffer {
    const whole = Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [whole];
    return whole;
  }

  #forget(): void {
    this.#socket = undefined;
    this.#id = undefined;
    this.#held = [];
    this.#heldBytes = 0;
  }
}
