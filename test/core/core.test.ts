import { describe, expect, test } from "vitest";
import { ipv4, parseSubnet } from "../../daemon/base/address.ts";
import { serviceGate } from "../../daemon/core/service-gate.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { clientFrame, SERVER_MAC } from "../support/client-frame.ts";
import { ACK, CoreBench, configOf, kinds, NAK, network, reserve } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";

describe("may this LAN be served now?", () => {
  const up = {
    known: true,
    helper: true,
    present: true,
    carrier: true,
    mac: new Uint8Array(6),
    mtu: 1500,
  };
  const closed = (condition: string | undefined) => ({
    ok: false,
    reason: "not-serving",
    condition,
  });

  test.each([
    ["all is well", "serving", up, { ok: true }],
    ["the box stands by", "standby", up, closed("standby")],
    ["somebody works on the box", "maintenance", up, closed("maintenance")],
    ["nothing is known yet", "serving", { ...up, known: false }, closed(undefined)],
    ["no helper", "serving", { ...up, helper: false }, closed("helper-gone")],
    ["no interface", "serving", { ...up, present: false }, closed("interface-missing")],
    ["no carrier", "serving", { ...up, carrier: false }, closed("interface-no-carrier")],
  ] as const)("%s", (_, duty, link, answer) => {
    expect(serviceGate(duty, link)).toEqual(answer);
  });

  test("before the link has reported nothing is served and nothing is complained of", () => {
    const bench = new CoreBench([network()], { linkless: true });
    expect(bench.core.serving(0)).toMatchObject({ ok: false, reason: "not-serving" });
    expect(bench.conditions()).toEqual([]);
  });

  test("a LAN goes and comes back, each time with the condition that says why", () => {
    const bench = new CoreBench();
    const steps: [Parameters<CoreBench["link"]>[1], string[]][] = [
      [{ carrier: false }, ["interface-no-carrier office"]],
      [{ present: false, carrier: false }, ["interface-missing office"]],
      [{ helper: false, present: false, carrier: false }, ["helper-gone office"]],
      [{}, []],
    ];
    for (const [link, conditions] of steps) {
      bench.link(0, link);
      expect(bench.conditions()).toEqual(conditions);
      expect(bench.core.serving(0).ok).toBe(conditions.length === 0);
      expect(bench.discover(A) !== undefined).toBe(conditions.length === 0);
    }
  });

  test("a box that stands by says so, sees its links all the same, and answers nobody", () => {
    const bench = new CoreBench();
    bench.step({ kind: "config", config: configOf([network()], { serving: false }) });
    expect(bench.conditions()).toEqual(["standby"]);
    expect(bench.discover(A)).toBeUndefined();
    bench.link(0, { carrier: false });
    expect(bench.conditions()).toEqual(["standby", "interface-no-carrier office"]);
  });
});

describe("frames that are not for the server", () => {
  test.each([
    ["cut short", clientFrame({ type: 1, mac: A }).subarray(0, 30), "frame-malformed"],
    ["another port", clientFrame({ type: 1, mac: A, destinationPort: 68 }), "frame-not-dhcp"],
    ["from this box", clientFrame({ type: 1, mac: A, sourceMac: SERVER_MAC }), "own-frame"],
    ["without a cookie", withoutCookie(), "dhcp-malformed"],
    [
      "a lease query of nobody in particular",
      clientFrame({ type: 10, mac: A }),
      "query-not-allowed",
    ],
    ["no hardware address", clientFrame({ type: 1, mac: A, hlen: 0 }), "dhcp-malformed"],
    ["an impossible hlen", clientFrame({ type: 1, mac: A, hlen: 17 }), "dhcp-malformed"],
  ])("%s", (_, frame, reason) => {
    const bench = new CoreBench();
    expect(kinds(bench.frame(frame))).toEqual([]);
    expect(bench.refused()).toEqual({ [reason]: 1 });
    expect(bench.core.counters(0).frames).toBe(1);
  });

  function withoutCookie(): Uint8Array {
    const frame = clientFrame({ type: 1, mac: A });
    frame[278] = 0;
    return frame;
  }

  test("a frame of a LAN that is not configured is ignored", () => {
    expect(kinds(new CoreBench().frame(clientFrame({ type: 1, mac: A }), 7))).toEqual([]);
  });
});

describe("a new configuration", () => {
  const configure = (bench: CoreBench, ...networks: ReturnType<typeof network>[]) =>
    bench.step({ kind: "config", config: configOf(networks) });

  test("leases outside the new pools stay until they end, and their clients are refused at renewal", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    configure(bench, network({ pool: ["10.77.0.50", "10.77.0.59"] }));
    expect(bench.at(held)?.state).toBe("active");
    expect(bench.renew(A, held)?.type).toBe(NAK);
    expect(bench.refused()).toMatchObject({ "not-in-pool": 1 });
    expect(bench.lease(A)).toMatch(/^10\.77\.0\.5[0-9]$/);
  });

  test("a renumbered network: clients are refused at renewal, and leases of no network are dropped at their end", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const subnet = parseSubnet("10.80.0.0/24");
    if (!subnet) throw new Error("bad subnet");
    const moved = network({
      subnet,
      ownAddress: ipv4("10.80.0.2"),
      serverId: ipv4("10.80.0.2"),
      pool: ["10.80.0.100", "10.80.0.199"],
    });
    configure(bench, moved);
    expect(bench.renew(A, held)?.type).toBe(NAK);
    expect(bench.refused()).toMatchObject({ "wrong-network": 1 });
    expect(bench.lease(A)).toMatch(/^10\.80\.0\./);
    bench.pass(3700);
    expect(bench.at(held)).toBeUndefined();
  });

  test("a network that gets another name keeps its leases and its link", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    configure(bench, network({ name: "bureau" }));
    expect(bench.renew(A, held)?.type).toBe(ACK);
    expect(bench.at(held)?.network).toBe("bureau");
  });

  test("counters and link go on for a network that stays, also at another place in the list", () => {
    const bench = new CoreBench();
    bench.lease(A);
    const subnet = parseSubnet("10.90.0.0/24");
    if (!subnet) throw new Error("bad subnet");
    const other = network({ name: "guests", interfaceName: "lan1", subnet, pools: [] });
    configure(bench, other, network());
    expect(bench.core.counters(1)["sent-ack"]).toBe(1);
    expect(bench.core.serving(1).ok).toBe(true);
    expect(bench.core.counters(0)["sent-ack"]).toBe(0);
  });

  test("conditions of a network that is gone end", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    bench.lease(A);
    bench.discover(B);
    bench.link(0, { carrier: false });
    expect(bench.conditions()).toEqual(["pool-full office", "interface-no-carrier office"]);
    configure(bench);
    expect(bench.conditions()).toEqual([]);
  });

  test("a new reservation holds at once, and a client of it is told to move", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    configure(bench, network({ reservations: [reserve(A, "10.77.0.20")] }));
    expect(bench.core.isReserved(ipv4("10.77.0.20"))).toBe(true);
    expect(bench.renew(A, held)?.type).toBe(NAK);
    expect(bench.lease(A)).toBe("10.77.0.20");
  });
});

describe("what the box says about itself", () => {
  test("counts of a pool", () => {
    const bench = new CoreBench([
      network({ reservations: [reserve("02:00:00:00:00:0f", "10.77.0.110")] }),
    ]);
    bench.lease(A);
    bench.discover(B);
    const declined = bench.lease("02:00:00:00:00:0c");
    bench.decline("02:00:00:00:00:0c", declined);
    expect(bench.core.poolCounts(0, 0)).toEqual({
      size: 100,
      active: 1,
      offered: 1,
      abandoned: 1,
      free: 96,
    });
    expect(bench.core.poolCounts(0, 5)).toEqual({
      size: 0,
      active: 0,
      offered: 0,
      abandoned: 0,
      free: 0,
    });
  });

  test("packets by kind and refusals by reason", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.renew(B, held);
    bench.release(A, held);
    expect(bench.core.counters(0)).toEqual({
      frames: 4,
      "received-discover": 1,
      "received-request": 2,
      "received-decline": 0,
      "received-release": 1,
      "received-inform": 0,
      "sent-offer": 1,
      "sent-ack": 1,
      "sent-nak": 1,
      "refused-address-taken": 1,
    });
  });

  test("the link", () => {
    const bench = new CoreBench();
    expect(bench.core.linkView(0)).toEqual({
      helper: true,
      present: true,
      carrier: true,
      mac: SERVER_MAC,
      mtu: 1500,
    });
    expect(bench.core.linkView(9).present).toBe(false);
  });

  test("pool-full lasts until nobody has been turned away for a minute and something is free", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    const held = bench.lease(A);
    bench.discover(B);
    expect(bench.conditions()).toEqual(["pool-full office"]);
    bench.release(A, held);
    bench.pass(50);
    expect(bench.conditions()).toEqual(["pool-full office"]);
    bench.pass(20);
    expect(bench.conditions()).toEqual([]);
  });

  test("pool-full is over at once when much is free: a box that has just been given its share is not full", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.131"] })]);
    const macs = Array.from(
      { length: 32 },
      (_, n) => `02:00:00:00:04:${n.toString(16).padStart(2, "0")}`,
    );
    const held = macs.map((mac) => bench.lease(mac));
    bench.discover(B);
    expect(bench.conditions()).toEqual(["pool-full office"]);
    for (const [n, mac] of macs.slice(0, 7).entries()) bench.release(mac, held[n] as string);
    bench.pass(1);
    expect(bench.conditions()).toEqual(["pool-full office"]);
    bench.release(macs[7] as string, held[7] as string);
    bench.pass(1);
    expect(bench.conditions()).toEqual([]);
  });

  test("a grant is said once, a renewal is not", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, { options: { 12: Uint8Array.from([0x50, 0x43]) } });
    bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", {
      options: { 12: Uint8Array.from([0x50, 0x43]) },
    });
    expect(bench.effects.at(-1)).toEqual({
      kind: "log",
      id: "lease-granted",
      values: {
        address: offer?.yiaddr,
        network: "office",
        client: A,
        hostname: "(pc) ",
        time: "3600 s",
      },
    });
    bench.renew(A, offer?.yiaddr ?? "");
    expect(bench.effects.filter((effect) => effect.kind === "log")).toEqual([]);
  });

  test("a flood makes a bounded number of lines, and the next line says how many were left out", () => {
    const bench = new CoreBench();
    let lines = 0;
    for (let i = 0; i < 100; i++) {
      bench.renew(`02:00:00:00:01:${i.toString(16).padStart(2, "0")}`, "10.99.0.1");
      lines += bench.effects.filter((effect) => effect.kind === "log").length;
    }
    expect(lines).toBe(LIMITS.logLinesPerSecond);
    bench.monotonic += 1000;
    bench.renew(A, "10.99.0.1");
    const line = bench.effects.find((effect) => effect.kind === "log");
    expect(line?.values.leftOut).toBe(100 - LIMITS.logLinesPerSecond);
  });

  test("the core asks to be woken: soon for an offer, at least every ten seconds, and not per packet", () => {
    const bench = new CoreBench();
    const alarms = (effects: readonly { kind: string }[]) =>
      effects.filter((effect) => effect.kind === "alarm").length;
    expect(alarms(bench.step({ kind: "alarm" }))).toBe(1);
    let count = 0;
    for (let i = 0; i < 100; i++) {
      bench.monotonic += 1;
      count += alarms(bench.frame(clientFrame({ type: 1, mac: A })));
    }
    expect(count).toBe(0);
  });
});
