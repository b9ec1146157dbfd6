import { createServer, type Server, type Socket } from "node:net";
import { formatIpv4, type Ipv4, parseIpv4 } from "../base/address.ts";
import { DecodeError, IoError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";

/** What is said on one connection; `core/bulk-leasequery.ts` has the real one. */
export interface BulkSession {
  /** Takes bytes; false when the connection is to be closed. */
  receive(bytes: Uint8Array): boolean;
  /**
   * The next message to send, a symbol when others should have their turn first, undefined when there
   * is nothing to say. Throws DecodeError when the connection is to be closed.
   */
  pull(nowSeconds: number): Uint8Array | symbol | undefined;
}

export interface BulkServerOptions {
  readonly address: Ipv4;
  /** 67 by RFC 6926 §8.1; 0 for any free one. */
  readonly port: number;
  readonly isAllowed: (peer: Ipv4) => boolean;
  readonly session: () => BulkSession;
  readonly nowSeconds: () => number;
}

/** Bulk lease query over TCP (RFC 6926 §8): listens, and carries messages at the peer's pace. */
export class BulkLeaseQueryServer {
  readonly #server: Server;
  readonly #options: BulkServerOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, options: BulkServerOptions) {
    this.#server = server;
    this.#options = options;
    server.maxConnections = LIMITS.bulkConnectionsMax;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** Rejects with IoError when the port cannot be had. */
  static open(options: BulkServerOptions): Promise<BulkLeaseQueryServer> {
    const server = createServer();
    const { port, address } = options;
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) =>
        reject(new IoError(`TCP port ${port}: ${error.message}`, error.code)),
      );
      server.listen(port, formatIpv4(address), () => {
        server.removeAllListeners("error");
        // Failed accepts (no more files) concern one peer; it tries again.
        server.on("error", () => {});
        resolve(new BulkLeaseQueryServer(server, options));
      });
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** Ends all connections and stops listening. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const peer = parseIpv4(socket.remoteAddress ?? "");
    if (peer === undefined || !this.#options.isAllowed(peer)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const session = this.#options.session();
    let isSending = false;
    const send = (): void => {
      isSending = !socket.destroyed && this.#send(socket, session, send);
    };
    socket.setTimeout(LIMITS.bulkIdleMilliseconds, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (bytes) => {
      if (!session.receive(bytes as Uint8Array)) socket.destroy();
      else if (!isSending) send();
    });
  }

  /** Sends until the peer is slow or there is nothing more. True when `again` will be called. */
  #send(socket: Socket, session: BulkSession, again: () => void): boolean {
    try {
      for (let sent = 0; sent < LIMITS.bulkMessagesAtOnce; sent++) {
        const next = session.pull(this.#options.nowSeconds());
        if (next === undefined) return false;
        if (typeof next === "symbol") break;
        if (!socket.write(next)) {
          socket.once("drain", again);
          return true;
        }
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      socket.destroy();
      return false;
    }
    setImmediate(again);
    return true;
  }
}
