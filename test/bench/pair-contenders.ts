/**
 * What every pair under test has in common: how it is described, started and taken for one server
 * by the parts of the bench that measure one.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BOXES, type Box, type PairRoom } from "./pair-room.ts";
import { end } from "./sandbox.ts";
import type { Place, Server, Started } from "./servers.ts";

export interface PairPlace {
  readonly room: PairRoom;
  /** Top of the checkout. */
  readonly root: string;
  /** A folder for each box on the disk under test. */
  readonly dirs: Readonly<Record<Box, string>>;
  /** A folder for sockets, on no disk; its path is short. */
  readonly run: string;
  /** Folder for CPU profiles, null when none are wanted. */
  readonly profiles: string | null;
  /** True: every time-out as the program has it by default, however long the start then takes. */
  readonly asShipped: boolean;
}

/** One box of a running pair. */
export interface Member {
  readonly box: Box;
  readonly processes: readonly Started[];
  /** How many addresses this box's database says are leased. */
  activeLeases(): Promise<number>;
  /** What it says of each address, one line each, in their order; where that can be compared. */
  book?(): Promise<readonly string[]>;
}

export interface Contender {
  readonly name: string;
  readonly note: string;
  /** Which box syncs its disk when; from its configuration and manual, not measured. */
  readonly syncs: string;
  readonly startRate: number;
  /** Another configuration of this pair, and compared with it alone; null when it is none. */
  readonly variantOf: string | null;
  missing(root: string): string | null;
  version(root: string): string;
  /** Starts both boxes; `isInStep` of each is asked until it is true. */
  start(place: PairPlace): Promise<PairStart>;
}

export interface PairStart {
  readonly members: readonly Member[];
  /** False while the boxes have not agreed to work together yet. */
  isInStep(): Promise<boolean>;
  /** Starts a box that was killed on the disk that it left, if its return is measured. */
  restart?(box: Box): Promise<Member>;
}

/** A pair as a Server; and what only a pair has. */
export interface PairServer extends Server {
  /** The boxes of the pair that was started last. */
  members(): readonly Member[];
  /** Starts a box that was killed again; milliseconds until the pair is in step, null: not measured. */
  comeBack(box: Box): Promise<number | null>;
}

/** How long a fresh pair may take to be in step, milliseconds. Kea's defaults need half a minute. */
const IN_STEP_MS = 90_000;

export function asServer(
  contender: Contender,
  room: PairRoom,
  options: { readonly asShipped: boolean },
): PairServer {
  let pair: PairStart | undefined;
  let members: readonly Member[] = [];
  let started: Started[] = [];
  const { name, note, startRate, variantOf } = contender;
  return {
    ...{ name, note, startRate, isCeiling: false, variantOf },
    missing: (root) => contender.missing(root),
    version: (root) => contender.version(root),
    members: () => members,
    async start({ root, dir, profiles }: Place): Promise<Started[]> {
      const run = `/run/pair-${process.hrtime.bigint()}`;
      const dirs = { a: join(dir, "a"), b: join(dir, "b") };
      for (const folder of [run, ...Object.values(dirs)]) mkdirSync(folder, { recursive: true });
      pair = await contender.start({ room, root, dirs, run, profiles, ...options });
      members = pair.members;
      started = members.flatMap(({ processes }) => processes);
      await untilInStep(name, pair, started);
      return started;
    },
    async comeBack(box: Box): Promise<number | null> {
      if (!pair?.restart) return null;
      const begin = performance.now();
      const member = await pair.restart(box);
      members = members.map((one) => (one.box === box ? member : one));
      // They end with the others.
      started.push(...member.processes);
      await untilInStep(name, pair, member.processes);
      return performance.now() - begin;
    },
  };
}

async function untilInStep(
  name: string,
  pair: PairStart,
  started: readonly Started[],
): Promise<void> {
  const begin = performance.now();
  while (!(await pair.isInStep())) {
    const dead = started.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    const late = performance.now() - begin > IN_STEP_MS;
    if (dead !== undefined || late) {
      for (const { child } of started) await end(child);
      const why = dead === undefined ? "was not in step" : `lost ${dead.name}`;
      throw new Error(`${name} ${why} after ${Math.round(performance.now() - begin)} ms.`);
    }
    await sleep(100);
  }
}

/** Something for each box, a first. */
export function forBoxes<T>(make: (box: Box) => T): T[] {
  return BOXES.map(make);
}
