// What an observer of keepalived said, in order and with times.

import { vi } from "vitest";
import type { VrrpNews, VrrpState } from "../../daemon/core/gateway/vrrp.ts";
import { VrrpBus } from "../../daemon/io/vrrp-bus.ts";

export class Observed {
  readonly news: VrrpNews[] = [];
  /** When each came: milliseconds of the wall clock, with fractions. */
  readonly times: number[] = [];
  readonly bus: VrrpBus;
  /** Whoever is told may do something at once. */
  told: (news: VrrpNews) => void = () => {};

  constructor(address: string) {
    this.bus = new VrrpBus(address, {
      news: (news) => {
        this.news.push(news);
        this.times.push(performance.timeOrigin + performance.now());
        this.told(news);
      },
    });
    this.bus.start();
  }

  /** All that is known now from what was said; undefined when nothing is known. */
  get states(): ReadonlyMap<string, VrrpState> | undefined {
    let states: Map<string, VrrpState> | undefined;
    for (const one of this.news) {
      if (one.kind === "lost") states = undefined;
      else if (one.kind === "states") states = new Map(one.states);
      else states?.set(one.instance, one.state);
    }
    return states;
  }

  /** Each in a line. */
  get lines(): string[] {
    return this.news.map(lineOf);
  }

  /** Resolves when so many news have come, or more. */
  async count(news: number): Promise<void> {
    await vi.waitUntil(() => this.news.length >= news, { timeout: 10_000, interval: 5 });
  }

  /** Resolves when the last line matches; such as /^states LAN0 master$/. */
  async until(pattern: RegExp, milliseconds = 10_000): Promise<void> {
    const last = () => this.lines.at(-1) ?? "";
    try {
      await vi.waitUntil(() => pattern.test(last()), { timeout: milliseconds, interval: 5 });
    } catch {
      throw new Error(`waited in vain for ${pattern}; said was\n${this.lines.join("\n")}`);
    }
  }
}

export function lineOf(news: VrrpNews): string {
  if (news.kind === "lost") return `lost: ${news.why}`;
  if (news.kind === "state") return `${news.instance} ${news.state}`;
  return ["states", ...Array.from(news.states, ([name, state]) => `${name} ${state}`)].join(" ");
}
