// Where the page is open, as addresses come, go, and stand where they should not.

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSubnet, type Subnet } from "../../../daemon/base/address.ts";
import { isOnLans, placesNow, type WebPlan, webNames } from "../../../daemon/core/web/places.ts";

const PLAN: WebPlan = {
  ...{ box: "a", port: 8443, wanInterface: "wan0", virtualAddresses: ["10.77.0.1", "10.78.0.1"] },
  lans: [
    { interfaceName: "lan0", address: "10.77.0.2" },
    { interfaceName: "lan1", address: "10.78.0.2" },
  ],
  subnets: ["10.77.0.0/24", "10.78.0.0/24", "10.90.0.0/16"].map(subnet),
};
const LOOPBACK = ["lo", ["127.0.0.1"]] as const;

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

function places(present: Readonly<Record<string, readonly string[]>>, plan = PLAN): string[] {
  return placesNow(plan, new Map([LOOPBACK, ...Object.entries(present)]));
}

test("its own addresses, and the virtual ones only while it has them", () => {
  const own = { lan0: ["10.77.0.2"], lan1: ["10.78.0.2"], wan0: ["192.0.2.7"] };
  expect(places(own)).toEqual(["10.77.0.2", "10.78.0.2"]);
  expect(places({ ...own, lan0: ["10.77.0.2", "10.77.0.1"] })).toEqual([
    "10.77.0.2",
    "10.78.0.2",
    "10.77.0.1",
  ]);
  // With a MAC of its own the virtual address is on an interface that keepalived makes.
  expect(places({ ...own, "vrrp.51": ["10.78.0.1"] })).toContain("10.78.0.1");
});

test("never anything else that the box has", () => {
  const others = { lan0: ["10.77.0.2", "10.77.0.9"], wan0: ["192.0.2.7"], tun0: ["10.9.0.1"] };
  expect(places(others)).toEqual(["10.77.0.2"]);
  expect(places({})).toEqual([]);
  expect(places({ lan0: ["10.77.0.2"] }, { ...PLAN, port: 0 })).toEqual([]);
});

test("no address of a LAN that is not on its interface, or is towards the provider", () => {
  expect(places({ lan1: ["10.77.0.2"] })).toEqual([]);
  expect(places({ wan0: ["10.77.0.2", "10.77.0.1"] })).toEqual([]);
  expect(places({ lan0: ["10.77.0.2", "10.77.0.1"], wan0: ["10.77.0.1"] })).toEqual(["10.77.0.2"]);
  const both = { lan0: ["10.77.0.2"], wan0: ["10.77.0.2"] };
  expect(places(both)).toEqual([]);
});

test("whatever the box has: only what is planned, each once, nothing of the provider's side", () => {
  const some = fc.uniqueArray(
    fc.constantFrom("10.77.0.1", "10.77.0.2", "10.78.0.1", "10.78.0.2", "192.0.2.7", "0.0.0.0"),
  );
  const any = fc.record({ lan0: some, lan1: some, wan0: some, x0: some });
  fc.assert(
    fc.property(any, (present) => {
      const found = places(present);
      const planned = [...PLAN.lans.map(({ address }) => address), ...PLAN.virtualAddresses];
      expect(found.filter((one) => !planned.includes(one))).toEqual([]);
      expect(present.wan0.filter((one) => found.includes(one))).toEqual([]);
      expect(new Set(found).size).toBe(found.length);
    }),
  );
});

test("devices of the networks may connect, those behind relays too, and nobody else", () => {
  for (const device of ["10.77.0.9", "10.78.0.200", "10.90.3.4"]) {
    expect(isOnLans(PLAN, device)).toBe(true);
  }
  for (const other of ["192.0.2.9", "10.79.0.1", "127.0.0.1", "", "::1", "::ffff:10.77.0.9"]) {
    expect(isOnLans(PLAN, other)).toBe(false);
  }
});

test("the certificate names all of them, whoever has the gateway", () => {
  expect(webNames(PLAN)).toEqual([
    ...["a", "localhost", "127.0.0.1"],
    ...["10.77.0.2", "10.78.0.2", "10.77.0.1", "10.78.0.1"],
  ]);
});
