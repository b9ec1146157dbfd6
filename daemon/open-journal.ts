// The journal at the start of the box: tried until it can be read.

import path from "node:path";
import { FolderDisk } from "./io/disk.ts";
import { pause } from "./io/ticker.ts";
import { Journal, type JournalOptions, type OpenedJournal } from "./journal/journal.ts";
import { LIMITS } from "./limits.ts";

export interface JournalOnDisk {
  readonly disk: FolderDisk;
  readonly opened: OpenedJournal;
}

/**
 * A box without its leases may not give any, so there is no end to it but the box's own. `failed`: why it could not be
 * opened, as a sentence.
 */
export async function openJournal(
  stateDir: string,
  options: () => JournalOptions,
  isStopped: () => boolean,
  failed: (why: string) => void,
): Promise<JournalOnDisk | undefined> {
  const folder = path.join(stateDir, "journal");
  while (!isStopped()) {
    let disk: FolderDisk | undefined;
    try {
      disk = await FolderDisk.open(folder);
      return { disk, opened: await Journal.open(disk, options()) };
    } catch (error) {
      await disk?.close();
      failed(`The lease journal cannot be opened: ${(error as Error).message}.`);
      await pause(LIMITS.diskRetryMilliseconds);
    }
  }
  return undefined;
}
