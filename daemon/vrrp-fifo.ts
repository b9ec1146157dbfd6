// keepalived as its notify FIFO tells it, line by line, through the process that runs it; and the whole truth from its
// dump, after every gap.

import type { VrrpNews, VrrpState } from "./core/gateway/vrrp.ts";
import { parseDump } from "./core/gateway/vrrp-dump.ts";
import { noticeState, parseNotify } from "./core/gateway/vrrp-notify.ts";
import type { GatekeeperAnswer } from "./io/gatekeeper-link.ts";

export interface VrrpFifoHost {
  dump(): Promise<GatekeeperAnswer>;
  news(news: VrrpNews): void;
}

/** keepalived that has just been started cannot say anything yet. */
const AGAIN_MILLISECONDS = 200;
const ATTEMPTS_MAX = 25;

export class VrrpFifo {
  readonly #host: VrrpFifoHost;
  /** What was said while the dump was under way: it is newer than what the dump says. */
  #meanwhile: Map<string, VrrpState> | undefined;
  #isWanted = false;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;

  constructor(host: VrrpFifoHost) {
    this.#host = host;
  }

  /** keepalived runs: everything is to be known anew. */
  read(): void {
    this.#isWanted = true;
    this.#attempts = 0;
    void this.#read();
  }

  /** It does not run, or nobody says what it says. */
  lose(why: string): void {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#host.news({ kind: "lost", why });
  }

  notified(line: string): void {
    const notice = parseNotify(line);
    const state = notice?.scope === "instance" ? noticeState(notice.word) : undefined;
    if (!notice || !state) return;
    this.#meanwhile?.set(notice.name, state);
    this.#host.news({ kind: "state", instance: notice.name, state });
  }

  stop(): void {
    this.#isWanted = false;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#meanwhile) return;
    const meanwhile = new Map<string, VrrpState>();
    this.#meanwhile = meanwhile;
    const { isDone, text } = await this.#host.dump();
    this.#meanwhile = undefined;
    if (!this.#isWanted) return;
    const dump = isDone ? parseDump(text) : undefined;
    // A part of it is unreadable: keepalived writes into the very file.
    if (dump?.kind === "instances" && dump.instances.length > 0) {
      const states = new Map(dump.instances.map(({ instance, state }) => [instance, state]));
      for (const [instance, state] of meanwhile) states.set(instance, state);
      this.#host.news({ kind: "states", states });
      return;
    }
    if (++this.#attempts < ATTEMPTS_MAX) {
      this.#timer = setTimeout(() => void this.#read(), AGAIN_MILLISECONDS);
    }
  }
}
