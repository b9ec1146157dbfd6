// Domain names in the wire form of RFC 1035 §3.1, and lists of them with the compression of §4.1.4.

import { DecodeError } from "../base/errors.ts";
import { quoted } from "../base/quoted.ts";
import {
  bounded,
  CONTENT_BYTES_MAX,
  type Codec,
  isList,
  type Plain,
  refused,
} from "./option-codecs.ts";
import { EncodeError, Writer } from "./writer.ts";

const LABEL_BYTES_MAX = 63;
/** RFC 1035 §2.3.4: with all length bytes and the root's. */
const NAME_BYTES_MAX = 255;
const POINTER = 0xc0;
const POINTER_OFFSET_MAX = 0x3fff;

/**
 * One whole name, as text without the final dot; "." is the root. Bytes of a label that are not
 * printable ASCII are written "\DDD", dots and backslashes inside a label "\." and "\\".
 */
export const domainName: Codec<string> = bounded(
  { ...nameList(false), ...singleName() },
  1,
  NAME_BYTES_MAX,
);

/** RFC 3397 §2: names one after the other, later ones may point into earlier ones. */
export const domainSearch: Codec<readonly string[]> = nameList(true);

/** A list of names whose RFC does not allow compression. Pointers are still understood. */
export const domainNames: Codec<readonly string[]> = nameList(false);

export interface DecodedName {
  readonly name: string;
  /** First byte behind the name where it stands (not where a pointer led). */
  readonly next: number;
  /** False when the bytes ended before the root label (RFC 4702 §2.3: a partial name). */
  readonly isComplete: boolean;
}

/**
 * Reads a name at `at`. Pointers count from `start` and may only lead backwards, which also keeps
 * them from looping. Throws DecodeError.
 */
export function decodeName(bytes: Uint8Array, start: number, at: number, end: number): DecodedName {
  const labels: string[] = [];
  let total = 1;
  let position = at;
  let earliest = at;
  let next = -1;
  while (position < end) {
    const length = bytes[position] as number;
    if (length === 0) {
      return {
        name: labels.join(".") || ".",
        next: next < 0 ? position + 1 : next,
        isComplete: true,
      };
    }
    if (length >= POINTER) {
      if (position + 1 >= end) throw fail(position - start, "the pointer is cut short");
      const target = start + (((length & 0x3f) << 8) | (bytes[position + 1] as number));
      if (target >= earliest) throw fail(position - start, "the pointer does not lead backwards");
      if (next < 0) next = position + 2;
      earliest = target;
      position = target;
      continue;
    }
    if (length > LABEL_BYTES_MAX) throw fail(position - start, `label type ${length >>> 6}`);
    if (position + 1 + length > end) throw fail(position - start, "the label is cut short");
    total += 1 + length;
    if (total > NAME_BYTES_MAX) throw fail(position - start, "the name is longer than 255 bytes");
    labels.push(formatLabel(bytes, position + 1, position + 1 + length));
    position += 1 + length;
  }
  return { name: labels.join("."), next: end, isComplete: false };
}

/** The labels of a name in text form, as bytes. Throws EncodeError. "" and "." have none. */
export function labelsOf(name: string): Uint8Array[] {
  if (name === "" || name === ".") return [];
  const labels: Uint8Array[] = [];
  let label: number[] = [];
  for (let i = 0; i < name.length; i++) {
    const character = name[i] as string;
    if (character === ".") {
      labels.push(checkedLabel(label, name));
      label = [];
      // One final dot says that the name is whole; it starts no further label.
      if (i === name.length - 1) return checkedTotal(labels, name);
      continue;
    }
    const escaped = /^\\(?:([0-9]{3})|([\x21-\x2f\x3a-\x7e]))/.exec(name.slice(i, i + 4));
    const code = escaped?.[1] ? Number(escaped[1]) : (escaped?.[2] ?? character).charCodeAt(0);
    const isPlain = character !== "\\" && code > 0x20 && code < 0x7f;
    if (code > 0xff || (escaped === null && !isPlain)) throw notAName(name);
    if (escaped !== null) i += escaped[0].length - 1;
    label.push(code);
  }
  labels.push(checkedLabel(label, name));
  return checkedTotal(labels, name);
}

function singleName(): Pick<Codec<string>, "shape" | "decode" | "encode" | "parse" | "format"> {
  return {
    shape: "domain-name",
    decode: (bytes, start, end) => {
      const { name, next, isComplete } = decodeName(bytes, start, start, end);
      if (!isComplete) throw fail(end - start, "the name has no end");
      if (next !== end) throw fail(next - start, `${end - next} bytes too many`);
      return name;
    },
    encode: (name) => encodeNames([name], false),
    parse: parseName,
    format: (name) => name,
  };
}

function nameList(isCompressed: boolean): Codec<readonly string[]> {
  return {
    shape: "domain-name-list",
    min: 1,
    max: CONTENT_BYTES_MAX,
    decode: (bytes, start, end) => {
      const names: string[] = [];
      let at = start;
      while (at < end) {
        const { name, next, isComplete } = decodeName(bytes, start, at, end);
        if (!isComplete) throw fail(at - start, "the name has no end");
        names.push(name);
        at = next;
      }
      return names;
    },
    encode: (names) => {
      if (names.length === 0) throw new EncodeError("the list of names is empty");
      return encodeNames(names, isCompressed);
    },
    parse: (input) => {
      const inputs = isList(input) ? input : [input];
      if (inputs.length === 0) throw refused(input, "a list of at least one domain name");
      return inputs.map(parseName);
    },
    format: (names) => names,
  };
}

/** Compression: the first place of every tail of labels is remembered and pointed to. */
function encodeNames(names: readonly string[], isCompressed: boolean): Uint8Array {
  const writer = new Writer();
  const places = new Map<string, number>();
  for (const name of names) {
    const labels = labelsOf(name);
    let target: number | undefined;
    for (let i = 0; i < labels.length && target === undefined; i++) {
      const tail = labels
        .slice(i)
        .map((label) => formatLabel(label, 0, label.length))
        .join(".");
      target = isCompressed ? places.get(tail) : undefined;
      if (target !== undefined) break;
      if (writer.length <= POINTER_OFFSET_MAX && !places.has(tail)) places.set(tail, writer.length);
      writer.counted8(labels[i] as Uint8Array);
    }
    if (target === undefined) writer.u8(0);
    else writer.u16((POINTER << 8) | target);
  }
  return writer.done();
}

/** Configuration: one final dot is allowed and dropped, and a name must have labels. */
function parseName(input: Plain): string {
  if (typeof input !== "string" || input === "") throw refused(input, "a domain name");
  try {
    const labels = labelsOf(input).map((label) => formatLabel(label, 0, label.length));
    return labels.join(".") || ".";
  } catch (error) {
    if (error instanceof EncodeError) throw refused(input, "a domain name");
    throw error;
  }
}

function checkedLabel(label: readonly number[], name: string): Uint8Array {
  if (label.length === 0 || label.length > LABEL_BYTES_MAX) {
    throw new EncodeError(`a label of ${quoted(name)} has ${label.length} bytes`);
  }
  return Uint8Array.from(label);
}

function checkedTotal(labels: Uint8Array[], name: string): Uint8Array[] {
  const total = labels.reduce((sum, one) => sum + one.length + 1, 1);
  if (total > NAME_BYTES_MAX) throw new EncodeError(`${quoted(name)} is above 255 bytes`);
  return labels;
}

function notAName(name: string): EncodeError {
  return new EncodeError(`${quoted(name)} is not a domain name`);
}

function formatLabel(bytes: Uint8Array, start: number, end: number): string {
  let label = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const character = String.fromCharCode(byte);
    if (character === "." || character === "\\") label += `\\${character}`;
    else if (byte > 0x20 && byte < 0x7f) label += character;
    else label += `\\${String(byte).padStart(3, "0")}`;
  }
  return label;
}

function fail(offset: number, reason: string): DecodeError {
  return new DecodeError("domain name", offset, reason);
}
