// Logging in and out on the page in Chromium, and what each role is offered.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { UserRole } from "../../daemon/http/api-types.ts";
import { accessibilityProblems, describeInChromium } from "../support/browser.ts";
import { type FakeAccess, PASSWORD, refused } from "../support/fake-access.ts";
import { fakeLease } from "../support/fake-box.ts";
import { fakeComparing } from "../support/fake-pairing.ts";
import { FakeServer } from "../support/fake-server.ts";

describeInChromium("log-in in Chromium", (chromium) => {
  let server: FakeServer;
  let access: FakeAccess;
  let requests: string[] = [];
  let complaints: string[] = [];

  beforeEach(async () => {
    server = new FakeServer();
    access = server.access.add("anna", "admin");
    for (let n = 0; n < 3; n++) server.box.book.set(fakeLease(n).address, fakeLease(n));
    await server.start();
    requests = [];
    complaints = [];
  });

  afterEach(async () => {
    await server.stop();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await chromium.browser.newContext(options)).newPage();
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // The browser says of each refusal that there was one.
      const isRefusal = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isRefusal) complaints.push(message.text());
    });
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(server.origin);
    await page.waitForSelector("main form, .leases tbody tr");
    return page;
  }

  /** A page of somebody who has logged in before. */
  async function openAs(name: string, role: UserRole, options: BrowserContextOptions = {}) {
    access.add(name, role);
    const page = await open({ ...options, storageState: { cookies: [], origins: [] } });
    await page.context().addCookies([server.cookieOf(name)]);
    await page.reload();
    await page.waitForSelector(".who");
    return page;
  }

  async function logIn(page: Page, password = PASSWORD): Promise<void> {
    await page.fill("[name=username]", "anna");
    await page.fill("[name=password]", password);
    await page.keyboard.press("Enter");
  }

  test("from outside there is a form and nothing else: no stream is open, nothing is asked", async () => {
    const page = await open();
    await page.waitForTimeout(2500);
    expect(await page.title()).toBe("Log in · Tandem");
    expect(requests.filter((path) => path.startsWith("/api/")).toSorted()).toEqual([
      "/api/v1/session",
      "/api/v1/setup",
    ]);
    expect(server.box.listenerCount).toBe(0);
    expect(await page.locator(".card").count()).toBe(1);
    expect(await page.locator(".leases, .who, .headline").count()).toBe(0);
    expect(await page.locator("[style]").count()).toBe(0);
    const completes = (name: string) => page.getAttribute(`[name=${name}]`, "autocomplete");
    expect(await completes("username")).toBe("username");
    expect(await completes("password")).toBe("current-password");
    expect(complaints).toEqual([]);
  });

  test("logs in from the keyboard alone, and shows who that is", async () => {
    const page = await open();
    const sent = page.waitForRequest((request) => request.method() === "POST");
    await page.keyboard.type("anna");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".leases tbody tr");
    expect((await sent).headers()["content-type"]).toBe("application/json");
    expect(access.tries).toEqual([{ name: "anna", password: PASSWORD }]);
    expect(await page.textContent(".who")).toBe("Logged in as anna, anna adminLog out");
    expect(await page.textContent("h1")).toBe("Box A");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
    expect(requests.join()).not.toContain("horse");
    expect(complaints).toEqual([]);
    await page.reload();
    await page.waitForSelector(".who");
  });

  test("a wrong password is said, and only that has to be typed again", async () => {
    const page = await open();
    await logIn(page, "wrong");
    await page.waitForSelector("text=The user name or the password is not the right one.");
    expect(await page.inputValue("[name=username]")).toBe("anna");
    expect(await page.inputValue("[name=password]")).toBe("");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe(
      "password",
    );
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".who");
  });

  test("nothing is sent without a name or a password", async () => {
    const page = await open();
    await page.click("[type=submit]");
    await page.waitForSelector("text=Type in a user name and the password.");
    await page.fill("[name=username]", "anna");
    await page.click("[type=submit]");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe(
      "password",
    );
    expect(access.tries).toEqual([]);
  });

  test("what is typed can be looked at", async () => {
    const page = await open();
    await page.fill("[name=password]", "secret words");
    await page.check("[type=checkbox]");
    expect(await page.getAttribute("[name=password]", "type")).toBe("text");
    expect(await page.inputValue("[name=password]")).toBe("secret words");
    await page.uncheck("[type=checkbox]");
    expect(await page.getAttribute("[name=password]", "type")).toBe("password");
  });

  test("whoever tried too often sees the time go by, and cannot send meanwhile", async () => {
    access.refusals.push(refused("wait", "too many tries failed", 5));
    const page = await open();
    await logIn(page);
    await page.waitForSelector("text=Too many tries have failed.");
    const seconds = async () =>
      Number(/in (\d+) seconds?\.$/.exec((await page.textContent(".countdown")) ?? "")?.[1]);
    const first = await seconds();
    expect(first).toBeGreaterThan(1);
    expect(await page.getAttribute("[type=submit]", "aria-disabled")).toBe("true");
    await page.fill("[name=password]", PASSWORD);
    await page.keyboard.press("Enter");
    await expect.poll(seconds, { timeout: 5000 }).toBeLessThan(first);
    expect(access.tries).toHaveLength(1);
    await page.waitForSelector("text=You can try again now.");
    expect(await page.locator(".countdown").count()).toBe(0);
    await page.focus("[name=password]");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".who");
  });

  test("a busy box, and one that does not answer, each with its sentence", async () => {
    access.refusals.push(refused("busy", "the box is busy; ask again in a moment", 3));
    const page = await open();
    await logIn(page);
    await page.waitForSelector("text=The box is busy; ask again in a moment.");
    await page.waitForSelector("text=You can try again now.");
    await server.stop();
    await logIn(page);
    await page.waitForSelector("text=The box did not answer; try again.");
    await server.start();
    await logIn(page);
    await page.waitForSelector(".who");
  });

  test("a browser that keeps no cookies is told so", async () => {
    const page = await open();
    await page.route("**/api/v1/session", (route) => {
      if (route.request().method() !== "POST") return route.continue();
      return route.fulfill({ json: { sentence: "You are logged in." } });
    });
    await logIn(page);
    await page.waitForSelector("text=your browser does not keep its cookie");
  });

  test("a session that ends leads back, asks no more, and loses nothing that was typed", async () => {
    const page = await openAs("anna", "admin");
    await page.fill("[type=search]", "device-1");
    access.endSessions();
    await page.waitForSelector("[role=alert] >> text=Your session has ended.");
    expect(await page.locator(".leases").count()).toBe(0);
    expect(await page.inputValue("[name=username]")).toBe("anna");
    await expect.poll(() => server.box.listenerCount, { timeout: 5000 }).toBe(0);
    // What was under way when it ended.
    await page.waitForTimeout(500);
    requests = [];
    await page.waitForTimeout(2500);
    expect(requests).toEqual([]);
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".leases tbody tr");
    expect(await page.inputValue("[type=search]")).toBe("device-1");
    expect(await page.locator(".leases tbody tr").count()).toBe(1);
    server.box.say("It goes on.");
    await page.waitForSelector("text=It goes on.");
    expect(complaints).toEqual([]);
  });

  test("a stream that ends because the box has forgotten who this is leads back too", async () => {
    const page = await openAs("anna", "admin");
    await page.route("**/api/v1/{pairing,configuration,leases}*", (route) => route.abort());
    await server.stop();
    access.endSessions();
    await server.start();
    await page.waitForSelector("text=Your session has ended.");
  });

  test("an answer from before the log-in throws nobody out", async () => {
    const page = await openAs("anna", "admin");
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = page.waitForRequest("**/api/v1/pairing");
    await page.route("**/api/v1/pairing", async (route) => {
      await held;
      await route.fulfill({ status: 401, json: { detail: "Log in first." } });
    });
    await asked;
    const looked = page.waitForResponse("**/api/v1/session");
    release();
    await looked;
    await page.waitForTimeout(300);
    expect(await page.locator(".who").count()).toBe(1);
  });

  test("logging out ends the session, and nothing of the box stays on the page", async () => {
    const page = await openAs("anna", "admin");
    await page.click("text=Log out");
    await page.waitForSelector("main form");
    expect(access.tries).toEqual([{ logout: true }]);
    expect(await page.locator("[role=alert], .who, .leases").count()).toBe(0);
    expect(await page.inputValue("[name=username]")).toBe("");
    expect(await page.context().cookies()).toEqual([]);
    await page.goBack().catch(() => null);
    await page.goto(server.origin);
    await page.waitForSelector("main form");
  });

  test("that somebody could not be logged out is said", async () => {
    const page = await openAs("anna", "admin");
    await page.route("**/api/v1/session", (route) =>
      route.request().method() === "DELETE" ? route.abort() : route.continue(),
    );
    await page.click("text=Log out");
    await page.waitForSelector(".who >> text=The box did not answer; try again.");
  });

  test("whoever may only look sees what could be done, why not by them, and does nothing", async () => {
    server.pairing.view = fakeComparing();
    const page = await openAs("vera", "viewer");
    const button = page.locator(".pairing button", { hasText: "They are the same" });
    expect(await button.getAttribute("aria-disabled")).toBe("true");
    const why = await button.getAttribute("aria-describedby");
    expect(await page.textContent(`#${why}`)).toBe(
      "Only an operator or an admin may do this; you are logged in as a viewer.",
    );
    await button.dispatchEvent("click");
    await button.focus();
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
    expect(server.pairing.acts).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test("an operator may do it", async () => {
    server.pairing.view = fakeComparing();
    const page = await openAs("otto", "operator");
    await page.click("text=They are the same");
    await expect.poll(() => server.pairing.acts.length, { timeout: 5000 }).toBe(1);
    expect(await page.locator("#pairing-why-not").count()).toBe(0);
  });

  test("a user's name and what the box says are shown as the text they are", async () => {
    const evil = "<img src=x onerror=alert(1)>";
    access.refusals.push(refused("busy", evil));
    const page = await open();
    await logIn(page);
    await page.waitForSelector(`text=${evil}`);
    await page.context().clearCookies();
    const inside = await openAs(evil, "admin");
    expect(await inside.textContent(".who-name")).toBe(evil);
    access.endSessions();
    await inside.waitForSelector("text=Your session has ended.");
    expect(await inside.inputValue("[name=username]")).toBe(evil);
    expect(await inside.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([360, 1280])("all of it is accessible at %d px", async (width) => {
      const look = { colorScheme, viewport: { width, height: 800 } };
      const fits = async (page: Page) => {
        expect(await accessibilityProblems(page)).toEqual([]);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(width);
      };
      access.refusals.push(refused("wait", "too many", 60));
      const outside = await open(look);
      await fits(outside);
      await logIn(outside);
      await outside.waitForSelector(".countdown");
      await fits(outside);
      const inside = await openAs("n".repeat(32), "operator", look);
      await fits(inside);
      access.endSessions();
      await inside.waitForSelector("[role=alert]");
      await fits(inside);
    });
  });
});
