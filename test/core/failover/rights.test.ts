// Which addresses a box gives out while it is apart from its partner: its own, those that it knows to be over,
// and in PARTNER-DOWN all, when nobody can have been promised one any more.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../daemon/limits.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { address, type ClientMessage } from "../../support/client-frame.ts";
import {
  ACK,
  DISCOVER,
  NAK,
  OFFER,
  RELEASE,
  REQUEST,
  type Reply,
} from "../../support/core-bench.ts";
import { diskOf, startAgain } from "../../support/started-again.ts";
import { only, type PairedBox, TwoCores } from "../../support/two-cores.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const SECOND = 1000;
const LEASE = 3600 * SECOND;
const MCLT = 600 * SECOND;
const GRACE = LIMITS.expiryGraceSeconds * SECOND;

/** A client that remembers an address. */
function reboot(mac: string, remembered: string): ClientMessage {
  return { type: REQUEST, mac, options: { 50: address(remembered) } };
}

/** What this box alone says to it; undefined when it is silent. */
function answer(cores: TwoCores, box: PairedBox, message: ClientMessage): Reply | undefined {
  // What was left to the partner before is answered when it is gone.
  box.replies();
  box.receive(message);
  cores.settle();
  return box.replies()[0];
}

function lease(cores: TwoCores, mac: string): string {
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac }));
  const options = { 50: address(reply.yiaddr), 54: address(cores.box(role).ownAddress) };
  return only(cores.broadcast({ type: REQUEST, mac, options })).reply.yiaddr;
}

/** A client that both boxes leave to this one. */
function clientOf(cores: TwoCores, role: FailoverRole): string {
  for (let i = 1; ; i++) {
    const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
    if (only(cores.broadcast({ type: DISCOVER, mac })).role === role) return mac;
  }
}

/** An address that nobody ever had and that is this box's to give. */
function ownOf(box: PairedBox): string {
  for (let last = 100; last < 200; last++) {
    const state = box.at(`10.77.0.${last}`)?.state ?? "free";
    if (state === box.core.pair?.ownState) return `10.77.0.${last}`;
  }
  throw new Error("nothing is its own");
}

describe.each(ROLES)("the %s, its partner silent", (role) => {
  const otherRole = role === "primary" ? "secondary" : "primary";

  test("gives its own addresses, and says nothing about the partner's", () => {
    const cores = TwoCores.inStep();
    const theirs = ownOf(cores.box(otherRole));
    cores.cut();
    const box = cores.box(role);
    expect(answer(cores, box, reboot(A, ownOf(box)))?.type).toBe(ACK);
    expect(answer(cores, box, reboot(B, theirs))).toBeUndefined();
    const options = { 50: address(theirs), 54: address(box.ownAddress) };
    expect(answer(cores, box, { type: REQUEST, mac: B, options })).toBeUndefined();
    expect(box.refused()).toEqual({ "partner-owns": 2 });
  });

  test("offers one of its own to a client that had one of the partner's", () => {
    const cores = TwoCores.inStep();
    const mac = clientOf(cores, otherRole);
    const before = lease(cores, mac);
    const { ownAddress } = cores.box(otherRole);
    const options = { 54: address(ownAddress) };
    cores.broadcast({ type: RELEASE, mac, ciaddr: before, destinationIp: ownAddress, options });
    const box = cores.box(role);
    expect(box.at(before)?.state).toBe(cores.box(otherRole).core.pair?.ownState);
    cores.cut();
    const offer = answer(cores, box, { type: DISCOVER, mac });
    expect(offer?.type).toBe(OFFER);
    expect(box.at(offer?.yiaddr ?? "")?.state ?? "free").toBe(box.core.pair?.ownState);
  });

  test("declared off, gives the partner's when MCLT and what an answer may have waited are over", () => {
    const cores = TwoCores.inStep();
    const theirs = ownOf(cores.box(otherRole));
    cores.cut();
    const box = cores.box(role);
    box.step({ kind: "pair-command", command: "partner-down" });
    cores.pass(MCLT + GRACE - SECOND);
    expect(answer(cores, box, reboot(A, theirs))?.type).toBe(NAK);
    cores.pass(3 * SECOND);
    expect(answer(cores, box, reboot(A, theirs))?.type).toBe(ACK);
  });

  test("gives an address whose lease is over to the client that had it, and to nobody else", () => {
    const cores = TwoCores.inStep();
    const held = lease(cores, A);
    cores.cut();
    cores.pass(LEASE + GRACE + SECOND);
    const box = cores.box(role);
    expect(box.at(held)?.state).toBe("expired");
    expect(answer(cores, box, reboot(B, held))).toBeUndefined();
    expect(answer(cores, box, reboot(A, held))?.type).toBe(ACK);
  });

  test("that was away for longer than MCLT, gives nothing before another MCLT", () => {
    const cores = TwoCores.inStep();
    const disk = diskOf(cores.box(role));
    cores.cut();
    cores.pass(MCLT);
    startAgain(cores, role, disk);
    const box = cores.box(role);
    cores.pass(MCLT - SECOND);
    expect(answer(cores, box, { type: DISCOVER, mac: A })).toBeUndefined();
    cores.pass(2 * SECOND);
    expect(answer(cores, box, { type: DISCOVER, mac: A })?.type).toBe(OFFER);
  });

  test("that was away for less, gives its own when it has looked for its partner", () => {
    const cores = TwoCores.inStep();
    const disk = diskOf(cores.box(role));
    cores.cut();
    cores.pass(MCLT - 20 * SECOND);
    startAgain(cores, role, disk);
    cores.pass(LIMITS.startupMilliseconds + SECOND);
    expect(answer(cores, cores.box(role), { type: DISCOVER, mac: A })?.type).toBe(OFFER);
  });
});
