// Which of two configurations was made from the other.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BLANK,
  levelled,
  relationOf,
  successor,
  union,
} from "../../../daemon/core/sync/lineage.ts";
import {
  ANCESTORS_MAX,
  type Generation,
  type Lineage,
} from "../../../daemon/wire/config-message.ts";

const h = (letter: string) => letter.repeat(64);
const at = (generation: number, letter: string): Generation => ({ generation, hash: h(letter) });

function lineage(head: Generation, ...ancestors: Generation[]): Lineage {
  return { ...head, ancestors };
}

describe("the relation", () => {
  const a1 = lineage(at(1, "a"));
  const b2 = lineage(at(2, "b"), at(1, "a"));
  const c2 = lineage(at(2, "c"), at(1, "a"));
  const factory = lineage(at(0, "f"));

  test.each([
    ["the same hash, whatever its number", lineage(at(9, "a")), a1, "same"],
    ["made from the other", b2, a1, "newer"],
    ["the other made from it", a1, b2, "older"],
    ["both made from a third", b2, c2, "diverged"],
    ["made apart from the start", a1, lineage(at(1, "b")), "diverged"],
    ["any against the factory's", a1, factory, "newer"],
    ["the factory's against none", factory, BLANK, "newer"],
    ["none against any", BLANK, a1, "older"],
    ["none on both", BLANK, BLANK, "same"],
    ["two factories: the primary's", factory, lineage(at(0, "e")), "newer"],
    [
      "taken back, against what went on from there",
      lineage(at(3, "a"), at(2, "b"), at(1, "a")),
      lineage(at(3, "c"), at(2, "b"), at(1, "a")),
      "diverged",
    ],
    [
      "taken back, against one that only missed that",
      lineage(at(3, "a"), at(2, "b"), at(1, "a")),
      b2,
      "newer",
    ],
  ] as const)("%s", (_, own, partners, relation) => {
    expect(relationOf(own, partners, true)).toBe(relation);
    const mirrored = {
      newer: "older",
      older: "newer",
      same: "same",
      diverged: "diverged",
    } as const;
    expect(relationOf(partners, own, false)).toBe(mirrored[relation]);
  });
});

const letter = fc.constantFrom(..."abcdefgh");
/** A history of changes from the start. */
const histories = fc
  .array(letter, { minLength: 1, maxLength: 40 })
  .map((letters) =>
    letters.reduce<Lineage>((own, one) => successor(own, h(one), undefined, false), BLANK),
  );

test("a change follows on what it was made from, and so does a choice between two", () => {
  fc.assert(
    fc.property(histories, histories, letter, (own, partners, one) => {
      const next = successor(own, h(one), undefined, false);
      if (next.hash !== own.hash) expect(relationOf(next, own, true)).toBe("newer");
      const both = union(own, partners, own.hash);
      if (both.hash !== partners.hash) expect(relationOf(both, partners, true)).toBe("newer");
      for (const made of [next, both]) {
        expect(made.ancestors.length).toBeLessThanOrEqual(ANCESTORS_MAX);
        const numbers = made.ancestors.map(({ generation }) => generation);
        expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
        expect(Math.max(-1, ...numbers)).toBeLessThan(made.generation);
      }
    }),
  );
});

test("two that are the same become one, whichever box does it", () => {
  fc.assert(
    fc.property(histories, histories, (own, other) => {
      const partners = { ...other, hash: own.hash };
      expect(levelled(own, partners)).toEqual(levelled(partners, own));
    }),
  );
});

test("what both were known to have stays an ancestor, however many changes follow", () => {
  const common = lineage(at(1, "a"));
  let own: Lineage = common;
  for (let n = 0; n < 50; n++) {
    own = successor(own, n.toString(16).padStart(64, "0"), at(1, "a"), false);
  }
  expect(own.ancestors).toHaveLength(ANCESTORS_MAX);
  expect(relationOf(own, common, true)).toBe("newer");
});
