// The API and the page over TLS. One server answers; doors at addresses that come and go let connections in to it. What
// it shows is replaced while it runs: connections that stand go on, new ones see the new certificate.

import type { Server as TlsHttpServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { IoError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";
import { type ClosedUnheard, ConnectionGate } from "./connection-gate.ts";
import { type HttpSide, listener, SERVER_OPTIONS } from "./http-server.ts";
import type { KeyAndCertificate } from "./web-keys.ts";

/**
 * What browsers of the last ten years speak (RFC 9325 §4.2): forward secrecy and authenticated encryption, nothing else.
 * The client's order counts, for it knows whether its processor has instructions for AES.
 */
export const TLS_OPTIONS = {
  minVersion: "TLSv1.2",
  ciphers: [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
  ].join(":"),
  honorCipherOrder: false,
} as const;

export interface HttpsHost {
  readonly side: HttpSide;
  /** Whether the device with this address may connect at all. */
  isAllowed(address: string): boolean;
  /** Monotonic milliseconds. */
  now(): number;
}

/** Why a connection came to nothing: totals since the start. */
export type HttpsCounters = Readonly<Record<NoUse, number>>;
type NoUse =
  | ClosedUnheard
  /** Its address is none of the LANs'. */
  | "strangers"
  /** There is nothing to show yet. */
  | "not-ready"
  /** The handshake failed: plain HTTP, an old version, a certificate that is not trusted, too slow. */
  | "no-handshake";

export interface Door {
  readonly port: number;
  /** Nobody is let in any more, and who came in here is cut off: the address is gone. */
  close(): void;
}

export class HttpsServer {
  readonly #host: HttpsHost;
  readonly #gate: ConnectionGate;
  readonly #counters: Record<NoUse, number> = {
    ...{ strangers: 0, "not-ready": 0, "no-handshake": 0 },
    ...{ "device-surplus": 0, surplus: 0, "device-too-often": 0, "too-often": 0 },
  };
  /** Made with the first certificate: a box without one does without OpenSSL's 3.5 MB. */
  #server: TlsHttpServer | undefined;
  /** Those that have not shaken hands yet, oldest first, by both of their ends. */
  readonly #greeted = new Map<string, Socket>();

  constructor(host: HttpsHost) {
    this.#host = host;
    this.#gate = new ConnectionGate(host.now());
  }

  get counters(): HttpsCounters {
    return this.#counters;
  }

  /** What who connects from now on is shown. Throws IoError when OpenSSL does not take it. */
  show({ certificate, privateKey }: KeyAndCertificate): void {
    const shown = { ...TLS_OPTIONS, cert: certificate, key: privateKey };
    try {
      if (this.#server) this.#server.setSecureContext(shown);
      else this.#server = this.#newServer(shown);
    } catch (error) {
      throw new IoError(`the certificate cannot be shown: ${(error as Error).message}`);
    }
  }

  /**
   * Lets connections in at an address of this box; port 0 takes any free one. Rejects with IoError, whose code is
   * "EADDRNOTAVAIL" when the box does not have the address and "EADDRINUSE" when another program has the port.
   */
  async open(address: string, port: number): Promise<Door> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      this.#accept(socket);
    });
    await listen(server, address, port);
    const bound = server.address();
    return {
      port: bound !== null && typeof bound === "object" ? bound.port : port,
      close: () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      },
    };
  }

  /** After all doors were closed. */
  close(): void {
    this.#server?.close(() => {});
    this.#server?.closeAllConnections();
  }

  #newServer(shown: typeof TLS_OPTIONS & { cert: string; key: string }): TlsHttpServer {
    const https = process.getBuiltinModule("node:https");
    const handshakeTimeout = LIMITS.httpsHandshakeMilliseconds;
    const options = { ...SERVER_OPTIONS, ...shown, handshakeTimeout };
    const server = https.createServer(options, listener(this.#host.side, "tls"));
    server.on("secureConnection", (socket: TLSSocket) => {
      this.#greeted.delete(endsOf(socket));
      // Each would cost as much as a new handshake, and no client needs it.
      socket.disableRenegotiation();
      socket.on("error", () => {});
    });
    server.on("tlsClientError", () => {
      this.#counters["no-handshake"]++;
    });
    // It listens nowhere itself, and looks for requests that are too slow only when it has been told that it does.
    server.emit("listening");
    return server;
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    const address = socket.remoteAddress ?? "";
    const server = this.#server;
    const why = this.#whyNot(address, server !== undefined);
    if (why || !server) {
      this.#counters[why ?? "not-ready"]++;
      socket.destroy();
      return;
    }
    const ends = endsOf(socket);
    socket.once("close", () => {
      this.#gate.leave(address);
      this.#greeted.delete(ends);
    });
    this.#makeRoom();
    this.#greeted.set(ends, socket);
    server.emit("connection", socket);
  }

  #whyNot(address: string, isReady: boolean): NoUse | undefined {
    if (!isReady) return "not-ready";
    if (!this.#host.isAllowed(address)) return "strangers";
    return this.#gate.enter(address, this.#host.now());
  }

  /** Whoever has taken longest to shake hands has to go. */
  #makeRoom(): void {
    const [oldest] = this.#greeted;
    if (!oldest || this.#greeted.size < LIMITS.httpsGreetedMax) return;
    const [ends, socket] = oldest;
    this.#counters.surplus++;
    this.#greeted.delete(ends);
    socket.destroy();
  }
}

function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses it already",
  EACCES: "only the system may use it, as all ports below 1024",
};

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", ({ code = "", message }: NodeJS.ErrnoException) => {
      reject(new IoError(LISTEN_FAULTS[code] ?? message, code));
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners("error");
      // Running out of file descriptors: the connection is lost, the server stays.
      server.on("error", () => {});
      resolve();
    });
  });
}
