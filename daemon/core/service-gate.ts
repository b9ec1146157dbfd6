// The single answer to "may this LAN be served now?", and the sentence to it.

import type { ConditionId, RefusalReason } from "../catalogue.ts";

export interface LinkState {
  /** False until the packet helper has said anything about this interface. */
  readonly known: boolean;
  readonly helper: boolean;
  readonly present: boolean;
  readonly carrier: boolean;
  readonly mac: Uint8Array;
  readonly mtu: number;
}

export type ServiceGate =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: RefusalReason;
      /** The condition that says why; undefined in the moment before the link has reported. */
      readonly condition: ConditionId | undefined;
    };

export const UNKNOWN_LINK: LinkState = {
  known: false,
  helper: false,
  present: false,
  carrier: false,
  mac: new Uint8Array(6),
  mtu: 0,
};

const OPEN: ServiceGate = { ok: true };

/** What the box is there for now: "maintenance" while a person works on it and leaves everything to the partner. */
export type Duty = "serving" | "standby" | "maintenance";

export function serviceGate(duty: Duty, link: LinkState): ServiceGate {
  if (duty !== "serving") return closed(duty);
  const condition = linkCondition(link);
  if (condition) return closed(condition);
  return link.known ? OPEN : closed(undefined);
}

/** What keeps a link from carrying packets, whether this box serves or stands by. */
export function linkCondition(link: LinkState): ConditionId | undefined {
  if (!link.known) return undefined;
  if (!link.helper) return "helper-gone";
  if (!link.present) return "interface-missing";
  return link.carrier ? undefined : "interface-no-carrier";
}

function closed(condition: ConditionId | undefined): ServiceGate {
  return { ok: false, reason: "not-serving", condition };
}
