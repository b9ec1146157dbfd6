import type { BrowserContextOptions, Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accessibilityProblems, describeInChromium } from "../support/browser.ts";
import { type FakeBox, fakeCondition, fakeLease, fakeNetwork, iso } from "../support/fake-box.ts";
import { fakePartner } from "../support/fake-pair.ts";
import { FakeServer } from "../support/fake-server.ts";

describeInChromium("the page in Chromium", (chromium) => {
  let server: FakeServer;
  let box: FakeBox;
  /** Every address the browser asked for, and everything it complained about. */
  let requests: string[] = [];
  let complaints: string[] = [];

  beforeAll(() => {
    const sum = (key: "bytes" | "gzip" | "brotli") =>
      chromium.files.reduce((total, file) => total + file[key], 0);
    console.log(
      `page: ${sum("bytes")} bytes, ${sum("gzip")} with gzip, ${sum("brotli")} with brotli`,
    );
  });

  beforeEach(async () => {
    server = new FakeServer();
    box = server.box;
    for (let n = 0; n < 12; n++) box.book.set(fakeLease(n).address, leaseNow(n));
    await server.start();
    requests = [];
    complaints = [];
  });

  afterEach(async () => {
    await server.stop();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await chromium.browser.newContext(options);
    const page = await context.newPage();
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(server.origin);
    await page.waitForSelector(".headline-fine, .headline-down, .headline-degraded");
    await page.waitForSelector(".leases tbody tr");
    return page;
  }

  test("shows the box, its network and its leases, and asks nobody else", async () => {
    const page = await open();
    expect(await page.textContent("h1")).toBe("Box A");
    expect(await page.textContent(".role")).toBe("serving");
    expect(await page.textContent(".sentence")).toBe("Box A is serving office.");
    expect(await page.title()).toBe("A · serving · Tandem");
    expect(await page.textContent(".network")).toContain("15 of 100 in use");
    expect(await page.locator(".leases tbody tr").count()).toBe(12);
    await page.waitForTimeout(300);
    expect(requests.length).toBeGreaterThan(4);
    expect(requests.filter((url) => !url.startsWith(`${server.origin}/`))).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await page.locator("[style]").count()).toBe(0);
  });

  test("a new lease appears within a second, without a reload, and stands out", async () => {
    const page = await open();
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    const before = performance.now();
    box.grant(leaseNow(0, { address: "10.77.0.150", hostname: "new-phone" }));
    await page.waitForSelector(".is-fresh >> text=new-phone", { timeout: 1000 });
    console.log(`a new lease was on the page after ${Math.round(performance.now() - before)} ms`);
    expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
    expect(await page.locator(".leases tbody tr").count()).toBe(13);
    expect(await page.textContent("#leases [role=status]")).toBe("New: new-phone has 10.77.0.150");
  });

  test("a renewal changes its row but does not stand out", async () => {
    const page = await open();
    const lease = box.book.get("10.77.0.105");
    box.grant({ ...leaseNow(5), startsAt: lease?.startsAt ?? "", hostname: "renamed" });
    await page.waitForSelector(".leases >> text=renamed");
    expect(await page.locator(".is-fresh").count()).toBe(0);
    box.grant({ ...leaseNow(5), state: "released" });
    await page.waitForFunction(() => document.querySelectorAll(".leases tbody tr").length === 11);
  });

  test("events come newest first, warnings are marked, none twice after a break", async () => {
    box.say("the first");
    const page = await open();
    box.say("the second", "warning");
    await page.waitForSelector(".event-warning >> text=the second");
    await server.stop();
    box.say("during the break");
    await server.start();
    await page.waitForSelector("text=during the break");
    const texts = await page.locator(".event p").allTextContents();
    expect(texts).toEqual(["during the break", "Warning: the second", "the first"]);
  });

  test("a device's name is shown as the text it is", async () => {
    const evil = `<img src=x onerror=alert(1)><script>alert(2)</script>`;
    box.book.set("10.77.0.100", leaseNow(0, { hostname: evil, vendorClass: `" onload="alert(3)` }));
    const page = await open();
    box.say(`10.77.0.100 is given to ${evil}.`);
    box.change({ conditions: [fakeCondition({ sentence: evil, advice: evil, subject: evil })] });
    await page.waitForSelector(".condition");
    await page.waitForSelector(".event");
    expect(await page.locator(".name").first().textContent()).toBe(evil);
    expect(await page.locator("img, #page script").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("says what is wrong, and what to do", async () => {
    const page = await open();
    const sentence = "No cable or no device on lan0, so nobody on office can be reached.";
    box.change({
      state: "down",
      why: sentence,
      conditions: [
        fakeCondition(),
        fakeCondition({
          ...{ id: "disk-slow", subject: "", severity: "warning", advice: "" },
          sentence: "The disk is slow.",
          since: iso(Date.now() - 125_000),
        }),
      ],
      configuration: {
        source: "last-good",
        issues: [{ file: "config.json", path: "networks[0].subnet", reason: "not a subnet" }],
      },
    });
    await page.waitForSelector(".headline-down");
    expect(await page.textContent(".sentence")).toBe(sentence);
    expect(await page.textContent(".headline")).toContain("Check the cable and the switch.");
    expect(await page.textContent(".attention")).not.toContain(sentence);
    expect(await page.textContent(".attention")).toContain("The disk is slow.Began 2 minutes ago");
    expect(await page.textContent(".issues")).toContain("networks[0].subnet");
    expect(await page.title()).toContain("Down");
  });

  test("the role of the other box cannot be missed", async () => {
    const page = await open();
    const frame = () => page.evaluate(() => getComputedStyle(document.body).borderTopColor);
    const serving = await frame();
    box.change({ role: "standby", box: { ...box.current.box, name: "B" } });
    await page.waitForSelector(".role-standby");
    expect(await page.textContent(".role")).toBe("standby");
    expect(await frame()).not.toBe(serving);
  });

  test("shows the partner: how the two are, since when, and what is its share", async () => {
    const page = await open({ viewport: { width: 360, height: 800 } });
    const about = () => page.textContent("[aria-labelledby=about-title]");
    expect(await about()).toContain("Partnernot paired");
    const since = iso(Date.now() - 3_600_000);
    const [pool] = fakeNetwork().pools;
    if (!pool) throw new Error("a network without a pool");
    box.change({
      partner: fakePartner({ since, partnerSince: since }),
      networks: [fakeNetwork({ pools: [{ ...pool, free: 43, partners: 42 }] })],
    });
    await page.waitForSelector("text=State of the partner");
    expect(await about()).toContain("Partnerconnected");
    expect(await about()).toContain(`State of this boxin step since `);
    expect(await page.textContent(".pair")).toContain("The boxes are in step");
    expect(await page.textContent(".network")).toContain("15 of 100 in use");
    expect(await page.textContent(".legend")).toContain("42 the partner's");
    expect(await accessibilityProblems(page)).toEqual([]);
    const why =
      "The partner is away: this box works alone, and new leases are short until it is back.";
    const alone = { state: "communications-interrupted", stateWords: "alone" } as const;
    box.change({ partner: fakePartner({ ...alone, why, since, connected: false }) });
    await page.waitForSelector("text=Partner, last heard");
    expect(await about()).toContain("Partnernot connected");
    expect(await page.textContent(".pair")).toContain(why);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBeLessThanOrEqual(360);
    expect(complaints).toEqual([]);
  });

  test("old data is called old when the box goes away, and it heals by itself", async () => {
    const page = await open();
    await server.stop();
    await page.waitForSelector(".headline-stale");
    expect(await page.textContent(".sentence")).toMatch(/^No word from this box since /);
    expect(await page.textContent(".freshness")).toMatch(/^Not live/);
    expect(await page.locator(".leases tbody tr").count()).toBe(12);
    box.book.set("10.77.0.177", leaseNow(0, { address: "10.77.0.177", hostname: "meanwhile" }));
    await server.start();
    await page.waitForSelector(".headline-fine");
    await page.waitForSelector(".leases >> text=meanwhile");
    expect(await page.textContent(".freshness")).toMatch(/^Live/);
  });

  test("a page opened while the box is away says so", async () => {
    const page = await open();
    await page.route("**/api/v1/events*", (route) => route.abort());
    await page.reload();
    await page.waitForSelector("text=This box does not answer.");
  });

  test("searches and sorts from the keyboard", async () => {
    const page = await open();
    await page.focus("input[type=search]");
    await page.keyboard.type("device-1");
    await page.waitForFunction(() => document.querySelectorAll(".leases tbody tr").length === 3);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("nobody");
    await page.waitForSelector("text=No lease matches.");
    await page.fill("input[type=search]", "");
    await page.focus("th.address button");
    await page.keyboard.press("Enter");
    expect(await page.getAttribute("th.address", "aria-sort")).toBe("descending");
    expect(await page.locator("td.address .mono").first().textContent()).toBe("10.77.0.111");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    expect(await page.getAttribute("thead th.hostname", "aria-sort")).toBe("ascending");
    expect(await page.getAttribute("th.address", "aria-sort")).toBeNull();
  });

  test("a long list is fetched page by page, and stays live", async () => {
    for (let n = 0; n < 1200; n++) box.book.set(fakeLease(n).address, leaseNow(n));
    const page = await open();
    expect(await page.locator(".leases tbody tr").count()).toBe(100);
    expect(await page.textContent(".pager")).toContain("1 to 100 of 1200");
    await page.click("text=Next");
    await page.waitForSelector("text=101 to 200 of 1200");
    expect(await page.locator("td.address .mono").first().textContent()).toBe("10.77.0.200");
    await page.fill("input[type=search]", "device-119");
    await page.waitForSelector("text=1 to 11 of 11");
    box.grant(leaseNow(0, { address: "10.77.9.9", hostname: "device-119x" }));
    await page.waitForSelector(".is-fresh >> text=device-119x", { timeout: 1000 });
    await page.waitForSelector("text=1 to 12 of 12");
  });

  test("a flood is not sent lease by lease", async () => {
    const page = await open();
    const many = Array.from({ length: 250 }, (_, n) => leaseNow(n));
    box.grant(...many);
    await page.waitForFunction(() => document.querySelectorAll(".leases tbody tr").length === 250);
    expect(complaints).toEqual([]);
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([
      ["fine", 1280],
      ["fine", 360],
      ["down", 1280],
      ["stale", 1280],
    ] as const)("is accessible when %s at %d px", async (state, width) => {
      box.say("a note");
      box.say("a warning", "warning");
      if (state === "down") showProblems(box);
      const page = await open({ colorScheme, viewport: { width, height: 800 } });
      box.grant(leaseNow(0, { address: "10.77.0.150", hostname: "fresh", reserved: true }));
      await page.waitForSelector(".is-fresh");
      await page.click("summary");
      if (state === "stale") {
        await server.stop();
        await page.waitForSelector(".headline-stale");
      }
      expect(await accessibilityProblems(page)).toEqual([]);
    });
  });

  test.each([360, 700, 1000, 1920])(
    "at %d px nothing has to be scrolled sideways",
    async (width) => {
      showProblems(box);
      box.book.set(
        "10.77.0.100",
        leaseNow(0, { hostname: "a".repeat(63), mac: "00".repeat(16), reserved: true }),
      );
      box.say(`given to ${"b".repeat(63)}`);
      const page = await open({ viewport: { width, height: 800 } });
      await page.waitForSelector(".event");
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(widest).toBeLessThanOrEqual(width);
    },
  );
});

function leaseNow(n: number, changes: Parameters<typeof fakeLease>[1] = {}) {
  return fakeLease(n, changes, Date.now());
}

function showProblems(box: FakeBox): void {
  const { link } = fakeNetwork();
  box.change({
    state: "down",
    why: "No cable or no device on lan0, so nobody on office can be reached.",
    conditions: [
      fakeCondition(),
      fakeCondition({ id: "disk-slow", subject: "", severity: "warning" }),
      fakeCondition({ id: "standby", subject: "", severity: "info" }),
    ],
    networks: [
      fakeNetwork({ serving: false, link: { ...link, carrier: false } }),
      fakeNetwork({ name: "guests", interface: "lan1", gateway: "", counters: {} }),
    ],
    configuration: {
      source: "last-good",
      issues: [{ file: "config.json", path: "networks[0].pools[1].from", reason: "is outside" }],
    },
  });
}
