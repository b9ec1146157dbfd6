// The virtual addresses in config.json: what they become, and what cannot stand together.

import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { firstOf, issues, office } from "./loading.ts";

const GATEWAY = { gateway: "10.77.0.1" };
const WAN = { address: "10.79.0.1/24", router: "10.79.0.9" };

const problems = (gateway: object, network: object = GATEWAY, file = {}, box = {}): string[] =>
  issues(office({ ...network }, { gateway, ...file }, box));

describe("the server identifier", () => {
  const idOf = (network: object, file: object): string =>
    formatIpv4(firstOf(office({ ...network }, { ...file })).serverId);

  test("is the virtual address where there is one", () => {
    expect(idOf(GATEWAY, { gateway: {} })).toBe("10.77.0.1");
  });

  test("is the box's own where the router is another machine", () => {
    expect(idOf(GATEWAY, {})).toBe("10.77.0.2");
  });
});

test("has defaults for all that need not be said", () => {
  const result = office(GATEWAY, { gateway: {} });
  expect("config" in result && result.config.shared.gateway).toEqual({
    advertMilliseconds: 100,
    virtualRouterId: 51,
    virtualMac: false,
    targets: [],
    releaseAfterSeconds: 15,
  });
});

test("takes every setting over", () => {
  const said = {
    advertMilliseconds: 50,
    virtualRouterId: 249,
    virtualMac: true,
    wan: WAN,
    targets: ["1.1.1.1"],
    preferPrimaryAfterSeconds: 300,
    releaseAfterSeconds: 60,
  };
  const result = office(GATEWAY, { gateway: said });
  expect("config" in result && result.config.shared.gateway).toEqual(said);
});

describe("what cannot be used is named", () => {
  test.each([
    [{ advertMilliseconds: 40 }, "advertMilliseconds: must be a whole number of milliseconds from"],
    [{ advertMilliseconds: 55 }, "advertMilliseconds: must be a multiple of 10"],
    [{ virtualRouterId: 250 }, "virtualRouterId: must be a whole number from 1 to 249"],
    [{ releaseAfterSeconds: 4 }, "releaseAfterSeconds: must be a whole number of seconds from"],
    [{ targets: Array(9).fill("1.1.1.1"), wan: WAN }, "targets: may list 8 addresses at most"],
    [{ targets: ["1.1.1.1"] }, "targets: are asked by way of gateway.wan, which is missing"],
    [{ wan: { ...WAN, router: "10.79.1.9" } }, "wan.router: 10.79.1.9 is outside 10.79.0.1/24"],
    [{ wan: { ...WAN, router: "10.79.0.1" } }, "wan.router: 10.79.0.1 is gateway.wan.address"],
    [{ wan: { ...WAN, address: "10.79.0.0/24" } }, "wan.address: 10.79.0.0 is the address of the"],
    [
      { wan: { address: "10.77.0.77/16", router: "10.77.0.9" } },
      'wan.address: 10.77.0.77/16 overlaps 10.77.0.0/24 of "office"',
    ],
  ])("%j: %s", (gateway, text) => {
    const found = problems(gateway);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`config.json gateway.${text}`);
  });

  test.each([
    [{ gateway: undefined }, "gateway: has no address: no network of a LAN has a gateway"],
    [
      { gateway: "10.77.0.150" },
      "networks[0].gateway: 10.77.0.150 is inside pools[0] (10.77.0.100",
    ],
    [
      { ...GATEWAY, reservations: [{ mac: "02:00:00:00:00:01", address: "10.77.0.1" }] },
      "networks[0].gateway: 10.77.0.1 is reserved by reservations[0]",
    ],
  ])("%j: %s", (network, text) => {
    expect(problems({}, network)).toContainEqual(expect.stringContaining(`config.json ${text}`));
  });

  test("a box of its own cannot have an address that moves", () => {
    const networks = { office: { interface: "lan0", address: "10.77.0.1/24" } };
    expect(problems({}, GATEWAY, {}, { networks })).toEqual([
      "box.json networks.office.address: 10.77.0.1 is the gateway, which moves between the boxes",
    ]);
  });

  test("interfaces whose names keepalived cannot tell apart", () => {
    const networks = {
      office: { interface: "br.lan", address: "10.77.0.2/24" },
      guests: { interface: "br_lan", address: "10.78.0.2/24" },
    };
    expect(problems({}, GATEWAY, {}, { networks })).toContain(
      "box.json networks.guests.interface: br_lan and br.lan are one name to keepalived",
    );
  });

  test("a dhcpd has no virtual addresses", () => {
    const pair = { name: "office", protocol: "isc" };
    const box = { pair: { role: "primary", address: "10.99.0.1", partner: "10.99.0.2" } };
    expect(problems({}, GATEWAY, { pair }, box)).toEqual([
      "config.json gateway: cannot be shared with a dhcpd (see pair.protocol)",
    ]);
  });
});
