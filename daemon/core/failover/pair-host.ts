// What a pair is made of, and what it needs of the core around it.

import type { Ipv4 } from "../../base/address.ts";
import type { Now, WallSeconds } from "../../base/time.ts";
import type { Bindings } from "../bindings.ts";
import type { PairConfig } from "../config-view.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";
import type { Segment } from "../segment.ts";
import type { BoxFacts } from "./box-facts.ts";
import type { AddressPlace } from "./lease-moves.ts";
import type { PairState, PairStateName } from "./pair-state.ts";

export interface PairOptions {
  readonly config: PairConfig;
  readonly bindings: Bindings;
  /** What the journal knows of the pair; undefined before the first time. */
  readonly state: PairState | undefined;
  readonly hashSeed: number;
  /** When this box was last alive before this start; 0: never. */
  readonly lastAlive: WallSeconds;
  readonly now: Now;
  readonly host: PairHost;
}

/** What the pair needs of the core. */
export interface PairHost {
  segments(): readonly Segment[];
  /** Where an address belongs; undefined when it is in no network. */
  placeOf(address: Ipv4): AddressPlace | undefined;
  /** Addresses by which clients know this box, and its MACs on the LANs. */
  serverIds(): readonly Ipv4[];
  macs(): readonly Uint8Array[];
  /** The partner is no stranger on the LANs: what it says of itself. */
  trust(facts: Pick<BoxFacts, "serverIds" | "macs">): void;
  /** The partner has granted this lease to its client, or will do so in a moment. */
  answeredByPartner(entry: LeaseEntry): void;
  /** The shares changed: every address has to be placed anew. */
  reshare(): void;
  /** Nobody else answers what was left to the partner. */
  answerLeft(now: Now, out: Effect[]): void;
  /** Something about the pair that people see is another. */
  noteNews(): void;
  say(event: PairEvent, out: Effect[]): void;
}

export type PairEvent =
  | { readonly kind: "state"; readonly from: PairStateName; readonly to: PairStateName }
  | { readonly kind: "connected" }
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "rolled-back" }
  | { readonly kind: "conflict"; readonly address: Ipv4 };
