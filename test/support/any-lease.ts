import fc from "fast-check";
import type { Ipv4 } from "../../daemon/base/address.ts";
import type { PairState, PairStateName } from "../../daemon/core/failover/pair-state.ts";
import { BINDING_STATES, type Lease } from "../../daemon/core/lease.ts";
import { SEQUENCE_MAX, WALL_MAX } from "../../daemon/journal/record-bytes.ts";

const anyTime = fc.oneof(fc.constant(0), fc.nat({ max: WALL_MAX }));

/** Any lease that the journal must be able to keep. */
export const anyLease: fc.Arbitrary<Lease> = fc
  .record({
    address: fc.nat({ max: 0xffffffff }) as fc.Arbitrary<Ipv4>,
    network: text(40),
    state: fc.constantFrom(...BINDING_STATES),
    client: fc.uint8Array({ maxLength: 256 }),
    htype: fc.nat({ max: 255 }),
    chaddr: fc.uint8Array({ maxLength: 16 }),
    hostname: text(63),
    vendorClass: text(64),
    relayAgent: fc.uint8Array({ maxLength: 255 }),
    canForceRenew: fc.boolean(),
    xid: fc.nat({ max: 0xffffffff }),
    startsAt: fc.nat({ max: WALL_MAX }),
    seenAt: fc.nat({ max: WALL_MAX }),
    expiresAt: fc.nat({ max: WALL_MAX }),
    leaseSeconds: fc.nat({ max: 0xffffffff }),
    clockUncertain: fc.boolean(),
    toldUntil: anyTime,
    agreedUntil: anyTime,
    fromPartner: fc.boolean(),
    sequence: fc.nat({ max: SEQUENCE_MAX }),
  })
  .map((lease) => ({
    ...lease,
    xid: lease.canForceRenew ? lease.xid : 0,
    durableExpiresAt: lease.expiresAt,
  }));

export const PAIR_STATES: readonly PairStateName[] = [
  "normal",
  "communications-interrupted",
  "partner-down",
  "potential-conflict",
  "recover",
  "paused",
  "shutdown",
  "recover-done",
  "resolution-interrupted",
  "conflict-done",
  "recover-wait",
];

/** Any state of a pair, alike. */
export const anyPair: fc.Arbitrary<PairState> = fc.record({
  state: fc.constantFrom(...PAIR_STATES),
  since: anyTime,
  partnerState: fc.constantFrom(undefined, ...PAIR_STATES),
  partnerSince: anyTime,
  mcltSeconds: fc.nat({ max: 0xffffffff }),
  agreedThrough: fc.nat({ max: SEQUENCE_MAX }),
  partnerSequence: fc.nat({ max: SEQUENCE_MAX }),
  contactEnd: fc.nat({ max: SEQUENCE_MAX }),
  epoch: fc.nat({ max: 0xffffffff }),
  mustWait: fc.boolean(),
});

/** Text of at most so many bytes of UTF-8. */
function text(bytesMax: number): fc.Arbitrary<string> {
  return fc
    .oneof(fc.string({ maxLength: bytesMax }), fc.string({ unit: "binary", maxLength: bytesMax }))
    .filter((value) => new TextEncoder().encode(value).length <= bytesMax);
}
