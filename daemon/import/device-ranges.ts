// Ranges of addresses, and what is left of them when others are taken out.

import { broadcastOf, formatIpv4, type Ipv4, parseIpv4, type Subnet } from "../base/address.ts";

/** Both ends included; `from` is never above `to`. */
export interface AddressRange {
  readonly from: Ipv4;
  readonly to: Ipv4;
}

/** The pieces of a range that none of the holes covers, in order. */
export function withoutHoles(range: AddressRange, holes: readonly AddressRange[]): AddressRange[] {
  const inOrder = holes
    .filter((hole) => hole.from <= range.to && hole.to >= range.from)
    .toSorted((a, b) => a.from - b.from);
  const pieces: AddressRange[] = [];
  let from: number = range.from;
  for (const hole of inOrder) {
    if (hole.from > from) pieces.push({ from: from as Ipv4, to: (hole.from - 1) as Ipv4 });
    from = Math.max(from, hole.to + 1);
  }
  if (from <= range.to) pieces.push({ from: from as Ipv4, to: range.to });
  return pieces;
}

/** Addresses that hosts of the subnet may have. */
export function hostRange(subnet: Subnet): AddressRange {
  const last = broadcastOf(subnet);
  if (subnet.prefix >= 31) return { from: subnet.address, to: last };
  return { from: (subnet.address + 1) as Ipv4, to: (last - 1) as Ipv4 };
}

/** The part of a range that is inside another one; undefined when there is none. */
export function overlap(a: AddressRange, b: AddressRange): AddressRange | undefined {
  const from = Math.max(a.from, b.from) as Ipv4;
  const to = Math.min(a.to, b.to) as Ipv4;
  return from <= to ? { from, to } : undefined;
}

export function isSameRange(a: AddressRange, b: AddressRange): boolean {
  return a.from === b.from && a.to === b.to;
}

/** A mask as a number of bits; undefined when it is not ones followed by zeros. */
export function prefixOfMask(text: string): number | undefined {
  const mask = parseIpv4(text);
  if (mask === undefined) return undefined;
  const zeros = ~mask >>> 0;
  if ((zeros & (zeros + 1)) !== 0) return undefined;
  return Math.clz32(zeros);
}

export function formatRange({ from, to }: AddressRange): string {
  return from === to ? formatIpv4(from) : `${formatIpv4(from)}-${formatIpv4(to)}`;
}
