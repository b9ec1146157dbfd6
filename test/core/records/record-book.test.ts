// Two boxes keep the same of each record, however often and in whatever order they meet; and no book grows without end.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareRecords } from "../../../daemon/core/records/merge.ts";
import { RecordBook, RecordError } from "../../../daemon/core/records/record-book.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import { RECORD_NUMBER_MAX, type SharedRecord } from "../../../daemon/wire/records-message.ts";
import { anyRecord } from "../../support/any-record.ts";

const many = fc.array(anyRecord, { maxLength: 12 });
const RUNS = { numRuns: 2000 };

function book(...parts: (readonly SharedRecord[])[]): RecordBook {
  const made = new RecordBook();
  for (const part of parts) made.take(part);
  return made;
}

function content({ all }: RecordBook): SharedRecord[] {
  return [...all].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** What two books have together. */
function merged(a: RecordBook, b: RecordBook): RecordBook {
  return book(a.all, b.all);
}

describe("merging", () => {
  test("is commutative", () => {
    fc.assert(
      fc.property(many, many, (a, b) => {
        expect(content(merged(book(a), book(b)))).toEqual(content(merged(book(b), book(a))));
      }),
      RUNS,
    );
  });

  test("is associative", () => {
    fc.assert(
      fc.property(many, many, many, (a, b, c) => {
        const left = merged(merged(book(a), book(b)), book(c));
        const right = merged(book(a), merged(book(b), book(c)));
        expect(content(left)).toEqual(content(right));
      }),
      RUNS,
    );
  });

  test("is idempotent, and says that nothing has changed", () => {
    fc.assert(
      fc.property(many, (a) => {
        const once = book(a);
        const before = content(once);
        const { changed, clashes } = once.take(once.all);
        expect([changed, clashes]).toEqual([[], []]);
        expect(content(once)).toEqual(before);
      }),
      RUNS,
    );
  });

  test("keeps the greatest of each key, by an order in which no two records are the same", () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, anyRecord, (a, b, c) => {
        expect(Math.sign(compareRecords(a, b)) + Math.sign(compareRecords(b, a))).toBe(0);
        if (a.key === b.key && compareRecords(a, b) === 0) expect(a).toEqual(b);
        if (compareRecords(a, b) > 0 && compareRecords(b, c) > 0) {
          expect(compareRecords(a, c)).toBeGreaterThan(0);
        }
      }),
      RUNS,
    );
  });

  test("two boxes that change, part and meet in any order come to the same", () => {
    const step = fc.oneof(
      fc.record({
        box: fc.constantFrom(0, 1),
        key: fc.constantFrom("user:anna", "user:bert", "token:1"),
        value: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
      }),
      fc.constant("meet" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const boxes = [new RecordBook(), new RecordBook()] as const;
        const meet = () => {
          const [a, b] = boxes.map(({ all }) => all);
          boxes[0].take(b ?? []);
          boxes[1].take(a ?? []);
        };
        for (const [at, one] of steps.entries()) {
          if (one === "meet") meet();
          else boxes[one.box as 0 | 1].change(one.key, one.value, `box${one.box}`, at);
        }
        meet();
        expect(content(boxes[0])).toEqual(content(boxes[1]));
      }),
      RUNS,
    );
  });
});

test("a change follows on the one before, also on a deletion", () => {
  const one = new RecordBook();
  expect(one.change("user:anna", "1", "a", 5)).toMatchObject({ number: 1, by: "a", at: 5 });
  expect(one.change("user:anna", undefined, "a", 6)).toMatchObject({ number: 2 });
  expect(one.get("user:anna")).toBeUndefined();
  expect(one.list("user")).toEqual([]);
  expect(one.change("user:anna", "2", "a", 7)).toMatchObject({ number: 3, value: "2" });
  expect(one.list("user").map(({ key }) => key)).toEqual(["user:anna"]);
});

test("what both changed apart is told, on the box that loses its change and on the other one", () => {
  const [a, b] = [new RecordBook(), new RecordBook()];
  a.change("user:anna", "of a", "a", 0);
  b.change("user:anna", "of b", "b", 0);
  const winner = expect.objectContaining({ value: "of b" });
  const before = a.all;
  expect(a.take(b.all).clashes).toEqual([winner]);
  expect(b.take(before)).toMatchObject({ changed: [], clashes: [winner] });
});

describe("bounds", () => {
  test("one more than there may be is refused, and nothing has changed", () => {
    const one = new RecordBook();
    for (let i = 0; i < LIMITS.usersMax; i++) one.change(`user:${i}`, "{}", "a", 0);
    expect(() => one.change("user:more", "{}", "a", 0)).toThrow("there can be 64 of these at most");
    expect(one.get("user:more")).toBeUndefined();
    one.change("user:0", "changed", "a", 0);
    one.change("user:1", undefined, "a", 0);
    one.change("user:more", "{}", "a", 0);
    expect(one.list("user")).toHaveLength(LIMITS.usersMax);
  });

  test("a partner that was apart fills it up, and one that means harm goes no further", () => {
    const one = new RecordBook();
    const records = Array.from({ length: 1000 }, (_, i) => record(`user:${i}`, "{}"));
    expect(one.take(records)).toMatchObject({ surplus: 1000 - 2 * LIMITS.usersMax });
    expect(one.list("user")).toHaveLength(2 * LIMITS.usersMax);
    // It is still told of those that are there.
    expect(one.take([{ ...record("user:1", "new"), number: 2 }]).changed).toHaveLength(1);
  });

  test("the oldest deletions are forgotten, of each kind by itself", () => {
    const one = new RecordBook();
    one.take([{ ...record("token:old", undefined), at: 0 }]);
    const most = LIMITS.deletedRecordsMax;
    const deleted = Array.from({ length: most + 5 }, (_, i) => ({
      ...record(`device:${i}`, undefined),
      at: i,
    }));
    expect(one.take(deleted).changed).toHaveLength(most);
    const keys = one.all.map(({ key }) => key);
    expect(keys).toHaveLength(most + 1);
    expect(keys).toContain("token:old");
    expect(keys).not.toContain("device:4");
    expect(keys).toContain("device:5");
    // And when they are told again, nothing is new: else both boxes would write without end.
    expect(one.take(deleted).changed).toEqual([]);
  });

  test("what a kind cannot hold, or this version does not know", () => {
    const one = new RecordBook();
    const [name, note] = [LIMITS.deviceNameCharactersMax, LIMITS.noteCharactersMax];
    const longest = JSON.stringify({ name: "漢".repeat(name), note: "漢".repeat(note) });
    one.change("device:0", longest, "a", 0);
    const long = "x".repeat(LIMITS.deviceRecordBytesMax + 1);
    expect(() => one.change("device:1", long, "a", 0)).toThrow(/1025 bytes/);
    expect(one.take([record("device:1", long)])).toMatchObject({ surplus: 1, changed: [] });
    expect(() => one.change("tunnel:1", "{}", "a", 0)).toThrow(RecordError);
    expect(one.take([record("tunnel:1", "{}")])).toMatchObject({ unknown: 1, changed: [] });
    expect(() => one.change("user:a b", "{}", "a", 0)).toThrow("its key is none");
  });

  test("one that was changed as often as can be counted", () => {
    const one = new RecordBook();
    one.take([{ ...record("user:anna", "{}"), number: RECORD_NUMBER_MAX }]);
    expect(() => one.change("user:anna", "2", "a", 0)).toThrow("it was changed too often");
    expect(one.get("user:anna")).toBe("{}");
  });
});

function record(key: string, value: string | undefined): SharedRecord {
  return { key, value, number: 1, by: "a", at: 0 };
}
