// Reporter of the test runs that test/run.ts starts: failures readable, skipped tests with their
// reason, and the counts in the file that TANDEM_TEST_COUNTS names.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface TestError {
  readonly message?: string;
  readonly name?: string;
  readonly diff?: string;
  readonly stacks?: readonly { readonly file: string; readonly line: number }[];
}

const root = process.cwd();
const slowModuleMilliseconds = 5000;

/** What stands in front of the reason in the name of a test that is switched off; see unless.ts. */
export const SKIPPED_BECAUSE = " (skipped: ";

export default class CountingReporter implements Reporter {
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    const name = `${fileOf(test.module)} > ${test.fullName}`;
    if (result.state === "passed") {
      this.#counts.passed += 1;
    } else if (result.state === "failed") {
      this.#fail(name, result.errors);
    } else if (result.state === "skipped") {
      this.#counts.skipped += 1;
      print(`  skipped  ${name}: ${result.note ?? unsaid(test)}`);
    }
  }

  onTestModuleEnd(module: TestModule): void {
    // A file that cannot be loaded, or a hook around all its tests that fails.
    const errors = [...module.errors()];
    for (const suite of module.children.allSuites()) errors.push(...suite.errors());
    if (errors.length > 0) this.#fail(fileOf(module), errors);
    const { duration } = module.diagnostic();
    if (duration >= slowModuleMilliseconds) {
      print(`  ${(duration / 1000).toFixed(1)} s  ${fileOf(module)}`);
    }
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const error of unhandled) this.#fail("an error outside of any test", [error]);
    const file = process.env.TANDEM_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(this.#counts));
  }

  #fail(name: string, errors: readonly TestError[]): void {
    this.#counts.failed += 1;
    print(`\n  FAILED   ${name}`);
    for (const error of errors) print(indent(describe(error)));
    print("");
  }
}

function unsaid(test: TestCase): string {
  if (test.fullName.includes(SKIPPED_BECAUSE)) return "see its name";
  return test.options.mode === "todo" ? "not written yet" : "switched off without a reason";
}

function describe(error: TestError): string {
  const lines = [error.message ?? error.name ?? "an error without a message"];
  if (error.diff) lines.push(error.diff);
  const own = (error.stacks ?? []).filter((frame) => !frame.file.includes("node_modules"));
  lines.push(...own.slice(0, 4).map((frame) => `at ${relative(root, frame.file)}:${frame.line}`));
  return lines.join("\n");
}

function fileOf(module: TestModule): string {
  return relative(root, module.moduleId);
}

function indent(text: string): string {
  return text.replace(/^/gm, "           ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
