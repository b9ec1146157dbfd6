// Each *.txt here is a conversation with the core. `vitest -u` writes anew what the box did; the
// change is then reviewed as a diff.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { judgeAllSent } from "../support/sent.ts";
import { runScript } from "./script.ts";

judgeAllSent();

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".txt"));

test.each(files)("%s", async (name) => {
  const file = path.join(import.meta.dirname, name);
  await expect(runScript(readFileSync(file, "utf8"))).toMatchFileSnapshot(file);
});
