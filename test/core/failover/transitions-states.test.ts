// STATES.md beside the code shows the state tables as a reader wants them, README.md of the daemon the
// diagram. They are made from the code: after a change, `vitest -u` writes them anew.

import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DIALECTS } from "../../../daemon/wire/failover/messages.ts";
import { stateDiagram, statesDocument, withDiagram } from "../../support/failover-states.ts";

const DAEMON = path.join(import.meta.dirname, "../../../daemon");
const FILE = path.join(DAEMON, "core/failover/STATES.md");
const README = path.join(DAEMON, "README.md");

test("STATES.md shows the tables of the code", async () => {
  await expect(statesDocument()).toMatchFileSnapshot(FILE);
});

test("README.md shows the diagram of two of our boxes", async () => {
  await expect(withDiagram(readFileSync(README, "utf8"))).toMatchFileSnapshot(README);
});

test.each(DIALECTS)(
  "the diagram of %s has each arrow once, between states that it names",
  (dialect) => {
    const lines = stateDiagram(dialect).split("\n");
    const named = new Set(lines.flatMap((line) => line.match(/ as (\w+)$/)?.[1] ?? []));
    const arrows = lines.flatMap(
      (line) =>
        line
          .match(/^ {2}(\w+) --> (\w+): .+$/)
          ?.slice(1, 3)
          .join() ?? [],
    );
    expect(named.size).toBe(11);
    expect(arrows.length).toBeGreaterThan(40);
    expect(new Set(arrows).size).toBe(arrows.length);
    for (const end of arrows.flatMap((arrow) => arrow.split(","))) expect(named).toContain(end);
  },
);
