// Where boxes that found each other connect: TLS over TCP on the addresses of the link, from the interfaces that
// are paths to a partner and from nowhere else. Who has shown which key is told; what it may do is decided elsewhere.

import { connect, createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { LIMITS } from "../limits.ts";
import { isLinkLocal } from "./beacon-socket.ts";
import type { Identity } from "./identity.ts";
import { greet } from "./peer-tls.ts";

export interface DoorConfig {
  readonly identity: Identity;
  readonly port: number;
}

/** A connection whose other end has shown that it has the key of this identity. */
export interface Visitor {
  readonly socket: TLSSocket;
  readonly id: Uint8Array;
  readonly interfaceName: string;
  readonly address: string;
}

export interface DoorHandlers {
  /** Whether boxes are looked for on this interface. */
  isPath(interfaceName: string): boolean;
  /** Whether the partner was heard at this address: it never has to wait behind others. */
  isExpected(address: string): boolean;
  /** Who takes it closes it; called later, never from within a call of the door. */
  arrived(visitor: Visitor): void;
  /** Why nobody can connect, as a part of a sentence; undefined: they can. */
  problem(text: string | undefined): void;
}

/** Totals since the start. */
export interface DoorCounters {
  /** From where no box is looked for. */
  readonly strangers: number;
  /** Did not show a key, or not in time. */
  readonly insecure: number;
  /** Had to go for others. */
  readonly surplus: number;
}

export interface DialEnd {
  secured(visitor: Visitor): void;
  /** `isRefused`: nobody listens there. `reason` is a part of a sentence. */
  failed(reason: string, isRefused: boolean): void;
}

export class PeerDoor {
  readonly #handlers: DoorHandlers;
  readonly #counters = { strangers: 0, insecure: 0, surplus: 0 };
  #config: DoorConfig | undefined;
  #server: Server | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Not known yet, oldest first, and whether it is expected. */
  readonly #greeted = new Map<Socket, boolean>();
  readonly #sockets = new Set<Socket>();
  #isStopped = false;

  constructor(handlers: DoorHandlers) {
    this.#handlers = handlers;
  }

  get counters(): DoorCounters {
    return this.#counters;
  }

  /** Open from now on, or closed; connections that stand are not touched. */
  configure(config: DoorConfig | undefined): void {
    const before = this.#config;
    if (before?.port === config?.port && before?.identity === config?.identity) return;
    this.#config = config;
    clearTimeout(this.#timer);
    this.#server?.close();
    this.#server = undefined;
    this.#handlers.problem(undefined);
    if (config) this.#listen(config);
  }

  /** Exactly one of the two ends is told, later; after the returned call none. */
  dial(interfaceName: string, address: string, port: number, end: DialEnd): () => void {
    const socket = connect({ host: `${address}%${interfaceName}`, port, noDelay: true });
    this.#watch(socket);
    let isOver = false;
    const finish = (tell: () => void): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      tell();
    };
    const fail = (reason: string, isRefused = false): void => {
      socket.destroy();
      finish(() => end.failed(reason, isRefused));
    };
    const timer = setTimeout(() => fail("it did not answer"), LIMITS.pairDialMilliseconds);
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) =>
      fail(code === "ECONNREFUSED" ? "nobody listens there" : message, code === "ECONNREFUSED"),
    );
    socket.once("connect", () => {
      const identity = this.#config?.identity;
      if (!identity) {
        fail("this box has no key");
        return;
      }
      greet(socket, false, identity, {
        secured: (tls, id) =>
          finish(() => end.secured({ socket: tls, id, interfaceName, address })),
        failed: (reason) => fail(reason),
      });
    });
    return () => {
      finish(() => {});
      socket.destroy();
    };
  }

  /** Closes everything for good; resolves when all that was sent has left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#server?.close();
    for (const socket of this.#greeted.keys()) socket.destroy();
    const open = Array.from(this.#sockets).filter((socket) => !socket.closed);
    const timer = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, LIMITS.peerCloseMilliseconds);
    await Promise.all(open.map((socket) => new Promise((done) => socket.once("close", done))));
    clearTimeout(timer);
  }

  #listen(config: DoorConfig): void {
    const server = createServer({ noDelay: true });
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket, config));
    server.on("listening", () => this.#handlers.problem(undefined));
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#server !== server || server.listening) return;
      this.#timer = setTimeout(() => this.#listen(config), LIMITS.peerListenRetryMilliseconds);
      const inUse = `port ${config.port} is in use`;
      this.#handlers.problem(error.code === "EADDRINUSE" ? inUse : error.message);
    });
    server.listen({ port: config.port, host: "::", ipv6Only: true, exclusive: true });
  }

  #accept(socket: Socket, config: DoorConfig): void {
    socket.on("error", () => {});
    const [address = "", interfaceName = ""] = (socket.remoteAddress ?? "").split("%");
    const isMeant = isLinkLocal(address) && this.#handlers.isPath(interfaceName);
    if (!isMeant || config !== this.#config || this.#isStopped) {
      this.#counters.strangers++;
      socket.destroy();
      return;
    }
    const isExpected = this.#handlers.isExpected(address);
    if (!isExpected) this.#makeRoom();
    this.#watch(socket);
    this.#greeted.set(socket, isExpected);
    socket.once("close", () => this.#greeted.delete(socket));
    greet(socket, true, config.identity, {
      secured: (tls, id) => {
        if (!this.#greeted.delete(socket) || this.#isStopped) tls.destroy();
        else this.#handlers.arrived({ socket: tls, id, interfaceName, address });
      },
      failed: () => {
        this.#counters.insecure++;
      },
    });
  }

  /** Whoever has taken longest to say who it is has to go. */
  #makeRoom(): void {
    const others = Array.from(this.#greeted).filter(([, isExpected]) => !isExpected);
    const oldest = others[0]?.[0];
    if (!oldest || others.length < LIMITS.peerGreetedMax) return;
    this.#counters.surplus++;
    this.#greeted.delete(oldest);
    oldest.destroy();
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
