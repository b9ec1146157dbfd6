// A fixed set of seeds for every day. `npm run sim` runs more, and tells the story of one.

import { describe, expect, test } from "vitest";
import { runSeed } from "./run.ts";

const SEEDS = 200;
const PER_TEST = 20;

describe("one box through crashes, clock steps, bad disks, bad networks and people", () => {
  const starts = Array.from({ length: SEEDS / PER_TEST }, (_, index) => 1 + index * PER_TEST);

  test.each(starts)(
    `seeds %i and the ${PER_TEST - 1} after it`,
    { timeout: 60_000 },
    async (first) => {
      const complaints: string[] = [];
      let acks = 0;
      for (let seed = first; seed < first + PER_TEST; seed++) {
        const outcome = await runSeed(seed);
        acks += outcome.acks;
        complaints.push(...outcome.complaints.map((text) => `SEED=${seed} npm run sim: ${text}`));
      }
      expect(complaints).toEqual([]);
      // Clients that are never served would prove nothing.
      expect(acks).toBeGreaterThan(PER_TEST * 20);
    },
  );

  test("the same seed tells the same story", async () => {
    const [first, second] = [await runSeed(77, 20, true), await runSeed(77, 20, true)];
    expect(second.trace).toEqual(first.trace);
    expect(first.trace.length).toBeGreaterThan(100);
  });
});
