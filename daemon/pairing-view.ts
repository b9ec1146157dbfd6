// Pairing as the API shows it.

import { wholeSentence } from "./base/whole-sentence.ts";
import type { IntroductionView } from "./core/introduction/introduction-view.ts";
import type { Unpairing } from "./core/introduction/unpairing.ts";
import type { PairingAction, PairingView } from "./http/api-types.ts";

export function pairingViewOf(
  view: IntroductionView,
  paired: boolean,
  unpairing: Pick<Unpairing, "isUnderWay" | "last">,
): PairingView {
  const { found, refusal, question } = view;
  const actions: PairingAction[] = [...view.acts];
  if (paired && !unpairing.isUnderWay) actions.push("unpair");
  return {
    paired,
    underWay: view.isUnderWay,
    sentence: unpairing.isUnderWay ? "The pair is ending." : view.sentence,
    advice: unpairing.isUnderWay ? "" : view.advice,
    stages: view.stages.map(({ id, state, milliseconds }) => ({
      id,
      state,
      seconds: milliseconds === undefined ? null : Math.round(milliseconds / 100) / 10,
    })),
    found: found
      ? { name: found.name, model: found.model, serial: found.serial, version: found.software }
      : null,
    digits: view.digits ?? null,
    confirmedHere: view.isConfirmedHere,
    confirmedThere: view.isConfirmedThere,
    question: question ? { differences: question } : null,
    refusal: refusal
      ? {
          id: refusal.id,
          sentence: refusal.sentence,
          advice: refusal.advice,
          loud: refusal.isLoud,
        }
      : null,
    actions,
    unpaired: unpairing.last === "" ? "" : wholeSentence(unpairing.last),
  };
}
