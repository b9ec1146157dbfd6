// What the boxes of a pair say to each other of the small records that both keep: users, tokens, names of devices.
//
//   0x50  count 16  then for each: key (8)  number 32  at 48  by (8)  kind 8  value (16), if there is one
//
// Kinds are 0x50 to 0x5f: the other parts of the box have theirs on the same channel. Text is behind its length.
// A message is a part of what its sender knows, in any order, and may be said again: whoever hears it keeps the newer
// of each record.

import { DecodeError } from "../base/errors.ts";
import { Reader } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

/** Small enough to leave room for other messages between two parts of a long book. */
export const RECORDS_MESSAGE_BYTES_MAX = 32_768;
export const RECORD_BY_BYTES_MAX = 64;
export const RECORD_VALUE_BYTES_MAX = 8192;
/** So far below what four bytes hold that the next one always fits. */
export const RECORD_NUMBER_MAX = 0x7fff_ffff;
/** Milliseconds since 1970 that six bytes hold: until the year 10889. */
export const RECORD_AT_MAX = 2 ** 48 - 1;

/** One record, as its last change left it. */
export interface SharedRecord {
  /** A kind, and mostly a name of its own: "user:anna", "authority". Plain characters. */
  readonly key: string;
  /** Text without control characters; undefined: it was deleted. */
  readonly value: string | undefined;
  /** 1 or more: which change of this key it was. */
  readonly number: number;
  /** Who made the change: the identity of the box. Plain characters. */
  readonly by: string;
  /** Wall clock of that box in ms. It is shown, and decides only between changes that are otherwise alike. */
  readonly at: number;
}

const CODE = 0x50;
const DELETED = 0;
const THERE = 1;
const KEY = /^[a-z]{1,16}(:[\x21-\x7e]{1,100})?$/;
const BY = new RegExp(`^[\\x21-\\x7e]{1,${RECORD_BY_BYTES_MAX}}$`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be kept out.
const CONTROL = /[\u0000-\u001f\u007f]/;
const UTF8 = new TextEncoder();

/** Whether a message of the channel is of this part, by its first byte. */
export function isRecordsMessage(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xf0) === 0x50;
}

/** Why this can be no record, as a part of a sentence; undefined: it can be one. */
export function recordFault({ key, value, number, by, at }: SharedRecord): string | undefined {
  if (!KEY.test(key)) return "its key is none";
  if (!BY.test(by)) return "it does not say who made it";
  if (!isWhole(number, 1, RECORD_NUMBER_MAX)) return "it was changed too often";
  if (!isWhole(at, 0, RECORD_AT_MAX)) return "its time is none";
  if (value === undefined) return undefined;
  if (CONTROL.test(value) || !value.isWellFormed()) return "its value is no text";
  const { length } = UTF8.encode(value);
  return length > RECORD_VALUE_BYTES_MAX ? `its value has ${length} bytes` : undefined;
}

/** All of them in as few messages as they fit into; none for none. Throws EncodeError for what is no record. */
export function encodeRecords(records: Iterable<SharedRecord>): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let part = new Writer();
  let count = 0;
  const finish = () => {
    if (count > 0) messages.push(new Writer().u8(CODE).u16(count).bytes(part.done()).done());
    part = new Writer();
    count = 0;
  };
  for (const record of records) {
    const bytes = encodeOne(record);
    if (HEADER_BYTES + part.length + bytes.length > RECORDS_MESSAGE_BYTES_MAX) finish();
    part.bytes(bytes);
    count++;
  }
  finish();
  return messages;
}

/** Throws DecodeError for anything that is no such message. Nothing in the result is a view of `bytes`. */
export function decodeRecords(bytes: Uint8Array): SharedRecord[] {
  if (bytes.length > RECORDS_MESSAGE_BYTES_MAX) {
    throw new DecodeError("length", 0, `${bytes.length} bytes`);
  }
  const reader = new Reader(bytes, 0, bytes.length);
  const code = reader.u8("kind");
  if (code !== CODE) throw reader.fail("kind", `${code} is not known`);
  const count = reader.u16("count");
  const records: SharedRecord[] = [];
  while (records.length < count) records.push(decodeOne(reader));
  if (reader.remaining > 0) throw reader.fail("end", `${reader.remaining} bytes are too many`);
  return records;
}

const HEADER_BYTES = 3;

function encodeOne(record: SharedRecord): Uint8Array {
  const fault = recordFault(record);
  if (fault) throw new EncodeError(`${JSON.stringify(record.key)} is no record: ${fault}`);
  const { key, value, number, by, at } = record;
  const writer = new Writer().counted8(UTF8.encode(key)).u32(number);
  writer.u16(Math.floor(at / 2 ** 32)).u32(at % 2 ** 32);
  writer.counted8(UTF8.encode(by)).u8(value === undefined ? DELETED : THERE);
  if (value !== undefined) writer.counted16(UTF8.encode(value));
  return writer.done();
}

function decodeOne(reader: Reader): SharedRecord {
  const key = reader.utf8("key", reader.u8("key"));
  const number = reader.u32("number");
  const at = reader.u16("at") * 2 ** 32 + reader.u32("at");
  const by = reader.utf8("by", reader.u8("by"));
  const record = { key, value: readValue(reader), number, by, at };
  const fault = recordFault(record);
  if (fault) throw reader.fail("record", fault);
  return record;
}

function readValue(reader: Reader): string | undefined {
  const state = reader.u8("state");
  if (state === DELETED) return undefined;
  if (state !== THERE) throw reader.fail("state", `${state} is not known`);
  return reader.utf8("value", reader.u16("value"));
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
