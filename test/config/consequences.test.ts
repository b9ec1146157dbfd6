// What people are told before a change comes into force: each kind of consequence, and what holds for all.

import { describe, expect, test } from "vitest";
import { FOREVER_SECONDS } from "../../daemon/core/config-view.ts";
import { change, filesOf, GUEST, LAN, leaseOf, lines, told } from "./consequence-scenes.ts";

const PRINTER = leaseOf("192.168.1.60", "printer");
const LAPTOP = leaseOf("192.168.1.70", "laptop");
const NAMELESS = leaseOf("192.168.1.71");
const PHONE = leaseOf("10.78.0.10", "phone");

describe("networks", () => {
  test("one that goes away, with those that have an address there", () => {
    const leases = [PHONE, leaseOf("10.78.0.11"), leaseOf("10.78.0.12"), leaseOf("10.78.0.13")];
    expect(told({ networks: [LAN] }, leases)).toEqual([
      "danger network-gone networks[guest]: The network guest (10.78.0.0/24) goes away: 4 devices with an address there will find no server that renews it (10.78.0.10 phone, 10.78.0.11 00:00:5e:00:00:0b, 10.78.0.12 00:00:5e:00:00:0c and 1 more). They keep them until 2026-05-03 19:12 UTC at the latest.",
    ]);
    expect(told({ networks: [LAN] }, [PRINTER])).toEqual([
      "warning network-gone networks[guest]: The network guest (10.78.0.0/24) goes away: no device has an address there now.",
    ]);
  });

  test("one that has ended is nobody's loss", () => {
    const ended = leaseOf("10.78.0.10", "phone", { state: "expired" });
    expect(told({ networks: [LAN] }, [ended]).join()).toContain("no device");
  });

  test("new ones, with whose they are", () => {
    const cafe = { name: "cafe", subnet: "10.79.0.0/24", pools: [] };
    expect(
      told({
        networks: [
          LAN,
          GUEST,
          cafe,
          { ...cafe, name: "branch", subnet: "10.80.0.0/24", relayed: true },
        ],
      }),
    ).toEqual([
      "info network-new networks[cafe]: The network cafe is new; no port of this box is on it in box.json, so it is left to the other box.",
      "info network-new networks[branch]: The network branch is new; this box serves it.",
    ]);
  });

  test("another name is no other network", () => {
    expect(told({ networks: [LAN, { ...GUEST, name: "visitors" }] }, [PHONE])).toEqual([
      "info network-renamed networks[visitors].name: The network guest is called visitors from then on. Its devices keep their addresses.",
    ]);
  });

  test("another subnet", () => {
    const moved = {
      ...GUEST,
      subnet: "10.79.0.0/24",
      pools: [{ from: "10.79.0.10", to: "10.79.0.19" }],
    };
    expect(told({ networks: [LAN, moved] }, [PHONE])).toEqual([
      "danger subnet-changed networks[guest].subnet: The network guest is 10.79.0.0/24 instead of 10.78.0.0/24. 1 device cannot keep the address that it has, and may be out of reach until it asks again (10.78.0.10 phone).",
    ]);
    expect(told({ networks: [LAN, { ...GUEST, subnet: "10.78.0.0/16" }] }, [PHONE])).toEqual([
      "warning subnet-changed networks[guest].subnet: The network guest is 10.78.0.0/16 instead of 10.78.0.0/24. Every device keeps its address.",
    ]);
  });
});

function lan(changes: object, leases = [PRINTER, LAPTOP, NAMELESS]): string[] {
  return told({ networks: [{ ...LAN, ...changes }, GUEST] }, leases);
}

describe("pools", () => {
  test("devices outside of them", () => {
    expect(lan({ pools: [{ from: "192.168.1.50", to: "192.168.1.65" }] })).toEqual([
      "warning leases-outside-pools networks[lan].pools: 2 leases fall outside the pools that lan has then: those devices get another address at the next renewal (192.168.1.70 laptop, 192.168.1.71 00:00:5e:00:00:47).",
    ]);
    expect(lan({ pools: [{ from: "192.168.1.60", to: "192.168.1.70" }] })).toEqual([
      "warning leases-outside-pools networks[lan].pools: 1 lease falls outside the pools that lan has then: that device gets another address at the next renewal (192.168.1.71 00:00:5e:00:00:47).",
    ]);
  });

  test("a device with a reservation of its own is not outside", () => {
    const reservations = [{ mac: "00:00:5e:00:00:47", address: "192.168.1.71" }];
    expect(lan({ pools: [{ from: "192.168.1.50", to: "192.168.1.70" }], reservations })).toEqual(
      [],
    );
  });

  test("a reservation that goes leaves its device outside", () => {
    const reserved = filesOf({
      networks: [{ ...LAN, reservations: [{ mac: "00:00:5e:00:00:14", address: "192.168.1.20" }] }],
    });
    const scanner = leaseOf("192.168.1.20", "scanner");
    const [line] = lines(change(reserved, filesOf({ networks: [LAN] }), [scanner]));
    expect(line).toMatch(/^warning leases-outside-pools .*192\.168\.1\.20 scanner/);
  });

  test("fewer addresses than devices, counted for the whole wire", () => {
    const few = [{ from: "192.168.1.70", to: "192.168.1.71" }];
    expect(lan({ pools: few })[0]).toBe(
      "danger too-few-addresses networks[lan].pools: The pools of lan have room for 2 devices then, and 3 have an address there now: 1 of them will be left without.",
    );
    const more = { name: "more", subnet: "10.79.0.0/24", sharedWith: "lan" };
    const shared = { ...more, pools: [{ from: "10.79.0.10", to: "10.79.0.19" }] };
    const lanLeases = [PRINTER, LAPTOP, NAMELESS];
    const after = told({ networks: [{ ...LAN, pools: few }, GUEST, shared] }, lanLeases);
    expect(after.join()).not.toContain("too-few-addresses");
  });

  test("an address that is reserved is no room for others", () => {
    const reservations = [{ mac: "02:00:00:00:00:09", address: "192.168.1.52" }];
    const pools = [{ from: "192.168.1.50", to: "192.168.1.52" }];
    expect(lan({ pools, reservations })[0]).toContain("have room for 2 devices then, and 3 have");
  });

  test("a pool that is for others now", () => {
    const classes = [{ name: "phones", match: { vendorClass: "AcmePhone*" } }];
    const acme = leaseOf("192.168.1.72", "desk-phone", { vendorClass: "AcmePhone 2" });
    const silent = leaseOf("192.168.1.73", "unknown");
    const laptop = { ...LAPTOP, vendorClass: "MSFT 5.0" };
    const networks = [{ ...LAN, pools: [{ ...LAN.pools[0], allow: ["phones"] }] }, GUEST];
    expect(told({ classes, networks }, [acme, silent, laptop])).toEqual([
      "warning pool-for-others networks[lan].pools: 1 device of lan may not stay in its pool, and gets an address of another one, if there is any, at the next renewal (192.168.1.70 laptop).",
    ]);
    const known = [{ ...LAN, pools: [{ ...LAN.pools[0], knownOnly: true }] }, GUEST];
    expect(told({ networks: known }, [acme, silent]).join()).toContain(
      "2 devices of lan may not stay",
    );
  });
});

describe("reservations", () => {
  test("of an address that another device has", () => {
    const reservations = [
      { mac: "02:00:00:00:00:01", address: "192.168.1.70", name: "plotter" },
      { clientId: "ff0011", address: "192.168.1.71" },
      { circuitId: "port 4", address: "192.168.1.60" },
    ];
    const forGood = { ...NAMELESS, chaddr: Uint8Array.of(), leaseSeconds: FOREVER_SECONDS };
    expect(lan({ reservations }, [PRINTER, LAPTOP, forGood])).toEqual([
      "warning reserved-address-in-use networks[lan].reservations[192.168.1.70]: The address 192.168.1.70 is reserved for plotter, but laptop has it now, until 2026-05-03 19:12 UTC at the latest: that device gets another address at its next renewal, and the reservation counts from then on.",
      "warning reserved-address-in-use networks[lan].reservations[192.168.1.71]: The address 192.168.1.71 is reserved for another device, but another device has it now: that device gets another address at its next renewal, and the reservation counts from then on.",
    ]);
  });

  test("of a device that has another address", () => {
    const reservations = [
      { mac: "00-00-5E-00-00-46", address: "192.168.1.20" },
      { clientId: "0100005e00003c", address: "192.168.1.21" },
      { hostname: "Desk", address: "192.168.1.22" },
    ];
    const desk = leaseOf("192.168.1.80", "desk");
    expect(lan({ reservations }, [PRINTER, LAPTOP, NAMELESS, desk])).toEqual([
      "info devices-move-to-reservations networks[lan].reservations: 3 devices of lan move to the reserved address at the next renewal (192.168.1.60 printer to 192.168.1.21, 192.168.1.70 laptop to 192.168.1.20, 192.168.1.80 desk to 192.168.1.22).",
    ]);
  });

  test("of the device that has the address there is nothing to say", () => {
    const reservations = [{ mac: "00:00:5e:00:00:46", address: "192.168.1.70" }];
    expect(lan({ reservations })).toEqual([]);
  });
});

describe("known devices that are refused", () => {
  test("by their hardware address, here or everywhere", () => {
    expect(lan({ deny: ["00:00:5e:00:00:46"] })).toEqual([
      "danger known-devices-refused networks[lan].deny: 1 device of lan that has an address now will be refused for the hardware address, and loses it when the lease ends (192.168.1.70 laptop).",
    ]);
    expect(told({ deny: ["00:00:5e"] }, [LAPTOP, PHONE])).toHaveLength(2);
  });

  test("by a class, as far as a lease tells who is in it", () => {
    const classes = [
      { name: "acme", match: { all: [{ vendorClass: "Acme*" }, { not: { hostname: "desk*" } }] } },
      { name: "printers", match: { mac: "00:00:5e:00:00:3c", network: "lan" }, deny: true },
      { name: "cameras", match: { class: "acme", randomisedMac: false }, deny: true },
      { name: "relayed", match: { circuitId: "*" }, deny: true },
      { name: "ids", match: { clientId: "0x01aa*" }, deny: true },
    ];
    const camera = leaseOf("192.168.1.61", "door", { vendorClass: "Acme Cam" });
    const desk = leaseOf("192.168.1.62", "desk-1", { vendorClass: "Acme Phone" });
    const silent = leaseOf("192.168.1.63", "silent");
    const byId = leaseOf("192.168.1.64", "id", { client: Uint8Array.of(1, 1, 0xaa, 7) });
    expect(told({ classes }, [PRINTER, camera, desk, silent, byId])).toEqual([
      "danger known-devices-refused classes: 3 devices of lan that have an address now will be refused for a class, and lose them when the lease ends (192.168.1.60 printer, 192.168.1.61 door, 192.168.1.64 id).",
    ]);
  });

  test("of a class that they are in already nothing is said", () => {
    const classes = [{ name: "printers", match: { mac: "00:00:5e:00:00:3c" }, deny: true }];
    const before = filesOf({ classes });
    const after = filesOf({
      classes: [...classes, { name: "none", match: { mac: "fe" }, deny: true }],
    });
    expect(lines(change(before, after, [PRINTER]))).toEqual([]);
  });
});

describe("what devices are told", () => {
  test("the router, with how long they go by way of the old one", () => {
    expect(lan({ gateway: "192.168.1.254" }, [LAPTOP])).toEqual([
      "warning router-changed networks[lan].gateway: Devices of lan are told the router 192.168.1.254 instead of 192.168.1.1. Devices learn it when they renew, the last by 2026-05-03 19:12 UTC. Until then they go by way of 192.168.1.1.",
    ]);
    const { gateway: _, ...without } = LAN;
    const none = told({ networks: [without, GUEST] }, [
      { ...LAPTOP, leaseSeconds: FOREVER_SECONDS },
    ]);
    expect(none).toEqual([
      "warning router-changed networks[lan].gateway: Devices of lan are told no router instead of 192.168.1.1. 1 device with a lease without an end will not ask again before being started anew (192.168.1.70 laptop). Until then they go by way of 192.168.1.1.",
    ]);
  });

  test("the name servers", () => {
    expect(lan({ dns: ["192.168.1.1", "9.9.9.9"] }, [LAPTOP])).toEqual([
      "warning dns-changed networks[lan].dns: Devices of lan are told to ask 192.168.1.1, 9.9.9.9 for names instead of 192.168.1.1. Devices learn it when they renew, the last by 2026-05-03 19:12 UTC.",
    ]);
    expect(lan({ dns: [] }, [])).toEqual([
      "warning dns-changed networks[lan].dns: Devices of lan are told to ask no server for names instead of 192.168.1.1.",
    ]);
  });

  test("other options, wherever they are set", () => {
    const options = { "ntp-servers": ["192.168.1.9"], "option-224": "0a" };
    expect(told({ options, networks: [LAN] }, [LAPTOP]).slice(1)).toEqual([
      "info options-changed networks[lan].options: Devices of lan are told otherwise: ntp-servers, option-224. Devices learn it when they renew, the last by 2026-05-03 19:12 UTC.",
    ]);
    const pools = [{ ...LAN.pools[0], options }];
    expect(lan({ pools })).toEqual([
      "info some-devices-told-otherwise networks[lan]: Some devices of lan are told other options or lease times when they renew, by their pool, reservation or class.",
    ]);
  });

  test("what machines start", () => {
    expect(lan({ boot: { file: "ipxe.efi" } })).toEqual([
      "info boot-changed networks[lan].boot: Machines of lan that start over the network get another file, or another server, at their next start.",
    ]);
  });

  test.each([
    [
      3600,
      "warning leases-much-shorter networks[lan].leaseSeconds: Leases of lan last 1 hour instead of 12 hours: devices ask 12 times as often. The last of the leases that run now ends by 2026-05-03 19:12 UTC.",
    ],
    [
      21_600,
      "info leases-shorter networks[lan].leaseSeconds: Leases of lan last 6 hours instead of 12 hours. The last of the leases that run now ends by 2026-05-03 19:12 UTC.",
    ],
    [
      86_400,
      "info leases-longer networks[lan].leaseSeconds: Leases of lan last 1 day instead of 12 hours.",
    ],
    [
      604_800,
      "warning leases-much-longer networks[lan].leaseSeconds: Leases of lan last 7 days instead of 12 hours: a device that is gone keeps its address for so long, and a change is learned after up to half of that.",
    ],
    [
      "infinite",
      "warning leases-much-longer networks[lan].leaseSeconds: Leases of lan last without an end instead of 12 hours: a device that is gone keeps its address, and changes are learned only by a device that is started anew.",
    ],
  ])("leases of %s seconds", (leaseSeconds, line) => {
    expect(lan({ leaseSeconds }, [LAPTOP])).toEqual([line]);
  });

  test("leases that had no end", () => {
    const before = filesOf({ networks: [{ ...LAN, leaseSeconds: "infinite" }] });
    expect(lines(change(before, filesOf({ networks: [LAN] })))).toEqual([
      "warning leases-much-shorter networks[lan].leaseSeconds: Leases of lan last 12 hours instead of without an end: devices ask again and again from then on.",
    ]);
  });
});
