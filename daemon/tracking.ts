// conntrackd, as this box has it: run by another process, and told which box has the gateway. A box without it serves as
// one with it; only connections whose addresses are translated may break when the gateway moves.

import type { GatewayPlan } from "./core/gateway/plan.ts";
import { type TrackingState, trackingSide, trackingWords } from "./core/gateway/tracking.ts";
import type { GatewayWord, Holding } from "./core/gateway/word.ts";
import type { GatekeeperAnswer } from "./io/gatekeeper-link.ts";

export interface TrackingHost {
  /** Monotonic milliseconds. */
  now(): number;
  /** Tells it to the process that runs conntrackd. Resolves always. */
  tell(words: string): Promise<GatekeeperAnswer>;
  /** It is otherwise. */
  changed(): void;
}

/**
 * The box with the gateway sends all once more so often: what changes nothing any more, a stream of UDP, would run out at
 * the other box, which sees none of its packets, within two minutes.
 */
const AGAIN_MILLISECONDS = 45_000;
/** What is not installed now may be later. */
const RETRY_MILLISECONDS = 60_000;

const STARTING: TrackingState = { kind: "off", why: "it begins now" };
const UNREACHED: TrackingState = { kind: "off", why: "the helper that does so does not answer" };
const NO_PORT: TrackingState = {
  kind: "off",
  why: "no port of this box leads to its partner alone",
};

export class Tracking {
  readonly #host: TrackingHost;
  #words: string | undefined;
  #isOpen = false;
  /** On this connection. */
  #told: string | undefined;
  #toldAt = 0;
  #isRefused = false;
  #side: ReturnType<typeof trackingSide>;
  #sideAt = 0;
  #state: TrackingState = NO_PORT;

  constructor(host: TrackingHost) {
    this.#host = host;
  }

  get state(): TrackingState {
    return this.#state;
  }

  /** What is said of it to the partner. */
  get word(): Pick<GatewayWord, "tracks"> {
    return this.#state.kind === "running" ? { tracks: true } : {};
  }

  /** Undefined: nothing is to move any more. */
  configure(plan: GatewayPlan | undefined): void {
    const words = plan && trackingWords(plan);
    if (words === this.#words) return;
    this.#words = words;
    if (words === undefined) this.#become(NO_PORT);
    else this.#become(this.#isOpen ? STARTING : UNREACHED);
    if (this.#isOpen) this.#tell();
  }

  /** The process that runs it answers, and knows nothing of this one. */
  opened(): void {
    this.#isOpen = true;
    this.#side = undefined;
    this.#tell();
  }

  closed(): void {
    this.#isOpen = false;
    this.#told = undefined;
    if (this.#words !== undefined) this.#become(UNREACHED);
  }

  /** By itself: "running", "stopped", or "died" and why. */
  heard(text: string): void {
    if (this.#told === undefined) return;
    const [word] = text.split(" ", 1);
    if (word === "running") this.#become({ kind: "running" });
    else if (word === "stopped") this.#become(STARTING);
    else if (word === "died") this.#become(off(`conntrackd does not run, ${text.slice(5)}`));
  }

  /** Where the gateway is; to be said again and again. */
  see(holding: Exclude<Holding, "none"> | undefined, now: number): void {
    if (!this.#isOpen || this.#words === undefined) return;
    if (this.#isRefused && now - this.#toldAt >= RETRY_MILLISECONDS) this.#tell();
    const side = trackingSide(holding);
    const isDue = side === "primary" && now - this.#sideAt >= AGAIN_MILLISECONDS;
    if (this.#isRefused || side === undefined || (side === this.#side && !isDue)) return;
    this.#side = side;
    this.#sideAt = now;
    void this.#host.tell(side);
  }

  #tell(): void {
    const words = this.#words;
    this.#told = words;
    this.#toldAt = this.#host.now();
    this.#isRefused = false;
    void this.#host.tell(words ?? "off").then(({ isDone, text }) => {
      if (words !== this.#words || isDone || !this.#isOpen) return;
      this.#isRefused = true;
      // Said anew once it is there.
      this.#side = undefined;
      if (words !== undefined) this.#become(off(text));
    });
  }

  #become(state: TrackingState): void {
    const isNew = JSON.stringify(state) !== JSON.stringify(this.#state);
    this.#state = state;
    if (isNew) this.#host.changed();
  }
}

function off(why: string): TrackingState {
  return { kind: "off", why };
}
