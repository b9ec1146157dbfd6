// As much of XML as an export of Windows has: elements, text, the five entities, characters by number. Anything
// else, a document type above all, is refused; attributes are read over.

import { lineAt, lineStarts } from "./notes.ts";

export interface XmlElement {
  /** Without the prefix of a namespace. */
  readonly name: string;
  readonly line: number;
  readonly children: readonly XmlElement[];
  /** What stands between its tags, without that of its children and without spaces around it. */
  readonly text: string;
}

export interface XmlProblem {
  readonly line: number;
  readonly reason: string;
}

const DEPTH_MAX = 32;
const ELEMENTS_MAX = 2_000_000;
/** Of one element, piece by piece: an export has a line at most. */
const TEXT_CHARACTERS_MAX = 65_536;

const NAME = String.raw`[A-Za-z_][\w.-]{0,100}(?::[A-Za-z_][\w.-]{0,100})?`;
const ATTRIBUTE = String.raw`\s+${NAME}\s*=\s*(?:"[^<"]*"|'[^<']*')`;
const OPENING = new RegExp(String.raw`^<(${NAME})((?:${ATTRIBUTE})*)\s*(/?)>$`);
const CLOSING = new RegExp(String.raw`^</(${NAME})\s*>$`);
const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

interface Open {
  readonly name: string;
  readonly tag: string;
  readonly line: number;
  readonly children: XmlElement[];
  text: string;
}

class Refusal extends Error {
  /** Characters behind the place where the reader is. */
  readonly offset: number;

  constructor(reason: string, offset = 0) {
    super(reason);
    this.offset = offset;
  }
}

/** The root element, or the first thing in the text that is not XML as it is known here. */
export function parseXml(text: string): XmlElement | XmlProblem {
  const reader = new Reader(text);
  try {
    return reader.read();
  } catch (error) {
    if (error instanceof Refusal) return { line: reader.line(error.offset), reason: error.message };
    throw error;
  }
}

class Reader {
  readonly #text: string;
  readonly #starts: readonly number[];
  readonly #open: Open[] = [];
  #root: XmlElement | undefined;
  #elements = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#starts = lineStarts(text);
  }

  /** The one that is being read, or so many characters behind it. */
  line(offset = 0): number {
    return lineAt(this.#starts, this.#at + offset);
  }

  read(): XmlElement {
    while (this.#at < this.#text.length) {
      const tag = this.#text.indexOf("<", this.#at);
      const end = tag < 0 ? this.#text.length : tag;
      this.#addText(this.#text.slice(this.#at, end));
      this.#at = end;
      if (tag >= 0) this.#readTag();
    }
    const open = this.#open.at(-1);
    if (open)
      throw new Refusal(`The file ends inside of ${open.tag}, which begins in line ${open.line}.`);
    if (!this.#root) throw new Refusal("The file has no element.");
    return this.#root;
  }

  #addText(raw: string): void {
    const open = this.#open.at(-1);
    // Between elements there are only line ends and spaces, as many as there are elements.
    if (raw.trim() === "") return;
    if (!open) throw new Refusal("There is text outside of all elements.");
    if (open.text.length + raw.length > TEXT_CHARACTERS_MAX) {
      throw new Refusal(`The text of ${open.tag} is too long.`);
    }
    open.text += unescaped(raw);
  }

  #readTag(): void {
    const start = this.#at;
    if (this.#text.startsWith("<!--", start)) this.#skipTo("-->");
    else if (this.#text.startsWith("<?", start)) this.#skipTo("?>");
    else if (this.#text.startsWith("<!", start)) {
      throw new Refusal("An export has no document type and no raw text: this file is not read.");
    } else {
      const end = this.#text.indexOf(">", start);
      const tag =
        end < 0 || end - start > TEXT_CHARACTERS_MAX ? "" : this.#text.slice(start, end + 1);
      const closing = CLOSING.exec(tag);
      const opening = OPENING.exec(tag);
      if (closing) this.#close(closing[1] ?? "");
      else if (opening) this.#begin(opening[1] ?? "", opening[3] === "/");
      else throw new Refusal("What stands here is not a tag.");
      this.#at = end + 1;
    }
  }

  #skipTo(end: string): void {
    const at = this.#text.indexOf(end, this.#at);
    if (at < 0) throw new Refusal("A comment is never closed.");
    this.#at = at + end.length;
  }

  #begin(tag: string, isClosed: boolean): void {
    if (this.#root) throw new Refusal("There is more than one element that all others are in.");
    if (this.#open.length >= DEPTH_MAX)
      throw new Refusal(`Elements nest deeper than ${DEPTH_MAX}.`);
    if (++this.#elements > ELEMENTS_MAX) throw new Refusal("There are too many elements.");
    const name = tag.slice(tag.indexOf(":") + 1);
    this.#open.push({ name, tag, line: this.line(), children: [], text: "" });
    if (isClosed) this.#close(tag);
  }

  #close(tag: string): void {
    const open = this.#open.pop();
    if (open?.tag !== tag) throw new Refusal(`${tag} is closed here, and was not opened last.`);
    const { name, line, children, text } = open;
    const element: XmlElement = { name, line, children, text: text.trim() };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else this.#root = element;
  }
}

function unescaped(raw: string): string {
  if (!raw.includes("&")) return raw;
  return raw.replace(/&([^;&]{0,20};?)/g, (whole, body: string, offset: number) => {
    const name = body.slice(0, -1);
    const [, hexDigits, digits] = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));$/i.exec(body) ?? [];
    const code = hexDigits === undefined ? Number(digits) : Number.parseInt(hexDigits, 16);
    const known = body.endsWith(";") && Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    const sign = known ?? (isCharacter(code) ? String.fromCodePoint(code) : undefined);
    if (sign === undefined)
      throw new Refusal(`${whole} stands for nothing that is known here.`, offset);
    return sign;
  });
}

/** Those that a document may have (XML 1.0 §2.2). */
function isCharacter(code: number): boolean {
  if (code === 9 || code === 10 || code === 13) return true;
  return (
    (code >= 0x20 && code < 0xd800) ||
    (code > 0xdfff && code < 0xfffe) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}
