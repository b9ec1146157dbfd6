// What people wish: a change that they write into config.json, and which of two configurations they choose.

import type { ConfigObjection } from "../../wire/config-message.ts";
import { union } from "./lineage.ts";
import type { SyncState, Wish } from "./sync-state.ts";
import type { Choice, SyncEvent } from "./sync-types.ts";
import { applyAlone, goOn } from "./what-is-due.ts";

/** config.json holds this. */
export function wish(
  state: SyncState,
  { document, origin }: Extract<SyncEvent, { kind: "edited" }>,
): void {
  if (state.edit?.document.hash === document.hash) return;
  const { refused } = state.standing;
  if (refused?.hash === document.hash) {
    state.edit = { document, origin, state: "refused", objections: refused.objections };
    state.askAgain();
  } else {
    withdraw(state);
    state.edit = { document, origin, state: "waiting", objections: [] };
  }
  goOn(state);
}

/** config.json holds again what is in force. */
export function withdrawWish(state: SyncState): void {
  const wasRefused = state.edit?.state === "refused";
  withdraw(state);
  // The partner forgets that it refused anything.
  if (wasRefused && state.link === "open") state.sayHello();
  goOn(state);
}

function withdraw(state: SyncState): void {
  state.edit = undefined;
  state.remember({ ...state.standing, refused: undefined });
  if (state.outgoing?.cause !== "edit" || state.outgoing.phase !== "asked") return;
  state.send({ kind: "cancel", number: state.outgoing.number });
  state.settle();
}

export function choose(state: SyncState, choice: Choice): void {
  const answer = state.answerTo(choice);
  const { partner, standing, document } = state;
  if (answer === "applied-here-alone") applyAlone(state);
  if (answer !== "partner-is-asked" || !partner) return;
  if (state.relation === "same") {
    state.askAgain();
    goOn(state);
  } else if (choice === "keep") {
    state.propose("keep", union(standing.lineage, partner.lineage, document.hash));
  } else if (partner.shown) {
    state.choosing = partner.shown;
    state.do({ kind: "check", document: partner.shown.document });
  }
}

/** This box has looked whether it could take what was chosen. */
export function proposeChosen(
  state: SyncState,
  chosen: Wish,
  objection: ConfigObjection | undefined,
): void {
  const { partner, standing } = state;
  state.settle();
  if (objection) state.say("config-choice-refused", { ...objection, box: "this box" });
  else if (partner) {
    const { hash } = chosen.document;
    state.propose("take", union(standing.lineage, partner.lineage, hash), chosen);
  }
}
