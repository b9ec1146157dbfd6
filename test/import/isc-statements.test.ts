// Statements of dhcpd.conf one by one: what becomes of each, and what is noted.

import { expect, test } from "vitest";
import { importIsc } from "../../daemon/import/isc.ts";
import { issuesOf, notesOf, read } from "./reading.ts";

test.each<[string, object, string[]]>([
  [
    "range 10.0.0.10 10.0.0.20; option routers 10.9.9.9;",
    { options: { router: ["10.9.9.9"] }, pools: [{ from: "10.0.0.10", to: "10.0.0.20" }] },
    [
      "3 changed: The router is not in the network, so clients are told it as an option, and it is no gateway of a box.",
    ],
  ],
  ["option subnet-mask 255.255.255.0;", { pools: [] }, []],
  [
    "option subnet-mask 255.255.0.0;",
    { pools: [] },
    ["3 left-out: Every client is told the mask of its network."],
  ],
  [
    "pool { range 10.0.1.1 10.0.1.9; }",
    { pools: [] },
    ["3 left-out: No subnet of the file has these addresses."],
  ],
  [
    "pool { range 10.0.0.1 10.0.0.9; deny unknown-clients; max-lease-time 300; }",
    {
      pools: [
        {
          from: "10.0.0.1",
          to: "10.0.0.9",
          knownOnly: true,
          maxLeaseSeconds: 300,
          leaseSeconds: 300,
        },
      ],
    },
    ["3 changed: Leases are 300 seconds long, as longer ones are not allowed."],
  ],
  [
    "pool { range 10.0.0.1 10.0.0.9; deny known-clients; }",
    { pools: [{ from: "10.0.0.1", to: "10.0.0.9", allow: ["unknown-devices"] }] },
    [],
  ],
  [
    "range 10.0.0.10 10.0.0.20; range 10.0.0.20 10.0.0.30;",
    { pools: [{ from: "10.0.0.10", to: "10.0.0.20" }] },
    ["3 left-out: It has addresses of another pool."],
  ],
  [
    'filename = concat("a", option host-name);',
    { pools: [] },
    ["3 unreadable: It is not written as such a statement is."],
  ],
  [
    "next-server boot.example;",
    { pools: [] },
    [
      '3 left-out: "boot.example" is the name of a host; names are not looked up here, so write its address.',
    ],
  ],
  ['filename "";', { boot: { file: null }, pools: [] }, []],
  ["not authoritative;", { authoritative: false, pools: [] }, []],
  ["ping-check false;", { probe: false, pools: [] }, []],
  ["ignore-client-uids true;", { ignoreClientId: true, pools: [] }, []],
  [
    "default-lease-time 30;",
    { leaseSeconds: 60, pools: [] },
    ["3 changed: Times here are 60 seconds or more: this became 60."],
  ],
  ["max-lease-time infinite;", { maxLeaseSeconds: "infinite", pools: [] }, []],
  [
    "default-lease-time 1000; max-lease-time 500;",
    { leaseSeconds: 500, maxLeaseSeconds: 500, pools: [] },
    ["3 changed: Leases are 500 seconds long, as longer ones are not allowed."],
  ],
  [
    "min-lease-time 90000;",
    { minLeaseSeconds: 43200, pools: [] },
    ["3 changed: The shortest lease cannot be longer than the ordinary one: this became 43200."],
  ],
  [
    "option dhcp-renewal-time 500; option dhcp-rebinding-time 700;",
    { renewSeconds: 500, rebindSeconds: 700, pools: [] },
    [],
  ],
  [
    "option dhcp-rebinding-time 100;",
    { pools: [] },
    [
      "3 changed: The times to renew contradict each other (renewSeconds (21600) must be less than rebindSeconds (100), which follows from leaseSeconds): clients renew after half of the lease.",
    ],
  ],
  [
    'option domain-search "a.example", "b.example";',
    { options: { "domain-search": ["a.example", "b.example"] }, pools: [] },
    [],
  ],
  ["option unknown-224 01:02;", { options: { "option-224": "0102" }, pools: [] }, []],
  [
    "option ntp-servers 10.0.0.1 10.0.0.2",
    { pools: [] },
    ["3 unreadable: The semicolon at its end is missing."],
  ],
  [
    'if option arch = 00:07 { filename "x"; }',
    { pools: [] },
    ['3 left-out: The option "arch" is not compared here.'],
  ],
  ['option host-name "\\x41\\102C";', { options: { "host-name": "ABC" }, pools: [] }, []],
  ['option domain-name "no name!";', { options: { "domain-name": "no name!" }, pools: [] }, []],
  [
    "host a { fixed-address 10.0.0.9; hardware token-ring 0:0:0:0:0:1; }",
    { pools: [] },
    [
      "3 left-out: Only hardware of the kind Ethernet is known here.",
      "3 left-out: It does not say what the device is recognised by, so all of it was left out.",
    ],
  ],
  [
    "host gw { hardware ethernet 0:0:0:0:0:1; fixed-address 10.0.0.1; } option routers 10.0.0.1;",
    { gateway: "10.0.0.1", pools: [] },
    ["3 left-out: 10.0.0.1 cannot be its reservation: 10.0.0.1 is the gateway of the network."],
  ],
  [
    'host "my laptop" { option dhcp-client-identifier 01:02:03; fixed-address 10.0.0.9; }',
    { pools: [], reservations: [{ clientId: "010203", address: "10.0.0.9" }] },
    ["3 changed: Its name has characters that names cannot have here, and was left out."],
  ],
  [
    "allow bootp; deny duplicates; allow leasequery;",
    { pools: [] },
    [
      "3 left-out: Clients of BOOTP, which came before DHCP, are not served here.",
      "3 left-out: Who may ask for leases is said by address here: see leasequery in config.json.",
    ],
  ],
  [
    "interface eth0;",
    { pools: [] },
    ["3 left-out: Which port of the box is on a network is said in box.json."],
  ],
  ["fnord on;", { pools: [] }, ["3 unreadable: No statement of this name is known here."]],
  ["}", { pools: [] }, ["4 unreadable: There is no brace that this one closes."]],
  [
    "pool { range 10.0.0.1; ping-check false; }",
    { pools: [{ from: "10.0.0.1", to: "10.0.0.1" }] },
    ["3 left-out: It is set for whole networks here."],
  ],
  [
    "host a { hardware ethernet 0:0:0:0:0:1; fixed-address 10.0.0.8; }\nhost a { hardware ethernet 0:0:0:0:0:2; fixed-address 10.0.0.9; }",
    {
      pools: [],
      reservations: [{ mac: "00:00:00:00:00:02", address: "10.0.0.9", name: "a" }],
    },
    ["3 left-out: A host of this name is there again further on."],
  ],
  [
    "host a { dynamic; hardware ethernet 0:0:0:0:0:1; fixed-address 10.0.0.8; }\nhost a { dynamic; deleted; }",
    { pools: [] },
    [],
  ],
])("in a subnet: %s", (statement, network, notes) => {
  const imported = read(
    importIsc,
    `authoritative;\nsubnet 10.0.0.0 netmask 255.255.255.0 {\n${statement}\n}`,
  );
  expect(issuesOf(imported)).toEqual([]);
  expect(imported.shared.networks).toEqual([
    { name: "net-10-0-0-0", subnet: "10.0.0.0/24", ...network },
  ]);
  expect(notesOf(imported)).toEqual(notes);
});

test.each<[string, object, string[]]>([
  [
    'class "a" { match if suffix(option host-name, 3) = "lab"; }',
    { classes: [{ name: "a", match: { option: { "host-name": "*lab" } } }] },
    [],
  ],
  [
    'class "a" { match if exists agent.circuit-id and not known; }',
    { classes: [{ name: "a", match: { all: [{ circuitId: "*" }, { not: { known: true } }] } }] },
    [],
  ],
  [
    'class "a" { match if option dhcp-client-identifier = 01:02; }',
    { classes: [{ name: "a", match: { clientId: "0102" } }] },
    [],
  ],
  [
    'class "a" { match if option host-name ~= "x"; }',
    {},
    [
      "1 left-out: Only conditions with = and != can be said here.",
      "1 left-out: Its members cannot be told here, so the class and what it sets were left out.",
    ],
  ],
  [
    'class "a" { spawn with option agent.remote-id; }',
    {},
    [
      "1 left-out: Classes do not make further classes by themselves here.",
      "1 left-out: Its members cannot be told here, so the class and what it sets were left out.",
    ],
  ],
  [
    'class "a" { match if substring(option vendor-class-identifier, 2, 4) = "abcd"; }',
    {},
    [
      "1 left-out: Only the whole, the begin or the end of what a client sends is compared.",
      "1 left-out: Its members cannot be told here, so the class and what it sets were left out.",
    ],
  ],
  [
    'class "a" { }',
    {},
    ["1 left-out: It does not say who its members are, so the class was left out."],
  ],
  [
    'subclass "b" 1:2:3;',
    {},
    ["1 unreadable: It is no subclass of a class that stands before it."],
  ],
  [
    'class "a" { match if substring(hardware, 0, 4) = 1:00:11:22; deny booting; }',
    { classes: [{ name: "a", match: { mac: "00:11:22" }, deny: true }] },
    [],
  ],
  [
    'class "a" { match if option user-class != "x" or (option arch = 00:07); } option arch code 93 = unsigned integer 16;',
    {},
    [
      '1 left-out: The option "arch" is not compared here.',
      "1 left-out: Its members cannot be told here, so the class and what it sets were left out.",
    ],
  ],
  ["option foo code 300 = text;", {}, ["1 left-out: Options have codes from 1 to 254."]],
  [
    'option time-offset code 250 = text; option time-offset "x";',
    { options: { "option-250": "78" } },
    [
      '1 changed: It has no name here ("time-offset" is already the name of option 2): its values are written as bytes of option-250.',
    ],
  ],
  ['include "none.conf";', {}, ['1 left-out: The file "none.conf" was not given.']],
  [
    "option Big_Name code 230 = array of ip-address; option Big_Name 10.0.0.1, 10.0.0.2;",
    {
      options: { "big-name": ["10.0.0.1", "10.0.0.2"] },
      customOptions: [{ code: 230, name: "big-name", type: "ipv4-list" }],
    },
    ['1 changed: It is called "big-name" here.'],
  ],
  ["default-lease-time 600", {}, ["1 unreadable: The semicolon at its end is missing."]],
  [
    'option x "abc\n\noption y 1;',
    {},
    [
      "1 unreadable: The text in quotes has no end.",
      '1 left-out: No option of the name "x" is known.',
    ],
  ],
])("in the file: %s", (statement, file, notes) => {
  const imported = read(importIsc, statement);
  expect(issuesOf(imported)).toEqual([]);
  expect(imported.shared).toEqual({ version: 1, ...file, networks: [] });
  expect(notesOf(imported)).toEqual(notes);
});
