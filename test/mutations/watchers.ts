// Who may notice a break: named tests, or the simulator's checks over some seeds of a pair.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Long after all that is asked of them; a break may also keep two boxes busy with each other for ever. */
const LIMIT_MILLISECONDS = 120_000;
/** A break that cannot be run says nothing about the rule. */
const NO_PROGRAM = /\b(?:Syntax|Reference)Error\b/;
/** What somebody may have asked of the simulator before is not meant here. */
const NOT_ASKED = { SEED: undefined, MINUTES: undefined, DIALECT: undefined };
const COMPLAINT = /^pair seed (\d+): (.*)/;

interface TestReport {
  readonly testResults: readonly {
    /** Path of the file. */
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs these test files until one test fails; its file and name. */
export async function failedTest(
  copy: string,
  files: readonly string[],
): Promise<string | undefined> {
  const output = join(copy, "report.json");
  rmSync(output, { force: true });
  const vitest = join(copy, "node_modules", "vitest", "vitest.mjs");
  const project = ["--config", "test/vitest.config.ts", "--project", "unit", "--no-cache"];
  const report = ["--bail", "1", "--reporter", "json", "--outputFile", output];
  const child = spawnIn(copy, [vitest, "run", ...project, ...report, ...files]);
  const { code, printed } = await endOf(child);
  const { testResults } = readReport(output, printed);
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (!failed) continue;
    const why = failed.failureMessages.join("\n");
    if (NO_PROGRAM.test(why)) throw new Error(why);
    return `${basename(name)}: ${failed.fullName}`;
  }
  if (code === 0) return undefined;
  throw new Error(testResults.map(({ message }) => message).join("\n") || printed);
}

function readReport(file: string, printed: string): TestReport {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as TestReport;
  } catch {
    throw new Error(`no test ran: ${printed}`);
  }
}

/** Runs the simulator until it complains of one of these seeds of a pair; the complaint. */
export async function firstComplaint(
  copy: string,
  from: number,
  seeds: number,
): Promise<string | undefined> {
  const asked = { WORLD: "pair", FROM: String(from), SEEDS: String(seeds) };
  const child = spawnIn(copy, ["test/sim/sim.ts"], { ...NOT_ASKED, ...asked });
  let complaint: string | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [, seed, text] = COMPLAINT.exec(line) ?? [];
    if (complaint !== undefined || seed === undefined) return;
    complaint = `seed ${seed}: ${text}`;
    // It would go on to make the story of the seed smaller.
    child.kill("SIGKILL");
  });
  const { code, printed } = await endOf(child);
  if (complaint !== undefined && NO_PROGRAM.test(complaint)) throw new Error(complaint);
  if (complaint === undefined && code !== 0) throw new Error(`the simulator failed: ${printed}`);
  return complaint;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function spawnIn(copy: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  return spawn(process.execPath, argv, {
    cwd: copy,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MILLISECONDS,
  });
}

/** Exit code and the last of what was printed; throws when the time was over before. */
async function endOf(child: Child): Promise<{ code: number | null; printed: string }> {
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece) => {
      printed = (printed + piece).slice(-4000);
    });
  }
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal === "SIGTERM") throw new Error(`no end in ${LIMIT_MILLISECONDS / 1000} s: ${printed}`);
  return { code, printed };
}
