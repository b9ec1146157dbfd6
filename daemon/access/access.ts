// Who may do what on this box: joins users, sessions, tokens and the first password, and writes down what they did.

import type { Now } from "../base/time.ts";
import type { AccountRole } from "../config/account-records.ts";
import type {
  AccessControl,
  LoginWish,
  Outcome,
  PasswordWish,
  SetupWish,
  TokenWish,
  UserWish,
} from "../http/access-control.ts";
import type { AuditEntry, NewToken, SetupView, TokenView, UserView } from "../http/api-access.ts";
import { credentialsOf } from "../http/credentials.ts";
import type { RequestHead } from "../http/message.ts";
import type { Caller } from "../http/route.ts";
import { answered, done, type PasswordPort, refused, waiting } from "./access-port.ts";
import { type AccountRecords, Accounts } from "./accounts.ts";
import { type Actor, Audit, type AuditPort } from "./audit.ts";
import { FirstSetup, type FirstSetupOptions } from "./first-setup.ts";
import { LoginGate } from "./login-gate.ts";
import { type SessionPort, Sessions } from "./sessions.ts";
import { TokenDesk } from "./token-desk.ts";
import { UserDesk } from "./user-desk.ts";

export interface AccessOptions
  extends Pick<FirstSetupOptions, "presenceProvenAt" | "serial">,
    SessionPort {
  readonly records: AccountRecords;
  readonly passwords: PasswordPort;
  readonly audit: AuditPort;
  readonly now: () => Now;
}

/** What the rows of these write down themselves, with what it was about. */
const OWN_PATHS = /^\/api\/v1\/(users|tokens)(\/|$)/;
const LOGIN_PATHS = /^\/api\/v1\/(session|setup)$/;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

export class Access implements AccessControl {
  readonly #options: AccessOptions;
  readonly #accounts: Accounts;
  readonly #sessions: Sessions;
  readonly #gate = new LoginGate();
  readonly #audit: Audit;
  readonly #setup: FirstSetup;
  readonly #users: UserDesk;
  readonly #tokens: TokenDesk;

  constructor(options: AccessOptions) {
    const { records, passwords, now, presenceProvenAt, serial } = options;
    this.#options = options;
    this.#accounts = new Accounts(records);
    this.#sessions = new Sessions(options);
    this.#audit = new Audit(options.audit);
    const shared = {
      ...{ accounts: this.#accounts, gate: this.#gate, audit: this.#audit },
      ...{ passwords, secrets: options, now },
    };
    this.#setup = new FirstSetup({ ...shared, presenceProvenAt, serial });
    this.#users = new UserDesk(shared);
    this.#tokens = new TokenDesk(shared);
    // Whoever has stolen a session loses it with the password, on whichever box that was changed.
    this.#accounts.onUserChange((name) => this.#sessions.endOf(name));
  }

  callerOf(head: RequestHead): Caller {
    if (head.transport === "unix") {
      return { name: "", role: "admin", via: "socket", from: "unix socket" };
    }
    const { session, token } = credentialsOf(head);
    const { path, remote } = head;
    return (
      (token === undefined ? undefined : this.#tokens.callerOf(token, path, remote)) ??
      (session === undefined ? undefined : this.#sessionCaller(session, remote)) ??
      this.#nobody(remote)
    );
  }

  setupView(): SetupView {
    return this.#setup.view;
  }

  async setUp(wish: SetupWish, caller: Caller): Promise<Outcome<string | undefined>> {
    const outcome = await this.#setup.setUp(wish, caller);
    const text = outcome.isDone ? `done, admin ${wish.name}` : outcome.text;
    this.#note(caller, "set-up", text, !outcome.isDone);
    if (!outcome.isDone) return outcome;
    const session = caller.via === "socket" ? undefined : this.#begin(wish.name, caller);
    return done(session, outcome.isOnDisk);
  }

  async logIn(wish: LoginWish, caller: Caller): Promise<Outcome<string>> {
    const { name } = wish;
    const actor: Actor = { ...caller, name: this.#accounts.user(name) ? name : "" };
    const wait = this.#gate.begin(caller.from, name, this.#monotonic);
    if (wait > 0) return waiting(wait);
    const outcome = await answered(() => this.#proven(wish, caller));
    if (outcome.isDone || outcome.why === "not-proven") {
      // What was typed as an unknown name may be a password, and is not written down.
      const why = actor.name === "" ? "unknown user name" : "wrong password";
      const text = outcome.isDone ? "done" : why;
      this.#audit.write(actor, "login", text, this.#options.now(), !outcome.isDone);
    } else this.#gate.dropped(caller.from, name, this.#monotonic);
    return outcome;
  }

  logOut(head: RequestHead, caller: Caller): void {
    const { session } = credentialsOf(head);
    if (session === undefined || caller.via !== "session") return;
    this.#sessions.end(session);
    this.#note(caller, "logout", "done", false);
  }

  users(): readonly UserView[] {
    return this.#accounts.users.map(({ name, role, changedAt }) => ({
      ...{ name, role, changedAt: new Date(changedAt).toISOString() },
      sessions: this.#sessions.countOf(name, this.#monotonic),
    }));
  }

  addUser(wish: UserWish, caller: Caller): Promise<Outcome<void>> {
    return this.#users.add(wish, caller);
  }

  setRole(name: string, role: AccountRole, caller: Caller): Promise<Outcome<void>> {
    return this.#users.setRole(name, role, caller);
  }

  setPassword(name: string, wish: PasswordWish, caller: Caller): Promise<Outcome<void>> {
    return this.#users.setPassword(name, wish, caller);
  }

  deleteUser(name: string, caller: Caller): Promise<Outcome<void>> {
    return this.#users.delete(name, caller);
  }

  tokens(): readonly TokenView[] {
    return this.#tokens.all;
  }

  addToken(wish: TokenWish, caller: Caller): Promise<Outcome<NewToken>> {
    return this.#tokens.add(wish, caller);
  }

  deleteToken(id: string, caller: Caller): Promise<Outcome<void>> {
    return this.#tokens.delete(id, caller);
  }

  audit(most: number): Promise<readonly AuditEntry[]> {
    return this.#audit.newest(most);
  }

  /** A request that was to change something has been answered: for the audit of the HTTP side. */
  asked(caller: Caller, { method, path }: RequestHead, status: number): void {
    const isKnown = LOGIN_PATHS.test(path) || (OWN_PATHS.test(path) && status < 300);
    if (!isKnown) this.#note(caller, `${method} ${path}`, String(status), status >= 400);
  }

  async #proven({ name, password }: LoginWish, caller: Caller): Promise<Outcome<string>> {
    const before = this.#accounts.user(name);
    const isRight = await this.#options.passwords.check(password, before?.password);
    const now = this.#accounts.user(name);
    const isSame = now?.password === before?.password && now?.role === before?.role;
    if (!isRight || !isSame) {
      return refused("not-proven", "the user name or the password is not the right one");
    }
    this.#gate.succeeded(caller.from, name, this.#monotonic);
    return done(this.#begin(name, caller), true);
  }

  #begin(name: string, { from }: Caller): string {
    return this.#sessions.begin(name, from, this.#monotonic);
  }

  #sessionCaller(id: string, from: string): Caller | undefined {
    const session = this.#sessions.find(id, this.#monotonic);
    const user = session && this.#accounts.user(session.user);
    return user && { name: session.user, role: user.role, via: "session", from };
  }

  /** Before there is a password, who is on the box itself may look. */
  #nobody(from: string): Caller {
    const isOpen = this.#accounts.isKnown && !this.#accounts.isClaimed && LOOPBACK.test(from);
    return { name: "", role: isOpen ? "viewer" : "nobody", via: "nobody", from };
  }

  #note(caller: Caller, what: string, outcome: string, isRefusal: boolean): void {
    this.#audit.write(caller, what, outcome, this.#options.now(), isRefusal);
  }

  get #monotonic(): number {
    return this.#options.now().monotonic;
  }
}
