// Which signals a change makes, and which changes make none.

import { describe, expect, test } from "vitest";
import { changes, withOldFigures } from "../../daemon/io/dbus-changes.ts";
import { type ApplianceView, objectsOf, ROOT } from "../../daemon/io/dbus-view.ts";
import { box, OFFICE } from "../dbus/appliance.ts";

const VIEW = box();

describe("changes", () => {
  const members = (from: ApplianceView, to: ApplianceView) =>
    changes(objectsOf(from), objectsOf(to)).map(({ path, member }) => `${path} ${member}`);

  test("nothing changed, nothing said", () => {
    expect(members(VIEW, structuredClone(VIEW))).toEqual([]);
  });

  test("only what changed is in the signal", () => {
    const condition = { id: "disk-full", subject: "", severity: "error", sentence: "Full." };
    const signals = changes(objectsOf(VIEW), objectsOf({ ...VIEW, conditions: [condition] }));
    expect(signals).toEqual([
      expect.objectContaining({
        path: ROOT,
        member: "PropertiesChanged",
        body: [
          "org.tandem.Appliance1",
          [["Conditions", ["a(ssss)", [["disk-full", "", "error", "Full."]]]]],
          [],
        ],
      }),
    ]);
  });

  test("a network that leaves is told before one that comes", () => {
    const other = { ...VIEW, networks: [{ ...OFFICE, name: "lab" }] };
    expect(members(VIEW, other)).toEqual([`${ROOT} InterfacesRemoved`, `${ROOT} InterfacesAdded`]);
  });

  test("texts that the bus would refuse are made good", () => {
    const why = "a\0b\ud800c";
    const signals = changes(objectsOf(VIEW), objectsOf({ ...VIEW, why }));
    expect(JSON.stringify(signals)).toContain("a\uFFFDb\uFFFDc");
  });
});

describe("figures that change all the time", () => {
  const told = (from: Partial<ApplianceView>, to: Partial<ApplianceView>) => {
    const before = objectsOf(box(from));
    const signals = changes(before, withOldFigures(before, objectsOf(box(to))));
    return JSON.stringify(signals.map(({ body }) => body[1]));
  };
  const health = (detail: string, isGood = true) => ({
    health: { score: 60, checks: [{ id: "wan", subject: "", isGood, weight: 40, detail }] },
  });

  test.each([
    ["10.0.0.1 answers in 3 ms, 0 of 20 lost", "10.0.0.1 answers in 14 ms, 2 of 20 lost"],
    ["a write has taken 1500 ms", "a write has taken 2500 ms"],
    ["The clock of the partner differs by 3 s.", "The clock of the partner differs by 12 s."],
  ])("are held back: %s", (before, after) => {
    expect(told(health(before), health(after))).toBe("[]");
    expect(told({ why: before }, { why: after })).toBe("[]");
    const partner = (why: string) => ({ partner: { state: "normal", why } });
    expect(told(partner(before), partner(after))).toBe("[]");
    const said = (sentence: string) => ({
      conditions: [{ id: "a", subject: "", severity: "error", sentence }],
    });
    expect(told(said(before), said(after))).toBe("[]");
  });

  test.each([
    ["10.0.0.1 answers in 3 ms", "10.0.0.2 answers in 3 ms"],
    ["10.0.0.1 answers in 3 ms", "10.0.0.1 does not answer"],
    ["lan0 has no cable", "lan1 has no cable"],
    ["guest-2 is not served", "guest-3 is not served"],
    ["since 10:04", "since 10:05"],
  ])("are no names: %s", (before, after) => {
    expect(told(health(before), health(after))).toContain(after);
    expect(told({ why: before }, { why: after })).toContain(after);
  });

  test("do not hold back what else has changed, and come along with it", () => {
    const detail = "10.0.0.1 answers in 14 ms";
    expect(told(health("10.0.0.1 answers in 3 ms"), health(detail, false))).toContain(detail);
    const leases = (count: number, serving: boolean) => ({
      networks: [{ ...OFFICE, leases: count, serving }],
    });
    expect(told(leases(7, true), leases(8, true))).toBe("[]");
    expect(told(leases(7, true), leases(8, false))).toBe(
      '[[["Serving",["b",false]],["Leases",["u",8]]]]',
    );
  });

  test("of a drill, and the score of the health, are told at once", () => {
    const lastDrill = "The other box had it after 13 ms.";
    expect(told({ lastDrill: "The other box had it after 12 ms." }, { lastDrill })).toContain("13");
    const { checks } = VIEW.health;
    expect(told({}, { health: { score: 61, checks } })).toBe('[[["Health",["u",61]]]]');
  });

  test("are told in full to who was told the old ones, however often they were held back", () => {
    const took = (milliseconds: number) => objectsOf(box({ why: `It took ${milliseconds} ms.` }));
    let known = took(1);
    for (let i = 2; i < 9; i++) known = withOldFigures(known, took(i));
    expect(changes(known, took(8))).toHaveLength(1);
  });

  test("a network that is new is told of as it is", () => {
    const before = objectsOf(box({ networks: [] }));
    const after = withOldFigures(before, objectsOf(VIEW));
    expect(changes(before, after).map(({ member }) => member)).toEqual(["InterfacesAdded"]);
  });
});
