// What the paths to the partner say together: the table on which it depends whether a box goes on with its
// partner, goes round a broken cable, or serves alone.
//
// A path is the pair link, or a LAN on which both boxes are. Each is judged for itself first:
//
//   up         the partner is heard, and hears this box
//   mute       the partner is heard, and says that it does not hear this box: a fault of one direction
//   silent     there is carrier and nothing is heard
//   unplugged  this box has no carrier there

export const PATH_VERDICTS = ["up", "mute", "silent", "unplugged"] as const;
export type PathVerdict = (typeof PATH_VERDICTS)[number];

export type Conclusion =
  /** The pair link works. What is wrong on a LAN is a matter of that LAN. */
  | "in-step"
  /** The cable or a port of it is faulty: the session goes over the LAN, and nothing else changes. */
  | "over-lan"
  /** The partner lives and does not hear this box on any path. It may serve; it must not be taken for off. */
  | "one-way"
  /** Nothing is heard, and the cable has carrier: a busy box looks like that for a while, and so does a dead one. */
  | "slow"
  /** Nothing is heard on two paths that do not depend on each other: it is off. */
  | "gone"
  /** Nothing is heard, and this box has no LAN on which it could: it may be the one that is cut off. */
  | "isolated";

/** Of the LANs only the best one counts: one that works is enough to go round the cable. */
const BEST: readonly PathVerdict[] = ["up", "mute", "silent", "unplugged"];

/** Legend: rows are the pair link, columns the best of the LANs. */
const CONCLUSIONS: Readonly<Record<PathVerdict, Readonly<Record<PathVerdict, Conclusion>>>> = {
  up: { up: "in-step", mute: "in-step", silent: "in-step", unplugged: "in-step" },
  mute: { up: "over-lan", mute: "one-way", silent: "one-way", unplugged: "one-way" },
  silent: { up: "over-lan", mute: "one-way", silent: "slow", unplugged: "isolated" },
  unplugged: { up: "over-lan", mute: "one-way", silent: "gone", unplugged: "isolated" },
};

/** Without a LAN in common there is one path only, and no second opinion. */
export function bestOf(lans: readonly PathVerdict[]): PathVerdict {
  return BEST.find((verdict) => lans.includes(verdict)) ?? "unplugged";
}

/**
 * `isOverdue`: nothing has been heard on any path for longer than a box can be busy, so that what looks slow is
 * taken for gone.
 */
export function conclude(
  pairLink: PathVerdict,
  lans: readonly PathVerdict[],
  isOverdue: boolean,
): Conclusion {
  const conclusion = CONCLUSIONS[pairLink][bestOf(lans)];
  return conclusion === "slow" && isOverdue ? "gone" : conclusion;
}

/** Only what two paths agree on makes a box count its partner as down by itself, after the safe time. */
export function maySupersede(conclusion: Conclusion): boolean {
  return conclusion === "gone";
}
