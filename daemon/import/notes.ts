// Notes of one import as they are gathered: each with its place in the files, together no more than a person can use.

import type { ImportNote } from "./imported.ts";

/** Where a statement of a file begins. */
export interface Place {
  readonly file: string;
  /** From 1 on; 0: the file as a whole. */
  readonly line: number;
}

/** Beyond these it is only said how many there are: nobody reads them, and hostile files have millions. */
export const NOTES_MAX = 5000;
const TEXT_CHARACTERS_MAX = 120;

export class Notes {
  readonly #fileOrder: ReadonlyMap<string, number>;
  readonly #notes: ImportNote[] = [];
  #more = 0;

  /** Names of the files, in their order. */
  constructor(files: Iterable<string>) {
    this.#fileOrder = new Map(Array.from(files, (file, index) => [file, index]));
  }

  /** There is nothing like it here. */
  leftOut(place: Place, text: string, reason: string): void {
    this.#add("left-out", place, text, reason);
  }

  /** It is taken over as something else, which `reason` says. */
  changed(place: Place, text: string, reason: string): void {
    this.#add("changed", place, text, reason);
  }

  /** Nobody can tell what it means. */
  unreadable(place: Place, text: string, reason: string): void {
    this.#add("unreadable", place, text, reason);
  }

  /** All of them, in the order of the files and their lines. */
  done(): ImportNote[] {
    const order = (note: ImportNote) => this.#fileOrder.get(note.file) ?? this.#fileOrder.size;
    const sorted = this.#notes.toSorted((a, b) => order(a) - order(b) || a.line - b.line);
    if (this.#more > 0) {
      const file = sorted.at(-1)?.file ?? "";
      const reason = `There are ${this.#more} more notes than the ${NOTES_MAX} that are shown.`;
      sorted.push({ file, line: 0, kind: "left-out", text: "", reason });
    }
    return sorted;
  }

  #add(kind: ImportNote["kind"], { file, line }: Place, text: string, reason: string): void {
    if (this.#notes.length >= NOTES_MAX) this.#more++;
    else this.#notes.push({ file, line, kind, text: shortened(text), reason });
  }
}

/** On one line, without what a terminal would obey, and cut where a note has no room for more. */
export function shortened(text: string): string {
  const start = text.slice(0, 4 * TEXT_CHARACTERS_MAX);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
  const line = start.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  const isCut = line.length > TEXT_CHARACTERS_MAX || start.length < text.length;
  return isCut ? `${line.slice(0, TEXT_CHARACTERS_MAX - 1).toWellFormed()}…` : line.toWellFormed();
}

/** The number of the line that a character is on, found by halving: `starts` as `lineStarts` gives them. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** Where the lines of a text begin; a line ends with LF, CR or CR LF. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length);
  return starts;
}

/** The same for a reader that only goes forward, without a list of all lines. */
export class LineCounter {
  readonly #text: string;
  #line = 1;
  /** Where the next line begins. */
  #next: number;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#lineAfter(0);
  }

  /** Offsets may not get smaller. */
  lineAt(offset: number): number {
    while (this.#next <= offset) {
      this.#line++;
      this.#next = this.#lineAfter(this.#next);
    }
    return this.#line;
  }

  #lineAfter(start: number): number {
    LINE_END.lastIndex = start;
    return LINE_END.test(this.#text) ? LINE_END.lastIndex : Number.POSITIVE_INFINITY;
  }
}

const LINE_END = /\r\n|\n|\r/g;
