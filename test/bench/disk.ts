/** The disk the lease stores are on: what kind it is and how fast it makes appends durable. */
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  realpathSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface DiskFacts {
  readonly folder: string;
  /** As in /proc/self/mounts: "ext4", "btrfs", "tmpfs"… */
  readonly fileSystem: string;
  readonly device: string;
  /** Appends of one small record, each made durable by fdatasync, per second. */
  readonly syncsPerSecond: number;
}

/** File systems that live in memory: durable writes on them prove nothing. */
export const MEMORY_FILE_SYSTEMS: ReadonlySet<string> = new Set(["tmpfs", "ramfs", "devtmpfs"]);

export function diskFacts(folder: string, milliseconds: number): DiskFacts {
  const real = realpathSync(folder);
  const mount = mountOf(real, readFileSync("/proc/self/mounts", "utf8"));
  return {
    folder: real,
    fileSystem: mount.type,
    device: mount.device,
    syncsPerSecond: measureSyncs(real, milliseconds),
  };
}

/** The mount a path is on, from the text of /proc/self/mounts: the longest mount point that is
 * the path or above it, the last one where several are stacked. */
export function mountOf(path: string, mounts: string): { type: string; device: string } {
  let best = { type: "unknown", device: "unknown" };
  let bestLength = -1;
  for (const line of mounts.split("\n")) {
    const [device, point, type] = line.split(" ");
    if (device === undefined || point === undefined || type === undefined) continue;
    const at = point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    const above = at === "/" || path === at || path.startsWith(`${at}/`);
    if (above && at.length >= bestLength) {
      best = { type, device };
      bestLength = at.length;
    }
  }
  return best;
}

/** Records of 128 bytes: about what one lease takes in a journal. */
const RECORD = Buffer.alloc(128, "x");

function measureSyncs(folder: string, milliseconds: number): number {
  const path = join(folder, "fdatasync-baseline");
  const file = openSync(path, "a", 0o600);
  try {
    const begin = performance.now();
    let count = 0;
    let elapsed = 0;
    while (elapsed < milliseconds) {
      writeSync(file, RECORD);
      fdatasyncSync(file);
      count += 1;
      elapsed = performance.now() - begin;
    }
    return (count / elapsed) * 1000;
  } finally {
    closeSync(file);
    unlinkSync(path);
  }
}
