// What the API says of the configuration that both boxes share, and of changes to it.

/** Who made a change, and from where. */
export interface OriginView {
  /** Of the user or token; "" when nobody logged in for it. */
  readonly by: string;
  /** Such as "192.168.1.20", "command line", "config.json". */
  readonly from: string;
  /** Name of the box at which it was made. */
  readonly box: string;
  /** ISO 8601. */
  readonly at: string;
  /** What the person wrote about it; "" for nothing. */
  readonly note: string;
}

/** A change that is undone by itself unless somebody confirms it. */
export interface TrialView {
  readonly secondsLeft: number;
  /** One sentence: what happens when. */
  readonly sentence: string;
}

/** GET /api/v1/config. Its ETag is to be sent with a change, as If-Match. */
export interface ConfigView {
  readonly generation: number;
  readonly hash: string;
  /** Null: it is not known who made it. */
  readonly origin: OriginView | null;
  readonly trial: TrialView | null;
  /** What config.json would hold. */
  readonly config: unknown;
}

export interface DifferenceView {
  /** Such as "networks[lan].leaseSeconds". */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export interface IssueView {
  /** config.json, or box.json: what does not go with the box itself. */
  readonly file: string;
  readonly path: string;
  readonly reason: string;
}

/** What people would notice of a change. */
export interface ConsequenceView {
  readonly id: string;
  readonly severity: "info" | "warning" | "danger";
  readonly path: string;
  readonly sentence: string;
}

/** POST /api/v1/config/check: what would come of it; nothing is changed. */
export interface CheckView {
  /** Empty: this box could take it. */
  readonly issues: readonly IssueView[];
  readonly consequences: readonly ConsequenceView[];
  readonly differences: readonly DifferenceView[];
  readonly moreDifferences: number;
}

/** What came of a change that is in force. */
export interface ChangedView {
  readonly generation: number;
  readonly hash: string;
  readonly sentence: string;
  readonly trial: TrialView | null;
}

/** One that was in force, or is. */
export interface HistoryEntryView {
  readonly generation: number;
  readonly hash: string;
  readonly isInForce: boolean;
  readonly origin: OriginView | null;
}

export interface HistoryView {
  /** The newest first. */
  readonly entries: readonly HistoryEntryView[];
}

export interface HistoryVersionView extends HistoryEntryView {
  readonly config: unknown;
  /** To what is in force now. */
  readonly differences: readonly DifferenceView[];
  readonly moreDifferences: number;
}

/** One entry of a list of the configuration, such as a network. */
export interface EntryView {
  /** To be sent with a change of it, as If-Match. */
  readonly etag: string;
  readonly value: unknown;
}

export interface EntryList {
  readonly entries: readonly EntryView[];
}
