// The TCP connections with the partner (draft-ietf-dhc-failover-12 §8.2): both boxes listen, and both
// dial. What is said on them is the core's part; nothing here throws, every trouble is an event.

import { connect, createServer, type Server, type Socket } from "node:net";
import { formatIpv4, type Ipv4, parseIpv4 } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import { counter } from "../base/counter.ts";
import { LIMITS } from "../limits.ts";
import type { PeerLink } from "../ports.ts";
import { NO_TLS, type PeerSecurity, secure, WRONG_KEY } from "./peer-tls.ts";
import { explainDial, explainListen } from "./peer-troubles.ts";

export interface PeerAddresses {
  /** Listened on, and the source of what is dialled. */
  readonly ownAddress: Ipv4;
  /** 0 for any free one. */
  readonly port: number;
  /** The only one that connections are taken from. */
  readonly partnerAddress: Ipv4;
  readonly partnerPort: number;
  /** Undefined: plain TCP, as beside a dhcpd. */
  readonly security: PeerSecurity | undefined;
}

/** Of these only `problem` may be called before the call of PeerTcp that caused it has returned. */
export interface PeerHandlers {
  /** A connection stands, whoever dialled. Its number, 1 or more, is never used again. */
  open(connection: number): void;
  /** Bytes from the partner, cut anywhere; valid only during the call. */
  bytes(connection: number, bytes: Uint8Array): void;
  /**
   * Once for each connection that was told as open, also when this box closed it; 0 is a dial that
   * failed. `reason` is a part of a sentence.
   */
  closed(connection: number, reason: string): void;
  /** After each of the calls above. */
  batchEnd?(): void;
  /** Why nobody can connect to this box now, as a part of a sentence; undefined: they can. */
  problem?(text: string | undefined): void;
  /** What is at the partner's address is not believed to be it, and why; undefined: the partner is there. */
  distrusted?(text: string | undefined): void;
}

/** Totals since the start. */
export interface PeerCounters {
  readonly opened: number;
  /** Connections that were refused: not from the partner, or too many at once. */
  readonly strangers: number;
  /** From there, but without the partner's key. */
  readonly insecure: number;
  readonly surplus: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

interface Connection {
  readonly socket: Socket;
  readonly number: number;
  /** Sent since the last flush. */
  gathered: Uint8Array[];
  gatheredBytes: number;
  /** Why it ends; undefined while it is in use. */
  ending: string | undefined;
}

/** Idle time after which the kernel itself asks whether the other end is still there. */
const KEEP_ALIVE_MILLISECONDS = 10_000;

export class PeerTcp implements PeerLink {
  readonly #handlers: PeerHandlers;
  readonly #nextNumber: () => number;
  #addresses: PeerAddresses | undefined;
  #server: Server | undefined;
  #listenTimer: ReturnType<typeof setTimeout> | undefined;
  #problem: string | undefined;
  /** The attempt under way. */
  #dialling: Socket | undefined;
  readonly #connections = new Map<number, Connection>();
  readonly #sockets = new Set<Socket>();
  #stopped = false;
  /** Accepted, and not known yet to be the partner's. */
  #greeted = 0;
  readonly #counters = {
    opened: 0,
    strangers: 0,
    insecure: 0,
    surplus: 0,
    receivedBytes: 0,
    sentBytes: 0,
  };

  /** Does nothing until it is told the addresses. `nextNumber`: of a connection, never used before. */
  constructor(handlers: PeerHandlers, nextNumber = counter()) {
    this.#handlers = handlers;
    this.#nextNumber = nextNumber;
  }

  /**
   * Listens here from now on, and takes connections of this partner; undefined: of nobody. When this
   * is a change, connections of before are closed and said so.
   */
  configure(addresses: PeerAddresses | undefined): void {
    if (this.#stopped || isSame(this.#addresses, addresses)) return;
    this.#addresses = addresses;
    for (const one of this.#connections.values()) this.#end(one, "the addresses were changed");
    this.#dialling?.destroy();
    this.#stopListening();
    this.#tellProblem(undefined);
    this.#handlers.distrusted?.(undefined);
    if (addresses) this.#listen(addresses);
  }

  /** The port listened on; 0 while there is none. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  get counters(): PeerCounters {
    return this.#counters;
  }

  /** What is sent to a connection that has ended is dropped: `closed` tells or has told of it. */
  send(connection: number, bytes: Uint8Array): void {
    const one = this.#connections.get(connection);
    if (!one || one.ending !== undefined) return;
    one.gathered.push(bytes);
    one.gatheredBytes += bytes.length;
    if (one.gatheredBytes + one.socket.writableLength <= LIMITS.peerBytesMax) return;
    one.ending = `the partner is too slow: more than ${LIMITS.peerBytesMax} bytes wait for it`;
    one.socket.destroy();
  }

  flush(): void {
    for (const one of this.#connections.values()) this.#flushOne(one);
  }

  /** One attempt, told of by `open` or `closed(0, …)`; while one is under way no other is begun. */
  dial(): void {
    if (this.#stopped || this.#dialling) return;
    const addresses = this.#addresses;
    if (!addresses || this.#count() >= LIMITS.peerConnectionsMax) {
      const reason = addresses ? "there are too many connections" : "no partner is configured";
      setImmediate(() => this.#tellClosed(0, reason));
      return;
    }
    this.#dial(addresses);
  }

  close(connection: number): void {
    const one = this.#connections.get(connection);
    if (one) this.#end(one, "this box closed it");
  }

  /** Closes everything for good. No handler is called after this; resolves when all has left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#dialling?.destroy();
    for (const one of this.#connections.values()) this.#end(one, "this box stops");
    const open = Array.from(this.#sockets).filter((socket) => !socket.closed);
    await Promise.all(
      open.map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()))),
    );
  }

  #count(): number {
    return this.#connections.size + this.#greeted + (this.#dialling ? 1 : 0);
  }

  #listen(addresses: PeerAddresses): void {
    const server = createServer({ noDelay: true });
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket, addresses));
    server.on("listening", () => this.#tellProblem(undefined));
    server.on("error", (error: NodeJS.ErrnoException) => {
      // A failed accept concerns one connection; the partner dials again.
      if (this.#server !== server || server.listening) return;
      this.#listenTimer = setTimeout(
        () => this.#listen(addresses),
        LIMITS.peerListenRetryMilliseconds,
      );
      this.#tellProblem(explainListen(error, addresses));
    });
    server.listen({
      port: addresses.port,
      host: formatIpv4(addresses.ownAddress),
      exclusive: true,
    });
  }

  #stopListening(): void {
    clearTimeout(this.#listenTimer);
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(socket: Socket, addresses: PeerAddresses): void {
    socket.on("error", () => {});
    const isPartner = parseIpv4(socket.remoteAddress ?? "") === addresses.partnerAddress;
    if (addresses !== this.#addresses || this.#stopped) {
      socket.destroy();
    } else if (!isPartner) {
      this.#counters.strangers++;
      socket.destroy();
    } else if (this.#count() >= LIMITS.peerConnectionsMax) {
      this.#counters.surplus++;
      socket.destroy();
    } else {
      this.#watch(socket);
      if (addresses.security) this.#greet(socket, addresses, addresses.security);
      else this.#begin(socket);
    }
  }

  #greet(socket: Socket, addresses: PeerAddresses, security: PeerSecurity): void {
    this.#greeted++;
    secure(socket, true, security, {
      secured: (one) => {
        this.#greeted--;
        if (addresses === this.#addresses && !this.#stopped) this.#trust(one);
        else one.destroy();
      },
      failed: (reason) => {
        this.#greeted--;
        this.#counters.insecure++;
        this.#distrust(reason);
      },
    });
  }

  #dial(addresses: PeerAddresses): void {
    const partner = `${formatIpv4(addresses.partnerAddress)} port ${addresses.partnerPort}`;
    let failure = "the addresses were changed";
    const socket = connect({
      host: formatIpv4(addresses.partnerAddress),
      port: addresses.partnerPort,
      localAddress: formatIpv4(addresses.ownAddress),
      family: 4,
      noDelay: true,
    });
    this.#dialling = socket;
    this.#watch(socket);
    const fail = (reason: string): void => {
      if (this.#dialling !== socket) return;
      failure = reason;
      socket.destroy();
    };
    const timer = setTimeout(
      () => fail(`${partner} did not answer`),
      LIMITS.peerConnectMilliseconds,
    );
    socket.on("error", (error: NodeJS.ErrnoException) => fail(explainDial(error, addresses)));
    const onClose = (): void => {
      clearTimeout(timer);
      this.#dialling = undefined;
      this.#tellClosed(0, failure);
    };
    socket.once("close", onClose);
    const ready = (one: Socket): void => {
      clearTimeout(timer);
      socket.off("close", onClose);
      this.#dialling = undefined;
      if (security) this.#trust(one);
      else this.#begin(one);
    };
    const { security } = addresses;
    socket.once("connect", () => {
      if (!security) ready(socket);
      else
        secure(socket, false, security, {
          secured: ready,
          failed: (reason) => {
            this.#distrust(reason);
            fail(`${partner}: ${reason}`);
          },
        });
    });
  }

  /** Until it is gone, so that `stop` can wait for it. */
  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #trust(socket: Socket): void {
    if (!this.#stopped) this.#handlers.distrusted?.(undefined);
    this.#begin(socket);
  }

  #distrust(reason: string): void {
    const isMeant = reason === WRONG_KEY || reason === NO_TLS;
    if (isMeant && !this.#stopped) this.#handlers.distrusted?.(reason);
  }

  #begin(socket: Socket): void {
    const number = this.#nextNumber();
    const one: Connection = {
      socket,
      number,
      gathered: [],
      gatheredBytes: 0,
      ending: undefined,
    };
    this.#connections.set(number, one);
    this.#counters.opened++;
    socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS);
    socket.on("data", (bytes: Buffer) => this.#receive(one, bytes));
    socket.on("end", () => this.#end(one, "the partner closed it"));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      one.ending ??= error.code === "ECONNRESET" ? "the partner reset it" : error.message;
    });
    socket.once("close", () => {
      this.#connections.delete(number);
      this.#tellClosed(number, one.ending ?? "it broke");
    });
    this.#handlers.open(number);
    this.#handlers.batchEnd?.();
  }

  #receive(one: Connection, bytes: Uint8Array): void {
    this.#counters.receivedBytes += bytes.length;
    // Of a connection that ends they are read and dropped: unread, they would make the kernel reset it,
    // and the partner lose what was sent last.
    if (one.ending !== undefined || this.#stopped) return;
    this.#handlers.bytes(one.number, bytes);
    this.#handlers.batchEnd?.();
  }

  #flushOne(one: Connection): void {
    if (one.gatheredBytes === 0 || one.ending !== undefined) return;
    const [first] = one.gathered;
    const batch =
      first && one.gathered.length === 1 ? first : Buffer.concat(one.gathered, one.gatheredBytes);
    one.gathered = [];
    this.#counters.sentBytes += one.gatheredBytes;
    one.gatheredBytes = 0;
    one.socket.write(batch);
  }

  /** Sends what is left and closes; what the partner does not take in time is lost. */
  #end(one: Connection, reason: string): void {
    if (one.ending !== undefined) return;
    this.#flushOne(one);
    one.ending = reason;
    one.socket.end();
    const timer = setTimeout(() => one.socket.destroy(), LIMITS.peerCloseMilliseconds);
    one.socket.once("close", () => clearTimeout(timer));
  }

  #tellClosed(connection: number, reason: string): void {
    if (this.#stopped) return;
    this.#handlers.closed(connection, reason);
    this.#handlers.batchEnd?.();
  }

  #tellProblem(text: string | undefined): void {
    if (this.#stopped || text === this.#problem) return;
    this.#problem = text;
    this.#handlers.problem?.(text);
  }
}

function isSame(a: PeerAddresses | undefined, b: PeerAddresses | undefined): boolean {
  return (
    a?.ownAddress === b?.ownAddress &&
    a?.port === b?.port &&
    a?.partnerAddress === b?.partnerAddress &&
    a?.partnerPort === b?.partnerPort &&
    isSameSecurity(a?.security, b?.security)
  );
}

function isSameSecurity(a: PeerSecurity | undefined, b: PeerSecurity | undefined): boolean {
  if (!a || !b) return a === b;
  return a.identity === b.identity && equalBytes(a.partnerId, b.partnerId);
}
