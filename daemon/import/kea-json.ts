// JSON as Kea reads it: with comments of three kinds, commas behind the last item, and other files included anywhere.
// Every value knows its line.

import { LineCounter, type Notes, type Place, shortened } from "./notes.ts";

export interface JsonValue {
  readonly place: Place;
  /** As written, shortened. */
  readonly text: string;
  /** Text, number, true, false or null; undefined for an object or a list. */
  readonly plain: string | number | boolean | null | undefined;
  readonly entries: readonly JsonEntry[] | undefined;
  readonly items: readonly JsonValue[] | undefined;
}

export interface JsonEntry extends JsonValue {
  readonly key: string;
}

/** What one file says; what could not be read is noted, and the rest kept. Never throws. */
export function readJson(
  file: string,
  files: ReadonlyMap<string, string>,
  notes: Notes,
): JsonValue | undefined {
  return new Reader(file, files, notes).whole();
}

/** The names of the files that a text includes. */
export function includedIn(text: string): string[] {
  return Array.from(
    text.matchAll(/<\?include\s{1,9}"([^"\n]{1,1000})"\s{0,9}\?>/g),
    (found) => found[1] ?? "",
  );
}

export function fileCalled(name: string, files: ReadonlyMap<string, string>): string | undefined {
  if (files.has(name)) return name;
  const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  return [...files.keys()].find((file) => base(file) === base(name));
}

const DEPTH_MAX = 64;
const VALUES_MAX = 1_000_000;
const INCLUDED_MAX = 200;
const OPEN_MAX = 10;
const TEXT_CHARACTERS_MAX = 64 << 20;

const SPACE = /[\s\ufeff]+|\/\/[^\n\r]*|#[^\n\r]*/y;
const INCLUDE = /<\?include\s+"([^"\n]*)"\s*\?>/y;
const NUMBER = /-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?/y;
const WORD = /[A-Za-z]+/y;
const PLAIN_TEXT = /[^"\\\n\r]*/y;

interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  at: number;
}

/** The rest of the files cannot be read. */
class Unreadable extends Error {
  override readonly name = "Unreadable";
}

class Reader {
  readonly #files: ReadonlyMap<string, string>;
  readonly #notes: Notes;
  readonly #outer: Source[] = [];
  #source: Source;
  #values = 0;
  #included = 0;

  constructor(file: string, files: ReadonlyMap<string, string>, notes: Notes) {
    this.#files = files;
    this.#notes = notes;
    this.#source = sourceOf(file, files);
  }

  whole(): JsonValue | undefined {
    const kept: { value?: JsonValue } = {};
    try {
      this.#skipSpace();
      this.#value(0, (value) => {
        kept.value = value;
      });
      this.#skipSpace();
      if (this.#next() !== "")
        throw this.#stop("There is more behind the end of the configuration.");
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
    return kept.value;
  }

  /** `keep` is told of a value before what is in it is read, so that nothing is lost of what comes before an error. */
  #value(depth: number, keep: (value: JsonValue) => void, key?: JsonKey): void {
    if (depth > DEPTH_MAX) throw this.#stop(`It is more than ${DEPTH_MAX} levels deep.`);
    if (++this.#values > VALUES_MAX) throw this.#stop(`There are more than ${VALUES_MAX} values.`);
    const place = key?.place ?? this.#place();
    const { text: file, at } = key ?? { text: this.#source.text, at: this.#source.at };
    const rest = { place, text: shortened(file.slice(at, at + 200).split("\n", 1)[0] ?? "") };
    const sign = this.#next();
    if (sign === "{") {
      const entries: JsonEntry[] = [];
      keep({ ...rest, plain: undefined, entries, items: undefined });
      this.#list("}", () => this.#entry(depth, entries));
    } else if (sign === "[") {
      const items: JsonValue[] = [];
      keep({ ...rest, plain: undefined, entries: undefined, items });
      this.#list("]", () => this.#value(depth + 1, (item) => items.push(item)));
    } else {
      const plain = this.#plain();
      keep({ ...rest, plain, entries: undefined, items: undefined });
    }
  }

  #entry(depth: number, entries: JsonEntry[]): void {
    const key = { place: this.#place(), text: this.#source.text, at: this.#source.at };
    if (this.#next() !== '"') throw this.#stop("The name of a setting in quotes is missing.");
    const name = this.#text();
    this.#skipSpace();
    if (this.#next() !== ":") throw this.#stop(`A colon behind "${name}" is missing.`);
    this.#source.at++;
    this.#skipSpace();
    this.#value(depth + 1, (value) => entries.push({ ...value, key: name }), key);
  }

  #list(end: string, item: () => void): void {
    this.#source.at++;
    while (true) {
      this.#skipSpace();
      while (this.#next() === ",") {
        this.#source.at++;
        this.#skipSpace();
      }
      if (this.#next() === end) break;
      if (this.#next() === "") throw this.#stop(`The ${end} at the end is missing.`);
      item();
      this.#skipSpace();
      if (this.#next() === end) break;
      if (this.#next() !== ",") throw this.#stop("A comma is missing.");
    }
    this.#source.at++;
  }

  #plain(): string | number | boolean | null {
    if (this.#next() === '"') return this.#text();
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    const word = this.#match(WORD);
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    throw this.#stop("A value is missing.");
  }

  #text(): string {
    const parts: string[] = [];
    this.#source.at++;
    while (true) {
      parts.push(this.#match(PLAIN_TEXT) ?? "");
      const next = this.#next();
      this.#source.at++;
      if (next === '"') return parts.join("");
      if (next !== "\\") throw this.#stop("The text in quotes has no end.");
      parts.push(this.#escape());
    }
  }

  #escape(): string {
    const { text, at } = this.#source;
    const sign = text[at] ?? "";
    this.#source.at++;
    if (sign !== "u") return ESCAPES.get(sign) ?? sign;
    const digits = text.slice(at + 1, at + 5);
    if (!/^[0-9a-f]{4}$/i.test(digits)) throw this.#stop("Behind \\u there are four hex digits.");
    this.#source.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  /** Space and comments, and into and out of included files. */
  #skipSpace(): void {
    while (true) {
      const source = this.#source;
      const { text } = source;
      if (this.#match(SPACE) !== undefined) continue;
      if (text.startsWith("/*", source.at)) {
        const end = text.indexOf("*/", source.at + 2);
        if (end < 0) throw this.#stop("The comment has no end.");
        source.at = end + 2;
      } else if (text.startsWith("<?", source.at)) this.#include();
      else if (source.at >= text.length && this.#outer.length > 0) {
        this.#source = this.#outer.pop() as Source;
      } else return;
    }
  }

  #include(): void {
    const place = this.#place();
    INCLUDE.lastIndex = this.#source.at;
    const found = INCLUDE.exec(this.#source.text);
    if (!found) throw this.#stop("It is not written as a file is included.");
    this.#source.at += found[0].length;
    const file = fileCalled(found[1] ?? "", this.#files);
    const isOpen = [...this.#outer, this.#source].some((one) => one.file === file);
    if (file === undefined) {
      this.#notes.leftOut(
        place,
        found[0],
        `The file "${shortened(found[1] ?? "")}" was not given.`,
      );
    } else if (isOpen || this.#outer.length >= OPEN_MAX || ++this.#included > INCLUDED_MAX) {
      this.#notes.leftOut(
        place,
        found[0],
        "Files include each other, or too often: this was left out.",
      );
    } else {
      this.#outer.push(this.#source);
      this.#source = sourceOf(file, this.#files);
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#source.at;
    const found = pattern.exec(this.#source.text)?.[0];
    this.#source.at += found?.length ?? 0;
    return found;
  }

  #next(): string {
    return this.#source.text[this.#source.at] ?? "";
  }

  #place(): Place {
    const { file, lines, at } = this.#source;
    return { file, line: lines.lineAt(at) };
  }

  #stop(reason: string): Unreadable {
    const { text, at } = this.#source;
    const near = text.slice(at, at + 60).split("\n", 1)[0] ?? "";
    this.#notes.unreadable(this.#place(), near, `${reason} What comes behind it was not read.`);
    return new Unreadable();
  }
}

type JsonKey = { readonly place: Place; readonly text: string; readonly at: number };

function sourceOf(file: string, files: ReadonlyMap<string, string>): Source {
  const text = (files.get(file) ?? "").slice(0, TEXT_CHARACTERS_MAX);
  return { file, text, lines: new LineCounter(text), at: 0 };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
