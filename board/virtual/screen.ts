// The live picture in the terminal, and its keys.

import { clock, describe } from "./describe.ts";
import type { LabStatus } from "./messages.ts";

/** What a key does: the words of a command of the lab, made from the latest status. */
interface Key {
  readonly key: string;
  readonly help: string;
  words(status: LabStatus): readonly string[];
}

const keys: readonly Key[] = [
  { key: "k", help: "kill A", words: () => ["kill", "a"] },
  { key: "K", help: "kill B", words: () => ["kill", "b"] },
  { key: "x", help: "power-cut A", words: () => ["power-cut", "a"] },
  { key: "X", help: "power-cut B", words: () => ["power-cut", "b"] },
  { key: "r", help: "start all", words: () => ["start", "all"] },
  { key: "p", help: "pair cable", words: (status) => toggle(status, "pair") },
  { key: "l", help: "LAN cable of A", words: (status) => toggle(status, "lan-a") },
  { key: "c", help: "one client more", words: (status) => clients(status, 1) },
  { key: "C", help: "one less", words: (status) => clients(status, -1) },
];

export class Screen {
  #latest: LabStatus | undefined;
  #command: (words: readonly string[]) => void;
  #quit: () => void;

  constructor(command: (words: readonly string[]) => void, quit: () => void) {
    this.#command = command;
    this.#quit = quit;
  }

  open(): void {
    // The alternate screen, without a cursor: the terminal looks as before when the lab ends.
    process.stdout.write("\x1b[?1049h\x1b[?25l\x1b[2J\x1b[HThe lab is starting ...");
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (text: string) => {
      for (const key of text) this.#press(key);
    });
    // A terminal that has gone away.
    process.stdin.on("end", () => this.#quit());
  }

  close(): void {
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(false);
      process.stdin.pause();
    }
    process.stdout.write("\x1b[?25h\x1b[?1049l");
  }

  show(status: LabStatus): void {
    this.#latest = status;
    // 0 is what a terminal says that does not know its size.
    const columns = process.stdout.columns || 80;
    const rows = process.stdout.rows || 24;
    const help = [...keys.map((key) => `${key.key} ${key.help}`), "q quit"];
    const bottom = wrap(help, columns);
    const top = describe(status).split("\n");
    const room = Math.max(0, rows - 1 - top.length - bottom.length - 3);
    const events = room === 0 ? [] : status.events.slice(-room);
    const lines = events.map((event) => `  ${clock(event.at)}  ${event.text}`);
    const body = [...top, "", ...lines].slice(0, rows - 1 - bottom.length - 1);
    const all = [...body, "", ...bottom].map((line) => `${line.slice(0, columns)}\x1b[K`);
    process.stdout.write(`\x1b[H${all.join("\r\n")}\x1b[J`);
  }

  #press(key: string): void {
    // Ctrl-C and Ctrl-D are plain characters in raw mode.
    if (key === "q" || key === "\x03" || key === "\x04") {
      this.#quit();
      return;
    }
    const found = keys.find((candidate) => candidate.key === key);
    if (found && this.#latest) this.#command(found.words(this.#latest));
  }
}

function toggle(status: LabStatus, wire: string): string[] {
  const plugged = status.wires.find((candidate) => candidate.name === wire)?.plugged ?? true;
  return [plugged ? "unplug" : "plug", wire];
}

function clients(status: LabStatus, step: number): string[] {
  return ["clients", String(Math.max(0, status.clients.length + step))];
}

function wrap(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const longer = last === undefined ? "" : `${last}   ${part}`;
    if (last !== undefined && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(`  ${part}`);
  }
  return lines;
}
