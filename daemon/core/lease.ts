import type { Ipv4 } from "../base/address.ts";
import type { WallSeconds } from "../base/time.ts";

/** Binding states, named as in draft-ietf-dhc-failover-12 §7 (BNDUPD binding-status). */
export const BINDING_STATES = [
  "free",
  "active",
  "expired",
  "released",
  "abandoned",
  "reset",
  "backup",
] as const;
export type BindingState = (typeof BINDING_STATES)[number];

/**
 * What the box knows about one address. Mutable: the lease book owns it and changes it only while
 * it emits the `persist` effect for it, so memory and journal never differ by more than one batch.
 */
export interface Lease {
  readonly address: Ipv4;
  /** Name of the network in the configuration that the address belonged to when written. */
  network: string;
  state: BindingState;
  /** Identity of the client: first byte 1 = option 61 follows, 0 = htype + chaddr follow. */
  client: Uint8Array;
  /** Hardware address as seen last; empty when unknown. */
  htype: number;
  chaddr: Uint8Array;
  /** Host name as sent by the client, checked and lower-cased; "" when none. */
  hostname: string;
  /** Vendor class (option 60) as printable text, "" when none. */
  vendorClass: string;
  /**
   * Content of option 82 as the relay sent it last, empty when there is no relay: whole sub-options, up
   * to LIMITS.relayAgentBytesMax bytes.
   */
  relayAgent: Uint8Array;
  /** The client can be told to renew (RFC 6704): it sent option 145 with HMAC-MD5. */
  canForceRenew: boolean;
  /**
   * Transaction of the last ACK, 0 when it is not known any more: by it the partner knows which request was answered, and
   * clients such as dhcpcd take a FORCERENEW only under the number that they chose last.
   */
  xid: number;
  /** When this client first got this address, when it was last heard, when its lease ends. */
  startsAt: WallSeconds;
  seenAt: WallSeconds;
  expiresAt: WallSeconds;
  /** From the last record to the end, in seconds: a lease can never last longer than this from now. */
  leaseSeconds: number;
  /**
   * True when its times were written while the clock of the box was known to be wrong. In the
   * journal too: a later boot with the right clock may not take such a lease for long expired.
   */
  clockUncertain: boolean;
  /**
   * Potential expiration time as told to the partner with this content, and the latest one that both
   * boxes have agreed on (draft-ietf-dhc-failover-12 §5.2); 0 when there is none, and without a partner.
   */
  toldUntil: WallSeconds;
  agreedUntil: WallSeconds;
  /** The content is what the partner said: it knows it already. */
  fromPartner: boolean;
  /** Number of the journal record that holds the current content; rises by one per record. */
  sequence: number;
  /** `expiresAt` as it is on disk for sure, while the newest record is not durable yet. */
  durableExpiresAt: WallSeconds;
}
