// The configuration as the core wants it: parsed, checked, frozen. Made by config/load.ts.

import type { Ipv4, Subnet } from "../base/address.ts";
import type { Dialect, FailoverRole } from "../wire/failover/messages.ts";

/** Seconds of a lease that never ends (RFC 2131 §3.3). */
export const FOREVER_SECONDS = 0xffffffff;

export interface OptionValue {
  readonly code: number;
  /** The option's content, already encoded by the option table. Empty: this level takes it away. */
  readonly data: Uint8Array;
}

/**
 * What may be set at every level. The closer level wins, value by value: reservation, then the classes
 * in the order they are listed, then pool, then network (which has the global values in it already).
 */
export interface LevelConfig {
  readonly options: readonly OptionValue[];
  /** `siaddr`: where the next boot stage is loaded from (RFC 2131 §2). */
  readonly nextServer: Ipv4 | undefined;
  /** Content of the `sname` and `file` fields, without a NUL; at most 63 and 127 bytes. */
  readonly serverName: Uint8Array | undefined;
  readonly bootFile: Uint8Array | undefined;
  /** FOREVER_SECONDS for leases that never end. */
  readonly leaseSeconds: number | undefined;
  readonly minLeaseSeconds: number | undefined;
  readonly maxLeaseSeconds: number | undefined;
  /** T1 and T2 (RFC 2131 §4.4.5); by default half and seven eighths of the lease. */
  readonly renewSeconds: number | undefined;
  readonly rebindSeconds: number | undefined;
}

/** A level that sets nothing. */
export const NOTHING_SET: LevelConfig = {
  options: [],
  nextServer: undefined,
  serverName: undefined,
  bootFile: undefined,
  leaseSeconds: undefined,
  minLeaseSeconds: undefined,
  maxLeaseSeconds: undefined,
  renewSeconds: undefined,
  rebindSeconds: undefined,
};

/** How the bytes of an option are compared. */
export type BytesTest =
  | { readonly how: "present" }
  | {
      readonly how: "is" | "starts-with" | "ends-with" | "contains";
      readonly bytes: Uint8Array;
      /** True: ASCII letters match in either case. */
      readonly ignoreCase: boolean;
    };

/** What makes a client a member of a class. */
export type Match =
  | { readonly kind: "all" | "any"; readonly of: readonly Match[] }
  | { readonly kind: "not"; readonly of: Match }
  | { readonly kind: "option"; readonly code: number; readonly test: BytesTest }
  /** Option 77: any of its texts, or all of it from clients that send bare text. */
  | { readonly kind: "user-class"; readonly test: BytesTest }
  /** A sub-option of relay agent information (82): 1 circuit-id, 2 remote-id, … */
  | { readonly kind: "relay-suboption"; readonly code: number; readonly test: BytesTest }
  /** The hardware address begins with these 1 to 6 bytes. */
  | { readonly kind: "mac"; readonly prefix: Uint8Array }
  /** Locally administered hardware address, as phones make up. */
  | { readonly kind: "randomised-mac" }
  /** Option 93 (RFC 4578 §2.1) names any of these. */
  | { readonly kind: "arch"; readonly of: readonly number[] }
  /** `giaddr` is any of these. */
  | { readonly kind: "relay"; readonly of: readonly Ipv4[] }
  /** Has a reservation on this network. */
  | { readonly kind: "known" }
  /** The packet is about the network of this name. */
  | { readonly kind: "network"; readonly name: string }
  /** Member of an earlier class, by its index. */
  | { readonly kind: "class"; readonly index: number };

export interface ClassConfig extends LevelConfig {
  readonly name: string;
  readonly match: Match;
  /** Members get no address, and no answer but whether they may make one up (RFC 2563). */
  readonly isDenied: boolean;
}

export interface PoolConfig extends LevelConfig {
  readonly from: Ipv4;
  readonly to: Ipv4;
  /** Indexes of classes. Not empty: only members of one of them; such a pool is preferred to open ones. */
  readonly allow: readonly number[];
  readonly deny: readonly number[];
  /** Only for clients with a reservation (which need not be of this address). */
  readonly isKnownOnly: boolean;
}

/** What a reservation is recognised by. */
export type ReservationKey =
  /** Identity in the form of `Lease.client`. */
  | { readonly kind: "client"; readonly client: Uint8Array }
  | { readonly kind: "circuit-id"; readonly bytes: Uint8Array }
  | { readonly kind: "remote-id"; readonly bytes: Uint8Array }
  /** Option 12, checked and in lower case. */
  | { readonly kind: "hostname"; readonly hostname: string };

export interface ReservationConfig extends LevelConfig {
  readonly key: ReservationKey;
  readonly address: Ipv4;
  readonly name: string;
}

export interface NetworkConfig extends LevelConfig {
  readonly name: string;
  /** "" when there are only relays between this network and the box. */
  readonly interfaceName: string;
  /**
   * Networks with the same segment share one wire (a "shared network"): a client gets an address in
   * any of them. The first one listed is the one that speaks for it.
   */
  readonly segment: string;
  readonly subnet: Subnet;
  /** This box's own address on the LAN; 0.0.0.0 when it has none there. */
  readonly ownAddress: Ipv4;
  /** Server identifier (RFC 2132 §9.7) put into replies; 0.0.0.0: that of the LAN they leave by. */
  readonly serverId: Ipv4;
  /** Addresses of relays (`giaddr`) that stand for this network though they are not in its subnet. */
  readonly relays: readonly Ipv4[];
  readonly pools: readonly PoolConfig[];
  readonly reservations: readonly ReservationConfig[];
  readonly leaseSeconds: number;
  readonly minLeaseSeconds: number;
  readonly maxLeaseSeconds: number;
  /** Longest lease of a client with a randomised MAC; undefined: as all others. */
  readonly randomisedMacLeaseSeconds: number | undefined;
  /** True: NAK what we do not know (we are the only server of this LAN, RFC 2131 §4.3.2). */
  readonly authoritative: boolean;
  /** True: the client is its MAC address even when it sends option 61. */
  readonly ignoreClientId: boolean;
  /** RFC 4039: a client that asks for it gets its lease without an offer. */
  readonly rapidCommit: boolean;
  /** RFC 6704: clients that can are told at once of new parameters. */
  readonly forceRenew: boolean;
  /** Ask by ARP, or by ICMP behind a relay, whether an address is in use before it is offered. */
  readonly probe: boolean;
  /** Ask now and then, as a client does, who else answers as a DHCP server on this LAN. */
  readonly watchServers: boolean;
  /** Hardware addresses, or their first bytes, that get no address. */
  readonly deny: readonly Uint8Array[];
  /** Leases at one port (relay agent circuit-id) at most; 0: no limit. */
  readonly leasesPerCircuitMax: number;
  /** Per cent of all pools kept for clients that had a lease before or have a reservation; 0 to 100. */
  readonly keptForKnownPercent: number;
  /** Server identifiers of other DHCP servers that are meant to be on this LAN. */
  readonly trustedServers: readonly Ipv4[];
}

/** How two boxes share the work. */
export type PairMode =
  /** Both answer: new clients by the hash of RFC 3074, this many per cent of them at the primary. */
  | { readonly kind: "load-balancing"; readonly primaryPercent: number }
  /** The primary answers; the secondary holds this many per cent of the free addresses in reserve. */
  | { readonly kind: "hot-standby"; readonly reservePercent: number };

/** This box's part in a pair (draft-ietf-dhc-failover-12). */
export interface PairConfig {
  /** Relationship name; the same on both boxes. */
  readonly name: string;
  readonly role: FailoverRole;
  /** "isc": the partner is a dhcpd, and is spoken to as one. */
  readonly dialect: Dialect;
  readonly mode: PairMode;
  /** The primary's counts: it tells the secondary. */
  readonly mcltSeconds: number;
  /** How long an ACK waits for the partner, in milliseconds; 0: not at all. */
  readonly partnerWaitMilliseconds: number;
  /** A client that has tried for longer than this (`secs`) is answered by both. */
  readonly loadBalanceSecondsMax: number;
  /** Silence of the partner after which the connection is given up, in seconds. */
  readonly receiveTimerSeconds: number;
  /** Seconds of COMMUNICATIONS-INTERRUPTED after which the partner counts as down; 0: never by itself. */
  readonly safeSeconds: number;
}

export interface CoreConfig {
  /** Undefined: this box works alone. */
  readonly pair?: PairConfig | undefined;
  /** False: this box stands by and answers nobody. */
  readonly serving: boolean;
  readonly networks: readonly NetworkConfig[];
  /** In the order of precedence: the first one that sets a value wins. */
  readonly classes: readonly ClassConfig[];
  /** Addresses that may ask for leases of others (RFC 4388); nobody else is answered. */
  readonly leasequeryFrom: readonly Ipv4[];
}

/** The interfaces of a configuration; `lan` in events and effects is an index of this list. */
export function interfacesOf(config: CoreConfig): string[] {
  const names = config.networks.map((network) => network.interfaceName);
  return names.filter((name, index) => name !== "" && names.indexOf(name) === index);
}
