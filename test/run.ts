// `npm test`: everything. Types, format and lint, builds, then the tests; the last line counts them.
// `npm test -- PATTERN...` runs only the test files whose path contains a pattern.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Counts } from "./support/reporter.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = join(root, "node_modules", ".bin");
const scratch = mkdtempSync(join(tmpdir(), "tandem-test-"));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

/** What is not a test but can fail like one. */
const checks = [
  { title: "types", argv: [join(binaries, "tsc"), "--noEmit"] },
  {
    title: "format and lint",
    argv: [join(binaries, "biome"), "check", "--error-on-warnings", "--colors=off", "."],
  },
  { title: "packet helper", argv: ["make", "-s", "-C", "board/rawlink"] },
  { title: "gatekeeper", argv: ["make", "-s", "-C", "board/gatekeeper"] },
  { title: "bundles", argv: [process.execPath, "image/build.ts"] },
];

/** The projects of vitest.config.ts, the quick one first. */
const projects = ["unit", "system", "timed"];

process.exitCode = await main(process.argv.slice(2));

async function main(patterns: readonly string[]): Promise<number> {
  try {
    if (patterns.length === 0) for (const check of checks) await runCheck(check);
    for (const project of projects) await runProject(project, patterns);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const { passed, failed, skipped } = total;
  if (passed + failed === 0) print("\nNothing ran.");
  print(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

async function runCheck({ title, argv }: (typeof checks)[number]): Promise<void> {
  const start = performance.now();
  const { code, printed } = await run(argv, {}, false);
  if (code === 0) total.passed += 1;
  else total.failed += 1;
  const verdict = code === 0 ? "passed" : `FAILED with code ${code}`;
  print(`${title}: ${verdict} (${seconds(start)})`);
  if (code !== 0) print(printed.trim().split("\n").slice(-200).join("\n"));
}

async function runProject(project: string, patterns: readonly string[]): Promise<void> {
  print(`${project} tests:`);
  const start = performance.now();
  const countsFile = join(scratch, `${project}.json`);
  const flags = ["--config", "test/vitest.config.ts", "--project", project, "--passWithNoTests"];
  const reporter = ["--reporter", join(root, "test", "support", "reporter.ts")];
  const argv = [join(binaries, "vitest"), "run", ...flags, ...reporter, ...patterns];
  const { code } = await run(argv, { TANDEM_TEST_COUNTS: countsFile }, true);
  const counts = readCounts(countsFile, code);
  for (const key of ["passed", "failed", "skipped"] as const) total[key] += counts[key];
  const { passed, failed, skipped } = counts;
  print(
    `${project} tests: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds(start)})`,
  );
}

// A run that ended badly without a failed test, or without counts, has failed all the same.
function readCounts(file: string, code: number): Counts {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = JSON.parse(readFileSync(file, "utf8")) as Counts;
  } catch {
    // Nothing was counted: no test, or the run broke down.
  }
  if (code === 0 || counts.failed > 0) return counts;
  print(`  FAILED   vitest ended with code ${code}`);
  return { ...counts, failed: 1 };
}

interface Finished {
  readonly code: number;
  readonly printed: string;
}

function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  show: boolean,
): Promise<Finished> {
  return new Promise((resolve) => {
    const [program = "", ...args] = argv;
    const output = show ? "inherit" : "pipe";
    const child = spawn(program, args, {
      cwd: root,
      // The tools start `node` by name: that must be the pinned one.
      env: { ...process.env, ...env, NO_COLOR: "1", PATH: `${binaries}:${process.env.PATH}` },
      stdio: ["ignore", output, output],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
      });
    }
    child.on("error", (error) => resolve({ code: 127, printed: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, printed }));
  });
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
