// What people will notice when a configuration comes into force, told before it does: from the configuration in force,
// the one that is proposed, and who has which address now. Each row is one kind of consequence.

import type { Board } from "./board.ts";
import { UNKNOWN_BOARD } from "./board.ts";
import { type Files, type LeaseFacts, sceneOf } from "./consequence-scene.ts";
import type { Consequence, ConsequenceSeverity } from "./consequence-words.ts";
import {
  denied,
  deniedByClass,
  movedSubnet,
  networksGone,
  type OfNetwork,
  outsidePools,
  poolsForOthers,
  reservedElsewhere,
  reservedForOthers,
  roomOfSegments,
} from "./consequences-leases.ts";
import {
  gatewayPlan,
  gatewaySection,
  networksNew,
  type OfBoxes,
  ownBox,
  pageMoves,
  pairSettings,
  type Touched,
  touchedBy,
} from "./consequences-pair.ts";
import {
  boot,
  dns,
  innerLevels,
  leaseTime,
  options,
  renamed,
  router,
} from "./consequences-parameters.ts";
import { loadConfig } from "./load.ts";

export type { Files, LeaseFacts } from "./consequence-scene.ts";
export type { Consequence, ConsequenceSeverity } from "./consequence-words.ts";
export type { Touched } from "./consequences-pair.ts";

export interface Change {
  /** What is in force. */
  readonly before: Files;
  /** What is to be; its box.json is the same but where a box is restored. Both passed loadConfig. */
  readonly after: Files;
  /** Of this box; without it nothing is known of its ports. */
  readonly board?: Board;
  readonly leases: Iterable<LeaseFacts>;
  /** Wall clock, seconds. */
  readonly nowSeconds: number;
}

export interface Consequences {
  /** What costs most comes first. */
  readonly list: readonly Consequence[];
  /** What of the box does anything otherwise; all else goes on as it is. */
  readonly touched: Touched;
}

const ABOUT_BOXES: readonly OfBoxes[] = [
  networksGone,
  networksNew,
  roomOfSegments,
  gatewaySection,
  gatewayPlan,
  pairSettings,
  pageMoves,
  ownBox,
];

/** Asked for each network that stays. */
const ABOUT_NETWORKS: readonly OfNetwork[] = [
  renamed,
  movedSubnet,
  outsidePools,
  poolsForOthers,
  reservedForOthers,
  reservedElsewhere,
  denied,
  deniedByClass,
  router,
  dns,
  options,
  innerLevels,
  boot,
  leaseTime,
];

const ORDER: Readonly<Record<ConsequenceSeverity, number>> = { danger: 0, warning: 1, info: 2 };

export const NO_CONSEQUENCES: Consequences = {
  list: [],
  touched: { networks: [], gateway: false, pair: false, page: false },
};

/** What files hold, before anybody has looked. */
export interface Inputs {
  readonly shared: unknown;
  readonly box: unknown;
}

/** The same for any content: of files that a box cannot work with nothing follows that could be compared. Never throws. */
export function consequencesOfInputs(
  before: Inputs,
  after: Inputs,
  facts: Omit<Change, "before" | "after">,
): Consequences {
  const [one, other] = [before, after].map(({ shared, box }) => loadConfig(shared, box));
  const isBoth = one && other && "config" in one && "config" in other;
  if (!isBoth) return NO_CONSEQUENCES;
  return consequencesOf({ ...facts, before: one.config, after: other.config });
}

/** Never throws for files that are valid. With 20,000 leases it takes some 10 ms. */
export function consequencesOf(change: Change): Consequences {
  const { before, after, board = UNKNOWN_BOARD, leases, nowSeconds } = change;
  const scene = sceneOf(before, after, board, leases, nowSeconds);
  const list = [
    ...ABOUT_BOXES.flatMap((about) => about(scene)),
    ...scene.kept.flatMap((kept) => ABOUT_NETWORKS.flatMap((about) => about(kept, scene))),
  ];
  return {
    list: list.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]),
    touched: touchedBy(scene),
  };
}
