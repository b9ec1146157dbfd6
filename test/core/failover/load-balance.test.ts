import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, packBytes } from "../../../daemon/base/bytes.ts";
import {
  BUCKETS,
  bucketOf,
  bucketOfIdentity,
  bucketOfMessage,
  bucketOfPacked,
  hashBuckets,
  hbaForWire,
  hbaFromWire,
  isPrimaryBucket,
} from "../../../daemon/core/failover/load-balance.ts";
import { decodeDhcp4 } from "../../../daemon/wire/dhcp4-message.ts";
import { fromHex, messageBytes, option } from "../../wire/messages.ts";

interface Vector {
  readonly keyHex: string;
  readonly hash: number;
}

interface SeenVector extends Vector {
  readonly keyIs: "chaddr" | "client-identifier option data";
  readonly hba: string;
  readonly answeredBy: "primary" | "secondary";
}

const FIXTURES = new URL("../../fixtures/failover/", import.meta.url);
const EDGES = fixture<Vector>("load-balance-vectors.json");
const SEEN = fixture<SeenVector>("11-load-balance-hba.vectors.json");

function fixture<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8"));
}

/** A DISCOVER with this hardware address and these options. */
function bucketOfDiscover(chaddr: Uint8Array, options: readonly number[]): number {
  const bytes = messageBytes({ hlen: chaddr.length, chaddr, options: [...options, 255] });
  return bucketOfMessage(decodeDhcp4(bytes, 0, bytes.length));
}

describe("the hash of RFC 3074", () => {
  test("there are vectors", () => {
    expect(SEEN).toHaveLength(40);
    expect(EDGES).toHaveLength(12);
  });

  test.each([...EDGES, ...SEEN])("of $keyHex is $hash", ({ keyHex, hash }) => {
    const key = fromHex(keyHex);
    expect(bucketOf(key, 0, key.length)).toBe(hash);
    expect(bucketOfPacked(packBytes(key), 0)).toBe(hash);
  });

  test("reads only the bytes it is told to", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (key, before, after) => {
          const bytes = Uint8Array.from([...before, ...key, ...after]);
          const bucket = bucketOf(key, 0, key.length);
          expect(bucket).toBeGreaterThanOrEqual(0);
          expect(bucket).toBeLessThan(BUCKETS);
          expect(bucketOf(bytes, before.length, key.length)).toBe(bucket);
          expect(bucketOfPacked(packBytes(before) + packBytes(key), before.length)).toBe(bucket);
        },
      ),
    );
  });

  test("of one byte more tells every value apart: the table has each number once", () => {
    const buckets = new Set<number>();
    for (let byte = 0; byte < 256; byte++) buckets.add(bucketOf(Uint8Array.of(byte), 0, 1));
    expect(buckets.size).toBe(BUCKETS);
  });
});

describe("the key", () => {
  test.each(SEEN)("$keyHex: of the packet and of the lease it is the same", (vector) => {
    const key = fromHex(vector.keyHex);
    const isChaddr = vector.keyIs === "chaddr";
    const mac = fromHex("02000000ffff");
    const bucket = isChaddr
      ? bucketOfDiscover(key, option(53, [1]))
      : bucketOfDiscover(mac, [...option(53, [1]), ...option(61, key)]);
    expect(bucket).toBe(vector.hash);
    const identity = isChaddr ? [0, 1, ...key] : [1, ...key];
    expect(bucketOfIdentity(packBytes(Uint8Array.from(identity)))).toBe(vector.hash);
  });

  test("is all of a client identifier that comes in pieces (RFC 3396)", () => {
    const key = Uint8Array.from({ length: 40 }, (_, i) => i * 5);
    const pieces = [...option(61, key.subarray(0, 15)), ...option(61, key.subarray(15))];
    expect(bucketOfDiscover(fromHex("020000000001"), pieces)).toBe(bucketOf(key, 0, 40));
  });

  test("is as much of the hardware address as there is", () => {
    const guid = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 - i);
    expect(bucketOfDiscover(guid, option(53, [1]))).toBe(bucketOf(guid, 0, 16));
  });

  test("of an address that nobody had is the empty one", () => {
    expect(bucketOfIdentity("")).toBe(bucketOf(new Uint8Array(0), 0, 0));
  });
});

describe("the map of buckets", () => {
  test.each([
    [50, `${"ff".repeat(16)}${"00".repeat(16)}`],
    [0, "00".repeat(32)],
    [100, "ff".repeat(32)],
    // 1 per cent is 2.56 buckets, 51 per cent 130.56.
    [1, `07${"00".repeat(31)}`],
    [51, `${"ff".repeat(16)}07${"00".repeat(15)}`],
  ])("of %i per cent for the primary", (percent, expected) => {
    expect(hex(hashBuckets(percent))).toBe(expected);
  });

  test("gives the primary its share and no more", () => {
    for (let percent = 0; percent <= 100; percent++) {
      const map = hashBuckets(percent);
      let count = 0;
      for (let bucket = 0; bucket < BUCKETS; bucket++) if (isPrimaryBucket(map, bucket)) count++;
      expect(count).toBe(Math.round(percent * 2.56));
      if (count > 0) expect(isPrimaryBucket(map, count - 1)).toBe(true);
      if (count < BUCKETS) expect(isPrimaryBucket(map, count)).toBe(false);
    }
  });

  test.each(SEEN)("as dhcpd read it for $keyHex", ({ hash, hba, answeredBy }) => {
    const map = hbaFromWire("isc", fromHex(hba));
    expect(isPrimaryBucket(map, hash)).toBe(answeredBy === "primary");
  });

  test("a set bit is the primary's towards a dhcpd and the secondary's in the draft", () => {
    const map = hashBuckets(25);
    expect(hex(hbaForWire("isc", map))).toBe(`${"ff".repeat(8)}${"00".repeat(24)}`);
    expect(hex(hbaForWire("tandem", map))).toBe(`${"00".repeat(8)}${"ff".repeat(24)}`);
  });

  test("is the same on both sides, and a copy", () => {
    const maps = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(maps, fc.constantFrom("isc" as const, "tandem" as const), (map, dialect) => {
        const wire = hbaForWire(dialect, map);
        const back = hbaFromWire(dialect, wire);
        expect(back).toEqual(map);
        expect(wire).toHaveLength(32);
        expect(wire).not.toBe(map);
        expect(back).not.toBe(wire);
      }),
    );
  });
});
