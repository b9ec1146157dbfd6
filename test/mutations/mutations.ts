// `npm run mutations`: breaks the rules of the pair on purpose, one at a time in a copy of the project, and sees
// whether anybody notices. A rule whose break nobody notices has no test.
//
// `npm run mutations -- WORD...` only those breaks whose file or description contains one of the words.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Break, countIn, type Watcher } from "./break.ts";
import { BREAKS } from "./breaks.ts";
import { failedTest, firstComplaint } from "./watchers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** What the tests and the simulator need. */
const COPIED = ["daemon", "test", "package.json", "tsconfig.json"];
const FILE_WIDTH = Math.max(...BREAKS.map(({ file }) => file.length));
const WHAT_WIDTH = Math.max(...BREAKS.map(({ what }) => what.length));

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const isNamed = ({ what, file }: Break) => words.some((word) => `${what} ${file}`.includes(word));
  const breaks = words.length === 0 ? BREAKS : BREAKS.filter(isNamed);
  if (breaks.length === 0) throw new Error(`no break is called like that: ${words.join(" ")}`);
  const copy = mkdtempSync(join(tmpdir(), "tandem-mutations-"));
  // The copy does not outlive this process.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(1));
  }
  process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const one of breaks) textsOf(copy, one);
  if (!(await isClean(copy, breaks))) return 1;
  return await tryAll(copy, breaks);
}

/** Whoever complains of the code as it is would notice every break. */
async function isClean(copy: string, breaks: readonly Break[]): Promise<boolean> {
  const start = performance.now();
  const watchers = breaks.map(({ noticedBy }) => noticedBy);
  const files = new Set(watchers.flatMap((one) => ("tests" in one ? one.tests : [])));
  const seeds = rangesOf(watchers);
  const failed = files.size === 0 ? undefined : await failedTest(copy, [...files]);
  const complaints = [failed];
  for (const { from, seeds: count } of seeds) {
    complaints.push(await firstComplaint(copy, from, count));
  }
  const found = complaints.find((one) => one !== undefined);
  const texts = seeds.map(({ from, seeds: count }) => `${from} to ${from + count - 1}`);
  const what = `${files.size} test files and the simulator's seeds ${texts.join(", ") || "(none)"}`;
  console.log(
    `nothing broken: ${what}: ${found ?? "nobody complains"} (${secondsSince(start)} s)\n`,
  );
  return found === undefined;
}

/** Seeds that several breaks are watched with, once each. */
function rangesOf(watchers: readonly Watcher[]): { from: number; seeds: number }[] {
  const ranges: { from: number; seeds: number }[] = [];
  const all = watchers.flatMap((one) => ("seeds" in one ? [one] : []));
  for (const { from, seeds } of all.sort((a, b) => a.from - b.from)) {
    const last = ranges.at(-1);
    if (last && from <= last.from + last.seeds) {
      last.seeds = Math.max(last.seeds, from + seeds - last.from);
    } else ranges.push({ from, seeds });
  }
  return ranges;
}

async function tryAll(copy: string, breaks: readonly Break[]): Promise<number> {
  const start = performance.now();
  const survivors: Break[] = [];
  printRow("break", "file", "s", "caught by");
  for (const one of breaks) {
    const began = performance.now();
    const notice = await tryOne(copy, one);
    printRow(one.what, one.file, secondsSince(began), notice ?? "NOBODY");
    if (notice === undefined) survivors.push(one);
  }
  const { length } = survivors;
  console.log(
    `\n${breaks.length - length} of ${breaks.length} breaks noticed; ${secondsSince(start)} s`,
  );
  return length > 0 ? 1 : 0;
}

/** Who notices; undefined when nobody does. */
async function tryOne(copy: string, one: Break): Promise<string | undefined> {
  const { file, noticedBy } = one;
  const { whole, broken } = textsOf(copy, one);
  writeFileSync(join(copy, file), broken);
  try {
    if ("tests" in noticedBy) return await failedTest(copy, noticedBy.tests);
    return await firstComplaint(copy, noticedBy.from, noticedBy.seeds);
  } finally {
    writeFileSync(join(copy, file), whole);
  }
}

/** The file as it is and with the break; throws when the list of breaks is not true any more. */
function textsOf(copy: string, { what, file, find, put }: Break) {
  const whole = readFileSync(join(copy, file), "utf8");
  const count = countIn(whole, find);
  if (count !== 1)
    throw new Error(`"${what}": ${file} has this ${count} times, not once:\n${find}`);
  return { whole, broken: whole.replace(find, () => put) };
}

function printRow(what: string, file: string, seconds: string, notice: string): void {
  console.log(
    `${what.padEnd(WHAT_WIDTH)}  ${file.padEnd(FILE_WIDTH)}  ${seconds.padStart(4)}  ${notice}`,
  );
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(0);
}
