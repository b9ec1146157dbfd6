// What follows from the resolvers of both boxes: every way that either may be.

import { describe, expect, test } from "vitest";
import type { Look } from "../../../daemon/core/gateway/health.ts";
import {
  isMissed,
  NO_RESOLVERS,
  type Resolvers,
  resolverLook,
} from "../../../daemon/core/gateway/resolvers.ts";

const address = "10.77.0.2";
const NONE = undefined;
const GOOD = { isGood: true };
const OWN = { isGood: false };
const COMMON = { isGood: false, isCommon: true };

const HAS_NOT_YET = "10.77.0.2 has not answered yet, and the resolver of the partner does";

/** Legend: this box's, the partner's, what is made of it, with which detail. */
type Row = readonly [
  own: Resolvers["own"],
  partner: Resolvers["partner"],
  look: Partial<Look> | undefined,
  detail: string,
];
const TABLE: readonly Row[] = [
  ["answers", "answers", GOOD, "10.77.0.2 answers, and so does the resolver of the partner"],
  ["answers", "silent", GOOD, "10.77.0.2 answers, and the resolver of the partner does not"],
  ["answers", "never", GOOD, "10.77.0.2 answers"],
  ["answers", undefined, GOOD, "10.77.0.2 answers"],
  ["silent", "answers", OWN, "10.77.0.2 does not answer, and the resolver of the partner does"],
  ["silent", "silent", COMMON, "neither 10.77.0.2 nor the resolver of the partner answers"],
  ["silent", "never", OWN, "10.77.0.2 does not answer"],
  ["silent", undefined, OWN, "10.77.0.2 does not answer"],
  // The partner shows that there is to be one.
  ["never", "answers", OWN, HAS_NOT_YET],
  ["never", "silent", COMMON, "neither 10.77.0.2 nor the resolver of the partner answers"],
  ["never", "never", NONE, ""],
  ["never", undefined, NONE, ""],
  [undefined, "answers", NONE, ""],
  [undefined, "silent", NONE, ""],
  [undefined, "never", NONE, ""],
  [undefined, undefined, NONE, ""],
];

describe("the look", () => {
  test.each<Row>(TABLE)("of %s, with a partner's that %s", (own, partner, look, detail) => {
    const expected = look && { ...look, detail };
    expect(resolverLook({ address, own, partner })).toEqual(expected);
    expect(isMissed({ address, own, partner }, "own"), "what is missed is bad").toBe(
      look !== undefined && look !== GOOD,
    );
  });

  test("the partner's is missed when it has answered, whatever this box's does", () => {
    for (const [own, partner] of TABLE) {
      expect(isMissed({ address, own, partner }, "partner")).toBe(partner === "silent");
    }
  });

  test("nobody is asked: nothing is said", () => {
    expect(resolverLook(NO_RESOLVERS)).toBeUndefined();
  });
});
