// Users and tokens over the real rows: who may what, and what always remains.

import { beforeEach, describe, expect, test } from "vitest";
import { accessRoutes } from "../../daemon/http/access-routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import type { Answer } from "../http/ask.ts";
import { AccessBench, MemoryRecords, PASSWORD } from "../support/access-bench.ts";

const SOCKET = { transport: "unix" } as const;

let bench: AccessBench;
let anna: string;
beforeEach(async () => {
  bench = new AccessBench();
  await bench.claim();
  anna = await bench.cookieOf("anna");
});

function detailOf(answer: Answer): string | undefined {
  return (answer.json() as { detail?: string }).detail;
}

async function tokenOf(wish: object, cookie = anna): Promise<{ id: string; token: string }> {
  const body = { name: "a program", role: "admin", ...wish };
  const answer = await bench.send("POST", "tokens", { body, cookie });
  expect(answer.status).toBe(200);
  return answer.json() as { id: string; token: string };
}

describe("users", () => {
  test("are added, listed, changed and deleted by an admin", async () => {
    const body = { name: "bert", role: "viewer", password: PASSWORD };
    const added = await bench.send("POST", "users", { body, cookie: anna });
    expect(added.json()).toEqual({ sentence: "There is a user bert now." });
    await bench.cookieOf("bert");
    expect((await bench.send("GET", "users", { cookie: anna })).json()).toEqual({
      users: [
        { name: "anna", role: "admin", changedAt: "2026-05-03T07:12:00.000Z", sessions: 1 },
        { name: "bert", role: "viewer", changedAt: "2026-05-03T07:12:00.000Z", sessions: 1 },
      ],
    });
    const role = { body: { role: "operator" }, cookie: anna };
    expect((await bench.send("PUT", "users/bert", role)).json()).toEqual({
      sentence: "Bert is operator now.",
    });
    expect(await bench.whoIs({ cookie: await bench.cookieOf("bert") })).toBe("operator bert");
    expect((await bench.send("DELETE", "users/bert", { cookie: anna })).status).toBe(200);
    expect((await bench.logIn("bert")).status).toBe(401);
    expect(bench.audited.slice(-5)).toEqual(
      [
        "bert: login: done",
        "anna: make user bert operator: done",
        "bert: login: done",
        "anna: delete user bert: done",
        "bert: login: wrong password",
      ].map((line) => line.replace("bert: login: wrong password", ": login: unknown user name")),
    );
  });

  test("that are there already, or not, are said to be", async () => {
    const body = { name: "anna", role: "viewer", password: PASSWORD };
    expect((await bench.send("POST", "users", { body, cookie: anna })).status).toBe(409);
    const role = { body: { role: "viewer" }, cookie: anna };
    expect((await bench.send("PUT", "users/zoe", role)).status).toBe(404);
    expect((await bench.send("DELETE", "users/zoe", { cookie: anna })).status).toBe(404);
    const password = { body: { password: PASSWORD }, cookie: anna };
    expect((await bench.send("PUT", "users/zoe/password", password)).status).toBe(404);
  });

  test("two of the same name at the same moment: one of them", async () => {
    const body = { name: "bert", role: "viewer", password: PASSWORD };
    const both = await Promise.all([
      bench.send("POST", "users", { body, cookie: anna }),
      bench.send("POST", "users", { body: { ...body, role: "admin" }, cookie: anna }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 409]);
  });

  test("are so many at most", async () => {
    for (let i = 1; i < LIMITS.usersMax; i++) await bench.add(`u${i}`, "viewer");
    const body = { name: "one-more", role: "viewer", password: PASSWORD };
    const answer = await bench.send("POST", "users", { body, cookie: anna });
    expect(answer.status).toBe(409);
    expect(detailOf(answer)).toMatch(/64 of these at most/);
  });

  test("the last admin can neither be deleted nor demoted, by whomever", async () => {
    const demote = { body: { role: "viewer" } };
    for (const sent of [{ cookie: anna }, SOCKET]) {
      const deleted = await bench.send("DELETE", "users/anna", sent);
      expect([deleted.status, detailOf(deleted)]).toEqual([
        409,
        "This is the last admin, and somebody must be able to change this box.",
      ]);
      expect((await bench.send("PUT", "users/anna", { ...demote, ...sent })).status).toBe(409);
    }
    await bench.add("bert", "admin");
    expect((await bench.send("PUT", "users/anna", { ...demote, cookie: anna })).status).toBe(200);
    expect((await bench.send("DELETE", "users/bert", SOCKET)).status).toBe(409);
  });

  test("everybody may change their own password, and nobody's but an admin that of others", async () => {
    await bench.add("bert", "viewer");
    const bert = await bench.cookieOf("bert");
    const body = { password: "another long password", current: PASSWORD };
    const others = await bench.send("PUT", "users/anna/password", { body, cookie: bert });
    expect([others.status, detailOf(others)]).toEqual([
      403,
      "You may change your own password only.",
    ]);
    expect((await bench.send("PUT", "users/bert/password", { body, cookie: bert })).status).toBe(
      200,
    );
    expect((await bench.logIn("bert", body.password)).status).toBe(200);
    const weak = { body: { password: "password123" }, cookie: anna };
    expect((await bench.send("PUT", "users/bert/password", weak)).status).toBe(400);
  });

  test("a password that was being set when somebody else set it is not put over it", async () => {
    await bench.add("bert", "viewer");
    let open = () => {};
    bench.passwords.gate = new Promise((resolve) => {
      open = resolve;
    });
    const sent = { body: { password: "another long password" }, cookie: anna };
    const late = bench.send("PUT", "users/bert/password", sent);
    await bench.records.set("user:bert", JSON.stringify({ role: "viewer", password: "7:x" }));
    open();
    expect((await late).status).toBe(409);
  });

  test("what the disk does not take holds all the same, and is said", async () => {
    bench.records.isOnDisk = false;
    const body = { name: "bert", role: "viewer", password: PASSWORD };
    const answer = await bench.send("POST", "users", { body, cookie: anna });
    expect(answer.status).toBe(200);
    expect(answer.text()).toContain("the disk of this box does not take it");
    expect((await bench.logIn("bert")).status).toBe(200);
  });

  test("a record that this version cannot read is nobody", async () => {
    await bench.add("bert", "viewer");
    for (const value of ["{", "[]", '{"role":"owner","password":"1:x"}', '{"role":"admin"}']) {
      await bench.records.set("user:bert", value);
      expect((await bench.logIn("bert")).status).toBe(401);
      bench.pass(60_000);
    }
    expect((await bench.send("GET", "users", SOCKET)).json()).toMatchObject({
      users: [{ name: "anna" }],
    });
  });
});

describe("viewer and operator calling the rows of an admin", () => {
  const rows = accessRoutes(new AccessBench().access).filter(({ role }) => role === "admin");

  test.each(rows.map(({ method, path }) => [method, path] as const))(
    "%s %s",
    async (method, path) => {
      for (const role of ["viewer", "operator"]) {
        const name = `a-${role}`;
        await bench.add(name, role);
        const before = JSON.stringify(bench.records.book.all);
        const cookie = await bench.cookieOf(name);
        const place = path.replace("/api/v1/", "").replace("{name}", "anna").replace("{id}", "0");
        const sent = method === "GET" ? {} : { body: {} };
        const answer = await bench.send(method, place, { ...sent, cookie });
        expect(answer.status).toBe(403);
        expect((await bench.send(method, place, sent)).status).toBe(401);
        expect(JSON.stringify(bench.records.book.all)).toBe(before);
        bench.pass(1000);
      }
    },
  );

  test("there are such rows", () => {
    expect(rows.length).toBeGreaterThan(7);
  });
});

describe("a token", () => {
  test("is shown once, and good for its role", async () => {
    const { token, id } = await tokenOf({ role: "operator" });
    expect(token).toMatch(/^tandem_[0-9a-f]{16}_[\w-]{43}$/);
    expect(await bench.whoIs({ token })).toBe("operator a program");
    const list = await bench.send("GET", "tokens", { cookie: anna });
    expect(list.json()).toEqual({
      tokens: [
        {
          ...{ id, name: "a program", role: "operator", paths: [], by: "anna" },
          ...{ createdAt: "2026-05-03T07:12:00.000Z", expiresAt: null },
        },
      ],
    });
    expect(list.text() + JSON.stringify(bench.records.book.all)).not.toContain(token.slice(-43));
    expect(bench.lines.join()).not.toContain(token.slice(-43));
  });

  test("that was changed by a letter, or shown as a cookie, is nobody's", async () => {
    const { token } = await tokenOf({});
    const last = token.at(-1) === "A" ? "B" : "A";
    expect(await bench.whoIs({ token: token.slice(0, -1) + last })).toBe("nobody");
    expect(await bench.whoIs({ token: token.slice(0, -1) })).toBe("nobody");
    expect(await bench.whoIs({ cookie: `tandem-session-8080=${token}` })).toBe("nobody");
    expect(await bench.whoIs({ token: "tandem_" })).toBe("nobody");
  });

  test("beside a session: either is enough, and a good token comes first", async () => {
    const { token } = await tokenOf({ role: "viewer" });
    expect(await bench.whoIs({ token: "x", cookie: anna })).toBe("admin anna");
    expect(await bench.whoIs({ token, cookie: anna })).toBe("viewer a program");
    expect(await bench.whoIs({ token: "x", cookie: "tandem-session-8080=x" })).toBe("nobody");
  });

  test("scope: it is good for its paths and what is below them, and for nothing beside them", async () => {
    const { token } = await tokenOf({ paths: ["/api/v1/users", "/api/v1/session"] });
    expect((await bench.send("GET", "users", { token })).status).toBe(200);
    for (const path of ["tokens", "audit", "users-of-another-box"]) {
      expect((await bench.send("GET", path, { token })).status).not.toBe(200);
    }
    expect((await bench.send("GET", "audit", { token })).status).toBe(403);
    expect((await bench.send("DELETE", "tokens/0", { token })).status).toBe(403);
    const { token: half } = await tokenOf({ paths: ["/api/v1/user"] });
    expect((await bench.send("GET", "users", { token: half })).status).toBe(403);
    const { token: narrow } = await tokenOf({ paths: ["/api/v1/users/bert"] });
    expect((await bench.send("GET", "users", { token: narrow })).status).toBe(403);
    expect((await bench.send("GET", "users/bert-and-anna", { token: narrow })).status).toBe(405);
  });

  test("role: never more than its maker may by now", async () => {
    await bench.add("bert", "admin");
    const { token } = await tokenOf({}, await bench.cookieOf("bert"));
    expect(await bench.whoIs({ token })).toBe("admin a program");
    await bench.send("PUT", "users/bert", { body: { role: "viewer" }, cookie: anna });
    expect(await bench.whoIs({ token })).toBe("viewer a program");
  });

  test("ends with its maker, also when there is somebody of that name again", async () => {
    await bench.add("bert", "admin");
    const { token } = await tokenOf({}, await bench.cookieOf("bert"));
    await bench.send("DELETE", "users/bert", { cookie: anna });
    expect(await bench.whoIs({ token })).toBe("nobody");
    await bench.add("bert", "admin");
    expect(await bench.whoIs({ token })).toBe("nobody");
  });

  test("ends when it is withdrawn, on the partner as well", async () => {
    const { token, id } = await tokenOf({});
    const other = await tokenOf({});
    expect((await bench.send("DELETE", `tokens/${id}`, { cookie: anna })).status).toBe(200);
    expect(await bench.whoIs({ token })).toBe("nobody");
    expect((await bench.send("DELETE", `tokens/${id}`, { cookie: anna })).status).toBe(404);
    const partner = new MemoryRecords();
    partner.heard(bench.records);
    await partner.delete(`token:${other.id}`);
    bench.records.heard(partner);
    expect(await bench.whoIs({ token: other.token })).toBe("nobody");
  });

  test("expires, and is not taken by a box that does not know the time", async () => {
    const expiresAt = new Date(bench.wall + 3_600_000).toISOString();
    const { token } = await tokenOf({ expiresAt });
    const { token: lasting } = await tokenOf({});
    bench.pass(3_599_999);
    expect(await bench.whoIs({ token })).toBe("admin a program");
    bench.pass(1);
    expect(await bench.whoIs({ token })).toBe("nobody");
    bench.wall = 5000;
    expect(await bench.whoIs({ token })).toBe("nobody");
    expect(await bench.whoIs({ token: lasting })).toBe("admin a program");
  });

  test("does not become something that stays: it makes no tokens, users or passwords", async () => {
    const { token, id } = await tokenOf({});
    await bench.add("bert", "viewer");
    const before = JSON.stringify(bench.records.book.all);
    const wishes: [string, string, object?][] = [
      ["POST", "tokens", { name: "more", role: "viewer" }],
      ["DELETE", `tokens/${id}`],
      ["POST", "users", { name: "eve", role: "admin", password: PASSWORD }],
      ["PUT", "users/bert", { role: "admin" }],
      ["DELETE", "users/bert"],
      ["PUT", "users/bert/password", { password: "the password of eve" }],
    ];
    for (const [method, path, body] of wishes) {
      const answer = await bench.send(method, path, { token, ...(body ? { body } : {}) });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
    expect(JSON.stringify(bench.records.book.all)).toBe(before);
  });

  test.each([
    ["no name", { name: "" }],
    ["a long name", { name: "x".repeat(65) }],
    ["a name over two lines", { name: "a\nb" }],
    ["a path that is none", { paths: ["api"] }],
    ["a path that climbs by an empty part", { paths: ["/api//v1"] }],
    ["too many paths", { paths: Array.from({ length: 17 }, () => "/api") }],
    ["a time that is over", { expiresAt: "2020-01-01T00:00:00Z" }],
    ["a time that is none", { expiresAt: "2026-13-45T99:00:00Z" }],
    ["a role that there is not", { role: "nobody" }],
    ["something else", { hash: "0".repeat(64) }],
  ])("with %s is not made", async (_, wish) => {
    const body = { name: "x", role: "viewer", ...wish };
    expect((await bench.send("POST", "tokens", { body, cookie: anna })).status).toBe(400);
    expect(bench.records.list("token")).toEqual([]);
  });

  test("are so many at most", async () => {
    for (let i = 0; i < LIMITS.tokensMax; i++) await tokenOf({});
    const body = { name: "x", role: "viewer" };
    expect((await bench.send("POST", "tokens", { body, cookie: anna })).status).toBe(409);
  });
});

describe("the audit", () => {
  test("is for admins, the newest first, as many as are asked for", async () => {
    await bench.add("bert", "viewer");
    const all = await bench.send("GET", "audit", { cookie: anna });
    const { entries } = all.json() as { entries: { what: string; via: string }[] };
    expect(entries.map(({ what }) => what)).toEqual(["add user bert as viewer", "login", "set-up"]);
    expect(entries[0]?.via).toBe("socket");
    const one = await bench.send("GET", "audit?limit=1", { cookie: anna });
    expect((one.json() as { entries: unknown[] }).entries).toEqual([entries[0]]);
    for (const limit of ["0", "1001", "x", "-1"]) {
      expect((await bench.send("GET", `audit?limit=${limit}`, { cookie: anna })).status).toBe(400);
    }
  });

  test("has what the other rows change, by method, path and status", () => {
    const caller = { name: "anna", role: "admin", via: "session", from: "192.168.1.20" } as const;
    const head = (method: string, path: string) => ({
      ...{ method, path: `/api/v1/${path}`, query: new URLSearchParams("secret=1") },
      ...({ transport: "tcp", isSecure: true, remote: "", header: () => undefined } as const),
    });
    bench.access.asked(caller, head("PUT", "config"), 200);
    bench.access.asked(caller, head("POST", "users"), 200);
    bench.access.asked(caller, head("POST", "session"), 401);
    bench.access.asked(caller, head("DELETE", "tokens/1"), 403);
    expect(bench.audited.slice(-2)).toEqual([
      "anna: PUT /api/v1/config: 200",
      "anna: DELETE /api/v1/tokens/1: 403",
    ]);
    expect(bench.lines.join()).not.toContain("secret");
  });

  test("lines that are damaged are left out", async () => {
    bench.lines.push('{"at":"2026', "null", '{"at":1}', "");
    const answer = await bench.send("GET", "audit", { cookie: anna });
    const { entries } = answer.json() as { entries: unknown[] };
    expect(entries).toHaveLength(2);
  });
});
