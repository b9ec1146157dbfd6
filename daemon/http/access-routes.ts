// Users, sessions, tokens, the first password, and who did what: the rows of the API.

import * as v from "valibot";
import { wholeSentence } from "../base/whole-sentence.ts";
import { LIMITS } from "../limits.ts";
import type { AccessControl, Outcome, Refusal } from "./access-control.ts";
import type { CallerView } from "./api-access.ts";
import type { Done } from "./api-types.ts";
import { endedCookie, sessionCookie } from "./credentials.ts";
import { type HttpResponse, jsonResponse, type RequestHead } from "./message.ts";
import { problem } from "./problem.ts";
import { type Route, row } from "./route.ts";

/** What is read of a text that is checked elsewhere, or not at all. */
const TEXT_MAX = 512;
const MUST_BE_TEXT = `must be a text of at most ${TEXT_MAX} characters`;
const text = v.pipe(v.string(MUST_BE_TEXT), v.maxLength(TEXT_MAX, MUST_BE_TEXT));
const role = v.picklist(["viewer", "operator", "admin"], "must be viewer, operator or admin");

const login = v.strictObject({ name: text, password: text });
const setup = v.strictObject({
  name: v.optional(text, "admin"),
  password: text,
  serial: v.optional(text),
});
const user = v.strictObject({ name: text, password: text, role });
const userRole = v.strictObject({ role });
const password = v.strictObject({ password: text, current: v.optional(text) });
const token = v.strictObject({
  name: text,
  role,
  paths: v.optional(
    v.pipe(
      v.array(text, "must be a list of paths"),
      v.maxLength(LIMITS.tokenPathsMax, `must be ${LIMITS.tokenPathsMax} at most`),
    ),
    [],
  ),
  expiresAt: v.optional(
    v.nullable(
      v.pipe(
        v.string("must be a time such as 2030-01-31T12:00:00Z"),
        v.isoTimestamp("must be a time such as 2030-01-31T12:00:00Z"),
        v.transform((time) => Date.parse(time)),
        v.number("must be a time that there is"),
      ),
    ),
    null,
  ),
});
const page = v.strictObject({
  limit: v.pipe(
    v.optional(v.string(), "100"),
    v.regex(/^[1-9][0-9]{0,3}$/, `must be a number from 1 to ${LIMITS.auditPageMax}`),
    v.transform(Number),
    v.maxValue(LIMITS.auditPageMax, `must be a number from 1 to ${LIMITS.auditPageMax}`),
  ),
});

const ADDED = {
  200: "done: one sentence",
  409: "it does not go with what is there, with the reason",
  503: "the box is busy; ask again",
} as const;
const CHANGED = { ...ADDED, 404: "there is none of that name" } as const;

export function accessRoutes(access: AccessControl): Route[] {
  return [
    ...setupRows(access),
    ...sessionRows(access),
    ...userRows(access),
    ...tokenRows(access),
    row({
      ...{ method: "GET", path: "/api/v1/audit", role: "admin", query: page },
      summary: "Who did what on this box, the newest first.",
      answers: { 200: "a list" },
      handle: async ({ query }) => jsonResponse({ entries: await access.audit(query.limit) }),
    }),
  ];
}

function setupRows(access: AccessControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/setup", role: "nobody" },
      summary: "Whether the first password is to be set, and what for that is still missing.",
      answers: { 200: "what to do" },
      handle: () => jsonResponse(access.setupView()),
    }),
    row({
      ...{ method: "POST", path: "/api/v1/setup", role: "nobody", body: setup },
      summary: "Sets the first password: by somebody who has shown that they are at the box.",
      answers: {
        200: "done, and logged in",
        403: "nobody has shown to be at the box, or the serial number is another one",
        409: "there is a password already",
        429: "too many tries: Retry-After says when",
        503: "the box is busy; ask again",
      },
      handle: async ({ body, caller, request }) =>
        begun(await access.setUp(body, caller), request, "the first password is set"),
    }),
  ];
}

function sessionRows(access: AccessControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/session", role: "nobody" },
      summary: "Who asks, as the box sees it.",
      answers: { 200: "name and role" },
      handle: ({ caller: { name, role, via } }) => {
        const view: CallerView = { name, role, via };
        return jsonResponse(view);
      },
    }),
    row({
      ...{ method: "POST", path: "/api/v1/session", role: "nobody", body: login },
      summary: "Logs in with user name and password; the cookie of the answer is the session.",
      answers: {
        200: "logged in",
        401: "user name or password is not the right one",
        429: "too many tries: Retry-After says when",
        503: "the box is busy; ask again",
      },
      handle: async ({ body, caller, request }) =>
        begun(await access.logIn(body, caller), request, "you are logged in"),
    }),
    row({
      ...{ method: "DELETE", path: "/api/v1/session", role: "nobody" },
      summary: "Logs out.",
      answers: { 200: "logged out, or never in" },
      handle: ({ caller, request }) => {
        access.logOut(request, caller);
        return withCookie(said("you are logged out"), endedCookie(request));
      },
    }),
  ];
}

function userRows(access: AccessControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/users", role: "admin" },
      summary: "All users, with their roles.",
      answers: { 200: "a list" },
      handle: () => jsonResponse({ users: access.users() }),
    }),
    row({
      ...{ method: "POST", path: "/api/v1/users", role: "admin", body: user },
      summary: "Adds a user.",
      answers: ADDED,
      handle: async ({ body, caller }) =>
        changed(await access.addUser(body, caller), `there is a user ${body.name} now`),
    }),
    row({
      ...{ method: "PUT", path: "/api/v1/users/{name}", role: "admin", body: userRole },
      summary: "Gives a user another role, which ends the sessions of that user.",
      answers: CHANGED,
      handle: async ({ path: { name = "" }, body, caller }) =>
        changed(await access.setRole(name, body.role, caller), `${name} is ${body.role} now`),
    }),
    row({
      ...{ method: "DELETE", path: "/api/v1/users/{name}", role: "admin" },
      summary: "Deletes a user, with the sessions and tokens of that user.",
      answers: CHANGED,
      handle: async ({ path: { name = "" }, caller }) =>
        changed(await access.deleteUser(name, caller), `the user ${name} is deleted`),
    }),
    row({
      ...{ method: "PUT", path: "/api/v1/users/{name}/password", role: "viewer", body: password },
      summary:
        "Sets a password, which ends the sessions of that user: an admin's of anybody, everybody's their own with the current one.",
      answers: { ...CHANGED, 429: "too many tries: Retry-After says when" },
      handle: async ({ path: { name = "" }, body, caller }) =>
        changed(
          await access.setPassword(name, body, caller),
          `the password of ${name} is another one now; log in again`,
        ),
    }),
  ];
}

function tokenRows(access: AccessControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/tokens", role: "admin" },
      summary: "All tokens, with what they are good for.",
      answers: { 200: "a list" },
      handle: () => jsonResponse({ tokens: access.tokens() }),
    }),
    row({
      ...{ method: "POST", path: "/api/v1/tokens", role: "admin", body: token },
      summary: "Makes a token for a program; it is shown this once.",
      answers: { 200: "the token", 409: "there are too many" },
      handle: async ({ body, caller }) => {
        const outcome = await access.addToken(body, caller);
        return outcome.isDone ? jsonResponse(outcome.value) : refusal(outcome);
      },
    }),
    row({
      ...{ method: "DELETE", path: "/api/v1/tokens/{id}", role: "admin" },
      summary: "Withdraws a token.",
      answers: CHANGED,
      handle: async ({ path: { id = "" }, caller }) =>
        changed(await access.deleteToken(id, caller), "the token is good for nothing any more"),
    }),
  ];
}

function begun(
  outcome: Outcome<string | undefined>,
  request: RequestHead,
  sentence: string,
): HttpResponse {
  const response = changed(outcome, sentence);
  const session = outcome.isDone ? outcome.value : undefined;
  return session === undefined ? response : withCookie(response, sessionCookie(request, session));
}

function changed<T>(outcome: Outcome<T>, sentence: string): HttpResponse {
  if (!outcome.isDone) return refusal(outcome);
  return said(outcome.isOnDisk ? sentence : `${sentence}; ${NOT_ON_DISK}`);
}

function said(text: string): HttpResponse {
  const view: Done = { sentence: wholeSentence(text) };
  return jsonResponse(view);
}

function withCookie(response: HttpResponse, cookie: string): HttpResponse {
  return { ...response, headers: { ...response.headers, "set-cookie": cookie } };
}

const NOT_ON_DISK =
  "but the disk of this box does not take it, so it is forgotten when the box is switched off, unless the partner has it";

/** Legend: why not, the status of the answer. */
const STATUSES = {
  invalid: 400,
  "not-proven": 401,
  "not-allowed": 403,
  unknown: 404,
  conflict: 409,
  wait: 429,
  busy: 503,
} as const satisfies Record<Refusal, number>;

function refusal({ why, text, after }: Extract<Outcome<unknown>, { isDone: false }>): HttpResponse {
  const status = STATUSES[why];
  const headers: Record<string, string> = {};
  if (after !== undefined) headers["retry-after"] = String(after);
  // RFC 9110 §11.6.1: such an answer names a way to show who one is.
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="Tandem"';
  return problem(status, wholeSentence(text), headers);
}
