// Lines of dnsmasq.conf: a keyword, and words with commas between them.

import { linesOf } from "./device-files.ts";
import type { Said } from "./device-parts.ts";

export interface ConfLine {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly said: Said;
}

const ESCAPES: Readonly<Record<string, string>> = {
  t: "\t",
  n: "\n",
  b: "\b",
  r: "\r",
  e: "\x1b",
};

/** Every line that says something; comments begin with # at the begin of a line or after a space. */
export function* confLines(file: string, text: string): Generator<ConfLine> {
  for (const [line, whole] of linesOf(text)) {
    const keyword = /^\s*(?:--)?([^\s=#"][^\s=]*)/.exec(whole);
    const { words, length } = splitWords(whole, valueStart(whole));
    const statement = whole.slice(0, length).trim();
    if (statement === "") continue;
    const isBare = words.length === 1 && words[0] === "";
    yield {
      keyword: keyword?.[1] ?? "",
      words: isBare ? [] : words,
      said: { place: { file, line }, text: statement },
    };
  }
}

/** Words of a value without its keyword, as UCI has them. */
export function valueWords(value: string): string[] {
  return splitWords(value, 0).words;
}

/** Behind the = of a statement, or where the line ends or a comment begins. */
function valueStart(line: string): number {
  const equals = line.indexOf("=");
  const comment = /(^|\s)#/.exec(line);
  const end = comment ? comment.index + comment[0].length - 1 : line.length;
  return equals >= 0 && equals < end ? equals + 1 : end;
}

/** At commas that are not quoted; `length` is where a comment begins. */
function splitWords(text: string, start: number): { words: string[]; readonly length: number } {
  const words: string[] = [];
  let word = "";
  /** Spaces at the end of a word count only inside of quotes. */
  let kept = 0;
  let isQuoted = false;
  let at = start;
  for (; at < text.length; at++) {
    const sign = text[at] as string;
    const next = text[at + 1];
    if (sign === '"') isQuoted = !isQuoted;
    else if (isQuoted) {
      const isEscape = sign === "\\" && next !== undefined;
      word += isEscape ? (ESCAPES[next] ?? next) : sign;
      if (isEscape) at++;
      kept = word.length;
    } else if (sign === "#" && (at === 0 || /\s/.test(text[at - 1] as string))) break;
    else if (sign === ",") {
      words.push(word.slice(0, kept));
      word = "";
      kept = 0;
    } else if (!/\s/.test(sign)) {
      word += sign;
      kept = word.length;
    } else if (word !== "") word += sign;
  }
  words.push(word.slice(0, kept));
  return { words, length: at };
}
