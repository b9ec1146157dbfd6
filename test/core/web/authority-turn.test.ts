// Who makes the authority: never both, where that can be avoided, and somebody in the end.

import { expect, test } from "vitest";
import { AuthorityTurn } from "../../../daemon/core/web/authority-turn.ts";
import { LIMITS } from "../../../daemon/limits.ts";

const { authorityHeardMilliseconds: HEARD, authorityAloneMilliseconds: ALONE } = LIMITS;

test("a box without a partner makes it at once", () => {
  expect(new AuthorityTurn(1000).mayMake(false, 1000)).toBe(true);
});

test("of two new boxes the primary makes it, when it has had time to hear that there is none", () => {
  const [one, two] = [new AuthorityTurn(0), new AuthorityTurn(0)];
  expect([one.mayMake(true, 0), two.mayMake(true, 0)]).toEqual([false, false]);
  one.opened(true, 1000);
  two.opened(false, 1000);
  expect(one.mayMake(true, 1000 + HEARD - 1)).toBe(false);
  expect(one.mayMake(true, 1000 + HEARD)).toBe(true);
  expect(two.mayMake(true, 1000 + HEARD)).toBe(false);
  // A primary of an older version makes none.
  expect(two.mayMake(true, 1000 + ALONE)).toBe(true);
});

test("a box whose partner does not come makes it after a while", () => {
  const turn = new AuthorityTurn(0);
  expect(turn.mayMake(true, ALONE - 1)).toBe(false);
  expect(turn.mayMake(true, ALONE)).toBe(true);
});

test("a box that took everything from another one waits for that one's, whatever it was before", () => {
  const turn = new AuthorityTurn(0);
  turn.joined(10 * ALONE);
  expect(turn.mayMake(false, 10 * ALONE)).toBe(false);
  expect(turn.mayMake(true, 11 * ALONE - 1)).toBe(false);
  expect(turn.mayMake(true, 11 * ALONE)).toBe(true);
});

test("a connection that was lost before enough was said does not count", () => {
  const turn = new AuthorityTurn(0);
  turn.opened(true, 10);
  turn.closed();
  expect(turn.mayMake(true, 10 + HEARD)).toBe(false);
  expect(turn.mayMake(true, ALONE)).toBe(true);
  turn.opened(true, ALONE);
  expect(turn.mayMake(true, ALONE)).toBe(false);
});
