import type { Lease } from "../../daemon/core/lease.ts";
import { makeLease } from "../support/leases.ts";

/** The lease that the writer of kill.test.ts appends under this sequence: 500 addresses take turns. */
export function leaseOf(sequence: number): Lease {
  return makeLease(sequence, (sequence * 7919) % 500);
}

export function addressOf(sequence: number): number {
  return leaseOf(sequence).address;
}
