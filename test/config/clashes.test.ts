// Entries that cannot stand together, and where networks are.

import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import { interfacesOf } from "../../daemon/core/config-view.ts";
import { coreOf, firstOf, issues, networks, nth, OFFICE, office } from "./loading.ts";

const PRINTER = { mac: "02:00:5e:10:00:01", address: "10.77.0.20", name: "printer" };
const MORE = { name: "more", subnet: "10.79.0.0/24", pools: [], sharedWith: "office" };
const BRANCH = { name: "branch", subnet: "10.80.0.0/24", pools: [], relayed: true };

describe("reservations", () => {
  test("have five kinds of keys", () => {
    const reservations = [
      PRINTER,
      { clientId: "FF01", address: "10.77.0.21" },
      { circuitId: "ge-0/0/1", address: "10.77.0.22" },
      { remoteId: "0x0A0b", address: "10.77.0.100" },
      { hostname: "Scale", address: "10.77.0.24" },
    ];
    const found = firstOf(office({ reservations })).reservations;
    expect(found.map(({ key }) => key)).toEqual([
      { kind: "client", client: Uint8Array.of(0, 1, 2, 0, 0x5e, 0x10, 0, 1) },
      { kind: "client", client: Uint8Array.of(1, 0xff, 1) },
      { kind: "circuit-id", bytes: new TextEncoder().encode("ge-0/0/1") },
      { kind: "remote-id", bytes: Uint8Array.of(10, 11) },
      { kind: "hostname", hostname: "scale" },
    ]);
  });

  test("may set all that a level may", () => {
    const more = { leaseSeconds: "infinite", boot: { file: "a" }, options: { "host-name": "p" } };
    const entry = nth(firstOf(office({ reservations: [{ ...PRINTER, ...more }] })).reservations, 0);
    expect(entry.leaseSeconds).toBe(0xffffffff);
    expect(entry.options.map(({ code, data }) => `${code}=${hex(data)}`)).toEqual(["12=70"]);
  });

  test.each([
    ["MAC, in other spelling", { mac: "02-00-5E-10-00-01" }, "mac"],
    ["MAC, as a client identifier", { clientId: "0102005E100001" }, "clientId"],
  ])("clash by %s", (_, key, setting) => {
    const found = issues(office({ reservations: [PRINTER, { ...key, address: "10.77.0.30" }] }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      new RegExp(`reservations\\[1\\]\\.${setting}: .* is already used by reservations\\[0\\]`),
    );
    expect(found[0]).toContain("(printer)");
  });

  test("clash by text and hex of the same bytes, and by host names in other case", () => {
    const reservations = [
      { circuitId: "ab", address: "10.77.0.20" },
      { circuitId: "0x6162", address: "10.77.0.21" },
      { remoteId: "ab", address: "10.77.0.22" },
      { hostname: "till", address: "10.77.0.23" },
      { hostname: "TILL", address: "10.77.0.24" },
    ];
    expect(issues(office({ reservations }))).toEqual([
      "config.json networks[0].reservations[1].circuitId: 0x6162 is already used by reservations[0]",
      "config.json networks[0].reservations[4].hostname: till is already used by reservations[3]",
    ]);
  });

  test("clash across networks that share a wire, and not across others", () => {
    const again = { ...PRINTER, address: "10.79.0.20" };
    const first = { ...OFFICE, reservations: [PRINTER] };
    const second = { ...MORE, reservations: [again] };
    expect(issues(networks([first, second]))).toEqual([
      "config.json networks[1].reservations[0].mac: 02:00:5e:10:00:01 is already used by networks[0].reservations[0] (printer)",
    ]);
    expect(issues(networks([first, { ...second, sharedWith: undefined }]))).toEqual([]);
  });

  test.each([
    ["the gateway", { gateway: "10.77.0.20" }, "is the gateway of this network"],
    [
      "a trusted server",
      { trustedServers: ["10.77.0.20"] },
      "another DHCP server, trustedServers[0]",
    ],
    ["a relay", { relays: ["10.77.0.20"] }, "is a relay, relays[0]"],
  ])("are not of %s", (_, network, reason) => {
    const found = issues(office({ ...network, reservations: [PRINTER] }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(
      `networks[0].reservations[0].address: 10.77.0.20 ${reason.startsWith("is") ? reason : `is ${reason}`}`,
    );
  });

  test.each([
    [{ address: "10.77.0.20", mac: PRINTER.mac, hostname: "a" }, "needs exactly one of"],
    [{ address: "10.77.0.20", hostname: "a.b" }, "is not a host name"],
    [{ address: "10.77.0.20", circuitId: "0x1" }, "hex digits in pairs"],
    [{ address: "10.77.0.20", circuitId: "" }, "must be 1 to 255 bytes"],
    [{ address: "10.78.0.20", hostname: "a" }, "outside 10.77.0.0/24"],
  ])("%j is refused", (entry, reason) => {
    expect(issues(office({ reservations: [entry] })).join()).toContain(reason);
  });
});

describe("networks on one wire", () => {
  const inBox = (more: object) => ({
    networks: { office: { interface: "lan0", address: "10.77.0.2/24" }, ...more },
  });

  test("take interface and server identifier of the first, which comes first", () => {
    const core = coreOf(networks([MORE, OFFICE]));
    expect(core.networks.map((one) => [one.name, one.segment, one.interfaceName])).toEqual([
      ["office", "office", "lan0"],
      ["more", "office", "lan0"],
    ]);
    const { ownAddress, serverId } = nth(core.networks, 1);
    expect([ownAddress, formatIpv4(serverId)]).toEqual([0, "10.77.0.2"]);
    expect(interfacesOf(core)).toEqual(["lan0"]);
  });

  test("may have addresses of their own", () => {
    const box = inBox({ more: { interface: "lan0", address: "10.79.0.2/24" } });
    const { ownAddress, serverId } = nth(coreOf(networks([OFFICE, MORE], box)).networks, 1);
    expect([ownAddress, serverId].map(formatIpv4)).toEqual(["10.79.0.2", "10.79.0.2"]);
  });

  test("are left to the other box together", () => {
    expect(coreOf(networks([OFFICE, MORE], { networks: {} })).networks).toEqual([]);
  });

  test("have one interface, and their first one in the box", () => {
    const port = { interface: "lan1", address: "10.79.0.2/24" };
    expect(issues(networks([OFFICE, MORE], inBox({ more: port })))).toEqual([
      'box.json networks.more.interface: lan1 is not lan0, the wire shared with "office"',
    ]);
    expect(issues(networks([OFFICE, MORE], { networks: { more: port } }))).toEqual([
      'box.json networks.more: shares the wire of "office", which is missing here',
    ]);
    const other = { interface: "lan0", address: "10.79.0.2/24" };
    const apart = { ...MORE, sharedWith: undefined };
    expect(issues(networks([OFFICE, apart], inBox({ more: other })))).toEqual([
      'box.json networks.more.interface: lan0 already serves "office"',
    ]);
  });

  test.each([
    [{ sharedWith: "attic" }, 'sharedWith: there is no network "attic"'],
    [{ sharedWith: "more" }, 'sharedWith: names the network itself (found "more")'],
    [{ relayed: true }, 'relayed: "office", which shares its wire, is not relayed (found true)'],
    [{ subnet: "10.77.0.0/25" }, "subnet: 10.77.0.0/25 overlaps 10.77.0.0/24 of networks[0]"],
  ])("%j is refused", (changes, reason) => {
    expect(issues(networks([OFFICE, { ...MORE, ...changes }]))).toEqual([
      `config.json networks[1].${reason}`,
    ]);
  });

  test("name the first of them, not each other", () => {
    const third = { name: "third", subnet: "10.81.0.0/24", pools: [], sharedWith: "more" };
    expect(issues(networks([OFFICE, MORE, third]))).toEqual([
      'config.json networks[2].sharedWith: "more" is itself shared with "office"; name that one',
    ]);
  });
});

describe("relayed networks", () => {
  test("have no interface and no address of the box", () => {
    const branch = nth(coreOf(networks([OFFICE, BRANCH])).networks, 1);
    expect(branch).toMatchObject({ interfaceName: "", ownAddress: 0, serverId: 0 });
  });

  test("are not in box.json, and need a way to the box", () => {
    const port = { branch: { interface: "lan1", address: "10.80.0.2/24" } };
    expect(issues(networks([OFFICE, BRANCH], { networks: port }))).toEqual([
      'box.json networks.branch: "branch" is relayed; no interface of this box is on it',
    ]);
    expect(issues(networks([OFFICE, BRANCH], { networks: {} }))).toEqual([
      'box.json networks: is empty, but relays of "branch" need an interface to reach',
    ]);
    expect(issues(networks([BRANCH], { networks: {}, role: "standby" }))).toEqual([]);
  });

  test("have relays that stand for them alone", () => {
    const relays = ["192.0.2.1", "10.77.0.9", "192.0.2.1"];
    const other = { ...BRANCH, name: "other", subnet: "10.82.0.0/24", relays: ["192.0.2.1"] };
    expect(issues(networks([OFFICE, { ...BRANCH, relays }, other]))).toEqual([
      "config.json networks[1].relays[1]: 10.77.0.9 is inside 10.77.0.0/24 of networks[0]",
      "config.json networks[1].relays[2]: 192.0.2.1 is already used by networks[1].relays[0]",
      "config.json networks[2].relays[0]: 192.0.2.1 is already used by networks[1].relays[0]",
    ]);
  });
});

describe("settings of a network", () => {
  test("reach the core under its names", () => {
    const network = firstOf(
      office(
        {
          rapidCommit: true,
          forceRenew: true,
          probe: false,
          watchServers: false,
          leasesPerPort: 3,
          keepForKnownPercent: 0,
          randomisedMacLeaseSeconds: 600,
          trustedServers: ["10.77.0.3"],
          deny: ["02:00:5E:00:00:01"],
          pools: [{ from: "10.77.0.100", to: "10.77.0.110", knownOnly: true }],
        },
        { deny: ["aa-bb"] },
      ),
    );
    expect(network).toMatchObject({
      rapidCommit: true,
      forceRenew: true,
      probe: false,
      watchServers: false,
      leasesPerCircuitMax: 3,
      keptForKnownPercent: 0,
      randomisedMacLeaseSeconds: 600,
      trustedServers: [0x0a4d0003],
      deny: [Uint8Array.of(0xaa, 0xbb), Uint8Array.of(2, 0, 0x5e, 0, 0, 1)],
    });
    expect(nth(network.pools, 0).isKnownOnly).toBe(true);
  });

  test("have the defaults of the document", () => {
    expect(firstOf(office({}))).toMatchObject({
      rapidCommit: false,
      forceRenew: false,
      probe: true,
      watchServers: true,
      leasesPerCircuitMax: 0,
      keptForKnownPercent: 5,
      randomisedMacLeaseSeconds: undefined,
    });
    expect(coreOf(office({})).leasequeryFrom).toEqual([]);
    const file = { leasequery: { from: ["10.77.0.9"] } };
    expect(coreOf(office({}, file)).leasequeryFrom.map(formatIpv4)).toEqual(["10.77.0.9"]);
  });

  test.each([
    [{ deny: ["02:0"] }, "deny[0]: is not a MAC or its first bytes, such as 02:00:5e"],
    [{ keepForKnownPercent: 101 }, "keepForKnownPercent: must be a whole number from 0 to 100"],
    [{ leasesPerPort: -1 }, "leasesPerPort: must be a whole number from 0 to 65535"],
    [{ probe: "yes" }, "probe: must be true or false"],
    [
      { pools: Array.from({ length: 65 }, () => nth(OFFICE.pools, 0)) },
      "may list 64 pools at most",
    ],
  ])("%j is refused", (network, reason) => {
    expect(issues(office(network))[0]).toContain(reason);
  });
});
