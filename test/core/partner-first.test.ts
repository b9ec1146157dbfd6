// The partner hears of a lease before its client does, unless it does not answer: how long an ACK waits,
// and for how much time.

import { describe, expect, test } from "vitest";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { address, type ClientMessage } from "../support/client-frame.ts";
import { ACK, DISCOVER, leaseTime, RELEASE, REQUEST, type Reply } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { only, TwoCores } from "../support/two-cores.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const C = "02:00:00:00:00:0c";
/** The lease that the network gives, and what a client may have without the partner's knowing. */
const WHOLE = 3600;
const MCLT = 600;

/** A client that has its offer: the box that made it, and the REQUEST. */
interface Offered {
  readonly role: FailoverRole;
  readonly wanted: string;
  readonly request: ClientMessage;
}

function offer(cores: TwoCores, mac: string): Offered {
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac }));
  const wanted = reply.yiaddr;
  const server = cores.box(role).ownAddress;
  const options = { 50: address(wanted), 54: address(server) };
  return { role, wanted, request: { type: REQUEST, mac, options } };
}

function renewal(mac: string, held: string, server: string): ClientMessage {
  return { type: REQUEST, mac, ciaddr: held, destinationIp: server };
}

/** Type and seconds of all that was sent. */
function sent(cores: TwoCores): (number | undefined)[][] {
  const { primary, secondary } = cores.answers();
  return [primary, secondary].flatMap((reply: Reply | undefined) =>
    reply ? [[reply.type, leaseTime(reply)]] : [],
  );
}

function ask(cores: TwoCores, message: ClientMessage): (number | undefined)[][] {
  for (const box of cores.boxes) box.receive(message);
  cores.settle();
  return sent(cores);
}

/** How many ACKs waited for the partner and left whole, or short. */
function counts(cores: TwoCores, role: FailoverRole): (number | undefined)[] {
  const counters = cores.box(role).core.pairView()?.counters;
  return [counters?.["acks-in-time"], counters?.["acks-late"]];
}

describe("a new lease, the boxes in step", () => {
  test("has its full time, and the ACK leaves when it is on the disks of both", () => {
    const cores = TwoCores.inStep();
    const { role, wanted, request } = offer(cores, A);
    const ours = cores.box(role);
    const partner = cores.otherThan(ours);
    ours.receive(request);
    expect([ours.toPeer.length, ours.needsDisk]).toEqual([0, true]);
    // The own disk first, then the partner is told.
    ours.durable();
    expect([ours.toPeer.length, partner.at(wanted)?.state]).toEqual([1, "backup"]);
    cores.carry(ours);
    expect(partner.at(wanted)?.state).toBe("active");
    // It does not say so before it is on its own disk.
    expect([partner.toPeer.length, partner.needsDisk]).toEqual([0, true]);
    partner.durable();
    expect(sent(cores)).toEqual([]);
    cores.carry(partner);
    expect(sent(cores)).toEqual([[ACK, WHOLE]]);
    cores.settle();
    expect(sent(cores)).toEqual([]);
    expect(counts(cores, role)).toEqual([1, 0]);
  });

  test("is offered for its full time", () => {
    const cores = TwoCores.inStep();
    expect(leaseTime(only(cores.broadcast({ type: DISCOVER, mac: A })).reply)).toBe(WHOLE);
  });

  test("beside a silent partner is MCLT long, and the ACK leaves when the wait is over", () => {
    const cores = TwoCores.inStep({ partnerWaitMilliseconds: 70 });
    const { role, request } = offer(cores, A);
    cores.isSilent = true;
    expect(ask(cores, request)).toEqual([]);
    cores.pass(60);
    expect(sent(cores)).toEqual([]);
    cores.pass(10);
    expect(sent(cores)).toEqual([[ACK, MCLT]]);
    expect(counts(cores, role)).toEqual([0, 1]);
    // An answer that comes after all changes nothing for the client.
    cores.isSilent = false;
    cores.settle();
    expect(sent(cores)).toEqual([]);
  });

  test("is MCLT long at once when no ACK is to wait", () => {
    const cores = TwoCores.inStep({ partnerWaitMilliseconds: 0 });
    expect(leaseTime(only(cores.broadcast({ type: DISCOVER, mac: A })).reply)).toBe(MCLT);
    expect(ask(cores, offer(cores, A).request)).toEqual([[ACK, MCLT]]);
  });

  test("is MCLT long at once behind one that has waited for much longer than it may", () => {
    const cores = TwoCores.inStep();
    const [first, second, third] = [offer(cores, A), offer(cores, B), offer(cores, C)];
    expect([second.role, third.role]).toEqual([first.role, first.role]);
    cores.isSilent = true;
    ask(cores, first.request);
    cores.pass(190);
    expect(sent(cores)).toEqual([[ACK, MCLT]]);
    expect(ask(cores, second.request)).toEqual([]);
    cores.pass(10);
    expect(ask(cores, third.request)).toEqual([[ACK, MCLT]]);
  });

  test("whose client asks again while the ACK waits has one ACK", () => {
    const cores = TwoCores.inStep();
    const { role, request } = offer(cores, A);
    const box = cores.box(role);
    box.receive(request);
    box.durable();
    box.receive(request);
    cores.settle();
    expect(sent(cores)).toEqual([[ACK, WHOLE]]);
  });

  test("that is given back while the ACK waits has none", () => {
    const cores = TwoCores.inStep();
    const { wanted, role, request } = offer(cores, A);
    const { ownAddress } = cores.box(role);
    cores.isSilent = true;
    ask(cores, request);
    const options = { 54: address(ownAddress) };
    const release = { type: RELEASE, mac: A, ciaddr: wanted, destinationIp: ownAddress, options };
    expect(ask(cores, release)).toEqual([]);
    cores.pass(100);
    cores.isSilent = false;
    cores.settle();
    expect(sent(cores)).toEqual([]);
    expect(counts(cores, role)).toEqual([0, 0]);
    expect(cores.boxes.map((box) => box.at(wanted)?.state)).not.toContain("active");
  });

  test("does not wait any more when the connection is lost", () => {
    const cores = TwoCores.inStep();
    const { role, request } = offer(cores, A);
    cores.isSilent = true;
    expect(ask(cores, request)).toEqual([]);
    cores.cut();
    expect(sent(cores)).toEqual([[ACK, MCLT]]);
    expect(cores.box(role).core.pair?.state).toBe("communications-interrupted");
  });
});

describe("a renewal, the boxes in step", () => {
  /** A client that has had its lease for half of its time. */
  function renewing(): { cores: TwoCores; role: FailoverRole; request: ClientMessage } {
    const cores = TwoCores.inStep();
    const { role, wanted, request } = offer(cores, A);
    expect(ask(cores, request)).toEqual([[ACK, WHOLE]]);
    cores.pass((WHOLE / 2) * 1000);
    return { cores, role, request: renewal(A, wanted, cores.box(role).ownAddress) };
  }

  test("waits for the partner too", () => {
    const { cores, role, request } = renewing();
    const box = cores.box(role);
    box.receive(request);
    box.durable();
    expect(sent(cores)).toEqual([]);
    cores.settle();
    expect(sent(cores)).toEqual([[ACK, WHOLE]]);
  });

  test("has its full time beside a silent partner as well: that was agreed on with the lease", () => {
    const { cores, role, request } = renewing();
    cores.isSilent = true;
    cores.box(role).receive(request);
    cores.settle();
    expect(sent(cores)).toEqual([]);
    cores.pass(50);
    expect(sent(cores)).toEqual([[ACK, WHOLE]]);
  });

  test("of the lease that was MCLT long has the full time when the partner answers again", () => {
    const cores = TwoCores.inStep();
    const { role, wanted, request } = offer(cores, A);
    cores.isSilent = true;
    ask(cores, request);
    cores.pass(50);
    expect(sent(cores)).toEqual([[ACK, MCLT]]);
    cores.isSilent = false;
    cores.settle();
    const box = cores.box(role);
    box.receive(renewal(A, wanted, box.ownAddress));
    cores.settle();
    expect(sent(cores)).toEqual([[ACK, WHOLE]]);
  });
});

describe("boxes that cannot speak to each other", () => {
  test("offer and give MCLT at once, each of its own addresses", () => {
    const cores = TwoCores.inStep();
    cores.cut();
    const { primary, secondary } = cores.broadcast({ type: DISCOVER, mac: A });
    expect([leaseTime(primary), leaseTime(secondary)]).toEqual([MCLT, MCLT]);
    expect(primary?.yiaddr).not.toBe(secondary?.yiaddr);
    for (const [box, reply] of [
      [cores.primary, primary],
      [cores.secondary, secondary],
    ] as const) {
      const options = { 50: address(reply?.yiaddr ?? ""), 54: address(box.ownAddress) };
      box.receive({ type: REQUEST, mac: A, options });
      // It waits for nothing but its own disk.
      expect(box.replies()).toEqual([]);
      box.durable();
      expect(box.replies().map(leaseTime)).toEqual([MCLT]);
    }
  });

  test("have both leases when they can, and then give them their full time", () => {
    const cores = TwoCores.inStep();
    cores.cut();
    const { primary } = cores.broadcast({ type: DISCOVER, mac: A });
    const wanted = primary?.yiaddr ?? "";
    const options = { 50: address(wanted), 54: address(cores.primary.ownAddress) };
    expect(ask(cores, { type: REQUEST, mac: A, options })).toEqual([[ACK, MCLT]]);
    expect(cores.secondary.at(wanted)?.state).not.toBe("active");
    cores.connect();
    expect(cores.boxes.map((box) => box.core.pair?.state)).toEqual(["normal", "normal"]);
    expect(cores.secondary.at(wanted)?.state).toBe("active");
    cores.secondary.receive(renewal(A, wanted, cores.secondary.ownAddress));
    cores.settle();
    expect(sent(cores)).toEqual([[ACK, WHOLE]]);
  });
});
