import { expect, test } from "vitest";
import { Allowance } from "../../daemon/base/allowance.ts";

test("so many at once, and so many a second from then on, however long nobody asked", () => {
  const allowance = new Allowance(4, 1000);
  const taken = (now: number) => Array.from({ length: 6 }, () => allowance.take(now));
  expect(taken(1000).filter(Boolean)).toHaveLength(4);
  expect(taken(1249).filter(Boolean)).toHaveLength(0);
  expect(taken(1501).filter(Boolean)).toHaveLength(2);
  expect(taken(900_000).filter(Boolean)).toHaveLength(4);
});
