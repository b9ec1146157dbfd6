// What dnsmasq's configuration says, whichever way it is written: its own file, or the one that OpenWrt makes it from.

import type { Ipv4, Subnet } from "../base/address.ts";
import type { DraftReservation, Said } from "./device-parts.ts";
import type { OptionWords } from "./dnsmasq-options.ts";

export interface DnsmasqInterface {
  /** Name of the network. */
  readonly name: string;
  readonly subnet: Subnet;
  /** Address of the device itself. */
  readonly own: Ipv4;
  readonly device: string | undefined;
}

export interface DnsmasqRange {
  readonly said: Said;
  readonly start: Ipv4;
  /** Undefined: reserved devices only. */
  readonly end: Ipv4 | undefined;
  /** Undefined: that of the interface. */
  readonly prefix: number | undefined;
  readonly leaseSeconds: number | "infinite";
  /** The tag that clients of this range have. */
  readonly set: string | undefined;
  /** The range is only for clients with all of these. */
  readonly tags: readonly string[];
}

export interface DnsmasqOption {
  readonly said: Said;
  readonly words: OptionWords;
}

export interface DnsmasqBoot {
  readonly said: Said;
  readonly tags: readonly string[];
  readonly file: string;
  readonly serverName: string;
  /** Undefined: dnsmasq itself. */
  readonly server: Ipv4 | undefined;
}

export interface DnsmasqHost {
  readonly said: Said;
  readonly keys: readonly DraftReservation["key"][];
  /** First bytes of MACs. */
  readonly prefixes: readonly string[];
  readonly address: Ipv4 | undefined;
  readonly name: string | undefined;
  readonly leaseSeconds: number | "infinite" | undefined;
  readonly sets: readonly string[];
  readonly isIgnored: boolean;
}

/** Clients that this match holds for have the tag. */
export interface DnsmasqTagged {
  readonly said: Said;
  readonly tag: string;
  readonly match: Readonly<Record<string, unknown>>;
}

/** Clients with all of these tags get no answer. */
export interface DnsmasqIgnore {
  readonly said: Said;
  readonly tags: readonly string[];
}

export interface DnsmasqDomain {
  readonly said: Said;
  readonly name: string;
  /** Only for clients with these addresses. */
  readonly range: { readonly from: Ipv4; readonly to: Ipv4 } | undefined;
}

export interface Statements {
  readonly interfaces: DnsmasqInterface[];
  readonly ranges: DnsmasqRange[];
  readonly options: DnsmasqOption[];
  readonly boots: DnsmasqBoot[];
  readonly hosts: DnsmasqHost[];
  readonly tagged: DnsmasqTagged[];
  readonly ignores: DnsmasqIgnore[];
  readonly domains: DnsmasqDomain[];
  isAuthoritative: boolean;
  isRapid: boolean;
  /** It asks by ping whether an address is in use. */
  isProbing: boolean;
  /** A client is its MAC, whatever identifier it sends. */
  ignoresClientIds: boolean;
  /** It is the DNS server of its clients, unless they are told others. */
  answersDns: boolean;
  /** Names of the interfaces that are served, where nothing more is known of them. */
  readonly devices: { readonly said: Said; readonly name: string }[];
  /** Its own addresses, where nothing more is known of them. */
  readonly ownAddresses: { readonly said: Said; readonly address: Ipv4 }[];
}

export function noStatements(): Statements {
  return {
    interfaces: [],
    ranges: [],
    options: [],
    boots: [],
    hosts: [],
    tagged: [],
    ignores: [],
    domains: [],
    isAuthoritative: false,
    isRapid: false,
    isProbing: true,
    ignoresClientIds: false,
    answersDns: true,
    devices: [],
    ownAddresses: [],
  };
}
