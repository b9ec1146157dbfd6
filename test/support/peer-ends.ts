// Real TCP between loopback addresses, for the link between two boxes. Timers of the link are moved by
// hand: no test waits for them.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { vi } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { type PeerAddresses, PeerTcp } from "../../daemon/io/peer-link.ts";
import type { PeerSecurity } from "../../daemon/io/peer-tls.ts";

export const HERE = "127.0.0.21";
export const THERE = "127.0.0.22";
export const ELSEWHERE = "127.0.0.23";
/** A port that nobody has on any of these addresses. */
export let port = 0;
let boxes: Box[] = [];
const servers: Server[] = [];
export const sockets: Socket[] = [];

/** One end of a link, and everything that it told. */
export class Box {
  readonly events: string[] = [];
  readonly received = new Map<number, Buffer>();
  readonly problems: (string | undefined)[] = [];
  /** What was said last. */
  distrusted: string | undefined;
  batches = 0;
  readonly link: PeerTcp;

  constructor() {
    this.link = new PeerTcp({
      open: (n) => this.events.push(`open ${n}`),
      bytes: (n, bytes) => {
        this.received.set(n, Buffer.concat([this.received.get(n) ?? Buffer.alloc(0), bytes]));
        // Bytes belong to the link again after the call.
        bytes.fill(0);
      },
      closed: (n, reason) => this.events.push(`closed ${n}: ${reason}`),
      batchEnd: () => this.batches++,
      problem: (text) => this.problems.push(text),
      distrusted: (text) => {
        this.distrusted = text;
      },
    });
    boxes.push(this);
  }

  text(connection: number): string {
    return String(this.received.get(connection) ?? "");
  }

  say(connection: number, ...texts: string[]): void {
    for (const text of texts) this.link.send(connection, new TextEncoder().encode(text));
    this.link.flush();
  }
}

/** Before each test. */
export async function begin(): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  port = await freePort();
}

/** After each test. */
export async function end(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy();
  const stopping = boxes.map((box) => box.link.stop());
  vi.runAllTimers();
  await Promise.all(stopping);
  for (const server of servers.splice(0)) await closed(server);
  boxes = [];
  vi.useRealTimers();
}

/** Frees the server's port. */
export async function release(server: Server): Promise<void> {
  servers.splice(servers.indexOf(server), 1);
  await closed(server);
}

export function addresses(own: string, partner: string, security?: PeerSecurity): PeerAddresses {
  return {
    ownAddress: ipv4(own),
    port,
    partnerAddress: ipv4(partner),
    partnerPort: port,
    security,
  };
}

export function box(own = HERE, partner = THERE, security?: PeerSecurity): Box {
  const made = new Box();
  made.link.configure(addresses(own, partner, security));
  return made;
}

/** Two boxes with one connection, number 1 for both. */
export async function joined(): Promise<[Box, Box]> {
  const [a, b] = [box(), box(THERE, HERE)];
  await listening(a, b);
  a.link.dial();
  await until(() => a.events.length === 1 && b.events.length === 1);
  return [a, b];
}

/** A box with connection 1 to a bare socket. */
export async function knocked(allowHalfOpen = false): Promise<[Box, Socket]> {
  const a = box();
  await listening(a);
  const socket = await knock(THERE, allowHalfOpen);
  await until(() => a.events.length === 1);
  return [a, socket];
}

export async function listening(...some: Box[]): Promise<void> {
  await until(() => some.every((one) => one.link.port !== 0));
}

export async function knock(from: string, allowHalfOpen = false): Promise<Socket> {
  const socket = connect({ port, host: HERE, localAddress: from, allowHalfOpen });
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

export async function listen(host: string, on = port): Promise<Server> {
  const server = createServer().listen({ port: on, host });
  await once(server, "listening");
  servers.push(server);
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen({ port: 0, host: "0.0.0.0" });
  await once(server, "listening");
  const address = server.address();
  await closed(server);
  return typeof address === "object" && address ? address.port : 0;
}

/** Listens at the partner's address, never accepts, and has its queue full: a SYN is not answered. */
export async function silentServer(): Promise<() => Promise<unknown>> {
  const program = `
    const { parentPort, workerData } = require("node:worker_threads");
    const server = require("node:net").createServer();
    server.listen({ ...workerData, backlog: 1 }, () => {
      parentPort.postMessage("listening");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(program, { eval: true, workerData: { port, host: THERE } });
  await once(worker, "message");
  for (let i = 0; i < 4; i++) {
    const socket = connect({ port, host: THERE, localAddress: ELSEWHERE });
    socket.on("error", () => {});
    sockets.push(socket);
  }
  await until(() => sockets.filter((socket) => !socket.connecting).length === 2);
  return () => worker.terminate();
}

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((done) => setImmediate(done));
}

/** Waits as long as the test may run; vitest's own limit is what fails it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1);
}

function closed(server: Server): Promise<unknown> {
  return new Promise((done) => server.close(done));
}
