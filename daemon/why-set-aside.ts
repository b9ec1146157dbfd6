// Addresses that are set aside because a device uses them that they were not given to: which one that is.

import { equalBytes } from "./base/bytes.ts";
import type { Lease } from "./core/lease.ts";
import { hardwareText } from "./why-sentences.ts";
import type { WhySources } from "./why-subject.ts";
import { MESSAGE_TYPE } from "./wire/dhcp4-message.ts";

/** The address that this client was seen to use, heard of last; undefined when it was not. */
export function usedWithoutLease(chaddr: Uint8Array, sources: WhySources): Lease | undefined {
  let found: Lease | undefined;
  for (const lease of sources.book.leases()) {
    if (lease.state !== "abandoned" || !equalBytes(lease.chaddr, chaddr)) continue;
    if (roleOf(lease, sources) === "user" && (!found || lease.seenAt > found.seenAt)) found = lease;
  }
  return found;
}

/** " (02:00:5e:10:00:99 answers from it)": what the record of an address set aside tells of who uses it. */
export function usedBy(lease: Lease, sources: WhySources): string {
  if (lease.chaddr.length === 0) return "";
  return ` (${hardwareText(lease.chaddr)} ${ROLES[roleOf(lease, sources)]})`;
}

const ROLES = {
  user: "answers from it",
  finder: "found that out",
  either: "answered from it, or found that out",
};

/**
 * The record has the MAC of whoever answered when the box asked the wire, or of the client that declined the
 * address. The history tells the two apart, but begins with this start of the box.
 */
function roleOf(lease: Lease, { history, startedAt }: WhySources): keyof typeof ROLES {
  const hasDeclined = history
    .of(lease.chaddr)
    .some(({ type, address }) => type === MESSAGE_TYPE.decline && address === lease.address);
  if (hasDeclined) return "finder";
  // Leases count whole seconds.
  return (lease.seenAt + 1) * 1000 <= startedAt ? "either" : "user";
}
