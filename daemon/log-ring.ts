// The newest lines of the log, as many as fit into so many bytes: what was said before somebody began to look.

import type { LogLine } from "./ports.ts";

export interface KeptLine extends Pick<LogLine, "wall" | "id" | "level" | "text"> {
  /** Rises with every line of the log. */
  readonly number: number;
  /** Names of devices that are in the text. */
  readonly names: readonly string[];
}

/** A line beside its text: an object, its numbers, its place in the list. */
const LINE_BYTES = 120;

export class LogRing {
  readonly #bytesMax: number;
  #lines: KeptLine[] = [];
  /** The oldest one that still counts; those before it go when they are half of all. */
  #first = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(line: KeptLine): void {
    this.#lines.push(line);
    this.#bytes += bytesOf(line);
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#lines[this.#first++];
      if (!oldest) break;
      this.#bytes -= bytesOf(oldest);
    }
    if (this.#first * 2 < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }

  /** Oldest first. */
  lines(): KeptLine[] {
    return this.#lines.slice(this.#first);
  }
}

/** Text may take two bytes a character. */
function bytesOf({ text, names }: KeptLine): number {
  return LINE_BYTES + 2 * (text.length + names.reduce((sum, name) => sum + name.length, 0));
}
