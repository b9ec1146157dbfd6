// What the rows about users need of the box: who asks, and what they may have done.

import type {
  AuditEntry,
  NewToken,
  SetupView,
  TokenView,
  UserRole,
  UserView,
} from "./api-access.ts";
import type { RequestHead } from "./message.ts";
import type { Caller } from "./route.ts";

/** What came of it, or why nothing did. */
export type Outcome<T> =
  | { readonly isDone: true; readonly value: T; readonly isOnDisk: boolean }
  | {
      readonly isDone: false;
      readonly why: Refusal;
      /** A part of a sentence. */
      readonly text: string;
      /** Seconds after which to ask again. */
      readonly after?: number;
    };

export type Refusal =
  /** What was asked for cannot be. */
  | "invalid"
  /** The password, or whatever shows who it is, is not the right one. */
  | "not-proven"
  | "not-allowed"
  | "unknown"
  /** It does not go with what is there. */
  | "conflict"
  | "wait"
  | "busy";

export interface LoginWish {
  readonly name: string;
  readonly password: string;
}

export interface SetupWish extends LoginWish {
  /** As it stands on the label. */
  readonly serial?: string | undefined;
}

export interface UserWish extends LoginWish {
  readonly role: UserRole;
}

export interface PasswordWish {
  readonly password: string;
  /** What it was until now: asked of whoever changes their own. */
  readonly current?: string | undefined;
}

export interface TokenWish {
  readonly name: string;
  readonly role: UserRole;
  readonly paths: readonly string[];
  /** Wall clock in ms; null: it does not expire. */
  readonly expiresAt: number | null;
}

export interface AccessControl {
  /** Who asks, by the cookie or the token that came with the request. */
  callerOf(head: RequestHead): Caller;
  setupView(): SetupView;
  /** The value is the id of a session, for whoever needs one. */
  setUp(wish: SetupWish, caller: Caller): Promise<Outcome<string | undefined>>;
  /** The value is the id of a new session, whatever came with the request. */
  logIn(wish: LoginWish, caller: Caller): Promise<Outcome<string>>;
  logOut(head: RequestHead, caller: Caller): void;
  users(): readonly UserView[];
  addUser(wish: UserWish, caller: Caller): Promise<Outcome<void>>;
  setRole(name: string, role: UserRole, caller: Caller): Promise<Outcome<void>>;
  setPassword(name: string, wish: PasswordWish, caller: Caller): Promise<Outcome<void>>;
  deleteUser(name: string, caller: Caller): Promise<Outcome<void>>;
  tokens(): readonly TokenView[];
  addToken(wish: TokenWish, caller: Caller): Promise<Outcome<NewToken>>;
  deleteToken(id: string, caller: Caller): Promise<Outcome<void>>;
  /** The newest first. */
  audit(most: number): Promise<readonly AuditEntry[]>;
}
