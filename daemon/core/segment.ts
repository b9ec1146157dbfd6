// The networks that share one wire (RFC 2131 §4.3.1 leaves the choice among them to the server), their
// addresses and who may have them. Most segments have one network.

import type { Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import type { PoolConfig } from "./config-view.ts";
import type { PoolCounters } from "./counters.ts";
import { DenyList } from "./deny-list.ts";
import { Share } from "./failover/share.ts";
import type { Network } from "./network.ts";
import type { Packet } from "./packet.ts";
import { ADMISSION, AddressPool, type PoolPlace } from "./pool.ts";
import { LanLimiter } from "./rate-limits.ts";
import { Reservations } from "./reservations.ts";

export class Segment {
  readonly networks: readonly Network[];
  readonly pool: AddressPool;
  readonly reservations: Reservations;
  readonly deny: DenyList;
  readonly limiter: LanLimiter;
  /** Free addresses that only clients that were here before are given. */
  readonly keptForKnown: number;
  /** Monotonic time in ms until which it is said that new clients are turned away; 0 when it is not. */
  turnsAwayUntil = 0;

  /** `networks` has at least one. `before` is the same segment before the configuration changed. */
  constructor(
    networks: readonly Network[],
    hashSeed: number,
    before: Segment | undefined,
    share: Share = new Share(),
    isPaired = false,
  ) {
    this.networks = networks;
    const reservations = networks.flatMap(({ config }) => config.reservations);
    this.reservations = new Reservations(reservations, hashSeed);
    const barred = networks.flatMap((network) => network.ownAddresses());
    this.pool = new AddressPool(
      poolPlaces(networks, before),
      [...barred, ...this.reservations.addresses()],
      share,
    );
    this.deny = new DenyList(networks.flatMap(({ config }) => config.deny));
    this.limiter = before?.limiter ?? new LanLimiter(this.pool.size);
    this.limiter.setPoolSize(this.pool.size);
    const { keptForKnownPercent } = this.primary.config;
    // Of two boxes each has about half of the addresses to give, and keeps half as many of them.
    const size = isPaired ? this.pool.size / 2 : this.pool.size;
    this.keptForKnown = Math.floor((size * keptForKnownPercent) / 100);
    this.turnsAwayUntil = before?.turnsAwayUntil ?? 0;
  }

  /** The network that speaks for the segment: where it is one thing for all, its setting counts. */
  get primary(): Network {
    return this.networks[0] as Network;
  }

  get name(): string {
    return this.primary.config.name;
  }

  /** "" when it is behind relays only. */
  get interfaceName(): string {
    return (
      this.networks.find(({ config }) => config.interfaceName !== "")?.config.interfaceName ?? ""
    );
  }

  networkOf(address: Ipv4): Network | undefined {
    for (const network of this.networks) if (network.holds(address)) return network;
    return undefined;
  }

  /**
   * Why an address is none for the client in hand, whoever else may have it; undefined when it is one.
   * An address reserved for the client is always one of its own.
   */
  whyForeign(address: Ipv4, packet: Packet): RefusalReason | undefined {
    if (!this.networkOf(address)) return "wrong-network";
    if (this.reservations.size > 0) {
      const reservation = this.reservations.at(address);
      if (reservation) return reservation === packet.reservation ? undefined : "address-taken";
    }
    const slot = this.pool.slotOf(address);
    if (slot < 0 || this.pool.isBarred(slot)) return "not-in-pool";
    return this.pool.isAdmitted(slot) ? undefined : "pool-closed";
  }

  /** Works out which pools are for the client in hand; its classes must be known. */
  admit(packet: Packet): void {
    const { pool } = this;
    if (!pool.isRestricted) return;
    for (let i = 0; i < pool.ranges.length; i++) {
      const range = pool.ranges[i];
      if (range) pool.admission[i] = admission(range.config, packet);
    }
  }
}

function admission(config: PoolConfig, packet: Packet): number {
  if (config.isKnownOnly && !packet.reservation) return ADMISSION.none;
  for (const index of config.deny) if (packet.classes.has(index)) return ADMISSION.none;
  if (config.allow.length === 0) return config.isKnownOnly ? ADMISSION.own : ADMISSION.open;
  for (const index of config.allow) if (packet.classes.has(index)) return ADMISSION.own;
  return ADMISSION.none;
}

function poolPlaces(networks: readonly Network[], before: Segment | undefined): PoolPlace[] {
  const counters = new Map<string, PoolCounters>();
  for (const range of before?.pool.ranges ?? []) counters.set(keyOf(range.config), range.counters);
  return networks.flatMap((network, index) =>
    network.config.pools.map((config) => ({
      config,
      network: index,
      counters: counters.get(keyOf(config)),
    })),
  );
}

function keyOf({ from, to }: PoolConfig): string {
  return `${from}-${to}`;
}

/** One per wire, in the order in which the configuration lists their first networks. */
export function segmentsOf(
  networks: readonly Network[],
  hashSeed: number,
  before: readonly Segment[],
  { share, partnership }: { readonly share: Share; readonly partnership: unknown },
): Segment[] {
  const members = new Map<string, Network[]>();
  for (const network of networks) {
    const known = members.get(network.config.segment);
    if (known) known.push(network);
    else members.set(network.config.segment, [network]);
  }
  return Array.from(members.values(), (those) => {
    const same = before.find((old) => old.name === those[0]?.config.name);
    return new Segment(those, hashSeed, same, share, partnership !== undefined);
  });
}
