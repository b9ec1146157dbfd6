// OpenWrt's configuration files (UCI), and what "uci export" prints: sections with options and lists.

import type { Said } from "./device-parts.ts";

export interface UciValue {
  readonly text: string;
  readonly said: Said;
}

export interface UciSection {
  /** As "uci export" says it; empty in a file of its own. */
  readonly package: string;
  readonly type: string;
  /** Empty where it has none. */
  readonly name: string;
  readonly said: Said;
  /** By name; of an option that is not a list the last value counts. */
  readonly values: ReadonlyMap<string, readonly UciValue[]>;
}

/** A statement that cannot count. */
export interface UciProblem {
  readonly said: Said;
  readonly kind: "left-out" | "unreadable";
  readonly reason: string;
}

interface Statement {
  readonly words: readonly string[];
  readonly said: Said;
  readonly isClosed: boolean;
}

export function parseUci(
  file: string,
  text: string,
): { readonly sections: readonly UciSection[]; readonly problems: readonly UciProblem[] } {
  const sections: UciSection[] = [];
  const problems: UciProblem[] = [];
  const kind = "unreadable";
  let name = "";
  let values: Map<string, UciValue[]> | undefined;
  for (const { words, said, isClosed } of statementsOf(file, text)) {
    const [keyword, first = "", second, ...more] = words;
    const isSetting = keyword === "option" || keyword === "list";
    if (!isClosed)
      problems.push({ said, kind, reason: "A quote is opened here and never closed." });
    else if (more.length > 0 || words.length < 2 || (isSetting && second === undefined)) {
      problems.push({ said, kind, reason: "It does not have the words of a statement." });
    } else if (keyword === "package" && second === undefined) name = first;
    else if (keyword === "config") {
      values = new Map();
      sections.push({ package: name, type: first, name: second ?? "", said, values });
    } else if (!isSetting)
      problems.push({ said, kind, reason: "It is no statement of this kind of file." });
    else if (!values) problems.push({ said, kind, reason: "It stands in no section." });
    else {
      const before = addValue(values, keyword === "list", first, { text: second ?? "", said });
      const reason = "The same option is set again below, and counts as it is there.";
      if (before) problems.push({ said: before.said, kind: "left-out", reason });
    }
  }
  return { sections, problems };
}

/** The value that the new one takes the place of, if any. */
function addValue(
  values: Map<string, UciValue[]>,
  isList: boolean,
  key: string,
  value: UciValue,
): UciValue | undefined {
  const known = values.get(key);
  if (isList && known) {
    known.push(value);
    return undefined;
  }
  values.set(key, [value]);
  return known?.at(-1);
}

/** Words up to the end of a line; text in quotes may go on in the next one. */
function* statementsOf(file: string, text: string): Generator<Statement> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const start = at;
    const startLine = line;
    const read = readStatement(text, at);
    at = read.end;
    line += read.lines;
    if (read.words.length === 0) continue;
    const said = { place: { file, line: startLine }, text: text.slice(start, at).trim() };
    yield { words: read.words, said, isClosed: read.isClosed };
  }
}

interface Read {
  readonly words: string[];
  readonly end: number;
  readonly lines: number;
  readonly isClosed: boolean;
}

function readStatement(text: string, start: number): Read {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  let at = start;
  for (; at < text.length; at++) {
    const sign = text[at] as string;
    if (sign === "\n" && quote === "") break;
    if (quote !== "") {
      if (sign === quote) quote = "";
      else if (sign === "\\" && quote === '"' && at + 1 < text.length) word += text[++at] ?? "";
      else word += sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (sign === "\\" && text[at + 1] !== undefined) {
      at++;
      if (text[at] !== "\n") word = (word ?? "") + text[at];
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === "#" && word === undefined) {
      const lf = text.indexOf("\n", at);
      at = (lf < 0 ? text.length : lf) - 1;
    } else word = (word ?? "") + sign;
  }
  if (word !== undefined) words.push(word);
  const lines = text.slice(start, at + 1).split("\n").length - 1;
  return { words, end: at + 1, lines, isClosed: quote === "" };
}

/** The last one; an option counts as it was set last. */
export function settingOf(section: UciSection, key: string): string | undefined {
  return section.values.get(key)?.at(-1)?.text;
}

/** The section as notes name it: many have no name of their own, and are told apart by an option. */
export function saidOf(section: UciSection, key?: string): Said {
  const own = key === undefined ? undefined : section.values.get(key)?.at(-1)?.said;
  if (own) return own;
  const name = settingOf(section, "name") ?? settingOf(section, "cname");
  if (section.name !== "" || name === undefined) return section.said;
  return { place: section.said.place, text: `${section.said.text} (${name})` };
}

/** All values of a list, also where one option holds several with spaces between them. */
export function listOf(section: UciSection, key: string): readonly UciValue[] {
  return (section.values.get(key) ?? []).flatMap(({ text, said }) => {
    return text
      .split(/\s+/)
      .filter((one) => one !== "")
      .map((one) => ({ text: one, said }));
  });
}

/** As UCI reads a flag; `otherwise` where it is not set, or is neither on nor off. */
export function flagOf(section: UciSection, key: string, otherwise: boolean): boolean {
  const text = settingOf(section, key);
  if (/^(1|on|true|yes|enabled)$/.test(text ?? "")) return true;
  return /^(0|off|false|no|disabled)$/.test(text ?? "") ? false : otherwise;
}
