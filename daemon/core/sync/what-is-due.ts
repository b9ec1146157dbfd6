// What follows from where the two boxes stand, whatever has brought them there.

import { successor } from "./lineage.ts";
import { isFactory } from "./shared-document.ts";
import type { SyncState } from "./sync-state.ts";

/** Does what is due, if nothing is under way. */
export function goOn(state: SyncState): void {
  const isEdited = state.edit?.state === "waiting" && !state.standing.trial;
  if (state.link === "closed" && isEdited) applyAlone(state);
  const { partner, relation } = state;
  if (state.isBusy || !partner) return;
  const { refusedOurs, refusedHere, isUnanswered } = partner;
  if (relation === "newer" && !refusedOurs && !isUnanswered) {
    const { now, trialUntil, inForce, standing } = state;
    const left = trialUntil === undefined ? 0 : Math.max(1, Math.ceil(trialUntil - now));
    state.propose("newer", standing.lineage, inForce, left);
  } else if (isEdited && (relation === "same" || relation === "newer")) {
    proposeEdit(state);
  } else if (isEdited && (relation === "diverged" || refusedHere)) {
    applyAlone(state);
  } else if (relation === "diverged" || (relation !== "same" && (refusedOurs || refusedHere))) {
    fetch(state);
  }
}

/** Puts what is in config.json into force here, whatever the partner has. */
export function applyAlone(state: SyncState): void {
  if (!state.edit) return;
  const { document, origin } = state.edit;
  const { lineage, agreed } = state.standing;
  const next = successor(lineage, document.hash, agreed, isFactory(document));
  state.edit = undefined;
  const standing = { lineage: next, origin, agreed, refused: undefined, trial: undefined };
  state.adopt(standing, document, "config.json");
  tellPartner(state);
  if (state.link === "open") goOn(state);
}

/** Something came into force here that the partner was not asked about. */
export function tellPartner(state: SyncState): void {
  if (state.link !== "open") return;
  // First: the partner may do something of its own at this moment, and then is not level with this box.
  state.level();
  state.sayHello();
}

function proposeEdit(state: SyncState): void {
  if (!state.edit) return;
  const { document } = state.edit;
  const { lineage, agreed } = state.standing;
  state.setEdit("asked");
  state.propose("edit", successor(lineage, document.hash, agreed, false), state.edit);
}

/** Both documents are shown to people who have to choose, or to mend one. */
function fetch(state: SyncState): void {
  if (!state.partner || state.partner.shown || state.partner.isFetching) return;
  state.know({ isFetching: true });
  state.send({ kind: "fetch" });
}
