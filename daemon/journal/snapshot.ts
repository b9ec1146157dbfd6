// A snapshot: all leases and the state of the pair in one file, so that older files can go. It is
// fuzzy: it is written in slices while leases change, which is right because the segment begun before it has every change,
// each record says its own sequence, and recovery takes the higher one.

import type { WallSeconds } from "../base/time.ts";
import { LIMITS } from "../limits.ts";
import type { Disk, DiskFile } from "../ports.ts";
import type { Contents } from "./book.ts";
import { parseFileName, snapshotName, unfinishedName } from "./file-names.ts";
import { encodePair, PAIR_BYTES } from "./pair-record.ts";
import { encodeEnd, encodeLease, encodeStart, LEASE_BYTES_MIN, START_BYTES } from "./record.ts";
import { RECORD_BYTES_MAX } from "./record-bytes.ts";
import { createAnew } from "./segment.ts";

export interface SnapshotOptions {
  /** No record up to this sequence will be needed once the snapshot is there. */
  readonly through: number;
  readonly contents: Contents;
  readonly salt: number;
  readonly wall: WallSeconds;
  /** Asked between slices; the snapshot is given up when it says true. */
  readonly cancelled: () => boolean;
}

/**
 * Writes a snapshot beside the others, makes it durable and then removes what it replaces. Resolves
 * with its length in bytes, 0 when it was cancelled; rejects with IoError, and then nothing changed.
 */
export async function writeSnapshot(disk: Disk, options: SnapshotOptions): Promise<number> {
  const unfinished = unfinishedName(options.through);
  const file = await createAnew(unfinished, () => disk.create(unfinished), disk);
  try {
    const bytes = await writeSlices(file, options);
    if (bytes > 0) await file.sync();
    await file.close();
    if (bytes === 0) {
      await disk.remove(unfinished);
      return 0;
    }
    await disk.rename(unfinished, snapshotName(options.through));
    await disk.syncFolder();
    await removeOlder(disk, options.through);
    return bytes;
  } catch (error) {
    await file.close().catch(() => {});
    await disk.remove(unfinished).catch(() => {});
    throw error;
  }
}

/** How long a segment may become beside a snapshot of this length until the next snapshot. */
export function segmentBytesFor(snapshotBytes: number): number {
  const { journalSegmentBytesMin: min, journalSegmentBytesMax: max } = LIMITS;
  return Math.min(max, Math.max(min, snapshotBytes * LIMITS.journalSegmentPerSnapshot));
}

async function writeSlices(file: DiskFile, options: SnapshotOptions): Promise<number> {
  const { through, salt, wall } = options;
  const { leases, pair } = options.contents;
  const slice = LIMITS.journalSnapshotSlice;
  const room = Math.min(slice, leases.length) * LEASE_BYTES_MIN * 4 + RECORD_BYTES_MAX;
  const buffer = new Uint8Array(room + START_BYTES + PAIR_BYTES);
  let end = encodeStart(buffer, 0, { kind: "snapshot", sequence: through, salt, after: 0 }, wall);
  let sequence = through;
  if (pair) {
    end = encodePair(buffer, end, pair, wall, salt);
    sequence = Math.max(sequence, pair.sequence);
  }
  let total = 0;
  let inSlice = 0;
  for (const lease of leases) {
    if (inSlice === slice || end + RECORD_BYTES_MAX > buffer.length) {
      await file.write(buffer.subarray(0, end));
      if (options.cancelled()) return 0;
      total += end;
      end = 0;
      inSlice = 0;
    }
    end = encodeLease(buffer, end, lease, wall, salt);
    sequence = Math.max(sequence, lease.sequence);
    inSlice++;
  }
  if (end + RECORD_BYTES_MAX > buffer.length) {
    await file.write(buffer.subarray(0, end));
    total += end;
    end = 0;
  }
  const records = leases.length + (pair ? 1 : 0);
  end = encodeEnd(buffer, end, { records, sequence }, wall, salt);
  await file.write(buffer.subarray(0, end));
  return options.cancelled() ? 0 : total + end;
}

/** What cannot be removed now goes after the next snapshot; recovery knows it is superseded. */
async function removeOlder(disk: Disk, through: number): Promise<void> {
  const names = await disk.list().catch(() => []);
  for (const { name, kind, sequence } of names.map(parseFileName)) {
    const older =
      kind === "segment"
        ? sequence <= through
        : kind === "unfinished" || (kind === "snapshot" && sequence < through);
    if (older) await disk.remove(name).catch(() => {});
  }
}
