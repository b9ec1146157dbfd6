// Chromium without a window, and what axe finds on a page in it.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { buildPage } from "../../image/build.ts";
import { describeUnless, withoutProgram } from "./unless.ts";

export const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** What a group of tests in Chromium has. */
export interface Chromium {
  /** There when the first test begins. What was opened in it is closed behind each one. */
  readonly browser: Browser;
  /** The page as it was built for them. */
  readonly files: Awaited<ReturnType<typeof buildPage>>;
}

/** A group of tests with the page that was just built; left out, with the reason, where there is no Chromium. */
export function describeInChromium(title: string, body: (inChromium: Chromium) => void): void {
  describeUnless(withoutProgram(existsSync(CHROMIUM), "chromium"), title, () => {
    const held: { -readonly [K in keyof Chromium]?: Chromium[K] } = {};
    beforeAll(async () => {
      held.files = await buildPage();
      held.browser = await launchBrowser();
    });
    afterAll(() => held.browser?.close());
    body(held as Chromium);
    // Behind those of the body, and so before them: pages go before what they look at.
    afterEach(async () => {
      for (const context of held.browser?.contexts() ?? []) await context.close();
    });
  });
}

/** What axe finds, as short lines. Run from outside, so that the page's own policy stays as it is. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    interface Result {
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
      }[];
    }
    const { axe } = window as unknown as { axe: { run(): Promise<Result> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 100)} ${failureSummary}`),
    );
  });
}
