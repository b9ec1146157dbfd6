// A gatekeeper (board/gatekeeper) made here: it answers as it is told, and can be as wrong or absent as needed. Behind
// it there may be a keepalived that does nothing but say so.

import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { VrrpState } from "../../daemon/core/gateway/vrrp.ts";
import { until } from "./until.ts";

export const FAKE_FOLDER = "/run/tandem/gate";

/** keepalived's numbers for its states, as they stand in its dump. */
const NUMBERS: Readonly<Record<VrrpState, number>> = {
  ...{ init: 0, backup: 1, master: 2, fault: 3, stopped: 97 },
};
/** And its words, as they stand in its FIFO. */
const WORDS: Readonly<Record<VrrpState, string>> = {
  ...{ init: "STOP", backup: "BACKUP", master: "MASTER", fault: "FAULT", stopped: "STOP" },
};

export class FakeGatekeeper {
  readonly path: string;
  /** Every connection there ever was, the newest last. */
  readonly sockets: Socket[] = [];
  /** Commands as they came, without what belongs to them. */
  readonly heard: string[] = [];
  readonly configs: string[] = [];
  greeting = `hello 1 ${FAKE_FOLDER}\nkeepalived stopped\nhealth -254\n`;
  /** What is said to a command, without its end; undefined: nothing. */
  answer: (command: string) => string | undefined = (command) => this.usual(command);
  /** Of the instances of keepalived, as its dump says; it runs when there are some. */
  readonly states = new Map<string, VrrpState>();
  #server: Server | undefined;
  #unread = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  /** A socket that a dead one left behind is replaced. */
  async start(): Promise<void> {
    rmSync(this.path, { force: true });
    const server = createServer((socket) => this.#connected(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** The socket stays behind, as of one that is killed. */
  stop(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.sockets) socket.destroy();
  }

  get socket(): Socket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody has connected");
    return socket;
  }

  say(...lines: readonly string[]): void {
    this.socket.write(lines.map((line) => `${line}\n`).join(""));
  }

  async untilHeard(command: string | RegExp, times = 1): Promise<void> {
    await until(() => this.count(command) >= times, `${command}; heard: ${this.heard.join(", ")}`);
  }

  count(command: string | RegExp): number {
    const isIt = (one: string): boolean =>
      typeof command === "string" ? one === command : command.test(one);
    return this.heard.filter(isIt).length;
  }

  /** All instances, or this one, come to be so, and keepalived tells. */
  become(state: VrrpState, instance?: string): void {
    for (const name of instance === undefined ? [...this.states.keys()] : [instance]) {
      this.states.set(name, state);
      this.say(`vrrp INSTANCE "${name}" ${WORDS[state]} 250`);
    }
  }

  /** keepalived dies; its addresses with it. */
  die(): void {
    this.states.clear();
    this.say("keepalived died 9");
  }

  /** As the real one answers. */
  usual(command: string): string | undefined {
    const [word] = command.split(" ", 1);
    if (word === "config") return this.#configured();
    if (word === "stop") this.states.clear();
    if (/^tracking \d/.test(command)) setImmediate(() => this.say("tracking running"));
    return word === "dump" ? this.dump() : "ok";
  }

  dump(): string {
    if (this.states.size === 0) return "no keepalived does not run";
    const list = Array.from(this.states, ([iname, state]) => ({
      data: { iname, state: NUMBERS[state], effective_priority: 250 },
      stats: { advert_sent: 0 },
    }));
    const text = JSON.stringify(list);
    return `dump ${Buffer.byteLength(text)}\n${text}`;
  }

  /** Instances that are new begin as backup. */
  #configured(): string {
    const names = Array.from(this.configs.at(-1)?.matchAll(/^vrrp_instance (\S+)/gm) ?? []);
    const isNew = this.states.size === 0;
    const before = new Map(this.states);
    this.states.clear();
    for (const [, name = ""] of names) this.states.set(name, before.get(name) ?? "backup");
    // It answers first, so that what it says next is of what is in force.
    if (isNew) setImmediate(() => this.say("keepalived started"));
    return isNew ? "ok started" : "ok reloaded";
  }

  /** A newer connection takes the older one's place. */
  #connected(socket: Socket): void {
    this.sockets.at(-1)?.destroy();
    this.sockets.push(socket);
    this.#unread = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      while (socket === this.socket && this.#take());
    });
    socket.write(this.greeting);
  }

  #take(): boolean {
    const end = this.#unread.indexOf(10);
    if (end < 0) return false;
    const command = this.#unread.toString("utf8", 0, end);
    const [, length] = /^config (\d+)$/.exec(command) ?? [];
    const size = end + 1 + Number(length ?? 0);
    if (this.#unread.length < size) return false;
    if (length !== undefined) this.configs.push(this.#unread.toString("utf8", end + 1, size));
    this.#unread = this.#unread.subarray(size);
    this.heard.push(command);
    const answer = this.answer(command);
    if (answer === undefined) return true;
    this.socket.write(/^dump /.test(answer) ? answer : `${answer}\n`);
    return true;
  }
}
