// Where boxes that found each other connect: TLS over TCP on the addresses of the link, from the interfaces that
// are paths to a partner and from nowhere else. Who has shown which key is told; what it may do is decided elsewhere.

import { connect, createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { Allowance } from "../base/allowance.ts";
import { isLinkLocal } from "../base/link-local.ts";
import { LIMITS } from "../limits.ts";
import type { Identity } from "./identity.ts";
import { type GreetingFault, greet } from "./peer-tls.ts";

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
  /** Whether the partner was heard there: it never has to wait behind others. */
  isExpected(interfaceName: string, address: string): boolean;
  /** Who takes it closes it; called later, never from within a call of the door. */
  arrived(visitor: Visitor): void;
  /** Why nobody can connect, as a part of a sentence; undefined: they can. */
  problem(text: string | undefined): void;
  /** Monotonic milliseconds. */
  now(): number;
}

/** Why a connection came to nothing. */
export type TurnedAway =
  /** From where no box is looked for. */
  | "strangers"
  /** Each costs time before anything is known of it: more came in a second than are greeted. */
  | "too-often"
  /** Had to go for others. */
  | "surplus"
  /** Did not show its key. */
  | `insecure-${GreetingFault}`
  /** Has shown a key, but neither the partner's nor on a pair port. */
  | "other-key"
  /** A stranger on a pair port that nobody waits for, or while another one is spoken with; or it says too much. */
  | "introduction-unwelcome"
  | "introduction-occupied"
  | "introduction-too-long"
  /** The partner itself: what it said is none of its words, or it has more connections than it needs. */
  | "session-unreadable"
  | "session-surplus";

/** Totals since the start. */
export type DoorCounters = Readonly<Record<TurnedAway, number>>;

export interface DialEnd {
  secured(visitor: Visitor): void;
  /** `isRefused`: nobody listens there. `reason` is a part of a sentence. */
  failed(reason: string, isRefused: boolean): void;
}

/** Those of one interface, and of them the partner for itself. */
interface Queue {
  readonly allowance: Allowance;
}

export class PeerDoor {
  readonly #handlers: DoorHandlers;
  readonly #counters: Record<TurnedAway, number> = {
    ...{ strangers: 0, "too-often": 0, surplus: 0 },
    ...{ "insecure-silent": 0, "insecure-no-tls": 0, "insecure-no-key": 0 },
    ...{ "insecure-broke-off": 0, "other-key": 0 },
    ...{ "introduction-unwelcome": 0, "introduction-occupied": 0, "introduction-too-long": 0 },
    ...{ "session-unreadable": 0, "session-surplus": 0 },
  };
  #config: DoorConfig | undefined;
  #server: Server | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Not known yet, oldest first, and where they came in. */
  readonly #greeted = new Map<Socket, Queue>();
  readonly #queues = new Map<string, Queue>();
  readonly #sockets = new Set<Socket>();
  #isStopped = false;

  constructor(handlers: DoorHandlers) {
    this.#handlers = handlers;
  }

  get counters(): DoorCounters {
    return this.#counters;
  }

  /** Whoever lets one go that has shown its key says why. */
  turnedAway(why: TurnedAway): void {
    this.#counters[why]++;
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

  /** Whether nobody listens there; told once, later, unless that cannot be found out. */
  knock(
    interfaceName: string,
    address: string,
    port: number,
    tell: (isRefused: boolean) => void,
  ): void {
    const socket = connect({ host: `${address}%${interfaceName}`, port });
    this.#watch(socket);
    const end = (isRefused: boolean): void => {
      socket.destroy();
      tell(isRefused);
    };
    socket.setTimeout(LIMITS.channelReplaceMilliseconds, () => socket.destroy());
    socket.once("connect", () => end(false));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED") end(true);
    });
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
      this.turnedAway("strangers");
      socket.destroy();
      return;
    }
    const queue = this.#queue(interfaceName, address);
    if (!queue.allowance.take(this.#handlers.now())) {
      this.turnedAway("too-often");
      socket.destroy();
      return;
    }
    this.#makeRoom(queue);
    this.#watch(socket);
    this.#greeted.set(socket, queue);
    socket.once("close", () => this.#greeted.delete(socket));
    greet(socket, true, config.identity, {
      secured: (tls, id) => {
        if (!this.#greeted.delete(socket) || this.#isStopped) tls.destroy();
        else this.#handlers.arrived({ socket: tls, id, interfaceName, address });
      },
      failed: (_reason, fault) => {
        if (this.#greeted.delete(socket)) this.turnedAway(`insecure-${fault}`);
      },
    });
  }

  /** Those on one interface never wait for those on another, nor the partner for anybody. */
  #queue(interfaceName: string, address: string): Queue {
    const isExpected = this.#handlers.isExpected(interfaceName, address);
    const key = `${isExpected} ${interfaceName}`;
    const known = this.#queues.get(key);
    if (known) return known;
    const now = this.#handlers.now();
    const made = { allowance: new Allowance(LIMITS.peerGreetingsPerSecond, now) };
    this.#queues.set(key, made);
    return made;
  }

  /** Whoever has taken longest to say who it is has to go. */
  #makeRoom(queue: Queue): void {
    const others = Array.from(this.#greeted).filter(([, one]) => one === queue);
    const oldest = others[0]?.[0];
    if (!oldest || others.length < LIMITS.peerGreetedMax) return;
    this.turnedAway("surplus");
    this.#greeted.delete(oldest);
    oldest.destroy();
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
