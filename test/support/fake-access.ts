// Users, sessions and the first password as a test wants the page to see them, behind the real rows of the API.

import type {
  AccessControl,
  LoginWish,
  Outcome,
  SetupWish,
} from "../../daemon/http/access-control.ts";
import type { SetupView, UserRole } from "../../daemon/http/api-access.ts";
import { credentialsOf } from "../../daemon/http/credentials.ts";
import type { RequestHead } from "../../daemon/http/message.ts";
import type { Caller } from "../../daemon/http/route.ts";

type Refused = Extract<Outcome<never>, { isDone: false }>;

export const PASSWORD = "correct horse battery";

export class FakeAccess implements AccessControl {
  /** By name. Without any this box has no password yet. */
  readonly #users = new Map<string, { readonly password: string; readonly role: UserRole }>();
  readonly #sessions = new Map<string, string>();
  /** As if everybody came over the network. */
  isLan = false;
  isPresenceProven = false;
  /** On the label; "": there is none. */
  serial = "";
  /** What the next tries to get in come to instead. */
  readonly refusals: Refused[] = [];
  /** Everything that came in order to get in or out. */
  readonly tries: object[] = [];

  add(name: string, role: UserRole, password = PASSWORD): this {
    this.#users.set(name, { password, role });
    return this;
  }

  /** The id of a session. */
  begin(name: string): string {
    const id = `session-${this.#sessions.size}-${this.tries.length}`;
    this.#sessions.set(id, name);
    return id;
  }

  endSessions(): void {
    this.#sessions.clear();
  }

  callerOf(head: RequestHead): Caller {
    const { transport, remote } = head;
    if (transport === "unix") {
      return { name: "", role: "admin", via: "socket", from: "unix socket" };
    }
    const name = this.#sessions.get(credentialsOf(head).session ?? "") ?? "";
    const user = this.#users.get(name);
    if (user) return { name, role: user.role, via: "session", from: remote };
    const isOpen = this.#users.size === 0 && !this.isLan;
    return { name: "", role: isOpen ? "viewer" : "nobody", via: "nobody", from: remote };
  }

  setupView(): SetupView {
    const isNeeded = this.#users.size === 0;
    const ways = this.serial === "" ? "press its button" : "type in the serial number on its label";
    return {
      isNeeded,
      isPresenceProven: isNeeded && this.isPresenceProven,
      isSerialTaken: isNeeded && this.serial !== "",
      sentence: isNeeded
        ? `Choose the first password of this box, and show that you are at it: ${ways}.`
        : "This box has a password: log in.",
    };
  }

  async setUp(wish: SetupWish): Promise<Outcome<string>> {
    const { name, password, serial } = wish;
    this.tries.push(wish);
    const objection = this.refusals.shift();
    if (objection) return objection;
    if (this.#users.size > 0) {
      return refused("conflict", "this box has a password already; log in");
    }
    if (!this.isPresenceProven && (serial === undefined || serial !== this.serial)) {
      return refused("not-allowed", "this is not the serial number on the label of this box");
    }
    this.add(name, "admin", password);
    return { isDone: true, value: this.begin(name), isOnDisk: true };
  }

  async logIn(wish: LoginWish): Promise<Outcome<string>> {
    const { name, password } = wish;
    this.tries.push(wish);
    const objection = this.refusals.shift();
    if (objection) return objection;
    if (this.#users.get(name)?.password !== password) {
      return refused("not-proven", "the user name or the password is not the right one");
    }
    return { isDone: true, value: this.begin(name), isOnDisk: true };
  }

  logOut(head: RequestHead): void {
    this.tries.push({ logout: true });
    this.#sessions.delete(credentialsOf(head).session ?? "");
  }

  /** Those in which the page has no part. */
  users = () => [];
  tokens = () => [];
  audit = async () => [];
  addUser = async () => NOT_HERE;
  setRole = this.addUser;
  setPassword = this.addUser;
  deleteUser = this.addUser;
  addToken = this.addUser;
  deleteToken = this.addUser;
}

/** `after` in seconds. */
export function refused(why: Refused["why"], text: string, after?: number): Refused {
  return { isDone: false, why, text, ...(after === undefined ? {} : { after }) };
}

const NOT_HERE = refused("unknown", "not asked by the page");
