// The configuration as the core wants it: parsed, checked, frozen. Made by config/load.ts.

import type { Ipv4, Subnet } from "../base/address.ts";

export interface PoolConfig {
  readonly from: Ipv4;
  readonly to: Ipv4;
}

export interface ReservationConfig {
  /** Client identity in the form of `Lease.client`. */
  readonly client: Uint8Array;
  readonly address: Ipv4;
  readonly name: string;
}

export interface OptionValue {
  readonly code: number;
  /** The option's content, already encoded by the option table. */
  readonly data: Uint8Array;
}

export interface NetworkConfig {
  readonly name: string;
  readonly interfaceName: string;
  readonly subnet: Subnet;
  /** This box's own address on the LAN. */
  readonly ownAddress: Ipv4;
  /** Server identifier (RFC 2132 §9.7) put into replies on this LAN. */
  readonly serverId: Ipv4;
  readonly pools: readonly PoolConfig[];
  readonly reservations: readonly ReservationConfig[];
  readonly leaseSeconds: number;
  readonly minLeaseSeconds: number;
  readonly maxLeaseSeconds: number;
  /** True: NAK what we do not know (we are the only server of this LAN, RFC 2131 §4.3.2). */
  readonly authoritative: boolean;
  /** True: the client is its MAC address even when it sends option 61. */
  readonly ignoreClientId: boolean;
  /** Options sent when asked for (option 55); includes subnet mask, router, DNS and the like. */
  readonly options: readonly OptionValue[];
}

export interface CoreConfig {
  /** False: this box stands by and answers nobody. */
  readonly serving: boolean;
  readonly networks: readonly NetworkConfig[];
}
