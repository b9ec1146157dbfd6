// DER as X.690 has it, with its own examples, and read back as it was written.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../../daemon/base/bytes.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import {
  bitString,
  elements,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from "../../daemon/wire/der.ts";
import { fromHex } from "./messages.ts";

test.each([
  ["zero", "", "020100"],
  ["zero with more digits than it needs", "0000", "020100"],
  ["small", "7f", "02017f"],
  ["one that would be negative", "80", "02020080"],
  ["one that would be negative, behind zeros", "000080", "02020080"],
  ["long", "0123456789abcdef", "02080123456789abcdef"],
])("an integer: %s", (_name, digits, written) => {
  expect(hex(integer(fromHex(digits)))).toBe(written);
});

test.each([
  ["2.5.29.17", "0603551d11"],
  ["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
  ["2.999.3", "0603883703"],
  ["1.3.101.112", "06032b6570"],
])("an object identifier: %s", (dotted, written) => {
  expect(hex(objectIdentifier(dotted))).toBe(written);
});

test.each([
  ["1950-01-01T00:00:00.000Z", "170d", "500101000000Z"],
  ["2026-11-30T15:04:05.999Z", "170d", "261130150405Z"],
  ["2049-12-31T23:59:59.000Z", "170d", "491231235959Z"],
  ["2050-01-01T00:00:00.000Z", "180f", "20500101000000Z"],
  ["1949-12-31T23:59:59.000Z", "180f", "19491231235959Z"],
  ["9999-12-31T23:59:59.000Z", "180f", "99991231235959Z"],
])("a time: %s", (moment, head, digits) => {
  const written = time(Date.parse(moment));
  expect(hex(written.subarray(0, 2))).toBe(head);
  expect(Buffer.from(written.subarray(2)).toString("latin1")).toBe(digits);
});

test.each([
  [0, "0400"],
  [0x7f, "047f"],
  [0x80, "048180"],
  [0xff, "0481ff"],
  [0x100, "04820100"],
  [0xffff, "0482ffff"],
])("a length of %i bytes", (length, head) => {
  const written = octetString(new Uint8Array(length));
  expect(hex(written.subarray(0, head.length / 2))).toBe(head);
  expect(written.length).toBe(head.length / 2 + length);
});

test("bits that are not used are said", () => {
  expect(hex(bitString(Uint8Array.of(6), 1))).toBe("03020106");
});

describe("elements", () => {
  test("what was written is read, with its head and without", () => {
    const content = fc.uint8Array({ maxLength: 700 });
    fc.assert(
      fc.property(fc.array(content, { maxLength: 5 }), (parts) => {
        const [whole] = elements(sequence(...parts.map(octetString)));
        const found = elements(whole?.content ?? new Uint8Array());
        expect(found.map((one) => hex(one.content))).toEqual(parts.map(hex));
        expect(found.map((one) => hex(one.whole))).toEqual(
          parts.map((one) => hex(octetString(one))),
        );
      }),
    );
  });

  test.each([
    ["04", "length"],
    ["0405", "element"],
    ["0480", "length"],
    ["0484ffffffff", "length"],
    ["048201", "element"],
    ["1f0100", "tag"],
  ])("%s is refused", (broken, field) => {
    expect(() => elements(fromHex(broken))).toThrow(field);
    expect(() => elements(fromHex(broken))).toThrow(DecodeError);
  });

  test("any bytes are read to their end, or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (any) => {
        try {
          const sum = elements(any).reduce((total, { whole }) => total + whole.length, 0);
          expect(sum).toBe(any.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});
