// What must not be said to a partner (draft-ietf-dhc-failover-12 §9 gives every state a way out of
// every other; dhcpd 4.4.3 does not).

import type { Dialect } from "../../wire/failover/messages.ts";
import type { PairStateName } from "./pair-state.ts";

/**
 * States that a dhcpd which is in the state of the key takes as its end: it exits in CONFLICT-DONE,
 * and shuts down for a conflict state in NORMAL and for NORMAL in POTENTIAL-CONFLICT.
 */
const FATAL: Readonly<Record<Dialect, Partial<Record<PairStateName, readonly PairStateName[]>>>> = {
  tandem: {},
  isc: {
    normal: ["potential-conflict", "resolution-interrupted", "conflict-done"],
    // The second for a primary that is in CONFLICT-DONE by the time it reads this.
    "potential-conflict": ["normal", "paused"],
    "conflict-done": [
      "communications-interrupted",
      "partner-down",
      "recover",
      "recover-wait",
      "recover-done",
      "conflict-done",
      "paused",
    ],
  },
};

/**
 * May this box say that it is in `state` to a partner that is in `partnerState`? A partner that was
 * not heard on this connection may be in any state: in the isc dialect hear it first.
 */
export function mayAnnounce(
  dialect: Dialect,
  partnerState: PairStateName | undefined,
  state: PairStateName,
): boolean {
  if (partnerState === undefined) return true;
  return !(FATAL[dialect][partnerState] ?? []).includes(state);
}
