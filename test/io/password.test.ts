// Passwords: hashed slowly, one at a time, and with the same work whether or not there is one.

import { scryptSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Passwords, PasswordsBusy } from "../../daemon/io/password.ts";
import { LIMITS } from "../../daemon/limits.ts";

/** Counts the work, and lets nobody wait. */
function passwords(): { readonly made: Passwords; readonly rests: number[] } {
  const rests: number[] = [];
  let now = 0;
  const made = new Passwords({
    rest: async (milliseconds) => void rests.push(milliseconds),
    now: () => {
      now += 10;
      return now;
    },
  });
  return { made, rests };
}

test("what is stored is scrypt with N = 2^15, r = 8, p = 1 and a salt of its own", async () => {
  const { made } = passwords();
  const stored = await made.hash("correct horse");
  const [name, log2N, r, p, salt = "", hash] = stored.split("$");
  expect([name, log2N, r, p]).toEqual(["scrypt", "15", "8", "1"]);
  const options = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 << 20 };
  const expected = scryptSync("correct horse", Buffer.from(salt, "base64url"), 32, options);
  expect(hash).toBe(expected.toString("base64url"));
  expect(await made.hash("correct horse")).not.toBe(stored);
});

test("the right password is known again, and no other one", async () => {
  const { made } = passwords();
  const stored = await made.hash("pässword one");
  expect(await made.check("pässword one", stored)).toBe(true);
  expect(await made.check("pa\u0308ssword one", stored)).toBe(true);
  expect(await made.check("pässword onE", stored)).toBe(false);
  expect(await made.check("", stored)).toBe(false);
});

test("one that was made with less is still known", async () => {
  const { made } = passwords();
  const salt = Buffer.alloc(16, 7);
  const hash = scryptSync("an old password", salt, 32, { N: 2 ** 12, r: 8, p: 1 });
  const stored = `scrypt$12$8$1$${salt.toString("base64url")}$${hash.toString("base64url")}`;
  expect(await made.check("an old password", stored)).toBe(true);
});

describe("nobody's password takes the same work, and is never right", () => {
  const filler = `$${"A".repeat(22)}$${"A".repeat(43)}`;
  test.each([
    ["nobody", undefined],
    ["no hash", "secret"],
    ["more memory than there is for it", `scrypt$16$8$1${filler}`],
    ["more memory by its blocks", `scrypt$15$9$1${filler}`],
    ["more turns", `scrypt$15$8$5${filler}`],
    ["no turn", `scrypt$15$8$0${filler}`],
    ["no work at all", `scrypt$1$1$1${filler}`],
  ])("%s", async (_, stored) => {
    const { made, rests } = passwords();
    expect(await made.check("whatever it is", stored)).toBe(false);
    expect(rests).toHaveLength(1);
  });
});

test("one at a time, with a rest as long as the work after each", async () => {
  const { made, rests } = passwords();
  let waiting: (() => void) | undefined;
  const slow = new Passwords({
    rest: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
    now: () => 0,
  });
  let isSecondDone = false;
  await slow.check("one", undefined);
  const second = slow.check("two", undefined).then(() => {
    isSecondDone = true;
  });
  // Far longer than the work would take: only the rest holds it back.
  await made.hash("something that takes its time");
  await made.hash("something that takes its time");
  expect(isSecondDone).toBe(false);
  waiting?.();
  await second;
  expect(rests).toEqual([10, 10]);
});

test("whoever comes when too many wait is told so at once, and those that wait are answered", async () => {
  const { made } = passwords();
  const most = LIMITS.passwordsWaitingMax;
  const asked = Array.from({ length: most }, () => made.check("x", undefined));
  await expect(made.check("x", undefined)).rejects.toBeInstanceOf(PasswordsBusy);
  await expect(made.hash("x")).rejects.toBeInstanceOf(PasswordsBusy);
  expect(await Promise.all(asked)).toEqual(Array.from({ length: most }, () => false));
  expect(await made.check("x", undefined)).toBe(false);
});
