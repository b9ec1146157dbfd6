// Journal files made by hand, for tests of recovery.

import { crc32c } from "../../daemon/base/crc32c.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { segmentName, snapshotName } from "../../daemon/journal/file-names.ts";
import { encodePair, type StoredPair } from "../../daemon/journal/pair-record.ts";
import type { JournalFile } from "../../daemon/journal/place-reader.ts";
import { encodeEnd, encodeLease, encodeStart } from "../../daemon/journal/record.ts";
import { RECORD_BYTES_MAX } from "../../daemon/journal/record-bytes.ts";
import { makeLease, makePair } from "../support/leases.ts";

export const SALT = 0x5a17c0de;
export const WALL = 1_780_000_000;

/** What a record is about. */
export type Entry = Lease | StoredPair;

/** Where a record stands in its file. */
export interface Placed {
  readonly entry: Entry;
  readonly start: number;
  readonly end: number;
}

export interface MadeFile extends JournalFile {
  bytes: Uint8Array;
  readonly records: readonly Placed[];
}

export interface SegmentOptions {
  readonly first?: number;
  readonly after?: number;
  readonly salt?: number;
  readonly zeros?: number;
  readonly wall?: number;
}

export function segment(entries: readonly Entry[], options: SegmentOptions = {}): MadeFile {
  const first = options.first ?? entries[0]?.sequence ?? 1;
  const { after = first - 1, salt = SALT, zeros = 0, wall = WALL } = options;
  const into = new Uint8Array((entries.length + 1) * RECORD_BYTES_MAX + zeros);
  const at = encodeStart(into, 0, { kind: "segment", sequence: first, salt, after }, wall);
  const { records, end } = place(into, at, entries, wall, salt);
  return { name: segmentName(first), bytes: into.slice(0, end + zeros), records };
}

export function snapshot(through: number, entries: readonly Entry[], salt = SALT): MadeFile {
  const into = new Uint8Array((entries.length + 2) * RECORD_BYTES_MAX);
  const at = encodeStart(into, 0, { kind: "snapshot", sequence: through, salt, after: 0 }, WALL);
  const { records, end } = place(into, at, entries, WALL, salt);
  const last = encodeEnd(into, end, { records: entries.length, sequence: through }, WALL, salt);
  return { name: snapshotName(through), bytes: into.slice(0, last), records };
}

/** Leases with these sequences; the address repeats every `addresses`. */
export function leases(from: number, to: number, addresses = 1 << 16): Lease[] {
  const made: Lease[] = [];
  for (let sequence = from; sequence <= to; sequence++) {
    made.push(makeLease(sequence, sequence % addresses));
  }
  return made;
}

/** The state of the pair as the record with this sequence has it. */
export function pair(sequence: number): StoredPair {
  return { state: makePair(sequence), sequence };
}

export function isPair(entry: Entry): entry is StoredPair {
  return typeof entry.state === "object";
}

/** Fills in length and checksum of a record that was changed by hand. */
export function reseal(record: Uint8Array, salt: number): Uint8Array {
  new DataView(record.buffer, record.byteOffset).setUint16(6, record.length);
  const checksum = crc32c(record, 6, record.length, salt);
  new DataView(record.buffer, record.byteOffset).setUint32(2, checksum);
  return record;
}

/** The newest lease of each address, by address. */
export function newest(all: Iterable<Lease>): Map<number, Lease> {
  const best = new Map<number, Lease>();
  for (const lease of all) {
    const known = best.get(lease.address);
    if (!known || lease.sequence > known.sequence) best.set(lease.address, lease);
  }
  return best;
}

function place(
  into: Uint8Array,
  from: number,
  all: readonly Entry[],
  wall: number,
  salt: number,
): { records: Placed[]; end: number } {
  const records: Placed[] = [];
  let end = from;
  for (const entry of all) {
    const start = end;
    end = isPair(entry)
      ? encodePair(into, start, entry, wall, salt)
      : encodeLease(into, start, entry, wall, salt);
    records.push({ entry, start, end });
  }
  return { records, end };
}
