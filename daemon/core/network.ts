// One LAN at run time: its configuration made ready for the packet path, its link and its counters.

import { broadcastOf, contains, type Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { readU32 } from "../wire/reader.ts";
import type { ClientIdentity } from "./client-identity.ts";
import type { NetworkConfig } from "./config-view.ts";
import { LanCounters } from "./counters.ts";
import { AddressPool } from "./pool.ts";
import { Reservations } from "./reservations.ts";
import { type LinkState, type ServiceGate, serviceGate, UNKNOWN_LINK } from "./service-gate.ts";

export class Network {
  readonly config: NetworkConfig;
  readonly lan: number;
  readonly pool: AddressPool;
  readonly reservations: Reservations;
  /** Content of the configured options by code. */
  readonly options: readonly (Uint8Array | undefined)[];
  /** Codes sent to a client that does not say what it wants. */
  readonly defaultCodes: Uint8Array;
  readonly counters: LanCounters;
  link: LinkState;
  gate: ServiceGate;
  /** Monotonic time in ms until which `pool-full` stays on, 0 when it is off. */
  poolFullUntil = 0;
  isPoolFullSaid = false;

  /** `before` is the same network in the configuration that this one replaces. */
  constructor(
    config: NetworkConfig,
    lan: number,
    serving: boolean,
    hashSeed: number,
    before: Network | undefined,
  ) {
    this.config = config;
    this.lan = lan;
    this.reservations = new Reservations(config.reservations, hashSeed);
    this.options = optionTable(config);
    this.defaultCodes = defaultCodes(this.options);
    this.pool = new AddressPool(config.pools, this.#barredAddresses());
    this.counters = before?.counters ?? new LanCounters();
    const isSameLink = before?.config.interfaceName === config.interfaceName;
    this.link = before && isSameLink ? before.link : UNKNOWN_LINK;
    this.poolFullUntil = before?.poolFullUntil ?? 0;
    this.isPoolFullSaid = before?.isPoolFullSaid ?? false;
    this.gate = serviceGate(serving, this.link);
  }

  isServerId(address: Ipv4): boolean {
    return address === this.config.serverId || address === this.config.ownAddress;
  }

  /**
   * Why an address is none for this client, whoever else may have it; undefined when it is one. An
   * address reserved for the client is always one of its own.
   */
  whyForeign(address: Ipv4, client: ClientIdentity): RefusalReason | undefined {
    if (!contains(this.config.subnet, address)) return "wrong-network";
    if (this.reservations.size > 0) {
      const reservation = this.reservations.at(address);
      if (reservation) return client.equals(reservation.client) ? undefined : "address-taken";
    }
    const slot = this.pool.slotOf(address);
    return slot < 0 || this.pool.isBarred(slot) ? "not-in-pool" : undefined;
  }

  #barredAddresses(): Ipv4[] {
    const { subnet, ownAddress, serverId } = this.config;
    const barred = [ownAddress, serverId, ...this.reservations.addresses()];
    // RFC 3021: a link of two addresses has neither a network nor a broadcast address.
    if (subnet.prefix < 31) barred.push(subnet.address, broadcastOf(subnet));
    const routers = this.options[OPTION.router.code];
    for (let at = 0; routers && at + 4 <= routers.length; at += 4) {
      barred.push(readU32(routers, at) as Ipv4);
    }
    return barred;
  }
}

/** What the server works out anew for each reply (see reply.ts) and so takes from no table. */
const COMPUTED: readonly number[] = [
  OPTION.requestedIpAddress,
  OPTION.ipAddressLeaseTime,
  OPTION.optionOverload,
  OPTION.dhcpMessageType,
  OPTION.serverIdentifier,
  OPTION.parameterRequestList,
  OPTION.message,
  OPTION.maximumDhcpMessageSize,
  OPTION.renewalTimeValue,
  OPTION.rebindingTimeValue,
  OPTION.clientIdentifier,
  OPTION.relayAgentInformation,
].map((row) => row.code);

function optionTable(config: NetworkConfig): (Uint8Array | undefined)[] {
  const table = new Array<Uint8Array | undefined>(256).fill(undefined);
  for (const { code, data } of config.options) {
    if (code > 0 && code < 255 && !COMPUTED.includes(code)) table[code] = data;
  }
  return table;
}

/**
 * RFC 2131 §4.3.1: without a list of its own a client gets all parameters that the LAN has a value
 * for; except those that change how it behaves and that it must ask for (RFC 8925 §3.1, RFC 2563 §2).
 */
function defaultCodes(table: readonly (Uint8Array | undefined)[]): Uint8Array {
  const onlyWhenAsked: readonly number[] = [
    OPTION.ipv6OnlyPreferred.code,
    OPTION.autoConfigure.code,
  ];
  const codes: number[] = [];
  table.forEach((data, code) => {
    if (data && !onlyWhenAsked.includes(code)) codes.push(code);
  });
  return Uint8Array.from(codes);
}
