import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Done, Problem, StreamEvent } from "../http/api-types.ts";
import { printable } from "./terminal.ts";

/** The daemon cannot be asked; the message is a whole sentence for the person. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** An answer: as it was sent, and with all text in it made safe to print. */
export interface Answer<T> {
  readonly raw: unknown;
  readonly value: T;
}

export interface Download {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** What came of something that the box was asked to do. */
export interface Outcome {
  readonly done: boolean;
  readonly raw: unknown;
  readonly sentence: string;
}

/** What is sent while it is made. */
export type Streamed =
  | { readonly body: AsyncIterable<Uint8Array> }
  /** Not now, as a sentence. */
  | { readonly refusal: string };

export class Client {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Rejects with UnreachableError when there is no daemon, no answer in time, or a refusal. */
  async get<T>(path: string): Promise<Answer<T>> {
    const { status, answer } = await this.#ask<T>("GET", path);
    if (status === 200) return answer;
    throw refused(status, answer.value);
  }

  /** Has the box do something; `done` is false when it says why it does not. Else rejects as `get`. */
  async post(path: string, content: object = {}): Promise<Outcome> {
    const { status, answer } = await this.#ask<Partial<Done>>(
      "POST",
      path,
      JSON.stringify(content),
    );
    const { raw, value } = answer;
    if (status === 200) return { done: true, raw, sentence: value.sentence ?? "" };
    if (status === 409) return { done: false, raw, sentence: value.detail ?? "" };
    throw refused(status, value);
  }

  /** The same with any method; `ifMatch` says which version it was made from. */
  async change(
    method: Exclude<Method, "GET">,
    path: string,
    content?: object,
    ifMatch?: string,
  ): Promise<Outcome> {
    const body = content === undefined ? "" : JSON.stringify(content);
    const match = ifMatch === undefined ? {} : { "if-match": ifMatch };
    const response = await this.#open(path, "application/json", {
      ...{ method, body, headers: match, patience: PATIENCE_MILLISECONDS },
    });
    const { raw, value } = this.#parse<Partial<Done & Problem>>(await this.#textOf(response));
    const { statusCode: status = 0 } = response;
    if (status === 200) return { done: true, raw, sentence: value.sentence ?? "" };
    if (CHANGE_REFUSALS.includes(status)) return { done: false, raw, sentence: value.detail ?? "" };
    throw refused(status, value);
  }

  /** Asks for what takes a while: an answer, or why there is none. Else rejects as `get`. */
  async request<T>(
    path: string,
    content: object,
  ): Promise<Answer<T> | { readonly refusal: string; readonly raw: unknown }> {
    const body = JSON.stringify(content);
    const { status, answer } = await this.#ask<T>("POST", path, body, PATIENCE_MILLISECONDS);
    if (status === 200) return answer;
    if (REFUSALS.includes(status)) return { refusal: answer.value.detail ?? "", raw: answer.raw };
    throw refused(status, answer.value);
  }

  /** The same for a file, with the name that the box gives it. */
  async download(path: string, content: object): Promise<Download | { readonly refusal: string }> {
    const body = JSON.stringify(content);
    const sent = { method: "POST", body, patience: PATIENCE_MILLISECONDS } as const;
    const response = await this.#open(path, "*/*", sent);
    const parts: Buffer[] = [];
    try {
      for await (const chunk of response) parts.push(chunk as Buffer);
    } catch (error) {
      throw this.#unreachable(error as NodeJS.ErrnoException);
    }
    const bytes = Buffer.concat(parts);
    const { statusCode: status = 0, headers } = response;
    if (status === 200) {
      const named = /filename="([A-Za-z0-9._-]+)"/.exec(headers["content-disposition"] ?? "");
      return { bytes, name: named?.[1] ?? "tandem.backup" };
    }
    const { value } = this.#parse<Partial<Problem>>(bytes.toString("utf8"));
    if (REFUSALS.includes(status)) return { refusal: value.detail ?? "" };
    throw refused(status, value);
  }

  /**
   * What is sent while it is made; or why it is not, as a sentence. Else rejects as `get`, also in the middle of
   * the body.
   */
  async stream(path: string): Promise<Streamed> {
    const response = await this.#open(path, "*/*");
    if (response.statusCode === 200) return { body: this.#bytesOf(response) };
    const { value } = this.#parse<Partial<Problem>>(await this.#textOf(response));
    if (response.statusCode === 409) return { refusal: value.detail ?? "" };
    throw refused(response.statusCode ?? 0, value);
  }

  /** Live events until the daemon goes away; then, or at once, throws UnreachableError. */
  async *follow(): AsyncGenerator<Answer<StreamEvent>, never> {
    const response = await this.#open("/api/v1/events", "text/event-stream");
    if (response.statusCode !== 200) {
      throw new UnreachableError(`Tandem refuses: HTTP status ${response.statusCode}`);
    }
    let text = "";
    try {
      for await (const chunk of response.setEncoding("utf8")) {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const event = this.#parseEvent(text.slice(0, end));
          text = text.slice(end + 2);
          if (event !== undefined) yield event;
        }
      }
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
    }
    throw new UnreachableError("Tandem has stopped, or was restarted.");
  }

  async #ask<T>(
    method: Method,
    path: string,
    body = "",
    patience: number = ANSWER_MILLISECONDS,
  ): Promise<{ status: number; answer: Answer<T & Partial<Problem>> }> {
    const response = await this.#open(path, "application/json", { method, body, patience });
    const text = await this.#textOf(response);
    return { status: response.statusCode ?? 0, answer: this.#parse(text) };
  }

  async #textOf(response: IncomingMessage): Promise<string> {
    let text = "";
    try {
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
    } catch (error) {
      throw this.#unreachable(error as NodeJS.ErrnoException);
    }
    return text;
  }

  async *#bytesOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
    const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await chunks.next();
      } catch (error) {
        throw this.#unreachable(error as NodeJS.ErrnoException);
      }
      if (next.done) return;
      yield next.value;
    }
  }

  #open(path: string, accept: string, sent: Sent = {}): Promise<IncomingMessage> {
    const { method = "GET", body = "", patience = ANSWER_MILLISECONDS } = sent;
    return new Promise((resolve, reject) => {
      const type = method === "GET" ? {} : { "content-type": "application/json" };
      const headers = { host: "localhost", accept, ...type, ...sent.headers };
      const asked: ClientRequest = request(
        { socketPath: this.socketPath, method, path, headers },
        (response) => {
          clearTimeout(timer);
          resolve(response);
        },
      );
      const timer = setTimeout(() => {
        asked.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" }));
      }, patience);
      asked.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(this.#unreachable(error));
      });
      asked.end(body);
    });
  }

  #unreachable(error: NodeJS.ErrnoException): UnreachableError {
    const reason = REASONS[error.code ?? ""] ?? `the connection failed (${error.code ?? "?"})`;
    return new UnreachableError(`Tandem does not answer on ${this.socketPath}: ${reason}.`);
  }

  #parse<T>(text: string): Answer<T> {
    try {
      const clean = (_: string, value: unknown) =>
        typeof value === "string" ? printable(value) : value;
      return { raw: JSON.parse(text), value: JSON.parse(text, clean) as T };
    } catch {
      throw new UnreachableError(`What answers on ${this.socketPath} is not Tandem.`);
    }
  }

  #parseEvent(block: string): Answer<StreamEvent> | undefined {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
    const kind = field("event");
    const data = field("data");
    if (kind === undefined || data === undefined) return undefined;
    const { raw, value } = this.#parse<object>(data);
    const withKind = (part: unknown) => ({ kind, ...(part as object) });
    return { raw: withKind(raw), value: withKind(value) as StreamEvent };
  }
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

interface Sent {
  readonly method?: Method;
  readonly body?: string;
  readonly patience?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function refused(status: number, { detail }: Partial<Problem>): UnreachableError {
  return new UnreachableError(`Tandem refuses: ${detail ?? `HTTP status ${status}`}`);
}

const ANSWER_MILLISECONDS = 5000;
/** A key from a passphrase takes seconds on a small box, and both boxes write a configuration. */
const PATIENCE_MILLISECONDS = 60_000;
/** It was understood, and is not done: the answer says why. */
const REFUSALS: readonly number[] = [400, 409, 422];
const CHANGE_REFUSALS: readonly number[] = [...REFUSALS, 403, 404, 428, 429, 503];

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket, so it is not running or runs with another one",
  ECONNREFUSED: "it is not running",
  EACCES: "you are not allowed to; try as root",
  ETIMEDOUT: "there was no answer in time",
  ECONNRESET: "it closed the connection",
};
