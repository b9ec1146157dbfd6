import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Ran, Terminal } from "../support/at-terminal.ts";
import { fakeLease } from "../support/fake-box.ts";

let terminal: Terminal;
let folder: string;
let config: string;

beforeEach(async () => {
  terminal = await Terminal.begin();
  folder = mkdtempSync(path.join(tmpdir(), "tandem-export-"));
  config = path.join(folder, "config.json");
  const pools = [{ from: "10.77.0.100", to: "10.77.0.199" }];
  const office = { name: "office", subnet: "10.77.0.0/24", gateway: "10.77.0.1", pools };
  writeFileSync(config, JSON.stringify({ version: 1, networks: [office] }));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await terminal.end();
});

function tandem(...argv: string[]): Promise<Ran> {
  return terminal.run(argv);
}

test("for a dhcpd, with the leases of the box", async () => {
  const held = [fakeLease(1, { network: "office" }), fakeLease(2, { state: "abandoned" })];
  terminal.box.grant(...held, fakeLease(3, { state: "free" }));
  const { out } = await tandem("export", "isc", config);
  expect(out).toContain("subnet 10.77.0.0 netmask 255.255.255.0 {");
  expect(out).toMatch(/range 10\.77\.0\.100 10\.77\.0\.199;/);
  expect(out.match(/^lease [\d.]+/gm)).toEqual(held.map(({ address }) => `lease ${address}`));
});

test("for Kea, into a folder, and never over another file", async () => {
  terminal.box.grant(fakeLease(1, { network: "office" }));
  const first = await tandem("export", "kea", config, "--write", folder);
  expect(first.code).toBeLessThan(2);
  expect(readdirSync(folder).sort()).toEqual(["config.json", "kea-dhcp4.conf", "kea-leases4.csv"]);
  const written = JSON.parse(readFileSync(path.join(folder, "kea-dhcp4.conf"), "utf8"));
  expect(written.Dhcp4.subnet4).toMatchObject([{ subnet: "10.77.0.0/24" }]);
  const second = await tandem("export", "kea", config, "--write", folder);
  expect([second.code, second.err]).toEqual([3, expect.stringContaining("EEXIST")]);
});

test("what is written can be read again", async () => {
  await tandem("export", "kea", config, "--write", folder);
  const place = path.join(folder, "kea-dhcp4.conf");
  const { out } = await tandem("import", "kea", place, "--json");
  expect(JSON.parse(out).shared.networks).toMatchObject([
    { subnet: "10.77.0.0/24", gateway: "10.77.0.1" },
  ]);
});

test("without a daemon there are no leases, and that is said", async () => {
  const nobody = path.join(folder, "nobody.sock");
  const { out, err } = await tandem("export", "isc", config, "--socket", nobody);
  expect(out).toContain("subnet 10.77.0.0");
  expect(out).not.toContain("lease 10.77");
  expect(err).toContain("no leases are exported");
});

test("a config.json that is none is refused with all that is wrong", async () => {
  writeFileSync(config, JSON.stringify({ version: 1, networks: [{ name: "office" }], x: 1 }));
  const { code, err, out } = await tandem("export", "isc", config);
  expect([code, out]).toEqual([3, ""]);
  expect(err).toMatch(/networks\[0\]\.subnet/);
  expect(err.trim().split("\n").length).toBeGreaterThan(1);
});

test.each([
  [[], '"export" needs isc or kea, and a config.json'],
  [["cisco", "x"], '"export" needs isc or kea, and a config.json'],
  [["isc"], '"export" needs isc or kea, and a config.json'],
  [["isc", "/nowhere/config.json"], "ENOENT"],
])("wrong usage: %j", async (words, reason) => {
  const { code, err } = await tandem("export", ...words);
  expect([code, err]).toEqual([3, expect.stringContaining(reason)]);
});
