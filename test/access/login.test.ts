// Logging in over the real rows: what attackers try, by name.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../daemon/limits.ts";
import { AccessBench, cookieIn, MemoryRecords, PASSWORD } from "../support/access-bench.ts";

let bench: AccessBench;
beforeEach(async () => {
  bench = new AccessBench();
  await bench.claim();
});

/** Tries that are looked at, as long as no time passes between more than these. */
async function fail(times: number, name: string, from?: (i: number) => string): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) {
    const sent = from ? { from: from(i) } : {};
    statuses.push((await bench.logIn(name, `wrong password ${i}`, sent)).status);
  }
  return statuses;
}

describe("a session", () => {
  test("begins with the right password, and says who it is", async () => {
    const answer = await bench.logIn("anna");
    expect(answer.json()).toEqual({ sentence: "You are logged in." });
    const cookie = cookieIn(answer);
    expect(await bench.whoIs({ cookie })).toBe("admin anna");
    expect(await bench.whoIs({})).toBe("nobody");
    expect((await bench.send("GET", "users", { cookie })).status).toBe(200);
    expect((await bench.send("GET", "users")).status).toBe(401);
  });

  test("is in a cookie that scripts and other sites do not get", async () => {
    const plain = (await bench.logIn("anna")).header("set-cookie");
    expect(plain).toMatch(/^tandem-session-8080=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const secure = (await bench.logIn("anna", PASSWORD, { isSecure: true })).header("set-cookie");
    expect(secure).toMatch(
      /^__Host-tandem-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  test("over TLS only the cookie of TLS counts: one that was set without it may be anybody's", async () => {
    const cookie = await bench.cookieOf("anna", PASSWORD, { isSecure: true });
    const id = cookie.split("=")[1];
    expect(await bench.whoIs({ cookie, isSecure: true })).toBe("admin anna");
    expect(await bench.whoIs({ cookie: `tandem-session=${id}`, isSecure: true })).toBe("nobody");
    expect(await bench.whoIs({ cookie: `a=b; ${cookie}; c=d`, isSecure: true })).toBe("admin anna");
  });

  test("fixation: an id that the client names before login is never taken", async () => {
    const chosen = "A".repeat(43);
    const cookie = `tandem-session-8080=${chosen}`;
    const answer = await bench.logIn("anna", PASSWORD, { cookie });
    expect(answer.status).toBe(200);
    expect(cookieIn(answer)).not.toBe(cookie);
    expect(await bench.whoIs({ cookie })).toBe("nobody");
    // Nor is a good one used again.
    const first = cookieIn(answer);
    const second = cookieIn(await bench.logIn("anna", PASSWORD, { cookie: first }));
    expect(second).not.toBe(first);
  });

  test("ends with logout, for whoever has copied the cookie as well", async () => {
    const cookie = await bench.cookieOf("anna");
    const other = await bench.cookieOf("anna");
    const answer = await bench.send("DELETE", "session", { cookie });
    expect(answer.status).toBe(200);
    expect(answer.header("set-cookie")).toContain("tandem-session-8080=; Max-Age=0;");
    expect(await bench.whoIs({ cookie })).toBe("nobody");
    expect(await bench.whoIs({ cookie: other })).toBe("admin anna");
  });

  test("ends when it was idle for half an hour", async () => {
    const cookie = await bench.cookieOf("anna");
    bench.pass(LIMITS.sessionIdleMilliseconds - 1);
    expect(await bench.whoIs({ cookie })).toBe("admin anna");
    bench.pass(LIMITS.sessionIdleMilliseconds - 1);
    expect(await bench.whoIs({ cookie })).toBe("admin anna");
    bench.pass(LIMITS.sessionIdleMilliseconds);
    expect(await bench.whoIs({ cookie })).toBe("nobody");
  });

  test("ends after twelve hours, however busy it was", async () => {
    const cookie = await bench.cookieOf("anna");
    const begunAt = bench.monotonic;
    while (bench.monotonic - begunAt < LIMITS.sessionMilliseconds - 600_000) {
      bench.pass(600_000);
      expect(await bench.whoIs({ cookie })).toBe("admin anna");
    }
    bench.pass(600_000);
    expect(await bench.whoIs({ cookie })).toBe("nobody");
  });

  test("whoever logs in without end has the last few, and ends nobody else's", async () => {
    await bench.add("bert", "viewer");
    const cookie = await bench.cookieOf("anna");
    const others: string[] = [];
    for (let i = 0; i < LIMITS.sessionsMax + 5; i++) {
      bench.pass(1);
      others.push(await bench.cookieOf("bert"));
    }
    expect(await bench.whoIs({ cookie })).toBe("admin anna");
    const known = await Promise.all(others.map((one) => bench.whoIs({ cookie: one })));
    expect(known.filter((who) => who === "viewer bert")).toHaveLength(LIMITS.sessionsPerUserMax);
    expect(known.at(-1)).toBe("viewer bert");
  });
});

describe("a stolen cookie", () => {
  test("is of no use after the password was changed, by the owner or by an admin", async () => {
    await bench.add("bert", "operator");
    const stolen = await bench.cookieOf("bert");
    const own = await bench.cookieOf("bert");
    const password = "another long password";
    const body = { password, current: PASSWORD };
    const answer = await bench.send("PUT", "users/bert/password", { body, cookie: own });
    expect(answer.status).toBe(200);
    expect(await bench.whoIs({ cookie: stolen })).toBe("nobody");
    expect(await bench.whoIs({ cookie: own })).toBe("nobody");
    const again = await bench.cookieOf("bert", password);
    const anna = await bench.cookieOf("anna");
    const reset = { password: "set by the admin" };
    await bench.send("PUT", "users/bert/password", { body: reset, cookie: anna });
    expect(await bench.whoIs({ cookie: again })).toBe("nobody");
    expect(await bench.whoIs({ cookie: anna })).toBe("admin anna");
  });

  test("is not enough to change the password", async () => {
    const cookie = await bench.cookieOf("anna");
    const password = "the password of the thief";
    const without = await bench.send("PUT", "users/anna/password", { body: { password }, cookie });
    expect(without.status).toBe(403);
    const body = { password, current: "a guess of the thief" };
    const guessed = await bench.send("PUT", "users/anna/password", { body, cookie });
    expect(guessed.status).toBe(429);
    bench.pass(60_000);
    expect((await bench.send("PUT", "users/anna/password", { body, cookie })).status).toBe(403);
    expect((await bench.logIn("anna", password, { from: "192.168.1.30" })).status).toBe(429);
    bench.pass(60_000);
    expect((await bench.logIn("anna", PASSWORD)).status).toBe(200);
  });

  test("is of no use after the role was changed, even if it is what it was again", async () => {
    await bench.add("bert", "operator");
    const stolen = await bench.cookieOf("bert");
    for (const role of ["viewer", "operator"]) {
      await bench.send("PUT", "users/bert", { body: { role }, transport: "unix" });
    }
    expect(await bench.whoIs({ cookie: stolen })).toBe("nobody");
  });

  test("is of no use after the user was deleted, or changed on the partner", async () => {
    for (const name of ["bert", "carl"]) await bench.add(name, "operator");
    const [bert, carl] = [await bench.cookieOf("bert"), await bench.cookieOf("carl")];
    await bench.send("DELETE", "users/bert", { transport: "unix" });
    const partner = new MemoryRecords();
    partner.heard(bench.records);
    await partner.delete("user:carl");
    expect(await bench.whoIs({ cookie: carl })).toBe("operator carl");
    bench.records.heard(partner);
    expect(await bench.whoIs({ cookie: bert })).toBe("nobody");
    expect(await bench.whoIs({ cookie: carl })).toBe("nobody");
  });

  test("a login that was under way with the old password comes to nothing", async () => {
    let open = () => {};
    bench.passwords.gate = new Promise((resolve) => {
      open = resolve;
    });
    const login = bench.logIn("anna");
    await bench.records.set("user:anna", JSON.stringify({ role: "admin", password: "9:other" }));
    open();
    expect((await login).status).toBe(401);
  });
});

describe("brute force", () => {
  test("from one source: after each failure the wait is twice as long, up to a minute", async () => {
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      expect(await fail(1, "anna")).toEqual([401]);
      const refused = await bench.logIn("anna");
      expect(refused.status).toBe(429);
      waits.push(Number(refused.header("retry-after")));
      bench.pass(waits.at(-1) === undefined ? 0 : (waits.at(-1) ?? 0) * 1000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test("what has to wait is not looked at: it costs no work, and does not wait longer for it", async () => {
    await fail(1, "anna");
    const { length } = bench.passwords.checked;
    expect(await fail(50, "anna")).toEqual(Array.from({ length: 50 }, () => 429));
    expect(bench.passwords.checked).toHaveLength(length);
    bench.pass(1000);
    expect((await bench.logIn("anna")).status).toBe(200);
  });

  test("from one source on many users", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `user${i}`);
    const statuses: number[] = [];
    for (const name of names) statuses.push(...(await fail(1, name)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(1);
  });

  test("from many sources on one user", async () => {
    const statuses = await fail(200, "anna", (i) => `192.168.1.${i}`);
    expect(statuses.filter((status) => status === 401)).toHaveLength(1);
    // A minute at most between two guesses, wherever they come from.
    for (let i = 0; i < 8; i++) {
      bench.pass(60_000);
      await fail(1, "anna", () => `192.168.2.${i}`);
    }
    bench.pass(59_999);
    expect(await fail(1, "anna", () => "192.168.3.1")).toEqual([429]);
    bench.pass(1);
    expect(await fail(1, "anna", () => "192.168.3.1")).toEqual([401]);
  });

  test("many at the same moment are no way around the waiting", async () => {
    const tries = Array.from({ length: 10 }, (_, i) => bench.logIn("anna", `guess number ${i}`));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(1);
    expect(bench.passwords.checked).toHaveLength(1);
  });

  test("the owner is not kept out: from where they have logged in before they wait for nobody else", async () => {
    const home = { from: "192.168.1.50" };
    await bench.cookieOf("anna", PASSWORD, home);
    await fail(1, "anna", () => "192.168.1.66");
    expect((await bench.logIn("anna", PASSWORD, { from: "192.168.1.51" })).status).toBe(429);
    expect((await bench.logIn("anna", PASSWORD, home)).status).toBe(200);
    // But guessing is no quicker from there.
    expect((await bench.logIn("anna", "a wrong password", home)).status).toBe(401);
    expect((await bench.logIn("anna", "a wrong password", home)).status).toBe(429);
  });

  test("an account of one's own does not make guessing at others quicker", async () => {
    await bench.add("bert", "viewer");
    for (const name of ["anna", "carl", "dora"]) {
      bench.pass(60_000);
      expect(await fail(1, name)).toEqual([401]);
      bench.pass(60_000);
      expect((await bench.logIn("bert")).status).toBe(200);
    }
    // The fourth failure of this address: eight seconds, although it logged in after each.
    expect(await fail(1, "emil")).toEqual([401]);
    expect((await bench.logIn("bert")).header("retry-after")).toBe("8");
  });

  test("is forgotten after a quarter of an hour", async () => {
    for (let i = 0; i < 6; i++) {
      await fail(1, "anna");
      bench.pass(60_000);
    }
    bench.pass(LIMITS.loginForgetMilliseconds);
    await fail(1, "anna");
    expect((await bench.logIn("anna")).header("retry-after")).toBe("1");
  });

  test("a flood of names and addresses does not free the one that has failed often", async () => {
    for (let i = 0; i < 8; i++) {
      bench.pass(60_000);
      await fail(1, "anna", () => "10.0.0.1");
    }
    const flood = LIMITS.loginSourcesMax + 50;
    for (let i = 0; i < flood; i++) {
      await bench.logIn(`x${i}`, "whatever it is", { from: `10.${i >> 8}.9.${i & 255}` });
    }
    expect(await fail(1, "anna", () => "172.16.0.1")).toEqual([429]);
    expect(await fail(1, "zoe", () => "10.0.0.1")).toEqual([429]);
  });

  test("a box that is too busy says so, and counts it as no failure", async () => {
    bench.passwords.isBusy = true;
    const answer = await bench.logIn("anna");
    expect(answer.status).toBe(503);
    expect(answer.header("retry-after")).toBe("2");
    bench.passwords.isBusy = false;
    expect((await bench.logIn("anna")).status).toBe(200);
  });
});

describe("whether there is such a user", () => {
  test("is not to be told from the answer, nor from the work that it takes", async () => {
    const asked = async (name: string, from: string) => {
      const before = bench.passwords.checked.length;
      const answer = await bench.logIn(name, "a wrong password", { from });
      const again = await bench.logIn(name, "a wrong password", { from });
      const work = bench.passwords.checked.length - before;
      return [answer, again].map((one) => [
        one.status,
        one.text(),
        one.header("retry-after"),
        work,
      ]);
    };
    const known = await asked("anna", "10.0.0.1");
    expect(await asked("nobody-of-that-name", "10.0.0.2")).toEqual(known);
    expect(known[0]?.[3]).toBe(1);
    // One with the hash of the user, one with none: io/password.ts does the same work for both.
    expect(bench.passwords.checked).toEqual([expect.stringContaining(":"), undefined]);
  });

  test("nor from a password that is right for somebody else", async () => {
    expect((await bench.logIn("nobody-of-that-name", PASSWORD)).status).toBe(401);
  });
});

describe("what is written down", () => {
  test("logins, failed ones with why, logout; never what was typed", async () => {
    await bench.cookieOf("anna", PASSWORD, { from: "192.168.1.7" });
    await bench.logIn("anna", "my secret mistake");
    bench.pass(60_000);
    await bench.logIn("another-secret-typed-as-name", "x");
    const cookie = await bench.cookieOf("anna", PASSWORD, { from: "192.168.1.7" });
    await bench.send("DELETE", "session", { cookie, from: "192.168.1.7" });
    expect(bench.audited).toEqual([
      ": set-up: done, admin anna",
      "anna: login: done",
      "anna: login: wrong password",
      ": login: unknown user name",
      "anna: login: done",
      "anna: logout: done",
    ]);
    expect(JSON.parse(bench.lines[1] ?? "")).toEqual({
      ...{ at: "2026-05-03T07:12:00.000Z", who: "anna", via: "nobody", from: "192.168.1.7" },
      ...{ what: "login", outcome: "done" },
    });
    expect(bench.lines.join()).not.toMatch(/secret|battery/);
  });

  test("a flood of failures leaves room for the rest, and how many were left out is said", async () => {
    for (let i = 0; i < 100; i++) await bench.logIn(`x${i}`, "x", { from: `10.0.1.${i}` });
    const { length } = bench.lines;
    expect(length).toBe(1 + LIMITS.auditRefusalsPerMinute);
    await bench.cookieOf("anna");
    expect(JSON.parse(bench.lines.at(-1) ?? "").leftOut).toBe(100 - LIMITS.auditRefusalsPerMinute);
    bench.pass(60_000);
    await bench.logIn("x", "x", { from: "10.0.2.1" });
    expect(bench.lines).toHaveLength(length + 2);
  });
});
