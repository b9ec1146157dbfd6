// Small files that are replaced or removed as a whole, each change durable before the next one begins.

import { open, readdir, readFile, rm, unlink } from "node:fs/promises";
import path from "node:path";
import { IoError } from "../base/errors.ts";
import { writeDurably } from "./config-file.ts";

/** Every method rejects with IoError. */
export interface SmallFiles {
  /** Undefined when there is none. */
  read(file: string): Promise<string | undefined>;
  readBytes(file: string): Promise<Uint8Array | undefined>;
  /** The whole content or what was there before, whenever the power is cut; for its owner only where `isSecret`. */
  write(file: string, content: string | Uint8Array, isSecret: boolean): Promise<void>;
  /** One that is not there is gone already. */
  remove(file: string): Promise<void>;
  /** Names in a folder; none where there is no folder. */
  list(folder: string): Promise<readonly FolderEntry[]>;
}

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export const SYSTEM_FILES: SmallFiles = {
  read: async (file) => {
    const bytes = await readOr(file);
    return bytes && new TextDecoder().decode(bytes);
  },
  readBytes: readOr,
  write: async (file, content, isSecret) => {
    // One that was left over may be readable by others.
    await attempt("written", file, () => rm(`${file}.tmp`, { force: true }));
    await writeDurably(file, content, isSecret ? 0o600 : 0o640);
  },
  remove: (file) =>
    attempt("removed", file, async () => {
      try {
        await unlink(file);
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error;
      }
      await syncFolder(path.dirname(file));
    }),
  list: (folder) =>
    attempt("read", folder, async () => {
      try {
        const entries = await readdir(folder, { withFileTypes: true });
        return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
      } catch (error) {
        if (codeOf(error) === "ENOENT") return [];
        throw error;
      }
    }),
};

function readOr(file: string): Promise<Uint8Array | undefined> {
  return attempt("read", file, async () => {
    try {
      return Uint8Array.from(await readFile(file));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<T>(what: string, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new IoError(`${file} cannot be ${what}: ${(error as Error).message}`, codeOf(error));
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}
