// The importer of dnsmasq, on the examples that it comes with and on single statements.

import path from "node:path";
import { describe, expect, test } from "vitest";
import { importDnsmasq } from "../../daemon/import/dnsmasq-conf.ts";
import { FIXTURES, issues, lines, written } from "./devices.ts";
import { conf, RANGE } from "./dnsmasq-lines.ts";
import { fixtures, notesOf } from "./reading.ts";

test("the examples of dnsmasq", async () => {
  const imported = importDnsmasq(fixtures("dnsmasq-examples.conf", "dnsmasq.leases"));
  expect(issues(imported)).toEqual([]);
  const expected = path.join(FIXTURES, "dnsmasq-examples.expected.txt");
  await expect(written(imported)).toMatchFileSnapshot(expected);
});

describe("ranges", () => {
  test("a network without notes", () => {
    const imported = conf();
    expect(imported.shared.networks).toEqual([
      {
        name: "lan",
        subnet: "192.168.0.0/24",
        authoritative: false,
        gateway: "192.168.0.1",
        leaseSeconds: 43_200,
        pools: [{ from: "192.168.0.50", to: "192.168.0.150" }],
      },
    ]);
    expect(imported.ports).toEqual({ lan: { address: "192.168.0.1/24" } });
    expect(notesOf(imported)).toEqual([]);
    expect(issues(imported)).toEqual([]);
  });

  test.each([
    ["10.0.0.5,10.0.0.9", "10.0.0.0/24", 3600],
    ["10.0.0.5,10.0.3.9,2h", "10.0.0.0/22", 7200],
    ["10.0.0.255,10.0.1.0,infinite", "10.0.0.0/23", "infinite"],
    ["red,10.0.0.5,10.0.0.9,255.255.0.0,10.0.255.255,90m", "10.0.0.0/16", 5400],
    ["interface:eth0,10.0.0.9,10.0.0.5,255.255.255.128", "10.0.0.0/25", 3600],
  ])("%s", (range, subnet, leaseSeconds) => {
    const imported = lines(importDnsmasq, "dnsmasq.conf", `dhcp-range=${range}`);
    expect(imported.shared.networks).toMatchObject([{ subnet, leaseSeconds }]);
    expect(issues(imported)).toEqual([]);
  });

  test.each([
    ["10.0.0.5", "unreadable: It is not a range of addresses."],
    ["10.0.0.5,10.0.0.9,255.0.255.0", 'unreadable: "255.0.255.0" is not a netmask.'],
    ["10.0.0.5,10.0.0.9,soon", "unreadable: Not all of its words can be read."],
    ["10.0.0.0,proxy", "left-out: Boot answers beside another DHCP server are not given here."],
    ["::1,::400,12h", "left-out: It is for IPv6, which is not served here."],
    [
      "192.168.0.2,192.168.1.2,255.255.0.0",
      "changed: Of 192.168.0.2-192.168.1.2 only what hosts of 192.168.0.0/24 may have is used.",
    ],
  ])("%s is noted", (range, note) => {
    expect(notesOf(conf(`dhcp-range=${range}`))).toContain(
      note.startsWith("changed") ? `4 ${note}` : `4 ${note}`,
    );
  });

  test("a second range of the network has what the first has not, and its own time", () => {
    const imported = conf("dhcp-range=192.168.0.100,192.168.0.180,1h");
    expect(imported.shared.networks[0]?.pools).toEqual([
      { from: "192.168.0.50", to: "192.168.0.150" },
      { from: "192.168.0.151", to: "192.168.0.180", leaseSeconds: 3600 },
    ]);
    expect(notesOf(imported)).toEqual([
      "4 changed: What an earlier range has already is taken out of this one.",
    ]);
  });

  test("one for clients with a tag, one for others", () => {
    const imported = conf(
      "dhcp-range=tag:phones,192.168.0.151,192.168.0.160,12h",
      "dhcp-range=tag:!phones,192.168.0.161,192.168.0.170,12h",
      "dhcp-vendorclass=set:phones,*Phone",
    );
    expect(imported.shared.networks[0]?.pools.slice(1)).toEqual([
      { from: "192.168.0.151", to: "192.168.0.160", allow: ["phones"] },
      { from: "192.168.0.161", to: "192.168.0.170", deny: ["phones"] },
    ]);
    expect(imported.shared.classes).toEqual([
      { name: "phones", match: { vendorClass: "*0x2a50686f6e65*" } },
    ]);
    expect(notesOf(imported)).toEqual([]);
    expect(issues(imported)).toEqual([]);
  });
});

describe("hosts", () => {
  test.each([
    ["11:22:33:44:55:66,192.168.0.60", { mac: "11:22:33:44:55:66", address: "192.168.0.60" }],
    ["1-1:22:33:44:55:66,192.168.0.60", { mac: "01:22:33:44:55:66", address: "192.168.0.60" }],
    [
      "192.168.0.70,bert,infinite",
      { hostname: "bert", address: "192.168.0.70", name: "bert", leaseSeconds: "infinite" },
    ],
    [
      "id:01:02:02:04,192.168.0.60,45m",
      { clientId: "01020204", address: "192.168.0.60", leaseSeconds: 2700 },
    ],
    ["id:marjorie,192.168.0.60", { clientId: "6d61726a6f726965", address: "192.168.0.60" }],
  ])("%s", (host, reservation) => {
    const imported = conf(`dhcp-host=${host}`);
    expect(imported.shared.networks[0]?.reservations).toEqual([reservation]);
    expect(issues(imported)).toEqual([]);
    expect(notesOf(imported).length).toBe("name" in reservation ? 1 : 0);
  });

  test("those that get no answer", () => {
    const imported = conf(
      "dhcp-host=11:22:33:44:55:66,ignore",
      "dhcp-host=11:22:34:*:*:*,ignore",
      "dhcp-host=id:01:02,ignore",
      "dhcp-host=bert,ignore",
    );
    expect(imported.shared.deny).toEqual(["11:22:33:44:55:66", "11:22:34"]);
    expect(imported.shared.classes).toEqual([
      { name: "ignored-0102", match: { clientId: "0102" }, deny: true },
      { name: "ignored-bert", match: { hostname: "bert" }, deny: true },
    ]);
    expect(notesOf(imported)).toEqual([]);
    expect(issues(imported)).toEqual([]);
  });

  test.each([
    ["11:22:33:44:55:66,fred", "A reservation needs an address; this device gets one of a pool."],
    ["11:22:33:44:55:66", "A reservation needs an address; this device gets one of a pool."],
    [
      "06-00:20:e0:3b:13:af:00:01,192.168.0.60",
      '"06-00:20:e0:3b:13:af:00:01" is not a hardware address that is known here.',
    ],
    [
      "tag:red,11:22:33:44:55:66,192.168.0.60",
      "An entry that holds only for clients with a tag is not taken over.",
    ],
    ["11:22:33:44:55:66,192.168.0.1", "192.168.0.1 is the router itself."],
    [
      "11:22:33:44:55:66,192.168.7.1",
      "192.168.7.1 is in none of the networks that were taken over.",
    ],
    [
      "11:22:33:44:55:66,192.168.0.60,set:red",
      'Nothing that was taken over asks for the tag "red".',
    ],
    ["*:22:33:44:55:66,ignore", '"*:22:33:44:55:66" is not a hardware address that is known here.'],
  ])("%s is noted", (host, reason) => {
    const imported = conf(`dhcp-host=${host}`);
    expect(notesOf(imported)).toContain(`4 left-out: ${reason}`);
    expect(issues(imported)).toEqual([]);
  });

  test("the same address or device twice", () => {
    const imported = conf(
      "dhcp-host=11:22:33:44:55:66,192.168.0.60",
      "dhcp-host=11:22:33:44:55:67,192.168.0.60",
      "dhcp-host=id:01:11:22:33:44:55:66,192.168.0.61",
    );
    expect(notesOf(imported)).toEqual([
      "5 left-out: 192.168.0.60 is reserved already in line 4.",
      "6 left-out: The device has a reservation already in line 4.",
    ]);
  });
});

describe("tags", () => {
  test.each([
    ["dhcp-vendorclass=set:x,Linux", { vendorClass: "*Linux*" }],
    ["dhcp-vendorclass=x,Linux", { vendorClass: "*Linux*" }],
    ["dhcp-userclass=set:x,accounts", { userClass: "*accounts*" }],
    ["dhcp-mac=set:x,00:60:8C:*:*:*", { mac: "00:60:8c" }],
    ["dhcp-match=set:x,option:client-arch,7", { arch: 7 }],
    ["dhcp-match=set:x,175", { option: { "option-175": true } }],
    ["dhcp-match=set:x,60,PXE", { option: { "vendor-class-identifier": "*PXE*" } }],
    ["dhcp-match=set:x,224,1s", { option: { "option-224": "0x0001" } }],
    ["dhcp-name-match=set:x,wpad*", { hostname: "wpad*" }],
    ["dhcp-circuitid=set:x,00:04:00:64", { circuitId: "0x00040064" }],
    ["dhcp-remoteid=set:x,roof", { remoteId: "roof" }],
    ["dhcp-host=02:00:5e:10:00:01,set:x", { mac: "02:00:5e:10:00:01" }],
  ])("%s", (statement, match) => {
    const imported = conf(statement, "dhcp-option=tag:x,42,1.2.3.4");
    const options = { "ntp-servers": ["1.2.3.4"] };
    expect(imported.shared.classes).toEqual([{ name: "x", match, options }]);
    expect(notesOf(imported)).toEqual([]);
    expect(issues(imported)).toEqual([]);
  });

  test("several at once, with more of them first", () => {
    const imported = conf(
      "dhcp-vendorclass=set:a,A",
      "dhcp-userclass=set:b,B",
      "dhcp-option=tag:a,42,1.2.3.4",
      "dhcp-option=tag:a,tag:!b,42,1.2.3.5",
      "dhcp-boot=tag:b,b.efi,boot,1.2.3.6",
      "dhcp-ignore=tag:a,tag:b",
    );
    expect(imported.shared.classes).toEqual([
      {
        name: "a-b",
        match: { all: [{ vendorClass: "*A*" }, { userClass: "*B*" }] },
        deny: true,
      },
      {
        name: "a-not-b",
        match: { all: [{ vendorClass: "*A*" }, { not: { userClass: "*B*" } }] },
        options: { "ntp-servers": ["1.2.3.5"] },
      },
      {
        name: "b",
        match: { userClass: "*B*" },
        boot: { server: "1.2.3.6", serverName: "boot", file: "b.efi" },
      },
      { name: "a", match: { vendorClass: "*A*" }, options: { "ntp-servers": ["1.2.3.4"] } },
    ]);
    expect(issues(imported)).toEqual([]);
  });

  test("only known devices", () => {
    const imported = conf("dhcp-ignore=tag:!known", "dhcp-boot=pxelinux.0");
    expect(imported.shared.networks[0]).toMatchObject({
      boot: { server: "192.168.0.1", file: "pxelinux.0" },
      pools: [{ knownOnly: true }],
    });
    expect(notesOf(imported)).toEqual([
      "5 changed: The device itself sent the file: something has to send it from 192.168.0.1 still.",
    ]);
  });
});

describe("the rest", () => {
  test("switches", () => {
    const [settings] = conf(
      "dhcp-authoritative",
      "dhcp-rapid-commit",
      "no-ping",
      "dhcp-ignore-clid",
    ).shared.networks;
    expect(settings).toMatchObject({
      authoritative: true,
      rapidCommit: true,
      probe: false,
      ignoreClientId: true,
    });
  });

  test("domains of networks, and of part of one", () => {
    const imported = conf("domain=all.example", "domain=part.example,192.168.0.1,192.168.0.60");
    expect(imported.shared.networks[0]?.domain).toBe("part.example");
    expect(notesOf(imported)).toEqual(["5 changed: It holds for all of 192.168.0.0/24 here."]);
    expect(notesOf(conf("domain=all.example,192.168.0.0/24"))).toEqual([]);
  });

  test.each([
    ["cname=a,b", "left-out: It is about DNS, which is not part of this."],
    ["dhcp-script=/bin/echo", "left-out: It is about how dnsmasq itself runs."],
    [
      "dhcp-relay=10.0.0.1,10.0.0.2",
      "left-out: A box does not pass on requests to another server.",
    ],
    [
      "conf-dir=/etc/dnsmasq.d",
      "left-out: More of the configuration is in a file that was not given.",
    ],
    ["dhcp-leasefile=/x.leases", "left-out: The leases are in a file that was not given."],
    ["--colour=red", "unreadable: It is not a statement of dnsmasq that is known here."],
    ["=", "unreadable: It is not a statement of dnsmasq that is known here."],
    ["domain=-", 'unreadable: "-" is not a domain name.'],
    ["listen-address=::1", "left-out: ::1 is not an IPv4 address."],
    ["interface=eth0\ninterface=eth1", "left-out: Which network is on eth0 the files do not say."],
  ])("%s", (statement, note) => {
    expect(notesOf(conf(statement))).toContain(`4 ${note}`);
  });

  test.each([
    [
      "dhcp-range=192.168.0.151,192.168.0.160,255.255.255.0,192.168.0.9",
      "left-out: The broadcast address is that of 192.168.0.0/24, not 192.168.0.9.",
    ],
    [
      "dhcp-range=interface:eth0,192.168.0.151,192.168.0.160",
      "left-out: Which port of a box is on which network is said for each box.",
    ],
    [
      "dhcp-range=set:a,set:b,192.168.0.151,192.168.0.160",
      "unreadable: A range sets one tag at most.",
    ],
    [
      "dhcp-range=tag:a,192.168.0.0,static",
      "left-out: For which clients it is cannot be said where there is no pool.",
    ],
    [
      "dhcp-range=192.168.0.0,static,1h",
      "changed: Leases are as long as another range of the network has it.",
    ],
    [
      "dhcp-host=02:00:5e:10:00:01,192.168.0.9,192.168.0.8",
      "left-out: 192.168.0.8 is left out: a device has one address.",
    ],
    [
      "dhcp-host=02:00:5e:10:00:01,192.168.0.9,a,b",
      'left-out: "b" is left out: a device has one name.',
    ],
    ["dhcp-boot=a,b,c", "left-out: The server has to be an address: names are not looked up here."],
    ["dhcp-boot=a,b,1.2.3.4,d", "unreadable: It has too many words."],
    [`dhcp-boot=${"x".repeat(128)},,1.2.3.4`, 'left-out: "file" may have 127 bytes at most.'],
    [
      "domain=a.example,192.168.0.0/24,local",
      "left-out: It is about DNS, which is not part of this.",
    ],
    ["domain=a.example,fd00::/8", "left-out: It is not for a range of IPv4 addresses."],
  ])("%s is noted", (statement, note) => {
    const imported = conf(statement);
    expect(notesOf(imported)).toContain(`4 ${note}`);
    expect(issues(imported)).toEqual([]);
  });

  test("domains and boot files that are said twice", () => {
    const imported = conf(
      ...["domain=part.example,192.168.0.0/24", "domain=a.example", "domain=b.example"],
      ...["dhcp-boot=a,,1.2.3.4", "dhcp-boot=http://b/c"],
    );
    expect(imported.shared.networks[0]).toMatchObject({
      domain: "part.example",
      boot: { server: "192.168.0.1", file: "http://b/c" },
    });
    const instead = "changed: It counts instead of an earlier statement for the same option.";
    expect(notesOf(imported)).toEqual([`6 ${instead}`, `8 ${instead}`]);
  });

  test("a file that is named and given is no note", () => {
    const files = new Map([
      [
        "dnsmasq.conf",
        [...RANGE, "conf-file=/etc/more.conf", "dhcp-leasefile=/var/x.leases"].join("\r\n"),
      ],
      ["more.conf", "dhcp-authoritative\r\n"],
      ["x.leases", ""],
    ]);
    const imported = importDnsmasq(files);
    expect(imported.shared.networks[0]?.authoritative).toBe(true);
    expect(imported.notes).toEqual([]);
  });

  test("a second lease of an address, and lines that are none", () => {
    const text = [
      "1796051400 02:00:5e:10:00:01 192.168.0.50 a *",
      "1796051400 02:00:5e:10:00:02 192.168.0.50 b *",
      "1796051400 02:00:5e:10:00:02",
      "1796051400 02:00:5e:10:00:02 192.168.0 b *",
      "99999999999 02:00:5e:10:00:02 192.168.0.51 b *",
    ].join("\n");
    const files = new Map([
      ["dnsmasq.conf", RANGE.join("\n")],
      ["dnsmasq.leases", text],
    ]);
    const imported = importDnsmasq(files);
    expect(imported.leases.map(({ hostname }) => hostname)).toEqual(["a"]);
    const format =
      "It is not a lease: time, hardware address, address, name and client identifier.";
    expect(notesOf(imported)).toEqual([
      "2 left-out: There is a lease of 192.168.0.50 above.",
      `3 unreadable: ${format}`,
      '4 unreadable: "192.168.0" is not an IPv4 address.',
      `5 unreadable: ${format}`,
    ]);
  });

  test("half of a character", () => {
    const imported = conf("dhcp-option=vendor:a\ud800,1,b");
    expect(imported.shared.classes).toMatchObject([{ match: { vendorClass: "*a\ufffd*" } }]);
    expect(issues(imported)).toEqual([]);
  });

  test("files that are not text, or too long", () => {
    expect(notesOf(lines(importDnsmasq, "a.conf", "\0"))).toEqual([
      "0 unreadable: The file is not text.",
    ]);
    expect(notesOf(lines(importDnsmasq, "a.conf", "#".repeat((16 << 20) + 1)))).toEqual([
      "0 unreadable: The file is too long to be one of these.",
    ]);
  });
});
