// Sockets for the HTTP side: a Unix socket for the command line, loopback TCP for the page.

import { chmodSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect, type ListenOptions, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { IoError } from "../base/errors.ts";
import type { BodySink, HttpHandler, HttpResponse, RequestHead } from "../http/message.ts";
import { LIMITS } from "../limits.ts";

export interface HttpServer {
  /** The TCP port in use, also when 0 was asked for; 0 for a Unix socket. */
  readonly port: number;
  /** Stops listening and cuts what is still open. */
  close(): Promise<void>;
}

/** What answers, and how many bytes the body of a request may have. */
export interface HttpSide {
  readonly answer: HttpHandler;
  readonly admit?: (head: RequestHead) => number;
}

/**
 * Listens on a Unix socket that root and the group of the daemon may use (mode 0660). A socket
 * file that nobody answers on is removed first. Rejects with IoError: another daemon answers,
 * the folder is missing, the path is too long. With "tcp" whoever comes over it is as
 * from 127.0.0.1 and no admin: for what brings the page of a box elsewhere.
 */
export async function listenUnix(
  path: string,
  side: HttpSide,
  transport: "unix" | "tcp" = "unix",
): Promise<HttpServer> {
  // sun_path has 108 bytes with the final zero; longer ones would be cut without a word.
  if (Buffer.byteLength(path) > 107) throw new IoError(`the socket path ${path} is too long`);
  await removeStaleSocket(path);
  const server = newServer(side, transport);
  const umask = process.umask(0o117);
  try {
    await listen(server, { path }, path);
  } finally {
    process.umask(umask);
  }
  chmodSync(path, 0o660);
  return opened(server);
}

/**
 * Listens on 127.0.0.1 only; port 0 takes any free one. Rejects with IoError when the port is
 * taken, in which case the box goes on without it.
 */
export async function listenLoopback(port: number, side: HttpSide): Promise<HttpServer> {
  const server = newServer(side, "tcp");
  await listen(server, { host: "127.0.0.1", port }, `127.0.0.1:${port}`);
  return opened(server);
}

/** Calls back every few seconds, for the live streams, until the returned call. */
export function startKeepAlive(callback: () => void): () => void {
  const timer = setInterval(callback, KEEP_ALIVE_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Reads files of one folder by name, for loadWebFiles. Throws IoError. */
export function folderReader(folder: URL): (name: string) => Uint8Array {
  return (name) => {
    try {
      return readFileSync(new URL(name, folder));
    } catch (error) {
      throw new IoError(`${fileURLToPath(folder)}${name}: ${codeOf(error)}`);
    }
  };
}

/** Well under the time after which the page calls what it shows old. */
const KEEP_ALIVE_MILLISECONDS = 4000;

// An import of node:http evaluates all it exports, among it a web client that nothing here uses; the
// same holds for the classes Request and Response (see http/message.ts).
const { createServer } = process.getBuiltinModule("node:http");

/** Of every server that answers requests: what is slow, or too long, ends. */
export const SERVER_OPTIONS = {
  maxHeaderSize: LIMITS.httpHeaderBytesMax,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  noDelay: true,
} as const;

function newServer(side: HttpSide, transport: Transport): Server {
  const server = createServer(SERVER_OPTIONS, listener(side, transport));
  server.maxConnections = LIMITS.httpConnectionsMax;
  return server;
}

type Transport = "tcp" | "unix" | "tls";

/** What a server does with a request. */
export function listener(
  side: HttpSide,
  transport: Transport,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    take(side, transport, incoming, outgoing).catch(() => incoming.socket.destroy());
  };
}

async function take(
  { answer, admit = () => LIMITS.httpBodyBytesMax }: HttpSide,
  transport: Transport,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const head = headOf(incoming, transport);
  if (head === undefined) {
    outgoing.writeHead(400, { connection: "close" }).end();
    return;
  }
  const isRead = READS.includes(head.method);
  const body = isRead ? NOTHING : await bodyOf(incoming, admit(head));
  if (body === undefined) {
    outgoing.writeHead(413, { connection: "close" }).end();
    return;
  }
  const response = answer({ ...head, body });
  send(response instanceof Promise ? await response : response, !isRead, incoming, outgoing);
}

/** Undefined for one that is too long. One that comes too slowly ends with the time that a request may take. */
function bodyOf(incoming: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  if (Number(incoming.headers["content-length"] ?? 0) > bytesMax) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    let room = bytesMax;
    incoming.on("data", (part: Uint8Array) => {
      room -= part.length;
      parts.push(part);
      if (room >= 0) return;
      incoming.removeAllListeners("data").removeAllListeners("end");
      resolve(undefined);
    });
    incoming.on("end", () => resolve(Buffer.concat(parts)));
  });
}

/** After anything but a read the connection is closed: there may be more of a body that nobody wants. */
function send(
  { status, headers, body }: HttpResponse,
  isLast: boolean,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  outgoing.writeHead(status, isLast ? { ...headers, connection: "close" } : headers);
  if (typeof body === "function") body(sinkOf(outgoing, incoming.socket));
  else outgoing.end(body);
}

/** Undefined when the target is not one of this server ("*", a broken URL). */
function headOf(incoming: IncomingMessage, transport: Transport): RequestHead | undefined {
  const { method = "GET", url = "/" } = incoming;
  let target = url;
  if (!url.startsWith("/")) {
    // As for a proxy; the host in it says nothing, the Host header is what is checked.
    if (!URL.canParse(url)) return undefined;
    const { pathname, search } = new URL(url);
    target = pathname + search;
  }
  const pathEnd = target.includes("?") ? target.indexOf("?") : target.length;
  return {
    method,
    path: target.slice(0, pathEnd),
    query: new URLSearchParams(target.slice(pathEnd)),
    transport: transport === "unix" ? "unix" : "tcp",
    isSecure: transport === "tls",
    remote: incoming.socket.remoteAddress ?? (transport === "tcp" ? "127.0.0.1" : ""),
    header: (name) => incoming.headersDistinct[name]?.join(", "),
  };
}

function sinkOf(outgoing: ServerResponse, socket: Socket): BodySink {
  return {
    write: (bytes) => outgoing.write(bytes),
    get waitingBytes() {
      return outgoing.writableLength;
    },
    end: () => outgoing.end(),
    cut: () => socket.destroy(),
    // In a turn of its own, so that packets are answered between two parts of a long body.
    onDrain: (callback) =>
      outgoing.on("drain", () =>
        setImmediate(() => {
          if (!socket.destroyed) callback();
        }),
      ),
    onClose: (callback) => outgoing.once("close", callback),
  };
}

const NOTHING = new Uint8Array();
const READS: readonly string[] = ["GET", "HEAD"];

function listen(server: Server, options: ListenOptions, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const code = codeOf(error);
      const reason = code === "EADDRINUSE" ? "another program uses it already" : code;
      reject(new IoError(`cannot listen on ${name}: ${reason}`));
    });
    server.listen(options, resolve);
  });
}

function opened(server: Server): HttpServer {
  server.removeAllListeners("error");
  // Running out of file descriptors: the connection is lost, the server stays.
  server.on("error", () => {});
  const address = server.address();
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new IoError(`${path} is there already and is not a socket`);
  if (await answers(path)) throw new IoError(`another Tandem already answers on ${path}`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? String(error);
}
