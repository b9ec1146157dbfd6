// Files of real servers over the API of a real daemon: a preview of each kind, and nothing is changed by it.

import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../daemon/cli/client.ts";
import type { ConfigView, ImportView } from "../../daemon/http/api-types.ts";
import { RealDaemon } from "./real-daemon.ts";

const FIXTURES = path.resolve(import.meta.dirname, "../fixtures/import");
const daemon = new RealDaemon();
let client: Client;

beforeAll(async () => {
  daemon.start();
  await daemon.until(({ configuration }) => configuration.source === "files");
  client = new Client(path.join(daemon.folder, "tandem.sock"));
});
afterAll(() => daemon.remove());

/** All files of a folder, or the one file. */
function filesIn(name: string) {
  const place = path.join(FIXTURES, name);
  const isFolder = statSync(place).isDirectory();
  const names = isFolder ? readdirSync(place).map((one) => path.join(place, one)) : [place];
  return names
    .filter((one) => statSync(one).isFile() && !/PROVENANCE|expected/.test(one))
    .map((one) => ({ name: one, content: readFileSync(one).toString("base64") }));
}

const preview = (kind: string, files: object[]) =>
  client.request<ImportView>("/api/v1/import", { kind, files });

test.each([
  ["openwrt", "openwrt-wdr4900"],
  ["dnsmasq", "dnsmasq-examples.conf"],
  ["windows", "windows.xml"],
])("%s: networks, and every line that cannot be taken over", async (kind, name) => {
  const before = (await client.get<ConfigView>("/api/v1/config")).value;
  const answer = await preview(kind, filesIn(name));
  if ("refusal" in answer) throw new Error(answer.refusal);
  const { config, notes } = answer.value;
  expect((config as { networks: unknown[] }).networks.length).toBeGreaterThan(0);
  expect(notes.length).toBeGreaterThan(0);
  for (const { file } of notes) expect(file.startsWith(FIXTURES)).toBe(true);
  expect((await client.get<ConfigView>("/api/v1/config")).value.hash).toBe(before.hash);
});

test("what is no such file says so, and the box goes on", async () => {
  const content = Buffer.from([0, 255, 60, 120]).toString("base64");
  for (const kind of ["isc", "kea", "openwrt", "dnsmasq", "windows"]) {
    const answer = await preview(kind, [{ name: "../../x", content }]);
    expect(answer, kind).toMatchObject({ value: { leases: 0 } });
  }
  expect(await preview("isc", [])).toMatchObject({ refusal: expect.stringContaining("one file") });
  expect((await daemon.status()).box.name).toBe("A");
});

test("a file of megabytes is read, and what is no Base64 is refused", async () => {
  const long = Buffer.from(`# ${"x".repeat(4_000_000)}\n`).toString("base64");
  const answer = await preview("isc", [{ name: "dhcpd.conf", content: long }]);
  expect(answer).toMatchObject({ value: { leases: 0 } });
  const wrong = await preview("isc", [{ name: "dhcpd.conf", content: "abcde" }]);
  expect(wrong).toMatchObject({ refusal: expect.stringContaining("no base64") });
});
