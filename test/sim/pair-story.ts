// The story of a pair, written before it happens: a list of troubles that depends on nothing but the seed,
// so that any of them can be left out and the rest told again.

import type { World } from "./world.ts";

/** Legend: kind of trouble -> how often it is in a story at all, minutes between two, minutes it lasts, and
 * the ways it comes in. Times are means. */
export const TROUBLES = {
  // People and their devices: always there.
  client: { share: 1, every: 1.2, lasts: 5, ways: ["start", "leave", "vanish", "sleep", "move"] },
  squatter: { share: 0.2, every: 8, lasts: 1, ways: ["come or go"] },
  // The LAN.
  weather: { share: 0.4, every: 6, lasts: 3, ways: ["bad"] },
  split: { share: 0.25, every: 9, lasts: 2, ways: ["halves"] },
  unplug: { share: 0.25, every: 8, lasts: 1, ways: ["cable out"] },
  // The cable between the boxes.
  cable: { share: 0.5, every: 6, lasts: 1.5, ways: ["cut", "cut", "a is mute", "b is mute"] },
  flicker: { share: 0.2, every: 6, lasts: 0.05, ways: ["cut"] },
  // Somebody between the two resets what they have, once or again and again, with people who press buttons.
  reset: { share: 0.2, every: 5, lasts: 0.1, ways: ["once"] },
  storm: { share: 0.2, every: 8, lasts: 1.5, ways: ["resets", "resets", "commands"] },
  dial: { share: 0.3, every: 6, lasts: 0.5, ways: ["refused", "silence"] },
  slow: { share: 0.3, every: 6, lasts: 2, ways: ["50", "300", "3000"] },
  // Boxes.
  crash: { share: 0.5, every: 6, lasts: 1.5, ways: ["process", "power"] },
  together: { share: 0.2, every: 12, lasts: 0.5, ways: ["process", "power"] },
  fuse: { share: 0.4, every: 6, lasts: 0.5, ways: ["process", "power"] },
  restore: { share: 0.25, every: 12, lasts: 4, ways: ["older copy", "older copy", "empty disk"] },
  // Alone for a while, and then none of it is remembered. With a copy from just before, nobody could know.
  amnesia: { share: 0.2, every: 12, lasts: 1.5, ways: ["empty disk"] },
  // Disks.
  torn: { share: 0.25, every: 8, lasts: 0.5, ways: ["before", "during", "after"] },
  full: { share: 0.2, every: 10, lasts: 2, ways: ["ENOSPC", "EROFS", "EIO"] },
  hang: { share: 0.2, every: 10, lasts: 0.3, ways: ["hang"] },
  sluggish: { share: 0.2, every: 8, lasts: 2, ways: ["20", "300", "3000", "9000"] },
  // Clocks.
  clock: { share: 0.25, every: 8, lasts: 1, ways: ["step"] },
  // People who run the boxes.
  declare: { share: 0.3, every: 8, lasts: 1, ways: ["partner-down"] },
  divorce: { share: 0.3, every: 9, lasts: 3, ways: ["one", "both", "one, half cut"] },
  bury: { share: 0.25, every: 12, lasts: 4, ways: ["power", "process"] },
  pause: { share: 0.2, every: 10, lasts: 0.5, ways: ["pause"] },
  shutdown: { share: 0.2, every: 12, lasts: 3, ways: ["shutdown"] },
  // Something happens just when a box comes to a state, whichever that is: to it, its partner or the cable.
  moment: { share: 0.5, every: 5, lasts: 4, ways: ["fall", "fall", "say", "mixed", "mixed"] },
  mode: { share: 0.25, every: 8, lasts: 0.3, ways: ["another mode", "another lease time"] },
} as const;
export type TroubleKind = keyof typeof TROUBLES;
export const TROUBLE_KINDS = Object.keys(TROUBLES) as TroubleKind[];

export interface Trouble {
  readonly kind: TroubleKind;
  readonly how: string;
  /** Milliseconds from the start, and how long it lasts. */
  readonly at: number;
  readonly lasts: number;
  /** Which box it concerns, if one: 0 is the primary. */
  readonly box: 0 | 1;
  /** Whatever else there is to choose, each 0 (inclusive) to 1 (exclusive). */
  readonly x: number;
  readonly y: number;
}

const MINUTE = 60_000;

/** Nobody puts a disk back within seconds: what the boxes tell each other of it takes one. */
const LASTS_MIN: Partial<Record<TroubleKind, number>> = { restore: 10_000, amnesia: 10_000 };

/** Troubles of the first `minutes`, in the order in which they come. A shorter story is the begin of a longer one. */
export function storyOf(world: World, minutes: number): Trouble[] {
  const story: Trouble[] = [];
  for (const kind of TROUBLE_KINDS) {
    const fate = world.fate(`story: ${kind}`);
    const { share, every, lasts, ways } = TROUBLES[kind];
    const isIn = fate.chance(share);
    let at = fate.around(every * MINUTE);
    for (; isIn && at < minutes * MINUTE; at += fate.around(every * MINUTE)) {
      story.push({
        ...{ kind, at, how: fate.pick<string>(ways) },
        lasts: (LASTS_MIN[kind] ?? 0) + 1 + fate.around(lasts * MINUTE),
        box: fate.chance(0.5) ? 0 : 1,
        ...{ x: fate.random(), y: fate.random() },
      });
    }
  }
  return story.sort((a, b) => a.at - b.at);
}

export function describeTrouble({ kind, how, at, lasts, box }: Trouble): string {
  const begin = (at / 1000).toFixed(1);
  return `${kind} (${how}) at ${begin} s for ${(lasts / 1000).toFixed(1)} s, box ${"ab"[box]}`;
}
