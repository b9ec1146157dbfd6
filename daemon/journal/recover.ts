// The I/O of recovery: read everything, let replay.ts decide, repair what it says. Repair changes
// files only after everything was read, and keeps aside what it cuts.

import { IoError } from "../base/errors.ts";
import type { LogValues } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import type { Disk } from "../ports.ts";
import { parseFileName, setAsideName } from "./file-names.ts";
import type { JournalFile } from "./place-reader.ts";
import { type Damage, type Finding, type Recovery, replay } from "./replay.ts";

/** What recovery found, for the log and for people. */
export interface RecoveryReport {
  /** Journal files that were read, their bytes, and the good records in them. */
  readonly files: number;
  readonly bytes: number;
  readonly records: number;
  readonly findings: readonly Finding[];
}

/** Rejects with IoError when a file cannot be read or a newer version wrote it; changes nothing. */
export async function recover(disk: Disk): Promise<{
  readonly recovery: Recovery;
  readonly files: readonly JournalFile[];
  readonly report: RecoveryReport;
}> {
  const files: JournalFile[] = [];
  for (const name of (await disk.list()).sort()) {
    const { kind } = parseFileName(name);
    const ours = kind === "segment" || kind === "snapshot";
    files.push({ name, bytes: ours ? await disk.read(name) : new Uint8Array(0) });
  }
  const recovery = replay(files);
  if (recovery.refused !== "") {
    throw new IoError(
      `${recovery.refused}; nothing was changed, so install that version again to use it`,
    );
  }
  let bytes = 0;
  for (const file of files) if (recovery.kept.has(file.name)) bytes += file.bytes.length;
  let records = 0;
  for (const kept of recovery.kept.values()) records += kept;
  const { findings } = recovery;
  return { recovery, files, report: { files: recovery.kept.size, bytes, records, findings } };
}

/**
 * Cuts torn tails, so that nothing is ever read behind them again, and makes what was recovered
 * durable: after a crash of the process alone it may be in memory only. Rejects with IoError.
 */
export async function repair(
  disk: Disk,
  recovery: Recovery,
  files: readonly JournalFile[],
): Promise<void> {
  await setAside(disk, recovery.damage, files);
  for (const { name, length } of recovery.ends) await disk.cut(name, length);
  for (const file of recovery.setAside) await disk.rename(file.name, setAsideName(file, 0));
  // What replaces the files that go is there for good before they do.
  await disk.syncFolder();
  for (const name of recovery.remove) await disk.remove(name);
  if (recovery.remove.length > 0) await disk.syncFolder();
}

/** The values of one "journal-repaired" line for each finding. */
export function findingsForLog(recovery: Recovery): LogValues[] {
  return recovery.findings.map(({ file, reason, bytes, missing }) => ({
    file,
    reason: missing > 0 ? `${reason} (${missing} missing)` : reason,
    lost: bytes,
    kept: recovery.kept.get(file) ?? 0,
  }));
}

/** Keeps damaged bytes for a person to look at. A full disk must not stop the repair for it. */
async function setAside(
  disk: Disk,
  damage: readonly Damage[],
  files: readonly JournalFile[],
): Promise<void> {
  const max = LIMITS.journalDamagedFilesMax;
  try {
    for (const { file, offset, end } of damage.slice(-max)) {
      const name = setAsideName(file, offset);
      const bytes = files.find((each) => each.name === file.name)?.bytes;
      if (!bytes || files.some((each) => each.name === name)) continue;
      const aside = await disk.create(name);
      await aside.write(
        bytes.subarray(offset, Math.min(end, offset + LIMITS.journalDamagedBytesMax)),
      );
      await aside.sync();
      await aside.close();
    }
    const kept = (await disk.list()).filter((name) => parseFileName(name).kind === "set-aside");
    for (const name of kept.sort().slice(0, -max)) await disk.remove(name);
  } catch {
    // Only a copy for curiosity is missing; the next write says it if the disk is full or broken.
  }
}
