import fc from "fast-check";
import type { Ipv4 } from "../../daemon/base/address.ts";
import { BINDING_STATES, type Lease } from "../../daemon/core/lease.ts";
import { WALL_MAX } from "../../daemon/journal/record.ts";

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
    sequence: fc.nat({ max: 2 ** 48 - 1 }),
  })
  .map((lease) => ({
    ...lease,
    xid: lease.canForceRenew ? lease.xid : 0,
    durableExpiresAt: lease.expiresAt,
  }));

/** Text of at most so many bytes of UTF-8. */
function text(bytesMax: number): fc.Arbitrary<string> {
  return fc
    .oneof(fc.string({ maxLength: bytesMax }), fc.string({ unit: "binary", maxLength: bytesMax }))
    .filter((value) => new TextEncoder().encode(value).length <= bytesMax);
}
