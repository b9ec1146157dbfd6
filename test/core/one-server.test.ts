// Two boxes that clients know as one server: who answers when things are not as they should be. What RFC 2131 says of
// it is walked in test/spec/rfc2131-one-server.test.ts.

import { describe, expect, test } from "vitest";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { ACK, address, DISCOVER, NAK, OFFER, REQUEST, reserve } from "../support/core-bench.ts";
import { answer, clientOf, cores, lease, see, select, VIRTUAL } from "../support/one-server.ts";
import { judgeAllSent } from "../support/sent.ts";
import { only, TwoCores } from "../support/two-cores.ts";

judgeAllSent();

const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const SECOND = 1000;

describe.each(ROLES)("in step, a client of the %s", (role) => {
  const other = role === "primary" ? "secondary" : "primary";
  const mac = clientOf(role);

  test("is served by it though it has forgotten what it offered", () => {
    const two = cores();
    const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
    const forgetful = cores();
    const ack = only(forgetful.broadcast(select(mac, reply.yiaddr)));
    expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: reply.yiaddr } });
    expect(forgetful.box(other).refused()).toEqual({ "partner-answers": 1 });
  });

  test("that takes the offer of the other box is served by that, though it has forgotten it", () => {
    const two = cores();
    const offers = two.broadcast({ type: DISCOVER, mac, secs: 60 });
    const wanted = offers[other]?.yiaddr ?? "";
    const ack = only(cores().broadcast(select(mac, wanted)));
    expect(ack).toMatchObject({ role: other, reply: { type: ACK, yiaddr: wanted } });
  });

  test("is answered once when both offer it the address that it had", () => {
    const two = cores();
    const held = lease(two, mac);
    two.pass(3700 * SECOND);
    const offers = two.broadcast({ type: DISCOVER, mac, secs: 60 });
    expect([offers.primary?.type, offers.secondary?.type]).toContain(OFFER);
    const ack = only(two.broadcast(select(mac, held, { secs: 60 })));
    expect(ack.reply).toMatchObject({ type: ACK, yiaddr: held });
  });

  test("is answered once when both offer it the address that it has, or that is reserved for it", () => {
    const reserved = reserve(mac, "10.77.0.20");
    for (const [two, wanted] of [
      [cores(), undefined],
      [cores({ reservations: [reserved] }), "10.77.0.20"],
    ] as const) {
      const held = wanted ?? lease(two, mac);
      const offers = two.broadcast({ type: DISCOVER, mac, secs: 60 });
      expect([offers.primary?.yiaddr, offers.secondary?.yiaddr]).toEqual([held, held]);
      const ack = only(two.broadcast(select(mac, held, { secs: 60 })));
      expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: held } });
    }
  });

  test("is refused once, by it, what is another's or of no network here", () => {
    const two = cores();
    const held = lease(two, clientOf(other));
    for (const wanted of [held, "10.77.0.20", "192.0.2.1"]) {
      expect(only(two.broadcast(select(mac, wanted)))).toMatchObject({
        role,
        reply: { type: NAK },
      });
    }
  });

  test("is served by the other box when this one does not hear it, once it asks again", () => {
    const two = cores();
    const box = two.box(other);
    const held = lease(two, mac);
    expect(answer(two, box, select(mac, held, { xid: 7 }))).toBeUndefined();
    two.pass(4 * SECOND);
    // What a relay or a switch doubles is no sign of impatience, and neither is another exchange.
    expect(answer(two, box, select(mac, held, { xid: 8 }))).toBeUndefined();
    expect(answer(two, box, select(mac, held, { xid: 8 }))).toBeUndefined();
    two.pass(4 * SECOND);
    expect(answer(two, box, select(mac, held, { xid: 8 }))).toMatchObject({
      type: ACK,
      yiaddr: held,
    });
  });

  test("is not refused by the other box, however often it asks for what is this one's to give", () => {
    const two = cores();
    const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
    for (let turn = 0; turn < 4; turn++) {
      expect(answer(two, two.box(other), select(mac, reply.yiaddr))).toBeUndefined();
      two.pass(8 * SECOND);
    }
  });
});

test("a request that comes later than the partner's word of its answer is not answered again", () => {
  const two = cores();
  const mac = clientOf("secondary");
  // The box whose client it is had nothing to offer, or did not hear it.
  const offer = answer(two, two.primary, { type: DISCOVER, mac, secs: 60 });
  const held = offer?.yiaddr ?? "";
  two.primary.receive(select(mac, held));
  two.settle();
  expect(two.answers().primary).toMatchObject({ type: ACK, yiaddr: held });
  expect(answer(two, two.secondary, select(mac, held))).toBeUndefined();
  two.pass(4 * SECOND);
  expect(only(two.broadcast(select(mac, held, { xid: 9 })))).toMatchObject({ role: "secondary" });
});

test("a device that begins anew under the number that it had is answered by the box whose offer it takes", () => {
  const two = cores();
  const mac = clientOf("secondary");
  const held = answer(two, two.primary, { type: DISCOVER, mac, secs: 60 })?.yiaddr ?? "";
  expect(answer(two, two.primary, select(mac, held))).toMatchObject({ type: ACK });
  two.pass(SECOND);
  expect(answer(two, two.secondary, { type: DISCOVER, mac })).toMatchObject({ type: OFFER });
  expect(answer(two, two.secondary, select(mac, held))).toMatchObject({ type: ACK });
});

test("a DISCOVER that comes late, when the partner has served it already, is not the first of a row", () => {
  const two = cores();
  const mac = clientOf("primary");
  const discover = { type: DISCOVER, mac, xid: 7 };
  const held = answer(two, two.primary, discover)?.yiaddr ?? "";
  expect(answer(two, two.primary, select(mac, held, { xid: 7 }))).toMatchObject({ type: ACK });
  expect(answer(two, two.secondary, discover)).toBeUndefined();
  two.pass(40 * SECOND);
  expect(only(two.broadcast({ ...discover, xid: 8 })).role).toBe("primary");
});

test("a device that begins anew a moment after the partner served it is answered by the box whose offer it takes", () => {
  const two = cores();
  const mac = clientOf("secondary");
  const held = answer(two, two.primary, { type: DISCOVER, mac, secs: 60 })?.yiaddr ?? "";
  expect(answer(two, two.primary, select(mac, held))).toMatchObject({ type: ACK });
  two.pass(2 * SECOND);
  const offer = only(two.broadcast({ type: DISCOVER, mac, xid: 9 }));
  expect(offer).toMatchObject({ role: "secondary", reply: { type: OFFER, yiaddr: held } });
  const ack = only(two.broadcast(select(mac, held, { xid: 9 })));
  expect(ack).toMatchObject({ role: "secondary", reply: { type: ACK, yiaddr: held } });
});

test("a device that wants its lease at once is only offered one while both boxes answer, and has it from one alone", () => {
  const mac = clientOf("primary");
  const two = cores({ rapidCommit: true, probe: false });
  const rapid = { type: DISCOVER, mac, options: { 80: new Uint8Array(0) } };
  expect(two.broadcast(rapid).primary?.type).toBe(OFFER);
  expect(two.primary.core.poolCounts(0, 0).active).toBe(0);
  see(two.primary, "gone");
  two.broadcast({ ...rapid, secs: 60 });
  expect(two.primary.core.poolCounts(0, 0).active).toBe(1);
});

test("what the partner has not heard of yet is answered by the box that gave it", () => {
  const two = cores();
  const mac = clientOf("secondary");
  const held = answer(two, two.primary, { type: DISCOVER, mac, secs: 60 })?.yiaddr ?? "";
  two.isSilent = true;
  expect(answer(two, two.primary, select(mac, held))).toMatchObject({ type: ACK });
  for (const box of two.boxes) box.receive(select(mac, held));
  two.pass(100);
  expect(only(two.answers()).role).toBe("primary");
});

describe("a partner that is gone", () => {
  /** The REQUEST of a client that took its offer was left to it; `isTold`: it had told of the lease. */
  function left(isTold: boolean) {
    const two = cores();
    const mac = clientOf("primary");
    const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
    const wanted = reply.yiaddr;
    two.secondary.receive(select(mac, wanted));
    if (isTold) {
      two.primary.receive(select(mac, wanted));
      two.primary.durable();
      two.carry(two.primary);
    }
    two.secondary.durable();
    expect(two.secondary.replies()).toEqual([]);
    two.isSilent = true;
    return { two, survivor: two.secondary, mac, wanted };
  }
  const types = (two: TwoCores) => {
    two.pass(100);
    return two.secondary.replies().map(({ type }) => type);
  };

  test.each([
    ["told", true, ACK],
    ["not told", false, NAK],
  ])(
    "its client is answered when nothing is heard of it, its lease being %s",
    (_, isTold, type) => {
      const { two, survivor } = left(isTold);
      see(survivor, "slow");
      expect(types(two)).toEqual([type]);
    },
  );

  test("its client is not refused because a connection was lost: it may have been the cable", () => {
    const { two, survivor, mac, wanted } = left(false);
    two.cut();
    expect(survivor.core.pair?.state).toBe("communications-interrupted");
    expect(types(two)).toEqual([]);
    expect(answer(two, survivor, select(mac, wanted))).toBeUndefined();
    // Then the witness says what it was, and nobody has to ask again for it.
    see(survivor, "slow");
    expect(types(two)).toEqual([NAK]);
    expect(answer(two, survivor, select(mac, wanted))).toMatchObject({ type: NAK });
    expect(answer(two, survivor, { type: DISCOVER, mac })).toMatchObject({ type: OFFER });
  });

  test("is answered for on the LAN that it has lost", () => {
    const { two, survivor, mac } = left(false);
    see(survivor, "in-step", ["office"]);
    expect(types(two)).toEqual([NAK]);
    const offer = answer(two, survivor, { type: DISCOVER, mac });
    expect(answer(two, survivor, select(mac, offer?.yiaddr ?? ""))).toMatchObject({ type: ACK });
    see(survivor, "in-step");
    expect(answer(two, survivor, { type: DISCOVER, mac: clientOf("primary", 1) })).toBeUndefined();
  });

  test("who only remembers an address of its share is refused, who renews it is not", () => {
    const { two, survivor, mac, wanted } = left(false);
    survivor.replies();
    see(survivor, "gone");
    types(two);
    const reboot = { type: REQUEST, mac, options: { 50: address(wanted) } };
    expect(answer(two, survivor, reboot)).toMatchObject({ type: NAK });
    const renewal = { type: REQUEST, mac, ciaddr: wanted, destinationIp: VIRTUAL };
    expect(answer(two, survivor, renewal)).toBeUndefined();
    expect(answer(two, survivor, { ...renewal, destinationIp: "255.255.255.255" })).toBeUndefined();
  });

  test("one that it knows by its own address only is served in its place as soon as nothing is heard", () => {
    const two = TwoCores.inStep();
    const mac = clientOf("primary");
    const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
    const options = { 50: address(reply.yiaddr), 54: address(two.primary.ownAddress) };
    two.primary.receive({ type: REQUEST, mac, options });
    two.secondary.receive({ type: REQUEST, mac, options });
    two.primary.durable();
    two.carry(two.primary);
    two.isSilent = true;
    expect(types(two)).toEqual([]);
    see(two.secondary, "slow");
    expect(types(two)).toEqual([ACK]);
  });
});
