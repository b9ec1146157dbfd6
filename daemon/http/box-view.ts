// What the HTTP API, the command line and the bus may see of the box: a read-only view.

import type {
  ConfigSyncView,
  DrillsView,
  EventView,
  LeasePage,
  LeaseView,
  PairingView,
  Status,
  StreamEvent,
  WhyView,
} from "./api-types.ts";

export type LeaseState = LeaseView["state"];

/** What a list of leases can be ordered by; equal ones by address. */
export const LEASE_SORTS = ["address", "hostname", "mac", "state", "seenAt", "expiresAt"] as const;
export type LeaseSort = (typeof LEASE_SORTS)[number];

export interface LeaseQuery {
  /** How many to skip, from 0. */
  readonly offset: number;
  /** How many to return at most, 1 to LIMITS.leasePageMax. */
  readonly limit: number;
  readonly network?: string | undefined;
  readonly state?: LeaseState | undefined;
  /** Lower-case text to be found in address, MAC, host name, client id or vendor class. */
  readonly search?: string | undefined;
  /** By address when absent. */
  readonly sort?: LeaseSort | undefined;
  readonly descending?: boolean;
}

/** What the box can be told to do. */
export interface BoxActions {
  /** The partner is off for certain: its addresses are given out as well. */
  partnerDown(): ActionResult;
  /** Who the box is: the hash of its key, in hex. Throws IoError when it cannot have a key. */
  identity(): string;
  /** What both boxes share of their configuration. */
  readonly configuration: ConfigActions;
}

export interface ConfigActions {
  /** Undefined while the box starts. */
  view(): ConfigSyncView | undefined;
  /** A person says which of two configurations both boxes are to have: this box's, or the partner's. */
  choose(choice: "keep" | "take"): ActionResult;
}

/** What a person can do about pairing. */
export type PairingAct =
  | { readonly kind: "confirm"; readonly digits: string }
  /** The button of the box was pressed. */
  | { readonly kind: "button" }
  | { readonly kind: "differ" }
  /** Keep the configuration of this box for both, or take that of the other one. */
  | { readonly kind: "choose"; readonly choice: "keep" | "take" }
  | { readonly kind: "cancel" }
  | { readonly kind: "again" }
  | { readonly kind: "unpair" }
  /** This box leaves the pair, and the other one goes on serving: for one that becomes as it came from the factory. */
  | { readonly kind: "retire" };

/** How this box becomes one of two, and how it becomes one again. */
export interface PairingControl {
  pairing(): PairingView;
  pairingAct(act: PairingAct): ActionResult;
}

export const GATEWAY_VERBS = [
  "handover",
  "maintenance-on",
  "maintenance-off",
  "drill",
  "unplug",
] as const;
export type GatewayVerb = (typeof GATEWAY_VERBS)[number];

/** What a person can have done with the addresses that move. */
export interface GatewayControl {
  /** What would happen, or why it is not to be done; `text` is a part of a sentence. */
  preflight(verb: GatewayVerb): { readonly isPossible: boolean; readonly text: string };
  act(verb: GatewayVerb): ActionResult;
  /** What drills have shown. */
  drills(): DrillsView;
}

export interface ActionResult {
  /** False: it was refused, and nothing is other than before. */
  readonly isDone: boolean;
  /** What came of it, as a part of a sentence. */
  readonly text: string;
}

/** What became of one lease, for programs that follow them. */
export interface LeaseChange {
  readonly kind: "added" | "updated" | "removed";
  /** Its name; "" when it is not configured any more. */
  readonly network: string;
  readonly address: string;
  /** Of the device that has the lease, or had it; "" when that is not known any more. */
  readonly mac: string;
  readonly hostname: string;
  /** When it ends, or would have ended; ISO 8601, or "never". */
  readonly expires: string;
}

export interface BoxView {
  status(): Status;
  /** `total` counts all that match, not only the page. */
  leases(query: LeaseQuery): LeasePage;
  /** Events of the ring with a higher sequence, oldest first; all of them for 0. */
  events(sinceSequence: number): readonly EventView[];
  /** Why a device has an address or has none; `client` is a MAC, an IPv4 address or a host name. */
  why(client: string): WhyView;
  /** Calls back on every change, at most every 100 ms per kind, until the returned call. */
  subscribe(listener: (event: StreamEvent) => void): () => void;
  /** Figures of the process that status() does not have; lower-case names with underscores. */
  metrics(): Readonly<Record<string, number>>;
}
