import { describe, expect, test } from "vitest";
import {
  allFacts,
  decideFile,
  decidePlace,
  FILE_FACTS,
  FILE_ROWS,
  matching,
  PLACE_FACTS,
  PLACE_ROWS,
} from "../../daemon/journal/recovery-table.ts";

const KEPT: readonly string[] = ["lease", "pair"];

describe("recovery table", () => {
  test("exactly one row fits any file", () => {
    const all = allFacts(FILE_FACTS);
    expect(all).toHaveLength(5 * 5 * 2 * 2);
    for (const facts of all) {
      const rows = matching(FILE_ROWS, facts);
      expect(rows, JSON.stringify(facts)).toHaveLength(1);
      expect(decideFile(facts)).toBe(rows[0]);
    }
  });

  test("exactly one row fits any place", () => {
    const all = allFacts(PLACE_FACTS);
    expect(all).toHaveLength(2 * 8 * 3 * 2 * 2);
    for (const facts of all) {
      const rows = matching(PLACE_ROWS, facts);
      expect(rows, JSON.stringify(facts)).toHaveLength(1);
      expect(decidePlace(facts)).toBe(rows[0]);
    }
  });

  test("every row is the answer to something, and has a label of its own", () => {
    const files = new Set(allFacts(FILE_FACTS).map((facts) => decideFile(facts).label));
    const places = new Set(allFacts(PLACE_FACTS).map((facts) => decidePlace(facts).label));
    expect([...files].sort()).toEqual(FILE_ROWS.map((row) => row.label).sort());
    expect([...places].sort()).toEqual(PLACE_ROWS.map((row) => row.label).sort());
    expect(files.intersection(places).size).toBe(0);
  });

  test("a good record is never left out", () => {
    for (const facts of allFacts(PLACE_FACTS)) {
      if (KEPT.includes(facts.look)) expect(decidePlace(facts).decision).toBe("take");
    }
  });

  test("nothing is taken that is not a good record", () => {
    for (const facts of allFacts(PLACE_FACTS)) {
      if (decidePlace(facts).decision === "take") expect(KEPT).toContain(facts.look);
    }
  });

  test("the state of the pair is found wherever a lease is found", () => {
    for (const facts of allFacts(PLACE_FACTS)) {
      if (facts.look === "pair") {
        expect(decidePlace(facts)).toBe(decidePlace({ ...facts, look: "lease" }));
      }
    }
  });

  test("damage is never the end while a good record follows", () => {
    for (const facts of allFacts(PLACE_FACTS)) {
      if (facts.look === "unreadable" && facts.goodBehind === "yes") {
        expect(decidePlace(facts).decision).toBe("skip");
      }
    }
  });

  test("what a newer version wrote is refused wherever it stands", () => {
    for (const facts of allFacts(PLACE_FACTS)) {
      if (facts.look === "newer") expect(decidePlace(facts).decision).toBe("refuse");
    }
    for (const facts of allFacts(FILE_FACTS)) {
      const ours = facts.name === "segment" || facts.name === "snapshot";
      if (ours && facts.start === "newer" && facts.superseded === "no") {
        expect(decideFile(facts).decision).toBe("refuse");
      }
    }
  });

  test("files that are not of the journal are left alone", () => {
    for (const facts of allFacts(FILE_FACTS)) {
      if (facts.name === "foreign" || facts.name === "set-aside") {
        expect(decideFile(facts).decision).toBe("leave");
      }
    }
  });
});
