// Who may ask how often, so that neither one broken device nor a flood of made-up ones takes the service
// from all others. Nothing here allocates per packet, and no table grows with the number of clients.
//
// The order that keeps floods apart: `ClientLimiter.allows`, then for a client without lease,
// reservation or offer `LanLimiter.allowsNew`, then `ClientLimiter.charge`. Made-up clients that the LAN
// turns away are charged to nobody, and so never fill the places that real ones share with them.

import { formatMac } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import { LIMITS } from "../limits.ts";

/** One client that is far over its limit: values of the condition `request-flood`. */
export interface Flood {
  readonly mac: string;
  /** Its requests per second, answered or not. */
  readonly rate: number;
  readonly network: string;
}

/**
 * Requests of single clients: LIMITS.clientBurst at once, and LIMITS.clientPerSecond from then on. The
 * generic cell rate algorithm (ITU-T I.371): per place one time, which is when all that it has let
 * through would be due at the permitted rate. All times are monotonic milliseconds.
 */
export class ClientLimiter {
  readonly #due = new Float64Array(LIMITS.clientBuckets);
  readonly #suspects = Array.from({ length: SUSPECTS }, () => new Suspect());
  readonly #alarm = new Alarm();
  #judgedAt = Number.NEGATIVE_INFINITY;
  #flood: Flood | undefined;

  constructor() {
    assert(Number.isInteger(Math.log2(LIMITS.clientBuckets)), "places are chosen by a bit mask");
  }

  /**
   * May this client have one more packet looked at? `hash` is the seeded hash of the first `hlen` bytes
   * of `chaddr`, `network` the name of the network that a flood is reported for.
   */
  allows(
    hash: number,
    chaddr: Uint8Array,
    hlen: number,
    network: string,
    nowMonotonic: number,
  ): boolean {
    const due = this.#due[hash & PLACE_MASK] as number;
    if (due - nowMonotonic <= TOLERANCE_MILLISECONDS) return true;
    this.#suspect(hash, chaddr, hlen, network, nowMonotonic);
    return false;
  }

  /** Counts a packet that `allows` and all other limits let through. */
  charge(hash: number, nowMonotonic: number): void {
    const place = hash & PLACE_MASK;
    const due = this.#due[place] as number;
    this.#due[place] = Math.max(due, nowMonotonic) + INTERVAL_MILLISECONDS;
  }

  /**
   * The worst client, from when it has sent too much for seconds until 30 s after it stopped. The same
   * object until there is something else to say. Judged anew once a second, however often it is asked.
   */
  flood(nowMonotonic: number): Flood | undefined {
    if (nowMonotonic - this.#judgedAt < JUDGE_MILLISECONDS) return this.#flood;
    this.#judgedAt = nowMonotonic;
    let worst: Suspect | undefined;
    for (const suspect of this.#suspects) {
      if (suspect.refused.leastPerSecond(nowMonotonic) <= LIMITS.clientPerSecond) continue;
      // A flood that is reported stays the reported one while it lasts.
      if (suspect.isReported) worst = suspect;
      if (worst?.isReported) break;
      if (!worst || suspect.rate(nowMonotonic) > worst.rate(nowMonotonic)) worst = suspect;
    }
    if (!this.#alarm.isOn(worst !== undefined, nowMonotonic)) this.#flood = undefined;
    else if (worst) this.#report(worst, nowMonotonic);
    return this.#flood;
  }

  #report(worst: Suspect, nowMonotonic: number): void {
    const rate = worst.rate(nowMonotonic);
    if (worst.isReported && this.#flood && !isNews(this.#flood.rate, rate)) return;
    for (const suspect of this.#suspects) suspect.isReported = suspect === worst;
    const mac = formatMac(worst.chaddr.subarray(0, worst.hlen));
    this.#flood = { mac, rate, network: worst.network };
  }

  #suspect(
    hash: number,
    chaddr: Uint8Array,
    hlen: number,
    network: string,
    nowMonotonic: number,
  ): void {
    let unused: Suspect | undefined;
    for (const suspect of this.#suspects) {
      if (suspect.hash === hash) {
        suspect.refused.add(nowMonotonic);
        return;
      }
      if (suspect.refused.isIdle(nowMonotonic)) unused = suspect;
    }
    // All of them busy: several clients flood at once, and one of those that are watched is reported.
    if (!unused) return;
    unused.hash = hash;
    unused.hlen = hlen;
    for (let i = 0; i < hlen; i++) unused.chaddr[i] = chaddr[i] as number;
    unused.network = network;
    unused.isReported = false;
    unused.refused.add(nowMonotonic);
  }
}

/**
 * Clients of one segment that nothing is known of: neither lease nor reservation nor an offer that waits.
 * A quarter of the pools' addresses a second, and as many at once as the pools have.
 */
export class LanLimiter {
  readonly #refused = new SecondCounts();
  readonly #alarm = new Alarm();
  #perSecond = 0;
  #burst = 0;
  #tokens = 0;
  #filledAt = 0;
  #judgedAt = Number.NEGATIVE_INFINITY;
  #rate: number | undefined;

  constructor(poolSize: number) {
    this.setPoolSize(poolSize);
    this.#tokens = this.#burst;
  }

  setPoolSize(addresses: number): void {
    this.#perSecond = Math.max(LIMITS.newClientsPerSecondMin, addresses / 4);
    this.#burst = Math.max(this.#perSecond, addresses);
    this.#tokens = Math.min(this.#tokens, this.#burst);
  }

  /** Takes one place for an unknown client; false when there is none, which counts as a refusal. */
  allowsNew(nowMonotonic: number): boolean {
    const seconds = (nowMonotonic - this.#filledAt) / 1000;
    this.#filledAt = nowMonotonic;
    this.#tokens = Math.min(this.#burst, this.#tokens + seconds * this.#perSecond);
    if (this.#tokens < 1) {
      this.#refused.add(nowMonotonic);
      return false;
    }
    this.#tokens--;
    return true;
  }

  /** An unknown client was turned away for another reason: no free address, or none for unknown ones. */
  refused(nowMonotonic: number): void {
    this.#refused.add(nowMonotonic);
  }

  /**
   * Unknown clients turned away per second: the value of the condition `starvation`, from when there are
   * too many of them until 30 s after it stopped. It changes only when the rate did by much.
   */
  starvation(nowMonotonic: number): number | undefined {
    if (nowMonotonic - this.#judgedAt < JUDGE_MILLISECONDS) return this.#rate;
    this.#judgedAt = nowMonotonic;
    const isOver = this.#refused.leastPerSecond(nowMonotonic) > STARVATION_PER_SECOND;
    if (!this.#alarm.isOn(isOver, nowMonotonic)) {
      this.#rate = undefined;
    } else if (isOver) {
      const rate = Math.round(this.#refused.perSecond(nowMonotonic));
      if (this.#rate === undefined || isNews(this.#rate, rate)) this.#rate = rate;
    }
    return this.#rate;
  }
}

/**
 * DECLINEs of single clients: LIMITS.declinesMax within LIMITS.declineWindowSeconds. A client that
 * declines all it gets would otherwise empty the pool.
 */
export class DeclineLimiter {
  /** Hash plus one of the client at each place, 0 for nobody. */
  readonly #owners = new Float64Array(DECLINE_PLACES);
  /** Per place when the last ones were accepted, in turn. */
  readonly #times = new Float64Array(DECLINE_PLACES * LIMITS.declinesMax);
  readonly #next = new Uint8Array(DECLINE_PLACES);

  /** May this client decline one more address? When it may, that is counted. */
  allows(hash: number, nowMonotonic: number): boolean {
    const place = this.#placeOf(hash);
    const at = place * LIMITS.declinesMax + (this.#next[place] as number);
    const oldest = this.#times[at] as number;
    if (oldest > 0 && nowMonotonic - oldest < LIMITS.declineWindowSeconds * 1000) return false;
    // 0 is "never": a decline in the very first millisecond after power-on may be a little later.
    this.#times[at] = Math.max(1, nowMonotonic);
    this.#next[place] = ((this.#next[place] as number) + 1) % LIMITS.declinesMax;
    return true;
  }

  /** The client's place, or else that of the one in its set which has not declined for longest. */
  #placeOf(hash: number): number {
    const first = hash & (DECLINE_PLACES - DECLINE_WAYS);
    let oldest = first;
    for (let place = first; place < first + DECLINE_WAYS; place++) {
      if (this.#owners[place] === hash + 1) return place;
      if (this.#lastOf(place) < this.#lastOf(oldest)) oldest = place;
    }
    this.#owners[oldest] = hash + 1;
    this.#next[oldest] = 0;
    const times = oldest * LIMITS.declinesMax;
    this.#times.fill(0, times, times + LIMITS.declinesMax);
    return oldest;
  }

  #lastOf(place: number): number {
    const { declinesMax } = LIMITS;
    const newest = ((this.#next[place] as number) + declinesMax - 1) % declinesMax;
    return this.#times[place * declinesMax + newest] as number;
  }
}

const PLACE_MASK = LIMITS.clientBuckets - 1;
const INTERVAL_MILLISECONDS = 1000 / LIMITS.clientPerSecond;
/** Half an interval more than the burst needs, against rounding. */
const TOLERANCE_MILLISECONDS = INTERVAL_MILLISECONDS * (LIMITS.clientBurst - 0.5);
/** Clients over their limit that are watched at once. */
const SUSPECTS = 8;
const JUDGE_MILLISECONDS = 1000;
/** An alarm stays on until it has been quiet for so long. */
const QUIET_MILLISECONDS = 30_000;
/** Unknown clients turned away per second: many devices that arrive at once do not reach it for long. */
const STARVATION_PER_SECOND = 20;
const DECLINE_PLACES = 1024;
const DECLINE_WAYS = 4;

/** Rates are said anew when they doubled or halved: a sentence that changes all the time is not read. */
function isNews(said: number, rate: number): boolean {
  return rate > said * 2 || rate < said / 2;
}

/** Events per second, over the last two whole seconds: one peak of a moment is no rate. */
class SecondCounts {
  readonly #counts = new Uint32Array(4);
  #second = 0;

  add(nowMonotonic: number): void {
    this.#roll(nowMonotonic);
    (this.#counts[this.#second & 3] as number)++;
  }

  perSecond(nowMonotonic: number): number {
    this.#roll(nowMonotonic);
    return (this.#before(1) + this.#before(2)) / 2;
  }

  leastPerSecond(nowMonotonic: number): number {
    this.#roll(nowMonotonic);
    return Math.min(this.#before(1), this.#before(2));
  }

  isIdle(nowMonotonic: number): boolean {
    this.#roll(nowMonotonic);
    return this.#before(0) + this.#before(1) + this.#before(2) === 0;
  }

  #before(seconds: number): number {
    return this.#counts[(this.#second - seconds) & 3] as number;
  }

  #roll(nowMonotonic: number): void {
    const second = Math.floor(nowMonotonic / 1000);
    const from = Math.max(this.#second + 1, second - 3);
    for (let passed = from; passed <= second; passed++) this.#counts[passed & 3] = 0;
    this.#second = Math.max(this.#second, second);
  }
}

class Suspect {
  hash = -1;
  readonly chaddr = new Uint8Array(16);
  hlen = 0;
  network = "";
  isReported = false;
  readonly refused = new SecondCounts();

  /** What was refused and the share that was let through. */
  rate(nowMonotonic: number): number {
    return Math.round(this.refused.perSecond(nowMonotonic) + LIMITS.clientPerSecond);
  }
}

class Alarm {
  #onUntil = Number.NEGATIVE_INFINITY;

  isOn(isOver: boolean, nowMonotonic: number): boolean {
    if (isOver) this.#onUntil = nowMonotonic + QUIET_MILLISECONDS;
    return nowMonotonic < this.#onUntil;
  }
}
