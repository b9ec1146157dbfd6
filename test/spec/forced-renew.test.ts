// RFC 3203 and RFC 6704: who can be told to renew says so, and is given a key for it. The keys, the
// digests and the pace are in test/core/forced-renew.test.ts.

import { describe, expect, test } from "vitest";
import { bytes, CoreBench, network } from "../support/core-bench.ts";
import { A } from "./networks.ts";

const NONCE_CAPABLE = 145;
const capable = { options: { [NONCE_CAPABLE]: bytes(1) } };

describe("RFC 6704 forcerenew nonce authentication", () => {
  test("RFC 6704 §3.1.1: the offer to a client that can carries option 145 with HMAC-MD5", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    expect(bench.discover(A, capable)?.option(NONCE_CAPABLE)).toEqual([1]);
  });

  test("RFC 6704 §3.1.1: a client that cannot, or by another algorithm only, is not offered it", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    expect(bench.discover(A)?.message.has(NONCE_CAPABLE)).toBe(false);
    const other = { options: { [NONCE_CAPABLE]: bytes(7) } };
    expect(bench.discover(A, other)?.message.has(NONCE_CAPABLE)).toBe(false);
  });

  test("RFC 6704 §3.1.2: the DHCPACK brings the nonce: option 90, protocol 3, algorithm 1, type 1", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    const offer = bench.discover(A, capable);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", capable);
    const authentication = ack?.option(90) ?? [];
    expect(authentication).toHaveLength(28);
    expect(authentication.slice(0, 3)).toEqual([3, 1, 0]);
    expect(authentication[11]).toBe(1);
  });

  test("RFC 3203 §3: a network that is not set for it promises nothing", () => {
    const bench = new CoreBench([network({ forceRenew: false })]);
    const offer = bench.discover(A, capable);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", capable);
    for (const reply of [offer, ack]) {
      expect([reply?.message.has(NONCE_CAPABLE), reply?.message.has(90)]).toEqual([false, false]);
    }
  });
});
