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
      left-out  /dhcpd.conf:2  ddns-update-style none;
        Names are not registered in DNS here.
    "
  `);
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
  [[], '"import" needs isc or kea, and files'],
  [["cisco", "x"], 'takes isc or kea, not "cisco"'],
  [["isc"], "say which files"],
  [["isc", "/nowhere/dhcpd.conf"], "ENOENT"],
])("wrong usage: %j", async (words, reason) => {
  const { code, err } = await tandem("import", ...words);
  expect([code, err]).toEqual([3, expect.stringContaining(reason)]);
});
