// The session with a partner that was found on the wires: the channel of core/channel/ on real connections, over
// the path that route.ts wants. The core sees one connection, which outlives cables.

import type { TLSSocket } from "node:tls";
import { equalBytes } from "./base/bytes.ts";
import { Channel } from "./core/channel/channel.ts";
import { Route, type RouteFacts, type RouteStep } from "./core/channel/route.ts";
import type { Sight } from "./core/witness/lookout.ts";
import type { PeerDoor, Visitor } from "./io/peer-door.ts";
import { WRONG_KEY } from "./io/peer-tls.ts";
import { LIMITS } from "./limits.ts";
import type { PeerLink } from "./ports.ts";

export interface PairLinkHandlers {
  /** A conversation with the core of the partner stands; its number, 1 or more, is never used again. */
  open(connection: number): void;
  /** Valid only during the call. */
  bytes(connection: number, bytes: Uint8Array): void;
  /** Once for each that was told as open; 0: there was nobody to speak with. `reason` is a part of a sentence. */
  closed(connection: number, reason: string): void;
  /** The session with what it carries beside failover. */
  sessionOpened(): void;
  control(message: Uint8Array): void;
  sessionClosed(reason: string): void;
  /** The session is on another interface; undefined: on none. */
  moved(interfaceName: string | undefined): void;
  /** What is where the partner was heard is not it, and why; undefined: it is. */
  distrusted(text: string | undefined): void;
}

interface Line {
  readonly socket: TLSSocket;
  readonly interfaceName: string;
  /** Where the partner was heard on that path when the connection began; undefined: it was not. */
  readonly address: string | undefined;
}

export interface PairLinkOptions {
  /** 8 bytes that no other process of any box has chosen. */
  readonly boot: Uint8Array;
  readonly partnerId: Uint8Array;
  /** Of two boxes one dials. */
  readonly dials: boolean;
  readonly door: PeerDoor;
  readonly handlers: PairLinkHandlers;
  /** Number of a conversation, never used before. */
  readonly nextConnection: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class PairLink implements PeerLink {
  readonly #options: PairLinkOptions;
  readonly #handlers: PairLinkHandlers;
  readonly #channel: Channel;
  readonly #route: Route;
  readonly #lines = new Map<number, Line>();
  readonly #restTimer: ReturnType<typeof setInterval>;
  #lastLine = 0;
  #cancelDial: (() => void) | undefined;
  #conversation = 0;
  #isSpeaking = false;
  #isSending = false;
  /** How many frames had arrived, and since when it has been no more. */
  #arrivedCount = 0;
  #arrivedAt = 0;
  /** As it was when it was looked last. */
  #sight: Sight | undefined;
  #isStopped = false;
  /** Connections that stand and on which nothing is said, while this box acts as if its power were gone. */
  #silent: TLSSocket[] | undefined;

  constructor(options: PairLinkOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    this.#route = new Route(options.dials);
    this.#channel = new Channel(options.boot, {
      write: (line, bytes) => this.#lines.get(line)?.socket.write(bytes),
      drop: (line, _reason, isFault) => {
        if (isFault) options.door.turnedAway("session-unreadable");
        this.#drop(line);
      },
      opened: () => this.#handlers.sessionOpened(),
      control: (message) => this.#handlers.control(message),
      closed: (reason) => this.#sessionClosed(reason),
      conversationOpened: () => this.#conversationOpened(),
      failover: (bytes) => this.#handlers.bytes(this.#conversation, bytes),
      conversationClosed: (reason) => this.#conversationClosed(reason),
    });
    this.#restTimer = setInterval(() => this.#rest(), LIMITS.channelRestMilliseconds);
  }

  /** The interface that the session is on now. */
  get on(): string | undefined {
    return this.#current?.interfaceName;
  }

  get #current(): Line | undefined {
    const line = this.#channel.link;
    return line === undefined ? undefined : this.#lines.get(line);
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  get heldBytes(): number {
    return this.#channel.heldBytes;
  }

  /** How the paths are: dials, moves, gives up. To be called when that may be otherwise, and at `nextAt`. */
  look(sight: Sight): void {
    if (this.#isStopped || this.#silent) return;
    this.#sight = sight;
    for (let turn = 0; turn < 3; turn++) {
      const step = this.#route.step(sight, this.#facts, this.#options.now());
      if (!step) return;
      this.#take(step, sight.partner?.port ?? 0);
    }
  }

  get nextAt(): number {
    return this.#isStopped
      ? Number.POSITIVE_INFINITY
      : this.#route.nextAt(this.#facts, this.#options.now());
  }

  /** Somebody has shown the partner's key. */
  arrived(visitor: Visitor): void {
    if (!this.#silent) this.#begin(visitor, false);
    else this.#silence(visitor.socket);
  }

  /** As if the power were gone: what stands is not closed, and nothing is said or heard on it. */
  mute(isMuted: boolean): void {
    if (!isMuted) {
      for (const socket of this.#silent ?? []) socket.destroy();
      this.#silent = undefined;
      return;
    }
    this.#silent ??= [];
    this.#cancelDial?.();
    this.#cancelDial = undefined;
    for (const [number, { socket }] of Array.from(this.#lines)) {
      this.#silence(socket);
      this.#closed(number, false);
    }
  }

  #silence(socket: TLSSocket): void {
    socket.removeAllListeners("data").pause().cork();
    socket.on("error", () => {});
    this.#silent?.push(socket);
  }

  sendControl(message: Uint8Array): void {
    this.#channel.sendControl(message);
    this.#flushLine();
  }

  // PeerLink, for the core.

  send(connection: number, bytes: Uint8Array): void {
    if (!this.#isSpeaking || connection !== this.#conversation) return;
    this.#isSending = true;
    this.#channel.send(bytes);
    this.#isSending = false;
  }

  flush(): void {
    if (this.#channel.isOpen) this.#flushLine();
  }

  dial(): void {
    if (this.#channel.call()) {
      this.#flushLine();
      return;
    }
    const reason = this.#channel.isOpen ? "the partner begins" : "the partner has not been reached";
    this.#later(() => this.#handlers.closed(0, reason));
  }

  close(connection: number): void {
    if (!this.#isSpeaking || connection !== this.#conversation) return;
    this.#isSpeaking = false;
    this.#channel.hangUp();
    this.#flushLine();
  }

  /** Ends the session, and another one is begun. */
  restart(reason: string): void {
    this.#channel.end(reason);
  }

  /** Ends the session, and tells the partner and the core. */
  leave(reason: string): void {
    this.#channel.end(reason);
    this.stop(reason);
  }

  /** Ends the session, and tells the partner. No handler is called any more. */
  stop(reason: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#restTimer);
    this.#cancelDial?.();
    this.#channel.end(reason);
    for (const line of Array.from(this.#lines.keys())) this.#drop(line);
  }

  get #facts(): RouteFacts {
    return {
      isOpen: this.#channel.isOpen,
      on: this.on,
      address: this.#current?.address,
      isDialling: this.#cancelDial !== undefined,
    };
  }

  #take(step: RouteStep, port: number): void {
    const line = this.#channel.link;
    if (step.kind === "end") this.#channel.end(step.reason);
    else if (step.kind === "dial") this.#dial(step.path.interfaceName, step.address, port);
    else if (line !== undefined) this.#abandon(line);
  }

  #dial(interfaceName: string, address: string, port: number): void {
    const { door, partnerId } = this.#options;
    this.#cancelDial = door.dial(interfaceName, address, port, {
      secured: (visitor) => {
        this.#cancelDial = undefined;
        if (equalBytes(visitor.id, partnerId)) {
          this.#handlers.distrusted(undefined);
          this.#begin(visitor, true);
          return;
        }
        visitor.socket.destroy();
        door.turnedAway("other-key");
        this.#failed(false);
        this.#handlers.distrusted(WRONG_KEY);
      },
      failed: (_reason, isRefused) => {
        this.#cancelDial = undefined;
        this.#failed(isRefused);
      },
    });
  }

  #begin({ socket, interfaceName }: Visitor, isDialled: boolean): void {
    this.#makeRoom();
    const number = ++this.#lastLine;
    const path = this.#sight?.paths.find((one) => one.interfaceName === interfaceName);
    this.#lines.set(number, { socket, interfaceName, address: path?.address });
    let isClosed = false;
    socket.on("data", (bytes: Buffer) => {
      const before = this.on;
      this.#channel.bytes(number, bytes);
      this.#channel.flush();
      if (this.on !== before) this.#moved();
    });
    socket.on("end", () => {
      isClosed = true;
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNRESET") isClosed = true;
    });
    socket.once("close", () => this.#closed(number, isClosed));
    this.#channel.begin(number, isDialled);
  }

  /** The oldest that the session is not on: nothing was asked on it, or nobody heard that it broke. */
  #makeRoom(): void {
    if (this.#lines.size < LIMITS.pairLinesMax) return;
    for (const line of this.#lines.keys()) {
      if (line === this.#channel.link) continue;
      this.#options.door.turnedAway("session-surplus");
      this.#abandon(line);
      return;
    }
  }

  /** Says what has arrived, and gives a connection up on which nothing does. */
  #rest(): void {
    this.#channel.rest();
    const { count, isOwed } = this.#channel.arrivals;
    const now = this.#options.now();
    const line = this.#channel.link;
    if (line === undefined || !isOwed || count !== this.#arrivedCount) {
      this.#arrivedCount = count;
      this.#arrivedAt = now;
    } else if (now - this.#arrivedAt > LIMITS.channelGraceMilliseconds) {
      this.#arrivedAt = now;
      this.#abandon(line);
      if (this.#sight) this.look(this.#sight);
    }
  }

  /** The connection is of no use, although it may stand. */
  #abandon(line: number): void {
    this.#lines.get(line)?.socket.destroy();
    this.#closed(line, false);
  }

  #closed(line: number, isClosed: boolean): void {
    if (!this.#lines.delete(line)) return;
    const isOfSession = this.#channel.link === line;
    this.#channel.broken(line);
    if (!isOfSession) return;
    this.#route.lost(this.#options.now(), isClosed);
    this.#moved();
    if (isClosed && !this.#options.dials) this.#knock();
  }

  /** The partner has closed the connection: whether it means to dial again is waited for, unless nobody is there. */
  #knock(): void {
    const { paths = [], partner } = this.#sight ?? {};
    const best = paths.find(({ verdict, address }) => verdict === "up" && address !== undefined);
    if (!best?.address || !partner) return;
    this.#options.door.knock(best.interfaceName, best.address, partner.port, (isRefused) => {
      if (isRefused) this.#failed(true);
    });
  }

  #failed(hasEnded: boolean): void {
    this.#route.failed(this.#options.now(), hasEnded);
    if (hasEnded && this.#sight) this.look(this.#sight);
  }

  /** The channel needs it no more; what was written still leaves. */
  #drop(line: number): void {
    const socket = this.#lines.get(line)?.socket;
    this.#lines.delete(line);
    if (!socket) return;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LIMITS.peerCloseMilliseconds);
    socket.once("close", () => clearTimeout(timer));
  }

  #flushLine(): void {
    const line = this.#channel.link;
    const socket = line === undefined ? undefined : this.#lines.get(line)?.socket;
    // One write for all that this step has to say.
    socket?.cork();
    this.#channel.flush();
    socket?.uncork();
  }

  #conversationOpened(): void {
    this.#isSpeaking = true;
    this.#conversation = this.#options.nextConnection();
    this.#handlers.open(this.#conversation);
  }

  #conversationClosed(reason: string): void {
    if (!this.#isSpeaking) return;
    this.#isSpeaking = false;
    const number = this.#conversation;
    this.#tell(() => this.#handlers.closed(number, reason));
  }

  #sessionClosed(reason: string): void {
    this.#tell(() => this.#handlers.sessionClosed(reason));
  }

  #moved(): void {
    if (!this.#isStopped) this.#handlers.moved(this.on);
  }

  /** Never while the core is in the middle of a step that sends. */
  #tell(tell: () => void): void {
    if (this.#isSending) this.#later(tell);
    else if (!this.#isStopped) tell();
  }

  #later(tell: () => void): void {
    setImmediate(() => {
      if (!this.#isStopped) tell();
    });
  }
}
