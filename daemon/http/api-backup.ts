// What the API says of backups, of putting one back, and of making the box as it came from the factory.

import type { ConsequenceView, DifferenceView, IssueView } from "./api-config.ts";

export interface LeftOutView {
  /** Such as "the key of the box". */
  readonly what: string;
  /** One sentence. */
  readonly why: string;
}

export interface ChangeView extends DifferenceView {
  readonly file: "config.json" | "box.json";
}

/** POST /api/v1/restore/preview: what would come of it; nothing is changed. */
export interface RestoreView {
  readonly whose: "this-box" | "replaced-box" | "other-box";
  /** Whole sentences: when and by whom it was made, of which box. */
  readonly about: string;
  /** Why it cannot be put back; empty: it can. */
  readonly issues: readonly IssueView[];
  readonly changes: readonly ChangeView[];
  readonly moreChanges: number;
  readonly consequences: readonly ConsequenceView[];
  /** Such as "the user anna". */
  readonly records: readonly string[];
  /** What is in the backup and is not put back. */
  readonly leftOut: readonly LeftOutView[];
  /** The daemon is started again for it. */
  readonly needsRestart: boolean;
}

/** GET /api/v1/factory-reset: what would happen, in whole sentences. */
export interface ResetView {
  readonly goes: readonly string[];
  readonly stays: readonly string[];
}
