// Users, sessions and the first password as a test wants them to be, with the rows of the API for them.

import * as v from "valibot";
import { type HttpResponse, jsonResponse, type RequestHead } from "../../daemon/http/message.ts";
import { problem } from "../../daemon/http/problem.ts";
import { type Caller, type Role, type Route, row } from "../../daemon/http/route.ts";
import type { CallerView, SetupView } from "../../webui/api-access.ts";

const COOKIE = "tandem-session";
const login = v.object({ name: v.string(), password: v.string() });
const setup = v.object({ ...login.entries, serial: v.optional(v.string()) });

export class FakeAccess {
  /** By name. Without any this box has no password yet. */
  readonly users = new Map<string, { readonly password: string; readonly role: Role }>();
  readonly #sessions = new Map<string, string>();
  /** As if everybody came over the network. */
  isLan = false;
  isPresenceProven = false;
  /** On the label; "": there is none. */
  serial = "";
  /** What the next tries to get in are answered with instead. */
  readonly refusals: HttpResponse[] = [];
  /** Everything that came in order to get in or out. */
  readonly tries: object[] = [];

  add(name: string, role: Role, password = PASSWORD): this {
    this.users.set(name, { password, role });
    return this;
  }

  /** For a browser that is to be inside from the start: the cookie to give it. */
  begin(name: string): { readonly name: string; readonly value: string } {
    const value = `session-${this.#sessions.size}-of-a-test`;
    this.#sessions.set(value, name);
    return { name: COOKIE, value };
  }

  endSessions(): void {
    this.#sessions.clear();
  }

  readonly callerOf = (head: RequestHead): Caller => {
    const { transport, remote } = head;
    if (transport === "unix") {
      return { name: "", role: "admin", via: "socket", from: "unix socket" };
    }
    const name = this.#sessions.get(sessionIn(head)) ?? "";
    const user = this.users.get(name);
    if (user) return { name, role: user.role, via: "session", from: remote };
    const isOpen = this.users.size === 0 && !this.isLan;
    return { name: "", role: isOpen ? "viewer" : "nobody", via: "nobody", from: remote };
  };

  get routes(): Route[] {
    const path = "/api/v1/session";
    const setupPath = "/api/v1/setup";
    const plain = { role: "nobody", answers: {}, summary: "A fake." } as const;
    return [
      row({
        ...{ method: "GET", path, ...plain },
        handle: ({ caller: { name, role, via } }) => {
          const view: CallerView = { name, role, via };
          return jsonResponse(view);
        },
      }),
      row({
        ...{ method: "POST", path, ...plain, body: login },
        handle: ({ body }) => this.#logIn(body),
      }),
      row({
        ...{ method: "DELETE", path, ...plain },
        handle: ({ request }) => {
          this.tries.push({ logout: true });
          this.#sessions.delete(sessionIn(request));
          return withCookie(jsonResponse({ sentence: "You are logged out." }), "; Max-Age=0");
        },
      }),
      row({
        ...{ method: "GET", path: setupPath, ...plain },
        handle: () => jsonResponse(this.#setupView()),
      }),
      row({
        ...{ method: "POST", path: setupPath, ...plain, body: setup },
        handle: ({ body }) => this.#setUp(body),
      }),
    ];
  }

  #setupView(): SetupView {
    const isNeeded = this.users.size === 0;
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

  #logIn({ name, password }: v.InferOutput<typeof login>): HttpResponse {
    this.tries.push({ name, password });
    const refused = this.refusals.shift();
    if (refused) return refused;
    if (this.users.get(name)?.password === password) return this.#begin(name);
    return problem(401, "The user name or the password is not the right one.");
  }

  #setUp({ name, password, serial }: v.InferOutput<typeof setup>): HttpResponse {
    this.tries.push({ name, password, serial });
    const refused = this.refusals.shift();
    if (refused) return refused;
    if (this.users.size > 0) return problem(409, "This box has a password already; log in.");
    if (!this.isPresenceProven && (serial === undefined || serial !== this.serial)) {
      return problem(403, "This is not the serial number on the label of this box.");
    }
    this.add(name, "admin", password);
    return this.#begin(name);
  }

  #begin(name: string): HttpResponse {
    const id = `session-${this.tries.length}`;
    this.#sessions.set(id, name);
    return withCookie(jsonResponse({ sentence: "You are logged in." }), "", id);
  }
}

function withCookie(response: HttpResponse, attributes: string, id = ""): HttpResponse {
  const cookie = `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict${attributes}`;
  return { ...response, headers: { ...response.headers, "set-cookie": cookie } };
}

function sessionIn(head: RequestHead): string {
  return /(?:^|; )tandem-session=([^;]*)/.exec(head.header("cookie") ?? "")?.[1] ?? "";
}

export const PASSWORD = "correct horse battery";
