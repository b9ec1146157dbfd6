// The resolver of this box, where clients are told that the gateway is one. One that has never answered is none, and
// nothing is missed; one that did and does no more is a fault.

import type { Look } from "./core/gateway/health.ts";
import { ResolverProbe } from "./resolver-probe.ts";

const ASK_MILLISECONDS = 2000;
/** One that has to ask others first takes longer than one that knows. */
const PATIENCE_MILLISECONDS = 1500;
/** So many questions in a row without an answer: it does not answer. */
const MISSED_MAX = 2;

export class ResolverWatch {
  readonly address: string;
  readonly #probe: ResolverProbe;
  #hasAnswered = false;
  #missed = 0;

  /** `address`: this box's own on a LAN. `changed`: it answers, or does not, otherwise than before. */
  constructor(address: string, changed: () => void) {
    this.address = address;
    this.#probe = new ResolverProbe({
      ...{ family: "udp4", where: () => address },
      ...{ everyMilliseconds: ASK_MILLISECONDS, patienceMilliseconds: PATIENCE_MILLISECONDS },
      told: (isAnswered) => {
        const before = this.#missed < MISSED_MAX;
        this.#hasAnswered ||= isAnswered;
        this.#missed = isAnswered ? 0 : this.#missed + 1;
        if (before !== this.#missed < MISSED_MAX) changed();
      },
    });
  }

  /** Undefined: there is none. */
  look(): Look | undefined {
    if (!this.#hasAnswered) return undefined;
    const isGood = this.#missed < MISSED_MAX;
    return { isGood, detail: `${this.address} ${isGood ? "answers" : "does not answer"}` };
  }

  stop(): void {
    this.#probe.stop();
  }
}
