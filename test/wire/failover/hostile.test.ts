// Mutated messages and streams: nothing may be thrown but DecodeError, nothing outside the given bounds
// may have any influence, and no more may be kept than one message.

import { describe, expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { DecodeError } from "../../../daemon/base/errors.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { describeMessage } from "../../../daemon/wire/failover/describe.ts";
import { encodeMessage } from "../../../daemon/wire/failover/encode.ts";
import { MessageStream } from "../../../daemon/wire/failover/message-stream.ts";
import {
  DIALECTS,
  type Dialect,
  MESSAGE,
  type ReceivedMessage,
} from "../../../daemon/wire/failover/messages.ts";
import { EncodeError } from "../../../daemon/wire/writer.ts";
import { mutate } from "../../fuzz/wire-mutation.ts";
import { below, seeded } from "../../support/random.ts";
import { fromHex } from "../messages.ts";
import { CAPTURES, messagesOf } from "./captures.ts";
import { ONE_OF_EACH } from "./message-cases.ts";

const RUNS = Number(process.env.FUZZ ?? 20_000);
const SEED = Number(process.env.SEED ?? 0xfa110e5);
const AROUND = 32;

const captured = CAPTURES.flatMap(messagesOf).map((one) => fromHex(one.hex));
const seeds = [...ONE_OF_EACH.map((one) => encodeMessage(one, "isc")), ...captured];

/** A message with changes, and mostly with the length that it has then. */
function mutated(random: () => number): Uint8Array {
  const bytes = mutate(seeds[below(random, seeds.length)] ?? new Uint8Array(12), random);
  if (bytes.length < 4 || below(random, 8) === 0) return bytes;
  bytes[0] = bytes.length >> 8;
  bytes[1] = bytes.length & 0xff;
  if (below(random, 4) !== 0) bytes[3] = 12;
  return bytes;
}

function outcomeOf(bytes: Uint8Array, start: number, end: number, dialect: Dialect): string {
  let received: ReceivedMessage;
  try {
    received = decodeMessage(bytes, start, end, dialect);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(end - start);
    return error.message;
  }
  return describeMessage(received) + againOf(received, dialect);
}

/** What may be sent of it comes back the same; EncodeError is the only other end. */
function againOf(received: ReceivedMessage, dialect: Dialect): string {
  if (received.type === "ignored") return "";
  let bytes: Uint8Array;
  try {
    bytes = encodeMessage(received, dialect);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    return `; ${error.message}`;
  }
  const again = decodeMessage(bytes, 0, bytes.length, dialect);
  expect(describeMessage(again)).toBe(describeMessage({ ...received, setAside: [] }));
  return "";
}

describe(`mutated messages (seed ${SEED}, ${RUNS} runs)`, () => {
  test("are read, or refused with DecodeError", () => {
    const random = seeded(SEED);
    const ends = new Map<string, number>();
    for (let run = 0; run < RUNS; run++) {
      const bytes = mutated(random);
      const dialect = DIALECTS[run % 2] ?? "isc";
      let outcome: string;
      try {
        outcome = outcomeOf(bytes, 0, bytes.length, dialect);
      } catch (error) {
        throw new Error(`seed ${SEED}, run ${run}: ${hex(bytes)}`, { cause: error });
      }
      const kind = / at byte /.test(outcome) ? "refused" : "read";
      ends.set(kind, (ends.get(kind) ?? 0) + 1);
    }
    // Both ends are reached often, or the mutations do not test what they should.
    for (const kind of ["refused", "read"]) {
      expect(ends.get(kind) ?? 0, kind).toBeGreaterThan(RUNS / 10);
    }
  });

  test("mean nothing else when other bytes stand around them", () => {
    const random = seeded(SEED + 1);
    for (let run = 0; run < RUNS / 10; run++) {
      const bytes = mutated(random);
      const memory = Uint8Array.from({ length: bytes.length + 2 * AROUND }, () =>
        below(random, 256),
      );
      memory.set(bytes, AROUND);
      const alone = outcomeOf(bytes, 0, bytes.length, "isc");
      const amid = outcomeOf(memory, AROUND, AROUND + bytes.length, "isc");
      expect(amid, `seed ${SEED + 1}, run ${run}`).toBe(alone);
    }
  });

  test("noise of any length, as any type", () => {
    const random = seeded(SEED + 2);
    for (let run = 0; run < RUNS / 10; run++) {
      const bytes = Uint8Array.from({ length: below(random, 300) }, () => below(random, 256));
      if (bytes.length >= 4) bytes.set([bytes.length >> 8, bytes.length & 0xff, run % 14, 12]);
      outcomeOf(bytes, 0, bytes.length, "tandem");
    }
  });
});

describe(`mutated streams (seed ${SEED})`, () => {
  test("give the same messages however they are cut, and hold at most one", () => {
    const random = seeded(SEED + 3);
    for (let run = 0; run < RUNS / 50; run++) {
      const parts = Array.from({ length: 1 + below(random, 6) }, () => mutated(random));
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
      const whole = streamed(bytes, () => bytes.length);
      const cut = streamed(bytes, () => below(random, 60));
      expect(cut, `seed ${SEED + 3}, run ${run}`).toEqual(whole);
    }
  });
});

/** The messages of a stream, and how it ended. */
function streamed(bytes: Uint8Array, size: () => number): string[] {
  const stream = new MessageStream();
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(at + size(), bytes.length);
    stream.push(bytes.subarray(at, next));
    at = next;
    try {
      for (let one = stream.next(); one !== undefined; one = stream.next()) found.push(hex(one));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return [...found, error.message];
    }
    expect(stream.held).toBeLessThan(2048);
  }
  return [...found, `${stream.held} held`];
}

describe("frames made to hurt", () => {
  test("2036 bytes of empty unknown options cost no more than their number", () => {
    const message = messageOf(11, Array.from({ length: 509 }, () => [0, 200, 0, 0]).flat());
    expect(decodeMessage(message, 0, message.length, "isc").setAside).toHaveLength(509);
  });

  test("254 updates of one address each are one list", () => {
    const message = messageOf(
      3,
      Array.from({ length: 254 }, () => [0, 2, 0, 4, 1, 2, 3, 4]).flat(),
    );
    const received = decodeMessage(message, 0, message.length, "tandem");
    expect(received).toMatchObject({ type: "BNDUPD" });
    if (received.type === "BNDUPD") expect(received.bindings).toHaveLength(254);
  });

  test("a name that points at itself is refused", () => {
    const message = messageOf(3, [0, 9, 0, 4, 0, 0, 0xc0, 0x00]);
    expect(() => decodeMessage(message, 0, message.length, "isc")).toThrow("lead backwards");
  });

  test("a name may not point into the bytes in front of it", () => {
    const message = messageOf(3, [0, 9, 0, 6, 0, 0, 1, 97, 0xc0, 0x02]);
    expect(() => decodeMessage(message, 0, message.length, "isc")).toThrow("lead backwards");
  });

  test("fields of the language's own objects are no options", () => {
    for (const { code } of Object.values(MESSAGE)) {
      const message = messageOf(code, []);
      const received = decodeMessage(message, 0, message.length, "isc");
      expect(Object.hasOwn(received, "constructor")).toBe(false);
    }
  });

  test("text with control characters cannot break a line of the log", () => {
    const message = messageOf(12, [0, 21, 0, 1, 8, 0, 16, 0, 4, 10, 27, 34, 0xff]);
    const text = describeMessage(decodeMessage(message, 0, message.length, "isc"));
    expect(text).toBe(
      'DISCONNECT xid 0: reject-reason invalid-partner, message "\\n\\u001b\\"\ufffd"',
    );
  });

  test("a peer that sends one byte at a time gets one message, and nothing grows", () => {
    const stream = new MessageStream();
    const message = messageOf(11, Array.from({ length: 509 }, () => [0, 200, 0, 0]).flat());
    for (const byte of message.subarray(0, -1)) {
      stream.push(Uint8Array.of(byte));
      expect(stream.next()).toBeUndefined();
    }
    stream.push(message.subarray(-1));
    expect(stream.next()).toEqual(message);
  });
});

function messageOf(type: number, options: readonly number[]): Uint8Array {
  const length = 12 + options.length;
  return Uint8Array.from([
    length >> 8,
    length & 0xff,
    type,
    12,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...options,
  ]);
}
