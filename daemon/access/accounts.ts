// Who may log in, and the tokens that programs use: as the records have them, those of both boxes.

import {
  ACCOUNT_ROLES,
  type AccountRole,
  parseToken,
  parseUser,
  type TokenRecord,
  type UserRecord,
} from "../config/account-records.ts";
import type { Records } from "../records.ts";

export interface User extends UserRecord {
  readonly name: string;
  /** Wall clock in ms of the last change. */
  readonly changedAt: number;
}

export interface Token extends TokenRecord {
  readonly id: string;
}

/** What is needed of the records. */
export type AccountRecords = Pick<
  Records,
  "isKnown" | "get" | "list" | "set" | "delete" | "subscribe"
>;

export class Accounts {
  readonly #records: AccountRecords;
  /** Read anew when one of them has changed: who is there is asked with every request. */
  #users: readonly User[] | undefined;

  constructor(records: AccountRecords) {
    this.#records = records;
    this.onUserChange(() => {
      this.#users = undefined;
    });
  }

  /** False while the disk has not said who there is. */
  get isKnown(): boolean {
    return this.#records.isKnown;
  }

  /** Whether somebody may change anything. If not, the first password is to be set. */
  get isClaimed(): boolean {
    return this.admins > 0;
  }

  get admins(): number {
    return this.users.filter(({ role }) => role === "admin").length;
  }

  /** In the order of their names. */
  get users(): readonly User[] {
    this.#users ??= this.#records.list("user").flatMap(({ key, value = "", at }) => {
      const user = parseUser(value);
      return user ? [{ ...user, name: key.slice(USER.length), changedAt: at }] : [];
    });
    return this.#users;
  }

  user(name: string): User | undefined {
    return this.users.find((user) => user.name === name);
  }

  /** Resolves with whether the disk has it. Throws RecordError. */
  putUser(name: string, { role, password }: UserRecord): Promise<boolean> {
    return this.#records.set(USER + name, JSON.stringify({ role, password }));
  }

  /** With the tokens of that user. */
  async deleteUser(name: string): Promise<boolean> {
    const own = this.tokens.filter(({ by }) => by === name);
    const deleted = [
      this.#records.delete(USER + name),
      ...own.map(({ id }) => this.#records.delete(TOKEN + id)),
    ];
    return (await Promise.all(deleted)).every((isOnDisk) => isOnDisk);
  }

  /** The oldest first. */
  get tokens(): readonly Token[] {
    const tokens = this.#records.list("token").flatMap(({ key, value = "" }) => {
      const token = parseToken(value);
      return token ? [{ ...token, id: key.slice(TOKEN.length) }] : [];
    });
    return tokens.sort((a, b) => a.createdAt - b.createdAt);
  }

  token(id: string): TokenRecord | undefined {
    const value = this.#records.get(TOKEN + id);
    return value === undefined ? undefined : parseToken(value);
  }

  /** Throws RecordError. */
  putToken(id: string, token: TokenRecord): Promise<boolean> {
    return this.#records.set(TOKEN + id, JSON.stringify(token));
  }

  deleteToken(id: string): Promise<boolean> {
    return this.#records.delete(TOKEN + id);
  }

  /** Calls back with the name of a user who is otherwise than before, or gone: on this box or on the partner. */
  onUserChange(callback: (name: string) => void): void {
    this.#records.subscribe((keys) => {
      for (const key of keys) if (key.startsWith(USER)) callback(key.slice(USER.length));
    });
  }
}

/** The lesser of two. */
export function lesserRole(a: AccountRole, b: AccountRole): AccountRole {
  return ACCOUNT_ROLES.indexOf(a) <= ACCOUNT_ROLES.indexOf(b) ? a : b;
}

const USER = "user:";
const TOKEN = "token:";
