// The box as it is when a backup is put back, and what of that the plan is made from.

import type { BackupRecord } from "../config/backup-document.ts";
import type { Board } from "../config/board.ts";
import type { LeaseFacts } from "../config/consequences.ts";

export interface BoxNow {
  /** What is in force of config.json; null: nothing. */
  readonly shared: unknown;
  /** What box.json holds; null: there is none. */
  readonly box: unknown;
  readonly board: Board;
  /** Hash of its key in hex, "" when it has none. */
  readonly identity: string;
  readonly software: string;
  readonly records: readonly BackupRecord[];
  /** Names of its interfaces; undefined: nobody knows them. */
  readonly interfaces: readonly string[] | undefined;
  readonly leases: Iterable<LeaseFacts>;
  /** Wall clock. */
  readonly nowSeconds: number;
}

/** Something that is in the backup and is not put back. */
export interface LeftOut {
  /** Such as "the partner". */
  readonly what: string;
  /** One whole sentence. */
  readonly why: string;
}
