import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashBytes } from "../../../daemon/base/bytes.ts";
import { Retries } from "../../../daemon/core/failover/retries.ts";

const CLIENT = 0x1234567;
const OTHER = 0x7654321;
/** Some time after the box was switched on. */
const START = 500_000;

/** What the table says to DISCOVERs at these seconds with these transaction numbers, in seconds. */
function tries(retries: Retries, discovers: readonly (readonly [number, number])[]): number[] {
  return discovers.map(
    ([seconds, xid]) => retries.triedForMilliseconds(CLIENT, xid, START + seconds * 1000) / 1000,
  );
}

describe("a client whose secs stay 0", () => {
  test("has tried since its first DISCOVER", () => {
    const discovers = [0, 4, 12, 28, 60, 124].map((at) => [at, 7] as const);
    expect(tries(new Retries(), discovers)).toEqual([0, 4, 12, 28, 60, 124]);
  });

  test("like udhcpc, with another number after each three: has tried all the time", () => {
    const bursts = [0, 3, 6, 29, 32, 35, 58].map((at, i) => [at, 1 + Math.floor(i / 3)] as const);
    expect(tries(new Retries(), bursts)).toEqual([0, 3, 6, 29, 32, 35, 58]);
  });

  test("with another number every time: has tried all the time", () => {
    const discovers = [0, 4, 8, 16, 32, 64, 120].map((at, i) => [at, 1000 + i] as const);
    expect(tries(new Retries(), discovers)).toEqual([0, 4, 8, 16, 32, 64, 120]);
  });

  test("like dhclient, with up to 120 s between: has tried all the time", () => {
    const discovers = [0, 8, 100, 220, 345].map((at) => [at, 0xffffffff] as const);
    expect(tries(new Retries(), discovers)).toEqual([0, 8, 100, 220, 345]);
  });

  test("begins anew with another number after more than 60 s", () => {
    expect(
      tries(new Retries(), [
        [0, 1],
        [60, 2],
        [121, 3],
        [122, 3],
      ]),
    ).toEqual([0, 60, 0, 1]);
  });

  test("begins anew with the same number after more than 130 s", () => {
    expect(
      tries(new Retries(), [
        [0, 1],
        [130, 1],
        [261, 1],
        [262, 1],
      ]),
    ).toEqual([0, 130, 0, 1]);
  });

  test("begins anew after it was answered", () => {
    const retries = new Retries();
    expect(
      tries(retries, [
        [0, 1],
        [5, 1],
      ]),
    ).toEqual([0, 5]);
    retries.answered(CLIENT);
    expect(
      tries(retries, [
        [6, 1],
        [9, 2],
      ]),
    ).toEqual([0, 3]);
  });

  test("begins anew with another number after the partner gave it a lease, which it may not have heard of", () => {
    const retries = new Retries();
    expect(tries(retries, [[0, 1]])).toEqual([0]);
    retries.answeredByPartner(CLIENT);
    retries.answeredByPartner(OTHER);
    expect(
      tries(retries, [
        [4, 1],
        [5, 2],
      ]),
    ).toEqual([4, 5]);
    retries.answeredByPartner(CLIENT);
    expect(
      tries(retries, [
        [9, 3],
        [13, 4],
      ]),
    ).toEqual([0, 4]);
  });

  test("is not taken for another one", () => {
    const retries = new Retries();
    expect(retries.triedForMilliseconds(CLIENT, 1, START)).toBe(0);
    expect(retries.triedForMilliseconds(OTHER, 1, START + 5000)).toBe(0);
    retries.answered(OTHER);
    expect(retries.triedForMilliseconds(CLIENT, 1, START + 6000)).toBe(6000);
  });

  test("with the hash 0, at the moment 0, is like any other", () => {
    const retries = new Retries();
    retries.answered(0);
    expect(retries.triedForMilliseconds(0, 0, 0)).toBe(0);
    expect(retries.triedForMilliseconds(0, 0, 4000)).toBe(4000);
  });
});

describe("a client that asks for what it was offered", () => {
  const selects = (retries: Retries, seconds: number, xid: number) =>
    retries.selectedForMilliseconds(CLIENT, xid, START + seconds * 1000) / 1000;

  test("has asked since the first request with this number, and has not tried for an offer since", () => {
    const retries = new Retries();
    expect(tries(retries, [[0, 7]])).toEqual([0]);
    expect([selects(retries, 1, 7), selects(retries, 5, 7), selects(retries, 13, 7)]).toEqual([
      0, 4, 12,
    ]);
    expect(tries(retries, [[14, 8]])).toEqual([0]);
    expect(selects(retries, 14, 7)).toBe(13);
  });

  test("begins anew with another number, and after a minute of silence", () => {
    const retries = new Retries();
    expect([selects(retries, 0, 7), selects(retries, 4, 8), selects(retries, 8, 8)]).toEqual([
      0, 0, 4,
    ]);
    expect(selects(retries, 69, 8)).toBe(0);
  });
});

describe("the table", () => {
  test("holds the devices of a large office that start at the same time", () => {
    const retries = new Retries();
    const hashes = Array.from({ length: 1000 }, (_, i) =>
      hashBytes(Uint8Array.of(2, 0, 0, 0, i >> 8, i & 0xff), 0x5eed),
    );
    for (const hash of hashes) retries.triedForMilliseconds(hash, hash, START);
    const tried = hashes.map((hash) => retries.triedForMilliseconds(hash, hash, START + 4000));
    expect(tried.filter((time) => time === 4000).length).toBeGreaterThan(980);
  });

  test("a flood of clients that are gone again gives way to those that stay", () => {
    const retries = new Retries();
    for (let i = 0; i < 100_000; i++) retries.triedForMilliseconds(i * 7919, i, START + i);
    const later = START + 200_000;
    expect(retries.triedForMilliseconds(CLIENT, 1, later)).toBe(0);
    expect(retries.triedForMilliseconds(CLIENT, 1, later + 4000)).toBe(4000);
  });

  test("never says more than has passed since the client was first heard, whatever else comes in", () => {
    const steps = fc.array(
      fc.record({
        hash: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0x7fffffff })),
        xid: fc.integer({ min: 0, max: 3 }),
        wait: fc.integer({ min: 0, max: 200_000 }),
        isAnswer: fc.boolean(),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const retries = new Retries();
        const firstAt = new Map<number, number>();
        let now = START;
        for (const { hash, xid, wait, isAnswer } of list) {
          now += wait;
          if (isAnswer) {
            retries.answered(hash);
            firstAt.delete(hash);
            continue;
          }
          const first = firstAt.get(hash) ?? now;
          firstAt.set(hash, first);
          const tried = retries.triedForMilliseconds(hash, xid, now);
          expect(tried).toBeGreaterThanOrEqual(0);
          expect(tried).toBeLessThanOrEqual(now - first);
        }
      }),
    );
  });
});
