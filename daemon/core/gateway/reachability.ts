// Whether something answers when it is asked again and again: what was lost of the last questions, and how long the
// answers took. Questions and answers are somebody else's; here they are counted.

import type { Look } from "./health.ts";

/** Of one host. */
interface Question {
  readonly number: number;
  readonly askedAt: number;
  /** Milliseconds until the answer; undefined: there is none yet. */
  took: number | undefined;
}

export interface Reach {
  readonly asked: number;
  readonly lost: number;
  /** Milliseconds; the middle one of the answers; undefined without any. */
  readonly middle: number | undefined;
}

/** Questions that are remembered of each host. */
const WINDOW = 20;
/** An answer that takes longer is none. */
const ANSWER_MILLISECONDS = 1000;

/** So many without an answer in a row: the host does not answer. */
const MISSED_MAX = 3;

export class Reachability {
  #questions: Question[] = [];
  #number = 0;

  /** The number of the next question, which is asked now. */
  ask(now: number): number {
    this.#number = (this.#number + 1) & 0xffff;
    this.#questions.push({ number: this.#number, askedAt: now, took: undefined });
    if (this.#questions.length > WINDOW) this.#questions.shift();
    return this.#number;
  }

  /** False: nothing was asked under that number lately, or it is too late. */
  answered(number: number, now: number): boolean {
    const question = this.#questions.find((one) => one.number === number);
    return question !== undefined && take(question, now);
  }

  /** The same for answers that do not say what they answer. */
  answeredAll(now: number): void {
    for (const question of this.#questions) take(question, now);
  }

  /** What is known before is of another place, or another time. */
  forget(): void {
    this.#questions = [];
  }

  /** Undefined: too little has been asked to say. */
  answers(now: number): boolean | undefined {
    const last = this.#questions.filter((one) => isOver(one, now)).slice(-MISSED_MAX);
    if (last.some(({ took }) => took !== undefined)) return true;
    return last.length < MISSED_MAX ? undefined : false;
  }

  reach(now: number): Reach {
    const over = this.#questions.filter((one) => isOver(one, now));
    const took = over.flatMap((one) => one.took ?? []).sort((a, b) => a - b);
    return {
      asked: over.length,
      lost: over.length - took.length,
      middle: took[took.length >> 1],
    };
  }
}

function take(question: Question, now: number): boolean {
  const took = now - question.askedAt;
  if (question.took !== undefined || took > ANSWER_MILLISECONDS) return false;
  question.took = took;
  return true;
}

function isOver({ askedAt, took }: Question, now: number): boolean {
  return took !== undefined || now - askedAt > ANSWER_MILLISECONDS;
}

/** Losing so many of the last questions to every host is as bad as none answering. */
const LOSS_MAX = 0.5;

export interface NamedReach {
  readonly name: string;
  readonly reachability: Reachability;
}

/** One that answers is enough: the others may have troubles of their own. */
export function lookAt(hosts: readonly NamedReach[], now: number): Look | undefined {
  const known = hosts.flatMap(({ name, reachability }) => {
    const answers = reachability.answers(now);
    return answers === undefined ? [] : [{ name, answers, ...reachability.reach(now) }];
  });
  if (known.length === 0) return undefined;
  const isGood = known.some(({ answers, asked, lost }) => answers && lost <= asked * LOSS_MAX);
  if (!isGood && known.length < hosts.length) return undefined;
  const parts = known.map(({ name, answers, asked, lost, middle }) => {
    if (!answers || middle === undefined) return `${name} does not answer`;
    return `${name} answers in ${Math.round(middle)} ms, ${lost} of ${asked} lost`;
  });
  return { isGood, detail: parts.join("; ") };
}
