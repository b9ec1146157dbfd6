// keepalived is heard in two ways: over D-Bus, and by its notify FIFO. Either may be missing, late, or wrong; the newest
// word counts, and when they do not come to say the same, both are asked anew.

import type { VrrpNews, VrrpState } from "./vrrp.ts";
import type { Holding } from "./word.ts";

export const SOURCES = ["bus", "fifo"] as const;
export type Source = (typeof SOURCES)[number];

/** One is a few milliseconds behind the other. */
const DIFFERENCE_MILLISECONDS = 1000;

interface Said {
  readonly state: VrrpState;
  readonly at: number;
}

export class VrrpView {
  readonly #said: Readonly<Record<Source, Map<string, Said>>> = { bus: new Map(), fifo: new Map() };
  readonly #live = new Set<Source>();
  #instances: readonly string[] = [];
  #differsSince: number | undefined;

  /** The instances there are to be; all others are of an earlier configuration. */
  expect(instances: readonly string[]): void {
    this.#instances = instances;
  }

  hear(source: Source, news: VrrpNews, now: number): void {
    const said = this.#said[source];
    switch (news.kind) {
      case "lost":
        this.#live.delete(source);
        said.clear();
        break;
      case "state":
        // Of one that begins in the middle nothing else is known yet.
        if (this.#live.has(source)) said.set(news.instance, { state: news.state, at: now });
        break;
      case "states": {
        this.#live.add(source);
        const before = new Map(said);
        said.clear();
        for (const [instance, state] of news.states) {
          const known = before.get(instance);
          said.set(instance, known?.state === state ? known : { state, at: now });
        }
        break;
      }
    }
    this.#differsSince = this.#isDifferent() ? (this.#differsSince ?? now) : undefined;
  }

  isLive(source: Source): boolean {
    return this.#live.has(source);
  }

  /** Undefined: nobody says, or not of all of them. */
  holding(): Exclude<Holding, "none"> | undefined {
    if (this.#instances.length === 0) return undefined;
    const states = this.#instances.map((instance) => this.stateOf(instance));
    if (states.some((state) => state === undefined)) return undefined;
    if (states.every((state) => state === "master")) return "master";
    return states.some((state) => state !== "backup" && state !== "master") ? "fault" : "backup";
  }

  /** Of one instance; undefined: nobody says. */
  stateOf(instance: string): VrrpState | undefined {
    const all = SOURCES.flatMap((source) => this.#said[source].get(instance) ?? []);
    const [first, second] = all;
    return second && first && second.at > first.at ? second.state : first?.state;
  }

  /** They have said different things for so long that one of them must be wrong. */
  isInDoubt(now: number): boolean {
    return this.#differsSince !== undefined && now - this.#differsSince >= DIFFERENCE_MILLISECONDS;
  }

  #isDifferent(): boolean {
    const { bus, fifo } = this.#said;
    if (this.#live.size < SOURCES.length) return false;
    return this.#instances.some(
      (instance) => bus.get(instance)?.state !== fifo.get(instance)?.state,
    );
  }
}
