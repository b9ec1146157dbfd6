// What a box remembers of its pair over a restart, besides the leases.

import type { WallSeconds } from "../../base/time.ts";
import type { ServerState } from "../../wire/failover/numbers.ts";

/** Of the state machine; STARTUP is not one that is remembered. */
export type PairStateName = Exclude<ServerState, "startup">;

/** As PairState.contactEnd. */
export const CONTACT_OPEN = 2 ** 48 - 1;

/** Written to the journal before anybody is told of it. */
export interface PairState {
  state: PairStateName;
  /** When the state was entered. */
  since: WallSeconds;
  /** What the partner said last; undefined when it was never heard. */
  partnerState: PairStateName | undefined;
  partnerSince: WallSeconds;
  /** The MCLT in force: the primary's. */
  mcltSeconds: number;
  /** All changes up to this record of the own journal are known to the partner, or need not be. */
  agreedThrough: number;
  /**
   * How often one of the boxes has lost what it knew. A box that has a lower number than its partner
   * does not know of the last time: its disk is from before.
   */
  epoch: number;
  /** The highest durable record of the partner's journal that this box has heard of; 0: of none. */
  partnerSequence: number;
  /**
   * The last record of the own journal of which the partner can have heard: that at the end of the last
   * contact. CONTACT_OPEN: the boxes were in contact when this was written.
   */
  contactEnd: number;
  /** Leases may run that neither book knows: RECOVER-WAIT has to be waited for before NORMAL. */
  mustWait: boolean;
}

/**
 * What a box begins with that was in no pair before. One that has served alone goes on serving; one that
 * knows nothing may have forgotten it, and asks.
 */
export function firstState(
  mcltSeconds: number,
  hasServed: boolean,
  mustWait: boolean,
  now: WallSeconds,
): PairState {
  return {
    state: hasServed ? "partner-down" : "recover",
    since: hasServed ? 0 : now,
    partnerState: undefined,
    partnerSince: 0,
    mcltSeconds,
    agreedThrough: 0,
    epoch: 0,
    partnerSequence: 0,
    contactEnd: 0,
    mustWait,
  };
}

/**
 * What a box keeps of a pair that its configuration has taken it out of: it serves alone from `now` on, whatever
 * its partner thinks, and still knows what the partner has heard of its journal. `sequence` is its last record.
 */
export function apartState(state: PairState, sequence: number, now: WallSeconds): PairState {
  const { contactEnd } = state;
  return {
    ...state,
    state: "partner-down",
    since: now,
    partnerState: undefined,
    partnerSince: 0,
    // The next partner may be another box.
    agreedThrough: 0,
    contactEnd: contactEnd === CONTACT_OPEN ? sequence : contactEnd,
  };
}
