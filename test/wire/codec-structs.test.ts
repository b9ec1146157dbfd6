import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import { counted8, counted16, fixed, rest, struct } from "../../daemon/wire/codec-structs.ts";
import { bytesOrEmpty, text, u8, u16 } from "../../daemon/wire/option-codecs.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import { fromHex } from "./messages.ts";

const counted = struct("thing", { kind: fixed(u8), name: counted8(text), more: counted16(text) });
const open = struct("thing", { kind: fixed(u16), more: rest(bytesOrEmpty) });

function decode<T>(
  codec: { decode(data: Uint8Array, start: number, end: number): T },
  hex: string,
) {
  const data = fromHex(hex);
  return codec.decode(data, 0, data.length);
}

describe("a struct", () => {
  test("knows its bounds from its fields", () => {
    expect([counted.min, counted.max]).toEqual([1 + 2 + 3, 65_535]);
    expect([open.min, open.max]).toEqual([2, 65_535]);
    expect(struct("pair", { a: fixed(u8), b: fixed(u16) }).max).toBe(3);
  });

  test("reads its fields in order", () => {
    const value = { kind: 7, name: "ab", more: "c" };
    expect(decode(counted, "07  02 61 62  00 01 63")).toEqual(value);
    expect(counted.encode(value)).toEqual(fromHex("07  02 61 62  00 01 63"));
    expect(decode(open, "00 07")).toEqual({ kind: 7, more: new Uint8Array(0) });
  });

  test("refuses bytes behind its last field", () => {
    expect(() => decode(counted, "07  02 61 62  00 01 63  00")).toThrow(/thing at byte 7: 1 bytes/);
  });

  test("names the field that is cut or malformed", () => {
    expect(() => decode(counted, "07  06 61 62  00 01 63")).toThrow(/name at byte 2/);
    expect(() => decode(counted, "07  01 61  00")).toThrow(/more length at byte 3/);
    expect(() => decode(counted, "07  00  00 01 63")).toThrow(DecodeError);
  });

  test("refuses what a length byte cannot say", () => {
    expect(() => counted.encode({ kind: 7, name: "x".repeat(256), more: "c" })).toThrow(
      EncodeError,
    );
  });
});
