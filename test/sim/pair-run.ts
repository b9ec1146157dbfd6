// One seed of a pair: a world with two boxes is made, goes through its story, calms down, and is looked at.

import type { Dialect } from "../../daemon/wire/failover/messages.ts";
import { Cable, QUICK_CABLE } from "./cable.ts";
import { GUESTS, OFFICE } from "./configs.ts";
import { Lan } from "./lan.ts";
import { Squatter } from "./neighbours.ts";
import { PairChecks } from "./pair-checks.ts";
import { configFor, type PairPlan, planOf } from "./pair-configs.ts";
import type { Scene } from "./pair-disk-troubles.ts";
import { checkPairEnd } from "./pair-end.ts";
import { storyOf, type Trouble, type TroubleKind } from "./pair-story.ts";
import { PairTroubles, SKEW_MAX } from "./pair-troubles.ts";
import type { Outcome } from "./run.ts";
import { Sights } from "./sights.ts";
import { SimBox } from "./sim-box.ts";
import { SimClient } from "./sim-client.ts";
import { VirtualAddress } from "./virtual-address.ts";
import { World } from "./world.ts";

export interface PairOptions {
  readonly minutes?: number;
  readonly isTraced?: boolean;
  /** Which troubles of the story happen, by their places in it; all unless given. */
  readonly keep?: readonly number[] | undefined;
  /** Kinds of trouble that happen; all unless given. */
  readonly kinds?: readonly TroubleKind[] | undefined;
  /** How the two speak; "tandem" unless given. */
  readonly dialect?: Dialect | undefined;
  /** The boxes know nothing of each other: what is looked for here has to be found then. */
  readonly isUnpaired?: boolean;
  /** The number of clients, unless chance decides. */
  readonly clients?: number | undefined;
}

export interface PairOutcome extends Outcome {
  /** All troubles of the story, and the places of those that happened. */
  readonly story: readonly Trouble[];
  readonly kept: readonly number[];
  readonly clients: number;
  /** Overlaps that nobody could avoid: a living box was declared off. */
  readonly excused: number;
  /** How often each cell of the transition table was looked up, by both boxes. */
  readonly cells: ReadonlyMap<string, number>;
}

export const MINUTES = 30;
const MINUTE = 60_000;
const LOOK_EVERY = 10_000;
/** 2026-03-01 00:00:00 UTC. */
const WALL_AT_START = 1_772_323_200_000;

export async function runPairSeed(seed: number, options: PairOptions = {}): Promise<PairOutcome> {
  const { minutes = MINUTES, isTraced = false } = options;
  const world = new World(seed, isTraced);
  const plan = planOf(world.fate("plan"), options.dialect ?? "tandem");
  const full = storyOf(world, minutes);
  const kept = Array.from(full.keys()).filter((place) => isKept(full, place, options));
  const { scene, cells } = makeScene(world, plan, options);
  const story = kept.flatMap((place) => full[place] ?? []);
  const troubles = new PairTroubles(scene, plan, story);
  world.tell("", `plan: ${JSON.stringify(plan)}`);
  begin(scene);
  if (plan.hasHeartbeats) new Sights(scene).begin();
  const virtual = new VirtualAddress(scene, plan, troubles);
  if (plan.dialect === "tandem") virtual.begin();
  troubles.begin();
  await world.run(minutes * MINUTE);
  world.after(0, () => {
    troubles.end();
    virtual.end();
  });
  await world.run(world.now + calmOf(plan.mcltSeconds));
  if (world.complaints.length === 0) await checkPairEnd(scene);
  for (const box of scene.boxes) cells.take(box);
  const { complaints, trace } = world;
  const { acks, crashes, grants } = scene.checks;
  const counts = { acks, crashes, excused: grants.excused, cells: cells.counts };
  return { seed, complaints, trace, story: full, kept, clients: scene.clients.length, ...counts };
}

function isKept(story: readonly Trouble[], place: number, options: PairOptions): boolean {
  const { keep, kinds, dialect } = options;
  const { kind, how } = story[place] ?? {};
  if (kind && kinds && !kinds.includes(kind)) return false;
  // A dhcpd does not say what it knew of this box, so nobody finds out.
  if (dialect === "isc" && how === "older copy") return false;
  return !keep || keep.includes(place);
}

/** RECOVER-WAIT, a lease that runs out, and the slowest retry of a client. */
function calmOf(mcltSeconds: number): number {
  return (mcltSeconds + 900 + 300) * 1000;
}

function makeScene(world: World, plan: PairPlan, { clients: count, isUnpaired }: PairOptions) {
  const fate = world.fate("scene");
  const cells = new CellCounts();
  const checks = new PairChecks(world, (box) => cells.take(box));
  const names = plan.hasGuests ? [OFFICE, GUESTS] : [OFFICE];
  const lans = names.map((name) => new Lan(world, name, world.fate(name)));
  const skew = fate.chance(0.5) ? 0 : fate.between(-SKEW_MAX, SKEW_MAX);
  const [first, second] = (["primary", "secondary"] as const).map((role, index) => {
    const wall = WALL_AT_START + (index === 0 ? 0 : skew);
    const name = index === 0 ? "a" : "b";
    const paired = configFor(role, plan);
    const config = isUnpaired ? { ...paired, pair: undefined } : paired;
    const box = new SimBox(world, checks, name, lans, config, wall, world.fate(`box ${name}`));
    checks.add(box);
    return box;
  });
  if (!first || !second) throw new Error("no boxes");
  const wanted = count ?? 3 + Math.floor(fate.between(0, 8));
  for (let number = 1; number <= wanted; number++) {
    const own = world.fate(`client ${number}`);
    checks.clients.push(new SimClient(world, checks, own.pick(lans), number, own));
  }
  if (fate.chance(0.2)) {
    const squatter = new Squatter(lans[0] as Lan, "10.77.0.101", 1);
    squatter.since = undefined;
    checks.squatters.push(squatter);
  }
  const cable = new Cable(world, [first, second]);
  checks.oneAnswer.isCableQuick = () => cable.latency <= QUICK_CABLE;
  const { clients } = checks;
  const boxes = [first, second] as const;
  const scene: Scene = { world, checks, boxes, lans, cable, clients };
  return { scene, cells };
}

function begin(scene: Scene): void {
  const { world, boxes, clients, checks } = scene;
  const fate = world.fate("begin");
  const [first, second] = boxes;
  first.start("power");
  world.after(fate.chance(0.7) ? fate.between(0, 5000) : fate.around(3 * MINUTE), () =>
    second.start("power"),
  );
  for (const client of clients) {
    // Those that troubles start and stop begin with somebody at the switch.
    world.after(fate.around(MINUTE), () => client.start());
  }
  const look = () => {
    checks.look();
    world.after(LOOK_EVERY, look);
  };
  look();
}

/** Adds up what each process of the boxes went through. */
class CellCounts {
  readonly counts = new Map<string, number>();
  #taken = new WeakSet<object>();

  take(box: SimBox): void {
    const core = box.life?.core;
    if (!core || this.#taken.has(core)) return;
    this.#taken.add(core);
    for (const [cell, count] of core.pairCells) {
      this.counts.set(cell, (this.counts.get(cell) ?? 0) + count);
    }
  }
}
