// Which box can have promised an address to the client in hand. Both boxes work it out from what they know of the
// address, and come to the same as soon as what one of them changed has reached the other.

import { ANY, type Ipv4 } from "../../base/address.ts";
import type { Bindings } from "../bindings.ts";
import type { LeaseEntry } from "../lease-book.ts";
import type { Packet } from "../packet.ts";
import type { Segment } from "../segment.ts";

/** "either": both know the address alike, be it that the client has it, may have it, or may not. */
export type Giver = "this-box" | "partner" | "either";

/** `packet` must be identified, and its classes known. */
export function giverOf(
  { book, share }: Bindings,
  segment: Segment,
  packet: Packet,
  address: Ipv4,
): Giver {
  if (packet.reservation?.address === address || segment.whyForeign(address, packet))
    return "either";
  const entry = book.at(address);
  if (!entry) return share.fresh ? "this-box" : "partner";
  if (entry.state === "active" || entry.state === "abandoned") {
    return isUnknownToPartner(entry) ? "this-box" : "either";
  }
  if (share.has(entry)) return "this-box";
  const mayKeep = packet.client.equalsPacked(entry.packedClient) && share.hasForSame(entry);
  if (!mayKeep) return "partner";
  // The partner has heard that the lease is over, and leaves the address alone.
  return entry.isEndTold ? "this-box" : "either";
}

/**
 * The partner has just given the client in hand this lease, or any when no address is named, and told this box of it
 * sooner than the client's request came here: that request has been answered.
 */
export function isJustGiven(
  { book, clock }: Bindings,
  segment: Segment,
  packet: Packet,
  address: Ipv4,
  withinSeconds = JUST_SECONDS,
): boolean {
  const entry = address === ANY ? book.find(packet.client, segment.pool) : book.at(address);
  if (entry?.state !== "active" || !entry.fromPartner) return false;
  if (!packet.client.equalsPacked(entry.packedClient)) return false;
  return entry.xid === packet.message.xid && clock.seconds - entry.seenAt < withinSeconds;
}

/** Some clients use one number for all that they ask. The partner counts by a clock that is known to about two seconds. */
const JUST_SECONDS = 5;

/** Nothing of this tenure has been agreed on. */
function isUnknownToPartner({ isAgreed, agreedUntil, startsAt }: LeaseEntry): boolean {
  return !isAgreed && agreedUntil <= startsAt;
}
