import { expect, test } from "vitest";
import { FOREVER_SECONDS } from "../../daemon/core/config-view.ts";
import { leaseView } from "../../daemon/lease-view.ts";
import { makeLease } from "../support/leases.ts";

const view = (more: Parameters<typeof makeLease>[2]) =>
  leaseView(makeLease(1, 7, more), () => false);

test("a lease for good is said to be one, while it is active", () => {
  const forGood = { leaseSeconds: FOREVER_SECONDS, expiresAt: 1_780_000_000 + FOREVER_SECONDS };
  expect(view(forGood).neverEnds).toBe(true);
  expect(view({ ...forGood, state: "released" }).neverEnds).toBe(false);
  expect(view({}).neverEnds).toBe(false);
});

test("times beyond what a date can say are cut, not refused", () => {
  expect(view({ expiresAt: 2 ** 40 }).expiresAt).toBe("9999-12-31T23:59:59.000Z");
});
