// Configuration changed over the API of two real boxes: whoever locks themselves out gets back in, devices do not
// notice, and a box that dies in the middle of a change ends with the same as the other one.

import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { get } from "../../board/virtual/ask.ts";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import { type BoxName, boxNames, plan } from "../../board/virtual/topology.ts";
import type { ConfigView } from "../../daemon/http/api-types.ts";
import { Crowd, officeEnd } from "../support/crowd.ts";
import { labProblem } from "../support/lab.ts";
import { addHost, type Host } from "../support/lab-hosts.ts";
import { untilSettled } from "../support/outage.ts";

const PAGE = `https://${plan.lan.gateway}:8443`;
const CONFIG = "/api/v1/config";
const PASSWORD = "correct horse battery";
const problem = labProblem();
let lab: RunningLab;
let browser: Host;
let cookie = "";

interface Shared {
  readonly networks: readonly Readonly<Record<string, unknown>>[];
  readonly leaseSeconds?: number;
}

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  await untilSettled(lab);
  browser = await addHost(lab, "pc", [{ on: "lan", addresses: ["10.77.0.50/24"] }]);
  await local("a", "POST", "/api/v1/setup", { password: PASSWORD });
  await lab.waitFor("the page at the virtual address", async () => (await visit("/")) !== "");
  const login = await ask("POST", "/api/v1/session", { name: "admin", password: PASSWORD });
  cookie = /set-cookie: ([^;\r]+)/i.exec(login)?.[1] ?? "";
  expect(cookie).toMatch(/^__Host-tandem-session=/);
});
beforeEach(async (context) => {
  if (problem) context.skip(problem);
  else await lab.waitFor("both with the same configuration", isAgreed);
});
afterAll(() => lab?.stop());

/** As the page does it, from a computer on the LAN; "" when nobody answers. The answer with its head. */
async function ask(method: string, path: string, content?: object, tag = ""): Promise<string> {
  const headers = [`origin: ${PAGE}`, "content-type: application/json", `cookie: ${cookie}`];
  if (tag !== "") headers.push(`if-match: ${tag}`);
  const flags = ["--silent", "--insecure", "--max-time", "2", "--include", "--request", method];
  const body = content === undefined ? [] : ["--data-binary", JSON.stringify(content)];
  const named = headers.flatMap((one) => ["--header", one]);
  return (await browser.try(["curl", ...flags, ...named, ...body, `${PAGE}${path}`])).out;
}

const visit = (path: string) => ask("GET", path);

/** Over the Unix socket. */
async function local(
  box: BoxName,
  method: string,
  path: string,
  content: object,
  tag = "",
): Promise<string> {
  const match = tag === "" ? [] : ["--header", `if-match: ${tag}`];
  const flags = ["--silent", "--unix-socket", lab.socket(box), "--request", method, ...match];
  const body = ["--header", "content-type: application/json", "--data", JSON.stringify(content)];
  const target = `http://localhost${path}`;
  return (await lab.try(["exec", "lab", "curl", ...flags, ...body, target])).out;
}

async function viewOf(box: BoxName): Promise<ConfigView & { readonly config: Shared }> {
  const { code, body } = await get(lab.socket(box), CONFIG);
  // A box that was just started says so.
  if (code !== 200) throw new Error(body);
  return JSON.parse(body);
}

/** The same number and content on both, and nothing waits. */
async function isAgreed(): Promise<boolean> {
  try {
    const [a, b] = await Promise.all(boxNames.map(viewOf));
    const isSame = a?.hash === b?.hash && a?.generation === b?.generation;
    const isQuiet = a?.trial === null && b?.trial === null;
    const states = await Promise.all(boxNames.map((box) => lab.boxStatus(box)));
    const isPair = states.every(({ partner }) => partner.paired && partner.connected);
    return isSame && isQuiet && isPair;
  } catch {
    // A box that was killed does not answer yet.
    return false;
  }
}

test("an address that locks the browser out is undone by itself", async () => {
  const before = await viewOf("a");
  const [network] = before.config.networks;
  const wrong = { ...before.config, networks: [{ ...network, gateway: "10.77.0.9" }] };
  const check = await ask("POST", `${CONFIG}/check`, wrong);
  expect(check).toContain("finds it at 10.77.0.9 then");
  const begin = Date.now();
  // The answer may be lost with the address, as it is for a browser.
  await ask("PUT", `${CONFIG}?confirmWithinSeconds=10`, wrong, `"${before.hash}"`);
  await lab.waitFor("the address to be gone", async () => (await visit("/")) === "");
  for (const box of boxNames) expect((await viewOf(box)).trial).not.toBeNull();
  await lab.waitFor("the address to be back", async () => (await visit("/")).includes("200 OK"));
  expect(Date.now() - begin).toBeGreaterThan(10_000);
  const after = await viewOf("b");
  expect([after.hash, after.trial]).toEqual([before.hash, null]);
  expect(after.origin).toMatchObject({ from: "undone by itself" });
  // And the session is still good.
  expect(await visit(CONFIG)).toContain("200 OK");
});

test.each(boxNames)(
  "one on trial is undone although the power of box %s fails meanwhile",
  async (box) => {
    const { config, hash } = await viewOf("a");
    const body = { ...config, leaseSeconds: 5000 };
    const answer = await local("a", "PUT", `${CONFIG}?confirmWithinSeconds=10`, body, `"${hash}"`);
    expect(answer).toContain("in force on both boxes");
    await lab.cmd(`power-cut ${box}`);
    await lab.cmd(`start ${box}`);
    await lab.waitFor("box up again", async () => (await viewOf(box).catch(() => null)) !== null);
    expect((await viewOf(box)).config.leaseSeconds).toBe(5000);
    await lab.waitFor("both with the same configuration", isAgreed);
    expect((await viewOf(box)).hash).toBe(hash);
  },
);

test("changes under load lose no client", async () => {
  const crowd = new Crowd(lab, await addHost(lab, "office", [{ on: "lan" }]));
  const office = await crowd.office({ seconds: 10, rate: 40, macs: 60, seed: 7 });
  const other = { name: "guests", subnet: "10.99.0.0/24", relayed: true, pools: [] };
  let changes = 0;
  for (let turn = 0; turn < 8; turn++) {
    const box: BoxName = turn % 2 === 0 ? "a" : "b";
    const { config, hash } = await viewOf(box);
    const [lan] = config.networks;
    const networks = turn % 3 === 1 ? [lan, other] : [lan];
    const leaseSeconds = 3600 + turn;
    const body = { ...config, leaseSeconds, networks };
    const path = `${CONFIG}?confirmWithinSeconds=0`;
    const answer = await local(box, "PUT", path, body, `"${hash}"`);
    if (answer.includes("in force on both boxes")) changes++;
    else expect(answer).toContain('"status":409');
    await pause(700);
  }
  const { answered, begun, naks, givenUp } = await officeEnd(lab, office);
  expect({ answered, naks, givenUp }).toEqual({ answered: begun, naks: 0, givenUp: 0 });
  expect(changes).toBeGreaterThan(4);
});

describe("in the middle of a change", () => {
  const killed = boxNames.flatMap((box) =>
    [0, 15, 40].map((after) => [box, "killed", after] as const),
  );
  const cut = boxNames.flatMap((box) =>
    [5, 25].map((after) => [box, "without power", after] as const),
  );

  test.each([...killed, ...cut])(
    "box %s is %s, after %d ms: both end with the same",
    async (victim, how, after) => {
      const { config, hash } = await viewOf("a");
      const { pid } = (await lab.status()).boxes[victim].services.tandemd;
      const body = { ...config, leaseSeconds: (config.leaseSeconds ?? 3600) + 1 };
      const put = local("a", "PUT", `${CONFIG}?confirmWithinSeconds=0`, body, `"${hash}"`);
      await pause(after);
      if (how === "killed") await lab.exec("lab", ["kill", "-9", `${pid}`]);
      else await lab.cmd(`power-cut ${victim}`);
      const answer = await put;
      await lab.cmd(`start ${victim}`);
      await lab.waitFor("both with the same configuration", isAgreed);
      const { config: now } = await viewOf("a");
      expect([config.leaseSeconds, body.leaseSeconds]).toContain(now.leaseSeconds);
      // What a person was told to be in force is in force.
      if (answer.includes("in force")) expect(now.leaseSeconds).toBe(body.leaseSeconds);
    },
  );
});
