// Where the page is served over HTTPS, and to whom: on the LANs, at the own address of the box and at the virtual ones
// while it has them. Never towards the provider, and never on all interfaces.

import { contains, parseIpv4, type Subnet } from "../../base/address.ts";

export interface WebLan {
  readonly interfaceName: string;
  /** Of this box alone. */
  readonly address: string;
}

export interface WebPlan {
  /** Name of the box. */
  readonly box: string;
  /** 0: nowhere. */
  readonly port: number;
  readonly lans: readonly WebLan[];
  /** Those that one of the boxes has at a time. */
  readonly virtualAddresses: readonly string[];
  /** Towards the provider; undefined: there is none. */
  readonly wanInterface: string | undefined;
  /** Of all networks, those behind relays as well. */
  readonly subnets: readonly Subnet[];
}

/** The IPv4 addresses that the box has now, by the name of the interface. */
export type PresentAddresses = ReadonlyMap<string, readonly string[]>;

/** The addresses at which to listen now. */
export function placesNow(plan: WebPlan, present: PresentAddresses): string[] {
  if (plan.port === 0) return [];
  const at = (name: string) => present.get(name) ?? [];
  // keepalived may put a virtual address on an interface of its own, so that one may be on any but this.
  const outside = new Set(plan.wanInterface === undefined ? [] : at(plan.wanInterface));
  const inside = new Set([...present.keys()].flatMap(at));
  const own = plan.lans.filter(({ interfaceName, address }) => at(interfaceName).includes(address));
  const places = [...own.map(({ address }) => address), ...plan.virtualAddresses];
  return places.filter(
    (one, i) => inside.has(one) && !outside.has(one) && places.indexOf(one) === i,
  );
}

/**
 * Whether a device with this address may connect. Linux takes a packet for an address of the box from whichever
 * interface it comes, so that somebody on the provider's side could reach the address of a LAN. What is answered to an
 * address of a LAN goes to that LAN: who says to have one without being there gets no connection.
 */
export function isOnLans(plan: WebPlan, address: string): boolean {
  const one = parseIpv4(address);
  return one !== undefined && plan.subnets.some((subnet) => contains(subnet, one));
}

/** What the certificate names: the same list as long as the configuration is the same, whoever has the gateway. */
export function webNames({ box, lans, virtualAddresses }: WebPlan): string[] {
  const addresses = [...lans.map(({ address }) => address), ...virtualAddresses];
  // A tunnel through SSH ends at localhost.
  return Array.from(new Set([box, "localhost", "127.0.0.1", ...addresses]));
}
