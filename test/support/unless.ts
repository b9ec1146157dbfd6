// Tests that a machine may be unable to run: switched off with the reason in their name, so that the
// list of skipped tests says why.

import { describe, type TestFunction, test } from "vitest";
import { SKIPPED_BECAUSE } from "./reporter.ts";

/** A group of tests that needs something; `why` says what is missing, "" or undefined when nothing is. */
export function describeUnless(why: string | undefined, title: string, body: () => void): void {
  describe.skipIf(why)(named(title, why), body);
}

/** The same for one test. */
export function testUnless(why: string | undefined, title: string, body: TestFunction): void {
  test.skipIf(why)(named(title, why), body);
}

/** Why a test that needs a program has to be left out; undefined when the program is there. */
export function withoutProgram(isThere: boolean, program: string): string | undefined {
  return isThere ? undefined : `${program} is not installed`;
}

function named(title: string, why: string | undefined): string {
  return why ? `${title}${SKIPPED_BECAUSE}${why})` : title;
}
