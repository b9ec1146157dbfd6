import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import { Dhcp4Message, decodeDhcp4, MALFORMED } from "../../daemon/wire/dhcp4-message.ts";
import { ascii, fromHex, messageBytes, option } from "./messages.ts";

/** Decodes between bytes that must not matter. */
function decode(bytes: Uint8Array, poison = 0xee): Dhcp4Message {
  const around = new Uint8Array(bytes.length + 600).fill(poison);
  around.set(bytes, 299);
  return decodeDhcp4(around, 299, 299 + bytes.length);
}

function optionsOf(message: Dhcp4Message): [number, number[]][] {
  return message.codes().map((code) => [code, Array.from(message.raw(code) ?? [-1])]);
}

describe("the fixed header (RFC 2131 §2)", () => {
  test("field by field", () => {
    const message = decode(
      fromHex(`
        01 06 10 03              # op BOOTREQUEST, htype 6, hlen 16, hops 3
        f0 f1 f2 f3              # xid
        01 02  80 00             # secs 258; flags: broadcast
        0a 4d 00 64              # ciaddr 10.77.0.100
        ff ff ff ff              # yiaddr
        0a 4d 00 01              # siaddr
        0a 4e 00 01              # giaddr
        00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  # chaddr
        ${"73".repeat(64)}       # sname
        ${"66".repeat(128)}      # file
        63 82 53 63              # magic cookie
        35 01 01 ff              # message type 1, End
      `),
    );
    expect(message).toMatchObject({
      op: 1,
      htype: 6,
      hlen: 16,
      hops: 3,
      xid: 0xf0f1f2f3,
      secs: 258,
      flags: 0x8000,
      ciaddr: 0x0a4d0064,
      yiaddr: 0xffffffff,
      siaddr: 0x0a4d0001,
      giaddr: 0x0a4e0001,
      overload: 0,
    });
    expect(Array.from(message.chaddr)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(message.sname).toEqual(new Uint8Array(64).fill(0x73));
    expect(message.file).toEqual(new Uint8Array(128).fill(0x66));
    expect(optionsOf(message)).toEqual([[53, [1]]]);
  });

  test.each([
    ["a header cut before the cookie", messageBytes({}).slice(0, 239), /dhcp header at byte 0/],
    ["an empty message", new Uint8Array(0), /dhcp header/],
    ["BOOTP without the cookie", messageBytes({ cookie: 0 }), /magic cookie at byte 236/],
    ["hlen above 16", messageBytes({ hlen: 17 }), /hlen at byte 2/],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(DecodeError);
    expect(() => decode(bytes)).toThrow(message);
  });

  test("more than a UDP datagram can carry is refused", () => {
    const bytes = new Uint8Array(65_536);
    bytes.set(messageBytes({}));
    expect(() => decodeDhcp4(bytes, 0, 65_536)).toThrow(DecodeError);
    expect(decodeDhcp4(bytes, 0, 65_535).codes()).toEqual([]);
  });

  test("bounds outside the bytes", () => {
    const bytes = messageBytes({});
    expect(() => decodeDhcp4(bytes, 0, bytes.length + 1)).toThrow(DecodeError);
    expect(() => decodeDhcp4(bytes, -1, bytes.length)).toThrow(DecodeError);
  });
});

describe("options in their order", () => {
  test.each<[string, number[], [number, number[]][]]>([
    ["none", [255], []],
    ["one, End", [53, 1, 1, 255], [[53, [1]]]],
    ["empty content", [80, 0, 255], [[80, []]]],
    [
      "Pads before, between and behind",
      [0, 0, 53, 1, 1, 0, 12, 1, 97, 0, 255, 0],
      [
        [53, [1]],
        [12, [97]],
      ],
    ],
    [
      "a missing End",
      [53, 1, 1, 12, 1, 97],
      [
        [53, [1]],
        [12, [97]],
      ],
    ],
    ["a missing End behind Pads", [53, 1, 1, 0, 0], [[53, [1]]]],
    ["nothing at all behind the cookie", [], []],
    ["what stands behind End is not looked at", [53, 1, 1, 255, 12, 200], [[53, [1]]]],
    [
      "unknown codes",
      [224, 2, 1, 2, 254, 0, 255],
      [
        [224, [1, 2]],
        [254, []],
      ],
    ],
    [
      "255 bytes",
      [...option(43, new Uint8Array(255).fill(7)), 255],
      [[43, new Array(255).fill(7)]],
    ],
    ["End and Pad inside content", [61, 3, 255, 0, 255, 255], [[61, [255, 0, 255]]]],
    [
      "two pieces are joined (RFC 3396)",
      [43, 1, 1, 53, 1, 3, 43, 2, 2, 3, 255],
      [
        [43, [1, 2, 3]],
        [53, [3]],
      ],
    ],
    ["an empty piece", [43, 0, 43, 1, 1, 43, 0, 255], [[43, [1]]]],
  ])("%s", (_, options, expected) => {
    expect(optionsOf(decode(messageBytes({ options })))).toEqual(expected);
  });

  test.each<[string, number[], RegExp]>([
    ["content past the end", [53, 2, 1], /option 53 at byte 240/],
    ["no length", [53, 1, 1, 61], /option 61 at byte 243/],
    ["a length that reaches past End", [53, 1, 1, 12, 200, 255], /option 12 at byte 243/],
  ])("%s is refused, although bytes follow", (_, options, message) => {
    expect(() => decode(messageBytes({ options }))).toThrow(DecodeError);
    expect(() => decode(messageBytes({ options }))).toThrow(message);
  });

  test("pieces behind End are not joined", () => {
    const options = [...option(43, [1]), ...option(43, [2]), 255, 0, ...option(43, [3])];
    expect(Array.from(decode(messageBytes({ options })).raw(43) ?? [])).toEqual([1, 2]);
  });

  test("a long option in many pieces is one", () => {
    const content = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);
    const pieces = [0, 255, 510, 765].flatMap((at) => option(119, content.slice(at, at + 255)));
    const message = decode(messageBytes({ options: [...pieces, 255] }));
    expect(message.raw(119)).toEqual(content);
    expect(message.codes()).toEqual([119]);
  });
});

describe("option overload (RFC 2132 §9.3)", () => {
  const file = [...option(67, ascii("boot")), ...option(43, [2]), 255];
  const sname = [...option(66, ascii("tftp")), ...option(43, [3]), 255];
  const plain = option(43, [1]);

  test.each<[number, number[], [number, number[]][]]>([
    [
      1,
      [1, 2],
      [
        [52, [1]],
        [43, [1, 2]],
        [67, ascii("boot")],
      ],
    ],
    [
      2,
      [1, 3],
      [
        [52, [2]],
        [43, [1, 3]],
        [66, ascii("tftp")],
      ],
    ],
    // RFC 2131 §4.1: file is read before sname.
    [
      3,
      [1, 2, 3],
      [
        [52, [3]],
        [43, [1, 2, 3]],
        [67, ascii("boot")],
        [66, ascii("tftp")],
      ],
    ],
  ])("value %d", (overload, joined, expected) => {
    const options = [...option(52, [overload]), ...plain, 255];
    const message = decode(messageBytes({ options, file, sname }));
    expect(message.overload).toBe(overload);
    expect(optionsOf(message)).toEqual(expected);
    expect(Array.from(message.raw(43) ?? [])).toEqual(joined);
  });

  test("the option may stand last", () => {
    const message = decode(messageBytes({ options: [...plain, ...option(52, [1]), 255], file }));
    expect(message.codes()).toEqual([43, 52, 67]);
  });

  test("without it, file and sname are names", () => {
    const message = decode(messageBytes({ options: [...plain, 255], file, sname }));
    expect(message.codes()).toEqual([43]);
    expect(Array.from(message.file.subarray(0, file.length))).toEqual(file);
  });

  test.each([[[0]], [[4]], [[]], [[1, 1]]])("content %j overloads nothing", (content) => {
    const message = decode(messageBytes({ options: [...option(52, content), 255], file, sname }));
    expect(message.overload).toBe(0);
    expect(message.codes()).toEqual([52]);
  });

  test("overload inside an overloaded field opens no further field", () => {
    const nested = [...option(52, [2]), ...option(67, ascii("boot")), 255];
    const message = decode(
      messageBytes({ options: [...option(52, [1]), 255], file: nested, sname }),
    );
    expect(message.overload).toBe(1);
    expect(message.codes()).toEqual([52, 67]);
    expect(message.u8(52)).toBe(MALFORMED);
  });

  test("a field may be full to its last byte without End", () => {
    const full = option(43, new Uint8Array(126).fill(9));
    const message = decode(messageBytes({ options: [...option(52, [1]), 255], file: full }));
    expect(message.raw(43)).toEqual(new Uint8Array(126).fill(9));
  });

  test.each([
    ["file", 1, { file: [...new Array(126).fill(0), 43, 1] }, /option 43 at byte 234/],
    ["sname", 2, { sname: [...new Array(63).fill(0), 43] }, /option 43 at byte 107/],
  ])("an option may not run out of %s", (_, overload, fields, message) => {
    const options = [...option(52, [overload]), 255];
    expect(() => decode(messageBytes({ options, ...fields }))).toThrow(DecodeError);
    expect(() => decode(messageBytes({ options, ...fields }))).toThrow(message);
  });
});

describe("fixed-size accessors: absent, present, malformed", () => {
  const message = decode(
    messageBytes({
      options: [
        ...option(53, [3]),
        ...option(57, [0x05, 0xdc]),
        ...option(50, [0xff, 0xff, 0xff, 0xfe]),
        ...option(19, []),
        ...option(20, [1]),
        ...option(20, [1]),
        ...option(51, [0, 0]),
        ...option(51, [0, 60]),
        255,
      ],
    }),
  );

  test("present", () => {
    expect(message.u8(53)).toBe(3);
    expect(message.u16(57)).toBe(1500);
    expect(message.u32(50)).toBe(0xfffffffe);
  });

  test("absent", () => {
    expect([message.u8(1), message.u16(1), message.u32(1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(message.has(1)).toBe(false);
    expect(message.raw(1)).toBeUndefined();
  });

  test("malformed: another length, or several pieces that make another length", () => {
    expect(message.u8(57)).toBe(MALFORMED);
    expect(message.u8(19)).toBe(MALFORMED);
    expect(message.u8(20)).toBe(MALFORMED);
    expect(message.u16(53)).toBe(MALFORMED);
    expect(message.u32(53)).toBe(MALFORMED);
  });

  test("pieces that add up are read as one (RFC 3396 §7)", () => {
    expect(message.u32(51)).toBe(60);
  });
});

describe("reuse", () => {
  const rich = messageBytes({
    xid: 1,
    options: [...option(53, [1]), ...option(43, [1]), ...option(43, [2]), ...option(52, [3]), 255],
    file: [...option(67, [97]), 255],
  });
  const poor = messageBytes({ xid: 2, options: [...option(12, [98]), 255] });

  test("a message decoded into the object of another is not touched by it", () => {
    const message = new Dhcp4Message();
    for (const bytes of [rich, poor, rich, poor]) decodeDhcp4(bytes, 0, bytes.length, message);
    expect(optionsOf(message)).toEqual([[12, [98]]]);
    expect(message).toMatchObject({ xid: 2, overload: 0 });
    decodeDhcp4(rich, 0, rich.length, message);
    expect(optionsOf(message)).toEqual(optionsOf(decode(rich)));
  });

  test("nor by one that was refused half-way", () => {
    const message = new Dhcp4Message();
    const broken = messageBytes({ options: [...option(43, [1]), ...option(43, [2]), 61] });
    expect(() => decodeDhcp4(broken, 0, broken.length, message)).toThrow(DecodeError);
    decodeDhcp4(poor, 0, poor.length, message);
    expect(optionsOf(message)).toEqual([[12, [98]]]);
  });
});

test("views of a Node Buffer are plain ones, whose slice copies", () => {
  const bytes = Buffer.from(messageBytes({ options: [12, 1, 97, 255], sname: [1], file: [2] }));
  const message = decodeDhcp4(bytes, 0, bytes.length);
  const copies = [message.raw(12), message.sname, message.file].map((view) => view?.slice());
  bytes.fill(0xee);
  expect(copies.map((copy) => copy?.[0])).toEqual([97, 1, 2]);
});

describe("cuts and what lies around", () => {
  const whole = messageBytes({
    options: [
      ...option(53, [1]),
      ...option(52, [3]),
      ...option(61, [1, 2, 3, 4, 5, 6, 7]),
      ...option(43, new Uint8Array(100).fill(5)),
      ...option(43, new Uint8Array(100).fill(6)),
      255,
    ],
    file: [...option(67, ascii("boot")), 255],
    sname: [...option(66, ascii("tftp")), 255],
  });

  test("every cut decodes or throws DecodeError, the same whatever follows", () => {
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      const outcomes = [0x00, 0x35, 0xff].map((poison) => {
        try {
          return JSON.stringify(optionsOf(decode(cut, poison)));
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          return error.message;
        }
      });
      expect(new Set(outcomes).size, `${length} bytes: ${outcomes.join(" | ")}`).toBe(1);
    }
  });
});
