// Files that nobody wrote on purpose: mutated ones of dnsmasq, and for all devices those made to take long.

import { describe, expect, test } from "vitest";
import { importDnsmasq } from "../../daemon/import/dnsmasq-conf.ts";
import type { Importer } from "../../daemon/import/imported.ts";
import { NOTES_MAX } from "../../daemon/import/notes.ts";
import { importUci } from "../../daemon/import/uci-import.ts";
import { importWindows } from "../../daemon/import/windows-import.ts";
import { seeded } from "../support/random.ts";
import { issues, misplaced, mutated } from "./devices.ts";
import { RANGE } from "./dnsmasq-lines.ts";
import { fixtures, read } from "./reading.ts";

/** Mutated files; FUZZ for more of them, SEED for others. */
const COUNT = Number(process.env.FUZZ ?? 300);
const SEED = Number(process.env.SEED ?? 4712);

test("more of everything than a configuration may have", { timeout: 60_000 }, () => {
  const many = (count: number, line: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => line(n));
  const mac = (n: number) => `02:00:00:00:${(n >> 8).toString(16)}:${(n & 255).toString(16)}`;
  const text = [
    ...RANGE,
    ...many(
      3000,
      (n) =>
        `dhcp-range=set:t${n},10.${n >> 8}.${n & 255}.5,10.${n >> 8}.${n & 255}.9,255.255.255.0`,
    ),
    ...many(3000, () => "dhcp-range=192.168.0.10,192.168.0.11"),
    ...many(6000, (n) => `dhcp-host=${mac(n)},192.168.0.${n & 255},set:h`),
    ...many(2000, (n) => `dhcp-host=${mac(n)},ignore`),
    ...many(9000, (n) => `dhcp-option=tag:h,tag:t${n % 40},${1 + (n % 250)},1.2.3.4`),
    ...many(40_000, (n) => `unknown-${n}`),
  ].join("\n");
  const imported = importDnsmasq(new Map([["dnsmasq.conf", text]]));
  expect(issues(imported)).toEqual([]);
  expect(imported.notes.length).toBeLessThan(5100);
});

test("mutated files are imported, or noted, and never thrown at", { timeout: 600_000 }, () => {
  const random = seeded(SEED);
  const files = fixtures("dnsmasq-examples.conf", "dnsmasq.leases");
  for (let round = 0; round < COUNT; round++) {
    const hostile = new Map(Array.from(files, ([file, text]) => [file, mutated(text, random)]));
    const imported = importDnsmasq(hostile);
    expect(issues(imported), JSON.stringify(Array.from(hostile))).toEqual([]);
    expect(misplaced(imported, hostile)).toEqual([]);
  }
});

/** Characters of each of the files below. */
const BIG = 1 << 20;
const LAN = "config interface lan\noption proto static\noption ipaddr 10.0.0.1/8\n";
const SCOPE =
  "<Scope><ScopeId>10.0.0.0</ScopeId><SubnetMask>255.0.0.0</SubnetMask><StartRange>10.0.0.5</StartRange><EndRange>10.0.9.9</EndRange>";
const UCI: Readonly<Record<string, [begin: string, piece: string]>> = {
  hosts: [
    `${LAN}config dhcp lan\n`,
    "config host\noption mac 2:0:0:0:0:1\noption ip 10.0.0.5\nlist tag a\n",
  ],
  MACs: ["config host\n", "list mac 02:00:00:00:00:01\n"],
  options: [`${LAN}config dhcp lan\n`, "list dhcp_option 42,1.2.3.4\n"],
  words: ["config host\nlist mac '", "a "],
  "an open quote": ["option '", "a\n"],
  pools: [LAN, "config dhcp lan\n"],
  backslashes: ["option ", "\\\n"],
};
const CONF: Readonly<Record<string, [begin: string, piece: string]>> = {
  hosts: ["", "dhcp-host=02:00:00:00:00:01,set:a\n"],
  words: ["dhcp-host=", "a,"],
  tags: ["dhcp-range=10.0.0.5,10.0.0.9\ndhcp-host=", "set:a,"],
  "tags of an option": ["dhcp-range=10.0.0.5,10.0.0.9\ndhcp-option=", "tag:known,"],
  "values of an option": ["dhcp-option=42,", "1.2.3.4,"],
  "a long word": ["", "a"],
  comments: ["", " #"],
  quotes: ["domain=", '"'],
  addresses: ["dhcp-range=10.0.0.5,10.0.0.9\nlisten-address=", "1.2.3.4,"],
  hyphens: ["dhcp-host=", "1-"],
};
const XML: Readonly<Record<string, [begin: string, piece: string, end: string]>> = {
  reservations: [
    `<DHCPServer><IPv4><Scopes>${SCOPE}<Reservations>`,
    "<Reservation><IPAddress>10.0.0.6</IPAddress><ClientId>00-11-22-33-44-55</ClientId></Reservation>",
    "</Reservations></Scope></Scopes></IPv4></DHCPServer>",
  ],
  exclusions: [
    `<DHCPServer><IPv4><Scopes>${SCOPE}<ExclusionRanges>`,
    "<IPRange><StartRange>10.0.0.6</StartRange><EndRange>10.0.0.6</EndRange></IPRange>",
    "</ExclusionRanges></Scope></Scopes></IPv4></DHCPServer>",
  ],
  scopes: ["<DHCPServer><IPv4><Scopes>", `${SCOPE}</Scope>`, "</Scopes></IPv4></DHCPServer>"],
  values: [
    "<DHCPServer><IPv4><OptionValues><OptionValue><OptionId>42</OptionId>",
    "<Value>1.2.3.4</Value>",
    "</OptionValue></OptionValues></IPv4></DHCPServer>",
  ],
  "vendor options": [
    "<DHCPServer><IPv4><Classes><Class><Name>v</Name><Data>0x41</Data></Class></Classes><OptionValues>",
    "<OptionValue><OptionId>42</OptionId><Value>1.2.3.4</Value><VendorClass>v</VendorClass></OptionValue>",
    "</OptionValues></IPv4></DHCPServer>",
  ],
  "strange elements": ["<DHCPServer>", "<a>x</a>", "</DHCPServer>"],
  entities: ["<DHCPServer>", "&amp;", "</DHCPServer>"],
  "attributes without an end": ["", "<a b='", ""],
};

describe("files made to take long do not", () => {
  const cases: [string, Importer, string][] = [];
  const named = [
    ["OpenWrt", importUci, UCI],
    ["dnsmasq", importDnsmasq, CONF],
    ["Windows", importWindows, XML],
  ] as const;
  for (const [device, importer, files] of named) {
    for (const [name, [begin, piece, end = ""]] of Object.entries(files)) {
      const text = `${begin}${piece.repeat(Math.floor(BIG / piece.length))}${end}`;
      cases.push([`${device}: ${name}`, importer, text]);
    }
  }

  test.each(cases)("%s", (_, importer, text) => {
    const start = performance.now();
    const imported = read(importer, text);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(imported.notes.length).toBeLessThanOrEqual(NOTES_MAX + 1);
    expect(issues(imported)).toEqual([]);
  });
});
