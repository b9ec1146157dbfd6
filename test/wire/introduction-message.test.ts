import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import {
  decodeIntroduction,
  encodeIntroduction,
  INTRODUCTION_BYTES_MAX,
  type IntroductionMessage,
} from "../../daemon/wire/introduction-message.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";

const IDENTITY = Uint8Array.from({ length: 32 }, (_, i) => i);
const PROFILE = {
  kind: "profile",
  software: "1.2.0",
  name: "A",
  model: "example,board",
  serial: "TND-0001",
  generation: 7,
  wall: 1_777_777_777_777,
  isServing: true,
  pair: undefined,
} as const;

const MESSAGES: readonly Exclude<IntroductionMessage, { kind: "foreign-profile" }>[] = [
  PROFILE,
  { ...PROFILE, isServing: false, pair: { role: "secondary", partner: IDENTITY } },
  { kind: "commitment", bytes: IDENTITY },
  { kind: "number", bytes: IDENTITY },
  { kind: "confirmed" },
  { kind: "configuration", shared: { version: 1, networks: [{ name: 'Büro ["{' }] } },
  { kind: "choice", takes: "senders" },
  { kind: "choice", takes: "receivers" },
  {
    kind: "offer",
    role: "secondary",
    name: "A",
    shared: { version: 1, networks: [] },
    networks: { office: { interface: "lan0", address: "192.168.1.2/24" } },
  },
  { kind: "taken" },
  { kind: "refused", code: 9 },
  { kind: "leave" },
  { kind: "left" },
  { kind: "retire" },
];

describe("messages of an introduction", () => {
  test.each(MESSAGES)("$kind there and back, and nothing shorter or longer", (message) => {
    const bytes = encodeIntroduction(message);
    expect(bytes[0]).toBeGreaterThanOrEqual(0x30);
    expect(bytes[0]).toBeLessThanOrEqual(0x3f);
    expect(decodeIntroduction(bytes)).toEqual(message);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeIntroduction(bytes.subarray(0, length))).toThrow(DecodeError);
    }
    const longer = Uint8Array.from([...bytes, 0x7b]);
    expect(() => decodeIntroduction(longer)).toThrow(DecodeError);
  });

  test("a box of another version is known by its software, and nothing else is read of it", () => {
    const bytes = encodeIntroduction(PROFILE);
    bytes[1] = 9;
    const foreign = { kind: "foreign-profile", version: 9, software: "1.2.0" };
    expect(decodeIntroduction(bytes)).toEqual(foreign);
    expect(decodeIntroduction(bytes.subarray(0, 8))).toEqual(foreign);
  });

  test("rubbish is a DecodeError, or a message that is written the same again", () => {
    const start = fc.integer({ min: 0x2f, max: 0x3b });
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (kind, rest) => {
        decodeOrRefuse(Uint8Array.from([kind, ...rest]));
      }),
      { numRuns: 3000 },
    );
  });

  test("a message with some bytes changed is one too, or none", () => {
    const places = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGES), places, (message, changes) => {
        const bytes = encodeIntroduction(message);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        decodeOrRefuse(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test("nothing is nested so deeply that reading it could be an end of the stack", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const bytes = Uint8Array.from([0x34, ...new TextEncoder().encode(deep)]);
    expect(() => decodeIntroduction(bytes)).toThrow("nested too deeply");
    const text = { kind: "configuration", shared: "[".repeat(1000) } as const;
    expect(decodeIntroduction(encodeIntroduction(text))).toEqual(text);
  });

  test("what does not fit is not written", () => {
    const large = { kind: "configuration", shared: "x".repeat(INTRODUCTION_BYTES_MAX) } as const;
    expect(() => encodeIntroduction(large)).toThrow(EncodeError);
    expect(() => encodeIntroduction({ ...PROFILE, name: "Büro" })).toThrow(EncodeError);
    expect(() => encodeIntroduction({ ...PROFILE, serial: "1".repeat(65) })).toThrow(EncodeError);
    const short = { kind: "number", bytes: IDENTITY.subarray(1) } as const;
    expect(() => encodeIntroduction(short)).toThrow(EncodeError);
    expect(() => decodeIntroduction(new Uint8Array(INTRODUCTION_BYTES_MAX + 1))).toThrow(
      DecodeError,
    );
  });
});

function decodeOrRefuse(bytes: Uint8Array): void {
  let message: IntroductionMessage;
  try {
    message = decodeIntroduction(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return;
  }
  if (message.kind === "foreign-profile") return;
  expect(decodeIntroduction(encodeIntroduction(message))).toEqual(message);
}
