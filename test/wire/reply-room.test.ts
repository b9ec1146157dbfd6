import { describe, expect, test } from "vitest";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { ascii } from "./messages.ts";
import { ADDRESSING, content, DHCP_START, HEADER, read, write } from "./replies.ts";

describe("message size (RFC 2132 §9.10: the IP datagram)", () => {
  const fill = (size: number | undefined) => {
    const writer = new ReplyWriter();
    writer.begin(HEADER, size);
    for (let code = 128; code < 250; code++) writer.bytes(code, content(18, code));
    const frame = writer.finish(ADDRESSING);
    return { frame, leftOut: [...writer.leftOut], message: read(frame) };
  };

  test.each<[number | undefined, number]>([
    [undefined, 576],
    [0, 576],
    [548, 576],
    [576, 576],
    [577, 577],
    [1000, 1000],
    [1500, 1500],
    [65_535, 1500],
  ])("option 57 of %s allows %d bytes, and they are used", (size, allowed) => {
    const { frame, leftOut, message } = fill(size);
    expect(frame.length - 14).toBeLessThanOrEqual(allowed);
    expect(frame.length - 14).toBeGreaterThan(allowed - 20);
    const written = message.codes().filter((code) => code !== 52);
    expect([...written, ...leftOut]).toHaveLength(250 - 128);
    for (const code of written) expect(message.raw(code)).toEqual(content(18, code));
  });

  test("what is written first gets in first; then file, then sname", () => {
    const { message, leftOut } = fill(576);
    const inOptions = Math.floor((576 - 28 - 240 - 4) / 20);
    const inFile = Math.floor(127 / 20);
    const inSname = Math.floor(63 / 20);
    const expected = Array.from({ length: inOptions + inFile + inSname }, (_, i) => 128 + i);
    expect(message.codes().filter((code) => code !== 52)).toEqual(expected);
    expect(leftOut).toEqual(
      Array.from({ length: 122 - expected.length }, (_, i) => 128 + expected.length + i),
    );
  });

  test("a small option still gets in behind a large one that did not", () => {
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    writer.bytes(128, content(250, 1));
    writer.bytes(129, content(200, 2));
    writer.u8(130, 7);
    const message = read(writer.finish(ADDRESSING));
    expect(message.codes()).toEqual([128, 130]);
    expect(writer.leftOut).toEqual([129]);
  });
});

describe("overload (RFC 2132 §9.3) in all combinations", () => {
  test.each<[string, number, boolean, boolean, number | undefined]>([
    ["fits into options", 100, false, false, undefined],
    ["file", 400, false, false, 1],
    ["file and sname", 470, false, false, 3],
    ["sname, since file holds a name", 350, true, false, 2],
    ["file, since sname holds a name", 470, false, true, 1],
    ["neither, since both hold names", 470, true, true, undefined],
  ])("%s", (_, bytes, hasFile, hasSname, overload) => {
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    if (hasSname) writer.sname(Uint8Array.from(ascii("server")));
    if (hasFile) writer.file(Uint8Array.from(ascii("boot")));
    const codes = Array.from({ length: bytes / 10 }, (_, i) => 100 + i);
    for (const code of codes) writer.bytes(code, content(8, code));
    const message = read(writer.finish(ADDRESSING));
    expect(message.u8(52)).toBe(overload);
    const written = message.codes().filter((code) => code !== 52);
    expect([...written, ...writer.leftOut].toSorted((a, b) => a - b)).toEqual(codes);
    for (const code of written) expect(message.raw(code)).toEqual(content(8, code));
    if (hasFile) expect(Array.from(message.file.subarray(0, 5))).toEqual([...ascii("boot"), 0]);
    if (hasSname) expect(Array.from(message.sname.subarray(0, 7))).toEqual([...ascii("server"), 0]);
  });

  test("a byte too many for a field, and it goes to the next one", () => {
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    writer.bytes(128, content(255, 1));
    writer.bytes(129, content(46, 2)); // one too many for options: to file
    writer.bytes(130, content(44, 3));
    writer.bytes(131, content(80, 4)); // one too many for what file has left
    writer.bytes(132, content(62, 5)); // one too many for sname
    writer.bytes(133, content(61, 6));
    writer.bytes(134, content(126, 7));
    const message = read(writer.finish(ADDRESSING));
    expect(message.codes()).toEqual([128, 130, 52, 129, 132, 133]);
    expect(writer.leftOut).toEqual([131, 134]);
  });

  test.each([
    ["file", 126],
    ["sname", 62],
  ])("an option that would take the place of End does not go into %s", (field, length) => {
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    if (field === "sname") writer.file(Uint8Array.of(0x66));
    writer.bytes(128, content(255, 1));
    writer.bytes(129, content(45, 2));
    writer.bytes(130, content(length, 3));
    expect(read(writer.finish(ADDRESSING)).codes()).toEqual([128, 129]);
    expect(writer.leftOut).toEqual([130]);
  });

  test("a full options field with overload is 576 bytes, not one more", () => {
    const frame = write((writer) => {
      writer.bytes(128, content(255, 1));
      writer.bytes(129, content(45, 2));
      writer.u8(130, 3);
    });
    expect(frame.length - 14).toBe(576);
  });

  test("each overloaded field is used to its last byte, and ends", () => {
    const frame = write((writer) => {
      writer.bytes(128, content(255, 1));
      writer.bytes(129, content(45, 2)); // leaves no room in options
      writer.bytes(130, content(125, 3)); // 127 bytes of file
      writer.bytes(131, content(61, 4)); // 63 bytes of sname
    });
    const message = read(frame);
    expect(message.codes()).toEqual([128, 129, 52, 130, 131]);
    expect(message.file[127]).toBe(255);
    expect(message.sname[63]).toBe(255);
  });
});

describe("long options (RFC 3396)", () => {
  test.each([254, 255, 256, 509, 510, 511, 765, 1000])("%d bytes are split and join", (length) => {
    const value = content(length, 11);
    const frame = write((writer) => {
      writer.u8(53, 5);
      writer.bytes(121, value);
      writer.u8(19, 1);
    }, 1500);
    const message = read(frame);
    expect(message.raw(121)).toEqual(value);
    expect(message.codes()).toEqual([53, 121, 19]);
    expect(message.overload).toBe(0);
  });

  test.each([
    ["into file", 400, 1],
    ["into file and sname", 470, 3],
  ])("one that does not fit into options spreads %s", (_, length, overload) => {
    const value = content(length, 13);
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    writer.u8(53, 5);
    writer.bytes(121, value);
    const message = read(writer.finish(ADDRESSING));
    expect(message.raw(121)).toEqual(value);
    expect(message.u8(52)).toBe(overload);
    expect(writer.leftOut).toEqual([]);
  });

  test("it spreads over what other options left, exactly to the last byte", () => {
    // 576: 304 bytes for options, 127 in file, 63 in sname; less two for each piece, in eights.
    const room = 248 + 48 + 120 + 56;
    for (const [length, leftOut] of [
      [room, []],
      [room + 1, [121]],
    ] as const) {
      const writer = new ReplyWriter();
      writer.begin(HEADER);
      writer.u8(53, 5);
      writer.bytes(121, content(length, 17));
      const message = read(writer.finish(ADDRESSING));
      expect(writer.leftOut, `${length} bytes`).toEqual(leftOut);
      expect(message.raw(121)?.length).toBe(leftOut.length === 0 ? length : undefined);
    }
  });

  test("pieces are cut between pairs of addresses, for clients that do not join them", () => {
    const frame = write((writer) => writer.bytes(33, content(1000, 1)), 1500);
    const lengths: number[] = [];
    const field = frame.subarray(DHCP_START + 240);
    for (let at = 0; field[at] === 33; at += 2 + (field[at + 1] ?? 0)) {
      lengths.push(field[at + 1] ?? 0);
    }
    expect(lengths).toEqual([248, 248, 248, 248, 8]);
  });

  test("one of up to 255 bytes is never cut in two: many clients do not join", () => {
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    writer.bytes(128, content(200, 1));
    writer.bytes(129, content(255, 2));
    expect(read(writer.finish(ADDRESSING)).has(129)).toBe(false);
    expect(writer.leftOut).toEqual([129]);
  });
});
