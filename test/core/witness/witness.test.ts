// What is concluded from which paths, and how soon.

import { beforeEach, describe, expect, test } from "vitest";
import {
  bestOf,
  type Conclusion,
  conclude,
  maySupersede,
  PATH_VERDICTS,
  type PathVerdict,
} from "../../../daemon/core/witness/paths.ts";
import { DEFAULT_TIMES, Witness } from "../../../daemon/core/witness/witness.ts";

describe("the paths together", () => {
  test.each<[PathVerdict, readonly PathVerdict[], Conclusion]>([
    ["up", ["up"], "in-step"],
    ["up", ["silent", "unplugged"], "in-step"],
    ["up", [], "in-step"],
    ["mute", ["up"], "over-lan"],
    ["mute", ["mute"], "one-way"],
    ["mute", [], "one-way"],
    ["silent", ["silent", "up"], "over-lan"],
    ["silent", ["silent", "mute"], "one-way"],
    ["silent", ["silent"], "slow"],
    ["silent", ["unplugged"], "isolated"],
    ["unplugged", ["up", "unplugged"], "over-lan"],
    ["unplugged", ["mute"], "one-way"],
    ["unplugged", ["silent", "unplugged"], "gone"],
    ["unplugged", ["unplugged"], "isolated"],
    ["unplugged", [], "isolated"],
  ])("pair link %s, LANs %j: %s", (pairLink, lans, conclusion) => {
    expect(conclude(pairLink, lans, false)).toBe(conclusion);
  });

  test("what is silent for longer than a box can be busy is gone, if a LAN says so too", () => {
    expect(conclude("silent", ["silent"], true)).toBe("gone");
    expect(conclude("silent", [], true)).toBe("isolated");
    expect(conclude("mute", ["silent"], true)).toBe("one-way");
  });

  test("a partner that is heard anywhere is never superseded, nor one that only one path is silent about", () => {
    for (const pairLink of PATH_VERDICTS) {
      for (const lan of [...PATH_VERDICTS, undefined]) {
        const lans = lan === undefined ? [] : [lan];
        const isHeard = [pairLink, ...lans].some((one) => one === "up" || one === "mute");
        const hasTwo = lan === "silent";
        for (const isOverdue of [false, true]) {
          const may = maySupersede(conclude(pairLink, lans, isOverdue));
          if (isHeard || !hasTwo) expect(may, `${pairLink} ${lan}`).toBe(false);
        }
      }
    }
    expect(maySupersede(conclude("unplugged", ["silent"], false))).toBe(true);
  });

  test("of several LANs the best counts", () => {
    expect(bestOf(["unplugged", "silent", "mute", "up"])).toBe("up");
    expect(bestOf(["unplugged", "silent"])).toBe("silent");
    expect(bestOf([])).toBe("unplugged");
  });
});

describe("in time", () => {
  const { pairInterval, lanInterval, slowMax } = DEFAULT_TIMES;
  let now = 0;
  let witness: Witness;

  beforeEach(() => {
    now = 5000;
    witness = new Witness(DEFAULT_TIMES, now);
    serve("office", "guests");
    for (const name of ["cable", "office", "guests"]) witness.setCarrier(name, true);
  });

  function serve(...lans: string[]): void {
    const paths = lans.map((name) => ({ name, isPairLink: false }));
    witness.setPaths([{ name: "cable", isPairLink: true }, ...paths]);
  }

  function hear(name: string, heldMilliseconds = 0): void {
    const echo = { boot: new Uint8Array(8), sequence: 1, heldMilliseconds };
    witness.heard(name, { echo }, true, now);
  }

  /** Both boxes say what they should on these paths, for so long. */
  function pass(milliseconds: number, ...names: string[]): void {
    for (const end = now + milliseconds; now < end; now += 50) {
      for (const name of names) {
        const interval = name === "cable" ? pairInterval : lanInterval;
        if (now % interval === 0) hear(name);
      }
    }
  }

  /** How long until it is concluded, with nothing heard but on these paths. */
  function untilConclusion(wanted: Conclusion, ...names: string[]): number {
    const began = now;
    while (witness.conclusion(now) !== wanted && now - began < 60_000) pass(50, ...names);
    return now - began;
  }

  test("a box that was never heard is slow first, and gone when it has been silent for long", () => {
    expect(witness.conclusion(now)).toBe("slow");
    expect(untilConclusion("gone")).toBeLessThanOrEqual(slowMax + 50);
  });

  test("in step on every path", () => {
    pass(5000, "cable", "office", "guests");
    expect(witness.conclusion(now)).toBe("in-step");
    for (const name of ["cable", "office", "guests"]) expect(witness.verdict(name, now)).toBe("up");
  });

  test("the cable is pulled: over the LAN at once, and back", () => {
    pass(5000, "cable", "office", "guests");
    witness.setCarrier("cable", false);
    expect(witness.conclusion(now)).toBe("over-lan");
    pass(5000, "office", "guests");
    expect(witness.conclusion(now)).toBe("over-lan");
    witness.setCarrier("cable", true);
    pass(1000, "cable", "office", "guests");
    expect(witness.conclusion(now)).toBe("in-step");
  });

  test("the cable has carrier and lets nothing through: over the LAN within a second", () => {
    pass(5000, "cable", "office");
    expect(untilConclusion("over-lan", "office")).toBeLessThanOrEqual(1000);
  });

  test("the partner loses its power, and the cable its carrier: gone within a second", () => {
    pass(5300, "cable", "office", "guests");
    witness.setCarrier("cable", false);
    expect(untilConclusion("gone")).toBeLessThanOrEqual(1000);
  });

  test("a partner that is busy for two seconds is slow, and never gone", () => {
    pass(5000, "cable", "office");
    for (let waited = 0; waited < 2000; waited += 50) {
      expect(witness.conclusion(now)).not.toBe("gone");
      pass(50);
    }
    expect(witness.conclusion(now)).toBe("slow");
    hear("cable");
    expect(witness.conclusion(now)).toBe("in-step");
  });

  test("what this box says does not arrive: a fault of one direction, seen as such", () => {
    pass(5000, "cable", "office");
    for (const end = now + 2000; now < end; now += 50) {
      const held = now - 10_000;
      if (now % pairInterval === 0) hear("cable", held);
      if (now % lanInterval === 0) hear("office", held);
    }
    expect(witness.verdict("cable", now)).toBe("mute");
    expect(witness.conclusion(now)).toBe("one-way");
  });

  test("an echo of another process of this box is none", () => {
    const echo = { boot: new Uint8Array(8).fill(1), sequence: 1, heldMilliseconds: 0 };
    witness.heard("cable", { echo }, false, now);
    expect(witness.verdict("cable", now)).toBe("mute");
  });

  test("one LAN of several is unplugged: a matter of that LAN", () => {
    pass(5000, "cable", "office", "guests");
    witness.setCarrier("guests", false);
    expect(witness.conclusion(now)).toBe("in-step");
    expect(witness.verdict("guests", now)).toBe("unplugged");
  });

  test("without any LAN plugged in nobody is superseded, however long it lasts", () => {
    for (const name of ["office", "guests"]) witness.setCarrier(name, false);
    pass(5000, "cable");
    witness.setCarrier("cable", false);
    pass(60_000);
    expect(witness.conclusion(now)).toBe("isolated");
  });

  test("a LAN that is not served any more is no path", () => {
    pass(5000, "cable", "office");
    serve("guests");
    expect(witness.verdict("office", now)).toBe("unplugged");
    hear("office");
    expect(witness.verdict("office", now)).toBe("unplugged");
  });

  test("nothing changes before it is said when it may", () => {
    pass(5300, "cable", "office");
    for (let changes = 0; changes < 4; ) {
      const before = [witness.conclusion(now), witness.verdict("cable", now)].join();
      const next = witness.nextAt(now);
      if (next === Number.POSITIVE_INFINITY) break;
      expect([witness.conclusion(next - 1), witness.verdict("cable", next - 1)].join()).toBe(
        before,
      );
      now = next;
      changes++;
    }
    expect(witness.conclusion(now + slowMax)).toBe("gone");
  });

  test("while this box itself was busy, nobody was silent", () => {
    pass(5000, "cable", "office");
    now += 4000;
    witness.excuse(3900);
    expect(witness.conclusion(now)).toBe("in-step");
  });

  test("of two ports for the cable one that works is enough", () => {
    const ports = ["cable", "spare"].map((name) => ({ name, isPairLink: true }));
    witness.setPaths([...ports, { name: "office", isPairLink: false }]);
    witness.setCarrier("cable", false);
    witness.setCarrier("spare", true);
    pass(1000, "office");
    hear("spare");
    expect(witness.conclusion(now)).toBe("in-step");
  });

  test("of another partner nothing has been heard", () => {
    pass(5000, "cable", "office");
    witness.forget(now);
    expect(witness.conclusion(now)).toBe("slow");
  });
});
