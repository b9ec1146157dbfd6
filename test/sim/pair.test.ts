// A fixed set of seeds of a pair for every day. `npm run sim` runs more, tells the story of one, and makes one
// that fails as small as it still fails.

import { describe, expect, test } from "vitest";
import { BLIND } from "./grants.ts";
import { Lan } from "./lan.ts";
import { commandOf } from "./minimise.ts";
import { PairChecks } from "./pair-checks.ts";
import { runPairSeed } from "./pair-run.ts";
import { storyOf } from "./pair-story.ts";
import { type Holding, SimClient } from "./sim-client.ts";
import { World } from "./world.ts";

const SEEDS = 120;
const PER_TEST = 8;

describe("two boxes through cut cables, crashes, bad disks, wrong clocks and people", () => {
  const starts = Array.from({ length: SEEDS / PER_TEST }, (_, index) => 1 + index * PER_TEST);

  test.each(starts)(
    `seeds %i and the ${PER_TEST - 1} after it`,
    { timeout: 60_000 },
    async (from) => {
      const complaints: string[] = [];
      let acks = 0;
      for (let seed = from; seed < from + PER_TEST; seed++) {
        const outcome = await runPairSeed(seed);
        acks += outcome.acks;
        complaints.push(...outcome.complaints.map((text) => `${commandOf(seed, {})}: ${text}`));
      }
      expect(complaints).toEqual([]);
      // Clients that are never served would prove nothing.
      expect(acks).toBeGreaterThan(PER_TEST * 20);
    },
  );

  test("the same seed tells the same story", { timeout: 60_000 }, async () => {
    const options = { minutes: 10, isTraced: true };
    const [first, second] = [await runPairSeed(77, options), await runPairSeed(77, options)];
    expect(second.trace).toEqual(first.trace);
    expect(first.trace.length).toBeGreaterThan(100);
  });

  test("a shorter story is the begin of a longer one", () => {
    const long = storyOf(new World(5, false), 30);
    const short = storyOf(new World(5, false), 12);
    expect(short.length).toBeGreaterThan(5);
    expect(long.slice(0, short.length)).toEqual(short);
  });

  test("a trouble that is left out does not happen", { timeout: 60_000 }, async () => {
    const { story, kept, crashes } = await runPairSeed(3, { minutes: 10, kinds: ["client"] });
    expect(kept.length).toBeGreaterThan(0);
    expect(new Set(kept.map((place) => story[place]?.kind))).toEqual(new Set(["client"]));
    // Each box is ended once, to have its journal read.
    expect(crashes).toBe(2);
  });
});

describe("two boxes that know nothing of each other", () => {
  test("are found out: they give out addresses twice", { timeout: 60_000 }, async () => {
    const complaints: string[] = [];
    for (let seed = 1; seed <= 10; seed++) {
      const outcome = await runPairSeed(seed, { kinds: ["client"], isUnpaired: true });
      complaints.push(...outcome.complaints);
    }
    expect(complaints.filter((text) => text.includes("was given to")).length).toBeGreaterThan(3);
  });
});

describe("overlaps of leases", () => {
  const ADDRESS = "10.77.0.100";

  function made() {
    const world = new World(1, false);
    const checks = new PairChecks(world, () => {});
    const lan = new Lan(world, "office");
    const { grants } = checks;
    const clients = [1, 2].map((number) => new SimClient(world, checks, lan, number));
    grants.clients.push(...clients);
    const give = (index: number, box: string, state: string, seconds = 100) => {
      const client = clients[index] as SimClient;
      const times = { until: world.now + seconds * 1000, renewAt: 0, rebindAt: 0 };
      const holding: Holding = { address: ADDRESS, lan, serverId: "", serverMac: "", ...times };
      client.holding = holding;
      grants.acquired(client, holding, box, state);
    };
    return { world, grants, give };
  }

  test("are complained of", () => {
    const { world, grants, give } = made();
    give(0, "a", "normal");
    give(1, "b", "communications-interrupted");
    expect(world.complaints).toHaveLength(1);
    expect(grants.excused).toBe(0);
  });

  test("are none when the first lease has ended", async () => {
    const { world, give } = made();
    give(0, "a", "normal");
    await world.run(100_000);
    give(1, "b", "normal");
    expect(world.complaints).toEqual([]);
  });

  test("are excused when a living box was declared off, and counted once", () => {
    const { world, grants, give } = made();
    grants.watch(["partner-down", "communications-interrupted"]);
    give(0, "b", "communications-interrupted");
    give(1, "a", "partner-down");
    give(0, "b", "communications-interrupted");
    expect(world.complaints).toEqual([]);
    expect(grants.excused).toBe(1);
  });

  test("are excused also when it is the other client that renews, beside a box with an empty book", () => {
    const { world, grants, give } = made();
    grants.watch(["communications-interrupted", "partner-down"]);
    give(0, "a", "communications-interrupted");
    give(1, "b", BLIND);
    give(0, "a", "communications-interrupted");
    expect(world.complaints).toEqual([]);
    expect(grants.excused).toBe(1);
  });

  test("are not excused when both are the same box's", () => {
    const { world, grants, give } = made();
    grants.watch(["partner-down", undefined]);
    give(0, "a", "partner-down");
    give(1, "a", "partner-down");
    expect(world.complaints).toHaveLength(1);
  });

  test("are not excused when the box knew of the lease before", () => {
    const { world, grants, give } = made();
    give(0, "b", "normal", 500);
    grants.watch(["partner-down", undefined]);
    give(1, "a", "partner-down");
    expect(world.complaints).toHaveLength(1);
  });

  test("are not excused when both go on after the boxes are in step again", () => {
    const { world, grants, give } = made();
    grants.watch(["partner-down", "communications-interrupted"]);
    give(0, "b", "communications-interrupted");
    give(1, "a", "partner-down");
    grants.watch(["normal", "normal"]);
    give(0, "b", "normal");
    expect(world.complaints).toEqual([]);
    give(1, "a", "normal");
    expect(world.complaints).toHaveLength(1);
  });
});
