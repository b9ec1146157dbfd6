// What a box leaves to its partner, takes from it, and ends because of itself.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../../daemon/base/address.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import type { JournalState } from "../../../daemon/ports.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { address, type ClientMessage } from "../../support/client-frame.ts";
import { ACK, DISCOVER, leaseTime, REQUEST, START_SECONDS } from "../../support/core-bench.ts";
import { only, PairedBox, TwoCores } from "../../support/two-cores.ts";

const A = "02:00:00:00:00:0a";
const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const SECOND = 1000;
const LEASE = 3600;

function lease(cores: TwoCores): { held: string; renewal: ClientMessage; box: PairedBox } {
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac: A }));
  const box = cores.box(role);
  const held = reply.yiaddr;
  const options = { 50: address(held), 54: address(box.ownAddress) };
  only(cores.broadcast({ type: REQUEST, mac: A, options }));
  const renewal = { type: REQUEST, mac: A, ciaddr: held, destinationIp: box.ownAddress };
  return { held, renewal, box };
}

/** Kinds of what the box asks the driver to do with its partner. */
function withPeer(box: PairedBox): string[] {
  return box.effects.map(({ kind }) => kind).filter((kind) => kind.startsWith("peer-"));
}

function states(cores: TwoCores): (string | undefined)[] {
  return cores.boxes.map(({ core }) => core.pair?.state);
}

describe("in step", () => {
  test("the primary says that a lease is over, and the secondary waits for that", () => {
    const cores = TwoCores.inStep();
    const { held } = lease(cores);
    cores.pass((LEASE + LIMITS.expiryGraceSeconds - 1) * SECOND);
    cores.isSilent = true;
    cores.pass(2 * SECOND);
    expect(cores.boxes.map((box) => box.at(held)?.state)).toEqual(["expired", "active"]);
    cores.isSilent = false;
    cores.settle();
    // It goes to the box that answers its client.
    const states = cores.boxes.map((box) => box.at(held)?.state);
    expect([
      ["free", "free"],
      ["backup", "backup"],
    ]).toContainEqual(states);
  });

  test("the secondary says so itself when it is apart", () => {
    const cores = TwoCores.inStep();
    const { held } = lease(cores);
    cores.cut();
    cores.pass((LEASE + LIMITS.expiryGraceSeconds + 1) * SECOND);
    expect(cores.boxes.map((box) => box.at(held)?.state)).toEqual(["expired", "expired"]);
  });
});

test("the secondary goes by the MCLT of the primary", () => {
  const cores = new TwoCores({ mcltSeconds: 300 });
  Object.assign(cores, { secondary: new PairedBox("secondary", { mcltSeconds: 1200 }) });
  cores.connect();
  cores.pass(5 * SECOND);
  cores.cut();
  const { secondary } = cores.broadcast({ type: DISCOVER, mac: A });
  expect(leaseTime(secondary)).toBe(300);
});

describe.each(ROLES)("the %s", (role) => {
  test("does not speak while its disk cannot be written: it could acknowledge nothing", () => {
    const cores = TwoCores.inStep();
    const box = cores.box(role);
    const journal = (state: JournalState) => box.step({ kind: "journal", state });
    journal({ kind: "failing", reason: "error", text: "EIO" });
    expect(withPeer(box)).toEqual(["peer-close"]);
    cores.settle();
    expect(states(cores)).toEqual(["communications-interrupted", "communications-interrupted"]);
    box.monotonic += 20 * SECOND;
    box.step({ kind: "alarm" });
    expect(withPeer(box)).toEqual([]);
    box.step({ kind: "peer-open", connection: 9 });
    expect(withPeer(box)).toEqual(["peer-close"]);
    journal({ kind: "ok" });
    box.step({ kind: "alarm" });
    expect(withPeer(box)).toEqual(["peer-dial"]);
  });

  test("begins anew when its clock is set: what both know of each other's clock is over", () => {
    const cores = TwoCores.inStep();
    const box = cores.box(role);
    box.offset += 20 * SECOND;
    box.step({ kind: "alarm" });
    expect(withPeer(box)).toEqual(["peer-close"]);
    cores.settle();
    expect(states(cores)).toEqual(["communications-interrupted", "communications-interrupted"]);
  });
});

test("a lease that was told again without a record has one as soon as the disk takes it", () => {
  const cores = TwoCores.inStep();
  const { held, renewal, box } = lease(cores);
  cores.pass(300 * SECOND);
  cores.cut();
  const journal = (state: JournalState) => box.step({ kind: "journal", state });
  journal({ kind: "failing", reason: "full", text: "ENOSPC" });
  box.receive(renewal);
  expect(box.replies().map(({ type }) => type)).toEqual([ACK]);
  expect(box.needsDisk).toBe(false);
  journal({ kind: "ok" });
  expect(box.needsDisk).toBe(true);
  const seenAt = Math.floor(box.now.wall / 1000);
  expect(box.at(held)).toMatchObject({ state: "active", seenAt, fromPartner: false });
  cores.settle();
  journal({ kind: "ok" });
  expect(box.needsDisk).toBe(false);
});

test("a lease that the partner has shorter is not told longer while the record of that waits for a slow disk", () => {
  const cores = TwoCores.inStep();
  const { held, renewal, box } = lease(cores);
  cores.pass(300 * SECOND);
  const seconds = Math.floor(box.now.wall / 1000);
  box.hear({
    ...{ type: "BNDUPD", time: seconds, xid: 1000 },
    bindings: [
      {
        ...{ assignedIpAddress: ipv4(held), bindingStatus: "active" },
        clientHardwareAddress: { htype: 1, chaddr: Uint8Array.of(2, 0, 0, 0, 0, 10) },
        ...{ leaseExpirationTime: seconds + 600, potentialExpirationTime: seconds + 5000 },
        ...{ startTimeOfState: START_SECONDS, clientLastTransactionTime: seconds },
      },
    ],
  });
  expect(box.at(held)?.expiresAt).toBe(seconds + 600);
  box.step({ kind: "journal", state: { kind: "slow", milliseconds: 1500 } });
  box.receive(renewal);
  // What it can be told waits for the disk.
  expect(box.replies()).toEqual([]);
});

test("a lease that was told again without a record is not the partner's to release as it was before", () => {
  const cores = TwoCores.inStep();
  const { held, renewal, box } = lease(cores);
  cores.pass(300 * SECOND);
  box.step({ kind: "journal", state: { kind: "slow", milliseconds: 1500 } });
  box.receive(renewal);
  expect(box.replies().map(({ type }) => type)).toEqual([ACK]);
  expect(box.needsDisk).toBe(false);
  const before = START_SECONDS + 60;
  box.hear({
    ...{ type: "BNDUPD", time: Math.floor(box.now.wall / 1000), xid: 1000 },
    bindings: [
      {
        ...{ assignedIpAddress: ipv4(held), bindingStatus: "released" },
        clientHardwareAddress: { htype: 1, chaddr: Uint8Array.of(2, 0, 0, 0, 0, 10) },
        ...{ leaseExpirationTime: before, potentialExpirationTime: before },
        ...{ startTimeOfState: START_SECONDS, clientLastTransactionTime: before },
      },
    ],
  });
  expect(box.at(held)?.state).toBe("active");
});
