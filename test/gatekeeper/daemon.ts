// Plays tandemd to a gatekeeper: commands, their answers, and what is told in between.

import { connect, type Socket } from "node:net";
import type { Box } from "./room.ts";
import { until } from "./room.ts";

export class Daemon {
  readonly events: string[] = [];
  readonly socket: Socket;
  readonly #answers: string[] = [];
  #bytes = Buffer.alloc(0);
  #dumpLength = -1;
  #gone = false;

  constructor(path: string) {
    this.socket = connect({ path, allowHalfOpen: true });
    this.socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#take());
    });
    this.socket.on("end", () => {
      this.#gone = true;
      this.socket.end();
    });
    this.socket.on("error", () => {
      this.#gone = true;
    });
  }

  /** Resolves when gatekeeper has said how it is: then events has these three lines. */
  static async open(box: Box): Promise<Daemon> {
    const daemon = new Daemon(box.socket);
    await until(() => daemon.events.length >= 3, `the greeting of ${box.name}`);
    return daemon;
  }

  /** Sends a command and returns the answer, a dump's bytes included. */
  async ask(command: string, payload: string | Buffer = ""): Promise<string> {
    const before = this.#answers.length;
    this.socket.write(`${command}\n`);
    if (payload !== "") this.socket.write(payload);
    await until(() => this.#answers.length > before || this.#gone, `an answer to ${command}`);
    return this.#answers[before] ?? "the connection is closed";
  }

  /** Sends a configuration and returns the answer. */
  configure(text: string): Promise<string> {
    return this.ask(`config ${Buffer.byteLength(text)}`, text);
  }

  /** Sends what is no command, perhaps. */
  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** How many events there are now: where until() shall begin to look. */
  get now(): number {
    return this.events.length;
  }

  /** Waits for this event, behind the first `since` ones. */
  async until(event: string, since = 0, milliseconds = 10_000): Promise<void> {
    const comes = (): boolean => this.events.indexOf(event, since) >= 0;
    try {
      await until(comes, event, milliseconds);
    } catch (error) {
      throw new Error(`${(error as Error).message}; came: ${this.events.slice(since).join("; ")}`);
    }
  }

  get answers(): readonly string[] {
    return this.#answers;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  async gone(): Promise<void> {
    await until(() => this.#gone, "gatekeeper closes the connection");
  }

  close(): void {
    this.socket.destroy();
  }

  #take(): boolean {
    if (this.#dumpLength >= 0) {
      if (this.#bytes.length < this.#dumpLength) return false;
      this.#answers.push(this.#bytes.subarray(0, this.#dumpLength).toString());
      this.#bytes = this.#bytes.subarray(this.#dumpLength);
      this.#dumpLength = -1;
      return true;
    }
    const end = this.#bytes.indexOf(10);
    if (end < 0) return false;
    const line = this.#bytes.subarray(0, end).toString();
    this.#bytes = this.#bytes.subarray(end + 1);
    if (/^dump \d+$/.test(line)) this.#dumpLength = Number(line.slice(5));
    else if (/^(ok|no)( |$)/.test(line)) this.#answers.push(line);
    else this.events.push(line);
    return true;
  }
}
