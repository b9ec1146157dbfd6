// A person works on this box: its LANs are closed, it says so to its partner, which answers all of their clients, and
// that is so until the work is done.

import { describe, expect, test } from "vitest";
import { ipv4, prefixMask } from "../../daemon/base/address.ts";
import { lanHealthOf } from "../../daemon/core/core-views.ts";
import { bucketOf } from "../../daemon/core/failover/load-balance.ts";
import { LIMITS } from "../../daemon/limits.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { type ClientMessage, macBytes } from "../support/client-frame.ts";
import {
  ACK,
  address,
  CoreBench,
  DISCOVER,
  network,
  OFFER,
  REQUEST,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { only, type PairedBox, TwoCores } from "../support/two-cores.ts";

judgeAllSent();

const MAC = "02:00:5e:00:00:01";
const GUESTS_SUBNET = { address: ipv4("10.78.0.0"), prefix: 24, mask: prefixMask(24) };
const GUESTS = network({
  ...{ name: "guests", interfaceName: "lan1", subnet: GUESTS_SUBNET },
  pool: ["10.78.0.100", "10.78.0.199"],
});

function work(bench: CoreBench, isOn: boolean): void {
  bench.step({ kind: "maintenance", isOn });
}

/** The LANs that this box says it serves. */
function served(bench: CoreBench): string[] {
  return lanHealthOf(bench.core.lans, bench.now).flatMap(({ name, isServed }) =>
    isServed ? [name] : [],
  );
}

describe("a box alone", () => {
  test("answers nobody on any LAN, says so, and serves again when it is over", () => {
    const bench = new CoreBench([network(), GUESTS]);
    expect(served(bench)).toEqual(["office", "guests"]);
    expect(bench.discover(MAC)?.type).toBe(OFFER);
    work(bench, true);
    expect(served(bench)).toEqual([]);
    for (const lan of [0, 1]) {
      expect(bench.core.serving(lan)).toMatchObject({
        ...{ ok: false, reason: "not-serving", condition: "maintenance" },
      });
      expect(bench.discover(MAC, {}, lan)).toBeUndefined();
    }
    expect(bench.refused()).toEqual({ "not-serving": 1 });
    work(bench, false);
    expect([served(bench), bench.core.serving(0)]).toEqual([["office", "guests"], { ok: true }]);
    expect(bench.discover(MAC)?.type).toBe(OFFER);
  });

  test("answers nobody who had a lease either, and keeps it", () => {
    const bench = new CoreBench();
    const held = bench.lease(MAC);
    work(bench, true);
    expect(bench.renew(MAC, held)).toBeUndefined();
    expect(bench.reboot(MAC, held)).toBeUndefined();
    expect(bench.at(held)?.state).toBe("active");
    work(bench, false);
    expect(bench.renew(MAC, held)?.type).toBe(ACK);
  });

  test.each([
    [false, 1],
    [true, 0],
  ])("of what it was asking the wire about, with work: %s, it offers %i", (isOn, offers) => {
    const bench = new CoreBench([network({ probe: true })]);
    bench.frameOf({ type: DISCOVER, mac: MAC });
    work(bench, isOn);
    bench.monotonic += LIMITS.probeMilliseconds;
    const effects = bench.step({ kind: "alarm" });
    expect(effects.filter(({ kind }) => kind === "send")).toHaveLength(offers);
  });

  test("said twice is said once", () => {
    const bench = new CoreBench();
    for (const isOn of [true, true, false, false]) work(bench, isOn);
    expect(bench.discover(MAC)?.type).toBe(OFFER);
  });

  test("a cable that comes and goes does not end it, and is told of as ever", () => {
    const bench = new CoreBench();
    work(bench, true);
    bench.link(0, { carrier: false });
    expect(bench.conditions()).toEqual(["interface-no-carrier office"]);
    bench.link(0, {});
    expect([bench.conditions(), served(bench)]).toEqual([[], []]);
    expect(bench.discover(MAC)).toBeUndefined();
    work(bench, false);
    bench.monotonic += LIMITS.lanStableMilliseconds;
    expect(served(bench)).toEqual(["office"]);
  });

  test("another configuration in between does not end it, on old LANs and new ones", () => {
    const bench = new CoreBench();
    work(bench, true);
    bench.step({
      kind: "config",
      config: { ...bench.config, networks: [network({ leaseSeconds: 600 }), GUESTS] },
    });
    bench.link(1, {});
    expect(served(bench)).toEqual([]);
    for (const lan of [0, 1]) expect(bench.discover(MAC, {}, lan)).toBeUndefined();
    work(bench, false);
    bench.monotonic += LIMITS.lanStableMilliseconds;
    expect(served(bench)).toEqual(["office", "guests"]);
    for (const lan of [0, 1]) expect(bench.discover(MAC, {}, lan)?.type).toBe(OFFER);
  });

  test("of a box that stands by changes nothing", () => {
    const bench = new CoreBench();
    bench.step({ kind: "config", config: { ...bench.config, serving: false } });
    work(bench, true);
    expect(bench.core.serving(0)).toMatchObject({ ok: false, condition: "standby" });
    work(bench, false);
    expect(bench.core.serving(0)).toMatchObject({ ok: false, condition: "standby" });
  });

  test("its test request to itself is left out, and is made again afterwards", () => {
    const bench = new CoreBench();
    work(bench, true);
    for (const { selfProbe } of bench.core.lans) expect(selfProbe.nextAt).toBeUndefined();
    bench.pass((5 * LIMITS.selfProbeMilliseconds) / 1000);
    expect([bench.conditions(), bench.refused()]).toEqual([[], {}]);
    work(bench, false);
    for (const { selfProbe } of bench.core.lans) expect(selfProbe.nextAt).toBeDefined();
    bench.pass((2 * LIMITS.selfProbeMilliseconds) / 1000);
    expect(bench.conditions()).toEqual([]);
  });

  test("a test request that had found no answer is not held against it any more", () => {
    const bench = new CoreBench();
    const { conditions } = bench.core;
    conditions.set("self-probe-failed", "office", { why: "no answer" }, bench.now);
    work(bench, true);
    expect(bench.conditions()).toEqual([]);
  });
});

describe("one of two boxes", () => {
  function macOf(role: FailoverRole, n = 0): string {
    for (let i = 0, left = n; ; i++) {
      const mac = `02:00:00:00:07:${i.toString(16).padStart(2, "0")}`;
      const isPrimarys = bucketOf(macBytes(mac), 0, 6) < 128;
      if (isPrimarys === (role === "primary") && left-- === 0) return mac;
    }
  }

  /** What a heartbeat of that box tells the other one of its LANs. */
  function tell(cores: TwoCores, from: PairedBox): void {
    const to = cores.otherThan(from);
    const lansDown = lanHealthOf(from.core.lans, from.now).flatMap(({ name, isServed }) =>
      isServed ? [] : [name],
    );
    to.step({ kind: "sight", sight: { conclusion: "in-step", lansDown } });
    to.endBatch();
  }

  const select = (mac: string, wanted: string, server: string): ClientMessage => ({
    ...{ type: REQUEST, mac, options: { 50: address(wanted), 54: address(server) } },
  });

  test.each(["primary", "secondary"] as const)(
    "the partner answers everybody while the %s is worked on, and each its share afterwards",
    (role) => {
      const cores = TwoCores.inStep();
      const box = cores.box(role);
      const partner = cores.otherThan(box);
      const before = only(cores.broadcast({ type: DISCOVER, mac: macOf(role) }));
      expect(before.role).toBe(role);
      // Long enough for nobody to be in the middle of anything.
      cores.pass(5000);

      box.step({ kind: "maintenance", isOn: true });
      tell(cores, box);
      for (const whose of ["primary", "secondary"] as const) {
        const mac = macOf(whose, 1);
        const offer = only(cores.broadcast({ type: DISCOVER, mac }));
        expect(offer.role).not.toBe(role);
        const ack = only(cores.broadcast(select(mac, offer.reply.yiaddr, partner.ownAddress)));
        expect(ack).toMatchObject({ role: offer.role, reply: { type: ACK } });
      }
      expect(cores.boxes.map(({ core }) => core.pair?.state)).toEqual(["normal", "normal"]);

      box.step({ kind: "maintenance", isOn: false });
      tell(cores, box);
      for (const whose of ["primary", "secondary"] as const) {
        const again = only(cores.broadcast({ type: DISCOVER, mac: macOf(whose, 2) }));
        expect(again.role).toBe(whose);
      }
    },
  );

  test("a client that had asked it a moment ago is offered an address by the partner, at once", () => {
    const cores = TwoCores.inStep();
    const mac = macOf("primary");
    const offer = only(cores.broadcast({ type: DISCOVER, mac }));
    expect(offer.role).toBe("primary");
    cores.primary.step({ kind: "maintenance", isOn: true });
    tell(cores, cores.primary);
    const again = only(cores.answers());
    expect([again.role, again.reply.type]).toEqual(["secondary", OFFER]);
    const wanted = select(mac, again.reply.yiaddr, cores.secondary.ownAddress);
    expect(only(cores.broadcast(wanted))).toMatchObject({
      role: "secondary",
      reply: { type: ACK },
    });
  });

  test("goes on learning what the partner gives out", () => {
    const cores = TwoCores.inStep();
    cores.primary.step({ kind: "maintenance", isOn: true });
    tell(cores, cores.primary);
    const mac = macOf("primary");
    const { reply } = only(cores.broadcast({ type: DISCOVER, mac }));
    only(cores.broadcast(select(mac, reply.yiaddr, cores.secondary.ownAddress)));
    cores.settle();
    expect(cores.primary.at(reply.yiaddr)?.state).toBe("active");
    expect(cores.primary.core.pairView()?.isInStep).toBe(true);
  });
});
