// RFC 5227: an address is asked for on the LAN before it is offered to somebody (RFC 2131 §3.1 (2)).

import { describe, expect, test } from "vitest";
import { address, bytes, clientFrame, macBytes, SERVER_MAC } from "../support/client-frame.ts";
import { CoreBench, network, OFFER, type Reply, repliesIn } from "../support/core-bench.ts";
import { A } from "./networks.ts";

const OTHER = "02:00:00:00:00:77";

describe("RFC 5227 address conflict detection", () => {
  test("RFC 5227 §2.1.1: a new client's address is probed: sender 0.0.0.0, broadcast", () => {
    const { probe } = asked();
    expect(Array.from(probe.subarray(0, 6))).toEqual([255, 255, 255, 255, 255, 255]);
    expect(Array.from(probe.subarray(6, 12))).toEqual(Array.from(macBytes(SERVER_MAC)));
    expect(Array.from(probe.subarray(20, 22))).toEqual([0, 1]);
    expect(Array.from(probe.subarray(28, 32))).toEqual([0, 0, 0, 0]);
    expect(Array.from(probe.subarray(32, 38))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("RFC 5227 §2.1.1: nobody answers: the address is offered", () => {
    const { bench, probe } = asked();
    expect(waitFor(bench)?.yiaddr).toBe(Array.from(probe.subarray(38, 42)).join("."));
  });

  test("RFC 5227 §2.1.1: somebody answers: the address is set aside, and another one offered", () => {
    const { bench, probe } = asked();
    const taken = Array.from(probe.subarray(38, 42));
    bench.frame(arpReply(taken));
    let offer = waitFor(bench);
    for (let tries = 0; !offer && tries < 5; tries++) offer = waitFor(bench);
    expect(offer?.type).toBe(OFFER);
    expect(offer?.yiaddr).not.toBe(taken.join("."));
    expect(bench.at(taken.join("."))?.state).toBe("abandoned");
  });

  test("a client that had the address lately is not kept waiting", () => {
    const { bench } = asked();
    const offer = waitFor(bench);
    bench.select(A, offer?.yiaddr ?? "");
    bench.durable();
    expect(bench.discover(A)?.yiaddr).toBe(offer?.yiaddr);
  });

  test("a network that is not set for it offers at once", () => {
    expect(new CoreBench([network({ probe: false })]).discover(A)?.type).toBe(OFFER);
  });
});

/** The bench after a DHCPDISCOVER, and the ARP frame that it sent instead of an offer. */
function asked(): { bench: CoreBench; probe: Uint8Array } {
  const bench = new CoreBench([network({ probe: true })]);
  bench.frame(clientFrame({ type: 1, mac: A }));
  const sent = bench.effects.filter((effect) => effect.kind === "send");
  const probe = sent[0]?.frame ?? bytes();
  expect(sent).toHaveLength(1);
  expect(Array.from(probe.subarray(12, 14))).toEqual([8, 6]);
  return { bench, probe };
}

/** What is sent 150 ms later, when the time to answer is over: a DHCP message, if any. */
function waitFor(bench: CoreBench): Reply | undefined {
  bench.monotonic += 150;
  bench.step({ kind: "alarm" });
  const sent = bench.effects.filter(
    (effect) => effect.kind === "send" && effect.frame[12] === 8 && effect.frame[13] === 0,
  );
  return repliesIn(sent)[0];
}

/** Another host says that it has the address. */
function arpReply(taken: readonly number[]): Uint8Array {
  const server = macBytes(SERVER_MAC);
  const other = macBytes(OTHER);
  return bytes(
    ...[...server, ...other, 8, 6],
    ...[0, 1, 8, 0, 6, 4, 0, 2],
    ...[...other, ...taken, ...server, ...address("10.77.0.2")],
    ...new Array<number>(18).fill(0),
  );
}
