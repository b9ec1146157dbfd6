// The page of a real daemon in Chromium: its own first password, session, trial and history.

import { once } from "node:events";
import { existsSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPage } from "../../image/build.ts";
import { RealDaemon, SHARED } from "../daemon/real-daemon.ts";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

const PASSWORD = "correct horse battery";

describeUnless(withoutProgram(existsSync(CHROMIUM), "chromium"), "a real box in Chromium", () => {
  let daemon: RealDaemon;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildPage();
    const port = await freePort();
    daemon = new RealDaemon(SHARED, {
      ...{ version: 1, name: "A", role: "serving", http: { port } },
      networks: { office: { interface: "lan0", address: "10.0.0.2/16" } },
    });
    daemon.start();
    await daemon.until(() => true);
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`http://127.0.0.1:${port}`);
  });

  afterAll(async () => {
    await browser?.close();
    await daemon?.remove();
  });

  /** As a program on the box. */
  async function send(method: string, target: string, body: object = {}, tag?: string) {
    const outgoing = request({
      ...{ socketPath: path.join(daemon.folder, "tandem.sock"), method, path: target },
      headers: { "content-type": "application/json", ...(tag ? { "if-match": tag } : {}) },
    });
    outgoing.end(method === "GET" ? "" : JSON.stringify(body));
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const content = await text(response);
    expect(response.statusCode, content).toBe(200);
    return { tag: response.headers.etag, content };
  }

  test("a password that is set at the command line leads to the log-in, and in", async () => {
    await page.waitForSelector(".notice >> text=This box has no password yet.");
    await send("POST", "/api/v1/setup", { name: "anna", password: PASSWORD });
    await page.waitForSelector("text=This box has a password now.");
    await page.fill("[name=username]", "anna");
    await page.fill("[name=password]", PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".who >> text=admin");
    await page.waitForSelector("h1 >> text=Box A");
  });

  test("a change on trial is kept; the one of before is gone back to, and that is undone", async () => {
    const [network] = SHARED.networks;
    const changed = { ...SHARED, networks: [{ ...network, leaseSeconds: 7200 }] };
    const tag = (await send("GET", "/api/v1/config")).tag;
    const query = "confirmWithinSeconds=60&note=longer";
    await send("PUT", `/api/v1/config?${query}`, changed, tag);
    await page.click(".trial >> text=Keep it");
    await page.waitForSelector(".trial-said");
    await page.click("text=Last changes of the configuration");
    await page.waitForSelector(".history q >> text=longer");
    await page.locator(".history-entry summary").first().click();
    await page.waitForSelector(".history .config-differences >> text=3600");
    await page.click("text=Go back to this one");
    await page.click("text=Yes, go back");
    await page.waitForSelector(".trial-left");
    await page.waitForSelector(".history-entry >> text=anna");
    await page.click(".trial >> text=Undo now");
    await page.waitForSelector(".trial-said");
    await page.waitForSelector(".trial", { state: "detached" });
    const { content } = await send("GET", "/api/v1/config");
    expect(JSON.parse(content).config.networks[0].leaseSeconds).toBe(7200);
  });

  test("logging out is the end of it", async () => {
    await page.click("text=Log out");
    await page.waitForSelector("[autocomplete=current-password]");
    await page.reload();
    await page.waitForSelector("[autocomplete=current-password]");
    expect(complaints).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
