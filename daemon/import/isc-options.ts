// The option statements of dhcpd.conf: definitions of options and spaces, and values.

import { readData } from "./isc-expressions.ts";
import { Inexpressible } from "./isc-match.ts";
import type { OptionBook } from "./isc-set-option.ts";
import type { Settings } from "./isc-settings.ts";
import type { Statement, Token } from "./isc-statements.ts";
import {
  encodeWords,
  hexBytes,
  type ValueFormat,
  type ValueType,
  wholeNumberOf,
} from "./isc-values.ts";
import type { Notes } from "./notes.ts";

/** Reads "option …;", which sets a value here, or defines what an option is. */
export function readOptionStatement(
  statement: Statement,
  settings: Settings,
  book: OptionBook,
  notes: Notes,
) {
  const { words, place, text } = statement;
  const name = words[1]?.text ?? "";
  if (name === "space" && words.length > 2) return defineSpace(statement, notes);
  if (words[2]?.text === "code" && !words[2].isQuoted && words.length > 4) {
    return define(statement, book, notes);
  }
  const known = book.find(name);
  if (!known) {
    notes.leftOut(place, text, `No option of the name "${name}" is known.`);
    return;
  }
  const value = words.slice(2);
  const bytes = optionValue(value, known.format, (other) => codeIn(book, other));
  if (typeof bytes === "string") notes.leftOut(place, text, bytes);
  else book.set(settings, known, bytes, statement);
}

/** The code of an option of the main space. */
export function codeIn(book: OptionBook, name: string): number | undefined {
  const known = book.find(name);
  return known?.space === undefined ? known?.code : undefined;
}

function optionValue(
  words: readonly Token[],
  format: ValueFormat | undefined,
  codeOf: (name: string) => number | undefined,
): Uint8Array | string {
  if (words[0]?.isSign && words[0].text === "=") return constantOf(words.slice(1), codeOf);
  const unexpected = words.find((word) => word.isSign && word.text !== ",");
  if (unexpected) return `The value cannot be read near "${unexpected.text}".`;
  const values = words.filter((word) => !word.isSign);
  if (values.length === 0) return "An option without a value cannot be set here.";
  const [only] = values;
  // Any value may be written as its bytes.
  if (
    values.length === 1 &&
    only &&
    !only.isQuoted &&
    /^[0-9a-f]{1,2}(:[0-9a-f]{1,2})+$/i.test(only.text)
  ) {
    const bytes = hexBytes(only.text);
    if (bytes && format?.types[0] !== "ip6") return bytes;
  }
  if (!format) return "Nobody can tell how its value is written.";
  const name = values.find((word) => format.types[0] === "ip" && isHostName(word));
  if (name)
    return `"${name.text}" is the name of a host; names are not looked up here, so write its address.`;
  const bytes = encodeWords(values, format);
  return typeof bytes === "string" ? `The value does not fit: ${bytes}.` : bytes;
}

function isHostName({ text, isQuoted }: Token): boolean {
  return !isQuoted && /^[a-z0-9-]+(\.[a-z0-9-]+)*\.?$/i.test(text) && /[a-z]/i.test(text);
}

function constantOf(
  words: readonly Token[],
  codeOf: (name: string) => number | undefined,
): Uint8Array | string {
  try {
    const data = readData(words, codeOf);
    if (data.kind === "bytes") return data.bytes;
  } catch (error) {
    if (!(error instanceof Inexpressible)) throw error;
  }
  return "A value that is computed for each client cannot be set here.";
}

function defineSpace({ words, place, text }: Statement, notes: Notes): void {
  const plain = words.slice(3).every((word, at, all) => {
    const before = all[at - 1]?.text;
    return !/^[0-9]+$/.test(word.text) || before === "size" || word.text === "1";
  });
  if (!plain)
    notes.changed(place, text, "Options in options have codes and lengths of one byte here.");
}

function define(statement: Statement, book: OptionBook, notes: Notes): void {
  const { words, place, text } = statement;
  const [space, name] = splitName(words[1]?.text ?? "");
  const code = wholeNumberOf(words[3]?.text ?? "");
  if (code === undefined || words[4]?.text !== "=") {
    notes.unreadable(place, text, "It does not say what the code or the type of the option is.");
    return;
  }
  const format = formatOf(words.slice(5));
  if (!format) {
    notes.leftOut(
      place,
      text,
      "There is no such type of options here; only its values as bytes can be set.",
    );
  }
  book.define(name, { space, code, format }, statement);
}

function splitName(name: string): [string | undefined, string] {
  const dot = name.indexOf(".");
  if (dot < 0) return [undefined, name];
  const space = name.slice(0, dot);
  return [space === "dhcp" ? undefined : space, name.slice(dot + 1)];
}

/** "array of { integer 8, ip-address }" and the like; undefined: nothing here is like it. */
function formatOf(words: readonly Token[]): ValueFormat | undefined {
  const texts = words.filter((word) => word.text !== ",").map((word) => word.text);
  const isArray = texts[0] === "array" && texts[1] === "of";
  const rest = isArray ? texts.slice(2) : texts;
  const isRecord = rest[0] === "{" && rest.at(-1) === "}";
  const types: ValueType[] = [];
  let repeat: ValueFormat["repeat"] = isArray ? "all" : "none";
  const inner = isRecord ? rest.slice(1, -1) : rest;
  for (let at = 0; at < inner.length; ) {
    if (inner[at] === "array" && inner[at + 1] === "of") {
      if (repeat !== "none") return undefined;
      repeat = "last";
      at += 2;
      continue;
    }
    const [type, length] = typeAt(inner, at);
    if (!type) return undefined;
    if (repeat === "last" && at + length < inner.length) return undefined;
    types.push(type === "domain-list" ? "fqdn" : type);
    if (type === "domain-list") repeat = "all";
    at += length;
  }
  if (types.length === 0 || (types.length > 1 && !isRecord)) return undefined;
  if (repeat === "last" && types.length === 1) repeat = "all";
  return { types, repeat };
}

function typeAt(
  texts: readonly string[],
  at: number,
): [ValueType | "domain-list" | undefined, number] {
  const [first = "", second = "", third = ""] = texts.slice(at, at + 3);
  if (first === "signed" || first === "unsigned") {
    if (second !== "integer") return [undefined, 1];
    return [INTEGERS.get(`${first === "signed" ? "i" : "u"}${third}`), 3];
  }
  if (first === "integer") return [INTEGERS.get(`i${second}`), 2];
  if (first === "domain-list") return ["domain-list", second === "compressed" ? 2 : 1];
  return [TYPES.get(first), 1];
}

const INTEGERS: ReadonlyMap<string, ValueType> = new Map([
  ["u8", "u8"],
  ["u16", "u16"],
  ["u32", "u32"],
  ["i8", "i8"],
  ["i16", "i16"],
  ["i32", "i32"],
]);

const TYPES: ReadonlyMap<string, ValueType> = new Map([
  ["boolean", "bool"],
  ["ip-address", "ip"],
  ["ip6-address", "ip6"],
  ["text", "text"],
  ["string", "bytes"],
  ["domain-name", "fqdn"],
]);
