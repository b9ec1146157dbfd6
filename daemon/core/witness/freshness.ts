// Which beacons of the partner are of now. They are signed, so nobody can make one up; but anybody can record
// one and send it again, a second or a year later, or keep it from this box and send it then.
//
// Within a process of the partner the number of its beacons rises, so one that was heard is never heard again;
// beacons of different paths may overtake each other a little (the window of RFC 4303 §3.4.3).
// A new process has a new boot number and begins anew: that it is newer than the one before, and not older, it
// shows by what it echoes. It must have heard this process, and something that this process said after it last
// believed a beacon. Nobody can have recorded that before. So nothing has to be written down by either box.
//
// What is echoed has a time as well: when this box said it, and how long the partner had known it. The rest is how
// long both packets were on their way, and no wire of an office keeps them for long.

import { assert } from "../../base/assert.ts";
import { equalBytes } from "../../base/bytes.ts";
import type { Beacon, Echo } from "../../wire/beacon.ts";

export type Staleness =
  /** Of a process that has been heard, and not newer than the last one of it. */
  | "repeated"
  /** Of a process that is new here and has not shown yet that it is of now. */
  | "unproven"
  /** What it echoes was never said by this process. */
  | "impossible"
  /** It was on its way for too long. */
  | "delayed";

/** Both ways together, in milliseconds; a box that is busy says itself how long it kept a packet. */
export const TRANSIT_MILLISECONDS_MAX = 1500;
/** How far back a beacon may be that comes late; as many as there are bits. */
const WINDOW = 32;
/** Times of so many own beacons are remembered: some seconds of them, on all paths. */
const REMEMBERED = 256;

export class Freshness {
  /** Of this process. */
  readonly #boot: Uint8Array;
  readonly #sentAt = new Float64Array(REMEMBERED);
  #sent = 0;
  #partnerBoot: Uint8Array | undefined;
  #partnerSequence = 0;
  /** Bit n: number `#partnerSequence` - n was heard. */
  #heard = 0;
  /** The number of the last beacon that this process had sent when it last believed one. */
  #sentBefore = 0;

  constructor(boot: Uint8Array) {
    this.#boot = boot;
  }

  /** The number of the next beacon, which is sent now, in monotonic milliseconds. */
  next(now: number): number {
    this.#sent++;
    this.#sentAt[this.#sent % REMEMBERED] = now;
    return this.#sent;
  }

  /** Undefined: it is of now, and counts as heard. */
  judge(beacon: Pick<Beacon, "boot" | "sequence" | "echo">, now: number): Staleness | undefined {
    const staleness = this.foresee(beacon, now);
    if (staleness) return staleness;
    this.#note(beacon.boot, beacon.sequence);
    this.#sentBefore = this.#sent;
    return undefined;
  }

  /** What it would be judged, if it is signed. */
  foresee(
    { boot, sequence, echo }: Pick<Beacon, "boot" | "sequence" | "echo">,
    now: number,
  ): Staleness | undefined {
    const own = echo && equalBytes(echo.boot, this.#boot) ? echo : undefined;
    if (own && (own.sequence > this.#sent || own.sequence === 0)) return "impossible";
    if (this.#partnerBoot && equalBytes(boot, this.#partnerBoot)) {
      if (this.#wasHeard(sequence)) return "repeated";
    } else if (!own || !this.#isLater(own)) {
      return "unproven";
    }
    return own && this.#isDelayed(own, now) ? "delayed" : undefined;
  }

  /** Too old to know counts as heard. */
  #wasHeard(sequence: number): boolean {
    const age = this.#partnerSequence - sequence;
    return age >= WINDOW || (age >= 0 && ((this.#heard >>> age) & 1) === 1);
  }

  #note(boot: Uint8Array, sequence: number): void {
    const isSame = this.#partnerBoot !== undefined && equalBytes(boot, this.#partnerBoot);
    const age = this.#partnerSequence - sequence;
    if (isSame && age >= 0) {
      this.#heard |= 1 << age;
      return;
    }
    // Of what a new process said before it was believed, nothing is waited for.
    if (!isSame) this.#heard = -1;
    else this.#heard = -age < WINDOW ? (this.#heard << -age) | 1 : 1;
    this.#partnerBoot = boot;
    this.#partnerSequence = sequence;
  }

  #isLater(echo: Echo): boolean {
    return this.#partnerBoot === undefined || echo.sequence > this.#sentBefore;
  }

  #isDelayed({ sequence, heldMilliseconds }: Echo, now: number): boolean {
    // A path on which the partner has heard nothing for long says nothing of how long this one took.
    if (this.#sent - sequence >= REMEMBERED) return false;
    const sentAt = this.#sentAt[sequence % REMEMBERED];
    assert(sentAt !== undefined, "a time for each of them");
    return now - sentAt - heldMilliseconds > TRANSIT_MILLISECONDS_MAX;
  }
}
