// How two boxes greet each other (draft-ietf-dhc-failover-12 §7.8, §7.9): what is said, and why a greeting is not
// taken. The order of the checks is that of dhcpd.

import { LIMITS } from "../../limits.ts";
import type { Dialect, MessageOf } from "../../wire/failover/messages.ts";
import {
  HASH_BUCKET_BYTES,
  PROTOCOL_VERSION,
  type RejectReason,
  TLS_REQUEST,
} from "../../wire/failover/numbers.ts";
import type { PairConfig } from "../config-view.ts";
import { hashBuckets, hbaForWire } from "./load-balance.ts";

type Connect = MessageOf<"CONNECT">;
type ConnectAck = MessageOf<"CONNECTACK">;

/** Why a greeting is not taken; `text` is a part of a sentence. */
export interface Objection {
  readonly reason: RejectReason;
  readonly text: string;
}

/**
 * A dhcpd answers when half of this has come, or after two seconds. It often takes no more than 10 itself
 * (the example of its manual), and only with an answer by then does it get more at once.
 */
const ISC_WINDOW = 20;
const NO_TLS = 0;

/** The buckets of RFC 3074 that the primary answers, as its own configuration says. */
export function ownBuckets({ mode }: PairConfig): Uint8Array {
  return hashBuckets(mode.kind === "load-balancing" ? mode.primaryPercent : 100);
}

/** What the primary says first. */
export function connectOf(
  config: PairConfig,
  time: number,
  xid: number,
  mcltSeconds: number,
): Connect {
  const { name, dialect, receiveTimerSeconds } = config;
  return {
    type: "CONNECT",
    time,
    xid,
    relationshipName: name,
    maxUnackedBndupd: windowOf(dialect),
    receiveTimer: receiveTimerSeconds,
    protocolVersion: PROTOCOL_VERSION,
    tlsRequest: TLS_REQUEST.none,
    mclt: mcltSeconds,
    hashBucketAssignment: hbaForWire(dialect, ownBuckets(config)),
  };
}

/** The secondary's answer; a refusal says no more than why, but to a dhcpd. */
export function connectAckOf(
  config: PairConfig,
  time: number,
  { xid, relationshipName, tlsRequest }: Connect,
  refusal: Objection | undefined,
): ConnectAck {
  const { name, dialect, receiveTimerSeconds } = config;
  const isFull = !refusal || dialect === "isc";
  return {
    type: "CONNECTACK",
    time,
    // §8.3: an answer repeats the xid, and its sender's own numbers begin behind it.
    xid,
    relationshipName: relationshipName === undefined ? undefined : name,
    maxUnackedBndupd: isFull ? windowOf(dialect) : undefined,
    receiveTimer: isFull ? receiveTimerSeconds : undefined,
    protocolVersion: PROTOCOL_VERSION,
    tlsReply: tlsRequest === undefined ? undefined : NO_TLS,
    rejectReason: refusal?.reason,
    message: refusal?.text,
  };
}

/** What both check in the other's greeting. */
export function whyNot(
  name: string,
  wallSeconds: number,
  { relationshipName, time }: Connect | ConnectAck,
): Objection | undefined {
  if (relationshipName !== name) {
    const text = relationshipName === undefined ? "missing" : "unknown";
    return { reason: "invalid-partner", text: `${text} relationship-name` };
  }
  const difference = Math.round(Math.abs(time - wallSeconds));
  if (difference > LIMITS.clockDifferenceSeconds) {
    return { reason: "time-mismatch", text: `the clocks differ by ${difference} s` };
  }
  return undefined;
}

/** What the secondary checks besides. */
export function whyNotConnect({ hashBucketAssignment, mclt }: Connect): Objection | undefined {
  if (hashBucketAssignment?.length !== HASH_BUCKET_BYTES) {
    return { reason: "hash-bucket-conflict", text: "invalid hash-bucket-assignment" };
  }
  if (mclt === undefined || mclt === 0) return { reason: "invalid-mclt", text: "invalid MCLT" };
  return undefined;
}

function windowOf(dialect: Dialect): number {
  return dialect === "isc" ? ISC_WINDOW : LIMITS.peerWindow;
}
