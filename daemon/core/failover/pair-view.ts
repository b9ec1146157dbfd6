// The pair as others see it: page, command line, metrics and benchmarks.

import type { WallSeconds } from "../../base/time.ts";
import type { Dialect, FailoverRole } from "../../wire/failover/messages.ts";
import type { PairMode } from "../config-view.ts";
import type { Pair } from "./pair.ts";
import type { PairStateName } from "./pair-state.ts";
import type { Service } from "./service.ts";

export interface PairView {
  readonly role: FailoverRole;
  readonly dialect: Dialect;
  readonly mode: PairMode;
  readonly state: PairStateName;
  /** The box has not met its partner since it started, and answers nobody yet. */
  readonly inStartup: boolean;
  /** When the state was entered. */
  readonly since: WallSeconds;
  /** What the state lets this box answer. */
  readonly service: Service;
  /** A connection stands and the partner has said its state on it. */
  readonly isConnected: boolean;
  /** Undefined: the partner was never heard. */
  readonly partnerState: PairStateName | undefined;
  readonly partnerSince: WallSeconds;
  /** Why one of the two would not speak to the other; "" when it does, or never tried. */
  readonly refusal: string;
  readonly mcltSeconds: number;
  /** Seconds by which the partner's clock is ahead; 0 while that does not matter or is not known. */
  readonly clockOffsetSeconds: number;
  /** Both books are known to say the same. */
  readonly isInStep: boolean;
  /** Changes that the partner has not acknowledged yet; not counted while the book is gone through. */
  readonly backlog: number;
  /** Totals since the start. */
  readonly counters: Readonly<Record<PairCounter, number>>;
}

export type PairCounter =
  /** Updates sent to the partner, and what came of them. */
  | "updates-sent"
  | "updates-acknowledged"
  | "updates-refused"
  /** The partner's updates that were taken over, and that were not. */
  | "updates-taken"
  | "updates-not-taken"
  /** Times too many changes waited, and the book had to be gone through for them. */
  | "backlog-overflows"
  /** Addresses that both boxes had given to different devices. */
  | "conflicts"
  /** ACKs that waited until the partner had the lease, and those that left without. */
  | "acks-in-time"
  | "acks-late"
  /** Free addresses given to the partner, and addresses taken over from a partner that is down. */
  | "addresses-given"
  | "addresses-taken-over"
  /** Connections ended because what came in could not be read. */
  | "messages-malformed";

export function viewOf(pair: Pair): PairView {
  const { endpoint, session, updates, intake, held, config } = pair;
  const { state, since, partnerState, partnerSince, mcltSeconds } = endpoint.state;
  return {
    role: config.role,
    dialect: config.dialect,
    mode: config.mode,
    state,
    inStartup: endpoint.inStartup,
    since,
    service: pair.terms.service,
    isConnected: session.isLinked && endpoint.isHeard,
    partnerState,
    partnerSince,
    refusal: pair.refusal,
    mcltSeconds,
    clockOffsetSeconds: session.offset.seconds,
    isInStep: state === "normal" && pair.isUpdating && updates.isInStep,
    backlog: updates.backlog,
    counters: {
      "updates-sent": updates.sent,
      "updates-acknowledged": updates.acknowledged,
      "updates-refused": updates.refused,
      "updates-taken": intake.taken,
      "updates-not-taken": intake.refused,
      "backlog-overflows": updates.overflows,
      conflicts: pair.conflicts,
      "acks-in-time": held.inTime,
      "acks-late": held.late,
      "addresses-given": pair.balancer.given,
      "addresses-taken-over": pair.rights.takenOver,
      "messages-malformed": session.faults,
    },
  };
}
