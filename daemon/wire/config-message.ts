// What the boxes of a pair say to each other of the configuration that they share, over their channel, which
// delivers whole messages in order.
//
//   kind  fields …
//
// Kinds are 0x20 to 0x2f: the other parts of the box have theirs on the same channel. A document is JSON in
// UTF-8 and runs to the end of its message; all other text is behind its length. What belongs to one proposal
// has the number that its box gave to it.

import { hex } from "../base/bytes.ts";
import { DecodeError } from "../base/errors.ts";
import { Reader } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

/** What the channel takes in one piece. */
export const CONFIG_MESSAGE_BYTES_MAX = 1 << 20;
export const ANCESTORS_MAX = 16;
export const ISSUES_MAX = 16;
export const ISSUE_TEXT_BYTES_MAX = 512;
export const ORIGIN_TEXT_BYTES_MAX = 256;

/** One state that the shared configuration was in: how many it follows, and the SHA-256 of it in hex. */
export interface Generation {
  readonly generation: number;
  readonly hash: string;
}

/** A generation and those it was made from, the newest first; all of them have lower numbers. */
export interface Lineage extends Generation {
  readonly ancestors: readonly Generation[];
}

/** Who put a configuration into force, when, and from where; all text is for people, "" where nothing is known. */
export interface Origin {
  readonly who: string;
  /** Milliseconds since 1970-01-01 UTC by the clock of `box`, which may have been wrong. */
  readonly wall: number;
  /** Such as "page 192.168.1.20", "command line" or "config.json". */
  readonly from: string;
  /** The name of the box on which it was done. */
  readonly box: string;
  readonly note: string;
}

/** One thing for which a box cannot take a configuration. */
export interface ConfigObjection {
  readonly file: string;
  readonly path: string;
  readonly reason: string;
}

export type ConfigMessage =
  /** What is in force here, for good or not. Said first, and again when the partner should think anew. */
  | { readonly kind: "hello"; readonly lineage: Lineage; readonly isOnTrial: boolean }
  /** Show me your document. */
  | { readonly kind: "fetch" }
  | { readonly kind: "document"; readonly origin: Origin | undefined; readonly text: string }
  /** Could you take this? */
  | {
      readonly kind: "propose";
      readonly number: number;
      readonly lineage: Lineage;
      readonly origin: Origin | undefined;
      /** How long it is on trial; 0: it is for good. */
      readonly trialMilliseconds: number;
      readonly text: string;
    }
  | { readonly kind: "ready"; readonly number: number }
  /** `objections` are never empty. */
  | {
      readonly kind: "refused";
      readonly number: number;
      readonly objections: readonly ConfigObjection[];
    }
  /** What is in force at the refusing box has changed meanwhile, so the proposal does not follow on it. */
  | { readonly kind: "overtaken"; readonly number: number }
  | { readonly kind: "commit"; readonly number: number }
  | { readonly kind: "cancel"; readonly number: number }
  | { readonly kind: "applied"; readonly number: number }
  /** A person says that what is on trial, which is this, stays. */
  | { readonly kind: "confirm"; readonly hash: string }
  /** A person says that it goes, now. */
  | { readonly kind: "undo"; readonly hash: string; readonly origin: Origin };

type Kind = ConfigMessage["kind"];
type Of<K extends Kind> = Extract<ConfigMessage, { kind: K }>;

interface Format<K extends Kind> {
  readonly code: number;
  read(reader: Reader): Of<K>;
  write(message: Of<K>, writer: Writer): void;
}

/** Legend: kind, its first byte, how the rest is read and written. */
const FORMATS: { readonly [K in Kind]: Format<K> } = {
  hello: {
    code: 0x20,
    read: (reader) => {
      const isOnTrial = readFlag(reader, "trial");
      return { kind: "hello", lineage: readLineage(reader), isOnTrial };
    },
    write: ({ lineage, isOnTrial }, writer) => {
      writer.u8(isOnTrial ? 1 : 0);
      writeLineage(lineage, writer);
    },
  },
  fetch: { code: 0x21, read: () => ({ kind: "fetch" }), write: () => {} },
  document: {
    code: 0x22,
    read: (reader) => {
      const origin = readOriginOrNone(reader);
      return { kind: "document", origin, text: readDocument(reader) };
    },
    write: ({ origin, text }, writer) => {
      writeOriginOrNone(origin, writer);
      writer.bytes(UTF8.encode(text));
    },
  },
  propose: {
    code: 0x23,
    read: (reader) => {
      const number = reader.u32("number");
      const lineage = readLineage(reader);
      const origin = readOriginOrNone(reader);
      const trialMilliseconds = reader.u32("trial");
      const text = readDocument(reader);
      return { kind: "propose", number, lineage, origin, trialMilliseconds, text };
    },
    write: ({ number, lineage, origin, trialMilliseconds, text }, writer) => {
      writer.u32(number);
      writeLineage(lineage, writer);
      writeOriginOrNone(origin, writer);
      writer.u32(trialMilliseconds);
      writer.bytes(UTF8.encode(text));
    },
  },
  ready: numbered(0x24, "ready"),
  refused: {
    code: 0x25,
    read: (reader) => {
      const number = reader.u32("number");
      return { kind: "refused", number, objections: readObjections(reader) };
    },
    write: ({ number, objections }, writer) => {
      writer.u32(number);
      writeObjections(objections, writer);
    },
  },
  overtaken: numbered(0x26, "overtaken"),
  commit: numbered(0x27, "commit"),
  cancel: numbered(0x28, "cancel"),
  applied: numbered(0x29, "applied"),
  confirm: {
    code: 0x2a,
    read: (reader) => ({ kind: "confirm", hash: readHash(reader, "hash") }),
    write: ({ hash }, writer) => writeHash(hash, writer),
  },
  undo: {
    code: 0x2b,
    read: (reader) => {
      const hash = readHash(reader, "hash");
      return { kind: "undo", hash, origin: readOrigin(reader) };
    },
    write: ({ hash, origin }, writer) => {
      writeHash(hash, writer);
      writeOrigin(origin, writer);
    },
  },
};

const BY_CODE = new Map(Object.values(FORMATS).map((format) => [format.code, format]));

/** Whether a message of the channel is of this part, by its first byte. */
export function isConfigMessage(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xf0) === 0x20;
}

/** Throws EncodeError for what does not fit; but the text of an objection is shortened until it does. */
export function encodeConfigMessage(message: ConfigMessage): Uint8Array {
  const format = FORMATS[message.kind] as Format<Kind>;
  const writer = new Writer().u8(format.code);
  format.write(message, writer);
  const bytes = writer.done();
  if (bytes.length > CONFIG_MESSAGE_BYTES_MAX) {
    throw new EncodeError(`a message of ${bytes.length} bytes`);
  }
  return bytes;
}

/** Throws DecodeError for anything that is no such message. Nothing in the result is a view of `bytes`. */
export function decodeConfigMessage(bytes: Uint8Array): ConfigMessage {
  if (bytes.length > CONFIG_MESSAGE_BYTES_MAX) {
    throw new DecodeError("length", 0, `${bytes.length} bytes`);
  }
  const reader = new Reader(bytes, 0, bytes.length);
  const code = reader.u8("kind");
  const format = BY_CODE.get(code);
  if (!format) throw reader.fail("kind", `${code} is not known`);
  const message = format.read(reader);
  if (reader.remaining > 0) throw reader.fail("end", `${reader.remaining} bytes are too many`);
  return message;
}

const HASH_BYTES = 32;
/** So far below what four bytes hold that the next one always fits. */
const GENERATION_MAX = 0x7fff_ffff;
const UTF8 = new TextEncoder();

function numbered<K extends "ready" | "overtaken" | "commit" | "cancel" | "applied">(
  code: number,
  kind: K,
): Format<K> {
  return {
    code,
    read: (reader) => ({ kind, number: reader.u32("number") }) as Of<K>,
    write: (message, writer) => void writer.u32((message as { number: number }).number),
  };
}

function readLineage(reader: Reader): Lineage {
  const head = readGeneration(reader, "generation");
  const count = reader.u8("ancestors");
  if (count > ANCESTORS_MAX) throw reader.fail("ancestors", `${count} are too many`);
  const ancestors: Generation[] = [];
  for (let newest = head.generation - 1; ancestors.length < count; ) {
    const ancestor = readGeneration(reader, "ancestors");
    if (ancestor.generation > newest) {
      throw reader.fail("ancestors", `${ancestor.generation} stands behind ${newest}`);
    }
    newest = ancestor.generation;
    ancestors.push(ancestor);
  }
  return { ...head, ancestors };
}

function writeLineage(lineage: Lineage, writer: Writer): void {
  if (lineage.ancestors.length > ANCESTORS_MAX) {
    throw new EncodeError(`${lineage.ancestors.length} ancestors`);
  }
  writeGeneration(lineage, writer);
  writer.u8(lineage.ancestors.length);
  for (const ancestor of lineage.ancestors) writeGeneration(ancestor, writer);
}

function readGeneration(reader: Reader, field: string): Generation {
  const generation = reader.u32(field);
  if (generation > GENERATION_MAX) throw reader.fail(field, `${generation} is too high`);
  return { generation, hash: readHash(reader, field) };
}

function writeGeneration({ generation, hash }: Generation, writer: Writer): void {
  writer.u32(generation);
  writeHash(hash, writer);
}

function readHash(reader: Reader, field: string): string {
  return hex(reader.bytes(field, HASH_BYTES));
}

function writeHash(hash: string, writer: Writer): void {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new EncodeError(`"${hash}" is no hash`);
  for (let at = 0; at < hash.length; at += 2) {
    writer.u8(Number.parseInt(hash.slice(at, at + 2), 16));
  }
}

/** Behind a byte that says whether there is one. */
function readOriginOrNone(reader: Reader): Origin | undefined {
  return readFlag(reader, "origin") ? readOrigin(reader) : undefined;
}

function readFlag(reader: Reader, field: string): boolean {
  const value = reader.u8(field);
  if (value > 1) throw reader.fail(field, `cannot be ${value}`);
  return value === 1;
}

function readOrigin(reader: Reader): Origin {
  const wall = reader.u32("wall") * 2 ** 32 + reader.u32("wall");
  if (wall > Number.MAX_SAFE_INTEGER) throw reader.fail("wall", `${wall} is too late`);
  const [who, from, box, note] = ORIGIN_TEXTS.map((field) =>
    readShort(reader, field, ORIGIN_TEXT_BYTES_MAX),
  ) as [string, string, string, string];
  return { who, wall, from, box, note };
}

function writeOriginOrNone(origin: Origin | undefined, writer: Writer): void {
  writer.u8(origin ? 1 : 0);
  if (origin) writeOrigin(origin, writer);
}

function writeOrigin(origin: Origin, writer: Writer): void {
  writer.u32(Math.floor(origin.wall / 2 ** 32)).u32(origin.wall % 2 ** 32);
  for (const field of ORIGIN_TEXTS) writeShort(origin[field], ORIGIN_TEXT_BYTES_MAX, writer);
}

const ORIGIN_TEXTS = ["who", "from", "box", "note"] as const;

function readDocument(reader: Reader): string {
  if (reader.remaining === 0) throw reader.fail("document", "is empty");
  return reader.utf8("document", reader.remaining);
}

function readObjections(reader: Reader): ConfigObjection[] {
  const count = reader.u8("objections");
  if (count === 0 || count > ISSUES_MAX) throw reader.fail("objections", `are ${count}`);
  return Array.from({ length: count }, () => ({
    file: readShort(reader, "file", ISSUE_TEXT_BYTES_MAX),
    path: readShort(reader, "path", ISSUE_TEXT_BYTES_MAX),
    reason: readShort(reader, "reason", ISSUE_TEXT_BYTES_MAX),
  }));
}

function writeObjections(objections: readonly ConfigObjection[], writer: Writer): void {
  if (objections.length === 0 || objections.length > ISSUES_MAX) {
    throw new EncodeError(`${objections.length} objections`);
  }
  writer.u8(objections.length);
  for (const { file, path, reason } of objections) {
    for (const text of [file, path, reason]) writeShort(text, ISSUE_TEXT_BYTES_MAX, writer);
  }
}

/** As many whole characters as there is room for. */
function writeShort(text: string, bytesMax: number, writer: Writer): void {
  const room = new Uint8Array(bytesMax);
  const { written } = UTF8.encodeInto(text, room);
  writer.counted16(room.subarray(0, written));
}

function readShort(reader: Reader, field: string, bytesMax: number): string {
  const length = reader.u16(field);
  if (length > bytesMax) throw reader.fail(field, `is ${length} bytes long`);
  return reader.utf8(field, length);
}
