// What each box writes: names, addresses, parts.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpv4, ipv4 } from "../../../daemon/base/address.ts";
import {
  documentsAlone,
  otherName,
  takersDocuments,
} from "../../../daemon/core/introduction/documents.ts";
import { ownAddress } from "../../../daemon/core/introduction/free-address.ts";
import { problemIn } from "../../../daemon/document-files.ts";
import type { Offer } from "../../../daemon/wire/introduction-message.ts";
import {
  FACTORY,
  FACTORY_BOX,
  identityNumber,
  OFFICE,
  OFFICE_BOX,
} from "../../support/two-introductions.ts";

const [NETWORK] = OFFICE.networks;
const FACTORY_DOCUMENTS = { shared: FACTORY, box: FACTORY_BOX };

test.each([
  ["A", "secondary", "B"],
  ["B", "primary", "A"],
  ["A", "primary", "B"],
  ["box-a", "secondary", "box-b"],
  ["box_C", "primary", "box_B"],
  ["Z", "secondary", "Z-2"],
  ["office", "secondary", "office-2"],
  ["office-2", "primary", "office"],
  ["office-2", "secondary", "office-2-2"],
  ["x".repeat(32), "secondary", `${"x".repeat(30)}-2`],
] as const)("beside %s the %s is %s", (name, role, other) => {
  expect(otherName(name, role)).toBe(other);
});

describe("the address of the second box", () => {
  function chosen(changes: object, partner = "192.168.1.2", wished: string[] = []): string {
    const at = ipv4(partner);
    const address = ownAddress({ ...NETWORK, ...changes }, at, [at], wished.map(ipv4));
    return address === undefined ? "none" : formatIpv4(address);
  }

  test.each([
    ["the next one", {}, "192.168.1.3"],
    ["not a reserved one", { reservations: [{ address: "192.168.1.3" }] }, "192.168.1.4"],
    ["not the gateway", { gateway: "192.168.1.3" }, "192.168.1.5"],
    ["not a name server", { dns: ["192.168.1.3"] }, "192.168.1.5"],
    ["behind a pool", { pools: [{ from: "192.168.1.3", to: "192.168.1.99" }] }, "192.168.1.100"],
    [
      "behind pools that touch",
      {
        pools: [
          { from: "192.168.1.50", to: "192.168.1.99" },
          { from: "192.168.1.3", to: "192.168.1.49" },
        ],
      },
      "192.168.1.100",
    ],
    [
      "from the start when there is none behind",
      { pools: [{ from: "192.168.1.3", to: "192.168.1.254" }], gateway: undefined },
      "192.168.1.1",
    ],
    ["none", { pools: [{ from: "192.168.1.3", to: "192.168.1.254" }] }, "none"],
    ["none of a network that is none", { subnet: "office" }, "none"],
    ["of two", { subnet: "192.168.1.2/31", gateway: undefined, pools: [] }, "192.168.1.3"],
  ])("%s", (_, changes, address) => expect(chosen(changes)).toBe(address));

  test("its own one where that can be", () => {
    expect(chosen({}, "192.168.1.2", ["10.0.0.1", "192.168.1.77"])).toBe("192.168.1.77");
    for (const taken of [
      "192.168.1.2",
      "192.168.1.1",
      "192.168.1.4",
      "192.168.1.150",
      "192.168.1.255",
    ]) {
      expect(chosen({}, "192.168.1.2", [taken])).toBe("192.168.1.3");
    }
  });

  test("is never one that is taken, whatever the network is", () => {
    const host = fc.integer({ min: 0, max: 31 });
    const text = (n: number) => `10.0.0.${n}`;
    const network = fc.record({
      gateway: host.map(text),
      reservations: fc.array(
        host.map((n) => ({ address: text(n) })),
        { maxLength: 12 },
      ),
      pools: fc.array(
        fc.tuple(host, host).map(([a, b]) => ({
          from: text(Math.min(a, b)),
          to: text(Math.max(a, b)),
        })),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(network, host, fc.array(host, { maxLength: 3 }), (one, partner, wished) => {
        const at = ipv4(text(partner));
        const found = ownAddress(
          { ...one, subnet: "10.0.0.0/27" },
          ...([at, [at], wished.map((n) => ipv4(text(n)))] as const),
        );
        const isFree = (n: number) =>
          n !== 0 &&
          n !== 31 &&
          n !== partner &&
          text(n) !== one.gateway &&
          !one.reservations.some(({ address }) => address === text(n)) &&
          !one.pools.some(
            ({ from, to }) => ipv4(from) <= ipv4(text(n)) && ipv4(text(n)) <= ipv4(to),
          );
        const free = Array.from({ length: 32 }, (_, n) => n).filter(isFree);
        if (found === undefined) expect(free).toEqual([]);
        else expect(free).toContain(found & 31);
      }),
    );
  });
});

describe("the box that takes", () => {
  const offer: Offer = {
    ...{ kind: "offer", role: "secondary", name: "A", shared: OFFICE },
    networks: OFFICE_BOX.networks,
  };

  test("gets the interfaces of the other, and keeps what is its own", () => {
    const own = { shared: FACTORY, box: { ...FACTORY_BOX, http: { port: 8081 } } };
    const result = takersDocuments(own, offer, identityNumber(1), false);
    expect(result).toMatchObject({ documents: { box: { name: "B", http: { port: 8081 } } } });
    if ("documents" in result) expect(problemIn(result.documents)).toBeUndefined();
  });

  test("keeps a name that somebody has given it, unless the other has the same", () => {
    const named = (name: string) => ({ shared: OFFICE, box: { ...FACTORY_BOX, name } });
    const nameOf = (name: string) => takersDocuments(named(name), offer, identityNumber(1), true);
    expect(nameOf("cellar")).toMatchObject({ documents: { box: { name: "cellar" } } });
    expect(nameOf("A")).toMatchObject({ documents: { box: { name: "B" } } });
  });

  test("whatever the other one offers, it is documents or a network without an address", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, json, json, (shared, networks, box) => {
        const own = { ...FACTORY_DOCUMENTS, box };
        const result = takersDocuments(
          own,
          { ...offer, shared, networks },
          identityNumber(1),
          true,
        );
        expect("documents" in result || "noAddressOn" in result).toBe(true);
      }),
    );
  });
});

test("a box that is alone again has no word of a pair, and all else", () => {
  const shared = { ...OFFICE, pair: { name: "house" } };
  const box = { ...OFFICE_BOX, pair: { role: "primary", partnerIdentity: "00" } };
  expect(documentsAlone({ shared, box }, "serving")).toEqual({ shared: OFFICE, box: OFFICE_BOX });
  expect(documentsAlone({ shared: OFFICE, box }, "standby")).toEqual({
    shared: undefined,
    box: { ...OFFICE_BOX, role: "standby" },
  });
});
