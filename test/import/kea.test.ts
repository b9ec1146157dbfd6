// Whole configurations and leases of kea-dhcp4: what becomes of them, and every note in full.

import { expect, test } from "vitest";
import { importKea } from "../../daemon/import/kea.ts";
import { fixtures, issuesOf, notesOf } from "./reading.ts";

const NOT_AUTHORITATIVE =
  "0 changed: Not all networks say whether they are authoritative; Kea is not then, while here requests for unknown addresses are refused.";
const LEASES =
  "left-out: How leases are kept is fixed here: each is on disk before a client has it.";
const HOSTS = "left-out: Reservations stand in config.json here, and are always looked at.";
const LOG = "left-out: The box has its own files, and keeps its own log.";
const ASKED = "changed: Options go to clients that ask for them, and to those that do not say.";
const FILLED =
  "left-out: This option cannot be set here: this option is not set by configuration; the server or a client fills it.";
const NOT_HEX = "left-out: The value is not bytes as hex digits.";
const AS_CLASS =
  "changed: A reservation needs an address here: what is set for this device is kept as a class of its own.";
const NO_MEMBERS =
  "left-out: Who is a member of this class cannot be said here, so it was left out.";
const NO_KEY =
  "left-out: It does not say what the device is recognised by here, so all of it was left out.";

test.each([
  {
    title: "classes, and devices without an address",
    files: ["kea/classify2.json"],
    notes: [
      NOT_AUTHORITATIVE,
      `16 ${LEASES}`,
      "30 left-out: It is only for places that ask for it by themselves; a class is for every client here, so it was left out.",
      `42 ${NO_MEMBERS}`,
      '44 left-out: Of a packet "msgtype" is not compared here.',
      `50 ${NO_MEMBERS}`,
      '52 left-out: Of a packet "transid" is not compared here.',
      "108 left-out: A reservation needs an address here; where only known devices are let in, it is one of them.",
      "113 left-out: Every class is looked at for every client here.",
      `157 ${AS_CLASS}`,
      `158 ${AS_CLASS}`,
      `159 ${AS_CLASS}`,
      `160 ${AS_CLASS}`,
      `168 ${LOG}`,
    ],
  },
  {
    title: "a shared network",
    files: ["kea/shared-network.json"],
    notes: [
      NOT_AUTHORITATIVE,
      `19 ${LEASES}`,
      `69 ${HOSTS}`,
      `72 ${HOSTS}`,
      `78 ${HOSTS}`,
      `101 ${HOSTS}`,
      `103 ${HOSTS}`,
      `107 ${HOSTS}`,
      "109 changed: Times here are 60 seconds or more: this became 60.",
      `122 ${HOSTS}`,
      `124 ${HOSTS}`,
      `128 ${HOSTS}`,
      "130 changed: Times here are 60 seconds or more: this became 60.",
    ],
  },
  {
    title: "options in all writings",
    files: ["kea/multiple-options.json"],
    notes: [NOT_AUTHORITATIVE, `16 ${LEASES}`, `142 ${ASKED}`, `174 ${LOG}`],
  },
  {
    title: "every option that Kea knows",
    files: ["kea/all-options.json"],
    notes: [
      NOT_AUTHORITATIVE,
      "41 changed: The first router is the gateway of the network; clients are still told all of them.",
      `664 ${FILLED}`,
      `677 ${FILLED}`,
      `690 ${FILLED}`,
      `703 ${FILLED}`,
      `937 ${FILLED}`,
      `1049 ${FILLED}`,
      `1062 ${FILLED}`,
      `1276 ${FILLED}`,
      `1540 ${NOT_HEX}`,
      "1558 left-out: The value does not fit: a part of the value is missing.",
      `1639 ${NOT_HEX}`,
      `1742 ${NOT_HEX}`,
      `1747 ${NOT_HEX}`,
      `1753 ${NOT_HEX}`,
      `1759 ${NOT_HEX}`,
      "1789 left-out: There is no such type of options here; only its values as bytes can be set.",
      "1801 left-out: There is no such type of options here; only its values as bytes can be set.",
      "1813 left-out: Option 232 does not carry options of a space of their own here.",
      `1849 ${NOT_HEX}`,
      `1877 ${NOT_HEX}`,
    ],
  },
  {
    title: "options of an enterprise",
    files: ["kea/vivso.json"],
    notes: [NOT_AUTHORITATIVE, `45 ${ASKED}`, `56 ${ASKED}`, `72 ${LEASES}`],
  },
  {
    title: "options of a vendor",
    files: ["kea/vendor-specific.json"],
    notes: [NOT_AUTHORITATIVE, `58 ${ASKED}`, `64 ${ASKED}`, `78 ${LEASES}`],
  },
  {
    title: "reservations by all that Kea recognises devices by",
    files: ["kea/reservations.json"],
    notes: [
      NOT_AUTHORITATIVE,
      `16 ${LEASES}`,
      `44 ${HOSTS}`,
      `74 ${HOSTS}`,
      `78 ${HOSTS}`,
      `85 ${HOSTS}`,
      `109 ${NO_KEY}`,
      "110 left-out: A device is recognised by its whole client identifier here, of which a DUID is only a part.",
      '129 left-out: No option of the name "tftp-servers" is known.',
      `156 ${NO_KEY}`,
      "157 left-out: A device is not recognised by an identifier that is put together here.",
      `168 ${LOG}`,
    ],
  },
  {
    title: "a home with two servers",
    files: ["kea/kea-dhcp4-1.conf"],
    notes: [
      NOT_AUTHORITATIVE,
      "32 left-out: The box is controlled by its page and its command line.",
      `49 ${LEASES}`,
      `69 ${LEASES}`,
      "77 left-out: How packets wait for their turn is fixed here.",
      "102 left-out: Nothing is added to the program of the box.",
      "106 left-out: The pair of boxes takes the place of this: the two boxes agree by themselves on who answers.",
      `242 ${LOG}`,
    ],
  },
  {
    title: "an office with an included file and its leases",
    files: ["kea/office.conf", "kea/subnets.json", "kea/kea-leases4.csv", "kea/kea-leases4.csv.2"],
    notes: [
      `5 ${LEASES}`,
      "10 changed: There is no such type here: its values are written as bytes.",
      `23 ${NO_MEMBERS}`,
      "32 changed: The times to renew contradict each other (renewSeconds (3000) must be less than rebindSeconds (2000)): clients renew after half of the lease.",
      "36 left-out: No network here has the address 172.16.0.1.",
      '4 changed: Its network is called "first-floor" here.',
      "2 left-out: What is remarked with a lease is not kept.",
      "7 left-out: The line does not say whose lease it is.",
      "9 left-out: The line is not that of a lease.",
      "0 left-out: 3 addresses were free, or held for a client that is gone: there is no lease to take over.",
      "0 left-out: One lease is of no network that was taken over.",
    ],
  },
])("the notes of $title", ({ files, notes }) => {
  const imported = importKea(fixtures(...files));
  expect(issuesOf(imported)).toEqual([]);
  expect(notesOf(imported)).toEqual(notes);
});

test("classes by vendor, by reservation and by other classes", () => {
  const { shared, ports } = importKea(fixtures("kea/classify2.json"));
  const macs = ["1a:1b:1c:1d:1e:1f", "00:00:00:11:22:33", "00:00:00:44:55:66"];
  const known = {
    any: [{ known: true }, { mac: [...macs, "00:00:00:77:88:99", "00:00:00:aa:bb:cc"] }],
  };
  expect(shared.classes).toEqual([
    { name: "unknown-devices", match: { not: known } },
    { name: "known-devices", match: known },
    { name: "h1", match: { mac: "00:00:00:11:22:33" }, options: { "host-name": "h1" } },
    { name: "h4", match: { mac: "00:00:00:44:55:66" }, options: { "host-name": "h4" } },
    { name: "h7", match: { mac: "00:00:00:77:88:99" }, options: { "host-name": "h7" } },
    { name: "ha", match: { mac: "00:00:00:aa:bb:cc" }, options: { "host-name": "ha" } },
    {
      name: "VoIP",
      match: { any: [{ vendorClass: "Aastra*" }, { mac: "1a:1b:1c:1d:1e:1f" }] },
      boot: { server: "192.0.2.254", serverName: "hal9000", file: "/dev/null" },
    },
    {
      name: "VoIP_host",
      match: { all: [{ class: "VoIP" }, known] },
      boot: { serverName: "hal9001" },
    },
  ]);
  expect(shared.networks.map(({ pools }) => pools.map(({ allow }) => allow))).toEqual([
    [["VoIP"]],
    [undefined],
    [["VoIP"], undefined],
    [["unknown-devices"], ["known-devices"]],
  ]);
  expect(ports).toEqual({
    "net-192-0-2-0": { interface: "eth0" },
    "net-192-0-3-0": { interface: "eth0" },
    "net-192-0-4-0": { interface: "eth1" },
  });
});

test("every option that a person can set has our name and shape", () => {
  const { shared } = importKea(fixtures("kea/all-options.json"));
  const bare = Object.keys(shared.options ?? {}).filter((name) => name.startsWith("option-"));
  expect(bare).toEqual(["option-63"]);
  expect(shared.options).toMatchObject({
    "time-offset": -25_200,
    "policy-filter": [
      { address: "10.229.0.128", mask: "255.255.255.128" },
      { address: "10.27.129.0", mask: "255.255.255.0" },
    ],
    "slp-directory-agent": { isMandatory: true, addresses: ["192.0.2.59", "192.0.2.60"] },
    "posix-timezone": "EST5EDT4,M3.2.0/02:00,M11.1.0/02:00",
    "domain-search": ["example.com", "example.org"],
    "classless-static-route": [
      { destination: "10.229.0.128/25", router: "10.229.0.1" },
      { destination: "10.198.122.47/32", router: "10.198.122.1" },
    ],
    "client-machine-identifier": "1abbadab-bad0-0000-0000-00000000cafe",
    "rdnss-selection": {
      preference: 1,
      primary: "192.0.2.70",
      secondary: "192.0.2.71",
      domains: ["example.com", "example.org"],
    },
  });
});

test.each([
  [
    "kea/vivso.json",
    "vendor-identifying-vendor-specific",
    [{ enterprise: 339, data: "02040000007b031773646c703a2f2f3139322e302e322e31313a3138343433" }],
  ],
  [
    "kea/vendor-specific.json",
    "vendor-specific-information",
    "02040000007b031773646c703a2f2f3139322e302e322e31313a3138343433",
  ],
])("vendor options of %s", (file, option, value) => {
  const { shared } = importKea(fixtures(file));
  expect(shared.classes).toEqual([
    { name: "VENDOR_CLASS_339", match: { vendorClass: "339" }, options: { [option]: value } },
  ]);
});

const OFFICE = [
  "kea/office.conf",
  "kea/subnets.json",
  "kea/kea-leases4.csv",
  "kea/kea-leases4.csv.2",
];

test("the office", () => {
  const { shared, ports } = importKea(fixtures(...OFFICE));
  expect(shared).toEqual({
    version: 1,
    options: {
      "domain-name-server": ["192.168.10.2", "192.168.10.3"],
      "domain-name": "office.example",
    },
    leaseSeconds: 3600,
    maxLeaseSeconds: 86_400,
    minLeaseSeconds: 600,
    customOptions: [
      { code: 224, name: "voip-server", type: "ipv4" },
      { code: 225, name: "voip-vlan", type: "bytes" },
    ],
    classes: [
      { name: "known-devices", match: { known: true } },
      {
        name: "phones",
        match: { mac: "00:04:13" },
        options: { "voip-server": "192.168.20.5", "voip-vlan": "07666c6f6f72" },
      },
      {
        name: "ipxe",
        match: { userClass: "iPXE" },
        boot: { file: "http://192.168.10.5/boot.ipxe" },
      },
      {
        name: "uefi",
        match: { all: [{ not: { class: "ipxe" } }, { arch: 7 }] },
        boot: { file: "ipxe.efi" },
      },
      { name: "port-1", match: { any: [{ circuitId: "port-1" }, { remoteId: "*" }] } },
      { name: "DROP", match: { mac: "02:00:5e:00:00:01" }, deny: true },
    ],
    networks: [
      {
        name: "first-floor",
        subnet: "192.168.10.0/24",
        gateway: "192.168.10.1",
        boot: { server: "192.168.10.5" },
        pools: [{ from: "192.168.10.100", to: "192.168.10.199", allow: ["phones"] }],
        reservations: [
          {
            mac: "00:11:22:33:44:55",
            address: "192.168.10.20",
            name: "printer",
            options: { "host-name": "printer" },
          },
        ],
      },
      {
        name: "first-floor-2",
        subnet: "192.168.20.0/24",
        sharedWith: "first-floor",
        ignoreClientId: true,
        boot: { server: "192.168.10.5" },
        pools: [{ from: "192.168.20.1", to: "192.168.20.254" }],
      },
      {
        name: "net-10-9-0-0",
        subnet: "10.9.0.0/24",
        relayed: true,
        relays: ["10.1.1.1"],
        pools: [{ from: "10.9.0.1", to: "10.9.0.127", allow: ["port-1", "known-devices"] }],
      },
    ],
  });
  expect(ports).toEqual({ "first-floor": { interface: "lan0", address: "192.168.10.2/24" } });
});

test("of each address the last line of the newest file counts", () => {
  const { leases } = importKea(fixtures(...OFFICE));
  expect(leases).toEqual([
    {
      address: "192.168.10.100",
      state: "active",
      mac: "00:04:13:aa:bb:01",
      clientId: "01000413aabb01",
      hostname: "desk-1.office.example",
      expiresAt: 1_795_690_800,
    },
    {
      address: "192.168.10.102",
      state: "active",
      clientId: "ff000000010002",
      expiresAt: undefined,
    },
    { address: "192.168.10.103", state: "declined", expiresAt: 1_795_690_800 },
  ]);
});
