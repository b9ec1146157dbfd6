// Why two boxes do not become a pair: what a person is told on the box where it was found, and on the other one,
// and what can be done. Sentences are filled in like those of the catalogue.

interface Refusal {
  /** On the wire; 0: it is never said there. */
  readonly code: number;
  /** On the box that found it. */
  readonly here: string;
  /** On the box that was told so, which knows no details. */
  readonly there: string;
  readonly advice: string;
  /**
   * How it goes on: by itself, as soon as what is in the way is gone; by a person, or when the cable is plugged
   * anew; by a person only.
   */
  readonly ends: "by itself" | "anew" | "by a person";
}

const CLOCK = "The clocks of the boxes differ by {seconds} s; more than 60 s are not taken.";
const SAME = "What is at the other end has the key of this very box.";
const PARTNERS = "Box {name} is in a pair with another box.";

export const INTRODUCTION_REFUSALS = {
  "other-version": {
    code: 1,
    here: "The boxes speak different versions of pairing: this one has software {own}, the other one {theirs}.",
    there: "The boxes speak different versions of pairing.",
    advice: "Bring both boxes to the same version of the software.",
    ends: "by itself",
  },
  "other-model": {
    code: 2,
    here: "The boxes are of different models: this one is {own}, the other one {theirs}.",
    there: "The boxes are of different models.",
    advice: "Use two boxes of the same model: their ports have the same names and places then.",
    ends: "by itself",
  },
  "same-box": {
    code: 3,
    here: SAME,
    there: SAME,
    advice:
      "If the cable goes from this box to itself, plug it into the second one. If the disk of one box was copied to the other, remove the file named key in its state folder and start it again.",
    ends: "by itself",
  },
  clock: {
    code: 4,
    here: CLOCK,
    there: "The clocks of the boxes differ by more than 60 s.",
    advice: "Set the clocks, or let both boxes reach a time server. It goes on by itself then.",
    ends: "by itself",
  },
  "has-partner": {
    code: 5,
    here: PARTNERS,
    there: "This box is in a pair with another box.",
    advice:
      "If that other box is gone, nothing needs doing: it goes on by itself. If not, take one of the two out of its pair first: tandem unpair.",
    ends: "by itself",
  },
  "partner-is-there": {
    code: 6,
    here: "Another box was found on a pair port, but this one has a partner that is there.",
    there: "The other box has a partner that is there.",
    advice: "To have another partner, end the pair there first: tandem unpair.",
    ends: "by itself",
  },
  "broken-commitment": {
    code: 7,
    here: "What the other box sent does not fit what it had promised: somebody may sit between the two boxes.",
    there: "The other box found that somebody may sit between the two boxes.",
    advice:
      "Look where the pair cable goes: it must go straight from one box to the other. Nothing was changed.",
    ends: "by a person",
  },
  differ: {
    code: 8,
    here: "The digits are not the same on both boxes: somebody may sit between them, or this is not the box you look at.",
    there: "A person at the other box says that the digits are not the same.",
    advice:
      "Look where the pair cable goes: it must go straight from one box to the other, and only these two may be in pairing. Nothing was changed.",
    ends: "by a person",
  },
  cancelled: {
    code: 9,
    here: "Pairing was cancelled. Nothing was changed.",
    there: "Pairing was cancelled at the other box. Nothing was changed.",
    advice: "Begin again on the box where it was cancelled, or unplug the pair cable.",
    ends: "anew",
  },
  "choices-differ": {
    code: 10,
    here: "Different configurations were chosen on the two boxes. Nothing was changed.",
    there: "Different configurations were chosen on the two boxes. Nothing was changed.",
    advice: "Agree on one, begin again on both, and choose on one box only.",
    ends: "anew",
  },
  "too-many": {
    code: 11,
    here: "More than one box was found on the pair ports: {names}.",
    there: "The other box sees more than one box on its pair ports.",
    advice: "Unplug all but the one that shall be the partner. It goes on by itself then.",
    ends: "by itself",
  },
  "timed-out": {
    code: 12,
    here: "What was asked was not answered on both boxes in time. Nothing was changed.",
    there: "What was asked was not answered on both boxes in time. Nothing was changed.",
    advice: "It begins again by itself, with other digits.",
    ends: "by itself",
  },
  "no-address": {
    code: 13,
    here: "There is no free address for this box on {network}.",
    there: "There is no free address for the second box on one of the networks.",
    advice: "Leave an address outside of the pools and the reservations for the second box.",
    ends: "anew",
  },
  "not-valid": {
    code: 14,
    here: "The configuration that both would have is not right: {problem}.",
    there: "The other box finds that the configuration which both would have is not right.",
    advice: "Correct the configuration, and begin again.",
    ends: "anew",
  },
  "not-written": {
    code: 15,
    here: "The configuration could not be written on this box: {problem}.",
    there: "The other box could not write its configuration.",
    advice: "Look at the disk of the box, and begin again.",
    ends: "anew",
  },
  "not-understood": {
    code: 16,
    here: "The other box said something that makes no sense here: {problem}.",
    there: "The other box did not understand what this one said.",
    advice: "It is tried again by itself. If it stays so, compare the versions of the software.",
    ends: "by itself",
  },
  "too-large": {
    code: 17,
    here: "The configuration is too large to be sent to the other box.",
    there: "The configuration of the other box is too large to be sent.",
    advice: "Take out of the configuration what is not needed, and begin again.",
    ends: "anew",
  },
  "not-ready": {
    code: 18,
    here: "The other box began before this one had found it.",
    there: "The other box is not ready yet.",
    advice: "It is tried again by itself.",
    ends: "by itself",
  },
  "no-answer": {
    code: 19,
    here: "The other box did not answer in time.",
    there: "The other box waited for this one in vain.",
    advice: "It is tried again by itself. If it stays so, start the other box again.",
    ends: "by itself",
  },
  lost: {
    code: 0,
    here: "The connection with the other box was lost: {problem}.",
    there: "",
    advice: "It is tried again by itself, with other digits. Check the pair cable if it stays so.",
    ends: "by itself",
  },
} as const satisfies Record<string, Refusal>;

export type IntroductionRefusal = keyof typeof INTRODUCTION_REFUSALS;

export function refusalOf(code: number): IntroductionRefusal {
  const reasons = Object.keys(INTRODUCTION_REFUSALS) as IntroductionRefusal[];
  const known = reasons.find((reason) => INTRODUCTION_REFUSALS[reason].code === code);
  return code === 0 || known === undefined ? "not-understood" : known;
}
