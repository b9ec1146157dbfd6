// The grammar of dhcpd.conf and dhcpd.leases: statements of words, each with a semicolon or a body in braces behind it.

import type { Word } from "./isc-values.ts";
import { LineCounter, type Notes, type Place, shortened } from "./notes.ts";

export interface Token extends Word {
  /** A sign such as "," or "=": never part of a name or a number. */
  readonly isSign: boolean;
}

export interface Statement {
  readonly words: readonly Token[];
  /** What stands in its braces; undefined: it ends with a semicolon. */
  readonly body: readonly Statement[] | undefined;
  readonly place: Place;
  /** As written, shortened. */
  readonly text: string;
}

/** The text of a file is read up to here: no server of the size that a box replaces has a longer one. */
export const TEXT_CHARACTERS_MAX = 64 << 20;
const DEPTH_MAX = 32;
/** Beyond these, a statement is no statement any more. */
const WORDS_MAX = 20_000;

/** The statements of a file one by one, so that a long one is never held as a whole. Never throws. */
export function* statementsOf(file: string, text: string, notes: Notes): Generator<Statement> {
  const reader = new Reader(file, text.slice(0, TEXT_CHARACTERS_MAX), notes);
  while (true) {
    const statement = reader.statement(0);
    if (statement === "end") break;
    if (statement === "close") reader.complain("}", "There is no brace that this one closes.");
    else if (statement) yield statement;
  }
  if (text.length > TEXT_CHARACTERS_MAX) {
    notes.leftOut(reader.place, "", `The file was read up to ${TEXT_CHARACTERS_MAX} characters.`);
  }
}

const SPACE = /[\s\ufeff]+|#[^\n\r]*/y;
const NAME = /[^\s{}()[\];,="#!~<>|&*+?%^$'`\\\ufeff]+/y;
/** dhcpd itself refuses longer ones. */
const STRING = /"((?:[^"\\]|\\[\s\S]){0,1500})"/y;

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #notes: Notes;
  readonly #lines: LineCounter;
  #at = 0;

  constructor(file: string, text: string, notes: Notes) {
    this.#file = file;
    this.#text = text;
    this.#lines = new LineCounter(text);
    this.#notes = notes;
  }

  get place(): Place {
    return { file: this.#file, line: this.#lines.lineAt(this.#at) };
  }

  complain(text: string, reason: string, place = this.place): void {
    this.#notes.unreadable(place, text, reason);
  }

  /** Undefined: something was there that is no statement. */
  statement(depth: number): Statement | "end" | "close" | undefined {
    this.#skipSpace();
    const start = this.#at;
    if (start >= this.#text.length) return "end";
    const { place } = this;
    const words: Token[] = [];
    let open = 0;
    while (true) {
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next === undefined || (next === "}" && open === 0)) {
        if (next === "}" && words.length === 0) {
          this.#at++;
          return "close";
        }
        this.complain(this.#since(start), "The semicolon at its end is missing.", place);
        return undefined;
      }
      if (next === ";") {
        this.#at++;
        if (words.length === 0) return undefined;
        return this.#statement(words, undefined, place, start);
      }
      if (next === "{" && !isDefinition(words)) {
        const end = this.#at;
        this.#at++;
        return this.#statement(words, this.#body(depth, place, start, end), place, start, end);
      }
      if (words.length >= WORDS_MAX) return this.#skipStatement(start, place);
      if (next === "{") open++;
      if (next === "}") open--;
      words.push(this.#token());
    }
  }

  /** Its text is only made if it is looked at: of a million statements hardly any is. */
  #statement(
    words: readonly Token[],
    body: readonly Statement[] | undefined,
    place: Place,
    start: number,
    end = this.#at,
  ): Statement {
    const written = this.#text;
    return {
      words,
      body,
      place,
      get text() {
        return shortened(written.slice(start, Math.min(end, start + 500)));
      },
    };
  }

  #body(depth: number, place: Place, start: number, end: number): Statement[] {
    const statements: Statement[] = [];
    const text = () => shortened(this.#text.slice(start, Math.min(end, start + 500)));
    if (depth + 1 >= DEPTH_MAX) {
      this.complain(text(), `It stands in more than ${DEPTH_MAX} braces, and was skipped.`, place);
      this.#skipBody();
      return statements;
    }
    while (true) {
      const inner = this.statement(depth + 1);
      if (inner === "close") return statements;
      if (inner === "end") {
        this.complain(text(), "The brace that closes it is missing.", place);
        return statements;
      }
      if (inner) statements.push(inner);
    }
  }

  #skipBody(): void {
    for (let open = 1; open > 0 && this.#at < this.#text.length; ) {
      this.#skipSpace();
      const { text, isSign } = this.#token();
      if (isSign && text === "{") open++;
      if (isSign && text === "}") open--;
    }
  }

  #skipStatement(start: number, place: Place): undefined {
    this.complain(this.#since(start), `It has more than ${WORDS_MAX} words.`, place);
    for (let next = this.#text[this.#at]; next !== undefined; next = this.#text[this.#at]) {
      if (next === ";" || next === "}") return undefined;
      this.#token();
      this.#skipSpace();
    }
    return undefined;
  }

  #token(): Token {
    const text = this.#text;
    if (text[this.#at] === '"') return this.#string();
    NAME.lastIndex = this.#at;
    const name = NAME.exec(text)?.[0];
    if (name !== undefined) {
      this.#at += name.length;
      return { text: name, isQuoted: false, isSign: false };
    }
    this.#at++;
    return { text: text[this.#at - 1] ?? "", isQuoted: false, isSign: true };
  }

  /** A text without an end would take the rest of the file with it: it ends with its line. */
  #string(): Token {
    STRING.lastIndex = this.#at;
    const { place } = this;
    const found = STRING.exec(this.#text)?.[1];
    if (found === undefined) {
      LINE_END.lastIndex = this.#at;
      const lineEnd = LINE_END.exec(this.#text)?.index ?? this.#text.length;
      const line = this.#text.slice(this.#at, lineEnd);
      this.complain(line, "The text in quotes has no end.", place);
      this.#at = lineEnd;
      return { text: "", isQuoted: true, isSign: false, bytes: new Uint8Array(0) };
    }
    this.#at += found.length + 2;
    const bytes = unescaped(found);
    return { text: new TextDecoder().decode(bytes), isQuoted: true, isSign: false, bytes };
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    while (SPACE.test(this.#text)) this.#at = SPACE.lastIndex;
  }

  #since(start: number): string {
    return shortened(this.#text.slice(start, Math.min(this.#at, start + 500)));
  }
}

const LINE_END = /\r\n|\n|\r/g;

/** "option NAME code 7 = { ip-address, text };": these braces are a part of the statement. */
function isDefinition(words: readonly Token[]): boolean {
  return words[0]?.text === "option" && words[2]?.text === "code" && words.length > 3;
}

/** The escapes of dhcpd: octal, hexadecimal, and those for one sign. */
function unescaped(text: string): Uint8Array {
  if (!text.includes("\\")) return new TextEncoder().encode(text);
  const bytes: number[] = [];
  for (const { 0: part, 1: octal, 2: hexadecimal, 3: sign } of text.matchAll(ESCAPES)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (hexadecimal !== undefined) bytes.push(Number.parseInt(hexadecimal, 16));
    else if (sign !== undefined) {
      bytes.push(...new TextEncoder().encode(SIGNS.get(sign) ?? sign));
    } else bytes.push(...new TextEncoder().encode(part));
  }
  return Uint8Array.from(bytes);
}

const ESCAPES = /\\([0-7]{1,3})|\\x([0-9a-fA-F]{1,2})|\\([\s\S])|[^\\]/gu;
const SIGNS: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["b", "\b"],
]);
