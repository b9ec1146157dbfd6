import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256Hex } from "../../daemon/base/sha256.ts";

const byOpenssl = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("the hash of any bytes is that of OpenSSL", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(sha256Hex(bytes)).toBe(byOpenssl(bytes));
    }),
  );
});

test("at every length around the ends of blocks, and for a long one", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = new Uint8Array(length).fill(0xa7);
    expect(sha256Hex(bytes)).toBe(byOpenssl(bytes));
  }
  const long = Uint8Array.from({ length: 100_001 }, (_, i) => i * 31);
  expect(sha256Hex(long)).toBe(byOpenssl(long));
});
