// Request and answer as plain data. The classes that Node has for them (Request, Response, Headers)
// load a whole web client: 8 MB of memory that nothing here has a use for.

export interface HttpRequest {
  readonly method: string;
  /** As it was sent, without the query: an escaped or dotted spelling of a path is another path. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The kind of socket it came in on. */
  readonly transport: "tcp" | "unix";
  /** It came over TLS. */
  readonly isSecure: boolean;
  /** Address of the other end; "" over a Unix socket. */
  readonly remote: string;
  /** What came with it; empty for GET and HEAD. */
  readonly body: Uint8Array;
  /** A header by its lower-case name; one that came several times is joined by commas. */
  header(name: string): string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamBody | undefined;
}

/** A body that is made while it is sent: called once, when the client waits for its first byte. */
export type StreamBody = (sink: BodySink) => void;

/** Where a streamed body goes. After the end nothing is written and nothing called but `onClose`. */
export interface BodySink {
  /** False when the client is behind; `onDrain` tells when it has caught up. */
  write(bytes: Uint8Array): boolean;
  /** Bytes written that the client has not taken yet. */
  readonly waitingBytes: number;
  end(): void;
  /** Ends in a way that tells the client that something is missing. */
  cut(): void;
  onDrain(callback: () => void): void;
  /** The answer is over: all sent, or the connection gone, whoever ended it. */
  onClose(callback: () => void): void;
}

/** A request before its body is here. */
export type RequestHead = Omit<HttpRequest, "body">;

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

export function textResponse(status: number, type: string, text: string): HttpResponse {
  const body = UTF8.encode(text);
  const headers = { ...momentary(type), "content-length": String(body.length) };
  return { status, headers, body };
}

export function jsonResponse(value: unknown): HttpResponse {
  return textResponse(200, "application/json", JSON.stringify(value));
}

export function streamResponse(
  type: string,
  body: StreamBody,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { status: 200, headers: { ...momentary(type), ...headers }, body };
}

const UTF8 = new TextEncoder();

/** What the box says of itself is true only now. */
function momentary(type: string): Record<string, string> {
  return { "content-type": type, "cache-control": "no-store" };
}
