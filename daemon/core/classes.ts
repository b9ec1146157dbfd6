// The classes of clients: which of them the packet in hand belongs to.

import { assert } from "../base/assert.ts";
import { LIMITS } from "../limits.ts";
import {
  compileMatch,
  type Matcher,
  type MatchInput,
  neededOption,
  PacketView,
} from "./class-match.ts";
import type { ClassConfig } from "./config-view.ts";

export type { MatchInput } from "./class-match.ts";

/** The classes of one packet by their indexes. Reused: filled anew for each packet. */
export class ClassMembership {
  readonly #bits = new Uint32Array(LIMITS.classesMax / 32);
  readonly #indexes = new Uint16Array(LIMITS.classesMax);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return (((this.#bits[index >>> 5] as number) >>> (index & 31)) & 1) !== 0;
  }

  /** The matched classes from 0 to `count` - 1, in the order of precedence. */
  indexAt(place: number): number {
    return this.#indexes[place] as number;
  }

  clear(): void {
    for (let i = 0; i < this.#count; i++) this.#bits[this.indexAt(i) >>> 5] = 0;
    this.#count = 0;
  }

  /** Indexes come in rising order, each once. */
  add(index: number): void {
    const word = index >>> 5;
    this.#bits[word] = (this.#bits[word] as number) | (1 << (index & 31));
    this.#indexes[this.#count++] = index;
  }
}

export class ClassSet {
  readonly #configs: readonly ClassConfig[];
  readonly #matchers: readonly Matcher[];
  /** By class: an option without which it cannot match, or 0. Most packets need no more of most. */
  readonly #needed: Uint8Array;
  readonly #packet = new PacketView();
  readonly #hasDenied: boolean;

  constructor(configs: readonly ClassConfig[]) {
    assert(configs.length <= LIMITS.classesMax, "more classes than allowed");
    this.#configs = configs;
    this.#matchers = configs.map((config, index) => compileMatch(config.match, index));
    this.#needed = Uint8Array.from(configs, (config) => neededOption(config.match));
    this.#hasDenied = configs.some((config) => config.isDenied);
  }

  get size(): number {
    return this.#configs.length;
  }

  /** Finds the classes of a packet. `into` holds them until the next packet. */
  evaluate(packet: MatchInput, into: ClassMembership): void {
    into.clear();
    const matchers = this.#matchers;
    const needed = this.#needed;
    if (matchers.length === 0) return;
    const { message } = packet;
    const view = this.#packet;
    view.begin(packet, into);
    for (let i = 0; i < matchers.length; i++) {
      const code = needed[i] as number;
      if (code !== 0 && !message.has(code)) continue;
      if ((matchers[i] as Matcher).matches(view)) into.add(i);
    }
  }

  /** True when any class of the packet is denied. */
  isDenied(membership: ClassMembership): boolean {
    return this.#hasDenied && this.deniedName(membership) !== "";
  }

  /** The first denied class of the packet; "" when there is none. */
  deniedName(membership: ClassMembership): string {
    for (let i = 0; i < membership.count; i++) {
      const config = this.#configs[membership.indexAt(i)];
      if (config?.isDenied) return config.name;
    }
    return "";
  }
}
