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

/** Stages are reached in their order; falling back forgets what came later. */
export class StageClock {
  /** When each began, and the one after it where it ended. Monotonic. */
  #begins: number[] = [];
  #isOver = false;

  /** The stage that is under way, or undefined: nothing has begun. */
  get now(): StageId | undefined {
    return STAGES[this.#begins.length - 1];
  }

  /** From now on `stage` is under way: all before it are done, and what came later is forgotten. */
  enter(stage: StageId, { monotonic }: Now): void {
    const index = STAGES.indexOf(stage);
    if (index === this.#begins.length - 1 && !this.#isOver) return;
    this.#isOver = false;
    const kept = this.#begins.slice(0, index);
    while (kept.length < index) kept.push(monotonic);
    this.#begins = [...kept, monotonic];
  }

  /** The last one is done. */
  finish({ monotonic }: Now): void {
    this.enter("in-step", { monotonic, wall: 0 });
    this.#isOver = true;
  }

  clear(): void {
    this.#begins = [];
    this.#isOver = false;
  }

  views({ monotonic }: Now): readonly StageView[] {
    const last = this.#begins.length - 1;
    return STAGES.map((id, index) => {
      const begin = this.#begins[index];
      if (begin === undefined) return { id, state: "open", milliseconds: undefined };
      const isDone = index < last || this.#isOver;
      const end = this.#begins[index + 1] ?? (isDone ? begin : monotonic);
      return { id, state: isDone ? "done" : "now", milliseconds: Math.max(0, end - begin) };
    });
  }
}
