// What people see of an introduction: what is so now, what they can do about it, and what they are asked.

import { sentence } from "../../catalogue.ts";
import { describeBox, type Verdict, type Why } from "./candidates.ts";
import type { Conversation } from "./conversation.ts";
import type { OwnFacts, PersonsAct } from "./events.ts";
import type { Ending } from "./introduction.ts";
import { INTRODUCTION_REFUSALS, type IntroductionRefusal } from "./refusals.ts";
import type { StageView } from "./stages.ts";

export interface IntroductionView {
  readonly stages: readonly StageView[];
  /** One sentence: what is so now. */
  readonly sentence: string;
  /** What a person does now; "" for nothing. */
  readonly advice: string;
  readonly found: FoundView | undefined;
  readonly digits: string | undefined;
  readonly isConfirmedHere: boolean;
  readonly isConfirmedThere: boolean;
  /** How the configurations differ, while people are asked which one both shall have. */
  readonly question: readonly string[] | undefined;
  readonly refusal: RefusalView | undefined;
  readonly acts: readonly Exclude<PersonsAct["kind"], "button">[];
  /** Something is found or under way, so that people should see it. */
  readonly isUnderWay: boolean;
}

export interface FoundView {
  /** Known once it has said so itself. */
  readonly name: string;
  readonly model: string;
  readonly serial: string;
  readonly software: string;
}

export interface RefusalView {
  readonly id: IntroductionRefusal;
  readonly sentence: string;
  readonly advice: string;
  /** Somebody may be doing something bad. */
  readonly isLoud: boolean;
}

export interface Sight {
  readonly facts: OwnFacts;
  readonly verdict: Verdict;
  readonly conversation: Conversation | undefined;
  readonly ending: Ending | undefined;
  readonly stages: readonly StageView[];
  readonly hasCable: boolean;
  readonly isSettling: boolean;
}

interface Situation {
  readonly sentence: string;
  readonly advice: string;
  readonly isSo: (sight: Sight) => boolean;
}

const isTalkIn =
  (...phases: readonly Conversation["phase"][]) =>
  ({ conversation }: Sight): boolean =>
    conversation !== undefined && phases.includes(conversation.phase);

/** The first one that is so counts; the last one always is. */
const SITUATIONS: readonly Situation[] = [
  {
    sentence: "The boxes are a pair now. Configuration and leases are brought to the same state.",
    advice: "",
    isSo: ({ isSettling }) => isSettling,
  },
  {
    sentence: "The digits are confirmed on this box, and not on {box} yet.",
    advice: "Go to the other box, and confirm there that it shows the same digits.",
    isSo: (sight) => isTalkIn("people")(sight) && sight.conversation?.isConfirmedHere === true,
  },
  {
    sentence: "The digits were confirmed on {box}, and not on this one yet.",
    advice: "If both boxes show the same digits, confirm it here. If not, say that they differ.",
    isSo: (sight) => isTalkIn("people")(sight) && sight.conversation?.isConfirmedThere === true,
  },
  {
    sentence: "{box} was found. Both boxes show six digits.",
    advice:
      "Compare the digits on both boxes. If they are the same, confirm it on both. If not, say that they differ.",
    isSo: isTalkIn("people"),
  },
  {
    sentence: "The two boxes have different configurations.",
    advice:
      "Choose on one of the boxes which configuration both shall have. The other one is replaced by it.",
    isSo: isTalkIn("choosing"),
  },
  {
    sentence: "{box} was found. The boxes are getting to know each other.",
    advice: "",
    isSo: isTalkIn("greeting", "digits"),
  },
  {
    sentence: "The boxes are becoming a pair.",
    advice: "Leave both switched on; this takes a few seconds.",
    isSo: ({ conversation }) => conversation !== undefined,
  },
  {
    sentence: "{box} was found.",
    advice: "",
    isSo: ({ verdict }) => verdict.kind !== "nobody",
  },
  {
    sentence: "This box is in a pair.",
    advice: "",
    isSo: ({ facts }) => facts.pair?.isHeard === true,
  },
  {
    sentence: "This box is in a pair, and its partner is not heard.",
    advice:
      "To replace a partner that is broken, connect a new box to the pair port: it is found by itself.",
    isSo: ({ facts }) => facts.pair !== undefined,
  },
  {
    sentence: "A cable is plugged in; the box at its other end has not been heard yet.",
    advice: "Switch the second box on. It is found within seconds of its start.",
    isSo: ({ hasCable }) => hasCable,
  },
  {
    sentence: "No second box is connected.",
    advice: "To pair this box, connect its pair port with that of a second box.",
    isSo: () => true,
  },
];

export function viewOf(sight: Sight): IntroductionView {
  const { conversation: talk, verdict, stages, ending } = sight;
  const found = foundOf(sight);
  const situation = SITUATIONS.find(({ isSo }) => isSo(sight));
  const box = found ? `Box ${found.name || describeBox(found)}` : "The other box";
  const isAsked = talk?.phase === "people";
  return {
    stages,
    sentence: sentence(situation?.sentence ?? "", { box }),
    advice: situation?.advice ?? "",
    found,
    digits: isAsked ? talk.digits : undefined,
    isConfirmedHere: talk?.isConfirmedHere ?? false,
    isConfirmedThere: talk?.isConfirmedThere ?? false,
    question: talk?.phase === "choosing" ? talk.differences : undefined,
    refusal: shownRefusal(verdict, ending),
    acts: actsOf(sight),
    isUnderWay:
      talk !== undefined || ending !== undefined || sight.isSettling || verdict.kind !== "nobody",
  };
}

function foundOf({ verdict, conversation }: Sight): FoundView | undefined {
  const profile = conversation?.profile;
  if (profile) return profile;
  return verdict.kind === "nobody" ? undefined : { name: "", ...verdict.box };
}

/** What is in the way now comes before what ended the last attempt, unless that was serious. */
function shownRefusal(verdict: Verdict, ending: Ending | undefined): RefusalView | undefined {
  const isLoud = ending && INTRODUCTION_REFUSALS[ending.why.reason].ends === "by a person";
  if (ending && (isLoud || verdict.kind !== "refused")) return refusalViewOf(ending.why, ending.by);
  const why = verdict.kind === "nobody" ? undefined : verdict.why;
  return why && refusalViewOf(why, "here");
}

/** `by`: on which box it was found. */
export function refusalViewOf({ reason, values }: Why, by: Ending["by"]): RefusalView {
  const entry = INTRODUCTION_REFUSALS[reason];
  const isLoud = entry.ends === "by a person";
  return { id: reason, sentence: sentence(entry[by], values), advice: entry.advice, isLoud };
}

function actsOf({ conversation: talk, ending, verdict }: Sight): IntroductionView["acts"] {
  if (!talk) return ending && verdict.kind !== "refused" ? ["again"] : [];
  const acts: Exclude<PersonsAct["kind"], "button">[] = [];
  if (talk.phase === "people") {
    if (!talk.isConfirmedHere) acts.push("confirm");
    acts.push("differ");
  }
  if (talk.phase === "choosing") acts.push("choose");
  if (talk.mayCancel) acts.push("cancel");
  return acts;
}
