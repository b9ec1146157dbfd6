// What the boxes say to each other about the gateway, as bytes: what is written is read, and nothing else is believed.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import { isConfigMessage } from "../../daemon/wire/config-message.ts";
import {
  DRILL_DELAY_MILLISECONDS_MAX,
  DRILL_SECONDS_MAX,
  decodeGatewayMessage,
  encodeGatewayMessage,
  type GatewayMessage,
  isGatewayMessage,
} from "../../daemon/wire/gateway-message.ts";

const TEXT_BYTES_MAX = 500;
const REPORT_BYTES_MAX = 4096;

const id = fc.nat(0xffffffff);
const drill = fc.constantFrom(1 as const, 2 as const);
/** Of characters that a person can be shown, which fit. */
const textOf = (bytesMax: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: "binary", maxLength: 60 })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are shown otherwise, below.
    .map((text) => text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f]/g, "-"))
    .filter((text) => Buffer.byteLength(text) <= bytesMax);
const messages: fc.Arbitrary<GatewayMessage> = fc.oneof(
  fc.constant({ kind: "handover" as const }),
  fc.record({ kind: fc.constant("refused" as const), text: textOf(TEXT_BYTES_MAX) }),
  fc.record({ kind: fc.constant("drill-wish" as const), drill }),
  fc.record({
    kind: fc.constant("drill-begin" as const),
    ...{ id, drill, seconds: fc.nat(DRILL_SECONDS_MAX) },
    delayMilliseconds: fc.nat(DRILL_DELAY_MILLISECONDS_MAX),
  }),
  fc.record({ kind: fc.constant("drill-ready" as const), id }),
  fc.record({ kind: fc.constant("drill-report" as const), json: textOf(REPORT_BYTES_MAX) }),
);

test("what is written is read, and is known by its first byte", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encodeGatewayMessage(message);
      expect([isGatewayMessage(bytes), isConfigMessage(bytes)]).toEqual([true, false]);
      expect(decodeGatewayMessage(bytes)).toEqual(message);
    }),
    { numRuns: 1000 },
  );
});

test.each<[GatewayMessage, string]>([
  [{ kind: "handover" }, "40"],
  [{ kind: "refused", text: "nö" }, "416ec3b6"],
  [{ kind: "drill-wish", drill: 2 }, "4202"],
  [
    { kind: "drill-begin", id: 0xdeadbeef, drill: 1, seconds: 10, delayMilliseconds: 1500 },
    "43deadbeef01000a05dc",
  ],
  [{ kind: "drill-ready", id: 1 }, "4400000001"],
  [{ kind: "drill-report", json: "{}" }, "457b7d"],
])("%j is %s", (message, hex) => {
  expect(Buffer.from(encodeGatewayMessage(message)).toString("hex")).toBe(hex);
});

test("the other parts of the box have other first bytes", () => {
  for (const code of [0x00, 0x20, 0x2f, 0x30, 0x3f, 0x50, 0xff]) {
    expect(isGatewayMessage(Uint8Array.of(code))).toBe(false);
  }
  expect(isGatewayMessage(new Uint8Array(0))).toBe(false);
});

test("one that has lost its end is none, but a text, which has no other end", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encodeGatewayMessage(message);
      for (let length = 0; length < bytes.length; length++) {
        let read: GatewayMessage | undefined;
        try {
          read = decodeGatewayMessage(bytes.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
        if (read) expect(["refused", "drill-report"]).toContain(read.kind);
      }
    }),
    { numRuns: 200 },
  );
});

test("one with something behind it is none", () => {
  fc.assert(
    fc.property(messages, fc.uint8Array({ minLength: 1, maxLength: 9 }), (message, more) => {
      if (message.kind === "refused" || message.kind === "drill-report") return;
      const bytes = Buffer.concat([encodeGatewayMessage(message), more]);
      expect(() => decodeGatewayMessage(bytes)).toThrow(/has bytes too many/);
    }),
    { numRuns: 200 },
  );
});

test("whatever comes is a message or a DecodeError", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .tuple(fc.integer({ min: 0x3f, max: 0x47 }), fc.uint8Array({ maxLength: 12 }))
      .map(([kind, rest]) => Uint8Array.of(kind, ...rest)),
  );
  let read = 0;
  fc.assert(
    fc.property(bytes, (some) => {
      try {
        decodeGatewayMessage(some);
        read++;
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(100);
});

describe("refused, with what is wrong", () => {
  test.each([
    ["nothing", "", /^kind/],
    ["an unknown kind", "46", /^kind .* 70 is not known/],
    ["a kind of others", "2f", /^kind .* 47 is not known/],
    ["a handover with more", "4000", /^handover .* has bytes too many/],
    ["a drill of no kind", "4200", /^drill .* 0 is not known/],
    ["a drill of a kind to come", "4203", /^drill .* 3 is not known/],
    ["a drill of another kind", "430000000103000a05dc", /^drill .* 3 is not known/],
    ["a drill that lasts for too long", "430000000101003d05dc", /^seconds .* 61 is more than 60/],
    ["a drill that begins too late", "430000000101000a2711", /^delay .* 10001 is more than 10000/],
    ["a drill cut short", "430000000101000a05", /^delay .* needs 2 bytes, 1 are left/],
    ["an id cut short", "44000001", /^id .* needs 4 bytes, 3 are left/],
    ["a text that is too long", `41${"61".repeat(501)}`, /^text .* is too long/],
    ["a report that is too long", `45${"61".repeat(4097)}`, /^text .* is too long/],
  ])("%s", (_, hex, reason) => {
    const bytes = Buffer.from(hex, "hex");
    expect(() => decodeGatewayMessage(bytes)).toThrow(DecodeError);
    expect(() => decodeGatewayMessage(bytes)).toThrow(reason);
  });

  test.each([
    ["the longest text", `41${"61".repeat(500)}`],
    ["the longest report", `45${"61".repeat(4096)}`],
    ["the longest and latest drill", "430000000101003c2710"],
  ])("and not %s", (_, hex) => {
    expect(() => decodeGatewayMessage(Buffer.from(hex, "hex"))).not.toThrow();
  });
});

describe("a text for people", () => {
  const textOf = (bytes: readonly number[]) => decodeGatewayMessage(Uint8Array.of(0x41, ...bytes));

  test("holds no control characters, and what is no text is shown as such", () => {
    expect(textOf([0x61, 0x1b, 0x5b, 0x32, 0x4a, 0x0a, 0x7f, 0xc2, 0x9b])).toEqual({
      ...{ kind: "refused", text: "a\ufffd[2J\ufffd\ufffd\ufffd" },
    });
    expect(textOf([0x61, 0xff, 0xe2, 0x82])).toEqual({ kind: "refused", text: "a\ufffd\ufffd" });
    expect(textOf([])).toEqual({ kind: "refused", text: "" });
  });

  test("is shortened, and no character of it cut in two", () => {
    const read = decodeGatewayMessage(
      encodeGatewayMessage({ kind: "refused", text: `x${"ü".repeat(400)}` }),
    );
    expect(read).toEqual({ kind: "refused", text: `x${"ü".repeat(249)}` });
  });

  test("half a character is none", () => {
    const read = decodeGatewayMessage(encodeGatewayMessage({ kind: "refused", text: "a\ud83d" }));
    expect(read).toEqual({ kind: "refused", text: "a\ufffd" });
  });
});
