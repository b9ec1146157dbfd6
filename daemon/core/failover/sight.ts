// What the heartbeats say of the partner (core/witness/), as far as it changes what this box answers and decides.

import { type Conclusion, maySupersede } from "../witness/paths.ts";

/** Undefined: there are no heartbeats, as with a dhcpd, and nothing follows from their absence. */
export type PartnerSight =
  | {
      readonly conclusion: Conclusion;
      /** LANs, by name, that the partner does not serve now. */
      readonly lansDown: readonly string[];
    }
  | undefined;

/** A partner that lives and does not hear this box goes on answering its share. */
const SILENT: ReadonlySet<Conclusion> = new Set(["slow", "gone", "isolated"] as const);

/** Whether every client of this LAN is this box's, although both boxes serve. */
export function isAloneOn(sight: PartnerSight, lan: string): boolean {
  return sight !== undefined && (SILENT.has(sight.conclusion) || sight.lansDown.includes(lan));
}

/** Whether the safe time may pass: by a connection alone a partner is not taken for off when there are heartbeats. */
export function mayCountAsOff(sight: PartnerSight): boolean {
  return sight === undefined || maySupersede(sight.conclusion);
}

/** Whether `now` leaves clients to this box that `before` left to the partner. */
export function leavesMore(before: PartnerSight, now: PartnerSight): boolean {
  if (!now) return false;
  if (SILENT.has(now.conclusion)) return !before || !SILENT.has(before.conclusion);
  return now.lansDown.some((lan) => !isAloneOn(before, lan));
}
