// Lines of keepalived's notify FIFO: real ones (test/fixtures/keepalived/PROVENANCE.md), and any line instead.

import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  NOTIFY_WORDS,
  type Notice,
  noticeState,
  parseNotify,
} from "../../../daemon/core/gateway/vrrp-notify.ts";

const FIXTURES = path.join(import.meta.dirname, "../../fixtures/keepalived");

function linesOf(file: string): string[] {
  return readFileSync(path.join(FIXTURES, file), "utf8").trimEnd().split("\n");
}

/** As keepalived 2.2.7 writes it, vrrp_notify.c. */
function written({ scope, name, word, priority }: Notice): string {
  return `${scope.toUpperCase()} "${name}" ${word} ${priority}`;
}

describe("what keepalived 2.2.7 wrote", () => {
  const real = [...linesOf("a.fifo"), ...linesOf("b.fifo")];

  test("every line says what it says", () => {
    for (const line of real) {
      const read = parseNotify(line);
      expect(read && written(read)).toBe(line);
    }
  });

  test("every word of the table was written", () => {
    const words = new Set(real.map((line) => parseNotify(line)?.word));
    expect(words).toEqual(new Set(NOTIFY_WORDS));
  });

  test("the states of an instance, one after the other", () => {
    const states = linesOf("a.fifo").flatMap((line) => {
      const read = parseNotify(line);
      const state = read && noticeState(read.word);
      return state && read.name === "GUESTS" ? [state] : [];
    });
    expect(states.join(" ")).toBe("backup master backup fault backup master stopped");
  });
});

describe("one line", () => {
  test.each<readonly [string, Notice]>([
    [
      'INSTANCE "LAN0" MASTER 250',
      { scope: "instance", name: "LAN0", word: "MASTER", priority: 250 },
    ],
    ['GROUP "BOX" FAULT 0', { scope: "group", name: "BOX", word: "FAULT", priority: 0 }],
    [
      'INSTANCE "the office, "1st" floor" STOP 1',
      { scope: "instance", name: 'the office, "1st" floor', word: "STOP", priority: 1 },
    ],
  ])("%s", (line, read) => {
    expect(parseNotify(line)).toEqual(read);
  });

  test.each([
    "",
    'INSTANCE "LAN0" MASTER',
    'INSTANCE "LAN0" MASTER 256',
    'INSTANCE "LAN0" MASTER -1',
    'INSTANCE "LAN0" MASTER 050',
    'INSTANCE "LAN0" MASTER 250\n',
    'INSTANCE "LAN0" MASTER 250 250',
    'INSTANCE "" MASTER 250',
    "INSTANCE LAN0 MASTER 250",
    'INSTANCE "LAN0" {UNKNOWN} 250',
    'INSTANCE "LAN0" master 250',
    'INSTANCE "LAN0" toString 250',
    'INSTANCE "LAN0" __proto__ 250',
    "VS [10.0.0.1]:tcp:80 UP",
    'instance "LAN0" MASTER 250',
    ' INSTANCE "LAN0" MASTER 250',
  ])("%j is none", (line) => {
    expect(parseNotify(line)).toBeUndefined();
  });

  test("what can be written can be read, whatever the name", () => {
    const line: fc.Arbitrary<Notice> = fc.record({
      scope: fc.constantFrom("instance", "group"),
      name: fc.string({ minLength: 1 }).filter((name) => /^.+$/.test(name)),
      word: fc.constantFrom(...NOTIFY_WORDS),
      priority: fc.nat(255),
    });
    fc.assert(
      fc.property(line, (one) => {
        expect(parseNotify(written(one))).toEqual(one);
      }),
    );
  });

  test("any line has an outcome, and one that is read is what was written", () => {
    const parts = fc.constantFrom(
      "INSTANCE",
      "GROUP",
      ' "',
      '" ',
      "LAN0",
      "MASTER",
      "STOP",
      " 250",
      " ",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(parts).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (line) => {
        const read = parseNotify(line);
        if (read) expect(written(read)).toBe(line);
      }),
      { numRuns: 5000 },
    );
  });
});
