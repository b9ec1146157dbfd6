// Pairing on the page, in Chromium.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accessibilityProblems, describeInChromium } from "../support/browser.ts";
import { fakePartner } from "../support/fake-pair.ts";
import {
  type FakePairing,
  fakeComparing,
  fakePairing,
  fakeQuestion,
  fakeRefusal,
  fakeStages,
} from "../support/fake-pairing.ts";
import { FakeServer } from "../support/fake-server.ts";

describeInChromium("pairing in Chromium", (chromium) => {
  let server: FakeServer;
  let pairing: FakePairing;

  beforeEach(async () => {
    server = new FakeServer();
    pairing = server.pairing;
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await chromium.browser.newContext(options)).newPage();
    await page.goto(server.origin);
    await page.waitForSelector("#pairing-title, #pair-title");
    return page;
  }

  test("a line while nobody is there, and all of it as soon as a box is found", async () => {
    const page = await open();
    expect(await page.locator(".pairing").count()).toBe(0);
    expect(await page.textContent(".pair")).toContain("No second box is connected.");
    pairing.view = fakeComparing();
    await page.waitForSelector(".pairing .digits");
    const spoken = "Six digits: 0 4 2, 1 3 7";
    expect(await page.textContent(".digits")).toBe(`${spoken}042137`);
    const stages = await page.locator(".stage").allTextContents();
    expect(stages.slice(0, 5)).toEqual([
      "Cable seendone2 s",
      "Box founddone2 s",
      "Six digitsdone2 s",
      "Confirmed on bothunder way42 s",
      "Roles and identity",
    ]);
    expect(await page.textContent(".pairing .facts")).toContain("TND-0002");
  });

  test("they are the same: the box is told so with these digits", async () => {
    pairing.view = fakeComparing();
    pairing.onAct = () => {
      pairing.view = fakeComparing({ confirmedHere: true, actions: ["differ", "cancel"] });
    };
    const page = await open();
    await page.click("text=They are the same");
    await page.waitForSelector("text=You said on this box that they are the same.");
    expect(pairing.acts).toEqual([{ kind: "confirm", digits: "042137" }]);
    expect(await page.locator(".buttons button").allTextContents()).toEqual([
      "They differ",
      "Cancel",
    ]);
    await page.click("text=They differ");
    await expect.poll(() => pairing.acts.length).toBe(2);
    expect(pairing.acts[1]).toEqual({ kind: "differ" });
  });

  test("what the box refuses is said", async () => {
    pairing.view = fakeComparing();
    pairing.result = { isDone: false, text: "these are not the digits that are shown now" };
    const page = await open();
    await page.click("text=They are the same");
    const failure = page.locator(".pairing .bad");
    await expect
      .poll(() => failure.textContent())
      .toContain("These are not the digits that are shown now.");
    pairing.view = fakeComparing({ digits: "271828" });
    await expect.poll(() => failure.textContent()).toBe("");
  });

  test("two configurations: how they differ, and which one both shall have", async () => {
    pairing.view = fakeQuestion();
    const page = await open();
    await page.waitForSelector("text=guests is here only");
    expect(await page.isVisible("text=Both like box A (this one)")).toBe(true);
    await page.click("text=Both like box tandem");
    await expect.poll(() => pairing.acts).toEqual([{ kind: "choose", choice: "take" }]);
  });

  test("somebody between the boxes cannot be missed", async () => {
    pairing.view = fakeRefusal(true);
    const page = await open();
    const alert = page.locator(".pairing [role=alert]");
    expect(await alert.textContent()).toContain("Stop. Do not pair these boxes.");
    expect(await alert.textContent()).toContain("Look where the pair cable goes.");
    await page.click("text=Begin again");
    await expect.poll(() => pairing.acts).toEqual([{ kind: "again" }]);
  });

  test("a pair is ended in two steps", async () => {
    pairing.view = PAIRED;
    server.box.change({ partner: fakePartner() });
    const page = await open();
    expect(await page.isVisible("text=End it now")).toBe(false);
    await page.click("text=End the pair");
    pairing.onAct = () => {
      const sentence = "The pair is ending.";
      pairing.view = fakePairing({ paired: true, sentence, advice: "" });
    };
    await page.focus("text=End it now");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".pair >> text=The pair is ending.");
    expect(await page.isVisible("text=End it now")).toBe(false);
    await expect.poll(() => focused(page)).toBe("Pair");
    pairing.view = fakePairing({ unpaired: "This box goes on alone." });
    server.box.change({ partner: { paired: false, why: "Not paired." } });
    await page.waitForSelector("text=The pair was ended. This box goes on alone.");
    expect(pairing.acts).toEqual([{ kind: "unpair" }]);
  });

  test("nothing can be said twice, and the focus is not thrown away", async () => {
    pairing.view = fakeComparing();
    const page = await open();
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/v1/pairing/confirm", async (route) => {
      await held;
      await route.continue();
    });
    pairing.onAct = () => {
      pairing.view = fakeComparing({ confirmedHere: true, actions: ["differ", "cancel"] });
    };
    await page.focus("text=They are the same");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".buttons [aria-disabled=true] >> text=Cancel");
    expect(await focused(page)).toBe("They are the same");
    await page.keyboard.press("Enter");
    await page.locator(".buttons button", { hasText: "Cancel" }).dispatchEvent("click");
    answer();
    await page.waitForSelector("text=You said on this box that they are the same.");
    await expect.poll(() => focused(page)).toBe("Pairing");
    expect(pairing.acts).toEqual([{ kind: "confirm", digits: "042137" }]);
  });

  test("a box that does not answer is said to have not", async () => {
    pairing.view = fakeComparing();
    const page = await open();
    await page.route("**/api/v1/pairing/differ", (route) => route.abort());
    await page.click("text=They differ");
    await page.waitForSelector("text=The box did not answer; try again.");
    await page.waitForSelector(".buttons [aria-disabled=false] >> text=They differ");
  });

  test("a box that waits for the other one says where to go, and no stage goes on after a refusal", async () => {
    pairing.view = fakeRefusal();
    const page = await open();
    await page.waitForSelector(".refusal");
    expect(await page.locator(".stage").count()).toBe(0);
    pairing.view = fakeComparing({
      ...{ sentence: "Box B was found.", advice: "", digits: null, actions: [] },
      stages: fakeStages(2),
    });
    await page.waitForSelector("text=The other box is not ready yet.");
    expect(await page.locator(".stage-now").textContent()).toContain("Six digits");
    pairing.view = { ...pairing.view, stages: fakeStages(4) };
    await page.waitForSelector("text=This takes longer than it should.");
  });

  test("that two are a pair is seen until it is read, and not when they are no longer in step", async () => {
    pairing.view = fakeComparing();
    const page = await open();
    pairing.view = PAIRED;
    server.box.change({ partner: fakePartner() });
    await page.waitForSelector("text=The boxes are a pair now, and in step.");
    expect(await page.locator(".stage-done").count()).toBe(8);
    expect(await accessibilityProblems(page)).toEqual([]);
    server.box.change({ partner: fakePartner({ connected: false, inStep: false }) });
    await page.waitForSelector(".pairing", { state: "detached" });
    server.box.change({ partner: fakePartner() });
    await page.click("text=Close");
    await page.waitForSelector(".pairing", { state: "detached" });
    await expect.poll(() => focused(page)).toBe("Pair");
  });

  test("a page that is opened later shows nothing of how two became a pair", async () => {
    pairing.view = PAIRED;
    server.box.change({ partner: fakePartner() });
    const page = await open();
    await page.waitForSelector("text=The boxes are in step");
    expect(await page.locator(".pairing, .stage").count()).toBe(0);
  });

  test("to end a pair whose partner is away is said to be half of it", async () => {
    pairing.view = PAIRED;
    server.box.change({ partner: fakePartner({ connected: false }) });
    const page = await open();
    await page.click("text=End the pair");
    await page.waitForSelector("text=end the pair there as well");
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test("what came of the end of a pair is said although the other box is found again", async () => {
    pairing.view = fakeComparing({ unpaired: "This box goes on alone." });
    const page = await open();
    expect(await page.textContent(".pairing")).toContain("This box goes on alone.");
  });

  test("a name from the other box is shown as the text it is", async () => {
    const name = "<img src=x onerror=alert(1)>";
    pairing.view = fakeComparing({ sentence: name, found: { ...FOUND, name } });
    const page = await open();
    expect(await page.textContent(".pairing strong")).toBe(name);
    expect(await page.locator("img").count()).toBe(0);
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([
      ["comparing", fakeComparing()],
      ["confirmed", fakeComparing({ confirmedHere: true, actions: ["differ", "cancel"] })],
      ["asking", fakeQuestion()],
      ["refusing", fakeRefusal()],
      ["warning", fakeRefusal(true)],
      ["quiet", fakePairing({ paired: true, actions: ["unpair"] })],
    ] as const)(
      "is accessible at 360 px while it is %s, and needs no scrolling sideways",
      async (_, view) => {
        pairing.view = view;
        const page = await open({ colorScheme, viewport: { width: 360, height: 800 } });
        expect(await accessibilityProblems(page)).toEqual([]);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(360);
      },
    );
  });
});

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent ?? "");
}

const PAIRED = fakePairing({
  paired: true,
  sentence: "This box is in a pair.",
  advice: "",
  stages: fakeStages(8),
  actions: ["unpair"],
});
const FOUND = { name: "B", model: "example,board", serial: "TND-0002", version: "1.2.0" };
