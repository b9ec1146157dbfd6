// How far two boxes have come, for people to follow: each stage with its begin and end.

import type { Now } from "../../base/time.ts";

export const STAGES = [
  "cable",
  "found",
  "digits",
  "confirmed",
  "roles",
  "configuration",
  "leases",
  "in-step",
] as const;
export type StageId = (typeof STAGES)[number];

export interface StageView {
  readonly id: StageId;
  readonly state: "open" | "now" | "done";
  /** How long it has taken so far, or took; undefined before it began. */
  readonly milliseconds: number | undefined;
}

interface Span {
  /** Monotonic. */
  readonly begin: number;
  /** Undefined: it is under way. */
  readonly end: number | undefined;
}

/** Stages are reached in their order; falling back forgets what came later, and keeps how long each before it took. */
export class StageClock {
  #spans: readonly Span[] = [];

  /** The stage that is under way or done last; undefined: nothing has begun. */
  get now(): StageId | undefined {
    return STAGES[this.#spans.length - 1];
  }

  /** From now on `stage` is under way: all before it are done, and what came later is forgotten. */
  enter(stage: StageId, { monotonic }: Now): void {
    const index = STAGES.indexOf(stage);
    if (index === this.#spans.length - 1 && this.#spans[index]?.end === undefined) return;
    const before = STAGES.slice(0, index).map((_, at) => {
      const { begin, end } = this.#spans[at] ?? { begin: monotonic, end: undefined };
      return { begin, end: end ?? monotonic };
    });
    this.#spans = [...before, { begin: monotonic, end: undefined }];
  }

  /** The last one is done. */
  finish({ monotonic }: Now): void {
    this.enter("in-step", { monotonic, wall: 0 });
    this.#spans = this.#spans.map(({ begin, end }) => ({ begin, end: end ?? monotonic }));
  }

  clear(): void {
    this.#spans = [];
  }

  views({ monotonic }: Now): readonly StageView[] {
    return STAGES.map((id, index) => {
      const span = this.#spans[index];
      if (span === undefined) return { id, state: "open", milliseconds: undefined };
      const { begin, end } = span;
      const state = end === undefined ? "now" : "done";
      return { id, state, milliseconds: Math.max(0, (end ?? monotonic) - begin) };
    });
  }
}
