// Whose configuration both have from now on, and which part each box takes. Both boxes decide it for themselves
// from what both have said, and come to the same: nothing here may depend on who asks.

import { compareBytes, equalBytes } from "../../base/bytes.ts";
import type { PairRole, Profile } from "../../wire/introduction-message.ts";
import { otherRole } from "./documents.ts";

export interface Introduced {
  readonly identity: Uint8Array;
  readonly profile: Profile;
}

/** The one that gives its configuration, or: people have to say which. */
export type Giver = "own" | "partner" | "ask";

/**
 * Legend: own is configured, partner is configured, both have the same configuration → whose it is; "serving"
 * is the one that serves when only one does, else the one with the lower identity. Undefined: not known yet.
 */
const GIVERS: readonly (readonly [boolean, boolean, boolean | undefined, Giver | "serving"])[] = [
  [false, false, undefined, "serving"],
  [true, false, undefined, "own"],
  [false, true, undefined, "partner"],
  [true, true, true, "serving"],
  [true, true, false, "ask"],
];

export function isConfigured({ profile }: Introduced): boolean {
  return profile.generation > 0;
}

/** `isSame` is asked for only when both are configured. */
export function giverOf(own: Introduced, partner: Introduced, isSame: boolean): Giver {
  const [first, second] = [isConfigured(own), isConfigured(partner)];
  const row = GIVERS.find(
    ([one, other, same]) => one === first && other === second && (same ?? isSame) === isSame,
  );
  const giver = row?.[3] ?? "ask";
  return giver === "serving" ? theServing(own, partner) : giver;
}

/** A role that either has already stays: it is a replacement, or only one of the two had written it. */
export function giversRole(giver: Introduced, taker: Introduced): PairRole {
  if (giver.profile.pair) return giver.profile.pair.role;
  return taker.profile.pair ? otherRole(taker.profile.pair.role) : "primary";
}

/** Whether the box with identity `one` dials, and commits itself first. */
export function isLower(one: Uint8Array, other: Uint8Array): boolean {
  return compareBytes(one, other) < 0;
}

/**
 * The one that serves; of two, the one whose partner is gone, for it knows what the pair is called and how it
 * is set up; and last the one that has written already that they are a pair, for it did so as the other one's
 * second.
 */
function theServing(own: Introduced, partner: Introduced): Giver {
  const ofOwn = rankOf(own, partner.identity);
  const ofPartner = rankOf(partner, own.identity);
  if (ofOwn !== ofPartner) return ofOwn > ofPartner ? "own" : "partner";
  return isLower(own.identity, partner.identity) ? "own" : "partner";
}

function rankOf({ profile }: Introduced, other: Uint8Array): number {
  const serving = profile.isServing ? 3 : 0;
  if (!profile.pair) return serving + 1;
  return serving + (equalBytes(profile.pair.partner, other) ? 0 : 2);
}
