// Settings of Kea one by one: what becomes of each, and what is noted.

import { expect, test } from "vitest";
import { importKea } from "../../daemon/import/kea.ts";
import { issuesOf, notesOf, read } from "./reading.ts";

test.each<[string, object, string[]]>([
  [
    '"option-data": [{ "code": 224, "data": "0a0B" }, { "name": "ntp-servers", "data": "10.0.0.1", "never-send": true }]',
    { options: { "option-224": "0a0b", "ntp-servers": null }, pools: [] },
    [],
  ],
  [
    '"option-data": [{ "name": "routers", "csv-format": false, "data": "0A000001" }]',
    { gateway: "10.0.0.1", pools: [] },
    [],
  ],
  [
    '"option-data": [{ "name": "domain-name", "csv-format": false, "data": "\'a.example\'" }]',
    { domain: "a.example", pools: [] },
    [],
  ],
  [
    '"option-data": [{ "name": "nothing", "data": "1" }]',
    { pools: [] },
    ['2 left-out: No option of the name "nothing" is known.'],
  ],
  [
    '"pools": [{ "pool": "10.0.0.0/29" }, { "pool": "10.0.1.0/29" }, { "pool": "x" }]',
    { pools: [{ from: "10.0.0.1", to: "10.0.0.7" }] },
    [
      "2 unreadable: It is not a range of addresses.",
      "2 left-out: It does not lie in 10.0.0.0/24.",
    ],
  ],
  [
    '"pools": [{ "pool": "10.0.0.9-10.0.0.1" }]',
    { pools: [] },
    ["2 left-out: The last address comes before the first one."],
  ],
  [
    '"pools": [{ "pool": "10.0.0.1-10.0.0.9", "client-classes": ["none"] }]',
    { pools: [] },
    ["2 left-out: A class that it is for could not be taken over, so neither was the pool."],
  ],
  [
    '"pools": [{ "pool": "10.0.0.1-10.0.0.9", "client-classes": ["KNOWN"] }]',
    { pools: [{ from: "10.0.0.1", to: "10.0.0.9", knownOnly: true }] },
    [],
  ],
  [
    '"valid-lifetime": 4294967295, "renew-timer": "x"',
    { leaseSeconds: "infinite", pools: [] },
    ["2 unreadable: The value is not one that this setting can have."],
  ],
  [
    '"match-client-id": false, "next-server": "0.0.0.0", "server-hostname": "a", "boot-file-name": ""',
    { ignoreClientId: true, boot: { serverName: "a" }, pools: [] },
    [],
  ],
  [
    '"reservations": [{ "hw-address": "00-11-22-33-44-55", "ip-address": "10.0.0.9", "hostname": "a b" }]',
    {
      pools: [],
      reservations: [
        { mac: "00:11:22:33:44:55", address: "10.0.0.9", options: { "host-name": "a b" } },
      ],
    },
    ["2 changed: Its name has characters that names cannot have here, and was left out."],
  ],
  [
    '"reservations": [{ "circuit-id": "\'port 1\'", "ip-address": "10.0.0.9" }, { "client-id": "01:02", "ip-address": "10.0.0.9" }]',
    { pools: [], reservations: [{ circuitId: "0x706f72742031", address: "10.0.0.9" }] },
    [
      "2 left-out: 10.0.0.9 cannot be its reservation: 10.0.0.9 is already reserved for another device.",
    ],
  ],
  [
    '"relay": { "ip-address": "10.0.0.254" }, "user-context": { "a": 1 }, "comment": "x"',
    { relayed: true, pools: [] },
    ["2 left-out: Remarks are not kept."],
  ],
  [
    '"what": 1, "constructor": 2, "ddns-anything": 3',
    { pools: [] },
    [
      "2 unreadable: No setting of this name is known here.",
      "2 unreadable: No setting of this name is known here.",
      "2 left-out: Names are not registered in DNS here.",
    ],
  ],
  [
    '"id": 1 "subnet4": 2',
    { pools: [] },
    ["2 unreadable: A comma is missing. What comes behind it was not read."],
  ],
  [
    '"pools": 1, "valid-lifetime": 600,\n"valid-lifetime": 700',
    { leaseSeconds: 700, pools: [] },
    [
      "2 unreadable: Its value is a list.",
      "2 changed: It is there again further on, and the last one counts.",
    ],
  ],
  [
    '"pools": [{ "pool": "10.0.0.1 - 10.0.0.2", "match-client-id": false }]',
    { pools: [{ from: "10.0.0.1", to: "10.0.0.2" }] },
    ["2 left-out: It is set for whole networks here."],
  ],
])("in a subnet: %s", (settings, network, notes) => {
  const imported = read(
    importKea,
    `{"Dhcp4": {"authoritative": true, "subnet4": [{"subnet": "10.0.0.0/24",\n${settings} }]}}`,
  );
  expect(issuesOf(imported)).toEqual([]);
  expect(imported.shared.networks).toEqual([
    { name: "net-10-0-0-0", subnet: "10.0.0.0/24", ...network },
  ]);
  expect(notesOf(imported)).toEqual(notes);
});

test.each<[string, unknown]>([
  ["substring(option[60].hex,0,9) == 'PXEClient'", { vendorClass: "PXEClient*" }],
  ["option[61].hex == 0x0102", { clientId: "0102" }],
  ["option[93].hex == 0x0007 or option[93].hex == 0x0009", { arch: [7, 9] }],
  ["not option[82].exists", { not: { option: { "relay-agent-information": true } } }],
  ["relay4[2].hex == 0x01", { remoteId: "0x01" }],
  ["pkt4.giaddr == 10.1.1.1", { relay: "10.1.1.1" }],
  ["pkt4.mac == 0x001122334455", { mac: "00:11:22:33:44:55" }],
  ["substring(option[12].hex,-3,all) == 'lab'", { option: { "host-name": "*lab" } }],
  [
    "substring(option[60].hex,3,2) == 'ab'",
    "Only the whole, the begin or the end of what a client sends is compared.",
  ],
  [
    "option[host-name].text == 'a' and member('KNOWN')",
    { all: [{ option: { "host-name": "a" } }, { known: true }] },
  ],
  [
    "option[3].text == '10.0.0.1'",
    "An option is compared as its bytes here, and not in this writing.",
  ],
  ["member('x')", 'The class "x", of which it speaks, could not be taken over.'],
  ["pkt4.ciaddr == 10.0.0.1", 'Of a packet "ciaddr" is not compared here.'],
  [
    "option[60].hex == option[61].hex",
    "Only what a client sends is compared, and only with a fixed value.",
  ],
  ["((", 'The test cannot be said here, near "(".'],
  ["'a' == 'a'", "Only what a client sends is compared, and only with a fixed value."],
  ["option[vendor].exists", 'The option "vendor" is not known here.'],
])("the test %s", (written, expected) => {
  const text = `{"Dhcp4": {"client-classes": [{"name": "a",\n"test": ${JSON.stringify(written)}}]}}`;
  const imported = read(importKea, text);
  expect(issuesOf(imported)).toEqual([]);
  const reason = imported.notes.find(({ line }) => line === 2)?.reason;
  expect(imported.shared.classes?.[0]?.match ?? reason).toEqual(expected);
});
