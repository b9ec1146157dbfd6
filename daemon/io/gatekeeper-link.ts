// The process that runs keepalived and conntrackd (board/gatekeeper), kept connected: what it is told, each with its answer, and what
// it says by itself. Lines of text; a configuration and a dump are bytes behind their line.

import { connect, type Socket } from "node:net";

export type KeepalivedState = "running" | "stopped" | "plugged";

export interface GatekeeperEvents {
  /** It answers: its folder is known, nothing has been told to it on this connection. */
  opened(folder: string): void;
  closed(why: string): void;
  keepalived(state: KeepalivedState, word: string): void;
  /** What the track file says now. */
  health(value: number): void;
  /** A line of keepalived's notify FIFO. */
  notified(line: string): void;
  /** How conntrackd is. */
  tracking(text: string): void;
}

/** `text`: what it says, or why not. */
export interface GatekeeperAnswer {
  readonly isDone: boolean;
  readonly text: string;
}

const VERSION = "1";
const RETRY_FIRST_MILLISECONDS = 100;
const RETRY_LAST_MILLISECONDS = 2000;
/** It may wait for keepalived to end, and to check a configuration. */
const ANSWER_MILLISECONDS = 10_000;
const LINE_BYTES_MAX = 256;
const DUMP_BYTES_MAX = 1 << 20;
/** Told and not answered yet: more of them, and it does not answer. */
const WAITING_MAX = 64;

const UNASKED = "it answers what it was not asked";

interface Waiting {
  readonly timer: NodeJS.Timeout;
  done(answer: GatekeeperAnswer): void;
}

const STATES: ReadonlyMap<string, KeepalivedState> = new Map([
  ["running", "running"],
  ["started", "running"],
  ["stopped", "stopped"],
  ["died", "stopped"],
  ["plugged", "plugged"],
]);

export class GatekeeperLink {
  readonly #path: string;
  readonly #events: GatekeeperEvents;
  #socket: Socket | undefined;
  #isWanted = false;
  #isOpen = false;
  /** For one thing at a time: the next try, or the greeting. */
  #timer: NodeJS.Timeout | undefined;
  #delay = RETRY_FIRST_MILLISECONDS;
  #waiting: Waiting[] = [];
  #unread: Buffer = Buffer.alloc(0);
  /** Of a dump that is under way. */
  #dumpBytes: number | undefined;
  #saidWhy = "";

  /** `path`: of its socket. */
  constructor(path: string, events: GatekeeperEvents) {
    this.#path = path;
    this.#events = events;
  }

  /** Connects, and connects again, until `close`. */
  open(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#connect();
  }

  close(): void {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#lose("closed by this program");
  }

  /** It has said who it is. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Puts a configuration into force. Resolves always, as all of these do. */
  config(text: string): Promise<GatekeeperAnswer> {
    const bytes = Buffer.from(text);
    return this.#ask(Buffer.concat([Buffer.from(`config ${bytes.length}\n`), bytes]));
  }

  /** No keepalived any more. */
  stop(): Promise<GatekeeperAnswer> {
    return this.#ask("stop\n");
  }

  /** Writes the track file: `value`, and `after` when nothing else is said for so long. */
  health(value: number, ttlMilliseconds: number, after: number): Promise<GatekeeperAnswer> {
    return this.#ask(`health ${value} ${ttlMilliseconds} ${after}\n`);
  }

  /** What keepalived knows of itself, as JSON. */
  dump(): Promise<GatekeeperAnswer> {
    return this.#ask("dump\n");
  }

  /** Ends the process that speaks VRRP; another one takes its place. */
  respawn(): Promise<GatekeeperAnswer> {
    return this.#ask("respawn\n");
  }

  /** What conntrackd is to do. */
  tracking(words: string): Promise<GatekeeperAnswer> {
    return this.#ask(`tracking ${words}\n`);
  }

  /** As if the power were gone for so long. */
  plug(milliseconds: number): Promise<GatekeeperAnswer> {
    return this.#ask(`plug ${milliseconds}\n`);
  }

  #ask(bytes: string | Buffer): Promise<GatekeeperAnswer> {
    return new Promise((resolve) => {
      const socket = this.#socket;
      if (!socket || !this.#isOpen || this.#waiting.length >= WAITING_MAX) {
        resolve({ isDone: false, text: "the gatekeeper does not answer" });
        return;
      }
      const timer = setTimeout(() => this.#lose("it does not answer"), ANSWER_MILLISECONDS);
      this.#waiting.push({ timer, done: resolve });
      socket.write(bytes);
    });
  }

  #connect(): void {
    const socket = connect({ path: this.#path });
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lose("it does not answer"), ANSWER_MILLISECONDS);
    socket.on("data", (chunk: Buffer) => {
      if (socket === this.#socket) this.#receive(chunk);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (socket === this.#socket) this.#lose(describe(error));
    });
    socket.on("close", () => {
      if (socket === this.#socket) this.#lose("it closed the connection");
    });
  }

  #lose(why: string): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#unread = Buffer.alloc(0);
    this.#dumpBytes = undefined;
    for (const { timer, done } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      done({ isDone: false, text: why });
    }
    if (!this.#isWanted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, RETRY_LAST_MILLISECONDS);
    if (!wasOpen && why === this.#saidWhy) return;
    this.#saidWhy = why;
    this.#events.closed(why);
  }

  #receive(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#socket) {
      if (this.#dumpBytes !== undefined) {
        if (this.#unread.length < this.#dumpBytes) return;
        const text = this.#unread.toString("utf8", 0, this.#dumpBytes);
        this.#unread = this.#unread.subarray(this.#dumpBytes);
        this.#dumpBytes = undefined;
        this.#answer(true, text);
        continue;
      }
      const end = this.#unread.indexOf(0x0a);
      if (end > LINE_BYTES_MAX || (end < 0 && this.#unread.length > LINE_BYTES_MAX)) {
        this.#lose("it does not keep to the rules");
        return;
      }
      if (end < 0) return;
      const line = this.#unread.toString("utf8", 0, end);
      this.#unread = this.#unread.subarray(end + 1);
      this.#line(line);
    }
  }

  #line(line: string): void {
    const space = line.indexOf(" ");
    const word = space < 0 ? line : line.slice(0, space);
    const rest = space < 0 ? "" : line.slice(space + 1);
    if (!this.#isOpen) {
      this.#greeted(word, rest);
      return;
    }
    switch (word) {
      case "ok":
        this.#answer(true, rest);
        break;
      case "no":
        this.#answer(false, rest);
        break;
      case "dump":
        this.#dumpBegun(rest);
        break;
      case "keepalived": {
        const state = STATES.get(rest.split(" ", 1)[0] ?? "");
        if (state) this.#events.keepalived(state, rest);
        break;
      }
      case "health":
        this.#events.health(Number(rest));
        break;
      case "vrrp":
        this.#events.notified(rest);
        break;
      case "tracking":
        this.#events.tracking(rest);
        break;
      default:
        this.#lose("it does not keep to the rules");
    }
  }

  #greeted(word: string, rest: string): void {
    const [version, ...folder] = rest.split(" ");
    if (word !== "hello" || version !== VERSION) {
      this.#lose("it is of another version");
      return;
    }
    clearTimeout(this.#timer);
    this.#isOpen = true;
    this.#delay = RETRY_FIRST_MILLISECONDS;
    this.#saidWhy = "";
    this.#events.opened(folder.join(" "));
  }

  #dumpBegun(length: string): void {
    const bytes = /^\d{1,7}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY;
    if (this.#waiting.length === 0) this.#lose(UNASKED);
    else if (bytes > DUMP_BYTES_MAX) this.#lose("it does not keep to the rules");
    else this.#dumpBytes = bytes;
  }

  #answer(isDone: boolean, text: string): void {
    const waiting = this.#waiting.shift();
    if (!waiting) {
      this.#lose(UNASKED);
      return;
    }
    clearTimeout(waiting.timer);
    waiting.done({ isDone, text });
  }
}

function describe({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT" || code === "ECONNREFUSED") return "it does not run";
  if (code === "EACCES") return "this user may not speak with it";
  return message;
}
