import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import { BOX, issues, OFFICE, office } from "./loading.ts";

describe("a good configuration", () => {
  test("becomes what the core works with", () => {
    const result = office({
      gateway: "10.77.0.1",
      dns: ["10.77.0.1"],
      domain: "office.example",
      leaseSeconds: 600,
      reservations: [{ mac: "02:00:5E:10:00:01", address: "10.77.0.20", name: "printer" }],
    });
    expect(issues(result)).toEqual([]);
    if (!("config" in result)) return;
    const network = result.config.core.networks[0];
    expect(network && formatIpv4(network.serverId)).toBe("10.77.0.2");
    expect(network?.maxLeaseSeconds).toBe(600);
    expect(network?.minLeaseSeconds).toBe(120);
    const client = Uint8Array.of(0, 1, 2, 0, 0x5e, 0x10, 0, 1);
    expect(network?.reservations.map((entry) => entry.key)).toEqual([{ kind: "client", client }]);
    const codes = network?.options.map((option) => `${option.code}=${hex(option.data)}`);
    expect(codes).toEqual([
      "1=ffffff00",
      "3=0a4d0001",
      "6=0a4d0001",
      `15=${hex(new TextEncoder().encode("office.example"))}`,
    ]);
  });

  test("defaults: twelve hours, authoritative, client identifiers heeded", () => {
    const result = office({});
    expect("config" in result && result.config.core.networks[0]).toMatchObject({
      leaseSeconds: 43_200,
      authoritative: true,
      ignoreClientId: false,
    });
  });

  test("a network without a port on this box is left to the other one", () => {
    const result = office({}, {}, { networks: {} });
    expect("config" in result && result.config.core.networks).toEqual([]);
  });
});

describe("all errors are named at once, with path and reason", () => {
  test("shapes in both files", () => {
    const result = loadConfig(
      { version: 2, networks: [{ ...OFFICE, subnet: "10.77.0.0", colour: "red" }] },
      { ...BOX, role: "boss" },
    );
    expect(issues(result)).toEqual([
      "config.json version: must be 1; this file is of another version (found 2)",
      'config.json networks[0].subnet: is not a network such as 192.168.1.0/24 (found "10.77.0.0")',
      "config.json networks[0].colour: is not a known setting",
      'box.json role: must be "serving" or "standby" (found "boss")',
    ]);
  });

  test("every setting that there is not, with the one that is meant where it is hardly misspelt", () => {
    const more = { leasSeconds: 600, rapid_commit: true, Probe: true, colour: "red" };
    const pools = [{ from: "10.77.0.1", to: "10.77.0.9", knowOnly: true }];
    expect(issues(office({ ...more, pools }, { deni: [] }, { http: { prot: 80 } }))).toEqual([
      "config.json networks[0].pools[0].knowOnly: is not a known setting; perhaps knownOnly is meant",
      "config.json networks[0].leasSeconds: is not a known setting; perhaps leaseSeconds is meant",
      "config.json networks[0].rapid_commit: is not a known setting; perhaps rapidCommit is meant",
      "config.json networks[0].Probe: is not a known setting; perhaps probe is meant",
      "config.json networks[0].colour: is not a known setting",
      "config.json deni: is not a known setting; perhaps deny is meant",
      "box.json http.prot: is not a known setting",
    ]);
  });

  test.each(["__proto__", "constructor", "prototype"])("nothing is passed over: %s", (name) => {
    const option = JSON.parse(`{"${name}": 1}`) as Record<string, unknown>;
    const port = JSON.parse(`{"${name}": {}}`) as Record<string, unknown>;
    const reason = "cannot be a name here; choose another one";
    expect(issues(office({ options: option }, {}, { networks: port }))).toEqual([
      `config.json networks[0].options.${name}: ${reason}`,
      `box.json networks.${name}: ${reason}`,
    ]);
    expect(issues(office(option))).toEqual([
      `config.json networks[0].${name}: is not a known setting`,
    ]);
  });

  test("a list in the place of an object, once", () => {
    const found = issues(office({ boot: [] }, { pair: ["x"] }, { networks: [], http: [1] }));
    expect(found).toEqual([
      "config.json networks[0].boot: must be an object, not a list",
      "config.json pair: must be an object, not a list",
      "box.json networks: must be an object, not a list",
      "box.json http: must be an object, not a list",
    ]);
    expect(issues(loadConfig([], BOX))).toEqual([
      "config.json (the whole file): must be an object, not a list",
    ]);
  });

  test("a missing setting is called missing", () => {
    const result = loadConfig({ version: 1, networks: [{ name: "x", subnet: "10.0.0.0/8" }] }, BOX);
    expect(issues(result)).toEqual(["config.json networks[0].pools: is missing"]);
  });

  test.each([
    ["a pool outside", { pools: [{ from: "10.76.0.1", to: "10.77.0.9" }] }, "outside 10.77.0.0/24"],
    ["a pool backwards", { pools: [{ from: "10.77.0.9", to: "10.77.0.1" }] }, "comes after"],
    [
      "pools that overlap",
      {
        pools: [
          { from: "10.77.0.10", to: "10.77.0.20" },
          { from: "10.77.0.20", to: "10.77.0.30" },
        ],
      },
      "overlaps pools[0] (10.77.0.10-10.77.0.20)",
    ],
    ["a gateway outside", { gateway: "10.1.1.1" }, "outside 10.77.0.0/24"],
    ["the broadcast address as gateway", { gateway: "10.77.0.255" }, "broadcast address"],
    ["too short a longest lease", { leaseSeconds: 600, maxLeaseSeconds: 300 }, "less than"],
    ["an option nobody knows", { options: { "warp-drive": 1 } }, "no DHCP option of this name"],
    ["an option of the wrong kind", { options: { "ntp-servers": "soon" } }, "ntp-servers"],
    [
      "a reservation of nobody",
      { reservations: [{ address: "10.77.0.9" }] },
      "needs exactly one of mac, clientId",
    ],
  ])("%s", (_, changes, reason) => {
    const found = issues(office(changes));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(reason);
  });

  test("a clash names the entry it clashes with", () => {
    const result = office({
      reservations: [
        { mac: "02:00:5e:10:00:01", address: "10.77.0.20", name: "printer" },
        { mac: "02:00:5E:10:00:01", address: "10.77.0.21" },
        { mac: "02:00:5e:10:00:02", address: "10.77.0.20" },
      ],
    });
    expect(issues(result)).toEqual([
      "config.json networks[0].reservations[1].mac: 02:00:5e:10:00:01 is already used by reservations[0] (printer)",
      "config.json networks[0].reservations[2].address: 10.77.0.20 is already used by reservations[0] (printer)",
    ]);
  });

  test("the box's own part must fit the shared part", () => {
    const result = office(
      { reservations: [{ mac: "02:00:5e:10:00:01", address: "10.77.0.2" }] },
      {},
      {
        networks: {
          office: { interface: "lan0", address: "10.77.0.2/16" },
          garden: { interface: "lan0", address: "10.78.0.2/24" },
        },
      },
    );
    expect(issues(result)).toEqual([
      'box.json networks.office.address: has the prefix /16, but the network is 10.77.0.0/24 (found "10.77.0.2/16")',
      'box.json networks.office.address: 10.77.0.2 is reserved by reservations[0] of "office"',
      'box.json networks.garden: config.json has no network named "garden"',
    ]);
  });

  test("networks may not overlap or share a name", () => {
    const shared = { version: 1, networks: [OFFICE, { ...OFFICE, subnet: "10.77.0.0/16" }] };
    expect(issues(loadConfig(shared, BOX))).toEqual([
      'config.json networks[1].name: "office" is also the name of networks[0]',
      "config.json networks[1].subnet: 10.77.0.0/16 overlaps 10.77.0.0/24 of networks[0]",
    ]);
  });

  test.each([null, 7, "text", [], { networks: 3 }])("%j never throws", (input) => {
    expect(issues(loadConfig(input, input)).length).toBeGreaterThan(0);
  });
});
