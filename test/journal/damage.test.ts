// Exhaustive: a small journal, cut at every byte and with every single bit flipped.

import { describe, expect, test } from "vitest";
import { equalBytes } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { replay } from "../../daemon/journal/replay.ts";
import { below, seeded } from "../support/random.ts";
import { leases, type MadeFile, newest, segment, snapshot } from "./files.ts";

/** A snapshot and three segments; 40 records for 13 addresses, some text in several sizes, in both layouts. */
function journal(): MadeFile[] {
  const all = leases(1, 40, 13).map((lease, index) => ({
    ...lease,
    hostname: "x".repeat((index * 7) % 23),
    client: Uint8Array.from({ length: (index * 5) % 17 }, (_, at) => (at % 3 ? 0xd7 : 0x4a)),
    relayAgent: new Uint8Array(index % 4 === 0 ? index % 11 : 0).fill(0xd7),
    canForceRenew: index % 5 === 0,
    xid: index % 5 === 0 ? 0xd74ad74a : 0,
  }));
  return [
    snapshot(15, [...newest(all.slice(0, 17)).values()]),
    segment(all.slice(15, 25)),
    segment(all.slice(25, 26)),
    segment(all.slice(26), { zeros: 40 }),
  ];
}

/** What recovery must give when exactly these records can still be read. */
function expected(
  files: readonly MadeFile[],
  lost: (file: number, start: number, end: number) => boolean,
) {
  const kept: Lease[] = [];
  files.forEach((file, index) => {
    for (const { lease, start, end } of file.records) {
      if (!lost(index, start, end)) kept.push(lease);
    }
  });
  return newest(kept);
}

function same(got: readonly Lease[], want: Map<number, Lease>): boolean {
  return got.length === want.size && got.every((lease) => equal(lease, want.get(lease.address)));
}

const BYTES: ReadonlySet<keyof Lease> = new Set(["client", "chaddr", "relayAgent"]);

/** Quicker than a deep comparison, which would take most of the time here. */
function equal(a: Lease, b: Lease | undefined): boolean {
  if (!b || !equalBytes(a.client, b.client) || !equalBytes(a.chaddr, b.chaddr)) return false;
  if (!equalBytes(a.relayAgent, b.relayAgent)) return false;
  return (Object.keys(b) as (keyof Lease)[]).every((key) => BYTES.has(key) || a[key] === b[key]);
}

describe("damage", () => {
  test("the undamaged journal", () => {
    const files = journal();
    const recovery = replay(files);
    expect(newest(recovery.leases)).toEqual(expected(files, () => false));
    expect(recovery).toMatchObject({ findings: [], lastSequence: 40, refused: "" });
  });

  test("cut at every byte: every record before the cut is kept, and nothing else appears", {
    timeout: 60_000,
  }, () => {
    const sound = journal();
    for (const [index, file] of sound.entries()) {
      for (let length = 0; length <= file.bytes.length; length++) {
        const files = sound.with(index, { ...file, bytes: file.bytes.subarray(0, length) });
        const recovery = replay(files);
        const want = expected(files, (at, _, end) => at === index && end > length);
        if (!same(recovery.leases, want)) {
          expect.fail(`${file.name} cut at ${length}: ${JSON.stringify(recovery.findings)}`);
        }
        expect(recovery.refused).toBe("");
      }
    }
  });

  test("every single bit flipped: only the record that it is in is lost", {
    timeout: 60_000,
  }, () => {
    const sound = journal();
    let runs = 0;
    for (const [index, file] of sound.entries()) {
      for (let at = 0; at < file.bytes.length; at++) {
        const want = expected(sound, (of, start, end) => of === index && at >= start && at < end);
        for (let bit = 0; bit < 8; bit++) {
          const bytes = file.bytes.slice();
          bytes[at] = (bytes[at] as number) ^ (1 << bit);
          const recovery = replay(sound.with(index, { ...file, bytes }));
          if (!same(recovery.leases, want) || recovery.refused !== "") {
            expect.fail(`${file.name} bit ${bit} of ${at}: ${JSON.stringify(recovery.findings)}`);
          }
          runs++;
        }
      }
    }
    expect(runs).toBeGreaterThan(30_000);
  });

  test("any part overwritten by anything: every record outside of it is kept", {
    timeout: 60_000,
  }, () => {
    const sound = journal();
    const written = new Map<number, Lease>();
    for (const { records } of sound) {
      for (const { lease } of records) written.set(lease.sequence, lease);
    }
    for (let seed = 1; seed <= 1500; seed++) {
      const random = seeded(seed);
      const index = below(random, sound.length);
      const file = sound[index] as MadeFile;
      const from = below(random, file.bytes.length);
      const to = Math.min(file.bytes.length, from + 1 + below(random, 400));
      const bytes = file.bytes.slice();
      const source = below(random, 3);
      for (let at = from; at < to; at++) {
        // Zeros, noise, or bytes from elsewhere in the same file: whole records can be among them.
        const copied = file.bytes[(at + 200) % file.bytes.length] as number;
        bytes[at] = source === 0 ? 0 : source === 1 ? below(random, 256) : copied;
      }
      const recovery = replay(sound.with(index, { ...file, bytes }));
      const written = new Set(
        sound.flatMap((each) => each.records.map(({ lease }) => JSON.stringify(lease))),
      );
      for (const lease of recovery.leases) {
        expect(written.has(JSON.stringify(lease)), `seed ${seed}: invented`).toBe(true);
      }
      const got = newest(recovery.leases);
      const want = expected(sound, (of, start, end) => of === index && end > from && start < to);
      for (const [address, lease] of want) {
        const sequence = got.get(address)?.sequence ?? -1;
        expect(sequence, `seed ${seed}: lost ${address}`).toBeGreaterThanOrEqual(lease.sequence);
      }
      expect(recovery.refused, `seed ${seed}`).toBe("");
    }
  });
});
