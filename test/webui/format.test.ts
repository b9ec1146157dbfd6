import { describe, expect, test } from "vitest";
import { LIMITS } from "../../daemon/limits.ts";
import { retryDelay } from "../../webui/api.ts";
import { addressNumber, bytes, clock } from "../../webui/format.ts";
import { selectLeases } from "../../webui/models/leases.ts";
import { relative, span, TEXTS, whyNot } from "../../webui/texts.ts";
import { FAKE_NOW, fakeLease } from "../support/fake-box.ts";

describe("words for times", () => {
  test.each([
    [0, "just now"],
    [-1.9, "just now"],
    [-2, "2 seconds ago"],
    [-61, "1 minute ago"],
    [-7200, "2 hours ago"],
    [-86_400 * 2, "2 days ago"],
    [30, "in 30 seconds"],
    [3599, "in 59 minutes"],
    [43_140, "in\u00a011\u00a0h 59\u00a0min"],
    [86_400, "in 1 day"],
  ])("%d seconds are %j", (seconds, text) => {
    expect(relative(seconds)).toBe(text);
  });

  test("spans", () => {
    expect([span(43_200), span(60), span(0)]).toEqual(["12 hours", "1 minute", "0 seconds"]);
  });

  test("the day is shown when it is another one", () => {
    const today = clock(new Date(FAKE_NOW - 60_000).toISOString(), FAKE_NOW);
    const before = clock(new Date(FAKE_NOW - 3 * 86_400_000).toISOString(), FAKE_NOW);
    expect(before.length).toBeGreaterThan(today.length);
    expect(clock("nonsense", FAKE_NOW)).toBe("–");
  });
});

test("sizes", () => {
  expect([bytes(0), bytes(999), bytes(1500), bytes(48_000_000), bytes(2e13)]).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "48 MB",
    "20000 GB",
  ]);
});

test("attempts to reconnect are spaced further and further, up to a limit", () => {
  expect([0, 1, 2, 3, 4, 5, 60].map(retryDelay)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

describe("words for what was not done", () => {
  const refusal = { isDone: false, status: 409, sentence: "It is so.", waitSeconds: 0 } as const;

  test("the box's own, or what is known without it", () => {
    expect(whyNot(refusal)).toBe("It is so.");
    expect(whyNot({ ...refusal, sentence: "" })).toContain("409");
    expect(whyNot({ ...refusal, status: 0 })).toBe(TEXTS.notSaid);
  });

  test("no number that is counted down elsewhere", () => {
    expect(whyNot({ ...refusal, status: 429, sentence: "Try again in 7 seconds." })).not.toContain(
      "7",
    );
  });
});

test("how much time a trial has left", () => {
  expect([1, 99, 100, 300, 3600].map(TEXTS.trialLeft)).toEqual([
    "1 s left",
    "99 s left",
    "2 min left",
    "5 min left",
    "60 min left",
  ]);
});

test("what a password has to be is what the box takes", () => {
  expect(TEXTS.newPasswordHelp).toContain(`At least ${LIMITS.passwordCharactersMin} characters.`);
  expect(LIMITS.presenceMilliseconds).toBe(600_000);
  expect(TEXTS.presenceAwaited).toContain("ten minutes");
});

describe("a short list of leases", () => {
  const leases = [9, 1, 100, 2].map((n) =>
    fakeLease(n, n === 2 ? { state: "expired", hostname: "Attic" } : {}),
  );
  const wish = { search: "", state: "", sort: "address", descending: false } as const;
  const numbers = (change: object) =>
    selectLeases(leases, { ...wish, ...change }).map((lease) => addressNumber(lease.address) & 255);

  test("is sorted by number, not by text", () => {
    expect(numbers({})).toEqual([101, 102, 109, 200]);
    expect(numbers({ descending: true })).toEqual([200, 109, 102, 101]);
  });

  test("is filtered by state and by any text in it", () => {
    expect(numbers({ state: "active" })).toEqual([101, 109, 200]);
    expect(numbers({ search: " ATTIC " })).toEqual([102]);
    expect(numbers({ search: "5e:10:00:09" })).toEqual([109]);
    expect(numbers({ search: "nothing like it" })).toEqual([]);
  });

  test("sorts by time heard", () => {
    expect(numbers({ sort: "seenAt", descending: true })).toEqual([101, 102, 109, 200]);
  });
});
