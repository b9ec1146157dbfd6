// Any configuration over the API: a good one can follow any other good one, a bad one is refused with all that is
// wrong with it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigPartner } from "../../daemon/config-partner.ts";
import { Configuration } from "../../daemon/configuration.ts";
import { documentOf } from "../../daemon/core/sync/shared-document.ts";
import { BoxFolders, sharedConfig } from "./box-folders.ts";

const RUNS = Number(process.env.RUNS ?? 25);
/** Each run writes real files a dozen times. */
const TIME = 10_000 + 500 * RUNS;

const mac = fc
  .nat(0xffff)
  .map((n) => `02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${hexByte(n)}`);
const reservations = fc
  .uniqueArray(fc.integer({ min: 10, max: 90 }), { maxLength: 4 })
  .chain((hosts) =>
    fc
      .uniqueArray(mac, { minLength: hosts.length, maxLength: hosts.length })
      .map((macs) => hosts.map((host, i) => ({ mac: macs[i], address: `10.77.0.${host}` }))),
  );
const more = fc.record(
  {
    ...{
      reservations,
      gateway: fc.constant("10.77.0.1"),
      authoritative: fc.boolean(),
    },
    dns: fc.array(fc.constantFrom("10.77.0.1", "9.9.9.9"), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const good = fc
  .tuple(fc.integer({ min: 300, max: 86_400 }), more)
  .map(([seconds, others]) => sharedConfig(seconds, others));

/** Where each is wrong, and how. */
const FAULTS: Readonly<Record<string, (shared: Any, lan: Any) => void>> = {
  "networks[0].mtu": (_, lan) => Object.assign(lan, { mtu: 3 }),
  "networks[0].leaseSeconds": (_, lan) => Object.assign(lan, { leaseSeconds: "long" }),
  "networks[0].subnet": (_, lan) => Object.assign(lan, { subnet: "10.77.0.0/33" }),
  "networks[0].gateway": (_, lan) => Object.assign(lan, { gateway: "here" }),
  colour: (shared) => Object.assign(shared, { colour: "red" }),
  version: (shared) => Object.assign(shared, { version: 9 }),
};
type Any = Record<string, unknown>;

function hexByte(n: number): string {
  return (n & 0xff).toString(16).padStart(2, "0");
}

async function withBox(use: (partner: ConfigPartner, folders: BoxFolders) => Promise<void>) {
  const folders = new BoxFolders(2);
  const partner = new ConfigPartner(new Configuration(folders.config, folders.state), {
    ...{ now: () => ({ monotonic: 0, wall: 0 }), send: () => {}, close: () => {} },
    ...{ changed: () => {}, say: () => {}, condition: () => {} },
  });
  try {
    folders.edit(sharedConfig(600));
    await partner.load();
    await use(partner, folders);
  } finally {
    folders.remove();
  }
}

function apply(partner: ConfigPartner, value: unknown) {
  const expectedHash = partner.inForce()?.hash ?? "";
  const by = { by: "eva", from: "command line", note: "" };
  return partner.apply(documentOf(value), { ...by, expectedHash, trialSeconds: 0 });
}

test(
  "any two good ones can be put into force in either order, and are in the files as they came",
  async () => {
    await fc.assert(
      fc.asyncProperty(good, good, (one, other) =>
        withBox(async (partner, folders) => {
          for (const value of [one, other, one]) {
            expect(await apply(partner, value)).toMatchObject({ kind: "applied" });
            expect(folders.shared()).toEqual(value);
            const { result } = await new Configuration(folders.config, folders.state).load();
            expect([result.source, result.issues]).toEqual(["files", []]);
          }
        }),
      ),
      { numRuns: RUNS },
    );
  },
  TIME,
);

test(
  "a bad one is refused whole, with everything that is wrong with it",
  async () => {
    const faults = fc.subarray(Object.keys(FAULTS), { minLength: 1 });
    await withBox(async (partner, folders) => {
      await fc.assert(
        fc.asyncProperty(good, faults, async (base, chosen) => {
          const before = [partner.inForce(), folders.shared()];
          const bad = structuredClone(base) as { networks: Any[] } & Any;
          for (const path of chosen) FAULTS[path]?.(bad, bad.networks[0] as Any);
          const applied = await apply(partner, bad);
          expect(applied.kind).toBe("invalid");
          const issues = applied.kind === "invalid" ? applied.issues : [];
          expect(issues.map(({ path }) => path).sort()).toEqual([...chosen].sort());
          expect([partner.inForce(), folders.shared()]).toEqual(before);
        }),
        { numRuns: RUNS },
      );
    });
  },
  TIME,
);
