// A box that comes back with an older disk than it had: what it may have promised and does not know any more.

import { beforeEach, describe, expect, test } from "vitest";
import { formatMac } from "../../../daemon/base/address.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { address } from "../../support/client-frame.ts";
import { DISCOVER, RELEASE, REQUEST } from "../../support/core-bench.ts";
import { type Disk, diskOf, startAgain } from "../../support/started-again.ts";
import { only, type PairedBox, TwoCores } from "../../support/two-cores.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const SECOND = 1000;
const LEASE = 3600;
const MCLT = 600;
const OVER = LEASE + LIMITS.expiryGraceSeconds + 1;

describe.each(ROLES)("the %s with an older disk", (role) => {
  const partnersRole = role === "primary" ? "secondary" : "primary";
  let cores: TwoCores;
  let older: Disk;
  let held: string;

  /** The disk is from before the lease, which both know. */
  beforeEach(() => {
    cores = TwoCores.inStep();
    older = diskOf(cores.box(role));
    const { role: of, reply } = only(cores.broadcast({ type: DISCOVER, mac: A }));
    held = reply.yiaddr;
    const options = { 50: address(held), 54: address(cores.box(of).ownAddress) };
    only(cores.broadcast({ type: REQUEST, mac: A, options }));
    // The partner hears how far the journal is.
    cores.pass(2 * SECOND);
    cores.cut();
  });

  function partner(): PairedBox {
    return cores.box(partnersRole);
  }

  function states(): (string | undefined)[] {
    return [cores.box(role), partner()].map(({ core }) => core.pair?.state);
  }

  test("waits for MCLT until it serves, and then both are in step", () => {
    startAgain(cores, role, older);
    cores.connect();
    expect(states()).toEqual(["recover-wait", "communications-interrupted"]);
    cores.pass((MCLT - 1) * SECOND);
    expect(states()).toEqual(["recover-wait", "communications-interrupted"]);
    cores.pass(2 * SECOND);
    expect(states()).toEqual(["normal", "normal"]);
  });

  test("keeps a lease for MCLT beyond all that its partner knows of", () => {
    const { toldUntil = 0, agreedUntil = 0 } = partner().at(held) ?? {};
    const kept = { state: "active", expiresAt: Math.max(toldUntil, agreedUntil) + MCLT };
    startAgain(cores, role, older);
    cores.connect();
    expect(cores.box(role).at(held)).toMatchObject(kept);
    cores.pass((MCLT + 1) * SECOND);
    expect(partner().at(held)).toMatchObject(kept);
  });

  test("does so when its partner knows it to be over, and it is free for neither meanwhile", () => {
    cores.pass(OVER * SECOND);
    expect(partner().at(held)?.state).toBe("expired");
    startAgain(cores, role, older);
    const seen = new Set<string | undefined>();
    onStep(partner(), () => seen.add(partner().at(held)?.state));
    cores.connect();
    expect(cores.box(role).at(held)?.state).toBe("active");
    cores.pass((MCLT + 1) * SECOND);
    expect([...seen].sort()).toEqual(["active", "expired"]);
    expect(cores.box(role).at(held)?.state).toBe("active");
  });
});

test("a lease that was given back to the partner alone may go on at a box that has lost its book", () => {
  const cores = TwoCores.inStep();
  const held = leaseOfSecondarys(cores);
  cores.cut();
  const { mac } = holderOf(cores.primary, held);
  const serverId = address(cores.primary.ownAddress);
  cores.primary.receive({ type: RELEASE, mac, ciaddr: held, options: { 54: serverId } });
  // It comes again where nobody knows that.
  cores.secondary.receive({ type: REQUEST, mac, options: { 50: address(held) } });
  cores.settle();
  const promised = cores.secondary.at(held)?.expiresAt ?? 0;
  startAgain(cores, "secondary", { leases: [], pair: undefined, lastSequence: 0, wallFloor: 0 });
  cores.connect();
  cores.pass((MCLT + 1) * SECOND);
  for (const box of cores.boxes) {
    const { state, expiresAt = 0 } = box.at(held) ?? {};
    expect(state).toBe("active");
    expect(expiresAt).toBeGreaterThanOrEqual(promised);
  }
});

test("what a box promised while a person had it serve without its book, it keeps when it learns", () => {
  const cores = TwoCores.inStep();
  const held = leaseOfSecondarys(cores);
  const { mac } = holderOf(cores.primary, held);
  cores.pass(2 * SECOND);
  startAgain(cores, "secondary", { leases: [], pair: undefined, lastSequence: 0, wallFloor: 0 });
  const { secondary } = cores;
  cores.pass(3000 * SECOND);
  secondary.step({ kind: "pair-command", command: "partner-down" });
  secondary.receive({ type: DISCOVER, mac, options: { 50: address(held) } });
  const options = { 50: address(held), 54: address(secondary.ownAddress) };
  secondary.receive({ type: REQUEST, mac, options });
  cores.settle();
  const promised = secondary.at(held)?.expiresAt ?? 0;
  const { toldUntil = 0 } = cores.primary.at(held) ?? {};
  expect(promised).toBeGreaterThan(toldUntil + MCLT);
  const ends = new Set<number | undefined>();
  onStep(secondary, () => ends.add(secondary.at(held)?.expiresAt));
  cores.connect();
  cores.pass((MCLT + 5) * SECOND);
  expect(Math.min(...[...ends].map((end) => end ?? 0))).toBeGreaterThanOrEqual(promised);
  expect(cores.primary.at(held)?.expiresAt).toBeGreaterThanOrEqual(promised);
});

test("a client that gets an address meanwhile has it for good: the older disk is heard last", () => {
  const cores = TwoCores.inStep();
  const { primary, secondary } = cores;
  const held = leaseOfSecondarys(cores);
  const disk = diskOf(primary);
  // Read when the clock is in doubt, a lease has its full time from the start; that it was told is not noted.
  const leases = [...disk.leases].map((one) =>
    one.state === "active" ? { ...one, clockUncertain: true, fromPartner: false } : one,
  );
  cores.pass((OVER + 2) * SECOND);
  expect(secondary.at(held)?.state).toBe("backup");
  const pair = disk.pair && { ...disk.pair, agreedThrough: 0 };
  startAgain(cores, "primary", { ...disk, leases, pair });
  const again = cores.primary;
  expect(again.at(held)?.state).toBe("active");
  const holder = (box: PairedBox) => box.at(held)?.chaddr.at(-1);
  onStep(again, () => {
    // The secondary has just told what it knows, and goes on serving.
    if (secondary.at(held)?.state !== "backup" || !isTold(again)) return;
    secondary.receive({ type: REQUEST, mac: B, options: { 50: address(held) } });
    secondary.durable();
  });
  const holders = new Set<number | undefined>();
  onStep(secondary, () => {
    if (secondary.at(held)?.state === "active") holders.add(holder(secondary));
  });
  cores.connect();
  cores.pass((MCLT + 1) * SECOND);
  expect([...holders]).toEqual([0x0b]);
  expect(cores.boxes.map(holder)).toEqual([0x0b, 0x0b]);
});

/** The client of a lease. */
function holderOf(box: PairedBox, held: string): { mac: string } {
  return { mac: formatMac(box.at(held)?.chaddr ?? new Uint8Array()) };
}

/** Looks at everything that a box does from now on. */
function onStep(box: PairedBox, look: () => void): void {
  const step = box.step.bind(box);
  box.step = (event) => {
    const effects = step(event);
    look();
    return effects;
  };
}

/** Updates of the partner have come in. */
function isTold({ core }: PairedBox): boolean {
  const { counters } = core.pairView() ?? {};
  return (counters?.["updates-taken"] ?? 0) + (counters?.["updates-not-taken"] ?? 0) > 0;
}

/** A lease that is the secondary's to give when it is over. */
function leaseOfSecondarys(cores: TwoCores): string {
  for (let i = 1; ; i++) {
    const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
    const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac }));
    if (role !== "secondary") continue;
    const options = { 50: address(reply.yiaddr), 54: address(cores.secondary.ownAddress) };
    return only(cores.broadcast({ type: REQUEST, mac, options })).reply.yiaddr;
  }
}
