// What the boxes say of their configuration as bytes: what is written is read, and nothing else is believed.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import {
  ANCESTORS_MAX,
  CONFIG_MESSAGE_BYTES_MAX,
  type ConfigMessage,
  decodeConfigMessage,
  encodeConfigMessage,
  type Generation,
  ISSUE_TEXT_BYTES_MAX,
  ISSUES_MAX,
  isConfigMessage,
  type Lineage,
  ORIGIN_TEXT_BYTES_MAX,
  type Origin,
} from "../../daemon/wire/config-message.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import { mutate } from "../fuzz/wire-mutation.ts";
import { seeded } from "../support/random.ts";

const RUNS = Number(process.env.FUZZ ?? 20_000);

const number = fc.nat(0xffffffff);
const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const generation: fc.Arbitrary<Generation> = fc.record({ generation: fc.nat(0x7ffffffe), hash });
const lineage: fc.Arbitrary<Lineage> = fc
  .tuple(fc.array(generation, { maxLength: ANCESTORS_MAX }), hash)
  .map(([all, own]) => {
    const ancestors = all.sort((a, b) => b.generation - a.generation);
    return { generation: (ancestors[0]?.generation ?? 0) + 1, hash: own, ancestors };
  });
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
const short = fc.string({ unit: "binary", maxLength: 40 });
const objections = fc.array(fc.record({ file: short, path: short, reason: short }), {
  minLength: 1,
  maxLength: ISSUES_MAX,
});
const someone: fc.Arbitrary<Origin> = fc.record({
  ...{ who: short, from: short, box: short, note: short },
  wall: fc.maxSafeNat(),
});
const origin = fc.option(someone, { nil: undefined });
const numbered = fc.constantFrom("ready", "overtaken", "commit", "cancel", "applied");
const messages: fc.Arbitrary<ConfigMessage> = fc.oneof(
  fc.record({ kind: fc.constant("hello" as const), lineage, isOnTrial: fc.boolean() }),
  fc.constant({ kind: "fetch" as const }),
  fc.record({ kind: fc.constant("document" as const), origin, text }),
  fc.record({
    kind: fc.constant("propose" as const),
    number,
    lineage,
    origin,
    text,
    trialMilliseconds: number,
  }),
  fc.record({ kind: fc.constant("refused" as const), number, objections }),
  fc.record({ kind: fc.constant("confirm" as const), hash }),
  fc.record({ kind: fc.constant("undo" as const), hash, origin: someone }),
  fc.record({ kind: numbered, number }) as fc.Arbitrary<ConfigMessage>,
);

const HASH = "0123456789abcdef".repeat(4);
const HELLO: ConfigMessage = {
  ...{ kind: "hello", isOnTrial: false },
  lineage: { generation: 3, hash: HASH, ancestors: [{ generation: 2, hash: HASH }] },
};

test("what is written is read, and is known by its first byte", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encodeConfigMessage(message);
      expect(isConfigMessage(bytes)).toBe(true);
      expect(decodeConfigMessage(bytes)).toEqual(message);
    }),
    { numRuns: 2000 },
  );
});

test("the other parts of the box have other first bytes", () => {
  for (const code of [0x00, 0x10, 0x1f, 0x30, 0xff]) {
    expect(isConfigMessage(Uint8Array.of(code))).toBe(false);
  }
  expect(isConfigMessage(new Uint8Array(0))).toBe(false);
});

test("one that has lost its end is none, but a document, which has no other end", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encodeConfigMessage(message);
      for (let length = 0; length < bytes.length; length++) {
        let read: ConfigMessage | undefined;
        try {
          read = decodeConfigMessage(bytes.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
        if (read) expect(["document", "propose"]).toContain(read.kind);
      }
    }),
    { numRuns: 200 },
  );
});

test("whatever comes is a message or a DecodeError", () => {
  const random = seeded(0x636f6e66);
  const samples = fc.sample(messages, { numRuns: 200, seed: 7 }).map(encodeConfigMessage);
  for (let run = 0; run < RUNS; run++) {
    const bytes = mutate(samples[run % samples.length] ?? new Uint8Array(0), random);
    try {
      const message = decodeConfigMessage(bytes);
      expect(decodeConfigMessage(encodeConfigMessage(message))).toEqual(message);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
});

test("nothing in it is a view of the bytes", () => {
  const bytes = encodeConfigMessage(HELLO);
  const message = decodeConfigMessage(bytes);
  bytes.fill(0);
  expect(message).toEqual(HELLO);
});

describe("refused, with what is wrong", () => {
  const hello = encodeConfigMessage(HELLO);
  const changed = (at: number, value: number) => {
    const bytes = hello.slice();
    bytes[at] = value;
    return bytes;
  };

  test.each([
    ["nothing", new Uint8Array(0), /^kind/],
    ["an unknown kind", Uint8Array.of(0x2f), /^kind .* 47 is not known/],
    ["longer than any", new Uint8Array(CONFIG_MESSAGE_BYTES_MAX + 1), /^length/],
    ["more behind it", Uint8Array.of(...hello, 0), /^end .* 1 bytes are too many/],
    ["on trial more than once", changed(1, 2), /^trial .* cannot be 2/],
    ["too many ancestors", changed(38, ANCESTORS_MAX + 1), /^ancestors .* too many/],
    ["an ancestor that is no older", changed(42, 3), /^ancestors .* 3 stands behind 2/],
    ["a number that leaves no room", changed(2, 0x80), /^generation .* too high/],
    ["an empty document", Uint8Array.of(0x22, 0), /^document .* is empty/],
    ["a document that is no text", Uint8Array.of(0x22, 0, 0xff), /^document .* is not UTF-8/],
    ["two origins", Uint8Array.of(0x22, 2, 0x31), /^origin .* cannot be 2/],
    [
      "an origin later than any number",
      Uint8Array.of(0x22, 1, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x31),
      /^wall .* is too late/,
    ],
    [
      "an origin that tells too much",
      Uint8Array.of(0x22, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
      /^who .* is 257 bytes long/,
    ],
    ["a refusal without a reason", Uint8Array.of(0x25, 0, 0, 0, 1, 0), /^objections .* are 0/],
    [
      "a reason that is too long",
      Uint8Array.of(0x25, 0, 0, 0, 1, 1, 0xff, 0xff),
      /^file .* is 65535 bytes long/,
    ],
  ])("%s", (_, bytes, reason) => {
    expect(() => decodeConfigMessage(bytes)).toThrow(DecodeError);
    expect(() => decodeConfigMessage(bytes)).toThrow(reason);
  });
});

describe("not written", () => {
  test.each<[string, ConfigMessage]>([
    [
      "a document that is too long",
      {
        ...{ kind: "document", origin: undefined },
        text: "x".repeat(CONFIG_MESSAGE_BYTES_MAX),
      },
    ],
    [
      "too many ancestors",
      {
        ...{ kind: "hello", isOnTrial: false },
        lineage: {
          ...{ generation: 99, hash: HASH },
          ancestors: Array.from({ length: 17 }, () => ({ generation: 1, hash: HASH })),
        },
      },
    ],
    ["no hash", { kind: "confirm", hash: "x" }],
    ["a refusal without a reason", { kind: "refused", number: 1, objections: [] }],
  ])("%s", (_, message) => {
    expect(() => encodeConfigMessage(message)).toThrow(EncodeError);
  });

  test("a reason is shortened, and no character of it cut in two", () => {
    const reason = "ü".repeat(ISSUE_TEXT_BYTES_MAX);
    const objections = [{ file: "f", path: `x${reason}`, reason }];
    const read = decodeConfigMessage(
      encodeConfigMessage({ kind: "refused", number: 1, objections }),
    );
    const half = ISSUE_TEXT_BYTES_MAX / 2;
    expect(read).toMatchObject({
      objections: [{ path: `x${"ü".repeat(half - 1)}`, reason: "ü".repeat(half) }],
    });
  });

  test("nor more of an origin than it may have", () => {
    const note = "ü".repeat(ORIGIN_TEXT_BYTES_MAX);
    const origin: Origin = { who: "eva", wall: 2 ** 41, from: "command line", box: "A", note };
    const message: ConfigMessage = { kind: "document", origin, text: "{}" };
    expect(decodeConfigMessage(encodeConfigMessage(message))).toEqual({
      ...message,
      origin: { ...origin, note: "ü".repeat(ORIGIN_TEXT_BYTES_MAX / 2) },
    });
  });
});
