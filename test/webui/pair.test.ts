// The wires between two boxes and the configuration that they share, on the page in Chromium.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PathView } from "../../daemon/http/api-types.ts";
import { accessibilityProblems, describeInChromium } from "../support/browser.ts";
import { type FakeBox, fakeCondition, fakeConfigView } from "../support/fake-box.ts";
import { fakePartner } from "../support/fake-pair.ts";
import { FakeServer } from "../support/fake-server.ts";

describeInChromium("a pair in Chromium", (chromium) => {
  let server: FakeServer;
  let box: FakeBox;

  beforeEach(async () => {
    server = new FakeServer();
    box = server.box;
    box.change({ partner: fakePartner(), paths: [cable(), lan()] });
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await chromium.browser.newContext(options)).newPage();
    await page.goto(server.origin);
    await page.waitForSelector(".pair .shared");
    return page;
  }

  test("each wire with how it is, and over which one the boxes speak, as it changes", async () => {
    const page = await open();
    const wires = () => page.locator(".wire-name").allTextContents();
    expect(await wires()).toEqual(["Pair cable worksthe boxes speak over it", "LAN office works"]);
    expect(await page.locator(".wire .second").allTextContents()).toEqual(["ded0", "lan0"]);
    box.change({ paths: [cable({ verdict: "unplugged", carriesSession: false }), lan(USED)] });
    await page.waitForSelector(".wire-unplugged");
    expect(await wires()).toEqual([
      "Pair cable is not connected here: no carrier",
      "LAN office worksthe boxes speak over it",
    ]);
    expect(await page.locator(".wire .second").first().textContent()).toBe(
      "ded0, the partner was heard on it just now",
    );
    expect(await page.isVisible("text=The boxes do not speak")).toBe(false);
    box.change({
      partner: fakePartner({ connected: false }),
      paths: [
        cable({ verdict: "mute", carriesSession: false }),
        lan({ verdict: "silent", heardMillisecondsAgo: null }),
      ],
    });
    await page.waitForSelector(".wire-mute");
    expect(await wires()).toEqual([
      "Pair cable carries one direction only: the partner does not hear this box on it",
      "LAN office is connected here, but nothing arrives on it",
    ]);
    expect(await page.locator(".wire .second").last().textContent()).toBe(
      "lan0, the partner was never heard on it",
    );
    expect(await page.textContent(".node-there")).toBe("Partnernot connected");
    await page.waitForSelector("text=The boxes do not speak with each other now.");
  });

  test("without wires that are watched none are drawn", async () => {
    box.change({ paths: [] });
    const page = await open();
    expect(await page.locator(".wires").count()).toBe(0);
    expect(await page.isVisible("text=The boxes do not speak")).toBe(false);
  });

  test("the configuration that is in force on both, told anew as soon as it may be another", async () => {
    const page = await open();
    expect(await page.textContent(".shared")).toContain(
      "Configuration 4 is in force on both boxes.",
    );
    const sentence = "Configuration 5 is in force on both boxes.";
    box.configView = fakeConfigView({ generation: 5, sentence });
    box.say(sentence, "info", "config-agreed");
    await page.waitForSelector(`.shared >> text=${sentence}`, { timeout: 3000 });
    const refused = "The partner cannot take the change in config.json: box.json: role is wrong.";
    box.configView = fakeConfigView({ sentence, refused });
    box.change({ conditions: [fakeCondition({ id: "config-refused", subject: "" })] });
    await page.waitForSelector(`.shared >> text=${refused}`, { timeout: 3000 });
  });

  test("two configurations: what is different, and what to do about it", async () => {
    box.configView = DIVERGED;
    const page = await open();
    const shared = () => page.textContent(".shared");
    expect(await shared()).toContain("Both boxes have been configured differently");
    expect(await page.locator(".config-differences li").allTextContents()).toEqual([
      "networks[office].leaseSecondsThis box3600Partner43200",
      `domain${LONG_DIFFERENCE}`,
    ]);
    expect(await shared()).toContain("and 3 more");
    expect(await page.locator(".config-commands code").allTextContents()).toEqual([
      "tandem config keep",
      "tandem config take",
    ]);
    box.configView = fakeConfigView();
    box.say("Configuration 4 is in force on both boxes.", "info", "config-agreed");
    await page.waitForSelector(".config-differences", { state: "detached", timeout: 3000 });
  });

  test("nothing of a shared configuration is said of a box that has no partner", async () => {
    const page = await open();
    box.change({ partner: { paired: false, why: "Not paired." }, paths: [] });
    await page.waitForSelector(".shared", { state: "detached" });
    box.say("something", "info", "config-agreed");
    await page.waitForSelector("text=something");
    await page.waitForTimeout(500);
    expect(await page.locator(".shared").count()).toBe(0);
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([360, 1200])(
      "is accessible at %d px, and needs no scrolling sideways",
      async (width) => {
        box.configView = DIVERGED;
        box.change({
          paths: [
            cable({ verdict: "mute", carriesSession: false }),
            lan(USED),
            lan({ interface: "lan1", lan: "guests", verdict: "silent" }),
            lan({ interface: "lan2", lan: "l".repeat(63), verdict: "unplugged" }),
          ],
        });
        const page = await open({ colorScheme, viewport: { width, height: 800 } });
        await page.waitForSelector(".wire-unplugged");
        expect(await accessibilityProblems(page)).toEqual([]);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(width);
      },
    );
  });
});

const USED = { carriesSession: true } as const;

function cable(changes: Partial<PathView> = {}): PathView {
  return {
    interface: "ded0",
    lan: null,
    verdict: "up",
    heardMillisecondsAgo: 120,
    carriesSession: true,
    ...changes,
  };
}

function lan(changes: Partial<PathView> = {}): PathView {
  return { ...cable({ interface: "lan0", lan: "office", carriesSession: false }), ...changes };
}

const LONG = `"${"long".repeat(14)}"`;
const LONG_DIFFERENCE = `This box${LONG}Partner(not set)`;
const DIVERGED = fakeConfigView({
  inStep: false,
  diverged: true,
  sentence:
    "Both boxes have been configured differently: each goes on with its own until a person chooses.",
  differences: [
    { path: "networks[office].leaseSeconds", here: "3600", partner: "43200" },
    { path: "domain", here: LONG, partner: "(not set)" },
  ],
  moreDifferences: 3,
});
