// Records for the rules about binding updates.

import fc from "fast-check";
import type { Binding } from "../../../daemon/core/failover/binding-rules.ts";
import { BINDING_STATUS, type BindingStatus } from "../../../daemon/wire/failover/numbers.ts";

export const STATUSES = Object.keys(BINDING_STATUS) as BindingStatus[];

/** The moment around which all records of these tests lie. */
export const NOW = 100_000;

/** A record that is half an hour old and ends in half an hour, of one client unless abandoned. */
export function binding(status: BindingStatus, changes: Partial<Binding> = {}): Binding {
  return {
    status,
    client: status === "abandoned" ? "" : "client",
    lastTransactionAt: NOW - 1800,
    startsAt: NOW - 1800,
    endsAt: NOW + 1800,
    potentialUntil: NOW + 2700,
    ...changes,
  };
}

/** Close together, so that ties and the slack of the clocks come up. */
const moment = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: NOW - 200, max: NOW + 200 }) },
  { weight: 1, arbitrary: fc.constant(0xffffffff) },
  { weight: 1, arbitrary: fc.constant(NOW + 0xffffffff) },
);

/** What a box may have and send: leases have a client, abandoned addresses have none. */
export const anyBinding: fc.Arbitrary<Binding> = fc
  .record({
    status: fc.constantFrom(...STATUSES),
    client: fc.constantFrom("one", "two"),
    lastTransactionAt: fc.oneof(fc.constant(0), fc.integer({ min: NOW - 200, max: NOW + 200 })),
    startsAt: fc.oneof(fc.constant(0), fc.integer({ min: NOW - 200, max: NOW + 200 })),
    endsAt: moment,
    potentialUntil: moment,
  })
  .map((one) => (one.status === "abandoned" ? { ...one, client: "" } : one));
