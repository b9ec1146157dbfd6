// Two boxes become two again. The box at which it is said goes on serving, and the other one answers nobody; a box
// that retires has it the other way round. The other one writes first: a box that is still in a pair whose partner
// answers nobody serves everything.

import type { Now } from "../../base/time.ts";
import type { LogId, LogValues } from "../../catalogue.ts";
import { LIMITS } from "../../limits.ts";
import { encodeIntroduction } from "../../wire/introduction-message.ts";
import { type Documents, documentsAlone } from "./documents.ts";
import type { ActOutcome, OwnFacts } from "./events.ts";
import { isLower } from "./roles.ts";

export type UnpairingEffect =
  /** To the partner, over a connection on which both have shown their keys. */
  | { readonly kind: "tell-partner"; readonly bytes: Uint8Array }
  /** Answered by `adopted`. */
  | { readonly kind: "adopt"; readonly documents: Documents }
  | { readonly kind: "log"; readonly id: LogId; readonly values: LogValues };

type State =
  | { readonly kind: "idle" }
  /** The partner has been asked to leave. */
  | { readonly kind: "asking"; readonly deadline: number; readonly isRetiring: boolean }
  | { readonly kind: "writing"; readonly outcome: Outcome };

const OUTCOMES = {
  both: "this box goes on alone, and the other one answers nobody",
  "only-here":
    "this box goes on alone; the other one was not reached and still counts itself as one of a pair, so say tandem unpair there as well, or switch it off",
  told: "it was said at the other box, which goes on alone; this one answers nobody",
  retired: "the other box goes on alone, and this one answers nobody",
  "only-retired":
    "this box answers nobody; the other one was not reached and still counts itself as one of a pair, so say tandem unpair there",
  "left-alone": "the other box has left the pair, and this one goes on alone",
} as const;
type Outcome = keyof typeof OUTCOMES;

/** Of those that go on serving; the others answer nobody. */
const SERVING: readonly Outcome[] = ["both", "only-here", "left-alone"];
/** The partner waits to hear that it was done. */
const ANSWERED: readonly Outcome[] = ["told", "left-alone"];

const IDLE: State = { kind: "idle" };

export class Unpairing {
  #state: State = IDLE;
  #last = "";

  get isUnderWay(): boolean {
    return this.#state.kind !== "idle";
  }

  /** What came of it the last time, as a part of a sentence; "" for never. */
  get last(): string {
    return this.#last;
  }

  /** A person says it here. `isRetiring`: the other box goes on, not this one. */
  begin(
    { pair, documents }: OwnFacts,
    { monotonic }: Now,
    isRetiring = false,
  ): { readonly outcome: ActOutcome; readonly effects: readonly UnpairingEffect[] } {
    if (!pair) return { outcome: { isDone: false, text: "this box is in no pair" }, effects: [] };
    if (this.isUnderWay) {
      return { outcome: { isDone: false, text: "the pair is ending already" }, effects: [] };
    }
    const who = isRetiring ? "the other box" : "this box";
    const outcome = { isDone: true, text: `the pair is ending; ${who} goes on serving` };
    // A dhcpd is told nothing: it is a partner by its own configuration only.
    if (!pair.isHeard || !pair.partner)
      return { outcome, effects: this.#write(alone(isRetiring), documents) };
    const deadline = monotonic + LIMITS.unpairMilliseconds;
    this.#state = { kind: "asking", deadline, isRetiring };
    return { outcome, effects: [told(isRetiring ? "retire" : "leave")] };
  }

  /** The partner could not be told. */
  unreachable({ documents }: OwnFacts): readonly UnpairingEffect[] {
    const state = this.#state;
    return state.kind === "asking" ? this.#write(alone(state.isRetiring), documents) : [];
  }

  /** The partner has left. */
  left({ documents }: OwnFacts): readonly UnpairingEffect[] {
    const state = this.#state;
    return state.kind === "asking"
      ? this.#write(state.isRetiring ? "retired" : "both", documents)
      : [];
  }

  /** The partner asks this box to leave. When it was said on both at once, the lower one goes on. */
  leave({ identity, pair, documents }: OwnFacts): readonly UnpairingEffect[] {
    if (!pair?.partner || this.#state.kind === "writing") return [];
    const isOwnTurn = this.#state.kind === "asking" && !this.#state.isRetiring;
    if (isOwnTurn && isLower(identity, pair.partner)) return [];
    return this.#write("told", documents);
  }

  /** The partner leaves, and this box is to go on. */
  retire({ pair, documents }: OwnFacts): readonly UnpairingEffect[] {
    if (!pair?.partner || this.#state.kind === "writing") return [];
    return this.#write("left-alone", documents);
  }

  tick({ documents }: OwnFacts, { monotonic }: Now): readonly UnpairingEffect[] {
    const state = this.#state;
    if (state.kind !== "asking" || monotonic < state.deadline) return [];
    return this.#write(alone(state.isRetiring), documents);
  }

  adopted(problem: string | undefined): readonly UnpairingEffect[] {
    if (this.#state.kind !== "writing") return [];
    const { outcome } = this.#state;
    this.#state = IDLE;
    this.#last = problem ? `the pair was not ended: ${problem}` : OUTCOMES[outcome];
    const effects: UnpairingEffect[] = [
      { kind: "log", id: "unpaired", values: { text: this.#last } },
    ];
    return ANSWERED.includes(outcome) && !problem ? [told("left"), ...effects] : effects;
  }

  #write(outcome: Outcome, own: Documents): readonly UnpairingEffect[] {
    this.#state = { kind: "writing", outcome };
    const role = SERVING.includes(outcome) ? "serving" : "standby";
    return [{ kind: "adopt", documents: documentsAlone(own, role) }];
  }
}

function alone(isRetiring: boolean): Outcome {
  return isRetiring ? "only-retired" : "only-here";
}

function told(kind: "leave" | "left" | "retire"): UnpairingEffect {
  return { kind: "tell-partner", bytes: encodeIntroduction({ kind }) };
}
