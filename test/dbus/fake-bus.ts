// A bus in this process that is also keepalived on it, and says everything in one breath: what a program receives
// in one read, it handles before anything that waits for an answer goes on.

import { createServer, type Server, type Socket } from "node:net";
import codec, { type BusMessage } from "dbus-native/lib/message.js";

const BUS = "org.freedesktop.DBus";

/** The messages with which a call is answered, in one write. */
export type Script = (call: BusMessage) => readonly Omit<BusMessage, "serial">[];

export class FakeBus {
  readonly address: string;
  readonly #server: Server;
  readonly #peers = new Set<Socket>();
  #serial = 0;

  private constructor(name: string, script: Script) {
    this.address = `unix:abstract=${name}`;
    this.#server = createServer((peer) => {
      this.#peers.add(peer);
      peer.on("error", () => {});
      this.#serve(peer, script);
    });
  }

  static async start(script: Script): Promise<FakeBus> {
    const name = `tandem-fake-bus-${process.pid}-${Math.random()}`;
    const bus = new FakeBus(name, script);
    await new Promise<void>((resolve) => bus.#server.listen(`\0${name}`, resolve));
    return bus;
  }

  /** To everybody, without having been asked. */
  say(message: Omit<BusMessage, "serial">): void {
    for (const peer of this.#peers) this.#write(peer, [message]);
  }

  async stop(): Promise<void> {
    for (const peer of this.#peers) peer.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** D-Bus specification, "Authentication Protocol": as much as a client needs that may come in. */
  #serve(peer: Socket, script: Script): void {
    peer.once("data", () => {
      peer.write("OK 1234deadbeef\r\n");
      peer.once("data", (rest) => {
        peer.pause();
        peer.unshift(rest.subarray("BEGIN\r\n".length));
        const answer = (call: BusMessage) => this.#write(peer, script(call));
        codec.unmarshalMessages(peer, answer, { maxMessageSize: 1 << 20 }, fail, fail);
      });
    });
  }

  #write(peer: Socket, messages: readonly Omit<BusMessage, "serial">[]): void {
    const all = messages.map((message) => codec.marshall({ ...message, serial: ++this.#serial }));
    if (all.length > 0) peer.write(Buffer.concat(all));
  }
}

function fail(error: Error): void {
  throw error;
}

export function reply(call: BusMessage, signature = "", body: unknown[] = [], sender = BUS) {
  const content = signature === "" ? {} : { signature, body };
  return { type: 2, replySerial: call.serial, sender, destination: ":1.1", ...content };
}

export function refusal(call: BusMessage, errorName: string) {
  const content = { signature: "s", body: ["No."], errorName };
  return { type: 3, replySerial: call.serial, sender: BUS, destination: ":1.1", ...content };
}

export function signal(
  path: string,
  member: string,
  signature: string,
  body: unknown[],
  sender = BUS,
) {
  const dot = member.lastIndexOf(".");
  const names = { interface: member.slice(0, dot), member: member.slice(dot + 1) };
  return { type: 4, path, ...names, sender, signature, body };
}
