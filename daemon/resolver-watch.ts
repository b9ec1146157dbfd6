// One resolver on a LAN, of this box or of its partner: whether it answers. What can only pass does not count, and what
// cannot be asked now is not missed.

import type { ResolverState } from "./core/gateway/resolvers.ts";
import { ResolverProbe, type ResolverProbeOptions } from "./resolver-probe.ts";

const ASK_MILLISECONDS = 2000;
/** One that has to ask others first takes longer than one that knows. */
const PATIENCE_MILLISECONDS = 1500;
/** So many questions in a row without an answer: it does not answer. */
const MISSED_MAX = 2;

export interface ResolverWatchOptions
  extends Pick<ResolverProbeOptions, "family" | "where" | "port"> {
  /** It is another way with it than before. */
  readonly changed: () => void;
  /** 2000 when not given; three quarters of it are waited for an answer. */
  readonly everyMilliseconds?: number;
}

export class ResolverWatch {
  readonly #options: ResolverWatchOptions;
  readonly #probe: ResolverProbe;
  #address: string | undefined;
  #hasAnswered = false;
  #missed = 0;
  #state: ResolverState | undefined;

  constructor(options: ResolverWatchOptions) {
    this.#options = options;
    const { family, port, everyMilliseconds = ASK_MILLISECONDS } = options;
    this.#probe = new ResolverProbe({
      ...{ family, port, everyMilliseconds },
      patienceMilliseconds: (everyMilliseconds * PATIENCE_MILLISECONDS) / ASK_MILLISECONDS,
      where: () => this.#where(),
      told: (isAnswered) => this.#told(isAnswered),
    });
  }

  /** Undefined: it is not known. */
  get state(): ResolverState | undefined {
    return this.#state;
  }

  stop(): void {
    this.#probe.stop();
  }

  #where(): string | undefined {
    const address = this.#options.where();
    if (address === undefined) this.#pause();
    else if (address !== this.#address) this.#forget();
    this.#address = address ?? this.#address;
    return address;
  }

  /** One that was silent is taken for silent until it is heard; that it answers now nobody can say. */
  #pause(): void {
    this.#missed = 0;
    if (this.#state === "answers") this.#become(undefined);
  }

  /** It is another resolver. */
  #forget(): void {
    this.#missed = 0;
    this.#hasAnswered = false;
    this.#become(undefined);
  }

  #told(isAnswered: boolean): void {
    this.#hasAnswered ||= isAnswered;
    this.#missed = isAnswered ? 0 : this.#missed + 1;
    if (isAnswered) this.#become("answers");
    else if (this.#missed >= MISSED_MAX) this.#become(this.#hasAnswered ? "silent" : "never");
  }

  #become(state: ResolverState | undefined): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.changed();
  }
}
