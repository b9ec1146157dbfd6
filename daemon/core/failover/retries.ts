// Who keeps asking for an address and gets none. The hash of RFC 3074 leaves each new client to one of
// the boxes, and one that cannot hear this LAN, or cannot be heard there, is alive for its partner all
// the same. Its clients say how long they have tried (`secs`), but many always say 0: a box that may
// not answer them at first has to remember them by itself.
//
// What clients do: the transaction number stays the same over a series of DISCOVERs that are sent ever
// less often, up to every 64 s (RFC 2131 §4.1, dhcpcd) or 120 s (dhclient). udhcpc sends three, waits for
// 20 s and begins anew with another number, Windows after 4 to 16 s; others take a new one every time.

/**
 * Of fixed size, and nothing is allocated for a packet. Clients are told apart by a seeded hash of the
 * hardware address; two with the same one are taken for one, and then answered sooner than need be.
 */
export class Retries {
  readonly #hashes = new Uint32Array(PLACES);
  readonly #xids = new Uint32Array(PLACES);
  readonly #firstAt = new Float64Array(PLACES);
  /** The partner has answered since: another number is another try. */
  readonly #isAnswered = new Uint8Array(PLACES);
  /** NOT_IN_USE in places that hold nobody. */
  readonly #lastAt = new Float64Array(PLACES).fill(NOT_IN_USE);

  /**
   * Call for every DISCOVER that this box need not answer: for how long, in milliseconds, the client has
   * tried without success; 0 for the first one. `hash` has 31 bits, `xid` 32, `now` is monotonic milliseconds.
   */
  triedForMilliseconds(hash: number, xid: number, now: number): number {
    const place = this.#placeFor(hash);
    return this.#note(place, hash, xid, now, this.#isSameTry(place, hash, xid, now));
  }

  /**
   * Call for every DHCPREQUEST in SELECTING that this box need not answer: for how long, in milliseconds, the client
   * has sent the same one; 0 for the first. The number is that of the offer (RFC 2131 table 5), so another one is
   * another request. That it has an offer ends what it tried before.
   */
  selectedForMilliseconds(hash: number, xid: number, now: number): number {
    this.answered(hash);
    const key = hash ^ SELECTING;
    const place = this.#placeFor(key);
    const isSame = this.#hashes[place] === key && this.#xids[place] === xid;
    const silence = now - (this.#lastAt[place] as number);
    return this.#note(place, key, xid, now, isSame && silence <= SILENCE_MILLISECONDS);
  }

  /** This box has sent the client an OFFER under this number. */
  offered(hash: number, xid: number, now: number): void {
    const key = hash ^ OFFERED;
    this.#note(this.#placeFor(key), key, xid, now, false);
  }

  /** Whether it has, and the partner has given the client nothing since: its REQUEST is an answer to this box. */
  hasOffered(hash: number, xid: number, now: number): boolean {
    const place = this.#find(hash ^ OFFERED);
    if (place < 0 || this.#xids[place] !== xid) return false;
    return now - (this.#lastAt[place] as number) <= SILENCE_MILLISECONDS;
  }

  /**
   * The client got somewhere: it asked for an address that was offered to it, by whichever box, or one
   * of them gave it a lease. Not for an OFFER alone, which may never have reached it.
   */
  answered(hash: number): void {
    const place = this.#find(hash);
    if (place >= 0) this.#lastAt[place] = NOT_IN_USE;
  }

  #note(place: number, hash: number, xid: number, now: number, isSame: boolean): number {
    if (!isSame) this.#firstAt[place] = now;
    this.#hashes[place] = hash;
    this.#xids[place] = xid;
    this.#lastAt[place] = now;
    this.#isAnswered[place] = 0;
    return now - (this.#firstAt[place] as number);
  }

  /** Where the client is remembered, or will be. */
  #placeFor(hash: number): number {
    const place = this.#find(hash);
    return place < 0 ? this.#oldest(hash) : place;
  }

  /**
   * The partner gave the client a lease. If that reaches it, its next request has another number. One that goes on
   * with the same has heard nothing, as of a partner that nobody hears on this LAN.
   */
  answeredByPartner(hash: number): void {
    const place = this.#find(hash);
    if (place >= 0) this.#isAnswered[place] = 1;
    this.answered(hash ^ OFFERED);
  }

  #isSameTry(place: number, hash: number, xid: number, now: number): boolean {
    if (this.#hashes[place] !== hash) return false;
    const silence = now - (this.#lastAt[place] as number);
    const isSameXid = this.#xids[place] === xid;
    if (!isSameXid && this.#isAnswered[place] === 1) return false;
    return silence <= (isSameXid ? SAME_XID_SILENCE_MILLISECONDS : SILENCE_MILLISECONDS);
  }

  /** Where the client is remembered, -1 when it is not. */
  #find(hash: number): number {
    const first = firstPlace(hash);
    for (let place = first; place < first + WAYS; place++) {
      if (this.#hashes[place] === hash && this.#lastAt[place] !== NOT_IN_USE) return place;
    }
    return -1;
  }

  /** The place to give up for a client: an empty one, else that of the one silent for longest. */
  #oldest(hash: number): number {
    const first = firstPlace(hash);
    let oldest = first;
    for (let place = first + 1; place < first + WAYS; place++) {
      if ((this.#lastAt[place] as number) < (this.#lastAt[oldest] as number)) oldest = place;
    }
    return oldest;
  }
}

/** Sets what a client selected apart from what it tried to find; any number of 31 bits does. */
const SELECTING = 0x2c9277b5;
/** The same for what it was offered here. */
const OFFERED = 0x51d3a6e9;
/** 100 KB in all; as many clients can be without an address at the same time. */
const PLACES = 4096;
/** A client may stand in any place of its row, so that a few with like hashes do not drive each other out. */
const WAYS = 4;
const NOT_IN_USE = Number.NEGATIVE_INFINITY;
/** A client heard of again after a longer silence begins anew: it may have had a lease in between. */
const SILENCE_MILLISECONDS = 60_000;
/** The longest pause that clients make between two DISCOVERs of one series, and some more. */
const SAME_XID_SILENCE_MILLISECONDS = 130_000;

function firstPlace(hash: number): number {
  return (hash & (PLACES / WAYS - 1)) * WAYS;
}
