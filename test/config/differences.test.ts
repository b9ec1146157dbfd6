// In what two configurations differ, as a person is shown it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { differencesOf } from "../../daemon/config/differences.ts";
import { saysTheSame } from "../../daemon/core/sync/shared-document.ts";

const HERE = {
  version: 1,
  leaseSeconds: 600,
  networks: [
    {
      name: "lan",
      subnet: "10.0.0.0/24",
      leaseSeconds: 3600,
      pools: [{ from: "10.0.0.10", to: "10.0.0.99" }],
      reservations: [
        { mac: "02:00:00:00:00:01", address: "10.0.0.5" },
        { mac: "02:00:00:00:00:02", address: "10.0.0.6", name: "printer" },
      ],
      dns: ["10.0.0.1"],
    },
    { name: "guest", subnet: "10.1.0.0/24", pools: [] },
  ],
};

function sentences(here: unknown, partner: unknown): string[] {
  return differencesOf(here, partner).shown.map(
    (one) => `${one.path}: ${one.here} here, ${one.partner} on the partner`,
  );
}

test("settings by their path, with both values", () => {
  const [lan, guest] = HERE.networks;
  const partner = {
    version: 1,
    networks: [
      // Entries are known by what names them, wherever they stand.
      { ...guest, subnet: "10.2.0.0/24" },
      {
        ...lan,
        leaseSeconds: 7200,
        pools: [{ from: "10.0.0.10", to: "10.0.0.50" }],
        reservations: [
          { mac: "02:00:00:00:00:02", address: "10.0.0.6", name: "scanner" },
          { mac: "02:00:00:00:00:03", address: "10.0.0.7" },
        ],
        dns: ["10.0.0.1", "10.0.0.2"],
      },
      { name: "voice" },
    ],
  };
  expect(sentences(HERE, partner)).toMatchInlineSnapshot(`
    [
      "leaseSeconds: 600 here, (not set) on the partner",
      "networks[lan].leaseSeconds: 3600 here, 7200 on the partner",
      "networks[lan].pools[10.0.0.10].to: "10.0.0.99" here, "10.0.0.50" on the partner",
      "networks[lan].reservations[02:00:00:00:00:01]: {"mac":"02:00:00:00:00:01","address":"10.0.0.5"} here, (not set) on the partner",
      "networks[lan].reservations[02:00:00:00:00:02].name: "printer" here, "scanner" on the partner",
      "networks[lan].reservations[02:00:00:00:00:03]: (not set) here, {"mac":"02:00:00:00:00:03","address":"10.0.0.7"} on the partner",
      "networks[lan].dns: ["10.0.0.1"] here, ["10.0.0.1","10.0.0.2"] on the partner",
      "networks[guest].subnet: "10.1.0.0/24" here, "10.2.0.0/24" on the partner",
      "networks[voice]: (not set) here, {"name":"voice"} on the partner",
      "order of networks: ["lan","guest"] here, ["guest","lan"] on the partner",
    ]
  `);
});

test("upper and lower case of a MAC name the same entry", () => {
  const network = (mac: string) => ({
    networks: [{ name: "lan", reservations: [{ mac, address: "10.0.0.5" }] }],
  });
  expect(sentences(network("AA:00:00:00:00:01"), network("aa:00:00:00:00:01"))).toEqual([
    'networks[lan].reservations[aa:00:00:00:00:01].mac: "AA:00:00:00:00:01" here, "aa:00:00:00:00:01" on the partner',
  ]);
});

test("entries with the same name are not taken for one", () => {
  const twice = {
    networks: [
      { name: "lan", subnet: "1" },
      { name: "lan", subnet: "2" },
    ],
  };
  const once = { networks: [{ name: "lan", subnet: "1" }] };
  expect(differencesOf(twice, once).shown).toHaveLength(1);
});

test("so many and no more, and how many there are besides", () => {
  const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`s${i}`, i]));
  expect(differencesOf(many, {}, 10)).toMatchObject({ more: 60 });
  expect(differencesOf(many, {}, 10).shown).toHaveLength(10);
});

test("long values are shortened, and no configuration at all is said so", () => {
  const [long] = differencesOf({ domain: "x".repeat(100) }, {}).shown;
  expect(long).toEqual({ path: "domain", here: `"${"x".repeat(56)}...`, partner: "(not set)" });
  expect(differencesOf(null, { version: 1 }).shown).toEqual([
    { path: "(the whole file)", here: "null", partner: '{"version":1}' },
  ]);
});

const network = fc.record(
  {
    name: fc.constantFrom("lan", "guest", "voice"),
    leaseSeconds: fc.nat(2),
    pools: fc.array(fc.record({ from: fc.constantFrom("1", "2", "3"), to: fc.nat(1) }), {
      maxLength: 3,
    }),
    options: fc.dictionary(fc.constantFrom("a", "b"), fc.jsonValue({ maxDepth: 2 })),
  },
  { requiredKeys: ["name"] },
);
const configurations = fc.record({ networks: fc.array(network, { maxLength: 3 }) });

test("there are none exactly when both mean the same", () => {
  fc.assert(
    fc.property(configurations, configurations, (here, partner) => {
      const isNone = differencesOf(here, partner).shown.length === 0;
      expect(isNone).toBe(saysTheSame(here, partner));
      expect(differencesOf(here, structuredClone(here)).shown).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test("an order is a difference of its own", () => {
  const [lan, guest] = [{ name: "lan" }, { name: "guest" }];
  expect(sentences({ networks: [lan, guest] }, { networks: [guest, lan] })).toEqual([
    'order of networks: ["lan","guest"] here, ["guest","lan"] on the partner',
  ]);
});
