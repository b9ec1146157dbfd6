// A change on trial: it is in force, and undone by itself unless somebody confirms it in time. So a change that cuts
// people off from the box that they are changing does not stay.
//
// One box has begun it, the other one has it from there. Their clocks run apart, each may be off, and the link
// between them may be cut, so what either does alone has to fit whatever the other one did:
//
//   what happens                         the box that began it        the other box
//   confirmed                            one more generation          told; while the link is cut, one more generation
//   undone by a person                   before, as a new generation  told; while the link is cut, as there
//   time is over                         before, as a new generation  some seconds later, the very generation of before
//
// So a person's word counts one up, and what both have said differently while apart is diverged. Where time alone has
// undone it on the other box, that box is older than a confirmation, and the same as before as the first box has it.
// Only who confirms on the other box while time undoes it on the first finds both diverged, and has to choose.

import { LIMITS } from "../../limits.ts";
import type { Origin } from "../../wire/config-message.ts";
import { BLANK, successor } from "./lineage.ts";
import type { SyncState } from "./sync-state.ts";
import type { Trial, TrialAnswer, TrialWord } from "./sync-types.ts";
import { goOn, tellPartner } from "./what-is-due.ts";

/** Of something that is about to come into force; undefined: for good. Must be asked before it is in force. */
export function trialOf(
  state: SyncState,
  milliseconds: number,
  isMine: boolean,
): Trial | undefined {
  if (milliseconds === 0) return undefined;
  const { standing, document, wall } = state;
  const { lineage, agreed, origin } = standing;
  // What was on trial itself is nothing to go back to.
  const before = standing.trial?.before ?? { lineage, agreed, origin, document };
  return { isMine, startedWall: wall, untilWall: wall + milliseconds, before };
}

/** Says what has come into force on trial, if it is. */
export function sayBegun(state: SyncState, milliseconds: number): void {
  const { generation } = state.standing.lineage;
  const seconds = Math.ceil(milliseconds / 1000);
  if (milliseconds > 0) state.say("config-trial-begun", { generation, seconds });
}

/** What would come of a person's word now. */
export function answerToTrial(state: SyncState, word: TrialWord): TrialAnswer {
  const { link, relation, partner, standing } = state;
  const { trial } = standing;
  if (!trial) return "nothing-on-trial";
  if (state.isBusy || link === "greeting") return "busy";
  const isReached = link === "open" && !trial.isMine;
  if (isReached && relation === "same" && partner?.isOnTrial) return "passed-on";
  if (isReached && relation === "older" && !partner?.refusedHere) return "busy";
  return word === "undo" && !hasBefore(trial) ? "nothing-before" : "done";
}

/** A box that had no configuration before it took the partner's has nothing to go back to. */
function hasBefore({ before }: Trial): boolean {
  return before.lineage.hash !== BLANK.hash;
}

/** A person says that it stays. */
export function confirmHere(state: SyncState): void {
  const answer = answerToTrial(state, "confirm");
  if (answer === "done") confirm(state);
  if (answer === "passed-on") state.send({ kind: "confirm", hash: state.document.hash });
}

/** A person says that it goes. */
export function undoHere(state: SyncState, origin: Origin): void {
  const answer = answerToTrial(state, "undo");
  if (answer === "done") undo(state, origin);
  if (answer === "passed-on") state.send({ kind: "undo", hash: state.document.hash, origin });
}

/** The same, said on the other box; undefined: it stays. */
export function passedOn(state: SyncState, hash: string, undoing: Origin | undefined): void {
  // One that came too late sees what has become of it.
  if (!state.standing.trial || state.document.hash !== hash || state.isBusy) return;
  if (!undoing) confirm(state);
  else if (hasBefore(state.standing.trial)) undo(state, undoing);
}

/** The partner has it in force for good. */
export function confirmedByPartner(state: SyncState): void {
  state.remember({ ...state.standing, trial: undefined });
  state.say("config-trial-confirmed", { generation: state.standing.lineage.generation });
  state.level();
  // From then on the partner knows that both have it.
  state.sayHello();
}

/** To be called whenever time has passed. */
export function endWhenDue(state: SyncState): void {
  const { trial } = state.standing;
  if (!trial || state.trialUntil === undefined || state.isBusy) return;
  const grace = trial.isMine ? 0 : LIMITS.configTrialGraceMilliseconds;
  if (state.now < state.trialUntil + grace) return;
  if (trial.isMine) undo(state, byItself(state));
  else if (hasBefore(trial)) end(state, trial.before);
  else keep(state);
}

function confirm(state: SyncState): void {
  const { standing, document } = state;
  if (!standing.trial) return;
  // Until the partner says that it has heard, it may be where it was before.
  const { agreed } = standing.trial.before;
  const lineage = successor(standing.lineage, document.hash, agreed, false);
  state.remember({ ...standing, lineage, agreed, trial: undefined });
  state.say("config-trial-confirmed", { generation: lineage.generation });
  if (state.link === "open") state.sayHello();
  goOn(state);
}

/** Whatever the partner has made of it is newer, or the same. */
function keep(state: SyncState): void {
  state.remember({ ...state.standing, trial: undefined });
  goOn(state);
}

function undo(state: SyncState, origin: Origin): void {
  const { standing } = state;
  if (!standing.trial) return;
  const { document, agreed } = standing.trial.before;
  const lineage = successor(standing.lineage, document.hash, agreed, false);
  end(state, { document, agreed, lineage, origin });
}

function end(state: SyncState, { document, ...others }: Trial["before"]): void {
  const { generation } = state.standing.lineage;
  state.adopt({ ...others, refused: undefined, trial: undefined }, document, "request");
  state.say("config-trial-undone", { generation });
  tellPartner(state);
  goOn(state);
}

function byItself({ wall, standing }: SyncState): Origin {
  const box = standing.origin?.box ?? "";
  return { who: "", wall, from: "undone by itself", box, note: "nobody confirmed the change" };
}
