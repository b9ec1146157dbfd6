// Pages of the lease list against the plain way to make them: all of it in order, then cut.

import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LEASE_SORTS } from "../../daemon/http/box-view.ts";
import { leaseView, selectLeases } from "../../daemon/lease-view.ts";
import { makeLease } from "../support/leases.ts";

const anyLease = fc
  .record({
    address: fc.nat({ max: 60 }),
    hostname: fc.constantFrom("", "phone", "printer", "aa"),
    vendorClass: fc.constantFrom("", "MSFT 5.0", "Android"),
    state: fc.constantFrom("active", "expired", "free"),
    seenAt: fc.nat({ max: 5 }),
    expiresAt: fc.nat({ max: 5 }),
  })
  .map(({ address, ...more }) => makeLease(1, address, more));
const leasesOf = fc.uniqueArray(anyLease, { selector: ({ address }) => address, maxLength: 60 });

const anyQuery = fc.record(
  {
    offset: fc.nat({ max: 70 }),
    limit: fc.integer({ min: 1, max: 70 }),
    sort: fc.constantFrom(...LEASE_SORTS),
    descending: fc.boolean(),
    state: fc.constantFrom("active", "expired"),
    search: fc.constantFrom("ph", "10.77.0.1", "02-00", "5e0", "msft", "zz", "a", "1"),
  },
  { requiredKeys: ["offset", "limit"] },
);

function textsOf(lease: Lease): string[] {
  const { hostname, vendorClass, client } = lease;
  const id = client[0] === 1 ? [hex(client.subarray(1))] : [];
  const addresses = [formatIpv4(lease.address), formatMac(lease.chaddr)];
  return [hostname, vendorClass.toLowerCase(), ...addresses, ...id];
}

test("any page is what the whole list in order has there", () => {
  fc.assert(
    fc.property(leasesOf, anyQuery, (leases, query) => {
      const wanted = query.search ?? "";
      const found = leases.filter(
        (lease) =>
          (query.state === undefined || lease.state === query.state) &&
          textsOf(lease).some(
            (text) => text.includes(wanted) || text.includes(wanted.replaceAll("-", ":")),
          ),
      );
      const all = selectLeases(
        found,
        { ...query, offset: 0, limit: 1000, search: "" },
        () => false,
      );
      const sorted = found.toSorted((a, b) => compare(a, b, query));
      expect(all.leases).toEqual(sorted.map((lease) => leaseView(lease, () => false)));
      expect(selectLeases(leases, query, () => false)).toEqual({
        ...{ total: found.length, offset: query.offset },
        leases: all.leases.slice(query.offset, query.offset + query.limit),
      });
    }),
  );
});

function compare(
  a: Lease,
  b: Lease,
  { sort = "address", descending = false }: { sort?: string; descending?: boolean },
): number {
  const key = (lease: Lease): string | number =>
    sort === "mac"
      ? formatMac(lease.chaddr)
      : ((lease as unknown as Record<string, number>)[sort] ?? 0);
  const [one, other] = [key(a), key(b)];
  const order = one < other ? -1 : one > other ? 1 : 0;
  return (descending ? -order : order) || a.address - b.address;
}
