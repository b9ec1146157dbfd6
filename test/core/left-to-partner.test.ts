// What a box left to its partner it answers itself when the partner is gone: nobody waits for four seconds.

import { describe, expect, test } from "vitest";
import { LeftToPartner } from "../../daemon/core/left-to-partner.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { address } from "../support/client-frame.ts";
import { ACK, DISCOVER, OFFER, REQUEST, type Reply } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { only, TwoCores } from "../support/two-cores.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";

/** The box that answers this client alone while the boxes are in step. */
function answererOf(mac: string): FailoverRole {
  return only(TwoCores.inStep().broadcast({ type: DISCOVER, mac })).role;
}

/** A DISCOVER that only the box hears that leaves it to its partner, which is gone a moment later. */
function leaveAndLose(milliseconds: number): Reply[] {
  const cores = TwoCores.inStep();
  const other = cores.otherThan(cores.box(answererOf(A)));
  other.receive({ type: DISCOVER, mac: A });
  expect(other.replies()).toEqual([]);
  cores.pass(milliseconds);
  cores.cut();
  other.durable();
  return other.replies();
}

describe("a client that was left to the partner", () => {
  test("has its offer in the moment in which the partner is gone", () => {
    const replies = leaveAndLose(1500);
    expect(replies.map(({ type }) => type)).toEqual([OFFER]);
  });

  test("has asked again by itself when that was longer ago", () => {
    expect(leaveAndLose(2500)).toEqual([]);
  });

  test("goes on with the partner's offer if it took that", () => {
    const cores = TwoCores.inStep();
    const ours = cores.box(answererOf(A));
    const other = cores.otherThan(ours);
    const { reply } = only(cores.broadcast({ type: DISCOVER, mac: A }));
    const options = { 50: address(reply.yiaddr), 54: address(ours.ownAddress) };
    other.receive({ type: REQUEST, mac: A, options });
    cores.cut();
    other.durable();
    expect(other.replies()).toEqual([]);
  });
});

describe("a client that selected the partner, which died", () => {
  /** Both heard the REQUEST; `isTold`: the partner of the one that died had its word, on disk. */
  function selectAndLose(isTold: boolean, mac = A) {
    const cores = TwoCores.inStep();
    const dying = cores.box(answererOf(A));
    const survivor = cores.otherThan(dying);
    const { reply } = only(cores.broadcast({ type: DISCOVER, mac: A }));
    const options = { 50: address(reply.yiaddr), 54: address(dying.ownAddress) };
    const ask = (changes = {}) =>
      survivor.receive({ type: REQUEST, mac, options: { ...options, ...changes } });
    ask();
    if (isTold) {
      dying.receive({ type: REQUEST, mac: A, options });
      dying.durable();
      cores.carry(dying);
      survivor.durable();
    }
    expect(survivor.replies()).toEqual([]);
    cores.cut();
    survivor.durable();
    return { cores, survivor, ask, yiaddr: reply.yiaddr };
  }

  test("has its ACK in the moment in which it is gone", () => {
    const { survivor, yiaddr } = selectAndLose(true);
    const replies = survivor.replies();
    expect(replies.map(({ type }) => type)).toEqual([ACK]);
    expect(replies[0]?.yiaddr).toBe(yiaddr);
  });

  test("has it as well when it asks the dead box again", () => {
    const { survivor, ask, yiaddr } = selectAndLose(true);
    survivor.replies();
    ask();
    survivor.durable();
    expect(survivor.replies()).toMatchObject([{ type: ACK, yiaddr }]);
  });

  test("hears nothing when the survivor knows of no more than an offer: nobody is refused", () => {
    const { survivor, ask } = selectAndLose(false);
    expect(survivor.replies()).toEqual([]);
    ask();
    survivor.durable();
    expect(survivor.replies()).toEqual([]);
  });

  test("hears nothing when the lease is another client's, or the server another one", () => {
    const other = selectAndLose(true, "02:00:00:00:00:0b");
    // The DISCOVER of the first client is answered; no REQUEST is.
    expect(other.survivor.replies().map(({ type }) => type)).toEqual([OFFER]);
    const { survivor, ask } = selectAndLose(true);
    survivor.replies();
    ask({ 54: address("10.77.0.99") });
    survivor.durable();
    expect(survivor.replies()).toEqual([]);
  });
});

describe("the ring", () => {
  const note = (ring: LeftToPartner, hash: number, byte: number, now = 0, length = 4) =>
    ring.note(
      hash,
      {
        lan: 1,
        bytes: new Uint8Array(length + 2).fill(byte),
        start: 1,
        end: 1 + length,
        checksumReady: true,
      },
      now,
    );
  const bytesIn = (ring: LeftToPartner, now = 0) => ring.take(now).map(({ bytes }) => bytes[0]);

  test("gives back what was noted, in order, the latest of each client, once", () => {
    const ring = new LeftToPartner();
    note(ring, 1, 11);
    note(ring, 2, 22);
    note(ring, 1, 12);
    const taken = ring.take(0);
    expect(taken.map(({ bytes, lan, checksumReady }) => [...bytes, lan, checksumReady])).toEqual([
      [22, 22, 22, 22, 1, true],
      [12, 12, 12, 12, 1, true],
    ]);
    expect(ring.take(0)).toEqual([]);
  });

  test("forgets the oldest in a flood, what is too long, and who was answered", () => {
    const ring = new LeftToPartner();
    for (let hash = 1; hash <= 300; hash++) note(ring, hash, hash & 255);
    note(ring, 999, 99, 0, 1025);
    ring.answered(300);
    const taken = bytesIn(ring);
    expect(taken).toHaveLength(255);
    expect(taken[0]).toBe(45);
    expect(taken).not.toContain(300 & 255);
  });

  test("is empty when LANs have other numbers", () => {
    const ring = new LeftToPartner();
    note(ring, 1, 11);
    ring.clear();
    expect(bytesIn(ring)).toEqual([]);
  });
});
