// Faults that the simulator and the fuzzers found, each in the few packets that show it.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { FOREVER_SECONDS } from "../../daemon/core/config-view.ts";
import { buildArp } from "../../daemon/wire/arp.ts";
import { clientFrame, macBytes, SERVER_MAC } from "../support/client-frame.ts";
import {
  ACK,
  address,
  CoreBench,
  DISCOVER,
  NAK,
  network,
  poolOf,
  REQUEST,
  reserve,
  START_SECONDS,
} from "../support/core-bench.ts";
import { makeLease } from "../support/leases.ts";
import { answer, clientOf, cores, lease, select } from "../support/one-server.ts";
import { only, type TwoCores } from "../support/two-cores.ts";

const MAC = "00:5e:10:00:00:01";
const OTHER = "00:5e:10:00:00:02";

function answerOf(address: string): Uint8Array {
  const mac = macBytes("00:5e:66:00:00:01");
  const sender = { senderMac: mac, senderIp: ipv4(address) };
  const target = { targetMac: macBytes(SERVER_MAC), targetIp: ipv4("10.77.0.2") };
  return buildArp(macBytes(SERVER_MAC), { operation: 2, ...sender, ...target });
}

/** A box that was told by ARP that the address of a client's offer is in use. */
function conflictOn(bench: CoreBench, address: string): void {
  bench.frame(clientFrame({ type: DISCOVER, mac: MAC }));
  bench.monotonic += 20;
  bench.frame(answerOf(address));
}

test("a request that meets a conflict is handled again once, not twice", () => {
  const bench = new CoreBench([network({ probe: true, pool: ["10.77.0.100", "10.77.0.100"] })]);
  conflictOn(bench, "10.77.0.100");
  expect(bench.at("10.77.0.100")?.state).toBe("abandoned");
  expect(bench.refused()).toEqual({ "no-free-address": 1 });
});

test("an address that was set aside and never leased keeps times that can be stored", () => {
  const bench = new CoreBench([network({ probe: true, pool: ["10.77.0.100", "10.77.0.100"] })]);
  conflictOn(bench, "10.77.0.100");
  expect(bench.at("10.77.0.100")?.startsAt).toBe(START_SECONDS);
  // Somebody sets the clock back by a day.
  bench.offset -= 86_400_000;
  bench.step({ kind: "alarm" });
  expect(bench.at("10.77.0.100")?.startsAt).toBe(START_SECONDS - 86_400);
});

test("a lease from before the clock was ever right has no time before 1970 after a step back", () => {
  const leases = [makeLease(1, 100, { startsAt: 100, seenAt: 100, clockUncertain: true })];
  const now = { monotonic: 1000, wall: START_SECONDS * 1000 };
  const bench = new CoreBench([network()], { leases, lastSequence: 1, now });
  bench.offset -= 86_400_000;
  bench.step({ kind: "alarm" });
  expect(bench.at("10.77.0.100")?.startsAt).toBe(0);
});

test("a lease that never ends does not keep a sane clock from being believed", () => {
  const lease = (number: number, leaseSeconds: number) =>
    makeLease(number, number, {
      ...{ leaseSeconds, seenAt: START_SECONDS, startsAt: START_SECONDS },
      expiresAt: START_SECONDS + leaseSeconds,
    });
  const now = { monotonic: 1_000_000, wall: (START_SECONDS - 86_400) * 1000 };
  const isWrongWith = (leaseSeconds: number) => {
    const leases = [lease(100, leaseSeconds)];
    const bench = new CoreBench([network()], { leases, lastSequence: 100, now });
    bench.step({ kind: "alarm" });
    return bench.conditions().includes("clock-wrong");
  };
  expect(isWrongWith(3600)).toBe(true);
  expect(isWrongWith(FOREVER_SECONDS)).toBe(false);
});

test("a message of type 0 is refused, and counted", () => {
  const bench = new CoreBench();
  bench.frameOf({ type: 0, mac: MAC });
  expect(bench.refused()).toEqual({ "option-malformed": 1 });
});

describe("of two boxes in step one answers", () => {
  /** A client of the secondary that has rebound a while ago, as both boxes know. */
  function rebound(): { two: TwoCores; mac: string; held: string } {
    const two = cores();
    const mac = clientOf("secondary");
    const held = lease(two, mac);
    two.pass(60_000);
    only(two.broadcast({ type: REQUEST, mac, ciaddr: held, xid: 1 }));
    return { two, mac, held };
  }

  test("a client that comes back soon after it had its lease extended", () => {
    const { two, mac, held } = rebound();
    two.pass(50_000);
    const options = { 50: address(held) };
    const ack = only(two.broadcast({ type: REQUEST, mac, options, xid: 2 }));
    expect(ack).toMatchObject({ role: "secondary", reply: { type: ACK, yiaddr: held } });
  });

  test("the same, when its first request came here later than the partner's word of the answer", () => {
    const { two, mac, held } = rebound();
    two.pass(60_000);
    const rebinding = { type: REQUEST, mac, ciaddr: held, xid: 2 };
    two.secondary.receive(rebinding);
    two.settle();
    expect(only(two.answers()).role).toBe("secondary");
    expect(answer(two, two.primary, rebinding)).toBeUndefined();
    two.pass(50_000);
    const ack = only(two.broadcast({ type: REQUEST, mac, options: { 50: address(held) }, xid: 3 }));
    expect(ack.role).toBe("secondary");
  });

  test("a client that took the other box's offer, of which this box hears before it hears the client", () => {
    const two = cores();
    const mac = clientOf("secondary");
    const held = answer(two, two.primary, { type: DISCOVER, mac, secs: 60 })?.yiaddr ?? "";
    expect(answer(two, two.primary, select(mac, held))).toMatchObject({ type: ACK });
    expect(answer(two, two.secondary, { type: DISCOVER, mac })?.yiaddr).toBe(held);
    expect(answer(two, two.secondary, select(mac, held))).toBeUndefined();
  });
});

describe("one client, one lease", () => {
  test("it cannot take address after address without an offer", () => {
    const bench = new CoreBench();
    expect(bench.select(MAC, "10.77.0.100")?.type).toBe(ACK);
    expect(bench.select(MAC, "10.77.0.101")?.type).toBe(NAK);
    expect(bench.refused()).toEqual({ "not-yours": 1 });
    expect(bench.core.poolCounts(0, 0).active).toBe(1);
    expect(bench.select(MAC, "10.77.0.100")?.type).toBe(ACK);
    expect(bench.select(OTHER, "10.77.0.101")?.type).toBe(ACK);
  });

  test("it may go to the address that is reserved for it, and away from one that is not its any more", () => {
    const bench = new CoreBench();
    expect(bench.lease(MAC, { options: { 50: Uint8Array.of(10, 77, 0, 150) } })).toBe(
      "10.77.0.150",
    );
    const before = network({ reservations: [reserve(MAC, "10.77.0.20")] });
    bench.step({ kind: "config", config: { ...bench.config, networks: [before] } });
    expect(bench.select(MAC, "10.77.0.20")?.type).toBe(ACK);

    const moved = new CoreBench();
    moved.lease(MAC, { options: { 50: Uint8Array.of(10, 77, 0, 150) } });
    const pools = [poolOf("10.77.0.100", "10.77.0.120")];
    moved.step({ kind: "config", config: { ...moved.config, networks: [network({ pools })] } });
    expect(moved.select(MAC, "10.77.0.110")?.type).toBe(ACK);
  });
});
