// option-def and option-data of Kea.

import { optionByCode } from "../wire/dhcp4-options.ts";
import type { OptionBook } from "./isc-set-option.ts";
import type { Settings } from "./isc-settings.ts";
import {
  encodeWords,
  hexBytes,
  type ValueFormat,
  type ValueType,
  type Word,
} from "./isc-values.ts";
import type { JsonValue } from "./kea-json.ts";
import { entriesByKey, numberOf, textOf } from "./kea-keys.ts";
import type { Notes } from "./notes.ts";

/** The options that Kea carries other options in, by the name of their space. */
const CARRIERS: ReadonlyMap<string, number> = new Map([["vendor-encapsulated-options-space", 43]]);

/** Options that the configuration defines; `spaces`: what an option is a carrier of, by its code. */
export function readOptionDefs(
  list: JsonValue | undefined,
  book: OptionBook,
  spaces: Map<number, string>,
  notes: Notes,
): void {
  for (const item of list?.items ?? []) {
    const keys = entriesByKey(item);
    const name = textOf(keys.get("name"));
    const code = numberOf(keys.get("code"));
    const space = textOf(keys.get("space")) ?? "dhcp4";
    if (name === undefined || code === undefined) {
      notes.unreadable(item.place, item.text, "An option that is defined has a name and a code.");
      continue;
    }
    const carried = textOf(keys.get("encapsulate")) ?? "";
    const isMain = space === "dhcp4";
    if (carried !== "" && isMain && code === 43) spaces.set(code, carried);
    else if (carried !== "") {
      const reason = `Option ${code} does not carry options of a space of their own here.`;
      notes.leftOut(item.place, `option ${name}`, reason);
    }
    const type = textOf(keys.get("type")) ?? "";
    const format = formatOf(type, keys);
    const source = { place: item.place, text: `option ${name}` };
    if (!format && type !== "empty") {
      const reason = "There is no such type of options here; only its values as bytes can be set.";
      notes.leftOut(item.place, source.text, reason);
    }
    book.define(name, { space: isMain ? undefined : space, code, format }, source);
  }
}

/** Values for one level. */
export function readOptionData(
  list: JsonValue | undefined,
  settings: Settings,
  book: OptionBook,
  spaces: ReadonlyMap<number, string>,
  notes: Notes,
): void {
  for (const item of list?.items ?? []) readOne(item, settings, book, spaces, notes);
}

function readOne(
  item: JsonValue,
  settings: Settings,
  book: OptionBook,
  spaces: ReadonlyMap<number, string>,
  notes: Notes,
): void {
  const keys = entriesByKey(item);
  const { place } = item;
  const space = textOf(keys.get("space")) ?? "dhcp4";
  const name = textOf(keys.get("name"));
  const code = numberOf(keys.get("code"));
  const own = space === "dhcp4" ? undefined : space;
  const label = name ?? `${code ?? ""}`;
  const data = textOf(keys.get("data")) ?? "";
  const text = `${label}: ${data}`;
  const known =
    code === undefined
      ? book.find(own === undefined ? label : `${own}.${label}`)
      : book.byCode(own, code);
  noteFlags(keys, { place, text }, notes);
  if (!known) {
    notes.leftOut(place, text, `No option of the name "${label}" is known.`);
    return;
  }
  if (keys.get("never-send")?.plain === true) {
    settings.options.set(known.code, {
      code: known.code,
      name: optionByCode(known.code)?.name ?? `option-${known.code}`,
      value: null,
      place,
      text,
    });
    return;
  }
  if (own === undefined && carries(known.code, data, settings, spaces, { place, text })) return;
  if (own !== undefined) {
    const carrier = CARRIERS.get(own);
    const value = { space: own };
    if (carrier !== undefined) settings.encapsulations.set(carrier, { place, text, value });
    const enterprise = /^vendor-([0-9]{1,10})$/.exec(own)?.[1];
    if (enterprise !== undefined && !settings.encapsulations.has(125)) {
      const inVendor = { space: own, enterprise: Number(enterprise) };
      settings.encapsulations.set(125, { place, text, value: inVendor });
    }
  }
  const bytes = bytesOf(data, keys.get("csv-format")?.plain, known.format);
  if (typeof bytes === "string") notes.leftOut(place, text, bytes);
  else book.set(settings, known, bytes, { place, text });
}

/** Options 43 and 125 that are only there for what they carry. */
function carries(
  code: number,
  data: string,
  settings: Settings,
  spaces: ReadonlyMap<number, string>,
  source: { place: JsonValue["place"]; text: string },
): boolean {
  if (code === 43 && data === "") {
    const space = spaces.get(43) ?? "vendor-encapsulated-options-space";
    settings.encapsulations.set(43, { ...source, value: { space } });
    return true;
  }
  if (code === 125 && /^[0-9]{1,10}$/.test(data.trim())) {
    const enterprise = Number(data);
    const value = { space: `vendor-${enterprise}`, enterprise };
    settings.encapsulations.set(125, { ...source, value });
    return true;
  }
  return false;
}

function noteFlags(
  keys: ReadonlyMap<string, JsonValue>,
  { place, text }: { place: JsonValue["place"]; text: string },
  notes: Notes,
): void {
  if (keys.get("always-send")?.plain === true) {
    notes.changed(
      place,
      text,
      "Options go to clients that ask for them, and to those that do not say.",
    );
  }
  const classes = keys.get("client-classes")?.items ?? [];
  if (classes.length > 0) {
    notes.changed(
      place,
      text,
      "It is set for all clients of its level, as values do not depend on classes by themselves here.",
    );
  }
  for (const [key, value] of keys) {
    if (OPTION_KEYS.has(key)) continue;
    notes.unreadable(value.place, value.text, "No setting of this name is known here.");
  }
}

const OPTION_KEYS = new Set([
  "name",
  "code",
  "space",
  "data",
  "csv-format",
  "always-send",
  "never-send",
  "client-classes",
  "comment",
  "user-context",
  "metadata",
]);

function bytesOf(
  data: string,
  csv: JsonValue["plain"],
  format: ValueFormat | undefined,
): Uint8Array | string {
  const isCsv = typeof csv === "boolean" ? csv : format !== undefined;
  if (!isCsv) {
    const quoted = /^\s*'([^']*)'\s*$/.exec(data)?.[1];
    const bytes = quoted === undefined ? hexBytes(data.trim()) : new TextEncoder().encode(quoted);
    if (bytes) return bytes;
    return "The value is not bytes as hex digits.";
  }
  if (!format) return "Nobody can tell how its value is written.";
  const words = wordsOf(data);
  if (words.length === 0) return "An option without a value cannot be set here.";
  const bytes = encodeWords(words, format);
  return typeof bytes === "string" ? `The value does not fit: ${bytes}.` : bytes;
}

/** Values stand between commas; one that is a part of a value has a backslash before it. */
function wordsOf(data: string): Word[] {
  if (data.trim() === "") return [];
  const words: string[] = [""];
  for (const { 0: part } of data.matchAll(/\\[\\,]|[\s\S]/g)) {
    if (part === ",") words.push("");
    else words[words.length - 1] += part.length > 1 ? part.slice(1) : part;
  }
  return words.map((word) => ({ text: word.trim(), isQuoted: false }));
}

function formatOf(type: string, keys: ReadonlyMap<string, JsonValue>): ValueFormat | undefined {
  const isArray = keys.get("array")?.plain === true;
  const names = type === "record" ? (textOf(keys.get("record-types")) ?? "").split(",") : [type];
  const types = names.map((name) => TYPES.get(name.trim()));
  if (!types.every((one) => one !== undefined) || types.length === 0) return undefined;
  const repeat = !isArray ? "none" : types.length > 1 ? "last" : "all";
  return { types, repeat };
}

const TYPES: ReadonlyMap<string, ValueType> = new Map([
  ["binary", "bytes"],
  ["boolean", "bool"],
  ["fqdn", "fqdn"],
  ["int8", "i8"],
  ["int16", "i16"],
  ["int32", "i32"],
  ["ipv4-address", "ip"],
  ["ipv6-address", "ip6"],
  ["string", "text"],
  ["uint8", "u8"],
  ["uint16", "u16"],
  ["uint32", "u32"],
]);
