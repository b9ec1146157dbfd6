// The first password on the page in Chromium: over the network, and at the box itself.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../daemon/limits.ts";
import { AccessBench } from "../support/access-bench.ts";
import { accessibilityProblems, describeInChromium } from "../support/browser.ts";
import { type FakeAccess, PASSWORD, refused } from "../support/fake-access.ts";
import { fakeComparing } from "../support/fake-pairing.ts";
import { FakeServer } from "../support/fake-server.ts";

describeInChromium("set-up in Chromium", (chromium) => {
  let server: FakeServer;
  let access: FakeAccess;

  beforeEach(async () => {
    server = new FakeServer();
    access = server.access;
    access.isLan = true;
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await chromium.browser.newContext(options)).newPage();
    await page.goto(server.origin);
    await page.waitForSelector("main form, .headline-fine");
    return page;
  }

  async function openReal(bench: AccessBench): Promise<Page> {
    await server.stop();
    server = new FakeServer(undefined, [], bench.access);
    await server.start();
    return open();
  }

  async function choose(page: Page, password = PASSWORD, again = password): Promise<void> {
    await page.fill("[name=password]", password);
    await page.fill("[name=again]", again);
  }

  test("a new box in the network: the name is given, the serial number is asked", async () => {
    access.serial = "TND-0001";
    const page = await open();
    expect(await page.title()).toBe("Set the first password · Tandem");
    expect(await page.locator(".headline, .leases").count()).toBe(0);
    expect(server.box.listenerCount).toBe(0);
    expect(await page.inputValue("[name=username]")).toBe("admin");
    const completes = (name: string) => page.getAttribute(`[name=${name}]`, "autocomplete");
    expect(await completes("username")).toBe("username");
    expect(await completes("password")).toBe("new-password");
    expect(await completes("again")).toBe("new-password");
    expect(await completes("serial")).toBe("off");
    await page.waitForSelector("text=type in the serial number on its label");
    await choose(page);
    await page.fill("[name=serial]", "TND-0007");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=This is not the serial number on the label of this box.");
    expect(await page.inputValue("[name=password]")).toBe(PASSWORD);
    await page.fill("[name=serial]", "TND-0001");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".headline-fine");
    expect(access.tries.at(-1)).toEqual({ name: "admin", password: PASSWORD, serial: "TND-0001" });
    expect(await page.textContent(".who")).toContain("admin");
    expect(await page.locator(".notice").count()).toBe(0);
  });

  test("that somebody presses the button is noticed while the password is typed", async () => {
    const page = await open();
    expect(await page.locator("[name=serial]").count()).toBe(0);
    await choose(page);
    await page.waitForSelector(".presence-awaited >> text=Press the button of the box");
    access.isPresenceProven = true;
    await page.waitForSelector(".presence-proven >> text=The box has noticed");
    expect(await page.inputValue("[name=again]")).toBe(PASSWORD);
    await page.click("[type=submit]");
    await page.waitForSelector(".headline-fine");
    expect(access.tries).toEqual([{ name: "admin", password: PASSWORD, serial: undefined }]);
  });

  test("two passwords that differ, and none, are not sent", async () => {
    access.isPresenceProven = true;
    const page = await open();
    await page.click("[type=submit]");
    await page.waitForSelector("text=Type in the new password.");
    await choose(page, PASSWORD, `${PASSWORD}x`);
    await page.click("[type=submit]");
    await page.waitForSelector("text=The two passwords are not the same.");
    expect(access.tries).toEqual([]);
  });

  test("what the box has against a password is said, and the wait after too many tries", async () => {
    access.serial = "TND-0001";
    access.refusals.push(
      refused("invalid", "a password has at least 10 characters"),
      refused("wait", "too many tries failed", 3),
    );
    const page = await open();
    await choose(page, "short");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=A password has at least 10 characters.");
    await choose(page);
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=Too many tries have failed.");
    await page.waitForSelector("text=You can try again now.");
  });

  test("a password that came from the partner meanwhile leads to the log-in", async () => {
    const page = await open();
    access.add("anna", "admin");
    await page.waitForSelector("[autocomplete=current-password]");
    expect(await page.title()).toBe("Log in · Tandem");
  });

  test("at the box itself the page is as it was, with a line that leads to the set-up and back", async () => {
    access.isLan = false;
    const page = await open();
    await page.waitForSelector(".notice >> text=This box has no password yet.");
    expect(await page.locator(".who").count()).toBe(0);
    await page.click("text=Set one");
    await page.waitForSelector("main form");
    await page.click("text=Not now");
    await page.waitForSelector(".headline-fine");
    access.isPresenceProven = true;
    await page.click("text=Set one");
    await choose(page);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".who");
    expect(await page.locator(".notice").count()).toBe(0);
  });

  test("at the box itself two boxes can be made one before there is a password", async () => {
    access.isLan = false;
    server.pairing.view = fakeComparing();
    const page = await open();
    await page.click("text=They are the same");
    await expect.poll(() => server.pairing.acts, { timeout: 5000 }).toHaveLength(1);
  });

  test("when somebody else sets the password the page at the box asks for it", async () => {
    access.isLan = false;
    const page = await open();
    access.add("anna", "admin");
    await page.waitForSelector("[role=alert] >> text=This box has a password now.");
  });

  test("a box that is away at first is asked until it answers", async () => {
    const page = await open();
    await page.route("**/api/v1/session", (route) => route.abort());
    await page.reload();
    await page.waitForSelector("text=This box does not answer.");
    await page.unroute("**/api/v1/session");
    await page.waitForSelector("main form");
  });

  test("with the users and sessions of a real box: in, out, and in again", async () => {
    const bench = new AccessBench();
    bench.serial = "TND-0001";
    const page = await openReal(bench);
    await page.click("text=Set one");
    await choose(page);
    await page.fill("[name=serial]", "tnd 0001");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".who >> text=admin");
    await page.click("text=Log out");
    await page.waitForSelector("[autocomplete=current-password]");
    await page.fill("[name=username]", "admin");
    await page.fill("[name=password]", "a wrong one");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=The user name or the password is not the right one.");
    await page.fill("[name=password]", PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=Too many tries have failed.");
    bench.pass(1000);
    await page.waitForSelector("text=You can try again now.");
    await page.fill("[name=password]", PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".headline-fine");
    bench.pass(LIMITS.sessionMilliseconds);
    await page.waitForSelector("text=Your session has ended.");
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([360, 1280])("all of it is accessible at %d px", async (width) => {
      const fits = async (page: Page) => {
        expect(await accessibilityProblems(page)).toEqual([]);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(width);
      };
      const look = { colorScheme, viewport: { width, height: 800 } };
      access.serial = "TND-0001";
      const page = await open(look);
      await choose(page, PASSWORD, "another");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".bad");
      await fits(page);
      access.isPresenceProven = true;
      await page.waitForSelector(".presence-proven");
      await fits(page);
      access.isLan = false;
      const local = await open(look);
      await local.waitForSelector(".notice");
      await fits(local);
    });
  });
});
