// A change that somebody asks for and waits for the answer to, over the API. It is agreed on like one in config.json,
// but waits for nothing: what cannot be done now is refused, with the reason.

import type { ConfigObjection } from "../../wire/config-message.ts";
import { BLANK, successor } from "./lineage.ts";
import { isFactory } from "./shared-document.ts";
import type { Outgoing, SyncState } from "./sync-state.ts";
import type { Request, RequestAnswer } from "./sync-types.ts";
import { sayBegun, trialOf } from "./trial.ts";
import { goOn, tellPartner } from "./what-is-due.ts";

export function takeUp(state: SyncState, number: number, request: Request): void {
  const refusal = refusalOf(state, request);
  if (refusal) {
    state.do({ kind: "answer", number, answer: refusal });
    return;
  }
  state.request = number;
  const { document } = request;
  const { lineage, agreed } = state.standing;
  const goesAlone = state.relation !== "same" && state.relation !== "newer";
  const next = successor(lineage, document.hash, agreed, goesAlone && isFactory(document));
  if (goesAlone) goAlone(state, { ...request, lineage: next });
  else state.propose("request", next, request, request.trialMilliseconds);
}

/** Why it cannot be taken up now; undefined when it can. */
function refusalOf(
  state: SyncState,
  { document, expectedHash, trialMilliseconds }: Request,
): RequestAnswer | undefined {
  const { link, relation, partner, edit, standing } = state;
  if (standing.trial) return { kind: "on-trial" };
  if (state.document.hash !== expectedHash) return { kind: "overtaken" };
  if (trialMilliseconds > 0 && expectedHash === BLANK.hash) return { kind: "nothing-before" };
  const isEditUnderWay = edit?.state === "waiting" || edit?.state === "asked";
  const isPartnersComing = relation === "older" && !partner?.refusedHere;
  if (state.isBusy || isEditUnderWay || link === "greeting" || isPartnersComing) {
    return { kind: "busy" };
  }
  return document.hash === expectedHash ? { kind: "unchanged" } : undefined;
}

/** The channel is gone, and with it the answer of the partner: the change is in force here, as without a partner. */
export function cutShort(state: SyncState, outgoing: Outgoing): void {
  if (outgoing.cause !== "request") return;
  if (outgoing.phase === "asked") goAlone(state, outgoing);
  else state.answer({ kind: "in-force", where: "here" });
}

/** The partner cannot take it: it is in force on none, and both forget it. */
export function turnedDown(state: SyncState, objections: readonly ConfigObjection[]): void {
  state.answer({ kind: "refused", objections });
  state.sayHello();
}

type Change = Pick<Outgoing, "lineage" | "document" | "origin" | "trialMilliseconds">;

function goAlone(state: SyncState, change: Change): void {
  const { lineage, document, origin, trialMilliseconds } = change;
  const { agreed, refused } = state.standing;
  if (refused?.hash === document.hash) {
    // Asking once more does not slip it past the partner.
    state.answer({ kind: "refused", objections: refused.objections });
    return;
  }
  const trial = trialOf(state, trialMilliseconds, true);
  state.adopt({ lineage, origin, agreed, refused: undefined, trial }, document, "request");
  sayBegun(state, trialMilliseconds);
  state.answer({ kind: "in-force", where: "here" });
  tellPartner(state);
  if (state.link === "open") goOn(state);
}
