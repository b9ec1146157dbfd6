// A device that does not have the address that is reserved for it: where that is.

import { formatIpv4 } from "./base/address.ts";
import { equalBytes } from "./base/bytes.ts";
import type { RefusalReason } from "./catalogue.ts";
import type { PastDecision } from "./core/history.ts";
import { REFUSAL_ADVICE } from "./refusal-advice.ts";
import { endText, holderText } from "./why-sentences.ts";
import type { Subject, Verdict, WhySources } from "./why-subject.ts";

/** The verdict and what is to be added about the reserved address. `trouble` is what it was refused for. */
export function withReservation(
  found: Verdict,
  subject: Subject,
  trouble: PastDecision | undefined,
  sources: WhySources,
): Verdict {
  const { chaddr, lease, reservation } = subject;
  const hasLease = lease?.state === "active";
  const address = reservation?.entry.address;
  if (address === undefined || lease?.address === address) return found;
  const newest = subject.decisions[0];
  const isSaid =
    newest?.address === address && (!newest.reason || SAYS_WHERE.includes(newest.reason));
  // What else it is refused for comes first.
  const isUnserved = found.advice === REFUSAL_ADVICE["not-serving"];
  const comesFirst = isUnserved || (trouble?.reason && !CLASHES.includes(trouble.reason));
  const add = (sentence: string, advice: string): Verdict => ({
    ...found,
    verdict: isSaid ? found.verdict : `${found.verdict} ${sentence}`,
    advice: comesFirst ? found.advice : advice,
  });
  const its = `Its reserved address ${formatIpv4(address)}`;
  const holder = sources.book.at(address);
  if (holder?.state === "active" && !equalBytes(holder.chaddr, chaddr)) {
    return add(`${its} is held by ${holderText(holder)} ${endText(holder)}.`, HELD_ADVICE);
  }
  if (holder?.state === "abandoned") {
    const until = `set aside ${endText(holder)}`;
    const advice = REFUSAL_ADVICE["address-in-use"];
    return add(`${its} is in use by another device and ${until}.`, advice);
  }
  if (trouble?.reason || isSaid || isUnserved) return found;
  const isHere = hasLease && lease.network === reservation?.network.name;
  const on = `${its} on ${reservation?.network.name} is free.`;
  return add(on, isHere ? FREE_ADVICE : found.advice);
}

/** Refusals whose sentence says already what became of the address it asked for. */
const SAYS_WHERE: readonly RefusalReason[] = ["address-taken", "address-in-use"];
const CLASHES: readonly RefusalReason[] = [...SAYS_WHERE, "reserved-elsewhere", "no-free-address"];

const HELD_ADVICE =
  "Restart the network connection of the device that holds it: that one is given another address, and this one gets its own when it asks again.";
const FREE_ADVICE =
  "It gets that one when it renews its lease; restart its network connection to have it do so now.";
