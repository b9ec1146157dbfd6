// What people may have done with users: somebody who may do everything always remains.

import type { Now } from "../base/time.ts";
import type { AccountRole } from "../config/account-records.ts";
import type { Outcome, PasswordWish, UserWish } from "../http/access-control.ts";
import type { Caller } from "../http/route.ts";
import type { PasswordPort } from "./access-port.ts";
import { answered, done, NOT_BY_TOKEN, refused, waiting } from "./access-port.ts";
import type { Accounts } from "./accounts.ts";
import type { Audit } from "./audit.ts";
import type { LoginGate } from "./login-gate.ts";
import { nameFault, passwordFault } from "./password-rules.ts";

export interface UserDeskOptions {
  readonly accounts: Accounts;
  readonly passwords: PasswordPort;
  readonly gate: LoginGate;
  readonly audit: Audit;
  readonly now: () => Now;
}

const LAST_ADMIN = "this is the last admin, and somebody must be able to change this box";
const OVERTAKEN = "this user was changed by somebody else at the same time; look again";

export class UserDesk {
  readonly #options: UserDeskOptions;

  constructor(options: UserDeskOptions) {
    this.#options = options;
  }

  add({ name, password, role }: UserWish, caller: Caller): Promise<Outcome<void>> {
    const { accounts, passwords } = this.#options;
    return this.#noted(`add user ${name} as ${role}`, caller, async () => {
      const fault = nameFault(name) ?? passwordFault(password, name);
      if (fault) return refused("invalid", fault);
      const isThere = () => accounts.user(name) !== undefined;
      if (isThere()) return refused("conflict", `there is a user ${name} already`);
      const hash = await passwords.hash(password);
      if (isThere()) return refused("conflict", OVERTAKEN);
      return done(undefined, await accounts.putUser(name, { role, password: hash }));
    });
  }

  setRole(name: string, role: AccountRole, caller: Caller): Promise<Outcome<void>> {
    const { accounts } = this.#options;
    return this.#noted(`make user ${name} ${role}`, caller, async () => {
      const user = accounts.user(name);
      if (!user) return unknown(name);
      if (user.role === role) return done(undefined, true);
      if (this.#isLastAdmin(name)) return refused("conflict", LAST_ADMIN);
      return done(undefined, await accounts.putUser(name, { ...user, role }));
    });
  }

  delete(name: string, caller: Caller): Promise<Outcome<void>> {
    const { accounts } = this.#options;
    return this.#noted(`delete user ${name}`, caller, async () => {
      if (!accounts.user(name)) return unknown(name);
      if (this.#isLastAdmin(name)) return refused("conflict", LAST_ADMIN);
      return done(undefined, await accounts.deleteUser(name));
    });
  }

  /** Everybody may change their own, if they know it; an admin that of others, who may have forgotten it. */
  setPassword(name: string, wish: PasswordWish, caller: Caller): Promise<Outcome<void>> {
    return this.#noted(`set password of ${name}`, caller, async () => {
      const isOwn = caller.via === "session" && caller.name === name;
      if (!isOwn && caller.role !== "admin") {
        return refused("not-allowed", "you may change your own password only");
      }
      const user = this.#options.accounts.user(name);
      if (!user) return unknown(name);
      const fault = passwordFault(wish.password, name);
      if (fault) return refused("invalid", fault);
      const objection = isOwn ? await this.#provenBy(wish.current ?? "", name, caller) : undefined;
      return objection ?? this.#replace(name, user.password, wish.password);
    });
  }

  async #replace(name: string, before: string, password: string): Promise<Outcome<void>> {
    const { accounts, passwords } = this.#options;
    const hash = await passwords.hash(password);
    // The role as it is by now.
    const user = accounts.user(name);
    if (user?.password !== before) return refused("conflict", OVERTAKEN);
    return done(undefined, await accounts.putUser(name, { role: user.role, password: hash }));
  }

  /** Whoever has taken a session over does not know the password, and may not guess it here either. */
  async #provenBy(
    current: string,
    name: string,
    { from }: Caller,
  ): Promise<Outcome<never> | undefined> {
    const { accounts, passwords, gate, now } = this.#options;
    const wait = gate.begin(from, name, now().monotonic);
    if (wait > 0) return waiting(wait);
    let isRight: boolean;
    try {
      isRight = await passwords.check(current, accounts.user(name)?.password);
    } catch (error) {
      gate.dropped(from, name, now().monotonic);
      throw error;
    }
    if (!isRight) return refused("not-allowed", "the current password is not the right one");
    gate.succeeded(from, name, now().monotonic);
    return undefined;
  }

  #isLastAdmin(name: string): boolean {
    const { accounts } = this.#options;
    return accounts.user(name)?.role === "admin" && accounts.admins === 1;
  }

  async #noted(
    what: string,
    caller: Caller,
    wish: () => Promise<Outcome<void>>,
  ): Promise<Outcome<void>> {
    const { audit, now } = this.#options;
    const outcome =
      caller.via === "token" ? refused("not-allowed", NOT_BY_TOKEN) : await answered(wish);
    const text = outcome.isDone ? "done" : outcome.text;
    audit.write(caller, what, text, now(), !outcome.isDone);
    return outcome;
  }
}

function unknown(name: string): Outcome<never> {
  return refused("unknown", `there is no user ${name}`);
}
