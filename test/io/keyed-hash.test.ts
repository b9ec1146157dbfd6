import { expect, test } from "vitest";
import { hex } from "../../daemon/base/bytes.ts";
import { hmacMd5 } from "../../daemon/io/keyed-hash.ts";

const text = (value: string) => new TextEncoder().encode(value);
const times = (count: number, byte: number) => new Uint8Array(count).fill(byte);

/** RFC 2202 §2. */
test.each([
  [times(16, 0x0b), text("Hi There"), "9294727a3638bb1c13f48ef8158bfc9d"],
  [text("Jefe"), text("what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738"],
  [times(16, 0xaa), times(50, 0xdd), "56be34521d144c88dbb8c733f0e8b3f6"],
  [
    Uint8Array.from({ length: 25 }, (_, at) => at + 1),
    times(50, 0xcd),
    "697eaf0aca3a3aea3a75164746ffaa79",
  ],
  [times(16, 0x0c), text("Test With Truncation"), "56461ef2342edc00f9bab995690efd4c"],
  [
    times(80, 0xaa),
    text("Test Using Larger Than Block-Size Key - Hash Key First"),
    "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
  ],
  [
    times(80, 0xaa),
    text("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
    "6f630fad67cda0ee1fb1f562db3aa53e",
  ],
])("HMAC-MD5 of RFC 2202", (key, data, digest) => {
  expect(hex(hmacMd5(key, data))).toBe(digest);
});
