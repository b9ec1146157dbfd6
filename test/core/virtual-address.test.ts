// An address that either box may have: as whom and from where a box answers, and what becomes of clients when it is
// given to a pair, or taken away.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import type { CoreConfig } from "../../daemon/core/config-view.ts";
import { buildArp } from "../../daemon/wire/arp.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { bytes, type ClientMessage, macBytes } from "../support/client-frame.ts";
import {
  ACK,
  address,
  CoreBench,
  DISCOVER,
  NAK,
  network,
  OFFER,
  RELEASE,
  REQUEST,
  repliesIn,
} from "../support/core-bench.ts";
import {
  answer,
  clientOf,
  cores,
  lease,
  ONE_SERVER,
  select,
  VIRTUAL,
} from "../support/one-server.ts";
import { pairedConfig } from "../support/pair-config.ts";
import { judgeAllSent } from "../support/sent.ts";
import { only, type PairedBox, TwoCores } from "../support/two-cores.ts";

judgeAllSent();

const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const SECOND = 1000;

describe("a relay", () => {
  const RELAY = { giaddr: "10.77.0.9", sourceIp: "10.77.0.9", sourceMac: "02:00:00:00:00:99" };

  test("that knows both boxes gets one answer, from the box's own address", () => {
    const two = cores();
    for (const role of ROLES) {
      const box = two.box(role);
      const mac = clientOf(role);
      const to = (one: PairedBox) => ({ ...RELAY, destinationIp: one.ownAddress });
      const send = (message: ClientMessage) => {
        for (const one of two.boxes) one.receive({ ...message, ...to(one) });
        two.settle();
        return only(two.answers());
      };
      const offer = send({ type: DISCOVER, mac });
      const ack = send(select(mac, offer.reply.yiaddr));
      for (const { reply } of [offer, ack]) {
        expect(reply).toMatchObject({ sourceIp: box.ownAddress, destinationIp: RELAY.giaddr });
        expect(reply.option(54)).toEqual([10, 77, 0, 1]);
      }
      expect([offer.role, ack.role, ack.reply.type]).toEqual([role, role, ACK]);
    }
  });

  test("that knows the address that moves is answered by whoever has it, whosever the client is", () => {
    for (const holder of ROLES) {
      const two = cores();
      for (const role of ROLES) {
        const mac = clientOf(role);
        const via = { ...RELAY, destinationIp: VIRTUAL };
        const offer = answer(two, two.box(holder), { type: DISCOVER, mac, ...via });
        expect(offer).toMatchObject({ type: OFFER, sourceIp: VIRTUAL });
        two.box(holder).receive(select(mac, offer?.yiaddr ?? "", via));
        two.settle();
        expect(only(two.answers())).toMatchObject({ role: holder, reply: { type: ACK } });
      }
    }
  });

  test("RFC 5107 §4: that stands for the server names itself to clients, and one box answers them", () => {
    const two = cores();
    const override = { 82: bytes(11, 4, 10, 77, 0, 9) };
    for (const role of ROLES) {
      const mac = clientOf(role);
      const held = lease(two, mac);
      for (const wanted of [held, "192.0.2.1"]) {
        const options = { 50: address(wanted), 54: address(RELAY.giaddr), ...override };
        const { reply, role: by } = only(two.broadcast({ type: REQUEST, mac, ...RELAY, options }));
        expect(by).toBe(role);
        expect([reply.type, reply.option(54)]).toEqual([
          wanted === held ? ACK : NAK,
          [10, 77, 0, 9],
        ]);
      }
    }
  });
});

describe("a reply with the address as its server identifier", () => {
  const STRANGER = "02:00:5e:00:00:66";
  const hear = (box: CoreBench, sourceMac: string, server = VIRTUAL) => {
    const reply = { op: 2, type: OFFER, yiaddr: "10.77.0.99", destinationPort: 68, sourceMac };
    box.frameOf({ ...reply, mac: "02:00:00:00:00:0a", options: { 54: address(server) } });
    return box.conditions().filter((one) => one.startsWith("rogue"));
  };

  test("is the partner's, by its MAC", () => {
    const two = cores();
    for (const box of two.boxes) expect(hear(box, two.otherThan(box).mac)).toEqual([]);
  });

  test("is a stranger's with any other MAC, in a pair and alone", () => {
    const { primary } = cores();
    expect(hear(primary, STRANGER)).toEqual(["rogue-server office"]);
    expect(hear(new CoreBench([network(ONE_SERVER)]), STRANGER)).toEqual(["rogue-server office"]);
    // An own address that does not move cannot be the partner's; it has always been let pass.
    expect(hear(new CoreBench([network(ONE_SERVER)]), STRANGER, "10.77.0.2")).toEqual([]);
  });

  test("is not held against a partner that has not said yet who it is", () => {
    const two = new TwoCores({}, ONE_SERVER);
    const { primary, secondary } = two;
    expect(hear(primary, secondary.mac)).toEqual([]);
    two.connect();
    two.pass(5 * SECOND);
    expect(hear(primary, secondary.mac)).toEqual([]);
    expect(hear(primary, STRANGER)).toEqual(["rogue-server office"]);
  });

  test("of a partner that was given the address first is forgiven as soon as it says who it is", () => {
    const two = new TwoCores();
    expect(hear(two.primary, two.secondary.mac)).toEqual(["rogue-server office"]);
    two.connect();
    two.pass(5 * SECOND);
    expect(hear(two.primary, two.secondary.mac)).toEqual([]);
  });
});

test("an ARP claim of the address is no conflict with a client", () => {
  const bench = new CoreBench([network({ ...ONE_SERVER, probe: true })]);
  bench.frameOf({ type: DISCOVER, mac: "02:00:00:00:00:0a" });
  const senderMac = macBytes("02:00:5e:00:00:f3");
  const target = { targetMac: new Uint8Array(6), targetIp: ipv4(VIRTUAL) };
  bench.frame(buildArp(senderMac, { operation: 1, senderMac, senderIp: ipv4(VIRTUAL), ...target }));
  bench.monotonic += 101;
  const offers = repliesIn(bench.step({ kind: "alarm" }));
  expect(offers.map(({ type }) => type)).toEqual([OFFER]);
  expect(bench.core.poolCounts(0, 0).abandoned).toBe(0);
});

describe("a configuration that gives both boxes one address, or takes it away", () => {
  const apply = (two: TwoCores, role: FailoverRole, isVirtual: boolean) => {
    const own = ipv4(two.box(role).ownAddress);
    const changes = { ownAddress: own, serverId: isVirtual ? ipv4(VIRTUAL) : own };
    const config: CoreConfig = pairedConfig([network(changes)], role);
    two.box(role).step({ kind: "config", config });
  };

  test("renewals and goodbyes to the own address go on being answered", () => {
    const two = TwoCores.inStep();
    const held = new Map<string, string>();
    for (const role of ROLES) {
      const mac = clientOf(role);
      const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
      const options = { 50: address(reply.yiaddr), 54: address(two.box(role).ownAddress) };
      only(two.broadcast({ type: REQUEST, mac, options }));
      held.set(mac, reply.yiaddr);
    }
    for (const role of ROLES) apply(two, role, true);
    for (const role of ROLES) {
      const box = two.box(role);
      const mac = clientOf(role);
      const ciaddr = held.get(mac) ?? "";
      const { ownAddress } = box;
      box.receive({ type: REQUEST, mac, ciaddr, destinationIp: ownAddress });
      two.settle();
      const { reply } = only(two.answers());
      expect(reply).toMatchObject({ type: ACK, yiaddr: ciaddr, sourceIp: ownAddress });
      // It knows the new one by that.
      expect(reply.option(54)).toEqual([10, 77, 0, 1]);
      const options = { 54: address(ownAddress) };
      box.receive({ type: RELEASE, mac, ciaddr, destinationIp: ownAddress, options });
      two.settle();
      expect(box.at(ciaddr)?.state).not.toBe("active");
    }
  });

  test.each(ROLES)(
    "an offer made before is taken after, by whichever name, from the %s",
    (role) => {
      for (const isVirtual of [true, false]) {
        const two = TwoCores.inStep({}, isVirtual ? {} : ONE_SERVER);
        const mac = clientOf(role);
        const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
        const server = isVirtual ? two.box(role).ownAddress : VIRTUAL;
        for (const one of ROLES) apply(two, one, isVirtual);
        const options = { 50: address(reply.yiaddr), 54: address(server) };
        // The second time both know the lease, and either could answer.
        for (const xid of [1, 2]) {
          const ack = only(two.broadcast({ type: REQUEST, mac, options, xid }));
          expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: reply.yiaddr } });
        }
      }
    },
  );

  test("an address that was given up long ago names another server", () => {
    const two = TwoCores.inStep({}, ONE_SERVER);
    for (const role of ROLES) apply(two, role, false);
    two.pass(31 * SECOND);
    const { primary, secondary } = two.broadcast(select(clientOf("primary"), "10.77.0.20"));
    expect([primary, secondary]).toEqual([undefined, undefined]);
    for (const box of two.boxes) expect(box.refused()["other-server"]).toBe(1);
  });
});

describe("a box that works alone", () => {
  const A = "02:00:00:00:00:0a";
  const alone = () => new CoreBench([network(ONE_SERVER)]);

  test("serves a client by the address that moves, and answers there what was sent there", () => {
    const bench = alone();
    const offer = bench.discover(A);
    const ack = bench.select(A, offer?.yiaddr ?? "", VIRTUAL);
    for (const reply of [offer, ack]) {
      expect(reply?.option(54)).toEqual([10, 77, 0, 1]);
      expect(reply?.sourceIp).toBe("10.77.0.2");
    }
    const held = ack?.yiaddr ?? "";
    const renewed = bench.renew(A, held, { destinationIp: VIRTUAL });
    expect(renewed).toMatchObject({ type: ACK, sourceIp: VIRTUAL });
    expect(bench.renew(A, held)).toMatchObject({ type: ACK, sourceIp: "10.77.0.2" });
  });

  test("does not take a frame to everybody for one that was sent to the address", () => {
    const bench = alone();
    const destinationMac = "ff:ff:ff:ff:ff:ff";
    const offer = bench.discover(A, { destinationIp: VIRTUAL, destinationMac });
    expect(offer?.sourceIp).toBe("10.77.0.2");
  });

  test("gives the address to no client, be it in a pool", () => {
    const bench = new CoreBench([network({ ...ONE_SERVER, pool: [VIRTUAL, "10.77.0.3"] })]);
    const wanted = { options: { 50: address(VIRTUAL) } };
    expect(bench.discover(A, wanted)?.yiaddr).toBe("10.77.0.3");
    expect(bench.select(A, VIRTUAL, VIRTUAL)?.type).toBe(NAK);
    expect(bench.reboot(A, VIRTUAL)?.type).toBe(NAK);
  });
});
