// Faults of the disk: the state folder of a box becomes a small disk of its own, which can be full or
// read-only. Made with tmpfs, so the folder is seen only inside the lab from then on.

import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Box } from "./box.ts";
import { must, run } from "./shell.ts";

export type DiskState = "small" | "full" | "free" | "read-only" | "writable";

const smallDisk = "size=1m";

export async function setDisk(box: Box, state: DiskState): Promise<void> {
  const { state: folder } = box.paths;
  if (state !== "small" && !(await isSmall(folder))) {
    throw new Error(`box ${box.name} has no small disk yet: \`disk ${box.name} small\` first`);
  }
  if (state === "full") fill(join(folder, filler));
  else if (state === "free") rmSync(join(folder, filler), { force: true });
  else if (state === "writable") await must(["mount", "-o", "remount,bind,rw", folder]);
  else if (state === "read-only") await whileClosed(box, () => makeReadOnly(folder));
  else await whileClosed(box, () => replace(folder));
}

const filler = "filler";

// Takes every block, down to the last byte.
function fill(file: string): void {
  for (const size of [64 << 10, 4 << 10, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  if (statfsSync(file).bavail > 0) throw new Error("the small disk cannot be filled");
}

async function isSmall(folder: string): Promise<boolean> {
  return (await run(["mountpoint", "-q", folder])).code === 0;
}

// A disk that is written to cannot be remounted, so the daemon is started again around it.
async function whileClosed(box: Box, work: () => Promise<void>): Promise<void> {
  const ran = box.isRunning("tandemd");
  if (ran) await box.switchService("tandemd", false);
  try {
    await work();
  } finally {
    if (ran) await box.switchService("tandemd", true);
  }
}

async function makeReadOnly(folder: string): Promise<void> {
  await must(["mount", "-o", "remount,bind,ro", folder]);
}

async function replace(folder: string): Promise<void> {
  if (await isSmall(folder)) return;
  const script = `set -e
old=$(mktemp -d "$1.XXXXXX")
cp -a "$1/." "$old"
mount -t tmpfs -o mode=700,${smallDisk} tandem-disk "$1"
cp -a "$old/." "$1"
rm -r "$old"`;
  await must(["sh", "-c", script, "sh", folder]);
}
