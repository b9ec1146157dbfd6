// Beacons as bytes: what is written is read, and nothing else is believed to be one.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import {
  BEACON_BYTES_MAX,
  type Beacon,
  decodeBeacon,
  encodeBeacon,
  lansThatFit,
  SIGNATURE_BYTES,
} from "../../daemon/wire/beacon.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import { mutate } from "../fuzz/wire-mutation.ts";
import { seeded } from "../support/random.ts";

const RUNS = Number(process.env.FUZZ ?? 20_000);
const SIGNATURE = new Uint8Array(SIGNATURE_BYTES).fill(0x5a);

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u32 = fc.nat(0xffffffff);
const text = fc.string({ unit: fc.constantFrom(..."abc XYZ-019.~"), maxLength: 20 });
const beacons: fc.Arbitrary<Beacon> = fc.record({
  kind: fc.constantFrom("hello", "heartbeat"),
  key: bytesOf(32),
  boot: bytesOf(8),
  sequence: u32,
  wall: fc.nat(2 ** 48 - 1),
  lateMilliseconds: u32,
  port: fc.nat(65535),
  model: text,
  serial: text,
  software: text,
  partner: fc.option(bytesOf(32), { nil: undefined }),
  echo: fc.option(fc.record({ boot: bytesOf(8), sequence: u32, heldMilliseconds: u32 }), {
    nil: undefined,
  }),
  state: fc.nat(255),
  generation: u32,
  gateway: u32,
  lans: fc.array(fc.record({ name: text, hasCarrier: fc.boolean(), isServed: fc.boolean() }), {
    maxLength: 4,
  }),
});

const PLAIN: Beacon = {
  kind: "heartbeat",
  key: new Uint8Array(32).fill(1),
  boot: new Uint8Array(8).fill(2),
  sequence: 7,
  wall: Date.UTC(2026, 0, 1),
  lateMilliseconds: 0,
  port: 647,
  model: "Acme R2",
  serial: "R2-0001",
  software: "0.1.0",
  partner: new Uint8Array(32).fill(3),
  echo: { boot: new Uint8Array(8).fill(4), sequence: 9, heldMilliseconds: 120 },
  state: 2,
  generation: 5,
  gateway: 0x6402,
  lans: [{ name: "office", hasCarrier: true, isServed: false }],
};

function signed(unsigned: Uint8Array): Uint8Array {
  return Uint8Array.from([...unsigned, ...SIGNATURE]);
}

/** The fields of PLAIN, and this behind them. */
function withMore(...more: number[]): Uint8Array {
  return signed(Uint8Array.from([...encodeBeacon(PLAIN), ...more]));
}

test("what is written is read", () => {
  fc.assert(
    fc.property(beacons, (beacon) => {
      const unsigned = encodeBeacon(beacon);
      const read = decodeBeacon(signed(unsigned));
      expect(read).toEqual({ beacon, signed: unsigned, signature: SIGNATURE });
    }),
  );
});

test("one that has lost its end is none, wherever it is cut", () => {
  const bytes = signed(encodeBeacon(PLAIN));
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    let read: Beacon | undefined;
    try {
      read = decodeBeacon(cut).beacon;
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
    // Cut between two fields it is a beacon that says less, with a signature that fits nothing.
    if (read) expect(read).not.toEqual(PLAIN);
  }
});

test.each([
  [1, 20, 1],
  [16, 20, 16],
  // As many as a configuration may have: a box with so many LANs could say nothing at all.
  [32, 8, 16],
  [32, 63, 7],
])("a box with %i LANs with names of %i letters says %i of them", (count, length, said) => {
  const lans = Array.from({ length: count }, (_, at) => {
    const name = `${at}`.padStart(length, "x");
    return { name, hasCarrier: true, isServed: at < count - 1 };
  });
  const words = { model: "m".repeat(64), serial: "s".repeat(64), software: "v".repeat(64) };
  const most = {
    sequence: 2 ** 32 - 1,
    lateMilliseconds: 1,
    port: 1,
    state: 1,
    generation: 1,
    gateway: 1,
  };
  const beacon = { ...PLAIN, ...words, ...most, lans: lansThatFit(lans) };
  expect(decodeBeacon(signed(encodeBeacon(beacon))).beacon.lans).toHaveLength(said);
  // The one that is not served is never left out.
  expect(beacon.lans.map(({ name }) => name)).toContain(lans.at(-1)?.name);
});

test("nothing in it is a view of the packet", () => {
  const bytes = signed(encodeBeacon(PLAIN));
  const { beacon, signed: about, signature } = decodeBeacon(bytes);
  const before = [about.slice(), signature.slice()];
  bytes.fill(0);
  expect(beacon).toEqual(PLAIN);
  expect([about, signature]).toEqual(before);
});

test("a field of a later version is passed over", () => {
  expect(decodeBeacon(withMore(200, 0, 2, 1, 2)).beacon).toEqual(PLAIN);
});

describe("refused, with what is wrong", () => {
  const plain = signed(encodeBeacon(PLAIN));
  const changed = (at: number, value: number) => {
    const bytes = plain.slice();
    bytes[at] = value;
    return bytes;
  };

  test.each([
    ["no signature", plain.subarray(0, SIGNATURE_BYTES - 1), /^length/],
    ["longer than any", new Uint8Array(BEACON_BYTES_MAX + 1), /^length/],
    ["of another program", changed(0, 0x55), /^magic/],
    ["of another version", changed(4, 2), /^version.*2 is not spoken here/],
    ["of another kind", changed(5, 9), /^kind.*9 is not known/],
    ["a field twice", withMore(15, 0, 0), /^field.*15 stands behind 15/],
    ["fields out of order", withMore(3, 0, 4, 0, 0, 0, 1), /^field.*3 stands behind 15/],
    [
      "without its number",
      signed(Uint8Array.from([...encodeBeacon(PLAIN).subarray(0, 6)])),
      /^key.*missing/,
    ],
    ["a length beyond the end", withMore(200, 255, 255), /^field 200/],
  ] as const)("%s", (_, bytes, message) => {
    expect(() => decodeBeacon(bytes)).toThrow(message);
    expect(() => decodeBeacon(bytes)).toThrow(DecodeError);
  });

  test.each([
    ["a LAN with a name of control characters", 14, [3, 2, 0x1b, 0x5b]],
    ["more LANs than a box has", 14, Array.from({ length: 17 }, () => [3, 0]).flat()],
    ["a number that is too long", 13, [0, 0, 0, 1, 0]],
    ["a text that is too long", 9, Array.from({ length: 65 }, () => 0x41)],
  ] as const)("%s", (_, code, content) => {
    const bare = encodeBeacon({
      ...PLAIN,
      software: "",
      state: 0,
      generation: 0,
      gateway: 0,
      lans: [],
      echo: undefined,
      partner: undefined,
    });
    const bytes = signed(Uint8Array.from([...bare, code, 0, content.length, ...content]));
    expect(() => decodeBeacon(bytes)).toThrow(DecodeError);
  });
});

test.each([
  ["a model that is no plain text", { model: "R2\n" }],
  ["a serial that is too long", { serial: "x".repeat(65) }],
  ["a key of another length", { key: new Uint8Array(31) }],
  [
    "too many LANs",
    { lans: Array.from({ length: 17 }, () => ({ name: "a", hasCarrier: true, isServed: true })) },
  ],
  [
    "more than a packet holds",
    {
      lans: Array.from({ length: 16 }, () => ({
        name: "x".repeat(64),
        hasCarrier: true,
        isServed: true,
      })),
    },
  ],
] as const)("%s cannot be written", (_, changes) => {
  expect(() => encodeBeacon({ ...PLAIN, ...changes })).toThrow(EncodeError);
});

test(`${RUNS} damaged ones: nothing but a DecodeError, and what is read can be written`, {
  timeout: 20_000 + RUNS,
}, () => {
  const random = seeded(Number(process.env.SEED ?? 11));
  const samples = fc
    .sample(beacons, { numRuns: 50, seed: 3 })
    .map((one) => signed(encodeBeacon(one)));
  for (let run = 0; run < RUNS; run++) {
    const bytes = mutate(samples[run % samples.length] ?? SIGNATURE, random);
    let read: Beacon;
    try {
      read = decodeBeacon(bytes).beacon;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      continue;
    }
    const again = decodeBeacon(signed(encodeBeacon(read))).beacon;
    expect(again).toEqual(read);
  }
});
