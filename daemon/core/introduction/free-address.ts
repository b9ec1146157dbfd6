// An address of its own for the second box on each network. What is read here comes from the other box as JSON
// that nobody has checked yet: whatever is not as it should be is passed over, for the whole of the documents is
// checked afterwards like any configuration.

import {
  broadcastOf,
  contains,
  formatIpv4,
  type Ipv4,
  parseIpv4,
  parseSubnet,
  type Subnet,
} from "../../base/address.ts";

/** Addresses from..to, both included, that no box may have. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** A part of a document: an object, or nothing. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The network of that name in a shared configuration. */
export function networkOf(shared: unknown, name: string): Readonly<Record<string, unknown>> {
  const networks = listOf(objectOf(shared).networks).map(objectOf);
  return networks.find((network) => network.name === name) ?? {};
}

/**
 * The first of `wished` that a box may have on the network, else the next one that is free after `partner`.
 * Undefined: there is none. All addresses of the partner are in `partners`.
 */
export function ownAddress(
  network: Readonly<Record<string, unknown>>,
  partner: Ipv4,
  partners: readonly Ipv4[],
  wished: readonly Ipv4[],
): Ipv4 | undefined {
  const subnet = subnetOf(network);
  if (!subnet) return undefined;
  const taken = takenIn(network, subnet, partners);
  const isFree = (address: Ipv4) => contains(subnet, address) && !rangeWith(taken, address);
  return wished.find(isFree) ?? nextFree(subnet, taken, partner);
}

/** "192.168.1.3/24" of an address on the network. */
export function withPrefix(network: Readonly<Record<string, unknown>>, address: Ipv4): string {
  return `${formatIpv4(address)}/${subnetOf(network)?.prefix ?? 32}`;
}

/** Of text such as "192.168.1.2/24". */
export function addressOf(text: unknown): Ipv4 | undefined {
  return typeof text === "string" ? parseIpv4(text.split("/")[0] ?? "") : undefined;
}

function subnetOf({ subnet }: Readonly<Record<string, unknown>>): Subnet | undefined {
  return typeof subnet === "string" ? parseSubnet(subnet) : undefined;
}

function takenIn(
  network: Readonly<Record<string, unknown>>,
  subnet: Subnet,
  partners: readonly Ipv4[],
): readonly Range[] {
  const single = [
    addressOf(network.gateway),
    ...partners,
    ...listOf(network.reservations).map((entry) => addressOf(objectOf(entry).address)),
    ...listOf(network.trustedServers).map(addressOf),
    ...listOf(network.dns).map(addressOf),
    // Of the network itself, and the one for all of it (RFC 3021 has neither).
    ...(subnet.prefix < 31 ? [subnet.address, broadcastOf(subnet)] : []),
  ];
  const pools = listOf(network.pools).map((pool) => {
    const { from, to } = objectOf(pool);
    return { from: addressOf(from), to: addressOf(to) };
  });
  return [...single.map((address) => ({ from: address, to: address })), ...pools].filter(
    (range): range is Range & { from: Ipv4; to: Ipv4 } =>
      range.from !== undefined && range.to !== undefined,
  );
}

function rangeWith(ranges: readonly Range[], address: number): Range | undefined {
  return ranges.find(({ from, to }) => from <= address && address <= to);
}

/** Goes round the subnet once, from range to range. */
function nextFree(subnet: Subnet, taken: readonly Range[], after: Ipv4): Ipv4 | undefined {
  const inOrder = [...taken].sort((one, other) => one.from - other.from);
  const firstOf = (begin: number, end: number): Ipv4 | undefined => {
    let address = begin;
    for (const { from, to } of inOrder) {
      if (from > address) break;
      address = Math.max(address, to + 1);
    }
    return address <= end ? (address as Ipv4) : undefined;
  };
  const begin = contains(subnet, after) ? after + 1 : subnet.address;
  return firstOf(begin, broadcastOf(subnet)) ?? firstOf(subnet.address, begin - 1);
}
