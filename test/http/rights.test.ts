// Who may what: every row of the API against every kind of caller, from its own page and from others.

import * as v from "valibot";
import { beforeEach, describe, expect, test } from "vitest";
import { jsonResponse } from "../../daemon/http/message.ts";
import { type Caller, type Method, ROLES, type Role, row } from "../../daemon/http/route.ts";
import { createWebApp, type WebApp } from "../../daemon/http/routes.ts";
import { FakeBox } from "../support/fake-box.ts";
import { FakeGatewayControl } from "../support/fake-gateway.ts";
import { FakePairing } from "../support/fake-pairing.ts";
import { type Answer, type Asked, ask, askLater } from "./ask.ts";

const PAGE = { origin: "http://127.0.0.1:8080", "content-type": "application/json" };

let caller: Caller;
let done: string[];
let audited: unknown[];
let app: WebApp;

const note = (method: Method, role: Role) =>
  row({
    ...{ method, path: `/api/v1/notes/${role}/{name}`, role, summary: "A note.", answers: {} },
    handle: ({ path }) => {
      done.push(`${method} ${role} ${path.name}`);
      return jsonResponse({});
    },
  });

const WRITES: readonly Method[] = ["POST", "PUT", "PATCH", "DELETE"];

beforeEach(() => {
  done = [];
  audited = [];
  const box = new FakeBox();
  app = createWebApp(box, {
    ...{ actions: box, gateway: new FakeGatewayControl(), pairing: new FakePairing() },
    routes: [
      ...ROLES.flatMap((role) => [...WRITES, "GET" as const].map((one) => note(one, role))),
      row({
        ...{ method: "PUT", path: "/api/v1/long", role: "admin", summary: "Long.", answers: {} },
        ...{ body: v.strictObject({ text: v.string("must be a text") }), bodyBytesMax: 1 << 20 },
        handle: async ({ body }) => jsonResponse({ length: body.text.length }),
      }),
      row({
        ...{ method: "POST", path: "/api/v1/breaks", role: "nobody", summary: "No.", answers: {} },
        handle: () => Promise.reject(new Error("secret path")),
      }),
      row({
        ...{ method: "GET", path: "/api/v1/breaks", role: "nobody", summary: "No.", answers: {} },
        handle: () => Promise.reject(new Error("secret path")),
      }),
    ],
    callerOf: () => caller,
    audit: ({ name }, { method, path }, status) => audited.push([name, method, path, status]),
    hosts: () => new Set(["192.168.1.2"]),
  });
});

function as(role: Role, via: Caller["via"] = "session"): void {
  caller = { name: "anna", role, via, from: "192.168.1.20" };
}

const send = (target: string, asked: Asked = {}): Answer => ask(app.answer, target, asked);
const write = (target: string, headers: Record<string, string> = PAGE): Answer =>
  send(target, { method: "POST", headers });

describe.each(ROLES)("a row for %s", (least) => {
  const path = `/api/v1/notes/${least}/x%20y`;

  test.each(ROLES)("and a caller who is %s", (role) => {
    as(role, role === "nobody" ? "nobody" : "session");
    const isAllowed = ROLES.indexOf(role) >= ROLES.indexOf(least);
    const status = isAllowed ? 200 : role === "nobody" ? 401 : 403;
    expect(send(path).status).toBe(status);
    for (const method of WRITES) expect(send(path, { method, headers: PAGE }).status).toBe(status);
    const all = ["GET", ...WRITES].map((method) => `${method} ${least} x y`);
    expect(done).toEqual(isAllowed ? all : []);
    expect(audited).toEqual(WRITES.map((method) => ["anna", method, path, status]));
  });
});

test("every row of the box itself asks for rights, and a viewer changes nothing", () => {
  as("viewer");
  const own = app.routes.filter(({ path }) => !/notes|long|breaks/.test(path));
  expect(own.length).toBeGreaterThan(20);
  for (const { method, path, role, isLocal } of own) {
    expect(role).not.toBe("nobody");
    if (method !== "GET") {
      expect([path, write(path).status]).toEqual([path, isLocal ? 405 : 403]);
    }
  }
  as("nobody", "nobody");
  for (const { method, path } of own) {
    if (method === "GET") expect([path, send(path).status]).toEqual([path, 401]);
  }
});

describe("who changes something", () => {
  test.each([
    ["from no page", { "content-type": "application/json" }, 403],
    ["from another site", { ...PAGE, origin: "http://evil.example" }, 403],
    ["by a form", { ...PAGE, "content-type": "application/x-www-form-urlencoded" }, 415],
    ["by JSON that says more of itself", { ...PAGE, "content-type": "application/json;x" }, 415],
    ["by a fetch of another site", { ...PAGE, "sec-fetch-site": "cross-site" }, 403],
  ])("%s is refused with any session", (_, headers, status) => {
    as("admin");
    expect(write("/api/v1/notes/viewer/x", headers).status).toBe(status);
    expect(done).toEqual([]);
  });

  test("with a token is a program, and says of no page; but not of another one", () => {
    as("admin", "token");
    const { origin, ...program } = PAGE;
    expect(write("/api/v1/notes/admin/x", program).status).toBe(200);
    const foreign = { ...program, origin: "http://evil.example" };
    expect(write("/api/v1/notes/admin/x", foreign).status).toBe(403);
    expect(origin).toBe(PAGE.origin);
  });
});

describe("Host", () => {
  test.each([
    ["192.168.1.2", true, 200],
    ["192.168.1.2:8443", true, 200],
    ["192.168.1.2", false, 421],
    ["192.168.1.3", true, 421],
    ["evil.example", true, 421],
    ["192.168.1.2.evil.example", true, 421],
    ["192.168.1.2@evil.example", true, 421],
  ])("%s over TLS: %s", (host, isSecure, status) => {
    as("admin");
    const asked = { headers: { host }, isSecure, remote: "192.168.1.20" };
    expect(send("/api/v1/status", asked).status).toBe(status);
  });
});

describe("a body", () => {
  const put = (body: string) =>
    askLater(app.answer, "/api/v1/long", { method: "PUT", headers: PAGE, body });

  test("that is as the row wants it is handed over; else everything wrong is said", async () => {
    as("admin");
    expect((await put('{"text":"four"}')).json()).toEqual({ length: 4 });
    const refused = await put('{"text":4,"more":1}');
    expect([refused.status, refused.json()]).toEqual([
      400,
      expect.objectContaining({
        detail: '"text" must be a text, and 1 more.',
        errors: [
          { path: "text", reason: "must be a text" },
          { path: "more", reason: "is not known here" },
        ],
      }),
    ]);
    expect((await put("{}")).json()).toMatchObject({ detail: '"text" is missing.' });
    expect((await put("[]")).json()).toMatchObject({
      detail: "What was sent must be an object, not a list.",
    });
    expect((await put('{"text":"a","txt":1,"constructor":1}')).json()).toMatchObject({
      errors: [
        { path: "txt", reason: "is not known here; perhaps text is meant" },
        { path: "constructor", reason: "is not known here" },
      ],
    });
    expect((await put("{")).status).toBe(400);
    expect((await put(`{"text":${"[".repeat(2000)}${"]".repeat(2000)}}`)).status).toBe(400);
  });

  test("may be long for those who may send it", () => {
    const head = (path: string) => ({
      ...{ method: "PUT", path, query: new URLSearchParams(), transport: "tcp" as const },
      ...{ isSecure: false, remote: "", header: () => undefined },
    });
    as("admin");
    expect(app.admit(head("/api/v1/long"))).toBe(1 << 20);
    expect(app.admit(head("/api/v1/other"))).toBe(64 << 10);
    expect(app.admit(head("/api/v1/notes/admin/%zz"))).toBe(64 << 10);
    as("operator");
    expect(app.admit(head("/api/v1/long"))).toBe(64 << 10);
  });
});

test("what fails later is a problem without its text", async () => {
  as("admin");
  const read = await askLater(app.answer, "/api/v1/breaks");
  expect([read.status, read.text().includes("secret")]).toEqual([500, false]);
  const asked = { method: "POST", headers: PAGE };
  const answer = await askLater(app.answer, "/api/v1/breaks", asked);
  expect([answer.status, answer.text().includes("secret")]).toEqual([500, false]);
  expect(audited).toEqual([["anna", "POST", "/api/v1/breaks", 500]]);
});

test("a part of a path that is no text is refused", () => {
  as("admin");
  expect(send("/api/v1/notes/viewer/%zz").status).toBe(400);
  expect(send("/api/v1/notes/viewer/%E0%A4%A").status).toBe(400);
  expect(send("/api/v1/notes/viewer/a/b").status).toBe(404);
  expect(send("/api/v1/notes/viewer/..%2f..%2fetc").status).toBe(200);
  expect(done).toEqual(["GET viewer ../../etc"]);
});

test("who may listen no more is cut off; the others go on", () => {
  as("viewer");
  const anna = send("/api/v1/events").stream();
  let otto: Caller = { ...caller, name: "otto" };
  const other = createWebApp(new FakeBox(), { callerOf: () => otto });
  const two = [0, 1].map(() => ask(other.answer, "/api/v1/events").stream());
  other.streams.keepAlive();
  expect(two.map(({ state }) => state)).toEqual(["open", "open"]);
  otto = { ...otto, role: "nobody", via: "nobody" };
  other.streams.keepAlive();
  app.streams.keepAlive();
  expect([...two, anna].map(({ state }) => state)).toEqual(["cut", "cut", "open"]);
  expect(other.streams.count).toBe(0);
});
