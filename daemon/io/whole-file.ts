// Small files that are written while somebody waits for it.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { IoError } from "../base/errors.ts";

/** Readable by its owner only; whole or as it was before, and durable when this returns. Throws IoError. */
export function writeWhole(file: string, content: Uint8Array): void {
  try {
    const temporary = `${file}.tmp`;
    rmSync(temporary, { force: true });
    const handle = openSync(temporary, "wx", 0o600);
    try {
      // All of it: one call to the system may take a part, and say nothing of the rest.
      writeFileSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new IoError(`${file} cannot be written: ${(error as Error).message}`, code);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
