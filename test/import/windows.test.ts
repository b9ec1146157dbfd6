// The importer of Windows, on an export written by its structure and on single elements.

import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Imported } from "../../daemon/import/imported.ts";
import { importWindows } from "../../daemon/import/windows-import.ts";
import { below, seeded } from "../support/random.ts";
import { FIXTURES, issues, misplaced, mutated, written } from "./devices.ts";
import { fixtures, notesOf } from "./reading.ts";

/** Mutated files; FUZZ for more of them, SEED for others. */
const COUNT = Number(process.env.FUZZ ?? 300);
const SEED = Number(process.env.SEED ?? 4713);

const RANGE = "<StartRange>10.0.0.10</StartRange><EndRange>10.0.0.99</EndRange>";
const SCOPE = `<ScopeId>10.0.0.0</ScopeId><Name>office</Name><SubnetMask>255.255.255.0</SubnetMask>${RANGE}`;
/** What is said of every export with a scope, in the line of the scopes. */
const PORTS =
  "1 left-out: Which of the networks a port of a box is on, and which only relays reach, the file does not say.";

function server(inside: string): Imported {
  return importWindows(new Map([["export.xml", `<DHCPServer>${inside}</DHCPServer>`]]));
}

/** The scope has these elements as well, on a line of their own. */
function scope(inside: string, beside = ""): Imported {
  return server(`<IPv4>${beside}<Scopes><Scope>${SCOPE}\n${inside}</Scope></Scopes></IPv4>`);
}

function value(id: number, values: readonly string[], more = ""): string {
  const inside = values.map((one) => `<Value>${one}</Value>`).join("");
  return `<OptionValue><OptionId>${id}</OptionId>${inside}${more}</OptionValue>`;
}

test("an export", async () => {
  const imported = importWindows(fixtures("windows.xml"));
  expect(issues(imported)).toEqual([]);
  const expected = path.join(FIXTURES, "windows.expected.txt");
  await expect(written(imported)).toMatchFileSnapshot(expected);
});

test("a scope that leaves no notes but one", () => {
  const imported = scope(
    "<State>Active</State><Type>Dhcp</Type><LeaseDuration>8.00:00:00</LeaseDuration>",
  );
  expect(imported.shared.networks).toEqual([
    {
      name: "office",
      subnet: "10.0.0.0/24",
      leaseSeconds: 691_200,
      pools: [{ from: "10.0.0.10", to: "10.0.0.99" }],
    },
  ]);
  expect(notesOf(imported)).toEqual([PORTS]);
  expect(issues(imported)).toEqual([]);
});

describe("scopes", () => {
  test.each([
    ["00:30:00", 1800],
    ["0.12:30:00", 45_000],
    ["10675199.02:48:05.4775807", "infinite"],
  ])("a lease of %s", (text, leaseSeconds) => {
    const imported = scope(`<LeaseDuration>${text}</LeaseDuration>`);
    expect(imported.shared.networks[0]).toMatchObject({ leaseSeconds });
  });

  test("exclusions are taken out of the pool", () => {
    const range = (from: number, to: number) =>
      `<IPRange><StartRange>10.0.0.${from}</StartRange><EndRange>10.0.0.${to}</EndRange></IPRange>`;
    const excluded = `${range(5, 19)}${range(50, 50)}${range(45, 60)}${range(95, 120)}`;
    const imported = scope(`<ExclusionRanges>${excluded}</ExclusionRanges>`);
    expect(imported.shared.networks[0]?.pools).toEqual([
      { from: "10.0.0.20", to: "10.0.0.44" },
      { from: "10.0.0.61", to: "10.0.0.94" },
    ]);
    expect(notesOf(imported)).toEqual([PORTS]);
  });

  test("all of the pool, and more exclusions than are looked at", () => {
    const one =
      "<IPRange><StartRange>10.0.0.1</StartRange><EndRange>10.0.0.99</EndRange></IPRange>";
    expect(notesOf(scope(`<ExclusionRanges>${one}</ExclusionRanges>`))).toContain(
      "1 left-out: Nothing is left of this range to give to clients.",
    );
    const small =
      "<IPRange><StartRange>10.0.0.90</StartRange><EndRange>10.0.0.90</EndRange></IPRange>";
    const many = scope(`<ExclusionRanges>${small.repeat(1025)}</ExclusionRanges>`);
    expect(many.shared.networks[0]?.pools).toEqual([{ from: "10.0.0.10", to: "10.0.0.89" }]);
    expect(notesOf(many)).toContain(
      "2 changed: There may be 1024 exclusions at most: everything from 10.0.0.90 on is left out of the pool.",
    );
  });

  test.each([
    ["<State>InActive</State>", "1 left-out: No network is made of it: the scope is switched off."],
    [
      "<State>Odd</State>",
      "2 left-out: What state this is is not known: the scope counts as one that is active.",
    ],
    [
      "<Type>Bootp</Type>",
      "2 left-out: Clients of BOOTP without DHCP get no address from a pool here.",
    ],
    [
      "<Delay>10</Delay>",
      "2 left-out: A reply is sent at once here; how two boxes share the work is said for the pair.",
    ],
    ["<NapEnable>true</NapEnable>", "2 left-out: Network Access Protection is not known here."],
    ["<Colour>red</Colour>", "2 left-out: There is nothing like it here."],
    ["<LeaseDuration>long</LeaseDuration>", "2 unreadable: It is not a length of time."],
    ["<LeaseDuration>00:00:10</LeaseDuration>", "2 changed: Leases are 60 seconds long at least."],
    ["<Name>again</Name>", "2 unreadable: It stands here a second time."],
    [
      "<Policies><Policy><Name>p</Name></Policy></Policies>",
      '2 left-out: The policy "p" is not taken over: a class can do what most are for.',
    ],
    ["<OptionValues><OptionValue/></OptionValues>", "2 unreadable: It names no option."],
    [
      "<Reservations><Reservation><IPAddress>10.0.0.4</IPAddress></Reservation></Reservations>",
      "2 unreadable: Which device it is for cannot be read.",
    ],
    ["<Reservations><Other>1</Other></Reservations>", "2 left-out: There is nothing like it here."],
  ])("%s", (inside, note) => {
    const imported = scope(inside);
    expect(notesOf(imported)).toContain(note);
    expect(issues(imported)).toEqual([]);
  });

  test("no pool without a range, and no network without a mask", () => {
    const odd = server("<IPv4><Scopes><Scope><ScopeId>10.0.0.0</ScopeId></Scope></Scopes></IPv4>");
    expect(notesOf(odd)).toEqual([
      "1 unreadable: No network is made of it: it has no address with a netmask.",
    ]);
    const bare = "<ScopeId>10.0.0.0</ScopeId><SubnetMask>255.255.255.0</SubnetMask>";
    const none = server(`<IPv4><Scopes><Scope>${bare}</Scope></Scopes></IPv4>`);
    expect(none.shared.networks).toEqual([{ name: "10-0-0-0", subnet: "10.0.0.0/24", pools: [] }]);
    expect(notesOf(none)).toContain(
      "1 unreadable: The network has no pool: its range cannot be read.",
    );
  });
});

describe("options", () => {
  const definition = (id: number, type: string) =>
    `<OptionDefinition><OptionId>${id}</OptionId><Type>${type}</Type></OptionDefinition>`;

  test.each([
    [3, "", ["10.0.0.1"], { gateway: "10.0.0.1" }],
    [6, "IPv4Address", ["1.1.1.1", "9.9.9.9"], { dns: ["1.1.1.1", "9.9.9.9"] }],
    [15, "String", ["corp.example"], { domain: "corp.example" }],
    [15, "", ["not a domain"], { options: { "domain-name": "not a domain" } }],
    [51, "DWord", ["3600"], { leaseSeconds: 3600 }],
    [51, "DWord", ["4294967295"], { leaseSeconds: "infinite" }],
    [66, "", ["10.0.0.9"], { options: { "tftp-server-name": "10.0.0.9" } }],
    [46, "Byte", ["0x8"], { options: { "netbios-node-type": 8 } }],
    [26, "Word", ["1400"], { options: { "interface-mtu": 1400 } }],
    [26, "", ["1400"], { options: { "interface-mtu": 1400 } }],
    [60, "String", ["PXEClient"], { options: { "vendor-class-identifier": "PXEClient" } }],
    [
      43,
      "BinaryData",
      ["0x01", "0x0203"],
      { options: { "vendor-specific-information": "010203" } },
    ],
    [43, "", ["0x01", "0x02"], { options: { "vendor-specific-information": "0102" } }],
    [224, "DWordDWord", ["1"], { options: { "option-224": "0000000000000001" } }],
    [224, "", ["7"], { options: { "option-224": "00000007" } }],
  ])("%i %s %j", (id, type, values, settings) => {
    const definitions = `<OptionDefinitions>${definition(id, type)}</OptionDefinitions>`;
    const imported = scope(`<OptionValues>${value(id, values)}</OptionValues>`, definitions);
    expect(imported.shared.networks[0]).toMatchObject(settings);
    expect(notesOf(imported)).toEqual([PORTS]);
    expect(issues(imported)).toEqual([]);
  });

  test.each([
    [6, "IPv4Address", ["dns.example"], "unreadable: Not all of its values are addresses."],
    [46, "Byte", ["300"], "unreadable: Not all of its values are numbers."],
    [43, "BinaryData", ["odd"], "unreadable: Not all of its values are bytes."],
    [42, "", [], "left-out: The option has no value."],
    [81, "DWord", ["23"], "left-out: It is about updates of DNS, which are not made here."],
    [
      54,
      "IPv4Address",
      ["1.2.3.4"],
      "left-out: Option 54 cannot be set: this option is not set by configuration; the server or a client fills it.",
    ],
    [51, "Word", ["3600"], "left-out: Option 51 is not a length of time here."],
    [
      999,
      "DWord",
      ["1"],
      "left-out: Option 999 cannot be set: there is no DHCP option of this name.",
    ],
  ])("%i %s %j is noted", (id, type, values, note) => {
    const definitions = `<OptionDefinitions>${definition(id, type)}</OptionDefinitions>`;
    const imported = scope(`<OptionValues>${value(id, values)}</OptionValues>`, definitions);
    expect(notesOf(imported)).toContain(`2 ${note}`);
    expect(issues(imported)).toEqual([]);
  });

  test("an option that Windows has a definition for keeps its name", () => {
    const named = (id: number, name: string, type: string, isList = false) =>
      `<OptionDefinition><OptionId>${id}</OptionId><Name>${name}</Name><Type>${type}</Type><MultiValued>${isList}</MultiValued></OptionDefinition>`;
    const definitions = [
      named(176, "Phone settings", "String"),
      named(224, "176 and more", "IPv4Address", true),
      named(225, "Phone settings", "DWord"),
      named(226, "Not used", "DWord"),
      named(42, "Clock", "String"),
    ];
    const values = [
      value(176, ["L2QVLAN=20"]),
      value(224, ["1.1.1.1", "1.1.1.2"]),
      value(225, ["7"]),
    ];
    const imported = scope(
      `<OptionValues>${values.join("")}</OptionValues>`,
      `<OptionDefinitions>${definitions.join("")}</OptionDefinitions>`,
    );
    expect(imported.shared.customOptions).toEqual([
      { code: 176, name: "phone-settings", type: "text" },
      { code: 224, name: "private-176-and-more", type: "ipv4-list" },
    ]);
    expect(imported.shared.networks[0]?.options).toEqual({
      "phone-settings": "L2QVLAN=20",
      "private-176-and-more": ["1.1.1.1", "1.1.1.2"],
      "option-225": "00000007",
    });
    expect(notesOf(imported)).toEqual([PORTS]);
    expect(issues(imported)).toEqual([]);
  });

  test("the server's count where the scope has none", () => {
    const all = `<OptionValues>${value(6, ["1.1.1.1"])}${value(15, ["all.example"])}${value(42, ["1.1.1.2"])}</OptionValues>`;
    const imported = scope(`<OptionValues>${value(15, ["own.example"])}</OptionValues>`, all);
    expect(imported.shared.options).toEqual({ "ntp-servers": ["1.1.1.2"] });
    expect(imported.shared.networks[0]).toMatchObject({ dns: ["1.1.1.1"], domain: "own.example" });
  });

  test("classes, those of a scope first", () => {
    const one = (name: string, type: string, data: string) =>
      `<Class><Name>${name}</Name><Type>${type}</Type><Data>${data}</Data></Class>`;
    const classes = `<Classes>${one("Users", "User", "0x4142")}${one("Maker", "Vendor", "0x00FF")}</Classes>`;
    const users = "<UserClass>users</UserClass>";
    const all = `<OptionValues>${value(42, ["1.1.1.1"], users)}</OptionValues>`;
    const maker = "<VendorClass>Maker</VendorClass>";
    const inside = `${value(42, ["1.1.1.2"], users)}${value(5, ["0x01"], maker)}${value(6, ["text"], maker)}`;
    const imported = scope(`<OptionValues>${inside}</OptionValues>`, `${classes}${all}`);
    expect(imported.shared.classes).toEqual([
      {
        name: "users-office",
        match: { userClass: "AB", network: "office" },
        options: { "ntp-servers": ["1.1.1.2"] },
      },
      {
        name: "Maker-office",
        match: { vendorClass: "0x00ff", network: "office" },
        options: { "vendor-specific-information": "050101060474657874" },
      },
      { name: "users", match: { userClass: "AB" }, options: { "ntp-servers": ["1.1.1.1"] } },
    ]);
    expect(notesOf(imported)).toEqual([PORTS]);
    expect(issues(imported)).toEqual([]);
  });
});

describe("leases", () => {
  const lease = (
    state: string,
    expiry: string,
    client = "02-00-5e-10-00-01",
    address = "10.0.0.20",
  ) =>
    scope(
      `<Leases><Lease><IPAddress>${address}</IPAddress><ClientId>${client}</ClientId><HostName>PC.corp.example</HostName><AddressState>${state}</AddressState><LeaseExpiryTime>${expiry}</LeaseExpiryTime></Lease></Leases>`,
    );

  test.each([
    ["Active", "1970-01-02T00:00:00Z", { state: "active", expiresAt: 86_400 }],
    ["Active", "1970-01-02T00:00:00.123+01:00", { state: "active", expiresAt: 82_800 }],
    ["ActiveReservation", "", { state: "active", expiresAt: undefined }],
    ["Active", "9999-12-31T23:59:59Z", { state: "active", expiresAt: undefined }],
  ])("%s until %s", (state, expiry, expected) => {
    const imported = lease(state, expiry);
    expect(imported.leases).toEqual([
      { address: "10.0.0.20", mac: "02:00:5e:10:00:01", hostname: "PC", ...expected },
    ]);
    expect(notesOf(imported)).toEqual([PORTS]);
  });

  test("a declined address is nobody's", () => {
    expect(lease("Declined", "1970-01-02T00:00:00Z", "14-00-00-0A").leases).toEqual([
      { address: "10.0.0.20", state: "declined", expiresAt: 86_400 },
    ]);
  });

  test("a client identifier that is no hardware address", () => {
    expect(lease("Active", "", "FF-00-11").leases).toMatchObject([{ clientId: "ff0011" }]);
  });

  test.each([
    [lease("Expired", ""), "One lease was not in use any more, or not yet."],
    [lease("Active", "", "", "10.0.0.20"), "Which device has the lease cannot be read."],
    [lease("Active", "tomorrow"), "When it ends cannot be read."],
    [lease("Active", "2026-13-99T00:00:00"), "When it ends cannot be read."],
    [lease("Active", "", "02-00-5e-10-00-01", "10.0.0"), "Its address cannot be read."],
    [
      lease("Active", "", "02-00-5e-10-00-01", "10.9.0.1"),
      "10.9.0.1 is in none of the networks that were taken over.",
    ],
  ])("%#", (imported, reason) => {
    expect(imported.leases).toEqual([]);
    expect(imported.notes.map((note) => note.reason)).toContain(reason);
  });
});

describe("the file itself", () => {
  test.each([
    ["<DHCPServer>", "1 unreadable: The file ends inside of DHCPServer, which begins in line 1."],
    ["\n<Other/>", "2 unreadable: It is not what Export-DhcpServer writes."],
    ["\ufeff<DHCPServer><Odd>1</Odd></DHCPServer>", "1 left-out: There is nothing like it here."],
    ["<\0D\0", "0 unreadable: The file is not text."],
  ])("%j", (text, note) => {
    expect(notesOf(importWindows(new Map([["x.xml", text]])))).toEqual([note]);
  });

  test("the list of denied devices counts when it is switched on", () => {
    const filter = (list: string, mac: string) =>
      `<Filter><List>${list}</List><MacAddress>${mac}</MacAddress></Filter>`;
    const filters = (flags: string) =>
      server(
        `<IPv4><Filters>${flags}\n${filter("Deny", "02-00-5E-*-*-*")}${filter("Deny", "odd")}${filter("Allow", "02-00-5e-10-00-01")}</Filters></IPv4>`,
      );
    const on = filters("<Allow>true</Allow><Deny>true</Deny>");
    expect(on.shared.deny).toEqual(["02:00:5e"]);
    expect(notesOf(on)[0]).toContain("1 left-out: Only devices in a list of 1 got an answer.");
    expect(notesOf(on)[1]).toBe("2 unreadable: It is not a hardware address.");
    const off = filters("<Allow>false</Allow><Deny>false</Deny>");
    expect(off.shared).not.toHaveProperty("deny");
    expect(notesOf(off)).toContain("2 left-out: The list of denied devices was switched off.");
    expect(notesOf(off)).toContain("1 left-out: A list of 1 allowed devices was switched off.");
  });
});

test("mutated exports are imported, or noted, and never thrown at", { timeout: 600_000 }, () => {
  const random = seeded(SEED);
  const [text = ""] = fixtures("windows.xml").values();
  let read = 0;
  for (let round = 0; round < COUNT; round++) {
    // Mostly what stands between tags: anything else is seldom XML any more.
    const inside = text.replace(/>([^<>&\r]+)</g, (whole, words: string) =>
      below(random, 30) === 0 ? `>${mutated(words, random).replace(/[<>&\0]/g, "")}<` : whole,
    );
    const hostile = below(random, 8) === 0 ? mutated(inside, random) : inside;
    const imported = importWindows(new Map([["windows.xml", hostile]]));
    expect(issues(imported), hostile).toEqual([]);
    expect(misplaced(imported, new Map([["windows.xml", hostile]]))).toEqual([]);
    if (imported.shared.networks.length > 0) read++;
  }
  expect(read).toBeGreaterThan(COUNT / 2);
});
