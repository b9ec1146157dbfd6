// What the state of the pair lets this box answer to DHCP clients (draft-ietf-dhc-failover-12 §9).
// Whose addresses it may give while it answers is another matter: only NORMAL to PARTNER-DOWN differ.

import type { Dialect } from "../../wire/failover/messages.ts";
import type { PairStateName } from "./pair-state.ts";

/** "balanced": new clients by their share, and every client that has a lease. */
export type Service = "nothing" | "balanced" | "renewals" | "all";

/** dhcpd is silent where the draft has both serve, so beside one so are we. */
const SERVICE: Readonly<Record<PairStateName, Readonly<Record<Dialect, Service>>>> = {
  normal: { tandem: "balanced", isc: "balanced" },
  "communications-interrupted": { tandem: "all", isc: "all" },
  "partner-down": { tandem: "all", isc: "all" },
  recover: { tandem: "nothing", isc: "nothing" },
  "recover-wait": { tandem: "nothing", isc: "nothing" },
  "recover-done": { tandem: "renewals", isc: "nothing" },
  "potential-conflict": { tandem: "nothing", isc: "nothing" },
  "resolution-interrupted": { tandem: "all", isc: "nothing" },
  "conflict-done": { tandem: "all", isc: "nothing" },
  paused: { tandem: "nothing", isc: "nothing" },
  shutdown: { tandem: "nothing", isc: "nothing" },
};

/** States of the partner beside which this box answers nothing, whatever its own state. */
const SILENCING: Readonly<Record<Dialect, readonly PairStateName[]>> = {
  tandem: [],
  isc: ["partner-down", "potential-conflict", "resolution-interrupted", "conflict-done"],
};

/**
 * `partnerState` is the one on record. In PARTNER-DOWN it does not count: a person or the safe time
 * has decided that what the partner last said is no longer so.
 */
export function serviceOf(
  dialect: Dialect,
  state: PairStateName,
  inStartup: boolean,
  partnerState: PairStateName | undefined,
): Service {
  if (inStartup) return "nothing";
  const isSilenced =
    state !== "partner-down" &&
    partnerState !== undefined &&
    SILENCING[dialect].includes(partnerState);
  return isSilenced ? "nothing" : SERVICE[state][dialect];
}
