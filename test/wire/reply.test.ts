import { describe, expect, test } from "vitest";
import { AssertionError } from "../../daemon/base/assert.ts";
import { Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import {
  ascii,
  CLIENT_MAC,
  fromHex,
  messageBytes,
  option,
  SERVER_MAC,
  udpFrame,
} from "./messages.ts";
import { ADDRESSING, content, DHCP_START, HEADER, read, write } from "./replies.ts";

describe("a small reply", () => {
  const frame = write((writer) => {
    writer.u8(53, 5);
    writer.u32(54, 0x0a4d0001);
    writer.u32(51, 0xfffffffe);
    writer.u16(26, 1492);
    writer.bytes(15, Uint8Array.from(ascii("office.example")));
    writer.bytes(80, new Uint8Array(0));
  });

  test("is the same frame that is put together byte by byte", () => {
    const options = [
      ...option(53, [5]),
      ...option(54, [10, 77, 0, 1]),
      ...option(51, [0xff, 0xff, 0xff, 0xfe]),
      ...option(26, [0x05, 0xd4]),
      ...option(15, ascii("office.example")),
      ...option(80, []),
      255,
    ];
    const message = messageBytes({ ...HEADER, options });
    const expected = udpFrame(
      {
        sourceMac: SERVER_MAC,
        destinationMac: CLIENT_MAC,
        sourceIp: 0x0a4d0001,
        destinationIp: 0x0a4d0064,
        sourcePort: 67,
        destinationPort: 68,
        fragment: 0x4000,
      },
      [...message, ...new Array(300 - message.length).fill(0)],
    );
    expect(frame).toEqual(expected);
  });

  test("is padded to 300 bytes of BOOTP (RFC 1542 §2.1)", () => {
    expect(frame.length - DHCP_START).toBe(300);
  });

  test("a longer one is not padded", () => {
    const options = content(200, 1);
    const long = write((writer) => writer.bytes(43, options));
    expect(long.length - DHCP_START).toBe(240 + 2 + 200 + 1);
  });

  test("every length has right checksums and reads back", () => {
    for (let length = 0; length <= 255; length++) {
      const value = content(length, length);
      const message = read(write((writer) => writer.bytes(43, value)));
      expect(Array.from(message.raw(43) ?? []), `${length} bytes`).toEqual(Array.from(value));
    }
  });
});

describe("names in the header", () => {
  test("sname and file are written, and end with a NUL at least", () => {
    const message = read(
      write((writer) => {
        writer.sname(Uint8Array.from(ascii("boot.office.example")));
        writer.file(new Uint8Array(127).fill(0x66));
        writer.u8(53, 5);
      }),
    );
    expect(Array.from(message.sname.subarray(0, 20))).toEqual([...ascii("boot.office.example"), 0]);
    expect(Array.from(message.file)).toEqual([...new Array(127).fill(0x66), 0]);
  });

  test.each(["sname", "file"] as const)("%s alone has right checksums", (field) => {
    const message = read(write((writer) => writer[field](Uint8Array.from(ascii("boot")))));
    expect(Array.from(message[field].subarray(0, 5))).toEqual([...ascii("boot"), 0]);
  });

  test("too long ones are refused", () => {
    expect(() => write((writer) => writer.sname(new Uint8Array(64)))).toThrow(EncodeError);
    expect(() => write((writer) => writer.file(new Uint8Array(128)))).toThrow(EncodeError);
  });

  test("a hardware address above 16 bytes is refused", () => {
    const writer = new ReplyWriter();
    expect(() => writer.begin({ ...HEADER, chaddr: new Uint8Array(17) })).toThrow(EncodeError);
  });
});

describe("relay agent information (RFC 3046 §2.2)", () => {
  test("comes last, right before End, although written first", () => {
    const frame = write((writer) => {
      writer.bytes(82, fromHex("01 02 ab cd"));
      writer.u8(53, 5);
      writer.u32(54, 1);
    });
    expect(read(frame).codes()).toEqual([53, 54, 82]);
    const options = Array.from(frame.subarray(DHCP_START + 240));
    expect(options.slice(9, 16)).toEqual([82, 4, 0x01, 0x02, 0xab, 0xcd, 255]);
  });

  test("room is kept for it, whatever else wants in", () => {
    const agent = content(100, 3);
    const frame = write((writer) => {
      writer.bytes(82, agent);
      for (let code = 128; code < 140; code++) writer.bytes(code, content(40, code));
    });
    const message = read(frame);
    expect(message.raw(82)).toEqual(agent);
    expect(message.codes().at(-1)).not.toBe(82);
    expect(frame.length - 14).toBeLessThanOrEqual(576);
    const lastInOptions = lastOption(frame.subarray(DHCP_START + 240));
    expect(lastInOptions).toBe(82);
  });

  test("stands behind the overload option", () => {
    const frame = write((writer) => {
      writer.bytes(82, content(10, 3));
      for (let code = 128; code < 140; code++) writer.bytes(code, content(40, code));
    });
    expect(read(frame).has(52)).toBe(true);
    expect(lastOption(frame.subarray(DHCP_START + 240))).toBe(82);
  });

  test("more than 255 bytes of it come in pieces", () => {
    const agent = content(300, 9);
    expect(read(write((writer) => writer.bytes(82, agent), 1500)).raw(82)).toEqual(agent);
  });

  test("when it finds no room it is reported, not cut", () => {
    const writer = new ReplyWriter();
    writer.begin(HEADER);
    writer.bytes(43, content(255, 1));
    writer.bytes(82, content(100, 3));
    expect(read(writer.finish(ADDRESSING)).has(82)).toBe(false);
    expect(writer.leftOut).toEqual([82]);
  });

  test("the writer keeps the bytes it was given until the end, so they must not change", () => {
    const agent = content(5, 1);
    const frame = write((writer) => writer.bytes(82, agent));
    agent.fill(0);
    expect(read(frame).raw(82)).toEqual(content(5, 1));
  });
});

describe("many replies from one writer", () => {
  test("the largest replies do not run out of a slab", () => {
    const writer = new ReplyWriter();
    for (let i = 0; i < 200; i++) {
      writer.begin({ ...HEADER, xid: i }, 1500);
      for (let code = 100; code < 105; code++) writer.bytes(code, content(240, i + code));
      const frame = writer.finish(ADDRESSING);
      expect(frame.length).toBe(14 + 28 + 240 + 5 * 242 + 1);
      expect(read(frame).raw(104), `frame ${i}`).toEqual(content(240, i + 104));
    }
  });

  test("frames stay as they were while the slab behind them changes many times", () => {
    const writer = new ReplyWriter();
    const frames: Uint8Array[] = [];
    const copies: Uint8Array[] = [];
    for (let i = 0; i < 1000; i++) {
      writer.begin({ ...HEADER, xid: i }, 1500);
      writer.bytes(43, content(i % 700, i));
      if (i % 3 === 0) writer.bytes(82, content(i % 50, i));
      const frame = writer.finish(ADDRESSING);
      frames.push(frame);
      copies.push(frame.slice());
    }
    for (const [i, frame] of frames.entries()) {
      expect(frame, `frame ${i}`).toEqual(copies[i]);
      expect(read(frame).xid).toBe(i);
    }
  });

  test("nothing of a message shows in the next one, also when it was dropped half-way", () => {
    const small = (writer: ReplyWriter) => {
      writer.begin(HEADER);
      writer.u8(53, 6);
      return writer.finish(ADDRESSING);
    };
    const expected = small(new ReplyWriter());
    const writer = new ReplyWriter();
    writer.begin({ ...HEADER, chaddr: new Uint8Array(16).fill(9) }, 1500);
    writer.sname(new Uint8Array(63).fill(9));
    for (let code = 100; code < 200; code++) writer.bytes(code, content(20, code));
    writer.bytes(82, content(20, 1));
    expect(small(writer)).toEqual(expected);
    writer.begin(HEADER, 576);
    for (let code = 100; code < 200; code++) writer.bytes(code, content(20, code));
    writer.finish(ADDRESSING);
    expect(writer.leftOut.length).toBeGreaterThan(0);
    expect(small(writer)).toEqual(expected);
    expect(writer.leftOut).toEqual([]);
  });

  test("a decoded message serves as the header of the reply to it", () => {
    const request = new Dhcp4Message();
    const bytes = messageBytes({ xid: 7, flags: 0x8000, options: [53, 1, 1, 255] });
    decodeDhcp4(bytes, 0, bytes.length, request);
    const writer = new ReplyWriter();
    writer.begin(request);
    expect(read(writer.finish(ADDRESSING))).toMatchObject({ xid: 7, flags: 0x8000, hlen: 6 });
  });

  test("calls in the wrong order are our mistake, and found", () => {
    const writer = new ReplyWriter();
    expect(() => writer.u8(53, 1)).toThrow(AssertionError);
    expect(() => writer.bytes(12, content(3, 1))).toThrow(AssertionError);
    expect(() => writer.bytes(82, content(3, 1))).toThrow(AssertionError);
    expect(() => writer.bytes(121, content(300, 1))).toThrow(AssertionError);
    expect(() => writer.sname(content(3, 1))).toThrow(AssertionError);
    expect(() => writer.file(content(3, 1))).toThrow(AssertionError);
    expect(() => writer.finish(ADDRESSING)).toThrow(AssertionError);
    writer.begin(HEADER);
    writer.finish(ADDRESSING);
    expect(() => writer.u32(54, 1)).toThrow(AssertionError);
    expect(() => writer.bytes(82, content(3, 1))).toThrow(AssertionError);
    expect(() => writer.finish(ADDRESSING)).toThrow(AssertionError);
  });
});

function lastOption(field: Uint8Array): number | undefined {
  let last: number | undefined;
  for (let at = 0; at < field.length && field[at] !== 255; ) {
    last = field[at];
    at += last === 0 ? 1 : 2 + (field[at + 1] ?? 0);
  }
  return last;
}
