// Exhaustive: a small journal, cut at every byte and with every single bit flipped.

import { describe, expect, test } from "vitest";
import { equalBytes } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import type { StoredPair } from "../../daemon/journal/pair-record.ts";
import { type Recovery, replay } from "../../daemon/journal/replay.ts";
import { below, seeded } from "../support/random.ts";
import {
  type Entry,
  isPair,
  leases,
  type MadeFile,
  newest,
  pair,
  segment,
  snapshot,
} from "./files.ts";

/** Where the state of the pair changes; the first is only in the snapshot. */
const PAIR_AT = [12, 20, 33];

/**
 * A snapshot and three segments; 40 records for 13 addresses and the pair, some text in several
 * sizes, in all layouts.
 */
function journal(): MadeFile[] {
  const made = leases(1, 40, 13).map((lease, index) => ({
    ...lease,
    hostname: "x".repeat((index * 7) % 23),
    client: Uint8Array.from({ length: (index * 5) % 17 }, (_, at) => (at % 3 ? 0xd7 : 0x4a)),
    relayAgent: new Uint8Array(index % 4 === 0 ? index % 11 : 0).fill(0xd7),
    canForceRenew: index % 5 === 0,
    xid: index % 5 === 0 ? 0xd74ad74a : 0,
    toldUntil: index % 3 === 0 ? 0xd7_4a00_0000 + index : 0,
    agreedUntil: index % 6 === 0 ? 1_780_000_000 + index : 0,
    fromPartner: index % 7 === 0,
  }));
  const all: Entry[] = made.map((lease) =>
    PAIR_AT.includes(lease.sequence) ? pair(lease.sequence) : lease,
  );
  const early = made.slice(0, 17).filter(({ sequence }) => !PAIR_AT.includes(sequence));
  return [
    snapshot(15, [pair(12), ...newest(early).values()]),
    segment(all.slice(15, 25)),
    segment(all.slice(25, 26)),
    segment(all.slice(26), { zeros: 40 }),
  ];
}

interface Expected {
  readonly leases: Map<number, Lease>;
  readonly pair: StoredPair | undefined;
}

/** What recovery must give when exactly these records can still be read. */
function expected(
  files: readonly MadeFile[],
  lost: (file: number, start: number, end: number) => boolean,
): Expected {
  const kept: Lease[] = [];
  let pair: StoredPair | undefined;
  files.forEach((file, index) => {
    for (const { entry, start, end } of file.records) {
      if (lost(index, start, end)) continue;
      if (!isPair(entry)) kept.push(entry);
      else if (entry.sequence > (pair?.sequence ?? 0)) pair = entry;
    }
  });
  return { leases: newest(kept), pair };
}

function same(got: Recovery, want: Expected): boolean {
  if (JSON.stringify(got.pair) !== JSON.stringify(want.pair)) return false;
  const { leases } = got;
  if (leases.length !== want.leases.size) return false;
  return leases.every((lease) => equal(lease, want.leases.get(lease.address)));
}

/** The same text for the same content. */
function text(entry: Entry): string {
  return JSON.stringify(entry);
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
    const { leases, pair } = expected(files, () => false);
    expect(newest(recovery.leases)).toEqual(leases);
    expect(recovery.pair).toEqual(pair);
    expect(pair?.sequence).toBe(33);
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
        if (!same(recovery, want)) {
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
          if (!same(recovery, want) || recovery.refused !== "") {
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
        sound.flatMap((each) => each.records.map(({ entry }) => text(entry))),
      );
      for (const lease of recovery.leases) {
        expect(written.has(text(lease)), `seed ${seed}: invented`).toBe(true);
      }
      if (recovery.pair) expect(written.has(text(recovery.pair)), `seed ${seed}`).toBe(true);
      const got = newest(recovery.leases);
      const want = expected(sound, (of, start, end) => of === index && end > from && start < to);
      expect(recovery.pair?.sequence ?? 0, `seed ${seed}: pair`).toBeGreaterThanOrEqual(
        want.pair?.sequence ?? 0,
      );
      for (const [address, lease] of want.leases) {
        const sequence = got.get(address)?.sequence ?? -1;
        expect(sequence, `seed ${seed}: lost ${address}`).toBeGreaterThanOrEqual(lease.sequence);
      }
      expect(recovery.refused, `seed ${seed}`).toBe("");
    }
  });
});
