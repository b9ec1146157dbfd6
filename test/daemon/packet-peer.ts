// Plays rawlink to a real daemon over its Unix socket, so that tests can speak DHCP to it without
// any network: frames in as a client sends them, frames out as the daemon answers.

import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { MESSAGE } from "../../daemon/io/link-messages.ts";
import { macBytes, SERVER_MAC } from "../support/client-frame.ts";
import { keepSent } from "../support/sent.ts";

const LINK_UP = [1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0x05, 0xdc];

/** One daemon at a time may be connected. */
export class PacketPeer {
  readonly #server: Server;
  readonly #onFrame: (frame: Uint8Array) => void;
  #socket: Socket | undefined;
  #held: Buffer = Buffer.alloc(0);

  private constructor(onFrame: (frame: Uint8Array) => void) {
    this.#onFrame = onFrame;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async listen(path: string, onFrame: (frame: Uint8Array) => void): Promise<PacketPeer> {
    rmSync(path, { force: true });
    const peer = new PacketPeer(onFrame);
    await new Promise<void>((resolve) => peer.#server.listen(path, resolve));
    return peer;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  send(frames: readonly Uint8Array[]): void {
    const parts: Uint8Array[] = [];
    for (const frame of frames) {
      parts.push(Uint8Array.of(MESSAGE.frame, 1, frame.length >> 8, frame.length & 255), frame);
    }
    this.#socket?.write(Buffer.concat(parts));
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#socket = socket;
    this.#held = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => this.#read(socket, chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
  }

  #read(socket: Socket, chunk: Buffer): void {
    let rest = Buffer.concat([this.#held, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readUInt16BE(2);
      if (rest.length < end) break;
      const payload = rest.subarray(4, end);
      if (rest[0] === MESSAGE.open) {
        const link = Uint8Array.of(...LINK_UP, ...macBytes(SERVER_MAC), 0, 0);
        socket.write(Buffer.concat([Uint8Array.of(MESSAGE.link, 0, 0, link.length), link]));
      } else if (rest[0] === MESSAGE.send) {
        keepSent(new Uint8Array(payload));
        this.#onFrame(payload);
      }
      rest = rest.subarray(end);
    }
    this.#held = rest;
  }
}
