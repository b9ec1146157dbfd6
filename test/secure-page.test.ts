// The page over HTTPS as a whole, with the API behind it and people who put a certificate on the box over it.

import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { parseSubnet } from "../daemon/base/address.ts";
import type { WebPlan } from "../daemon/core/web/places.ts";
import { createWebApp } from "../daemon/http/routes.ts";
import { SecurePage } from "../daemon/secure-page.ts";
import { AUTHORITY_KEY, AuthorityRecord } from "../daemon/web-authority.ts";
import { FakeBox } from "./support/fake-box.ts";
import { Workshop } from "./support/web-certificates.ts";

const OWN = "127.2.0.2";
const shop = new Workshop();
afterAll(() => shop.close());

let folder: string;
let records: Map<string, string>;
let said: string[];
let page: SecurePage;
let plan: WebPlan;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-secure-page-"));
  records = new Map();
  said = [];
  page = new SecurePage({
    ...{ stateDir: folder, authority: new AuthorityRecord(records, () => true) },
    now: () => ({ monotonic: performance.now(), wall: Date.now() }),
    say: (id) => said.push(id),
    setCondition: (id, subject, values) => {
      if (values) said.push(`${id} ${subject}`);
    },
  });
  const subnet = parseSubnet("127.0.0.0/8");
  plan = {
    ...{ box: "Box-A", port: 18_443, wanInterface: undefined, virtualAddresses: [] },
    lans: [{ interfaceName: "lo", address: OWN }],
    subnets: subnet ? [subnet] : [],
  };
  const app = createWebApp(new FakeBox(), {
    routes: page.routes,
    hosts: () => page.hosts,
    // As whoever has logged in as an admin.
    callerOf: () => ({ name: "anna", role: "admin", via: "session", from: OWN }),
  });
  page.serve(app, () => new Map([["lo", [OWN]]]));
});

afterEach(async () => {
  await page.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function started(): Promise<void> {
  page.configure(plan);
  await expect.poll(() => page.open.get(OWN)).toBe(plan.port);
}

function asked(target: string, options: RequestOptions = {}, body = ""): Promise<[number, string]> {
  const ca = JSON.parse(records.get(AUTHORITY_KEY) ?? "{}").certificate;
  const to = { host: OWN, port: plan.port, path: target, agent: false, ca, ...options };
  return new Promise((resolve, reject) => {
    const sent = request(to, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => {
        text += part.toString();
      });
      response.on("end", () => resolve([response.statusCode ?? 0, text]));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function shownName(): Promise<string | undefined> {
  const socket = connect({ host: OWN, port: plan.port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const name = socket.getPeerX509Certificate()?.subjectAltName;
  socket.destroy();
  return name;
}

test("makes nothing and opens nothing without a configuration, or with port 0", () => {
  page.configure({ ...plan, port: 0 });
  page.look();
  expect([page.open.size, records.size, readdirSync(folder), said]).toEqual([0, 0, [], []]);
  page.configure(undefined);
  expect(page.hosts.size).toBe(0);
});

test("answers under its own names, to who trusts its authority, and under no other name", async () => {
  await started();
  expect(said).toEqual(["web-authority-made", "web-certificate-made"]);
  const [status, text] = await asked("/api/v1/certificate");
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ shown: { madeBy: "box" }, uploaded: null });
  const named = { headers: { host: "BOX-A:8443" }, servername: "box-a" };
  expect((await asked("/api/v1/certificate", named))[0]).toBe(200);
  const foreign = { headers: { host: "rebound.example" }, servername: "box-a" };
  expect((await asked("/api/v1/certificate", foreign))[0]).toBe(421);
  const [, pem] = await asked("/api/v1/certificate/authority.pem");
  expect(pem).toBe(JSON.parse(records.get(AUTHORITY_KEY) ?? "{}").certificate);
});

test("shows the certificate that people put here at once, is opened by its name, and goes back", async () => {
  await started();
  const brought = shop.certificate({ names: `DNS:Router.Example,IP:${OWN}` });
  const headers = { "content-type": "application/json", origin: `https://${OWN}:${plan.port}` };
  const { certificate, privateKey } = brought;
  const put = { method: "PUT", headers };
  const bad = await asked(
    "/api/v1/certificate",
    put,
    JSON.stringify({ certificate, privateKey: "x" }),
  );
  expect(bad[0]).toBe(400);
  expect(JSON.parse(bad[1]).errors).toHaveLength(1);
  expect(
    (await asked("/api/v1/certificate", put, JSON.stringify({ certificate, privateKey })))[0],
  ).toBe(200);
  expect(await shownName()).toContain("DNS:Router.Example");
  const theirs = {
    ca: certificate,
    headers: { host: "router.example:8443" },
    servername: "router.example",
  };
  const [status, text] = await asked("/api/v1/certificate", theirs);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ shown: { madeBy: "people" } });
  expect(text).not.toContain("PRIVATE KEY");
  const back = await asked("/api/v1/certificate", { method: "DELETE", headers, ca: certificate });
  expect(back[0]).toBe(200);
  expect(await shownName()).toContain("DNS:Box-A");
  expect(page.counters).toMatchObject({ strangers: 0 });
});

test("has another certificate when the box has another name", async () => {
  await started();
  page.configure({ ...plan, box: "Box-B" });
  expect(await shownName()).toContain("DNS:Box-B");
});
