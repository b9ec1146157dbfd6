// What holds for the consequences of any two valid configurations, and how long they take.

import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv4, type Ipv4 } from "../../daemon/base/address.ts";
import {
  consequencesOfInputs,
  type Files,
  type LeaseFacts,
  NO_CONSEQUENCES,
} from "../../daemon/config/consequences.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import { configurations } from "../export/configurations.ts";
import {
  BOARD,
  change,
  filesOf,
  LAN,
  leaseOf,
  NOW_SECONDS,
  PARTNER,
} from "./consequence-scenes.ts";

const DOC = readFileSync(
  path.resolve(import.meta.dirname, "../../daemon/CONFIGURATION.md"),
  "utf8",
);
const STANDBY = { version: 1, name: "A", role: "standby", networks: {} };

/** Every recipe of the documentation with a box that goes with it, and drafts of the importers. */
function known(): Files[] {
  const blocks = [...DOC.matchAll(/<!-- (recipe|box): ([a-z-]+) -->\n```json\n([\s\S]*?)\n```/g)];
  const boxes = blocks.filter(([, kind]) => kind === "box").map(([, , , text]) => text ?? "");
  const recipes = blocks.filter(([, kind]) => kind === "recipe").map(([, , , text]) => text ?? "");
  const files = recipes.flatMap((recipe) => boxes.flatMap((box) => valid(recipe, box)));
  const drafts = configurations().map(([, shared]) => JSON.stringify(shared));
  return [...files, ...drafts.flatMap((draft) => valid(draft, JSON.stringify(STANDBY)))];
}

function valid(shared: string, box: string): Files[] {
  const loaded = loadConfig(JSON.parse(shared), JSON.parse(box));
  return "config" in loaded ? [loaded.config] : [];
}

const FILES = known();
const GATEWAYS = [
  {},
  { virtualMac: true },
  { wan: { address: "203.0.113.2/29", router: "203.0.113.1" } },
];

/** One of them with one value replaced or taken away, or as it is where that makes it invalid. */
const anyFiles: fc.Arbitrary<Files> = fc
  .tuple(
    fc.constantFrom(...FILES),
    fc.option(fc.constantFrom(...GATEWAYS), { nil: undefined }),
    fc.boolean(),
    fc.nat(),
    fc.constantFrom<unknown>(
      undefined,
      60,
      3600,
      "infinite",
      "10.77.0.9",
      "10.77.0.0/24",
      true,
      [],
      "other",
    ),
  )
  .map(([files, gateway, isPaired, at, value]) => {
    const shared = structuredClone({ ...files.shared, ...(gateway ? { gateway } : {}) });
    const box = isPaired ? { ...files.box, role: "serving" as const, pair: PARTNER } : files.box;
    const withPair = isPaired ? { ...shared, pair: { name: "any" } } : shared;
    const changed = replaced(withPair, at, value);
    return [
      ...valid(JSON.stringify(changed), JSON.stringify(box)),
      ...valid(JSON.stringify(withPair), JSON.stringify(box)),
    ].concat(files)[0] as Files;
  });

/** The value in place number `at`, counted through the whole document. */
function replaced(shared: unknown, at: number, value: unknown): unknown {
  const places: (() => void)[] = [];
  const walk = (one: unknown): void => {
    if (typeof one !== "object" || one === null) return;
    const settings = one as Record<string, unknown>;
    for (const key of Object.keys(settings)) {
      places.push(() => {
        if (value === undefined && !Array.isArray(one)) delete settings[key];
        else settings[key] = value;
      });
      walk(settings[key]);
    }
  };
  walk(shared);
  places[at % places.length]?.();
  return shared;
}

const anyLease: fc.Arbitrary<LeaseFacts> = fc.record({
  address: fc
    .tuple(fc.constantFrom(10 * 2 ** 24 + 77 * 65_536, 10 * 2 ** 24 + 78 * 65_536), fc.nat(1023))
    .map(([base, host]) => (base + host) as Ipv4),
  network: fc.constantFrom("office", "guest", ""),
  client: fc.uint8Array({ maxLength: 20 }),
  chaddr: fc.uint8Array({ maxLength: 16 }),
  hostname: fc.constantFrom("", "scale", "till"),
  vendorClass: fc.constantFrom("", "cam-1", "AcmePhone", "x".repeat(64)),
  expiresAt: fc.nat(0xffffffff),
  leaseSeconds: fc.constantFrom(0, 600, 0xffffffff),
  state: fc.constantFrom("active", "expired", "abandoned", "free"),
});
const anyLeases = fc.array(anyLease, { maxLength: 20 });

test("there is something to choose from", () => {
  expect(FILES.length).toBeGreaterThan(15);
});

test("the same configuration again has no consequences", () => {
  fc.assert(
    fc.property(anyFiles, anyLeases, (files, leases) => {
      const again = { shared: structuredClone(files.shared), box: structuredClone(files.box) };
      const { list, touched } = change(files, again, leases);
      expect(list).toEqual([]);
      expect(touched).toEqual({ networks: [], gateway: false, pair: false, page: false });
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("of any two there are whole sentences, without an error, and nothing touched without a change", () => {
  let told = 0;
  fc.assert(
    fc.property(anyFiles, anyFiles, anyLeases, (before, after, leases) => {
      const { list, touched } = change(before, after, leases);
      for (const { sentence, path: place } of list) {
        told++;
        expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
        expect(sentence).not.toMatch(/undefined|NaN|\[object|`| {2}/);
        expect(place).not.toBe("");
      }
      const isTouched = touched.gateway || touched.pair || touched.page;
      if (list.length > 0) expect(isTouched || touched.networks.length > 0).toBe(true);
    }),
    { seed: 2, numRuns: 1000 },
  );
  expect(told).toBeGreaterThan(1000);
});

test("20,000 leases take some ten milliseconds", () => {
  const leases = Array.from({ length: 20_000 }, (_, index) => {
    const address = formatIpv4((10 * 2 ** 24 + 256 + index) as Ipv4);
    return leaseOf(address, `device-${index}`, { network: "big", vendorClass: "MSFT 5.0" });
  });
  const reservations = Array.from({ length: 2000 }, (_, index) => ({
    mac: `02:00:00:00:${(index >> 8).toString(16).padStart(2, "0")}:${(index & 255).toString(16).padStart(2, "0")}`,
    address: formatIpv4((10 * 2 ** 24 + 256 + 15_000 + index) as Ipv4),
  }));
  const big = (to: string, more: object) => ({
    name: "big",
    subnet: "10.0.0.0/17",
    pools: [{ from: "10.0.1.0", to }],
    reservations,
    ...more,
  });
  const before = filesOf({ networks: [LAN, big("10.0.120.0", {})] });
  const classes = [{ name: "cams", match: { vendorClass: "cam-*" }, deny: true }];
  const fresh = [...reservations, { hostname: "device-9", address: "10.0.121.9" }];
  const after = filesOf({
    classes,
    networks: [
      LAN,
      big("10.0.60.0", { reservations: fresh, deny: ["00:00:5e:00:00:07"], dns: ["10.0.0.5"] }),
    ],
  });
  const times = Array.from({ length: 7 }, () => {
    const began = performance.now();
    expect(change(before, after, leases).list.length).toBeGreaterThan(4);
    return performance.now() - began;
  });
  // Some 20 on a machine that has nothing else to do; other people's work is not to fail it.
  expect(Math.min(...times)).toBeLessThan(150);
});

test("of what is no configuration nothing follows", () => {
  const good = { shared: filesOf({}).shared, box: filesOf({}).box };
  const facts = { board: BOARD, leases: [], nowSeconds: NOW_SECONDS };
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (shared, box) => {
      expect(consequencesOfInputs({ shared, box }, good, facts)).toBe(NO_CONSEQUENCES);
      expect(consequencesOfInputs(good, { shared, box }, facts)).toBe(NO_CONSEQUENCES);
    }),
    { seed: 4 },
  );
  const shorter = { ...good, shared: filesOf({ leaseSeconds: 600 }).shared };
  expect(consequencesOfInputs(good, shorter, facts).list).toHaveLength(2);
});
