// The record that holds the state of a pair, behind the head that all records have:
//
//   offset size
//    21     1   state
//    22     1   state of the partner, 0 when it was never heard
//    23     5   when the state was entered, seconds
//    28     5   when the partner entered its state
//    33     4   MCLT, seconds
//    37     6   agreed through this sequence of the own journal
//    43     6   highest durable sequence heard of the partner's journal
//    49     6   last record of the own journal that the partner can have heard of; all ones: in contact
//    55     4   how often one of the boxes has lost what it knew
//    59     1   1: RECOVER-WAIT has to be waited for, 0: not
//
// It takes a sequence as a lease does, and of several the one with the highest holds. A state that is
// not in the table below needs a new version of the layout, which an older Tandem refuses.

import { assert } from "../base/assert.ts";
import type { WallSeconds } from "../base/time.ts";
import type { PairState, PairStateName } from "../core/failover/pair-state.ts";
import {
  get32,
  get40,
  get48,
  HEAD_BYTES,
  put32,
  put40,
  put48,
  putHead,
  seal,
} from "./record-bytes.ts";

/** Without the bit of a type that may be passed over. */
export const TYPE_OF_PAIR = 4;
export const PAIR_BYTES = HEAD_BYTES + 39;

/** The state of the pair as the record with this sequence has it. */
export interface StoredPair {
  readonly state: PairState;
  readonly sequence: number;
}

/** Numbers of draft-ietf-dhc-failover-12 §12.24 (server-state), which are the journal's for good. */
const STATE_NUMBER: Readonly<Record<PairStateName, number>> = {
  normal: 2,
  "communications-interrupted": 3,
  "partner-down": 4,
  "potential-conflict": 5,
  recover: 6,
  paused: 7,
  shutdown: 8,
  "recover-done": 9,
  "resolution-interrupted": 10,
  "conflict-done": 11,
  "recover-wait": 254,
};
const STATE_BY_NUMBER: ReadonlyMap<number, PairStateName> = new Map(
  (Object.keys(STATE_NUMBER) as PairStateName[]).map((name) => [STATE_NUMBER[name], name]),
);
const NEVER_HEARD = 0;

/** Writes a pair's state at `at`, with RECORD_BYTES_MAX bytes left, and returns the offset behind it. */
export function encodePair(
  into: Uint8Array,
  at: number,
  { state, sequence }: StoredPair,
  wall: WallSeconds,
  salt: number,
): number {
  const { partnerState, mcltSeconds } = state;
  assert(Number.isInteger(mcltSeconds) && mcltSeconds >= 0, "MCLT is no number of seconds");
  assert(mcltSeconds < 2 ** 32, "MCLT too long to store");
  putHead(into, at, TYPE_OF_PAIR, sequence, wall);
  into[at + 21] = STATE_NUMBER[state.state];
  into[at + 22] = partnerState === undefined ? NEVER_HEARD : STATE_NUMBER[partnerState];
  put40(into, at + 23, state.since);
  put40(into, at + 28, state.partnerSince);
  put32(into, at + 33, mcltSeconds);
  put48(into, at + 37, state.agreedThrough);
  put48(into, at + 43, state.partnerSequence);
  put48(into, at + 49, state.contactEnd);
  put32(into, at + 55, state.epoch);
  into[at + 59] = state.mustWait ? 1 : 0;
  return seal(into, at, at + PAIR_BYTES, salt);
}

export function pairFits(bytes: Uint8Array, at: number, length: number): boolean {
  if (length !== PAIR_BYTES || !STATE_BY_NUMBER.has(bytes[at + 21] as number)) return false;
  if ((bytes[at + 59] as number) > 1) return false;
  const partner = bytes[at + 22] as number;
  return partner === NEVER_HEARD || STATE_BY_NUMBER.has(partner);
}

/** The content of a record for which `lookAt` answered "good". */
export function decodePair(bytes: Uint8Array, at: number): PairState {
  const state = STATE_BY_NUMBER.get(bytes[at + 21] as number);
  assert(state !== undefined, "no record of a pair");
  return {
    state,
    since: get40(bytes, at + 23),
    partnerState: STATE_BY_NUMBER.get(bytes[at + 22] as number),
    partnerSince: get40(bytes, at + 28),
    mcltSeconds: get32(bytes, at + 33),
    agreedThrough: get48(bytes, at + 37),
    partnerSequence: get48(bytes, at + 43),
    contactEnd: get48(bytes, at + 49),
    epoch: get32(bytes, at + 55),
    mustWait: bytes[at + 59] === 1,
  };
}
