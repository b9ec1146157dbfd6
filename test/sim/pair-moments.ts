// Something happens just when a box comes to a state: what a test by the clock would meet once in a year.

import type { Means } from "./pair-disk-troubles.ts";
import type { Trouble } from "./pair-story.ts";
import type { SimBox } from "./sim-box.ts";
import type { Fate } from "./world.ts";

/** Legend: what the trouble may do -> how often, among all of its kind. */
const DEEDS = {
  fall: { crash: 3, "crash both": 4, reset: 1, cut: 1 },
  say: { pause: 3, shutdown: 2, "partner-down": 2, "cut, partner-down": 3, reset: 1 },
  mixed: {
    crash: 3,
    "crash both": 4,
    reset: 2,
    cut: 1,
    pause: 3,
    shutdown: 2,
    "cut, partner-down": 3,
  },
} as const;
/** After so many milliseconds; most messages take 2 ms or 50. */
const DELAYS = [0, 1, 2, 4, 10, 60, 400, 3000];
/** Not at every state that it comes by. */
const CHANCE = 0.4;

export type MomentWatch = (box: SimBox, state: string) => void;

/** While it lasts, at the states of either box. */
export function watchMoments(means: Means, { at, how, lasts }: Trouble): MomentWatch {
  const { world, boxes } = means.scene;
  const fate = world.fate(`moments ${at}`);
  const deeds = Object.entries(DEEDS[how as keyof typeof DEEDS]).flatMap(([deed, weight]) =>
    Array.from({ length: weight }, () => deed),
  );
  let isOver = false;
  means.ends(`moments ${at}`, lasts, () => {
    isOver = true;
  });
  return (entered, state) => {
    if (isOver || !fate.chance(CHANCE)) return;
    // A box that is told to end before it has heard its partner answers it all the same, as what it was.
    if (state === "startup" && fate.chance(0.4)) {
      const delay = fate.pick(DELAYS);
      means.later(delay, () => perform(means, fate, "pause", entered));
      return;
    }
    const deed = fate.pick(deeds);
    const box = fate.pick(boxes);
    means.later(fate.pick(DELAYS), () => perform(means, fate, deed, box));
  };
}

function perform(means: Means, fate: Fate, deed: string, box: SimBox): void {
  const { cable } = means.scene;
  const other = means.otherOf(box);
  const how = fate.pick(["process", "power"]);
  const lasts = fate.pick([50, 500, 5000, 50_000]) * fate.random();
  if (deed === "crash" || deed === "crash both") {
    if (means.mayHurt(box)) means.crash(box, { how, lasts });
    if (deed === "crash both" && means.mayHurt(other)) {
      means.crash(other, { how, lasts: lasts * fate.random() });
    }
  } else if (deed === "reset") cable.reset();
  else if (deed === "cut") means.cut("cut", lasts);
  else if (deed === "pause" || deed === "shutdown") {
    means.leave({ x: fate.random(), lasts }, box, deed);
  } else {
    if (deed !== "partner-down") means.cut("cut", lasts);
    means.later(fate.random() * lasts, () => means.declare(box));
  }
}
