// What a change means for the boxes: gateway, pair, page and box.json; and what of a box it touches at all.

import { describe, expect, test } from "vitest";
import type { Files } from "../../daemon/config/consequences.ts";
import { BOX, change, filesOf, GUEST, LAN, leaseOf, lines, PARTNER } from "./consequence-scenes.ts";

const LAPTOP = leaseOf("192.168.1.70", "laptop");
const PAIRED = { ...BOX, pair: PARTNER };
const PAIR = { name: "office" };

function pair(settings: object, gateway?: object): Files {
  const more = gateway ? { gateway } : {};
  return filesOf({ pair: { ...PAIR, ...settings }, ...more }, PAIRED);
}

function told(before: Files, after: Files, leases = [LAPTOP]): string[] {
  return lines(change(before, after, leases));
}

describe("the gateway", () => {
  test("comes and goes", () => {
    expect(told(filesOf({}), filesOf({ gateway: {} }))).toEqual([
      "danger gateway-new gateway: The boxes take the gateway addresses (192.168.1.1): a router that has them now must have given them up before.",
    ]);
    expect(told(filesOf({ gateway: {} }), filesOf({}))).toEqual([
      "danger gateway-gone gateway: No box has the gateway addresses any more (192.168.1.1): devices that go out by way of them reach nothing outside of their LAN, unless another router takes them.",
      "warning page-moves networks[lan].gateway: Whoever opened this page at 192.168.1.1 does not find it there any more.",
    ]);
  });

  test("another address: devices, keepalived and the page", () => {
    const networks = [{ ...LAN, gateway: "192.168.1.254" }, GUEST];
    const after = filesOf({ networks, gateway: {} });
    expect(told(filesOf({ gateway: {} }), after)).toEqual([
      "danger router-changed networks[lan].gateway: Devices of lan are told the router 192.168.1.254 instead of 192.168.1.1. Devices learn it when they renew, the last by 2026-05-03 19:12 UTC. Until then they go by way of 192.168.1.1, which none of the boxes has any more: they reach nothing outside of their LAN.",
      "warning page-moves networks[lan].gateway: Whoever opened this page at 192.168.1.1 finds it at 192.168.1.254 then.",
      "info gateway-told gateway: The gateway takes its new settings in passing.",
    ]);
  });

  test("another LAN costs a moment, on a box of a pair or alone", () => {
    const box = {
      ...BOX,
      networks: { ...BOX.networks, guest: { interface: "lan1", address: "10.78.0.2/24" } },
    };
    const networks = [LAN, { ...GUEST, gateway: "10.78.0.1" }];
    const alone = told(filesOf({ gateway: {} }, box), filesOf({ gateway: {}, networks }, box), []);
    expect(alone).toContain(
      "warning gateway-moves gateway: The gateway is set up anew; it is away for about 300 milliseconds at the box that has it.",
    );
    const paired = { ...box, pair: PARTNER };
    const before = filesOf({ gateway: {}, pair: PAIR }, paired);
    expect(told(before, filesOf({ gateway: {}, pair: PAIR, networks }, paired), [])).toContain(
      "warning gateway-moves gateway: The gateway goes to the other box first; where that cannot be, it is away for about 300 milliseconds at the box that has it.",
    );
  });

  test("another router number, and another address towards the provider", () => {
    const [line] = told(filesOf({ gateway: {} }), filesOf({ gateway: { virtualRouterId: 9 } }));
    expect(line).toBe(
      "warning gateway-anew gateway.virtualRouterId: The gateway is known by another hardware address or router number: it is away for about 300 milliseconds at the box that has it, and for as long as the boxes do not both have the change they do not hear each other on the LANs.",
    );
    expect(told(filesOf({ gateway: {} }), filesOf({ gateway: { virtualMac: true } }))[0]).toContain(
      "gateway-anew gateway.virtualMac",
    );
    const wan = { address: "198.51.100.7/24", router: "198.51.100.1" };
    expect(told(filesOf({ gateway: {} }), filesOf({ gateway: { wan } }))).toEqual([
      "warning gateway-told gateway: The gateway takes its new settings in passing. The address towards the provider is 198.51.100.7/24 then: open connections to the Internet end.",
    ]);
  });
});

describe("the pair", () => {
  test.each([
    [
      { name: "home" },
      "pair-anew pair.name: The pair is called home instead of office: their session begins anew, and each box works alone until both have the change.",
    ],
    [
      { mode: "hot-standby" },
      "pair-shares pair.mode: The primary answers all devices, and the secondary only when the primary is gone. Free addresses change hands between the boxes.",
    ],
    [
      { primaryPercent: 80 },
      "pair-shares pair.mode: The boxes share new devices, 80 per cent for the primary. Free addresses change hands between the boxes.",
    ],
    [
      { mcltSeconds: 3600 },
      "pair-mclt pair.mcltSeconds: A box that is alone gives new devices 1 hour instead of 10 minutes at first. It counts from the next time at which the boxes begin their session.",
    ],
    [
      { safeSeconds: 60 },
      "pair-safe-time pair.safeSeconds: A partner that is silent on two wires counts as down after 1 minute, and its addresses are given out then.",
    ],
  ])("%o", (settings, line) => {
    expect(told(pair({}), pair(settings))).toEqual([`warning ${line}`]);
  });

  test("a person alone says who is down", () => {
    expect(told(pair({}), pair({ safeSeconds: 0 }))).toEqual([
      "info pair-safe-time pair.safeSeconds: A partner that is gone counts as down only when a person says so.",
    ]);
  });

  test("comes and goes", () => {
    const alone = filesOf({}, PAIRED);
    expect(told(pair({}), alone)).toEqual([
      "danger pair-gone pair: The boxes tell each other nothing of leases any more. If both go on serving, they may give one address to two devices.",
    ]);
    expect(told(alone, pair({}))).toEqual([
      "warning pair-new pair: The boxes keep one book of leases as the pair office. Until they have compared what they know, each is careful with addresses.",
    ]);
  });

  test("this box has the other part, or a dhcpd", () => {
    const addresses = { role: "primary", address: "192.168.1.2", partner: "192.168.1.3" };
    const isc = filesOf({ pair: { ...PAIR, protocol: "isc" } }, { ...BOX, pair: addresses });
    const tandem = filesOf({ pair: PAIR }, { ...BOX, pair: { ...addresses, role: "secondary" } });
    const said = told(isc, tandem).filter((line) => line.includes("pair-anew"));
    expect(said).toEqual([
      "warning pair-anew pair.protocol: The partner is spoken to in another protocol: their session begins anew, and each box works alone until both have the change.",
      "warning pair-anew pair.role: This box becomes the secondary of the pair: their session begins anew, and each box works alone until both have the change.",
    ]);
  });
});

describe("box.json, where a box is restored", () => {
  test("its addresses and ports", () => {
    const moved = { ...BOX, networks: { lan: { interface: "lan1", address: "192.168.1.3/24" } } };
    expect(told(filesOf({}), filesOf({}, moved))).toEqual([
      "warning page-moves box.json networks.lan: Whoever opened this page at 192.168.1.2 finds it at 192.168.1.3 then.",
      "warning own-ports-changed box.json networks: This box has other ports or addresses on 1 network (lan): devices that renew at an address that it had ask everybody, somewhat later.",
    ]);
  });

  test("its role", () => {
    const standby = filesOf({}, { ...BOX, role: "standby" });
    expect(told(filesOf({}), standby)).toEqual([
      "danger role-changed box.json role: This box answers no device any more.",
    ]);
    expect(told(standby, filesOf({}))).toEqual([
      "warning role-changed box.json role: This box answers devices from then on. No other server may do so beside it, unless they are a pair.",
    ]);
  });
});

describe("what is touched", () => {
  const touched = (before: Files, after: Files) => change(before, after).touched;
  const NOTHING = { networks: [], gateway: false, pair: false, page: false };

  test("only what changed", () => {
    const before = pair({}, {});
    expect(touched(before, before)).toEqual(NOTHING);
    expect(
      touched(
        before,
        filesOf({ pair: PAIR, gateway: {}, networks: [LAN, { ...GUEST, probe: false }] }, PAIRED),
      ),
    ).toEqual({
      ...NOTHING,
      networks: ["guest"],
    });
    expect(touched(before, pair({}, { advertMilliseconds: 200 }))).toEqual({
      ...NOTHING,
      gateway: true,
    });
    expect(touched(before, pair({ mcltSeconds: 900 }, {}))).toEqual({ ...NOTHING, pair: true });
  });

  test("a class, or what all networks share, is about each of them", () => {
    const classes = [{ name: "phones", match: { mac: "02:00:5e" } }];
    expect(touched(filesOf({}), filesOf({ classes })).networks).toEqual(["lan", "guest"]);
    expect(touched(filesOf({}), filesOf({ leaseSeconds: 600 })).networks).toEqual(["lan", "guest"]);
  });

  test("networks that come and go, and where the page is", () => {
    expect(touched(filesOf({}), filesOf({ networks: [LAN] })).networks).toEqual(["guest"]);
    const moved = { ...BOX, networks: { lan: { interface: "lan0", address: "192.168.1.3/24" } } };
    expect(touched(filesOf({}), filesOf({}, moved))).toMatchObject({
      page: true,
      networks: ["lan"],
    });
    expect(touched(filesOf({}), filesOf({}, { ...BOX, http: { port: 80 } })).page).toBe(true);
  });
});
