// The importer of OpenWrt, on files of real routers and on single statements.

import path from "node:path";
import { describe, expect, test } from "vitest";
import { importUci } from "../../daemon/import/uci-import.ts";
import { seeded } from "../support/random.ts";
import { FIXTURES, issues, lines, misplaced, mutated, written } from "./devices.ts";
import { fixtures, notesOf } from "./reading.ts";

/** Mutated files; FUZZ for more of them, SEED for others. */
const COUNT = Number(process.env.FUZZ ?? 300);
const SEED = Number(process.env.SEED ?? 4711);

const LAN = [
  "config interface 'lan'",
  "  option proto 'static'",
  "  option device 'br-lan'",
  "  option ipaddr '192.168.1.1/24'",
];
/** Notes of the lines above: the DNS server, in the line where the pool stands. */
const OWN_DNS =
  "5 changed: Clients were told the device itself as their DNS server. They are told 192.168.1.1 still, so something has to answer DNS there.";

function dhcp(...text: string[]) {
  return lines(importUci, "dhcp", ...LAN, ...text);
}

function pool(...text: string[]) {
  return dhcp("config dhcp 'lan'", "  option interface 'lan'", ...text);
}

describe("routers as they are", () => {
  test.each([
    ["openwrt-r6220", ["dhcp", "network", "dhcp.leases"]],
    ["openwrt-wdr4300", ["dhcp", "network"]],
    ["openwrt-wdr4900", ["dhcp", "network"]],
  ])("%s", async (folder, files) => {
    const imported = importUci(fixtures(...files.map((file) => `${folder}/${file}`)));
    expect(issues(imported)).toEqual([]);
    const expected = path.join(FIXTURES, folder, "expected.txt");
    await expect(written(imported)).toMatchFileSnapshot(expected);
  });

  test("what uci export prints is the same", () => {
    const [one, two] = ["dhcp", "network"].map((file) => {
      const text = fixtures(`openwrt-wdr4300/${file}`).get(file) ?? "";
      return `package ${file}\n\n${text.replaceAll("#", "# ")}\n`;
    });
    const exported = importUci(
      new Map([["export.txt", `${one}${two}package wireless\nconfig x\n`]]),
    );
    const { shared, ports } = importUci(
      fixtures("openwrt-wdr4300/dhcp", "openwrt-wdr4300/network"),
    );
    expect(exported.shared).toEqual(shared);
    expect(exported.ports).toEqual(ports);
    expect(notesOf(exported).at(-1)).toContain('It is of "wireless", not of DHCP.');
  });
});

describe("pools", () => {
  test("start and limit count from the network, by default 100 and 150", () => {
    const { shared, ports } = pool("  option start '10'", "  option limit '20'");
    expect(shared.networks).toMatchObject([
      {
        name: "lan",
        subnet: "192.168.1.0/24",
        gateway: "192.168.1.1",
        dns: ["192.168.1.1"],
        leaseSeconds: 43_200,
        authoritative: false,
        pools: [{ from: "192.168.1.10", to: "192.168.1.29" }],
      },
    ]);
    expect(ports).toEqual({ lan: { interface: "br-lan", address: "192.168.1.1/24" } });
    expect(pool().shared.networks[0]?.pools).toEqual([
      { from: "192.168.1.100", to: "192.168.1.249" },
    ]);
  });

  test.each([
    ["45m", 2700],
    ["12h", 43_200],
    ["7d", 604_800],
    ["3600", 3600],
    ["infinite", "infinite"],
  ])("a lease of %s", (text, leaseSeconds) => {
    const imported = pool(`  option leasetime '${text}'`);
    expect(imported.shared.networks[0]).toMatchObject({ leaseSeconds });
    expect(notesOf(imported)).toEqual([OWN_DNS]);
    expect(issues(imported)).toEqual([]);
  });

  test("a lease that is too short is made longer, and one that is none is said", () => {
    expect(notesOf(pool("  option leasetime '30s'"))).toContain(
      "5 changed: Leases are 60 seconds long at least.",
    );
    expect(notesOf(pool("  option leasetime 'soon'"))).toContain(
      "5 unreadable: No network is made of it: The lease time is not a length of time.",
    );
  });

  test("a pool goes around the router, and not beyond the network", () => {
    const imported = pool("  option start '0'", "  option limit '300'");
    expect(imported.shared.networks[0]?.pools).toEqual([
      { from: "192.168.1.2", to: "192.168.1.254" },
    ]);
    expect(notesOf(imported)).toEqual([
      OWN_DNS,
      "5 changed: Of 192.168.1.0-192.168.2.43 only what hosts of 192.168.1.0/24 may have is used.",
      "5 changed: 192.168.1.1, the router itself, is taken out of this range.",
    ]);
  });

  test("ignore, an interface without an address, and reserved devices only", () => {
    expect(pool("  option ignore '1'").shared.networks).toEqual([]);
    expect(notesOf(pool("  option ignore '1'"))[1]).toBe(
      "5 left-out: DHCP is switched off on this interface: no network is made of it.",
    );
    const other = dhcp("config dhcp 'guest'", "  option interface 'guest'");
    expect(notesOf(other)).toContain(
      '5 left-out: No network is made of it: the files have no address of their own for the interface "guest".',
    );
    const known = pool("  option dynamicdhcp '0'");
    expect(known.shared.networks[0]?.pools).toEqual([]);
    expect(notesOf(known)[0]).toBe(
      "5 changed: Only reserved devices get an address here: the network has no pool for it.",
    );
    expect(issues(known)).toEqual([]);
  });

  test("IPv6 is said once, and what is not known setting by setting", () => {
    const imported = pool(
      "  option ra 'server'",
      "  option dhcpv6 'server'",
      "  option force '1'",
      "  option colour 'red'",
    );
    expect(notesOf(imported)).toEqual([
      "5 left-out: IPv6 is not served here: ra, dhcpv6.",
      OWN_DNS,
      "9 left-out: A box always answers; it says so when another server answers too.",
      "10 left-out: There is nothing like this setting here.",
    ]);
  });

  test("options have the settings and the names that they have here", () => {
    const imported = pool(
      "  list dhcp_option '3,192.168.1.254'",
      "  list dhcp_option '6,192.168.1.53,9.9.9.9'",
      "  list dhcp_option 'option:ntp-server,0.0.0.0'",
      "  list dhcp_option '15,office.example'",
      "  list dhcp_option '43,01:02'",
      "  list dhcp_option '224,7s'",
    );
    expect(imported.shared.networks[0]).toMatchObject({
      gateway: "192.168.1.254",
      dns: ["192.168.1.53", "9.9.9.9"],
      domain: "office.example",
      options: {
        "ntp-servers": ["192.168.1.1"],
        "vendor-specific-information": "0102",
        "option-224": "0007",
      },
    });
    expect(notesOf(imported)).toEqual([]);
    expect(issues(imported)).toEqual([]);
  });

  test("no router and no DNS server where an option is empty, and old lists in one option", () => {
    const imported = pool("  list dhcp_option '3'", "  list dhcp_option '6'");
    expect(imported.shared.networks[0]).not.toHaveProperty("gateway");
    expect(imported.shared.networks[0]).not.toHaveProperty("dns");
    const twice = pool("  option dhcp_option '6,1.1.1.1'", "  option dhcp_option '6,1.1.1.2'");
    expect(notesOf(twice)).toEqual([
      "7 left-out: The same option is set again below, and counts as it is there.",
    ]);
    const old = pool("  option dhcp_option '6,1.1.1.1 42,1.1.1.2'");
    expect(old.shared.networks[0]).toMatchObject({
      dns: ["1.1.1.1"],
      options: { "ntp-servers": ["1.1.1.2"] },
    });
  });
});

test("two networks on one interface share its wire", () => {
  const imported = lines(
    importUci,
    "dhcp",
    ...LAN,
    ...["config interface 'more'", "option proto static", "option device br-lan"],
    ...["option ipaddr 10.9.0.1", "option netmask 255.255.0.0"],
    ...["config dhcp lan", "config dhcp more", "list dhcp_option 6,9.9.9.9"],
  );
  expect(imported.shared.networks.map(({ sharedWith }) => sharedWith)).toEqual([undefined, "lan"]);
  expect(issues(imported)).toEqual([]);
  expect(notesOf(imported).at(-1)).toBe(
    '11 changed: It shares the wire of "lan": both are on one interface.',
  );
});

test("boot files and tags of what clients send", () => {
  const imported = dhcp(
    ...[
      "config dhcp 'lan'",
      "config dnsmasq",
      "list dhcp_boot 'tag:bios,undionly.kpxe,,192.168.1.5'",
    ],
    ...["config match 'bios'", "option networkid bios", "option match 'option:client-arch,0'"],
    ...[
      "config boot",
      "option filename ipxe.efi",
      "option serveraddress 192.168.1.5",
      "option odd 1",
    ],
    ...["config boot", "option serveraddress boot.example"],
    ...[
      "config vendorclass",
      "option networkid v",
      "option vendorclass Linux",
      "list dhcp_option 42,1.2.3.4",
    ],
    ...[
      "config mac",
      "option networkid m",
      "option mac '02:00:5e:*:*:*'",
      "list dhcp_option_force 42,1.2.3.5",
    ],
    ...["config tag unused", "option colour red"],
  );
  expect(imported.shared.classes).toEqual([
    { name: "bios", match: { arch: 0 }, boot: { server: "192.168.1.5", file: "undionly.kpxe" } },
    { name: "v", match: { vendorClass: "*Linux*" }, options: { "ntp-servers": ["1.2.3.4"] } },
    { name: "m", match: { mac: "02:00:5e" }, options: { "ntp-servers": ["1.2.3.5"] } },
  ]);
  expect(imported.shared.networks[0]).toMatchObject({
    boot: { server: "192.168.1.5", file: "ipxe.efi" },
  });
  expect(notesOf(imported)).toEqual([
    OWN_DNS,
    "14 left-out: There is nothing like this setting here.",
    "15 left-out: The server has to be an address: names are not looked up here.",
    "24 changed: Options go only to clients that ask for them here.",
    "26 left-out: There is nothing like this setting here.",
  ]);
  expect(issues(imported)).toEqual([]);
});

test.each(["192.168.1.0/24", "192.168.1.255/24", "192.168.1.1", "192.168.1.1/33", "host"])(
  "an interface cannot have the address %s",
  (address) => {
    const imported = lines(
      importUci,
      "network",
      ...["config interface lan", "option proto static", `option ipaddr ${address}`],
      ...["config dhcp lan"],
    );
    expect(imported.shared.networks).toEqual([]);
    expect(notesOf(imported)).toContain("3 unreadable: It is not an address with a netmask.");
  },
);

test("an interface that stands there twice counts as it is first", () => {
  const imported = dhcp("config dhcp 'lan'", ...LAN.map((line) => line.replace("1.1/", "9.1/")));
  expect(imported.shared.networks).toMatchObject([{ subnet: "192.168.1.0/24" }]);
  expect(notesOf(imported)).toContain("6 left-out: There is another interface of this name above.");
});

describe("devices", () => {
  const HOST = ["config dhcp 'lan'", "  option interface 'lan'", "config host"];

  test("several MACs, a tag with options, a lease of its own", () => {
    const imported = dhcp(
      ...HOST,
      "  option name 'till'",
      "  list mac '02:00:5E:10:00:01'",
      "  list mac '02:00:5e:10:00:02'",
      "  option ip '192.168.1.20'",
      "  option leasetime 'infinite'",
      "  option tag 'shop'",
      "config tag 'shop'",
      "  list dhcp_option '42,192.168.1.9'",
    );
    expect(imported.shared.networks[0]?.reservations).toEqual([
      { mac: "02:00:5e:10:00:01", address: "192.168.1.20", name: "till", leaseSeconds: "infinite" },
    ]);
    expect(imported.shared.classes).toEqual([
      {
        name: "shop",
        match: { mac: ["02:00:5e:10:00:01", "02:00:5e:10:00:02"] },
        options: { "ntp-servers": ["192.168.1.9"] },
      },
    ]);
    expect(issues(imported)).toEqual([]);
    expect(notesOf(imported).slice(1)).toEqual([
      "7 changed: A reservation is for one device: 02:00:5e:10:00:01 has it, 02:00:5e:10:00:02 not.",
      "7 changed: Names of reserved devices are for people here: neither DNS nor the devices are told them.",
    ]);
  });

  test.each([
    [
      ["  option mac '02:00:5e:10:00:01'"],
      "A reservation needs an address; this device gets one of a pool.",
    ],
    [
      ["  option ip '192.168.1.1'", "  option mac '02:00:5e:10:00:01'"],
      "192.168.1.1 is the router itself.",
    ],
    [
      ["  option ip '192.168.2.4'", "  option mac '02:00:5e:10:00:01'"],
      "192.168.2.4 is in none of the networks that were taken over.",
    ],
    [
      ["  option ip '192.168.1.255'", "  option mac '02:00:5e:10:00:01'"],
      "The address cannot be reserved: 192.168.1.255 is the broadcast address of 192.168.1.0/24.",
    ],
    [
      ["  option ip '192.168.1.4'"],
      "It does not say whose address this is in a way that can be taken over.",
    ],
    [
      ["  option hostid '7'", "  option dns '1'"],
      "Names for DNS, IPv6 and other settings of a device are not taken over: hostid, dns.",
    ],
  ])("%j", (text, reason) => {
    const imported = dhcp(...HOST, ...text);
    expect(notesOf(imported)).toContain(`7 left-out: ${reason}`);
    expect(issues(imported)).toEqual([]);
  });

  test("one that is ignored gets no answer", () => {
    const imported = dhcp(...HOST, "  option mac '02:00:5e:10:00:01'", "  option ip 'ignore'");
    expect(imported.shared.deny).toEqual(["02:00:5e:10:00:01"]);
  });
});

describe("the file itself", () => {
  test("quotes, comments, and lines that go on are counted", () => {
    const imported = lines(
      importUci,
      "dhcp",
      "# a comment",
      'config dnsmasq "main" # another',
      "  option domain 'two",
      "lines'",
      "  option",
      "  opinion a b",
      "  option a b c",
      "option x 'never closed",
    );
    expect(notesOf(imported)).toEqual([
      '3 unreadable: "two lines" is not a domain name.',
      "5 unreadable: It does not have the words of a statement.",
      "6 unreadable: It is no statement of this kind of file.",
      "7 unreadable: It does not have the words of a statement.",
      "8 unreadable: A quote is opened here and never closed.",
    ]);
  });

  test("other sections are said, each", () => {
    const kinds = ["relay", "odhcpd", "cname", "something", "wireguard_wg0"];
    const imported = lines(importUci, "dhcp", ...kinds.map((kind) => `config ${kind}`));
    expect(notesOf(imported)).toEqual([
      "1 left-out: A box does not pass on requests to another server.",
      "2 left-out: It is about IPv6, which is not served here.",
      "3 left-out: It is about DNS, which is not part of this.",
      "4 left-out: A section of this kind is not known here.",
      "5 left-out: It is not about DHCP for clients.",
    ]);
  });
});

test("mutated files are imported, or noted, and never thrown at", { timeout: 600_000 }, () => {
  const random = seeded(SEED);
  const files = fixtures(
    "openwrt-r6220/dhcp",
    "openwrt-r6220/network",
    "openwrt-r6220/dhcp.leases",
  );
  for (let round = 0; round < COUNT; round++) {
    const hostile = new Map(Array.from(files, ([file, text]) => [file, mutated(text, random)]));
    const imported = importUci(hostile);
    expect(issues(imported), JSON.stringify(Array.from(hostile))).toEqual([]);
    expect(misplaced(imported, hostile)).toEqual([]);
  }
});
