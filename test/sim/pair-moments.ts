// Something happens just when a box comes to a state: what a test by the clock would meet once in a year.

import { type Means, putBackLater } from "./pair-disk-troubles.ts";
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
    "shutdown, crash both": 3,
    reset: 2,
    cut: 1,
    pause: 3,
    shutdown: 2,
    "cut, partner-down": 3,
    "empty disk": 2,
  },
} as const;
/** What leads on from a state to what else is hardly ever met. */
const APT: Readonly<Record<string, { readonly whose: "its" | "other"; readonly deed: string }>> = {
  startup: { whose: "its", deed: "pause" },
  "recover-wait": { whose: "its", deed: "crash both" },
  "recover-done": { whose: "its", deed: "crash both" },
  "potential-conflict": { whose: "other", deed: "shutdown, crash both" },
  "conflict-done": { whose: "other", deed: "shutdown, crash both" },
  "resolution-interrupted": { whose: "other", deed: "shutdown, crash both" },
};
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
    const other = means.otherOf(entered);
    const lastsOff = fate.pick([50, 50, 500, 5000, 50_000, 150_000]) * fate.random();
    // Who is told to end before it has heard of its partner's RECOVER answers it all the same, and comes back as
    // what it was. No calm forbids that: a box with an old disk knows it by then.
    if (state === "recover" && other.isOn && fate.chance(0.4)) {
      means.leave({ x: fate.random(), lasts: lastsOff }, other, "pause");
      return;
    }
    const apt = APT[state];
    if (apt && fate.chance(0.35)) {
      const box = apt.whose === "its" ? entered : other;
      // Boxes greet each other some 5 ms after they have started.
      const delay = state === "startup" ? fate.between(0, 15) : 0;
      const soon = fate.pick([20, 50, 500]) * fate.random();
      means.later(delay, () => perform(means, fate, apt.deed, box, soon));
      return;
    }
    const deed = fate.pick(deeds);
    const box = fate.pick(boxes);
    means.later(fate.pick(DELAYS), () => perform(means, fate, deed, box, lastsOff));
  };
}

function perform(means: Means, fate: Fate, deed: string, box: SimBox, lasts: number): void {
  const { cable } = means.scene;
  const how = fate.pick(["process", "power"]);
  const x = fate.random();
  const hurt = (one: SimBox, what: () => void) => {
    if (means.mayHurt(one)) what();
  };
  for (const part of deed.split(", ")) {
    switch (part) {
      case "crash both":
        hurt(means.otherOf(box), () => means.crash(means.otherOf(box), { how, lasts: lasts * x }));
        hurt(box, () => means.crash(box, { how, lasts }));
        break;
      case "crash":
        hurt(box, () => means.crash(box, { how, lasts }));
        break;
      case "reset":
        cable.reset();
        break;
      case "cut":
        means.cut("cut", lasts);
        break;
      case "pause":
      case "shutdown":
        hurt(box, () => means.leave({ x, lasts }, box, part));
        break;
      case "partner-down":
        means.later(lasts * x, () => means.declare(box));
        break;
      case "empty disk":
        putBackLater(means, { how: part, lasts: 1, x }, box);
        break;
      default:
        throw new Error(`nobody knows how to ${part}`);
    }
  }
}
