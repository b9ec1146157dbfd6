// By which addresses clients know this box, its partner, and the two as one. A virtual address moves between the
// boxes: to clients they are one server then, and whatever names it means both.

import { ANY, type Ipv4 } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import { LIMITS } from "../limits.ts";
import type { NetworkConfig } from "./config-view.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Lan } from "./lan.ts";
import type { Segment } from "./segment.ts";

type Ids = ReadonlySet<Ipv4>;

const NONE: Ids = new Set();

export class ServerIds {
  /** Addresses by which clients know the partner, and its MACs on the LANs. */
  partners: readonly Ipv4[] = [];
  partnerMacs: readonly Uint8Array[] = [];
  #own: Ids = NONE;
  #virtual: Ids = NONE;
  /** The same by the configuration before. */
  #formerOwn: Ids = NONE;
  #formerVirtual: Ids = NONE;
  /** Monotonic milliseconds up to which these are known; a client may be about to take an offer with one. */
  #formerUntil = Number.NEGATIVE_INFINITY;

  configure(networks: readonly NetworkConfig[], nowMonotonic: number): void {
    const ids = networks.flatMap(({ ownAddress, serverId }) => [ownAddress, serverId]);
    const addresses = new Set(networks.map(({ ownAddress }) => ownAddress));
    const virtual = networks.filter(({ serverId }) => !addresses.has(serverId));
    this.#formerOwn = this.#own;
    this.#formerVirtual = this.#virtual;
    this.#formerUntil = nowMonotonic + LIMITS.offerSeconds * 1000;
    this.#own = new Set(ids.filter((id) => id !== ANY));
    this.#virtual = new Set(virtual.map(({ serverId }) => serverId).filter((id) => id !== ANY));
  }

  /** Every address that this box has, always or in turn: a client that names any of them means it. */
  get own(): readonly Ipv4[] {
    return Array.from(this.#own);
  }

  isOwn(address: Ipv4, nowMonotonic: number): boolean {
    if (this.#own.has(address)) return true;
    return nowMonotonic < this.#formerUntil && this.#formerOwn.has(address);
  }

  /** Whether it is an address of the pair, which either box may have. */
  isVirtual(address: Ipv4, nowMonotonic: number): boolean {
    if (this.#virtual.has(address)) return true;
    return nowMonotonic < this.#formerUntil && this.#formerVirtual.has(address);
  }

  /**
   * Whether a reply with this server identifier and source MAC is one of this box or its partner. Anybody can put a
   * virtual address into a reply; that the partner did shows in the MAC. `isPaired`: there is a partner, whose MACs
   * are unknown until the boxes have met since the start.
   */
  isOurReply(id: Ipv4, mac: Uint8Array, lans: readonly Lan[], isPaired: boolean): boolean {
    if (this.isPartnersMac(mac)) return true;
    if (!this.#virtual.has(id)) return this.#own.has(id) || this.partners.includes(id);
    if (isPaired && this.partnerMacs.length === 0) return true;
    // It may have come round by a LAN that is on the same wire by mistake.
    return lans.some(({ link }) => equalBytes(link.mac, mac));
  }

  isPartnersMac(mac: Uint8Array): boolean {
    for (const one of this.partnerMacs) if (equalBytes(one, mac)) return true;
    return false;
  }

  /** Servers that were taken for strangers are none if these are theirs. */
  trustOn(lans: readonly Lan[]): void {
    const ids = [...this.#own, ...this.partners].filter((id) => !this.#virtual.has(id));
    for (const { rogues, trustedServers } of lans) {
      rogues.trust([...trustedServers, ...ids], this.partnerMacs);
    }
  }
}

/**
 * As whom the packet in hand is answered: what stands in option 54, and from which address the reply leaves. A box
 * may send from a virtual address only while it has it. That is so where a packet was sent there, and its sender
 * may take an answer from nowhere else.
 */
export function identify(server: Dhcp4Server, lan: Lan, segment: Segment): void {
  const { packet, replies, ids, now } = server;
  const { destinationIp, isBroadcast } = packet.frame;
  const { serverId, ownAddress } = segment.primary.config;
  const port = lan.segment.primary.config;
  packet.ownId = packet.relay.serverIdOverride || serverId || port.serverId;
  packet.isToVirtual = !isBroadcast && ids.isVirtual(destinationIp, now.monotonic);
  const source = packet.isToVirtual ? destinationIp : ownAddress || port.ownAddress;
  replies.leaveBy(lan.link.mac, lan.link.mtu, source);
}
