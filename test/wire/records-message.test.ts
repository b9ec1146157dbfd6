// Records as bytes: what is written is read, and nothing else is believed.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import { isConfigMessage } from "../../daemon/wire/config-message.ts";
import { isGatewayMessage } from "../../daemon/wire/gateway-message.ts";
import { encodeIntroduction } from "../../daemon/wire/introduction-message.ts";
import {
  decodeRecords,
  encodeRecords,
  isRecordsMessage,
  RECORD_AT_MAX,
  RECORD_NUMBER_MAX,
  RECORD_VALUE_BYTES_MAX,
  RECORDS_MESSAGE_BYTES_MAX,
  type SharedRecord,
} from "../../daemon/wire/records-message.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import { mutate } from "../fuzz/wire-mutation.ts";
import { anyRecord } from "../support/any-record.ts";
import { seeded } from "../support/random.ts";

const RUNS = Number(process.env.FUZZ ?? 20_000);
const SEED = 0x7265636f;

const ANNA: SharedRecord = { key: "user:anna", value: "{}", number: 1, by: "a1", at: 2 };
const records = fc.array(anyRecord, { minLength: 1, maxLength: 20 });

function one(record: Partial<SharedRecord>): Uint8Array {
  return encodeRecords([{ ...ANNA, ...record }])[0] ?? new Uint8Array(0);
}

test("what is written is read, and is known by its first byte", () => {
  fc.assert(
    fc.property(records, (all) => {
      const messages = encodeRecords(all);
      expect(messages.every(isRecordsMessage)).toBe(true);
      expect(messages.flatMap(decodeRecords)).toEqual(all);
    }),
    { numRuns: 1000 },
  );
});

test("the bytes of one, field by field", () => {
  const expected = [
    ...[0x50, 0, 1], // kind, count
    ...[9, ...new TextEncoder().encode("user:anna")],
    ...[0, 0, 0, 1], // number
    ...[0, 0, 0, 0, 0, 2], // at
    ...[2, 0x61, 0x31], // by
    ...[1, 0, 2, 0x7b, 0x7d], // there, value
  ];
  expect(Array.from(one({}))).toEqual(expected);
  expect(Array.from(one({ value: undefined }))).toEqual([...expected.slice(0, -5), 0]);
});

test("the other parts of the box have other first bytes", () => {
  const [message = new Uint8Array(0)] = encodeRecords([ANNA]);
  expect(isConfigMessage(message)).toBe(false);
  expect(isGatewayMessage(message)).toBe(false);
  expect(isRecordsMessage(encodeIntroduction({ kind: "leave" }))).toBe(false);
  for (const code of [0x20, 0x30, 0x40, 0x4f, 0x60]) {
    expect(isRecordsMessage(Uint8Array.of(code))).toBe(false);
  }
  expect(isRecordsMessage(new Uint8Array(0))).toBe(false);
});

test("a long book is told in parts, none of which is too long", () => {
  const value = "x".repeat(RECORD_VALUE_BYTES_MAX);
  const all = Array.from({ length: 50 }, (_, i) => ({ ...ANNA, key: `user:${i}`, value }));
  const messages = encodeRecords(all);
  expect(messages.length).toBeGreaterThan(10);
  for (const message of messages) {
    expect(message.length).toBeLessThanOrEqual(RECORDS_MESSAGE_BYTES_MAX);
  }
  expect(messages.flatMap(decodeRecords)).toEqual(all);
  expect(encodeRecords([])).toEqual([]);
});

test(`whatever comes is a message or a DecodeError (seed ${SEED})`, () => {
  const random = seeded(SEED);
  const samples = fc
    .sample(records, { numRuns: 200, seed: 7 })
    .flatMap((all) => encodeRecords(all));
  let read = 0;
  for (let run = 0; run < RUNS; run++) {
    const bytes = mutate(samples[run % samples.length] ?? new Uint8Array(0), random);
    try {
      const all = decodeRecords(bytes);
      expect(encodeRecords(all).flatMap(decodeRecords)).toEqual(all);
      read++;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  // Some changes leave a message: else this would say nothing of what is read.
  expect(read).toBeGreaterThan(0);
});

test("one that has lost its end is none", () => {
  const bytes = one({});
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeRecords(bytes.subarray(0, length))).toThrow(DecodeError);
  }
  expect(() => decodeRecords(Uint8Array.from([...bytes, 0]))).toThrow(/end.*too many/);
});

test("nothing in it is a view of the bytes", () => {
  const bytes = one({});
  const read = decodeRecords(bytes);
  bytes.fill(0);
  expect(read).toEqual([ANNA]);
});

describe("is no record, to be written or read", () => {
  test.each<[string, Partial<SharedRecord>]>([
    ["no key", { key: "" }],
    ["a key without a kind", { key: ":anna" }],
    ["a name in the prototype of objects", { key: "__proto__" }],
    ["a key with a space", { key: "user:an na" }],
    ["a key with a line end", { key: "user:anna\n" }],
    ["a long key", { key: `user:${"a".repeat(101)}` }],
    ["nobody", { by: "" }],
    ["a box with a long name", { by: "a".repeat(65) }],
    ["number zero", { number: 0 }],
    ["a number too high", { number: RECORD_NUMBER_MAX + 1 }],
    ["a part of a number", { number: 1.5 }],
    ["a time before all", { at: -1 }],
    ["a time after all", { at: RECORD_AT_MAX + 1 }],
    ["half a character", { value: "\ud83d" }],
    ["a control character", { value: "a\u0000" }],
    ["a long value", { value: "ä".repeat(RECORD_VALUE_BYTES_MAX / 2 + 1) }],
  ])("%s", (_, change) => {
    expect(() => one(change)).toThrow(EncodeError);
  });

  test("bytes that say so are refused as well", () => {
    const changed = (at: number, value: number) => {
      const bytes = one({});
      bytes[at] = value;
      return bytes;
    };
    expect(() => decodeRecords(changed(0, 0x51))).toThrow(/kind/);
    expect(() => decodeRecords(changed(4, 0x20))).toThrow(/record.*key/);
    expect(() => decodeRecords(changed(4, 0xff))).toThrow(/key.*UTF-8/);
    expect(() => decodeRecords(changed(13, 0x80))).toThrow(/record.*often/);
    expect(() => decodeRecords(changed(26, 2))).toThrow(/state.*known/);
    expect(() => decodeRecords(new Uint8Array(RECORDS_MESSAGE_BYTES_MAX + 1))).toThrow(/length/);
  });
});
