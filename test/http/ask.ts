// Asks the HTTP side without a socket, and reads what it answers as a client would.

import type {
  BodySink,
  HttpHandler,
  HttpRequest,
  HttpResponse,
} from "../../daemon/http/message.ts";

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly transport?: "tcp" | "unix";
  readonly isSecure?: boolean;
  readonly remote?: string;
  readonly body?: string;
}

/** An answer to `target`, a path with its query. The Host is 127.0.0.1 unless it is given. */
export function ask(answer: HttpHandler, target: string, asked: Asked = {}): Answer {
  const response = answer(requestOf(target, asked));
  if (response instanceof Promise) throw new Error(`${target} is answered later: use askLater`);
  return new Answer(response);
}

/** The same for what may take a while. */
export async function askLater(
  answer: HttpHandler,
  target: string,
  asked: Asked = {},
): Promise<Answer> {
  return new Answer(await answer(requestOf(target, asked)));
}

function requestOf(target: string, asked: Asked): HttpRequest {
  const { method = "GET", transport = "tcp", isSecure = false } = asked;
  const { remote = transport === "unix" ? "" : "127.0.0.1" } = asked;
  const headers = new Map(Object.entries({ host: "127.0.0.1:8080", ...asked.headers }));
  const [path = "", query = ""] = target.split("?");
  return {
    ...{ method, path, transport, isSecure, remote },
    query: new URLSearchParams(query),
    body: new TextEncoder().encode(asked.body ?? ""),
    header: (name) => headers.get(name),
  };
}

export class Answer {
  readonly #response: HttpResponse;

  constructor(response: HttpResponse) {
    this.#response = response;
  }

  get status(): number {
    return this.#response.status;
  }

  header(name: string): string | undefined {
    return this.#response.headers[name];
  }

  /** The whole body; a stream is read to its end, or to where it was cut. */
  bytes(): Uint8Array {
    const { body } = this.#response;
    return typeof body === "function" ? this.stream().rest() : (body ?? new Uint8Array());
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  json(): unknown {
    return JSON.parse(this.text());
  }

  /** Begins to read a streamed body. */
  stream(): Reader {
    const { body } = this.#response;
    if (typeof body !== "function") throw new Error("not a stream");
    const reader = new Reader();
    body(reader);
    return reader;
  }
}

/** A connection that is full at `roomBytes`: what is written waits until it is read. */
export class Reader implements BodySink {
  state: "open" | "ended" | "cut" | "closed" = "open";
  /** How many times the other side was told that it is ahead. */
  timesFull = 0;
  readonly #roomBytes: number;
  #parts: Uint8Array[] = [];
  #onDrain: () => void = () => {};
  #onClose: () => void = () => {};

  constructor(roomBytes = 16_384) {
    this.#roomBytes = roomBytes;
  }

  get waitingBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  write(bytes: Uint8Array): boolean {
    this.#mustBeOpen();
    this.#parts.push(bytes);
    if (this.waitingBytes < this.#roomBytes) return true;
    this.timesFull++;
    return false;
  }

  end(): void {
    this.#mustBeOpen();
    this.state = "ended";
  }

  cut(): void {
    this.#mustBeOpen();
    this.state = "cut";
    this.#onClose();
  }

  onDrain(callback: () => void): void {
    this.#onDrain = callback;
  }

  onClose(callback: () => void): void {
    this.#onClose = callback;
  }

  /** What waits, after which there is room again. */
  read(): Uint8Array {
    const bytes = Buffer.concat(this.#parts);
    const wasFull = bytes.length >= this.#roomBytes;
    this.#parts = [];
    if (wasFull && this.state === "open") this.#onDrain();
    return bytes;
  }

  /** Everything to the end of the body, or as far as it comes. */
  rest(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let part = this.read(); part.length > 0; part = this.read()) parts.push(part);
    return Buffer.concat(parts);
  }

  /** The client goes away. */
  close(): void {
    this.state = "closed";
    this.#onClose();
  }

  #mustBeOpen(): void {
    if (this.state !== "open") throw new Error(`written to after it was ${this.state}`);
  }
}
