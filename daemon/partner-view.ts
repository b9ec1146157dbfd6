// The pair for people: one table of words for its states, and one sentence for how the two boxes are.

import type { WallSeconds } from "./base/time.ts";
import type { PairStateName } from "./core/failover/pair-state.ts";
import type { PairView } from "./core/failover/pair-view.ts";
import type { PartnerStatus } from "./http/api-types.ts";
import { isoTime } from "./lease-view.ts";

const WORDS: Readonly<Record<PairStateName, string>> = {
  normal: "in step",
  "communications-interrupted": "alone",
  "partner-down": "alone for good",
  recover: "learning",
  "recover-wait": "waiting",
  "recover-done": "ready",
  "potential-conflict": "comparing",
  "resolution-interrupted": "comparing, interrupted",
  "conflict-done": "compared",
  paused: "stopping",
  shutdown: "stopped",
};

/** A word or two for a state; a name that is none is shown as it is. */
export function pairStateWords(name: string): string {
  return Object.hasOwn(WORDS, name) ? WORDS[name as PairStateName] : name;
}

/** `name`: what both boxes call their relationship. */
export function partnerStatus(view: PairView, name: string): PartnerStatus {
  const { partnerState } = view;
  return {
    paired: true,
    why: pairSentence(view),
    name,
    role: view.role,
    mode: view.mode.kind,
    protocol: view.dialect,
    state: view.state,
    stateWords: pairStateWords(view.state),
    inStartup: view.inStartup,
    since: timeOf(view.since),
    connected: view.isConnected,
    partnerState: partnerState ?? null,
    partnerStateWords: partnerState ? pairStateWords(partnerState) : null,
    partnerSince: partnerState ? timeOf(view.partnerSince) : null,
    refusal: view.refusal,
    mcltSeconds: view.mcltSeconds,
    clockOffsetSeconds: view.clockOffsetSeconds,
    inStep: view.isInStep,
    backlog: view.backlog,
    counters: view.counters,
  };
}

/** How the two boxes are together. */
export function pairSentence(view: PairView): string {
  if (view.inStartup) return "This box has just started and looks for its partner.";
  if (view.refusal !== "" && !view.isConnected) {
    return `The boxes do not speak with each other: ${view.refusal}.`;
  }
  if (view.isConnected) return togetherSentence(view);
  return apartSentence(view);
}

/** A partner that is learning does not answer devices yet. */
const LEARNING: readonly (PairStateName | undefined)[] = ["recover", "recover-wait"];

function togetherSentence({ state, partnerState, isInStep }: PairView): string {
  switch (state) {
    case "normal":
      return isInStep
        ? "The boxes are in step: each knows what the other gave out."
        : "The boxes are in contact, and the partner is being told the last changes.";
    case "communications-interrupted":
    case "partner-down":
      return LEARNING.includes(partnerState)
        ? "The partner is back and learns the leases from this box, which serves alone until then."
        : "The boxes are in contact, and this one serves alone until its partner is ready.";
    case "recover":
      return "This box learns the leases from its partner before it answers anybody.";
    case "recover-wait":
      return "This box knows all leases again, and waits for those that nobody remembers to end.";
    case "recover-done":
      return "This box knows all leases again, and waits for its partner to take it in.";
    case "potential-conflict":
    case "resolution-interrupted":
    case "conflict-done":
      return "Both boxes gave out addresses while they could not see each other; they compare their books.";
    case "paused":
      return "This box is stopping, and its partner goes on alone.";
    case "shutdown":
      return "This box was stopped, and its partner goes on alone.";
  }
}

function apartSentence({ state, partnerState }: PairView): string {
  switch (state) {
    case "normal":
    case "communications-interrupted":
      return "The partner is away: this box works alone, and new leases are short until it is back.";
    case "partner-down":
      return partnerState === undefined
        ? "The partner was never heard: this box works alone, as before, until it is."
        : "The partner counts as down: this box works alone, and gives out the partner's addresses as well.";
    case "recover":
      return "This box has to learn the leases from its partner before it answers anybody, and cannot reach it.";
    case "recover-wait":
      return "This box knows all leases again, waits for those that nobody remembers to end, and cannot reach its partner.";
    case "recover-done":
      return "This box knows all leases again, and cannot reach its partner to be taken in.";
    case "potential-conflict":
    case "resolution-interrupted":
    case "conflict-done":
      return "Both boxes gave out addresses while they could not see each other, and now the partner is away again.";
    case "paused":
    case "shutdown":
      return "This box is stopping.";
  }
}

/** Null for a time that was never noted. */
function timeOf(seconds: WallSeconds): string | null {
  return seconds === 0 ? null : isoTime(seconds * 1000);
}
