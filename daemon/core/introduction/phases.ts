// The phases of a conversation between two boxes that get to know each other.

import { LIMITS } from "../../limits.ts";
import type { IntroductionMessage } from "../../wire/introduction-message.ts";
import type { IntroductionRefusal } from "./refusals.ts";
import type { StageId } from "./stages.ts";

export type Phase =
  | "greeting"
  | "digits"
  | "people"
  | "comparing"
  | "choosing"
  | "checking-own"
  | "offered"
  | "awaiting-offer"
  | "checking-offer"
  | "taking"
  | "taken"
  | "giving"
  | "done"
  | "ended";

interface PhaseRow {
  /** What the other box may say; anything else ends the conversation. */
  readonly hears: readonly IntroductionMessage["kind"][];
  /** How long it may last, and why it ends then. */
  readonly patience: Patience;
  /** A person may still cancel: nobody has begun to write. */
  readonly mayCancel: boolean;
  /** What is under way for those who look on. */
  readonly stage: StageId;
}

interface Patience {
  readonly milliseconds: number;
  readonly late: IntroductionRefusal;
}

const ANSWER: Patience = {
  milliseconds: LIMITS.introductionAnswerMilliseconds,
  late: "no-answer",
};
const PEOPLE: Patience = {
  milliseconds: LIMITS.introductionPeopleMilliseconds,
  late: "timed-out",
};

/** A choice may cross with one that was made here, so it is heard after the choosing as well. */
export const PHASES: Readonly<Record<Phase, PhaseRow>> = {
  greeting: row(["profile", "foreign-profile"], ANSWER, true, "digits"),
  digits: row(["commitment", "number"], ANSWER, true, "digits"),
  people: row(["confirmed"], PEOPLE, true, "confirmed"),
  comparing: row(["configuration"], ANSWER, true, "roles"),
  choosing: row(["choice"], PEOPLE, true, "roles"),
  "checking-own": row(["choice"], ANSWER, true, "roles"),
  offered: row(["choice", "taken"], ANSWER, false, "roles"),
  "awaiting-offer": row(["choice", "offer"], ANSWER, true, "roles"),
  "checking-offer": row([], ANSWER, false, "roles"),
  taking: row([], ANSWER, false, "roles"),
  taken: row(["taken"], ANSWER, false, "roles"),
  giving: row([], ANSWER, false, "roles"),
  done: row([], ANSWER, false, "configuration"),
  ended: row([], ANSWER, false, "found"),
};

function row(
  hears: PhaseRow["hears"],
  patience: Patience,
  mayCancel: boolean,
  stage: StageId,
): PhaseRow {
  return { hears, patience, mayCancel, stage };
}
