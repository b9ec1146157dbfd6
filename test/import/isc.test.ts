// Whole dhcpd.conf and dhcpd.leases files: what becomes of them, and every note in full.

import { expect, test } from "vitest";
import { importIsc } from "../../daemon/import/isc.ts";
import { fixtures, issuesOf, notesOf } from "./reading.ts";

const NO_NAMES = "names are not looked up here, so write its address.";
const NOT_AUTHORITATIVE =
  "0 changed: Not all networks say whether they are authoritative; dhcpd is not then, while here requests for unknown addresses are refused.";
const relayed = (names: string) =>
  `0 changed: The file does not say which networks (${names}) are reached through a relay; those need the setting relayed.`;

test("the example of dhcpd, whose hosts have names instead of addresses", () => {
  const imported = importIsc(fixtures("isc/dhcpd.conf.example"));
  expect(issuesOf(imported)).toEqual([]);
  expect(notesOf(imported)).toEqual([
    NOT_AUTHORITATIVE,
    relayed("10.152.187.0/24 and 4 more"),
    `8 left-out: "ns1.example.org" is the name of a host; ${NO_NAMES}`,
    "22 left-out: The box has its own files, and keeps its own log.",
    `34 left-out: "rtr-239-0-1.example.org" is the name of a host; ${NO_NAMES}`,
    "41 changed: Clients of BOOTP get no address here; the others do.",
    `43 left-out: "rtr-239-32-1.example.org" is the name of a host; ${NO_NAMES}`,
    `49 left-out: "ns1.internal.example.org" is the name of a host; ${NO_NAMES}`,
    "62 changed: A reservation needs an address here: what is set for this device is kept as a class of its own.",
    `75 left-out: "fantasia.example.com" is the name of a host; ${NO_NAMES}`,
    `91 left-out: "rtr-224.example.org" is the name of a host; ${NO_NAMES}`,
    `94 left-out: "rtr-29.example.org" is the name of a host; ${NO_NAMES}`,
  ]);
});

test("the same with addresses", () => {
  const imported = importIsc(fixtures("isc/example.conf"));
  expect(issuesOf(imported)).toEqual([]);
  expect(imported.shared).toEqual({
    version: 1,
    options: {
      "domain-name": "example.org",
      "domain-name-server": ["10.35.0.1", "10.35.0.2"],
    },
    leaseSeconds: 600,
    maxLeaseSeconds: 7200,
    classes: [
      {
        name: "passacaglia",
        match: { mac: "00:00:c0:5d:bd:95" },
        boot: { file: "vmunix.passacaglia", serverName: "toccata.example.com" },
      },
      { name: "foo", match: { vendorClass: "SUNW*" } },
    ],
    networks: [
      { name: "net-10-152-187-0", subnet: "10.152.187.0/24", pools: [] },
      {
        name: "net-10-254-239-0",
        subnet: "10.254.239.0/27",
        gateway: "10.254.239.1",
        options: { router: ["10.254.239.1", "10.254.239.2"] },
        pools: [{ from: "10.254.239.10", to: "10.254.239.20" }],
      },
      {
        name: "net-10-254-239-32",
        subnet: "10.254.239.32/27",
        gateway: "10.254.239.33",
        options: { "broadcast-address": "10.254.239.31" },
        pools: [{ from: "10.254.239.40", to: "10.254.239.60" }],
      },
      {
        name: "net-10-5-5-0",
        subnet: "10.5.5.0/27",
        gateway: "10.5.5.1",
        dns: ["10.35.1.1"],
        domain: "internal.example.org",
        options: { "broadcast-address": "10.5.5.31" },
        leaseSeconds: 600,
        maxLeaseSeconds: 7200,
        pools: [{ from: "10.5.5.26", to: "10.5.5.30" }],
        reservations: [{ mac: "08:00:07:26:c0:a5", address: "10.5.5.20", name: "fantasia" }],
      },
      {
        name: "224-29",
        subnet: "10.17.224.0/24",
        gateway: "10.17.224.1",
        pools: [{ from: "10.17.224.10", to: "10.17.224.250", allow: ["foo"] }],
      },
      {
        name: "224-29-2",
        subnet: "10.0.29.0/24",
        sharedWith: "224-29",
        gateway: "10.0.29.1",
        pools: [{ from: "10.0.29.10", to: "10.0.29.230", deny: ["foo"] }],
      },
    ],
  });
  expect(notesOf(imported)).toEqual([
    NOT_AUTHORITATIVE,
    relayed("10.152.187.0/24 and 4 more"),
    "23 left-out: The box has its own files, and keeps its own log.",
    "36 changed: The first router is the gateway of the network; clients are still told all of them.",
    "43 changed: Clients of BOOTP get no address here; the others do.",
    "66 changed: A reservation needs an address here: what is set for this device is kept as a class of its own.",
  ]);
});

test("the file that VMware writes", () => {
  const imported = importIsc(fixtures("isc/vmnet8.conf"));
  expect(issuesOf(imported)).toEqual([]);
  expect(imported.shared.networks).toMatchObject([
    {
      subnet: "172.16.254.0/24",
      domain: "localdomain",
      options: { "netbios-name-server": ["172.16.254.2"] },
      reservations: [{ mac: "00:50:56:c0:00:08", options: { router: ["0.0.0.0"] } }],
    },
  ]);
  expect(notesOf(imported)).toEqual([NOT_AUTHORITATIVE]);
});

test("two networks, one of them without addresses to give", () => {
  const imported = importIsc(fixtures("isc/simple.conf"));
  expect(issuesOf(imported)).toEqual([]);
  expect(imported.shared.networks.map(({ pools }) => pools.length)).toEqual([0, 1]);
  expect(notesOf(imported)).toEqual([relayed("10.14.8.0/24 and 1 more")]);
});

test("a file for IPv6 and for a tool of Kea leaves nothing but notes", () => {
  const imported = importIsc(fixtures("isc/test-a6.conf"));
  expect(imported.shared).toEqual({ version: 1, networks: [] });
  expect(notesOf(imported)).toEqual([
    "15 changed: Options in options have codes and lengths of one byte here.",
    "16 left-out: There is no such type of options here; only its values as bytes can be set.",
    "18 unreadable: No statement of this name is known here.",
    "20 unreadable: No statement of this name is known here.",
    "21 unreadable: No statement of this name is known here.",
    "23 unreadable: No statement of this name is known here.",
    "24 unreadable: No statement of this name is known here.",
    "26 unreadable: No statement of this name is known here.",
    "27 unreadable: No statement of this name is known here.",
    "32 left-out: Only IPv4 is served here.",
    '33 left-out: It is an option of "docsis", which no option carries to clients at this place.',
    "38 left-out: Names are not registered in DNS here.",
    "39 left-out: Names are not registered in DNS here.",
    "44 left-out: It does not say what the device is recognised by, so all of it was left out.",
    "45 left-out: A device is not recognised by this option here.",
    "47 left-out: Only IPv4 is served here.",
    "48 left-out: Names are not registered in DNS here.",
    "49 left-out: Only IPv4 is served here.",
    "53 left-out: Only IPv4 is served here.",
    "72 left-out: Only IPv4 is served here.",
  ]);
});

test("an office with an included file and its leases", () => {
  const imported = importIsc(fixtures("isc/office.conf", "isc/hosts.conf", "isc/dhcpd.leases"));
  expect(issuesOf(imported)).toEqual([]);
  const { networks, classes, ...file } = imported.shared;
  expect(file).toEqual({
    version: 1,
    options: {
      "domain-name": "office.example",
      "domain-name-server": ["192.168.10.2", "192.168.10.3"],
    },
    leaseSeconds: 3600,
    maxLeaseSeconds: 86_400,
    customOptions: [
      { code: 224, name: "voip-server", type: "ipv4" },
      { code: 225, name: "voip-vlan", type: "bytes" },
    ],
    deny: ["00:11:22:33:44:88"],
  });
  expect(classes).toEqual([
    {
      name: "known-devices",
      match: { any: [{ known: true }, { mac: "00:11:22:33:44:77" }] },
    },
    {
      name: "laptop",
      match: { mac: "00:11:22:33:44:77" },
      options: { "root-path": "192.168.10.5:/diskless", "host-name": "laptop" },
    },
    {
      name: "unifi",
      match: { vendorClass: "ubnt" },
      options: { "vendor-specific-information": "0104c0a80a05" },
    },
    {
      name: "phones",
      match: { mac: ["00:04:13", "00:15:65"] },
      options: { "voip-server": "192.168.20.5" },
    },
    {
      name: "guests-2",
      match: { mac: "02:00:5e:00:00:02" },
      options: { "voip-vlan": "076775657374" },
    },
    { name: "guests", match: { mac: ["02:00:5e:00:00:01", "02:00:5e:00:00:02"] } },
    {
      name: "if-46",
      match: { userClass: "iPXE" },
      boot: { file: "http://192.168.10.5/boot.ipxe" },
    },
    { name: "if-48", match: { arch: 7 }, boot: { file: "ipxe.efi" } },
    {
      name: "if-50",
      match: { not: { any: [{ userClass: "iPXE" }, { arch: 7 }] } },
      boot: { file: "undionly.kpxe" },
    },
  ]);
  const root = { "root-path": "192.168.10.5:/diskless" };
  expect(networks).toEqual([
    {
      name: "floor",
      subnet: "192.168.10.0/24",
      gateway: "192.168.10.1",
      options: {
        "classless-static-route": [{ destination: "10.0.0.0/8", router: "192.168.10.254" }],
        "web-proxy-auto-discovery": "http://wpad.office.example/wpad.dat",
      },
      boot: { server: "192.168.10.5" },
      pools: [
        { from: "192.168.10.100", to: "192.168.10.149", allow: ["known-devices", "phones"] },
        { from: "192.168.10.150", to: "192.168.10.199", deny: ["phones"], ...SHORT },
        { from: "192.168.10.210", to: "192.168.10.210", deny: ["phones"], ...SHORT },
      ],
      reservations: [
        {
          mac: "00:11:22:33:44:55",
          address: "192.168.10.20",
          name: "printer",
          options: { ...root, "host-name": "printer" },
        },
        {
          mac: "00:11:22:33:44:66",
          address: "192.168.10.21",
          name: "nas",
          options: { ...root, "host-name": "nas" },
        },
        { mac: "00:11:22:33:44:cc", address: "192.168.10.30", name: "dynamic-one" },
      ],
    },
    {
      name: "floor-2",
      subnet: "192.168.20.0/24",
      sharedWith: "floor",
      gateway: "192.168.20.1",
      boot: { server: "192.168.10.5" },
      pools: [{ from: "192.168.20.10", to: "192.168.20.99", allow: ["known-devices"] }],
    },
  ]);
});

/** dhcpd goes on allowing the longest lease of the file where a pool has an ordinary one of its own. */
const SHORT = { leaseSeconds: 600, maxLeaseSeconds: 86_400 };

test("every note of the office", () => {
  const imported = importIsc(fixtures("isc/office.conf", "isc/hosts.conf", "isc/dhcpd.leases"));
  const pair =
    "left-out: The pair of boxes takes the place of failover: the two boxes agree by themselves on who answers.";
  expect(notesOf(imported)).toEqual([
    "3 left-out: Names are not registered in DNS here.",
    "9 left-out: A device has one lease on a network here.",
    "15 changed: There is no such type here: its values are written as bytes.",
    `19 ${pair}`,
    "41 left-out: How many leases a class may have is not limited here; at one port of a relay it is: see leasesPerPort.",
    '44 changed: What is set for these members became the class "guests-2".',
    '46 changed: What stands in this condition became the class "if-46".',
    '48 changed: What stands in this condition became the class "if-48".',
    '50 changed: What stands in this condition became the class "if-50".',
    `61 ${pair}`,
    "85 left-out: Nothing is computed or run for single clients here.",
    "2 changed: A device is recognised by one thing here, which is its hardware address.",
    "2 left-out: 192.168.20.21 cannot be its reservation: the device already has a reservation here.",
    "7 changed: A reservation needs an address here: what is set for this device is kept as a class of its own.",
    "9 left-out: No network here has the address 10.1.2.3.",
    "0 left-out: One address was free, or held for a client that is gone: there is no lease to take over.",
    "0 left-out: One lease is of no network that was taken over.",
    `17 ${pair}`,
    "29 left-out: What dhcpd computed for a client is not kept here.",
  ]);
});

test("of each address the last lease counts", () => {
  const { leases } = importIsc(fixtures("isc/office.conf", "isc/hosts.conf", "isc/dhcpd.leases"));
  expect(leases).toEqual([
    {
      address: "192.168.10.100",
      state: "active",
      mac: "00:04:13:aa:bb:01",
      clientId: "01000413aabb01",
      hostname: "desk-1",
      expiresAt: Date.UTC(2026, 10, 26, 9, 30) / 1000,
    },
    { address: "192.168.10.150", state: "active", clientId: "613b627d63", expiresAt: undefined },
    { address: "192.168.10.152", state: "declined", expiresAt: 1_795_690_800 },
  ]);
});
