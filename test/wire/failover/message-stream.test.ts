import { describe, expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { DecodeError } from "../../../daemon/base/errors.ts";
import { encodeMessage } from "../../../daemon/wire/failover/encode.ts";
import { MessageStream } from "../../../daemon/wire/failover/message-stream.ts";
import { below, seeded } from "../../support/random.ts";
import { fromHex } from "../messages.ts";
import { ONE_OF_EACH } from "./message-cases.ts";

const MESSAGES = ONE_OF_EACH.map((one) => encodeMessage(one, "isc"));
const WHOLE = joined(MESSAGES);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function drained(stream: MessageStream): string[] {
  const found: string[] = [];
  for (let one = stream.next(); one !== undefined; one = stream.next()) found.push(hex(one));
  return found;
}

describe("messages out of a stream", () => {
  test("all at once, and byte by byte", () => {
    const stream = new MessageStream();
    stream.push(WHOLE);
    expect(drained(stream)).toEqual(MESSAGES.map(hex));
    const found: string[] = [];
    for (const byte of WHOLE) {
      stream.push(Uint8Array.of(byte));
      found.push(...drained(stream));
    }
    expect(found).toEqual(MESSAGES.map(hex));
    expect([stream.held, stream.offset]).toEqual([0, 2 * WHOLE.length]);
  });

  test("cut anywhere once", () => {
    for (let cut = 0; cut <= WHOLE.length; cut++) {
      const stream = new MessageStream();
      stream.push(WHOLE.subarray(0, cut));
      const found = drained(stream);
      stream.push(WHOLE.subarray(cut));
      expect([...found, ...drained(stream)], `cut at ${cut}`).toEqual(MESSAGES.map(hex));
    }
  });

  test("in random pieces", () => {
    const random = seeded(0xfa11);
    for (let run = 0; run < 200; run++) {
      const stream = new MessageStream();
      const found: string[] = [];
      for (let at = 0; at < WHOLE.length; ) {
        const next = at + below(random, 90);
        stream.push(WHOLE.subarray(at, next));
        found.push(...drained(stream));
        expect(stream.held).toBeLessThan(2048);
        at = next;
      }
      expect(found).toEqual(MESSAGES.map(hex));
    }
  });

  test("the memory of a chunk may be used again once it is read", () => {
    const stream = new MessageStream();
    const memory = new Uint8Array(10);
    const found: string[] = [];
    for (let at = 0; at < WHOLE.length; at += memory.length) {
      const part = WHOLE.subarray(at, at + memory.length);
      memory.set(part);
      stream.push(memory.subarray(0, part.length));
      found.push(...drained(stream));
      memory.fill(0xee);
    }
    expect(found).toEqual(MESSAGES.map(hex));
  });

  test("the largest message passes, in one piece or two", () => {
    const largest = Uint8Array.from([0x08, 0x00, ...new Uint8Array(2046)]);
    const stream = new MessageStream();
    stream.push(largest);
    expect(drained(stream)).toEqual([hex(largest)]);
    stream.push(largest.subarray(0, 2047));
    expect(drained(stream)).toEqual([]);
    expect(stream.held).toBe(2047);
    stream.push(largest.subarray(2047));
    expect(drained(stream)).toEqual([hex(largest)]);
  });
});

describe("a length that no message has", () => {
  test.each(["0000", "000b", "0801", "ffff"])("%s ends the stream for good", (length) => {
    for (const split of [false, true]) {
      const stream = new MessageStream();
      const contact = fromHex("000c 0b 0c 00000000 00000000");
      const bad = fromHex(`${length} 0b 0c`);
      stream.push(joined(split ? [contact, bad.subarray(0, 1)] : [contact, bad]));
      expect(hex(stream.next() ?? new Uint8Array(0))).toBe(hex(contact));
      if (split) {
        expect(stream.next()).toBeUndefined();
        stream.push(bad.subarray(1));
      }
      const reason = `message length at byte 12: ${Number.parseInt(length, 16)} is not 12 to 2048`;
      expect(() => stream.next()).toThrow(DecodeError);
      stream.push(contact);
      expect(() => stream.next()).toThrow(reason);
      stream.push(contact);
      expect(() => stream.next()).toThrow(reason);
    }
  });

  test("is seen as soon as its two bytes are there", () => {
    const stream = new MessageStream();
    stream.push(Uint8Array.of(0xff));
    expect(stream.next()).toBeUndefined();
    stream.push(Uint8Array.of(0xff));
    expect(() => stream.next()).toThrow("65535");
  });
});

test("a chunk that was not read to its end is our own mistake", () => {
  const stream = new MessageStream();
  stream.push(WHOLE);
  stream.next();
  expect(() => stream.push(WHOLE)).toThrow("the last chunk has not been read to its end");
});
