import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import { Reader } from "../../daemon/wire/reader.ts";
import { EncodeError, Writer } from "../../daemon/wire/writer.ts";

const bytes = Uint8Array.of(9, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 9);

describe("Reader", () => {
  test("reads big-endian numbers, copies and parts, and counts", () => {
    const reader = new Reader(bytes, 1, 8);
    expect(reader.u8("a")).toBe(1);
    expect(reader.u16("b")).toBe(0x0203);
    expect(reader.offset).toBe(3);
    const part = reader.part("c", 2);
    expect(part.bytes("d", 2)).toEqual(Uint8Array.of(4, 5));
    expect(part.remaining).toBe(0);
    expect(reader.remaining).toBe(2);
    expect(reader.rest()).toEqual(Uint8Array.of(6, 7));
    expect(reader.rest()).toEqual(new Uint8Array(0));
  });

  test("u32 and ipv4 are unsigned", () => {
    const reader = new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xfe, 10, 0, 0, 1), 0, 8);
    expect(reader.u32("a")).toBe(0xfffffffe);
    expect(reader.ipv4("b")).toBe(0x0a000001);
  });

  test.each([
    ["u8", (reader: Reader) => reader.u8("field")],
    ["u16", (reader: Reader) => reader.u16("field")],
    ["u32", (reader: Reader) => reader.u32("field")],
    ["bytes", (reader: Reader) => reader.bytes("field", 1)],
    ["part", (reader: Reader) => reader.part("field", 1)],
  ])("%s past the end names field and offset, although bytes follow", (_, read) => {
    const reader = new Reader(bytes, 1, 3);
    reader.u16("before");
    expect(() => read(reader)).toThrow(DecodeError);
    expect(() => read(reader)).toThrow(/field at byte 2: needs \d bytes?s?, 0 are left/);
    expect(reader.offset).toBe(2);
  });

  test("a negative or impossible length is refused", () => {
    const reader = new Reader(bytes, 0, 4);
    for (const length of [-1, Number.NaN, 5, Number.POSITIVE_INFINITY]) {
      expect(() => reader.bytes("field", length)).toThrow(DecodeError);
    }
  });

  test.each([
    [-1, 3],
    [4, 3],
    [0, 10],
    [Number.NaN, 3],
  ])("bounds %d to %d are refused", (start, end) => {
    expect(() => new Reader(bytes, start, end)).toThrow(DecodeError);
  });

  test("what it returns is a copy", () => {
    const own = Uint8Array.of(1, 2, 3);
    const copy = new Reader(own, 0, 3).bytes("field", 3);
    own[0] = 99;
    expect(copy[0]).toBe(1);
  });
});

describe("Writer", () => {
  test("writes what the reader reads, also when it grows", () => {
    const long = new Uint8Array(300).fill(7);
    const written = new Writer().u8(1).u16(0x0203).u32(0x04050607).counted16(long).done();
    const reader = new Reader(written, 0, written.length);
    expect(reader.u8("a")).toBe(1);
    expect(reader.u16("b")).toBe(0x0203);
    expect(reader.u32("c")).toBe(0x04050607);
    expect(reader.bytes("d", reader.u16("length"))).toEqual(long);
    expect(reader.remaining).toBe(0);
  });

  test.each([-1, 256, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("u8 refuses %d", (value) => {
    expect(() => new Writer().u8(value)).toThrow(EncodeError);
  });

  test("u32 takes its whole range and no more", () => {
    expect(new Writer().u32(0xffffffff).done()).toEqual(Uint8Array.of(255, 255, 255, 255));
    expect(() => new Writer().u32(0x100000000)).toThrow(EncodeError);
  });

  test("counted8 refuses what its length byte cannot say", () => {
    expect(() => new Writer().counted8(new Uint8Array(256))).toThrow(EncodeError);
    expect(new Writer().counted8(new Uint8Array(255)).length).toBe(256);
  });
});
