import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes, hashBytes, hex } from "../../daemon/base/bytes.ts";

describe("bytes", () => {
  test("equal means same length and same content", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const expected = hex(a) === hex(b);
        return equalBytes(a, b) === expected && equalBytes(a, a.slice());
      }),
    );
  });

  test("a hash is a 31-bit number that depends on content and seed", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer(), (bytes, seed) => {
        const hash = hashBytes(bytes, seed);
        return hash >= 0 && hash <= 0x7fffffff && hash === hashBytes(bytes.slice(), seed);
      }),
    );
    const bytes = Uint8Array.of(1, 2, 3);
    expect(hashBytes(bytes, 1)).not.toBe(hashBytes(bytes, 2));
    expect(hashBytes(bytes, 1)).not.toBe(hashBytes(Uint8Array.of(1, 2, 4), 1));
  });

  test("hashes of consecutive MACs spread over few buckets evenly", () => {
    const buckets = new Array<number>(64).fill(0);
    for (let i = 0; i < 6400; i++) {
      const bucket = hashBytes(Uint8Array.of(0, 1, 2, 0, 0, 0, i >> 8, i & 255), 7) % 64;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(Math.max(...buckets)).toBeLessThan(200);
    expect(Math.min(...buckets)).toBeGreaterThan(30);
  });
});
