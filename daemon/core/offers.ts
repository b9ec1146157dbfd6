// Addresses held for clients that were offered them and have not asked yet. Nothing of this is
// written down: RFC 2131 §4.3.1 lets a server forget an offer.

import type { Ipv4 } from "../base/address.ts";
import { LIMITS } from "../limits.ts";
import { type ClientIdentity, ClientIndex, type IndexedByClient } from "./client-identity.ts";
import type { LeaseBook } from "./lease-book.ts";
import type { AddressPool } from "./pool.ts";

export class Offer implements IndexedByClient<Offer> {
  client: Uint8Array;
  clientHash: number;
  nextByClient: Offer | undefined = undefined;
  readonly address: Ipv4;
  pool: AddressPool;
  slot: number;
  /** Monotonic milliseconds. */
  endsAt = 0;
  /** The wire was asked whether the address is in use, or it was offered without asking. */
  isChecked = false;
  older: Offer | undefined = undefined;
  newer: Offer | undefined = undefined;

  constructor(client: Uint8Array, hash: number, address: Ipv4, pool: AddressPool, slot: number) {
    this.client = client;
    this.clientHash = hash;
    this.address = address;
    this.pool = pool;
    this.slot = slot;
  }
}

/** At most LIMITS.offersMax; a new one pushes the oldest out. All last equally long, so they end in order. */
export class OfferTable {
  /** Offers pushed out by newer ones since the start: a flood, or a limit that is too low. */
  evicted = 0;
  readonly #book: LeaseBook;
  readonly #byAddress = new Map<number, Offer>();
  readonly #byClient = new ClientIndex<Offer>();
  #oldest: Offer | undefined;
  #newest: Offer | undefined;

  constructor(book: LeaseBook) {
    this.#book = book;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** When the next offer ends, in monotonic milliseconds. */
  get nextEnd(): number | undefined {
    return this.#oldest?.endsAt;
  }

  at(address: Ipv4): Offer | undefined {
    return this.#byAddress.get(address | 0);
  }

  /** The offer this client has in a network. */
  find(client: ClientIdentity, pool: AddressPool): Offer | undefined {
    let offer = this.#byClient.first(client.hash);
    for (; offer !== undefined; offer = offer.nextByClient) {
      if (offer.clientHash === client.hash && offer.pool === pool && client.equals(offer.client)) {
        return offer;
      }
    }
    return undefined;
  }

  /** Holds an address of the pool for the client, instead of what it was offered there before. */
  hold(
    client: ClientIdentity,
    address: Ipv4,
    pool: AddressPool,
    slot: number,
    nowMonotonic: number,
  ): Offer {
    let offer = this.find(client, pool);
    if (offer && offer.address !== address) {
      this.drop(offer);
      offer = undefined;
    }
    if (offer) {
      this.#unchain(offer);
    } else {
      if (this.size >= LIMITS.offersMax && this.#oldest) {
        this.evicted++;
        this.drop(this.#oldest);
      }
      offer = new Offer(client.copy(), client.hash, address, pool, slot);
      this.#byAddress.set(address | 0, offer);
      this.#byClient.add(offer);
      pool.setOffered(slot, this.#book.at(address));
    }
    offer.endsAt = nowMonotonic + LIMITS.offerSeconds * 1000;
    this.#chain(offer);
    return offer;
  }

  drop(offer: Offer): void {
    this.#forget(offer);
    offer.pool.clearOffered(offer.slot, this.#book.at(offer.address));
  }

  expire(nowMonotonic: number): void {
    while (this.#oldest && this.#oldest.endsAt <= nowMonotonic) this.drop(this.#oldest);
  }

  /** After new pools replaced the old ones; offers of addresses that are in none are forgotten. */
  replaceAll(poolOf: (address: Ipv4) => AddressPool | undefined): void {
    for (const offer of Array.from(this.#byAddress.values())) {
      const pool = poolOf(offer.address);
      const slot = pool ? pool.slotOf(offer.address) : -1;
      if (!pool || slot < 0 || pool.isBarred(slot)) {
        // Its old pool is gone, and the lease of the address stands in a new one already.
        this.#forget(offer);
        continue;
      }
      offer.pool = pool;
      offer.slot = slot;
      pool.setOffered(slot, this.#book.at(offer.address));
    }
  }

  #forget(offer: Offer): void {
    this.#unchain(offer);
    this.#byAddress.delete(offer.address | 0);
    this.#byClient.remove(offer);
  }

  #chain(offer: Offer): void {
    offer.older = this.#newest;
    offer.newer = undefined;
    if (this.#newest) this.#newest.newer = offer;
    else this.#oldest = offer;
    this.#newest = offer;
  }

  #unchain(offer: Offer): void {
    const { older, newer } = offer;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
  }
}
