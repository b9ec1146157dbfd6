// Pairing as a test wants it to be, and what people did about it.

import type { PairingStage, PairingView } from "../../daemon/http/api-types.ts";
import type { ActionResult, PairingAct, PairingControl } from "../../daemon/http/box-view.ts";

const IDS = [
  ...(["cable", "found", "digits", "confirmed"] as const),
  ...(["roles", "configuration", "leases", "in-step"] as const),
];

/** As far as the stage at `index`, each before it done in a second and a half. */
export function fakeStages(index: number): PairingStage[] {
  return IDS.map((id, at) => {
    if (at > index) return { id, state: "open", seconds: null };
    return at < index ? { id, state: "done", seconds: 1.5 } : { id, state: "now", seconds: 42 };
  });
}

/** A box with nobody at its cable; `changes` replace what is given. */
export function fakePairing(changes: Partial<PairingView> = {}): PairingView {
  return {
    paired: false,
    underWay: false,
    sentence: "No second box is connected.",
    advice: "To pair this box, connect its pair port with that of a second box.",
    stages: fakeStages(-1),
    found: null,
    digits: null,
    confirmedHere: false,
    confirmedThere: false,
    question: null,
    refusal: null,
    actions: [],
    unpaired: "",
    ...changes,
  };
}

/** People are asked to compare the digits. */
export function fakeComparing(changes: Partial<PairingView> = {}): PairingView {
  return fakePairing({
    underWay: true,
    sentence: "Box tandem was found. Both boxes show six digits.",
    advice: "Compare the digits on both boxes.",
    stages: fakeStages(3),
    found: { name: "tandem", model: "example,board", serial: "TND-0002", version: "1.2.0" },
    digits: "042137",
    actions: ["confirm", "differ", "cancel"],
    ...changes,
  });
}

export function fakeQuestion(): PairingView {
  return fakeComparing({
    sentence: "The two boxes have different configurations.",
    advice: "Choose on one of the boxes which configuration both shall have.",
    stages: fakeStages(4),
    digits: null,
    question: {
      differences: ["office: the lease time is 12 h here and 1 h there", "guests is here only"],
    },
    actions: ["choose", "cancel"],
  });
}

export function fakeRefusal(loud = false): PairingView {
  return fakePairing({
    underWay: true,
    sentence: "Box tandem was found.",
    advice: "",
    stages: fakeStages(1),
    refusal: {
      id: loud ? "differ" : "clock",
      sentence: loud
        ? "The digits are not the same on both boxes: somebody may sit between them."
        : "The clocks of the boxes differ by 90 s; more than 60 s are not taken.",
      advice: loud ? "Look where the pair cable goes." : "Set the clocks.",
      loud,
    },
    actions: loud ? ["again"] : [],
  });
}

export class FakePairing implements PairingControl {
  view = fakePairing();
  result: ActionResult = { isDone: true, text: "confirmed on this box" };
  readonly acts: PairingAct[] = [];
  /** What follows from an act. */
  onAct: (act: PairingAct) => void = () => {};

  pairing(): PairingView {
    return this.view;
  }

  pairingAct(act: PairingAct): ActionResult {
    this.acts.push(act);
    this.onAct(act);
    return this.result;
  }
}
