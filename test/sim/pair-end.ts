// What must hold when the troubles of a pair have been over for long enough: both in step, everybody served,
// and two books that say the same.

import { formatIpv4, type Ipv4 } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import type { PairState } from "../../daemon/core/failover/pair-state.ts";
import { balanceOf, sharePlan } from "../../daemon/core/failover/pool-balance.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { copyLease } from "../../daemon/core/lease-book.ts";
import { Journal } from "../../daemon/journal/journal.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { isStarting, stateOf } from "./pair-checks.ts";
import { LEASE_SECONDS } from "./pair-configs.ts";
import type { Scene } from "./pair-disk-troubles.ts";
import type { Life, SimBox } from "./sim-box.ts";
import type { SimClient } from "./sim-client.ts";

/** These last longer than the calm at the end; clocks are left as they are. */
const MAY_LAST: readonly string[] = [
  "pool-full",
  "pool-kept",
  "conflicts-many",
  "pair-conflicts",
  "pair-clock",
];
const MINUTE = 60_000;
/** Of the leases that any plan gives. */
const LEASE_SECONDS_MAX = Math.max(...LEASE_SECONDS);
/** Clocks of the two are compared by whole seconds, in messages that take a while. */
const INEXACT_SECONDS = 8;
/** Records on their way at one moment have come in a while later. */
const LOOKS = 4;

export async function checkPairEnd(scene: Scene): Promise<void> {
  const { world, boxes } = scene;
  for (const box of boxes) checkState(scene, box);
  if (world.complaints.length > 0) return;
  await checkClients(scene);
  for (const client of scene.clients) if (client.state !== "off") client.stop(false);
  let complaints: string[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await world.run(world.now + 5000);
    const [first, second] = boxes.map(({ life }) => life);
    if (!first || !second) return;
    complaints = [...bookDifferences(scene, first, second), ...unbalanced(scene, first, second)];
    if (complaints.length === 0) break;
  }
  for (const complaint of complaints) world.complain(complaint);
  scene.checks.look();
  for (const box of boxes) {
    if (world.complaints.length === 0) await checkJournal(scene, box);
  }
}

function checkState({ world }: Scene, box: SimBox): void {
  const core = box.life?.core;
  if (!core) {
    world.complain(`${box.name} does not run though nothing hinders it`);
    return;
  }
  const state = stateOf(box);
  if (state !== "normal" || isStarting(box)) {
    world.complain(`${box.name} is in ${state} though nothing hinders it`);
  }
  const conditions = core.conditions.active().map(({ id }) => id);
  if (conditions.some((id) => !MAY_LAST.includes(id))) {
    world.complain(`${box.name}: conditions that should be over: ${conditions.join(", ")}`);
  }
}

/** P3: a client that can reach a box that serves has an address, unless there is none to have. */
async function checkClients(scene: Scene): Promise<void> {
  const { world, clients } = scene;
  const unserved = clients.filter((client) => isUnserved(scene, client));
  // One that was just refused, or found its address in use, is on its way to another.
  await world.run(world.now + 2 * MINUTE);
  for (const client of unserved) {
    if (isUnserved(scene, client)) {
      world.complain(`${client.name} is ${client.state}, with free addresses`);
    }
  }
}

function isUnserved({ boxes }: Scene, client: SimClient): boolean {
  if (client.isServed || !client.isReachable) return false;
  let free = 0;
  for (const { life, config } of boxes) {
    for (const [index, network] of config.networks.entries()) {
      if (network.segment !== client.lan.name) continue;
      for (const pool of network.pools.keys()) {
        const counts = life?.core.poolCounts(index, pool);
        free += (counts?.free ?? 0) + (counts?.offered ?? 0);
      }
    }
  }
  return free > 0;
}

function bookDifferences({ boxes }: Scene, first: Life, second: Life): string[] {
  const complaints: string[] = [];
  const addresses = new Set<Ipv4>();
  for (const { core } of [first, second]) {
    for (const { address } of core.book.leases()) addresses.add(address);
  }
  for (const address of addresses) {
    const name = formatIpv4(address);
    const [mine, theirs] = [first, second].map((life) => life.core.book.at(address));
    const [text, other] = [mine, theirs].map(holderOf);
    if (text !== other) complaints.push(`${name} is ${text} at a, ${other} at b`);
    else if (mine?.state === "active" && theirs) {
      const left = mine.expiresAt - first.core.seconds - (theirs.expiresAt - second.core.seconds);
      // What a lost book may have promised runs for longer; a box that has started again with a clock
      // that may be wrong counts it anew.
      const isRecalled = Math.max(mine.leaseSeconds, theirs.leaseSeconds) > LEASE_SECONDS_MAX;
      if (Math.abs(left) > INEXACT_SECONDS && !isRecalled) {
        complaints.push(`${name} ends ${left} s later at a than at b`);
      }
    }
    for (const [index, lease] of [mine, theirs].entries()) {
      if (lease && !lease.isAgreed) {
        complaints.push(
          `${boxes[index]?.name} has not told its partner of ${name} (${lease.state})`,
        );
      }
    }
  }
  return complaints;
}

function holderOf(lease: Lease | undefined): string {
  if (!lease) return "free";
  return lease.state === "active" ? `active for ${hex(lease.client)}` : lease.state;
}

function unbalanced({ boxes }: Scene, first: Life, second: Life): string[] {
  const complaints: string[] = [];
  const { config } = boxes[0];
  const pair = first.core.pair;
  if (!pair) return [];
  const plan = sharePlan(pair.config, pair.terms.primaryBuckets);
  for (const [network, { name, pools }] of config.networks.entries()) {
    for (const pool of pools.keys()) {
      const mine = first.core.poolCounts(network, pool);
      const theirs = second.core.poolCounts(network, pool);
      const { surplus, threshold, hold } = balanceOf(mine.free, theirs.free, plan);
      if (Math.abs(surplus) <= threshold + hold + 1) continue;
      complaints.push(
        `pool ${pool} of ${name}: ${mine.free} free at a, ${theirs.free} at b, off by ${surplus}`,
      );
    }
  }
  return complaints;
}

/** The journal gives back the same book and the same state of the pair. */
async function checkJournal({ world }: Scene, box: SimBox): Promise<void> {
  const { life } = box;
  if (!life) return;
  const before = Array.from(life.core.book.leases(), copyLease);
  const pairBefore = life.core.pairState && { ...life.core.pairState };
  box.crash("process");
  box.disk.start();
  let after: { leases: Map<Ipv4, Lease>; pair: PairState | undefined } | undefined;
  const opening = Journal.open(box.disk, {
    clock: new FakeClock(),
    salt: 1,
    book: () => [],
    events: { durable: () => {}, state: () => {}, log: () => {} },
  });
  void opening.then(({ leases, pair }) => {
    after = { leases: new Map(leases.map((lease) => [lease.address, lease])), pair };
  });
  await world.run(world.now + 1000);
  if (!after) {
    world.complain(`${box.name}: the journal cannot be opened`);
    return;
  }
  for (const lease of before) {
    const found = after.leases.get(lease.address);
    if (found && isEndOf(lease, found)) continue;
    const [wanted, got] = [lease, found].map((one) => (one ? textOf(one) : "not there"));
    if (wanted === got) continue;
    const name = formatIpv4(lease.address);
    world.complain(`${box.name}: ${name} is ${got} in the journal, ${wanted} in the book`);
  }
  if (pairBefore && after.pair) {
    // How far the partner has agreed is written now and then only.
    const { state, partnerState, mcltSeconds } = after.pair;
    const [wanted, got] = [pairBefore, { state, partnerState, mcltSeconds }].map(
      (one) => `${one.state} with ${one.partnerState}, MCLT ${one.mcltSeconds} s`,
    );
    if (wanted !== got) world.complain(`${box.name}: is ${got} in the journal, ${wanted} itself`);
  } else if (pairBefore) world.complain(`${box.name}: its pair is not in the journal`);
}

/** That a lease has ended is not written down: it follows from what is. */
function isEndOf(lease: Lease, written: Lease): boolean {
  const isSame = written.sequence === lease.sequence && written.expiresAt === lease.expiresAt;
  const wasHeld = written.state === "active" || written.state === "abandoned";
  return isSame && wasHeld && lease.state !== "active" && lease.state !== "abandoned";
}

function textOf(lease: Lease): string {
  const { sequence, network, state, hostname, leaseSeconds, expiresAt } = lease;
  const { toldUntil, fromPartner } = lease;
  const who = `${hex(lease.client)} ${hex(lease.chaddr)}`;
  const pair = `told ${toldUntil} ${fromPartner ? "partner's" : "own"}`;
  return [sequence, network, state, who, hostname, leaseSeconds, expiresAt, pair].join(" ");
}
