// What the API says of users, tokens and who did what: types, nothing else.

export type UserRole = "viewer" | "operator" | "admin";

export interface SetupView {
  /** No password has been set yet. */
  readonly isNeeded: boolean;
  /** Somebody has just shown that they are at the box: nothing else is asked. */
  readonly isPresenceProven: boolean;
  /** The serial number on the label can be typed in instead. */
  readonly isSerialTaken: boolean;
  /** What to do now. */
  readonly sentence: string;
}

/** Who asks, as the box sees it. */
export interface CallerView {
  readonly name: string;
  readonly role: UserRole | "nobody";
  readonly via: "socket" | "session" | "token" | "nobody";
}

export interface UserView {
  readonly name: string;
  readonly role: UserRole;
  /** ISO 8601, UTC. */
  readonly changedAt: string;
  /** How many sessions of this user there are on this box. */
  readonly sessions: number;
}

export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: UserRole;
  /** It is good for these paths, and what is below them; empty: for all. */
  readonly paths: readonly string[];
  /** The user who has made it, and with whom it ends; "": it was made on the box itself. */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export interface NewToken extends TokenView {
  /** Shown this once: the box keeps only its hash. */
  readonly token: string;
}

/** One thing that somebody did, or tried to. */
export interface AuditEntry {
  /** ISO 8601, UTC, by the clock of the box at that time. */
  readonly at: string;
  /** User or token; "" for nobody that is known. */
  readonly who: string;
  readonly via: string;
  readonly from: string;
  /** Such as "login", or the method and path of a request. */
  readonly what: string;
  /** "done", or why not; the status of a request. */
  readonly outcome: string;
  /** So many refusals before this one are not in the list. */
  readonly leftOut?: number;
}
