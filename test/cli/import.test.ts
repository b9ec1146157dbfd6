import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Ran, Terminal } from "../support/at-terminal.ts";

let terminal: Terminal;
let folder: string;

beforeEach(async () => {
  terminal = await Terminal.begin();
  folder = mkdtempSync(path.join(tmpdir(), "tandem-import-"));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await terminal.end();
});

function tandem(...argv: string[]): Promise<Ran> {
  return terminal.run(argv);
}

/** Writes a file, and gives its path. */
function file(name: string, text: string): string {
  const place = path.join(folder, name);
  writeFileSync(place, text);
  return place;
}

const CONF = `authoritative;
ddns-update-style none; # \u001b[31m
class "phones" { match if substring(hardware, 1, 3) = 00:04:13; }
subnet 10.0.0.0 netmask 255.255.255.0 {
  option routers 10.0.0.1;
  pool { allow members of "phones"; range 10.0.0.10 10.0.0.99; }
  host printer { hardware ethernet 00:11:22:33:44:55; fixed-address 10.0.0.5; }
}
lease 10.0.0.10 { ends never; binding state active; hardware ethernet 00:04:13:00:00:01; }
`;

test("a preview, with everything that cannot be taken over", async () => {
  const conf = file("dhcpd.conf", CONF);
  const { code, out, err } = await tandem("import", "isc", conf);
  expect([code, err]).toEqual([1, ""]);
  expect(out.replaceAll(folder, "")).toMatchInlineSnapshot(`
    "net-10-0-0-0  10.0.0.0/24, gateway 10.0.0.1
      pool      10.0.0.10 to 10.0.0.99  for phones
      reserved  10.0.0.5                00:11:22:33:44:55 printer

    Classes: phones

    Leases: 1

    Left out, or taken over as something else
      left-out  Names are not registered in DNS here.
        /dhcpd.conf:2  ddns-update-style none;
    "
  `);
});

test("what is noted for the same reason stands together", async () => {
  const conf = file("dhcpd.conf", `${CONF}ddns-updates off;\nping-check true;\n`);
  const { out } = await tandem("import", "isc", conf);
  const places = out.split("Names are not registered in DNS here.")[1]?.split("\n").slice(1, 3);
  expect(places?.map((line) => line.trim().replace(folder, ""))).toEqual([
    "/dhcpd.conf:2  ddns-update-style none;",
    "/dhcpd.conf:10  ddns-updates off;",
  ]);
});

test("a router and its network", async () => {
  const network = file(
    "network",
    "config interface lan\n option proto static\n option device br-lan\n option ipaddr 192.168.1.1\n option netmask 255.255.255.0\n",
  );
  const dhcp = file(
    "dhcp",
    "config dhcp lan\n option interface lan\n option start 100\n option limit 50\n",
  );
  const { out } = await tandem("import", "openwrt", network, dhcp);
  expect(out.split("\n").slice(0, 2)).toEqual([
    "lan  192.168.1.0/24, at br-lan, the server is 192.168.1.1/24, gateway 192.168.1.1",
    "  pool  192.168.1.100 to 192.168.1.149",
  ]);
});

test("what Windows writes, in characters of two bytes", async () => {
  const fixture = new URL("../fixtures/import/windows.xml", import.meta.url);
  const place = path.join(folder, "export.xml");
  const text = readFileSync(fixture, "utf8").replace(/^\ufeff/, "");
  writeFileSync(place, Buffer.from(`\ufeff${text}`, "utf16le"));
  const [wide, narrow] = [
    await tandem("import", "windows", place, "--json"),
    await tandem("import", "windows", fixture.pathname, "--json"),
  ];
  expect(JSON.parse(wide.out).shared).toEqual(JSON.parse(narrow.out).shared);
  expect(JSON.parse(wide.out).shared.networks.length).toBeGreaterThan(0);
});

test("nothing to note", async () => {
  const conf = file(
    "kea.json",
    '{"Dhcp4": {"authoritative": true, "subnet4": [{"subnet": "10.0.0.0/24"}]}}',
  );
  const { code, out } = await tandem("import", "kea", conf);
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "net-10-0-0-0  10.0.0.0/24

    Leases: 0
    Everything could be taken over.
    "
  `);
});

test("config.json is written, and never over another one", async () => {
  const conf = file("dhcpd.conf", CONF);
  const first = await tandem("import", "isc", conf, "--write", folder);
  expect([first.code, first.err]).toEqual([1, ""]);
  const written = JSON.parse(readFileSync(path.join(folder, "config.json"), "utf8"));
  expect(written).toMatchObject({ version: 1, networks: [{ subnet: "10.0.0.0/24" }] });
  const second = await tandem("import", "isc", conf, "--write", folder);
  expect([second.code, second.err]).toEqual([3, expect.stringContaining("EEXIST")]);
});

test("for scripts", async () => {
  const conf = file("dhcpd.conf", CONF);
  const { out } = await tandem("import", "isc", conf, "--json");
  expect(JSON.parse(out)).toMatchObject({ shared: { version: 1 }, leases: [{ state: "active" }] });
});

test.each([
  [[], '"import" needs one of isc, kea, openwrt, dnsmasq, windows, and files'],
  [["cisco", "x"], 'takes one of isc, kea, openwrt, dnsmasq, windows, not "cisco"'],
  [["isc"], "say which files"],
  [["isc", "/nowhere/dhcpd.conf"], "ENOENT"],
])("wrong usage: %j", async (words, reason) => {
  const { code, err } = await tandem("import", ...words);
  expect([code, err]).toEqual([3, expect.stringContaining(reason)]);
});
