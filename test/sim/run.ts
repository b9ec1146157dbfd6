// One seed: a world is made, goes through its troubles, calms down, and is looked at.

import type { Ipv4 } from "../../daemon/base/address.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { copyLease } from "../../daemon/core/lease-book.ts";
import { Journal } from "../../daemon/journal/journal.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Checks } from "./checks.ts";
import { BRANCH, CONFIGS, GUESTS, OFFICE } from "./configs.ts";
import { Lan } from "./lan.ts";
import { Squatter } from "./neighbours.ts";
import { networksOn, poolsFor } from "./rights.ts";
import { SimBox } from "./sim-box.ts";
import { SimClient } from "./sim-client.ts";
import { circuitOf } from "./sim-identity.ts";
import { SimRelay } from "./sim-relay.ts";
import { Troubles } from "./troubles.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  /** Empty when everything held. */
  readonly complaints: readonly string[];
  readonly trace: readonly string[];
  readonly acks: number;
  readonly crashes: number;
}

/** What squatters take an address of. */
const PREFIXES: Readonly<Record<string, string>> = {
  [OFFICE]: "10.77.0",
  [GUESTS]: "10.78.0",
  [BRANCH]: "10.79.0",
};
/** These last longer than the calm at the end. */
const MAY_LAST: readonly string[] = ["pool-full", "pool-kept", "conflicts-many"];
const MINUTE = 60_000;
const LOOK_EVERY = 20_000;
/** 2026-03-01 00:00:00 UTC. */
const WALL_AT_START = 1_772_323_200_000;

/** `minutes` of trouble, then calm for as long as the longest lease and the slowest retry need. */
export async function runSeed(seed: number, minutes = 40, isTraced = false): Promise<Outcome> {
  const world = new World(seed, isTraced);
  const checks = new Checks(world);
  const [office, guests, branch] = [OFFICE, GUESTS, BRANCH].map((name) => new Lan(world, name));
  if (!office || !guests || !branch) throw new Error("no LANs");
  const lans = [office, guests, branch];
  const served = [office, guests];
  const box = new SimBox(world, checks, "a", served, world.pick(CONFIGS), WALL_AT_START);
  if (box.ports[0]) new SimRelay(branch, box.ports[0]);
  const clients = makeClients(world, checks, lans);
  for (const lan of lans) squat(world, checks, lan);
  const troubles = new Troubles(world, checks, box, lans, clients, WALL_AT_START);
  box.start("power");
  for (const client of clients) world.after(world.around(MINUTE), () => client.start());
  troubles.begin();
  keepLooking(world, checks, box);
  await world.run(minutes * MINUTE);
  world.after(0, () => troubles.end());
  await world.run(world.now + 25 * MINUTE);
  if (world.complaints.length === 0) await checkService(world, checks, box, clients);
  if (world.complaints.length === 0) await checkJournal(world, checks, box);
  return {
    seed,
    complaints: world.complaints,
    trace: world.trace,
    acks: checks.acks,
    crashes: checks.crashes,
  };
}

function makeClients(world: World, checks: Checks, lans: readonly Lan[]): SimClient[] {
  const count = 3 + Math.floor(world.between(0, 12));
  for (let number = 1; number <= count; number++) {
    checks.clients.push(new SimClient(world, checks, world.pick(lans), number));
  }
  return checks.clients;
}

function squat(world: World, checks: Checks, lan: Lan): void {
  const prefix = PREFIXES[lan.name];
  while (world.chance(0.35)) {
    const address = `${prefix}.${100 + Math.floor(world.between(0, 8))}`;
    checks.squatters.push(new Squatter(lan, address, checks.squatters.length + 1));
  }
}

function keepLooking(world: World, checks: Checks, box: SimBox): void {
  world.after(LOOK_EVERY, () => {
    checks.look(box);
    keepLooking(world, checks, box);
  });
}

/** A client that can reach a live serving box has an address, unless there is none to have. */
async function checkService(
  world: World,
  checks: Checks,
  box: SimBox,
  clients: readonly SimClient[],
): Promise<void> {
  const core = box.life?.core;
  if (!core) {
    world.complain("the box does not serve though nothing hinders it");
    return;
  }
  const conditions = core.conditions.active().map(({ id }) => id);
  if (conditions.some((id) => !MAY_LAST.includes(id))) {
    world.complain(`conditions that should be over: ${conditions.join(", ")}`);
  }
  const unserved = clients.filter((client) => isUnserved(box, client));
  // One that was just refused, or found its address in use, is on its way to another.
  await world.run(world.now + 2 * MINUTE);
  for (const client of unserved) {
    if (isUnserved(box, client))
      world.complain(`${client.name} is ${client.state}, with free addresses`);
  }
  checks.look(box);
}

function isUnserved(box: SimBox, client: SimClient): boolean {
  const core = box.life?.core;
  const { config } = box;
  const { name } = client.lan;
  if (!core || client.isServed || !client.isReachable) return false;
  const { mac, identity } = client;
  const { vendorClass } = identity;
  let free = 0;
  for (const { network, pool } of poolsFor(config, name, { name: client.name, mac, vendorClass })) {
    const counts = core.poolCounts(network, pool);
    free += counts.free + counts.offered;
  }
  const [primary] = networksOn(config, name);
  if (!primary || free === 0) return false;
  if (primary.leasesPerCircuitMax > 0 && isPortFull(box, mac, primary.leasesPerCircuitMax)) {
    return false;
  }
  const size = networksOn(config, name)
    .flatMap(({ pools }) => pools)
    .reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return free > Math.floor((size * primary.keptForKnownPercent) / 100);
}

function isPortFull(box: SimBox, mac: string, max: number): boolean {
  const circuit = circuitOf(mac);
  let count = 0;
  for (const { state, relayAgent } of box.life?.core.book.leases() ?? []) {
    if (state === "active" && new TextDecoder().decode(relayAgent).includes(circuit)) count++;
  }
  return count >= max;
}

async function checkJournal(world: World, checks: Checks, box: SimBox): Promise<void> {
  const life = box.life;
  if (!life) return;
  const before = Array.from(life.core.book.leases(), copyLease);
  box.crash("process");
  box.disk.start();
  let journal: Map<Ipv4, Lease> | undefined;
  const opening = Journal.open(box.disk, {
    clock: new FakeClock(),
    salt: 1,
    book: () => [],
    events: { durable: () => {}, state: () => {}, log: () => {} },
  });
  void opening.then(({ leases }) => {
    journal = new Map(leases.map((lease) => [lease.address, lease]));
  });
  await world.run(world.now + 1000);
  if (journal) checks.compare(before, journal);
  else world.complain("the journal cannot be opened");
}
