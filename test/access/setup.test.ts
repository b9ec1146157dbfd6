// The first password: by whoever has shown that they are at the box, and only once.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../daemon/limits.ts";
import type { Answer } from "../http/ask.ts";
import { AccessBench, cookieIn, MemoryRecords, PASSWORD } from "../support/access-bench.ts";

const WISH = { name: "anna", password: PASSWORD };

let bench: AccessBench;
beforeEach(() => {
  bench = new AccessBench();
});

function setUp(body: object = WISH, from = "192.168.1.20"): Promise<Answer> {
  return bench.send("POST", "setup", { body, from });
}

function detailOf(answer: Answer): unknown {
  return (answer.json() as { detail?: string }).detail;
}

describe("before there is a password", () => {
  test("who is on the box itself may look, over the network nobody may anything", async () => {
    expect(await bench.whoIs({ from: "127.0.0.1" })).toBe("viewer");
    expect(await bench.whoIs({ from: "192.168.1.20" })).toBe("nobody");
    expect(await bench.whoIs({ transport: "unix" })).toBe("admin");
    await bench.claim();
    expect(await bench.whoIs({ from: "127.0.0.1" })).toBe("nobody");
  });

  test("what is needed is said to everybody", async () => {
    const view = async () => (await bench.send("GET", "setup")).json();
    expect(await view()).toMatchObject({
      ...{ isNeeded: true, isPresenceProven: false, isSerialTaken: false },
      sentence: expect.stringContaining("press its button"),
    });
    bench.serial = "TD-2026-0042";
    expect(await view()).toMatchObject({
      isSerialTaken: true,
      sentence: expect.stringContaining("serial number on its label"),
    });
    bench.presenceProvenAt = bench.monotonic;
    expect(await view()).toMatchObject({ isPresenceProven: true });
    await bench.claim();
    expect(await view()).toEqual({
      ...{ isNeeded: false, isPresenceProven: false, isSerialTaken: false },
      sentence: "This box has a password: log in.",
    });
  });
});

describe("presence", () => {
  test("set-up without it is refused, whatever else is right", async () => {
    const answer = await setUp();
    expect(answer.status).toBe(403);
    expect(detailOf(answer)).toMatch(/^Show that you are at the box: press its button/);
    expect((await setUp({ ...WISH, serial: "" })).status).toBe(403);
    expect(bench.passwords.hashes).toBe(0);
    expect((await bench.send("GET", "setup")).json()).toMatchObject({ isNeeded: true });
  });

  test("over the Unix socket it is the file that says who may", async () => {
    const answer = await bench.send("POST", "setup", { body: WISH, transport: "unix" });
    expect(answer.status).toBe(200);
    expect(answer.header("set-cookie")).toBeUndefined();
    expect((await bench.logIn("anna")).status).toBe(200);
  });

  test("the button, or the digits of the cable, count for ten minutes", async () => {
    bench.presenceProvenAt = bench.monotonic;
    bench.pass(LIMITS.presenceMilliseconds);
    expect((await setUp()).status).toBe(403);
    bench.presenceProvenAt = bench.monotonic - LIMITS.presenceMilliseconds + 1;
    const answer = await setUp();
    expect(answer.json()).toEqual({ sentence: "The first password is set." });
    expect(await bench.whoIs({ cookie: cookieIn(answer) })).toBe("admin anna");
  });

  test("the serial number counts as people type it", async () => {
    bench.serial = "TD-2026-0042";
    expect((await setUp({ ...WISH, serial: "td 2026 0042" })).status).toBe(200);
  });

  test("a wrong serial number is refused, and guessing it waits, from wherever it comes", async () => {
    bench.serial = "TD-2026-0042";
    const wrong = { ...WISH, serial: "TD-2026-0043" };
    expect((await setUp(wrong)).status).toBe(403);
    expect((await setUp({ ...WISH, serial: bench.serial })).status).toBe(429);
    expect((await setUp({ ...WISH, serial: bench.serial }, "192.168.1.99")).status).toBe(429);
    bench.pass(1000);
    expect((await setUp(wrong, "192.168.1.99")).status).toBe(403);
    expect((await setUp(wrong, "192.168.1.98")).header("retry-after")).toBe("2");
    bench.pass(2000);
    expect((await setUp({ ...WISH, serial: bench.serial })).status).toBe(200);
  });

  test("a label that says nothing, or too little, is no proof", async () => {
    for (const serial of ["", "00001", "- - - -"]) {
      bench.serial = serial;
      bench.pass(60_000);
      expect((await setUp({ ...WISH, serial })).status).toBe(403);
    }
  });
});

describe("set-up twice", () => {
  test("the second one is refused, also with presence and over the socket", async () => {
    bench.presenceProvenAt = bench.monotonic;
    expect((await setUp()).status).toBe(200);
    const other = { name: "eve", password: "the password of eve" };
    expect((await setUp(other)).status).toBe(409);
    const local = await bench.send("POST", "setup", { body: other, transport: "unix" });
    expect(local.status).toBe(409);
    expect(bench.records.list("user").map(({ key }) => key)).toEqual(["user:anna"]);
  });

  test("two at the same moment: one of them", async () => {
    bench.presenceProvenAt = bench.monotonic;
    const both = await Promise.all([
      setUp(),
      setUp({ name: "eve", password: "the password of eve" }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(bench.records.list("user")).toHaveLength(1);
  });

  test("one that the partner has told of counts as well", async () => {
    bench.presenceProvenAt = bench.monotonic;
    const partner = new MemoryRecords();
    await partner.set("user:anna", JSON.stringify({ role: "admin", password: "1:x" }));
    bench.records.heard(partner);
    expect((await setUp({ name: "eve", password: "the password of eve" })).status).toBe(409);
  });

  test("a box whose disk has not said who there is takes no first password, and shows nothing", async () => {
    bench.records.isKnown = false;
    bench.presenceProvenAt = bench.monotonic;
    expect((await setUp()).status).toBe(503);
    expect(await bench.whoIs({ from: "127.0.0.1" })).toBe("nobody");
  });

  test("two boxes that were each told to delete the other admin, and met: it begins anew", async () => {
    await bench.claim();
    await bench.add("bert", "admin");
    const partner = new MemoryRecords();
    partner.heard(bench.records);
    await bench.send("DELETE", "users/anna", { transport: "unix" });
    await partner.delete("user:bert");
    bench.records.heard(partner);
    expect((await bench.send("GET", "setup")).json()).toMatchObject({ isNeeded: true });
    expect((await setUp()).status).toBe(403);
    bench.presenceProvenAt = bench.monotonic;
    expect((await setUp()).status).toBe(200);
  });
});

test.each([
  ["a short password", { name: "anna", password: "123456789" }, /at least 10/],
  ["the user's name", { name: "anna-maria", password: "Anna-Maria" }, /user's name/],
  ["one that everybody tries", { name: "anna", password: "Password123" }, /tried first/],
  ["one letter", { name: "anna", password: "aaaaaaaaaaaa" }, /tried first/],
  ["a long one", { name: "anna", password: "ab".repeat(129) }, /at most 256/],
  ["a name with a space", { name: "an na", password: PASSWORD }, /user name/],
  ["a name that climbs", { name: "../anna", password: PASSWORD }, /user name/],
  ["no password", { name: "anna" }, /password.*missing/],
  ["no text", { name: "anna", password: 1234567890 }, /must be a text/],
])(
  "%s is refused with the reason, without work and without being repeated",
  async (_, wish, why) => {
    bench.presenceProvenAt = bench.monotonic;
    const answer = await setUp(wish);
    expect(answer.status).toBe(400);
    expect(detailOf(answer)).toMatch(why);
    expect(answer.text()).not.toContain("1234567890");
    expect(bench.passwords.hashes).toBe(0);
  },
);

test("ten characters that mean something only to one person are enough", async () => {
  bench.presenceProvenAt = bench.monotonic;
  expect((await setUp({ password: "zwölf kühe" })).status).toBe(200);
  expect((await bench.logIn("admin", "zwölf kühe")).status).toBe(200);
});
