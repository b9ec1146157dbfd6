// What of the book the partner is known to have, and until when it knows a lease to be promised.

import { beforeEach, describe, expect, test } from "vitest";
import type { Ipv4 } from "../../../daemon/base/address.ts";
import { agreedThrough, markAgreed } from "../../../daemon/core/failover/agreed-records.ts";
import { potentialUntil } from "../../../daemon/core/failover/binding-fields.ts";
import type { BindingState } from "../../../daemon/core/lease.ts";
import { LeaseBook, type LeaseEntry } from "../../../daemon/core/lease-book.ts";
import { AddressPool } from "../../../daemon/core/pool.ts";

const POOL = new AddressPool([], []);
const ENDED: readonly BindingState[] = ["expired", "released", "reset"];
const SETTLED: readonly BindingState[] = ["free", "backup", "active", "abandoned"];

let book: LeaseBook;
let sequence = 0;

beforeEach(() => {
  book = new LeaseBook(1);
  sequence = 0;
});

/** The next record. */
function record(state: BindingState, more: Partial<LeaseEntry> = {}): LeaseEntry {
  const entry = book.create((0x0a4d0064 + ++sequence) as Ipv4, POOL, -1);
  return Object.assign(entry, { state, sequence, ...more });
}

describe("after a start", () => {
  test.each(SETTLED)("%s is known to the partner up to what was written down", (state) => {
    const entries = [record(state), record(state), record(state)];
    markAgreed(book, 2);
    expect(entries.map(({ isAgreed }) => isAgreed)).toEqual([true, true, false]);
  });

  test("what the partner said itself is known to it", () => {
    const entry = record("active", { fromPartner: true });
    markAgreed(book, 0);
    expect(entry.isAgreed).toBe(true);
  });

  test.each(ENDED)("%s is not, whatever was written down: confirmed it would be free", (state) => {
    const entries = [record(state), record(state, { fromPartner: true })];
    markAgreed(book, 2);
    expect(entries.map(({ isAgreed }) => isAgreed)).toEqual([false, false]);
  });

  test("the end that the partner was told is agreed on, if it is known to have heard it", () => {
    const [known, unknown] = [record("active", { toldUntil: 90 }), record("active")];
    Object.assign(unknown, { toldUntil: 90, agreedUntil: 50 });
    markAgreed(book, 1);
    expect([known.agreedUntil, unknown.agreedUntil]).toEqual([90, 50]);
  });
});

describe("written down as known to the partner", () => {
  test("is all before the first record that it has not acknowledged", () => {
    for (const isAgreed of [true, true, false, true, false]) record("active", { isAgreed });
    expect(agreedThrough(book, 9)).toBe(2);
  });

  test("is everything when it has acknowledged all", () => {
    for (const isAgreed of [true, true]) record("active", { isAgreed });
    expect(agreedThrough(book, 9)).toBe(9);
  });
});

describe("the partner is told that an address may be promised", () => {
  const ends = { toldUntil: 100, agreedUntil: 200 };

  test.each(["active", "expired"] as const)("%s, until all that it was ever told", (state) => {
    expect(potentialUntil(record(state, ends), "isc")).toBe(200);
    expect(potentialUntil(record(state, { ...ends, toldUntil: 300 }), "isc")).toBe(300);
  });

  test.each(["free", "backup", "reset", "abandoned"] as const)(
    "%s, no longer than that says",
    (state) => {
      expect(potentialUntil(record(state, ends), "tandem")).toBe(100);
    },
  );

  test("released, as an active one by a box of ours: the client may have come again there", () => {
    expect(potentialUntil(record("released", ends), "tandem")).toBe(200);
    expect(potentialUntil(record("released", ends), "isc")).toBe(100);
  });
});
