// RFC 2131 §3.3, §4.3.1 and §4.4.5: how long a lease lasts, by whose setting, and how it ends.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { type ClassConfig, FOREVER_SECONDS, NOTHING_SET } from "../../daemon/core/config-view.ts";
import {
  ACK,
  CoreBench,
  configOf,
  leaseTime,
  NAK,
  network,
  poolOf,
  reserve,
  seconds,
  text,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, C, subnet } from "./networks.ts";

judgeAllSent();

const phone = { options: { 60: text("phone") } };

describe("RFC 2131 §4.3.1: the lease time of the closest level", () => {
  const bench = () => {
    const reservations = [reserve(C, "10.77.0.20", { leaseSeconds: 900 })];
    const pools = [
      poolOf("10.77.0.100", "10.77.0.100", { leaseSeconds: 1200 }),
      poolOf("10.77.0.101", "10.77.0.199"),
    ];
    return classed({ leaseSeconds: 600 }, { reservations, pools });
  };

  test("of the network, where nothing closer says otherwise", () => {
    const one = bench();
    expect(leaseTime(one.discover(A, { options: { 50: seconds(ipv4("10.77.0.150")) } }))).toBe(
      3600,
    );
  });

  test("of the pool that the address is of", () => {
    const one = bench();
    const offer = one.discover(A, { options: { 50: seconds(ipv4("10.77.0.100")) } });
    expect([offer?.yiaddr, leaseTime(offer)]).toEqual(["10.77.0.100", 1200]);
    expect(leaseTime(one.select(A, "10.77.0.100"))).toBe(1200);
  });

  test("of the class of the client, before that of the pool", () => {
    const one = bench();
    const options = { ...phone.options, 50: seconds(ipv4("10.77.0.100")) };
    const offer = one.discover(A, { options });
    expect([offer?.yiaddr, leaseTime(offer)]).toEqual(["10.77.0.100", 600]);
    expect(leaseTime(one.select(A, "10.77.0.100", "10.77.0.2", phone))).toBe(600);
  });

  test("of the reservation, before all others", () => {
    const one = bench();
    expect(leaseTime(one.discover(C, phone))).toBe(900);
    expect(leaseTime(one.reboot(C, "10.77.0.20", phone))).toBe(900);
  });

  test("the bounds of the closest level hold for what the client asks for", () => {
    const one = classed({ leaseSeconds: 600, minLeaseSeconds: 300, maxLeaseSeconds: 700 });
    const wish = (wanted: number) =>
      leaseTime(one.discover(A, { options: { ...phone.options, 51: seconds(wanted) } }));
    expect([wish(1), wish(650), wish(5000)]).toEqual([300, 650, 700]);
    expect(leaseTime(one.discover(B, { options: { 51: seconds(5000) } }))).toBe(5000);
  });

  test("the record ends when the lease does", () => {
    const one = bench();
    const held = one.lease(A, phone);
    expect(one.at(held)?.expiresAt).toBe(Math.floor(one.now.wall / 1000) + 600);
  });
});

describe("RFC 2131 §3.3: 0xffffffff is infinity", () => {
  const endless = { leaseSeconds: FOREVER_SECONDS, maxLeaseSeconds: FOREVER_SECONDS };

  test("§3.3: option 51 is 0xffffffff, without T1 and T2", () => {
    const bench = new CoreBench([network(endless)]);
    const offer = bench.discover(A);
    const ack = bench.select(A, offer?.yiaddr ?? "");
    for (const reply of [offer, ack]) {
      expect(reply?.option(51)).toEqual([255, 255, 255, 255]);
      expect([reply?.message.has(58), reply?.message.has(59)]).toEqual([false, false]);
    }
  });

  test("§3.3: the lease never expires, nobody else gets the address", () => {
    const bench = new CoreBench([network({ ...endless, pool: ["10.77.0.100", "10.77.0.100"] })]);
    const held = bench.lease(A);
    bench.monotonic += 10 * 365 * 86_400_000;
    bench.step({ kind: "alarm" });
    expect(bench.at(held)?.state).toBe("active");
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.renew(A, held)?.type).toBe(ACK);
  });

  test("§3.3: it can be released", () => {
    const bench = new CoreBench([network(endless)]);
    const held = bench.lease(A);
    bench.release(A, held);
    expect(bench.at(held)?.state).toBe("released");
  });

  test("§3.3: one reservation may be for ever on a network that is not", () => {
    const forever = reserve(A, "10.77.0.20", endless);
    const bench = new CoreBench([network({ reservations: [forever] })]);
    expect(leaseTime(bench.discover(A))).toBe(FOREVER_SECONDS);
    expect(leaseTime(bench.discover(B))).toBe(3600);
  });

  test("§3.3: a client that asks for infinity gets the longest lease there is", () => {
    const wish = { options: { 51: seconds(FOREVER_SECONDS) } };
    expect(leaseTime(new CoreBench().discover(A, wish))).toBe(7200);
    const bench = new CoreBench([network({ maxLeaseSeconds: FOREVER_SECONDS })]);
    expect(leaseTime(bench.discover(A, wish))).toBe(FOREVER_SECONDS);
  });
});

describe("RFC 2131 §4.4.5: T1 and T2", () => {
  test("§4.4.5: as configured", () => {
    const bench = new CoreBench([network({ renewSeconds: 600, rebindSeconds: 1800 })]);
    expect(times(bench, A)).toEqual([600, 1800, 3600]);
  });

  test("§4.4.5: of the closest level, each on its own", () => {
    const bench = classed({ renewSeconds: 300 }, { renewSeconds: 600, rebindSeconds: 1800 });
    expect(times(bench, A, phone)).toEqual([300, 1800, 3600]);
    expect(times(bench, B)).toEqual([600, 1800, 3600]);
  });

  test.each([
    [{ renewSeconds: 5000 }, {}],
    [{ rebindSeconds: 5000 }, {}],
    [{ renewSeconds: 2000, rebindSeconds: 1000 }, {}],
    [{ renewSeconds: 600, rebindSeconds: 1800 }, { 51: seconds(200) }],
    [{ renewSeconds: 3600, rebindSeconds: 3600 }, {}],
  ])("§4.4.5 MUST: T1 is earlier than T2, which is earlier than the end: %j", (set, options) => {
    const bench = new CoreBench([network(set)]);
    const [t1, t2, end] = times(bench, A, { options });
    expect(t1).toBeLessThan(t2 ?? 0);
    expect(t2).toBeLessThan(end ?? 0);
  });
});

describe("randomised hardware addresses", () => {
  const RANDOM = "06:12:34:56:78:9a";
  const FIXED = "00:12:34:56:78:9a";

  test("a device that makes up its address gets a lease no longer than the network allows for it", () => {
    const bench = new CoreBench([network({ randomisedMacLeaseSeconds: 600 })]);
    expect(leaseTime(bench.discover(RANDOM))).toBe(600);
    expect(leaseTime(bench.discover(FIXED))).toBe(3600);
  });

  test("asking for more does not help, asking for less does", () => {
    const bench = new CoreBench([network({ randomisedMacLeaseSeconds: 600 })]);
    expect(leaseTime(bench.discover(RANDOM, { options: { 51: seconds(7000) } }))).toBe(600);
    expect(leaseTime(bench.discover(RANDOM, { options: { 51: seconds(300) } }))).toBe(300);
  });

  test("T1 and T2 go with the shorter lease", () => {
    const bench = new CoreBench([network({ randomisedMacLeaseSeconds: 600 })]);
    expect(times(bench, RANDOM)).toEqual([300, 525, 600]);
  });
});

describe("RFC 2131 §4.3.2: a LAN that is renumbered", () => {
  test("§4.3.2: a client that renews its old address gets a DHCPNAK and then a new address", () => {
    const bench = new CoreBench();
    const old = bench.lease(A);
    const renumbered = network({
      subnet: subnet("10.80.0.0/24"),
      pool: ["10.80.0.100", "10.80.0.199"],
      ownAddress: ipv4("10.80.0.2"),
      serverId: ipv4("10.80.0.2"),
    });
    bench.step({ kind: "config", config: configOf([renumbered]) });
    for (const destinationIp of ["10.77.0.2", "255.255.255.255"]) {
      expect(bench.renew(A, old, { destinationIp })?.type, destinationIp).toBe(NAK);
    }
    expect(bench.reboot(A, old)?.type).toBe(NAK);
    expect(bench.lease(A)).toMatch(/^10\.80\.0\.1\d\d$/);
  });
});

/** T1, T2 and lease time of an offer. */
function times(bench: CoreBench, mac: string, more: { options?: Record<number, Uint8Array> } = {}) {
  const reply = bench.discover(mac, more);
  return [58, 59, 51].map((code) => {
    const raw = Uint8Array.from(reply?.option(code) ?? []);
    return raw.length === 4 ? new DataView(raw.buffer).getUint32(0) : undefined;
  });
}

/** A network with the class "phones", by the vendor class "phone". */
function classed(
  level: Partial<ClassConfig>,
  changes: Parameters<typeof network>[0] = {},
): CoreBench {
  const phones: ClassConfig = {
    ...NOTHING_SET,
    name: "phones",
    match: {
      kind: "option",
      code: 60,
      test: { how: "is", bytes: text("phone"), ignoreCase: false },
    },
    isDenied: false,
    ...level,
  };
  const networks = [network(changes)];
  return new CoreBench(networks, { config: configOf(networks, { classes: [phones] }) });
}
