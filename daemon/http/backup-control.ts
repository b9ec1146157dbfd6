// What the API needs of backups.

import type { ResetView, RestoreView } from "./api-backup.ts";
import type { ActionResult } from "./box-view.ts";
import type { Caller } from "./route.ts";

export interface BackupWish {
  readonly caller: Caller;
  /** Undefined: not encrypted, and without secrets. */
  readonly passphrase: string | undefined;
  /** With a list of who has which address. */
  readonly withLeases: boolean;
}

export interface RestoreWish {
  readonly caller: Caller;
  readonly file: Uint8Array;
  readonly passphrase: string | undefined;
  /** A person says that this box takes the place of the one that the backup is of. */
  readonly isReplacement: boolean;
}

/** Nothing can be begun now, or the box cannot do it; `text` is a part of a sentence. */
export interface Refused {
  readonly kind: "refused";
  readonly text: string;
}

/** Of the file or the passphrase; `reason` is a part of a sentence. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly path: "file" | "passphrase";
  readonly reason: string;
}

export type Made =
  | { readonly kind: "made"; readonly name: string; readonly bytes: Uint8Array }
  | Unreadable
  | Refused;
export type Previewed =
  | { readonly kind: "preview"; readonly view: RestoreView }
  | Unreadable
  | Refused;
export type Restored =
  /** Where it cannot be done, with all the reasons. */
  | { readonly kind: "acted"; readonly result: ActionResult; readonly view: RestoreView }
  | Unreadable
  | Refused;

/** Nothing rejects but with an error of our own. */
export interface BackupControl {
  make(wish: BackupWish): Promise<Made>;
  preview(wish: RestoreWish): Promise<Previewed>;
  restore(wish: RestoreWish): Promise<Restored>;
  resetOutlook(withLeases: boolean): Promise<ResetView | Refused>;
  reset(withLeases: boolean, caller: Caller): Promise<ActionResult>;
}
