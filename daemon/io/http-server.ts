// Sockets for the HTTP side: a Unix socket for the command line, loopback TCP for the page.

import { chmodSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type ListenOptions } from "node:net";
import { fileURLToPath } from "node:url";
import { IoError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";

/** Answers one request; `transport` says which kind of socket it came in on. */
export type HttpHandler = (
  request: Request,
  env: { readonly transport: "tcp" | "unix" },
) => Response | Promise<Response>;

export interface HttpServer {
  /** The TCP port in use, also when 0 was asked for; 0 for a Unix socket. */
  readonly port: number;
  /** Stops listening and cuts what is still open. */
  close(): Promise<void>;
}

/**
 * Listens on a Unix socket that root and the group of the daemon may use (mode 0660). A socket
 * file that nobody answers on is removed first. Rejects with IoError: another daemon answers,
 * the folder is missing, the path is too long.
 */
export async function listenUnix(path: string, handler: HttpHandler): Promise<HttpServer> {
  // sun_path has 108 bytes with the final zero; longer ones would be cut without a word.
  if (Buffer.byteLength(path) > 107) throw new IoError(`the socket path ${path} is too long`);
  await removeStaleSocket(path);
  const server = newServer(handler, "unix");
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
export async function listenLoopback(port: number, handler: HttpHandler): Promise<HttpServer> {
  const server = newServer(handler, "tcp");
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
export function folderReader(folder: URL): (name: string) => Uint8Array<ArrayBuffer> {
  return (name) => {
    try {
      return new Uint8Array(readFileSync(new URL(name, folder)));
    } catch (error) {
      throw new IoError(`${fileURLToPath(folder)}${name}: ${codeOf(error)}`);
    }
  };
}

/** Well under the time after which the page calls what it shows old. */
const KEEP_ALIVE_MILLISECONDS = 4000;

function newServer(handler: HttpHandler, transport: "tcp" | "unix"): Server {
  const server = createServer(
    {
      maxHeaderSize: LIMITS.httpHeaderBytesMax,
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      noDelay: true,
    },
    (incoming, outgoing) => {
      answer(handler, transport, incoming, outgoing).catch(() => outgoing.destroy());
    },
  );
  server.maxConnections = LIMITS.httpConnectionsMax;
  return server;
}

async function answer(
  handler: HttpHandler,
  transport: "tcp" | "unix",
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = requestOf(incoming);
  if (request === undefined) {
    outgoing.writeHead(400, { connection: "close" }).end();
    return;
  }
  const response = await handler(request, { transport });
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  // A body is never read, so the connection cannot be used again after it.
  if (!READS.includes(request.method)) headers.connection = "close";
  outgoing.writeHead(response.status, headers);
  if (response.body === null || request.method === "HEAD") {
    outgoing.end();
    await response.body?.cancel();
  } else {
    await pump(response.body, outgoing);
  }
}

/** Undefined when it is nothing that a Request can say (TRACE, a broken target). */
function requestOf(incoming: IncomingMessage): Request | undefined {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  try {
    // The host in this URL says nothing: who was asked for is checked by the Host header.
    const target = url.startsWith("/") ? `http://box.invalid${url}` : url;
    return new Request(target, { method, headers });
  } catch {
    return undefined;
  }
}

/** Writes as fast as the client reads. A stream that fails cuts the connection at once. */
async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const hasClosed = new Promise<void>((resolve) => {
    outgoing.once("close", () => {
      reader.cancel().catch(() => undefined);
      resolve();
    });
  });
  reader.closed.catch(() => outgoing.destroy());
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (outgoing.write(value)) continue;
    const hasDrained = new Promise<void>((resolve) => outgoing.once("drain", resolve));
    await Promise.race([hasDrained, hasClosed]);
  }
  outgoing.end();
}

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
