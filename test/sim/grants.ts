// Who was given which address, by whom, in true time (P1). An overlap is excused in one case only: a person, or
// the safe time, declared a box to be off that was alive and serving, or that alone knew what a box with an empty
// disk had promised. Nobody can keep P1 then; it is counted.

import { formatMac } from "../../daemon/base/address.ts";
import type { Holding, SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

interface Grant {
  readonly client: SimClient;
  readonly box: string;
  /** State of that box when its ACK left. */
  readonly state: string;
  readonly at: number;
  /** Number of the time of trouble it was given in, 0 for none. */
  readonly episode: number;
}

/**
 * A time in which a box counts its partner as off, up to when both are in step again. What both gave out in
 * it may clash.
 */
interface Episode {
  readonly number: number;
  readonly from: number;
}

/** A lease that a box gave up for another client's, as both had to agree on one. */
interface Lost {
  readonly loser: SimClient;
  readonly until: number;
  /** Hardware address of the client whose lease counts. */
  readonly winner: string;
}

/** State of a box that lost its book, and that a person had serve before it had learnt it again. */
export const BLIND = "partner-down, with an empty book";

const GRANTS_MAX = 40;

export class Grants {
  /** Overlaps that followed from declaring a living box to be off. */
  excused = 0;
  readonly clients: SimClient[] = [];
  readonly #world: World;
  readonly #byAddress = new Map<string, Grant[]>();
  readonly #lost = new Map<string, Lost>();
  readonly #counted = new Set<string>();
  #episode: Episode | undefined;
  #episodes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get isTroubled(): boolean {
    return this.#episode !== undefined;
  }

  /** States of the boxes that run, after each happening. */
  watch(states: readonly (string | undefined)[]): void {
    if (!this.#episode && states.includes("partner-down")) {
      this.#episode = { number: ++this.#episodes, from: this.#world.now };
    } else if (this.#episode && states.every((state) => state === "normal")) {
      this.#episode = undefined;
    }
  }

  /** A box takes a lease of `chaddr` for the one that it gave to `loser`, who goes by it. */
  lost(address: string, loser: SimClient, chaddr: Uint8Array): void {
    if (!this.isTroubled) return;
    const until = loser.holding?.until ?? 0;
    this.#lost.set(address, { loser, until, winner: formatMac(chaddr) });
  }

  /** A client received an ACK that `box` had sent while in `state`. */
  acquired(client: SimClient, holding: Holding, box: string, state: string): void {
    const { address } = holding;
    const { now } = this.#world;
    const grants = this.#byAddress.get(address) ?? [];
    grants.push({ client, box, state, at: now, episode: this.#episode?.number ?? 0 });
    if (grants.length > GRANTS_MAX) grants.shift();
    this.#byAddress.set(address, grants);
    for (const other of this.clients) {
      const held = other.holding;
      if (other === client || held?.address !== address || held.until <= now) continue;
      const left = Math.round((held.until - now) / 1000);
      const last = grants.findLast((grant) => grant.client === other);
      const text = `${address} was given to ${client.name} by ${box} (${state}) while ${other.name} has it for ${left} s more from ${last?.box} (${last?.state})`;
      const isLost = this.#isLost(address, client, other, held) || state === BLIND;
      if (isLost || this.#isExcused(grants, client, other))
        this.#excuse(address, client, other, text);
      else this.#world.complain(text);
    }
  }

  #excuse(address: string, one: SimClient, other: SimClient, text: string): void {
    this.#world.tell("!", `excused, a living box was declared off: ${text}`);
    const key = `${this.#episodes} ${address} ${[one.name, other.name].sort().join(" ")}`;
    if (!this.#counted.has(key)) this.excused++;
    this.#counted.add(key);
  }

  /** In such a time two leases of one address had to become one, and the client that lost does not know. */
  #isLost(address: string, client: SimClient, other: SimClient, held: Holding): boolean {
    const lost = this.#lost.get(address);
    return lost?.loser === other && lost.winner === client.mac && held.until <= lost.until;
  }

  /**
   * Both boxes gave the address to one of the two in the same episode, one of them believing the other off;
   * and at least one of what they hold now is from then.
   */
  #isExcused(grants: readonly Grant[], one: SimClient, other: SimClient): boolean {
    const mine = grants.filter(({ client }) => client === one);
    const theirs = grants.filter(({ client }) => client === other);
    return mine.some((a) =>
      theirs.some(
        (b) =>
          a.episode !== 0 &&
          a.episode === b.episode &&
          a.box !== b.box &&
          (isAlone(a.state) || isAlone(b.state)) &&
          a.state !== "recover-done" &&
          b.state !== "recover-done" &&
          [mine.at(-1), theirs.at(-1)].some((last) => last?.episode === a.episode) &&
          [mine.at(-1), theirs.at(-1)].every((last) => (last?.at ?? 0) >= Math.min(a.at, b.at)),
      ),
    );
  }
}

/** It takes its partner for off. */
function isAlone(state: string): boolean {
  return state === "partner-down" || state === BLIND;
}
