// Changes of the configuration on the page in Chromium: the one on trial, those of before, and two that differ.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { UserRole } from "../../daemon/http/api-types.ts";
import { accessibilityProblems, describeInChromium } from "../support/browser.ts";
import { fakeConfigView } from "../support/fake-box.ts";
import { type FakeConfigControl, fakeEntry } from "../support/fake-config-control.ts";
import { fakePartner } from "../support/fake-pair.ts";
import { FakeServer } from "../support/fake-server.ts";

describeInChromium("changes in Chromium", (chromium) => {
  let server: FakeServer;
  let config: FakeConfigControl;
  let requests: string[] = [];
  let complaints: string[] = [];

  beforeEach(async () => {
    server = new FakeServer();
    config = server.config;
    server.box.configNow = () => config.standing();
    server.box.change({ partner: fakePartner() });
    await server.start();
    requests = [];
    complaints = [];
  });

  afterEach(async () => {
    await server.stop();
  });

  async function openAs(role: UserRole, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await chromium.browser.newContext(options);
    server.access.add("anna", role);
    await context.addCookies([server.cookieOf("anna")]);
    return openIn(await context.newPage());
  }

  async function openIn(page: Page): Promise<Page> {
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(server.origin);
    await page.waitForSelector(".history");
    return page;
  }

  async function openHistory(page: Page): Promise<void> {
    await page.click("text=Last changes of the configuration");
    await page.waitForSelector(".history-entry");
  }

  test("a change on trial is above everything, with its time, and is kept", async () => {
    const page = await openAs("operator");
    expect(await page.locator(".trial").count()).toBe(0);
    config.beginTrial(60);
    await page.waitForSelector(".trial");
    expect(await page.evaluate(() => document.querySelector("main")?.firstElementChild?.className))
      // Before the sentence of how the box is.
      .toBe("trial");
    expect(await page.textContent(".trial")).toContain("unless somebody keeps it, on either box");
    const left = async () => Number.parseInt((await page.textContent(".trial-left")) ?? "", 10);
    const before = await left();
    expect(before).toBeGreaterThan(50);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const top = (await page.locator(".trial").boundingBox())?.y;
    expect(top, "it stays in sight").toBeGreaterThanOrEqual(0);
    await expect.poll(left, { timeout: 5000 }).toBeLessThan(before - 1);
    await page.focus("text=Keep it");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".trial-said >> text=The change stays.");
    expect(await page.locator(".trial").count()).toBe(0);
    expect(config.acts).toEqual(["confirm by anna"]);
    await expect.poll(() => focused(page), { timeout: 5000 }).toBe("trial-said");
  });

  test("it is undone at once", async () => {
    config.beginTrial(300);
    const page = await openAs("admin");
    expect(await page.textContent(".trial-left")).toBe("5 min left");
    await page.click("text=Undo now");
    await page.waitForSelector(".trial-said >> text=The change is undone.");
    expect(config.acts).toEqual(["undo by anna"]);
  });

  test("that it cannot be kept is said, and it can be tried again", async () => {
    config.beginTrial(60);
    config.refusal = "the other box made this change, and does not answer";
    const page = await openAs("operator");
    await page.click("text=Keep it");
    await page.waitForSelector(".trial >> text=The other box made this change");
    config.refusal = "";
    await page.click("text=Keep it");
    await page.waitForSelector(".trial-said");
  });

  test("a box that cannot be reached meanwhile: the time goes on, and is over", async () => {
    config.beginTrial(4);
    const page = await openAs("operator");
    await page.waitForSelector(".trial-left");
    await server.stop();
    await page.waitForSelector("text=The time is over: the change is being undone.");
    expect(await page.locator(".trial-left").count()).toBe(0);
    config.trialEndsAt = undefined;
    await server.start();
    await page.waitForSelector(".trial", { state: "detached" });
    expect(await page.locator(".trial-said").count()).toBe(0);
  });

  test("whoever may only look sees the change, and why they cannot keep it", async () => {
    config.beginTrial(60);
    const page = await openAs("viewer");
    const keep = page.locator(".trial button", { hasText: "Keep it" });
    expect(await keep.getAttribute("aria-disabled")).toBe("true");
    await page.waitForSelector(".trial >> text=Only an operator or an admin may do this");
    await keep.dispatchEvent("click");
    await page.waitForTimeout(200);
    expect(config.acts).toEqual([]);
  });

  test("on a box without a password they are told to set one first", async () => {
    config.beginTrial(60);
    const page = await openIn(await (await chromium.browser.newContext()).newPage());
    await page.waitForSelector(".trial >> text=Set a password for this box first");
  });

  test("who changed it, when, from where and why; asked for only when somebody looks", async () => {
    config.entries = [
      fakeEntry(4, { note: "more time for the guests" }),
      fakeEntry(3, { by: "", from: "command line", box: "B" }),
      { ...fakeEntry(2), origin: null },
    ];
    const page = await openAs("viewer");
    await page.waitForTimeout(300);
    expect(requests.filter((path) => path.includes("history"))).toEqual([]);
    await openHistory(page);
    const texts = await page.locator(".history-entry").allTextContents();
    expect(texts[0]).toMatch(
      /^Configuration 4in forceanna, .*from 192\.168\.1\.20, at box Amore time for the guests$/,
    );
    expect(texts[1]).toMatch(/^Configuration 3without log-in, .*from command line, at box B$/);
    expect(texts[2]).toBe("Configuration 2it is not known who made it");
    expect(await page.locator(".history-entry details").count()).toBe(2);
    await page.click("text=Configuration 3");
    await page.waitForSelector(".config-differences");
    expect(await page.locator(".history .config-differences li").allTextContents()).toEqual([
      "networks[office].leaseSecondsIn this one3600Now43200",
    ]);
    expect(await page.locator("text=Go back to this one").count()).toBe(0);
    config.differences = [{ path: "domain", before: "(not set)", after: "office.lan" }];
    config.entries = [fakeEntry(5), ...config.entries];
    await page.waitForSelector(".history >> text=domain");
    expect(await page.locator(".history-entry").count()).toBe(4);
  });

  test("a box without a partner has its history as well, a long one in two parts", async () => {
    server.box.change({ partner: { paired: false, why: "Not paired." } });
    config.entries = Array.from({ length: 50 }, (_, n) => fakeEntry(50 - n));
    const page = await openAs("viewer");
    await openHistory(page);
    expect(await page.locator(".history-entry").count()).toBe(8);
    await page.click("text=Show 42 more");
    expect(await page.locator(".history-entry").count()).toBe(50);
  });

  test("what the box does not tell is said, and asked for again", async () => {
    const page = await openAs("viewer");
    await page.route("**/api/v1/config/history/2", (route) => route.abort());
    await openHistory(page);
    await page.click("text=Configuration 2");
    await page.waitForSelector("text=The box did not tell it;");
    await page.unroute("**/api/v1/config/history/2");
    await page.click("text=Configuration 2");
    await page.click("text=Configuration 2");
    await page.waitForSelector(".history .config-differences");
  });

  test("an admin goes back to an earlier one, on trial, after a question", async () => {
    const page = await openAs("admin");
    await openHistory(page);
    await page.click("text=Configuration 2");
    await page.click("text=Go back to this one");
    await page.waitForSelector("text=Both boxes get configuration 2 again, on trial");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("question");
    await page.click("text=No, change nothing");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      "Go back to this one",
    );
    expect(config.acts).toEqual([]);
    await page.keyboard.press("Enter");
    await page.focus("text=Yes, go back");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".trial");
    expect(config.acts).toEqual(["back to 2 by anna for 60 s"]);
    await expect.poll(() => focused(page), { timeout: 5000 }).toBe("trial-title");
    await page.waitForSelector(".history >> text=back to number 2");
    await page.waitForSelector("text=A change waits to be confirmed");
    await page.click("text=Undo now");
    await page.waitForSelector("text=Go back to this one");
  });

  test("why it cannot be gone back to is said where it was asked", async () => {
    config.refusal = "the partner cannot take it";
    const page = await openAs("admin");
    await openHistory(page);
    await page.click("text=Configuration 2");
    await page.click("text=Go back to this one");
    await page.click("text=Yes, go back");
    await page.waitForSelector(".question >> text=The partner cannot take it.");
    await page.click("text=No, change nothing");
    await page.click("text=Go back to this one");
    expect(await page.textContent(".question .bad, .question [role=status]")).toBe("");
  });

  test.each([
    ["Keep this box’s", "Yes, keep this box’s", "keep"],
    ["Take the partner’s", "Yes, take the partner’s", "take"],
  ] as const)("two that differ: an admin says %j, and is asked", async (text, yes, choice) => {
    server.box.configView = DIVERGED;
    const page = await openAs("admin");
    await page.click(`text=${text}`);
    await page.waitForSelector(".question >> text=is given up");
    expect(server.box.choices).toEqual([]);
    server.box.choiceResult = { isDone: false, text: "the partner is not reached" };
    await page.click(`text=${yes}`);
    await page.waitForSelector(".question >> text=The partner is not reached.");
    server.box.choiceResult = { isDone: true, text: "both boxes get it" };
    await page.click(`text=${yes}`);
    server.box.configView = fakeConfigView();
    await page.waitForSelector(".config-differences", { state: "detached" });
    expect(server.box.choices).toEqual([choice, choice]);
  });

  test("what people wrote is shown as the text it is", async () => {
    const evil = "<img src=x onerror=alert(1)>";
    config.entries = [
      fakeEntry(3, { by: evil, from: evil, box: evil, note: evil }),
      fakeEntry(2, { by: evil, note: evil }),
    ];
    config.differences = [{ path: evil, before: evil, after: evil }];
    config.beginTrial(60);
    config.refusal = evil;
    const page = await openAs("admin");
    await page.click("text=Keep it");
    await page.waitForSelector(`.trial >> text=${evil}`);
    await openHistory(page);
    await page.click("text=Configuration 2");
    await page.waitForSelector(".history .config-differences");
    expect(await page.locator(".history q").allTextContents()).toEqual([evil, evil]);
    expect(await page.textContent(".history code")).toBe(evil);
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([360, 1280])("all of it is accessible at %d px", async (width) => {
      const fits = async (page: Page) => {
        expect(await accessibilityProblems(page)).toEqual([]);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(width);
      };
      const look = { colorScheme, viewport: { width, height: 800 } };
      server.box.configView = DIVERGED;
      config.entries = [fakeEntry(3, { note: "n".repeat(200) }), fakeEntry(2)];
      config.beginTrial(600);
      const viewer = await openAs("viewer", look);
      await viewer.waitForSelector(".trial");
      await fits(viewer);
      const page = await openAs("admin", look);
      config.refusal = "no";
      await page.click("text=Keep it");
      await page.waitForSelector(".trial .bad >> text=No.");
      await openHistory(page);
      await fits(page);
      config.trialEndsAt = undefined;
      await page.click("text=Configuration 2");
      await page.click("text=Go back to this one");
      await page.click("text=Keep this box’s");
      await fits(page);
    });
  });
});

function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.id);
}

const DIVERGED = fakeConfigView({
  inStep: false,
  diverged: true,
  sentence: "Both boxes have been configured differently.",
  differences: [{ path: "networks[office].leaseSeconds", here: "3600", partner: "43200" }],
});
