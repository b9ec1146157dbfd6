// A pair as the core shows it and as the API does; `changes` replace what is given.

import type { PairCounter, PairView } from "../../daemon/core/failover/pair-view.ts";
import type { PartnerStatus } from "../../daemon/http/api-types.ts";
import { FAKE_NOW, iso } from "./fake-box.ts";

const COUNTERS: Readonly<Record<PairCounter, number>> = {
  "updates-sent": 41,
  "updates-acknowledged": 40,
  "updates-refused": 1,
  "updates-taken": 38,
  "updates-not-taken": 0,
  "backlog-overflows": 0,
  conflicts: 0,
  "acks-in-time": 39,
  "acks-late": 1,
  "addresses-given": 50,
  "addresses-taken-over": 0,
  "messages-malformed": 0,
};

/** Two boxes in step. */
export function fakePairView(changes: Partial<PairView> = {}): PairView {
  return {
    role: "primary",
    dialect: "tandem",
    mode: { kind: "load-balancing", primaryPercent: 50 },
    state: "normal",
    inStartup: false,
    since: FAKE_NOW / 1000 - 3600,
    service: "balanced",
    isConnected: true,
    partnerState: "normal",
    partnerSince: FAKE_NOW / 1000 - 3600,
    refusal: "",
    mcltSeconds: 600,
    clockOffsetSeconds: 0,
    isInStep: true,
    backlog: 0,
    counters: COUNTERS,
    ...changes,
  };
}

type Paired = Extract<PartnerStatus, { paired: true }>;

export function fakePartner(changes: Partial<Paired> = {}): Paired {
  return {
    paired: true,
    why: "The boxes are in step: each knows what the other gave out.",
    name: "office",
    role: "primary",
    mode: "load-balancing",
    protocol: "tandem",
    state: "normal",
    stateWords: "in step",
    inStartup: false,
    since: iso(FAKE_NOW - 3_600_000),
    connected: true,
    partnerState: "normal",
    partnerStateWords: "in step",
    partnerSince: iso(FAKE_NOW - 3_600_000),
    refusal: "",
    mcltSeconds: 600,
    clockOffsetSeconds: 0,
    inStep: true,
    backlog: 0,
    counters: COUNTERS,
    ...changes,
  };
}
