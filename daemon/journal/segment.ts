import type { WallSeconds } from "../base/time.ts";
import type { Disk, DiskFile } from "../ports.ts";
import { segmentName } from "./file-names.ts";
import { encodeStart, START_BYTES } from "./record.ts";

export interface SegmentOptions {
  /** Sequence of the first record that will be appended. */
  readonly first: number;
  /** The last record that is on stable storage in files before it. */
  readonly after: number;
  readonly salt: number;
  readonly wall: WallSeconds;
}

/** Begins a segment and makes its existence durable. Rejects with IoError, and leaves nothing then. */
export async function beginSegment(disk: Disk, options: SegmentOptions): Promise<DiskFile> {
  const { first, after, salt, wall } = options;
  const name = segmentName(first);
  const file = await createAnew(name, () => disk.createLog(name), disk);
  try {
    const start = new Uint8Array(START_BYTES);
    encodeStart(start, 0, { kind: "segment", sequence: first, salt, after }, wall);
    await file.append(start);
    await disk.syncFolder();
    return file;
  } catch (error) {
    await file.close().catch(() => {});
    await disk.remove(name).catch(() => {});
    throw error;
  }
}

/** Creates a file of which an earlier, failed attempt may have left something. */
export async function createAnew(
  name: string,
  create: () => Promise<DiskFile>,
  disk: Disk,
): Promise<DiskFile> {
  try {
    return await create();
  } catch (error) {
    if (!(await disk.list()).includes(name)) throw error;
    await disk.remove(name);
    return await create();
  }
}
