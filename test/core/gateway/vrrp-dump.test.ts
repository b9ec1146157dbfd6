// keepalived's dump: real ones (test/fixtures/keepalived/PROVENANCE.md), and any text instead of one.

import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDump } from "../../../daemon/core/gateway/vrrp-dump.ts";

const FIXTURES = path.join(import.meta.dirname, "../../fixtures/keepalived");

function fixture(name: string): string {
  return readFileSync(path.join(FIXTURES, name), "utf8");
}

/** Each instance as a line. */
function linesOf(text: string): string[] | string {
  const dump = parseDump(text);
  if (dump.kind === "unreadable") return dump.why;
  return dump.instances.map(
    ({ instance, state, effectivePriority, advertsSent }) =>
      `${instance} ${state} ${effectivePriority} ${advertsSent}`,
  );
}

describe("dumps of keepalived 2.2.7", () => {
  test.each([
    [
      "a-lowered.json",
      ["HB backup 245 0", "LAN0 backup 245 0", "LAN0_6 backup 245 0", "GUESTS backup 245 30"],
    ],
    [
      "a-fault.json",
      ["HB fault 245 0", "LAN0 fault 245 0", "LAN0_6 fault 245 0", "GUESTS fault 245 30"],
    ],
    [
      "b-master.json",
      ["HB master 249 40", "LAN0 master 249 40", "LAN0_6 master 249 40", "GUESTS master 249 17"],
    ],
    [
      "a-cut.json",
      ["HB master 250 13", "LAN0 master 250 13", "LAN0_6 master 250 13", "GUESTS master 250 54"],
    ],
  ])("%s", (file, lines) => {
    expect(linesOf(fixture(file))).toEqual(lines);
  });
});

describe("what is not a dump", () => {
  const GOOD = {
    data: { iname: "LAN0", state: 2, effective_priority: 250 },
    stats: { advert_sent: 7 },
  };
  const data = (change: object) => [{ ...GOOD, data: { ...GOOD.data, ...change } }];
  test.each<readonly [string, unknown, string[] | string]>([
    ["as little as is needed", [GOOD], ["LAN0 master 250 7"]],
    ["no instance", [], []],
    ["an object", { vrrp: [GOOD] }, "it is not a list of instances"],
    ["a list of lists", [[]], "instance 1 has no name"],
    ["null in the list", [GOOD, null], "instance 2 has no name"],
    ["a name that is a number", data({ iname: 7 }), "instance 1 has no name"],
    ["an empty name", data({ iname: "" }), "instance 1 has no name"],
    ["a state of its own", data({ state: 4 }), "instance 1 has no state that is known"],
    ["a state in words", data({ state: "MASTER" }), "instance 1 has no state that is known"],
    [
      "a priority that is too high",
      data({ effective_priority: 256 }),
      "instance 1 has no priority from 0 to 255",
    ],
    [
      "a priority that is no whole number",
      data({ effective_priority: 0.5 }),
      "instance 1 has no priority from 0 to 255",
    ],
    ["no counters", [{ data: GOOD.data }], "instance 1 has no number of adverts sent"],
    [
      "a negative counter",
      [{ ...GOOD, stats: { advert_sent: -1 } }],
      "instance 1 has no number of adverts sent",
    ],
    ["the same name twice", [GOOD, GOOD], "two instances are called LAN0"],
  ])("%s", (_, value, said) => {
    expect(linesOf(JSON.stringify(value))).toEqual(said);
  });

  test("a file of which only a part is written, wherever it ends", () => {
    const whole = fixture("a-cut.json").trimEnd();
    for (let length = 0; length < whole.length; length++) {
      expect(linesOf(whole.slice(0, length))).toBe("it is not whole");
    }
  });

  test("any text, any JSON and any damage has an outcome", () => {
    const whole = fixture("a-fault.json");
    const damaged = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(20), fc.string({ maxLength: 20 }))
      .map(([at, cut, put]) => whole.slice(0, at) + put + whole.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), damaged), (text) => {
        const dump = parseDump(text);
        if (dump.kind === "unreadable") {
          expect(dump.why).toMatch(/^(it|instance|two instances) /);
          return;
        }
        for (const { instance, effectivePriority, advertsSent } of dump.instances) {
          expect(instance).not.toBe("");
          expect(effectivePriority).toBeLessThanOrEqual(255);
          expect(advertsSent).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("a list within lists without end", () => {
    const deep = 100_000;
    expect(linesOf("[".repeat(deep) + "]".repeat(deep))).toMatch(/^(it is not whole|instance 1)/);
  });
});
