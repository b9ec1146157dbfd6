// Open connections, which both boxes know: what whoever runs conntrackd is told (board/gatekeeper), and what people are.

import type { GatewayPlan } from "./plan.ts";
import type { GatewayWord, Holding } from "./word.ts";

/** How it is at this box; `why`: a part of a sentence. */
export type TrackingState =
  | { readonly kind: "running" }
  | { readonly kind: "off"; readonly why: string };

export interface TrackingView {
  /** Both boxes say that they do. */
  readonly isKept: boolean;
  /** One sentence. */
  readonly why: string;
}

/** Addresses that one command has room for. */
const ADDRESSES_MAX = 32;

/**
 * Which side of the pair this is, the ports between the boxes, and the addresses whose own connections the other box has
 * no use for; undefined: no port leads to the other box alone, and what a LAN could read is told on none.
 */
export function trackingWords(plan: GatewayPlan): string | undefined {
  const { isPrimary, pairPorts, lans, wan, ownAddresses } = plan;
  if (pairPorts.length === 0) return undefined;
  const virtual = [...lans.flatMap(({ addresses }) => addresses), ...(wan ? [wan.address] : [])];
  const all = [...virtual, ...ownAddresses].map((address) => address.split("/")[0]);
  const addresses = [...new Set(all)].slice(0, ADDRESSES_MAX);
  return `${isPrimary ? 1 : 2} ${pairPorts.join()} ${addresses.join()}`;
}

/** Undefined: nobody says, so that it stays as it was. */
export function trackingSide(
  holding: Exclude<Holding, "none"> | undefined,
): "primary" | "backup" | undefined {
  if (holding === undefined) return undefined;
  return holding === "master" ? "primary" : "backup";
}

/** Why a connection may break when the gateway moves, as a part of a sentence; undefined: both boxes know them all. */
export function whyUntracked(
  state: TrackingState,
  partner: GatewayWord | undefined,
): string | undefined {
  if (state.kind === "off") return state.why;
  if (!partner) return "the partner is not heard";
  return partner.tracks ? undefined : "the partner does not keep them in step";
}

export function trackingView(state: TrackingState, partner: GatewayWord | undefined): TrackingView {
  const why = whyUntracked(state, partner);
  if (why === undefined) {
    return { isKept: true, why: "Open connections: kept in step with the partner." };
  }
  return {
    isKept: false,
    why: `Open connections: not kept in step: ${why}. Those whose addresses are translated may break when the gateway moves.`,
  };
}
