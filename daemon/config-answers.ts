// What people are told who ask for something of the configuration, as parts of sentences.

import type { ConfigIssue } from "./config/schema.ts";
import type { Applied } from "./config-desk.ts";
import type {
  Choice,
  ChoiceAnswer,
  RequestAnswer,
  SyncView,
  TrialAnswer,
  TrialWord,
} from "./core/sync/sync-types.ts";
import type { ActionResult } from "./http/box-view.ts";

const BUSY = "a configuration is being agreed on at this moment; try again in a few seconds";

const ON_TRIAL = "a change is on trial: confirm it, or undo it, first";

const ANSWERS: Readonly<Record<Choice, Readonly<Record<ChoiceAnswer, string>>>> = {
  keep: {
    "partner-is-asked": "the partner is asked to take this box's configuration",
    "applied-here-alone": "the change in config.json is put into force here, without the partner",
    "in-step": "both boxes have the same configuration",
    "partner-away": "the partner is not reached, so there is nothing to choose from",
    busy: BUSY,
    "on-trial": ON_TRIAL,
    "not-shown-yet": "the partner's configuration is not here yet; try again in a few seconds",
  },
  take: {
    "partner-is-asked": "the partner's configuration is checked, and put into force on both boxes",
    "applied-here-alone": "nothing is to be taken",
    "in-step": "both boxes have the same configuration",
    "partner-away": "the partner is not reached, so its configuration cannot be taken",
    busy: BUSY,
    "on-trial": ON_TRIAL,
    "not-shown-yet": "the partner's configuration is not here yet; try again in a few seconds",
  },
};

export function choiceInWords(choice: Choice, answer: ChoiceAnswer): string {
  return ANSWERS[choice][answer];
}

/** `view` is of the moment at which the answer came. */
export function appliedOf(answer: RequestAnswer, view: SyncView, isPaired: boolean): Applied {
  switch (answer.kind) {
    case "in-force": {
      const where = answer.where === "both" ? " on both boxes" : whereAlone(view, isPaired);
      const sentence = `configuration ${view.lineage.generation} is in force${where}`;
      return { kind: "applied", sentence };
    }
    case "unchanged":
      return { kind: "applied", sentence: "this configuration was in force already" };
    case "overtaken":
      return { kind: "overtaken" };
    case "on-trial":
      return refused(ON_TRIAL);
    case "nothing-before":
      return refused("there is no configuration yet that a trial could end with");
    case "busy":
      return refused(BUSY);
    case "refused":
      return refused("the partner cannot take it, so it is in force on none", answer.objections);
    case "unanswered":
      return refused(
        "the partner does not answer, so nothing was changed; look at it, then try again",
      );
  }
}

const CONFIRMED: Readonly<Record<TrialAnswer, string>> = {
  done: "the change stays",
  "passed-on": "the other box, where the change was made, is told that it stays",
  "nothing-on-trial": "nothing waits to be confirmed",
  "nothing-before": "nothing waits to be confirmed",
  busy: BUSY,
};
const UNDONE: Readonly<Record<TrialAnswer, string>> = {
  done: "what was in force before is in force again",
  "passed-on": "the other box, where the change was made, is told to undo it",
  "nothing-on-trial": "nothing is on trial that could be undone",
  "nothing-before":
    "this box had no configuration before; undo it on the other box, where it was made",
  busy: BUSY,
};

export function trialInWords(word: TrialWord, answer: TrialAnswer): ActionResult {
  const isDone = answer === "done" || answer === "passed-on";
  return { isDone, text: (word === "confirm" ? CONFIRMED : UNDONE)[answer] };
}

function whereAlone({ relation }: SyncView, isPaired: boolean): string {
  if (!isPaired) return "";
  return relation === "diverged"
    ? " on this box alone, because both have been configured differently"
    : " on this box; the partner takes it when it is reached";
}

function refused(text: string, issues: readonly ConfigIssue[] = []): Applied {
  return { kind: "refused", text, issues };
}
