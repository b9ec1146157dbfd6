// The networks and pools that ranges of dnsmasq stand for.

import {
  contains,
  formatIpv4,
  formatSubnet,
  type Ipv4,
  parseSubnet,
  type Subnet,
} from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { shownLease } from "./device-options.ts";
import type { DraftNetwork, DraftPool } from "./device-parts.ts";
import { hostRange } from "./device-ranges.ts";
import type { DnsmasqRange, Statements } from "./dnsmasq-statements.ts";

/** More are no use: there may be so many pools in all networks together. */
const RANGES_MAX = 2048;

/** What became of one range. */
export interface MadeRange {
  readonly range: DnsmasqRange;
  readonly network: DraftNetwork;
  /** Undefined: the network has no pool for it, only reservations. */
  readonly pool: DraftPool | undefined;
}

export function makeNetworks(draft: DeviceDraft, statements: Statements): MadeRange[] {
  const made: MadeRange[] = [];
  for (const range of statements.ranges) {
    if (made.length >= RANGES_MAX) {
      draft.leftOut(range.said, `There may be ${RANGES_MAX} ranges at most.`);
      continue;
    }
    const network = networkFor(draft, statements, range);
    if (!network) continue;
    network.leaseSeconds ??= shownLease(draft, range.leaseSeconds, range.said);
    made.push({ range, network, pool: poolFor(draft, network, range) });
  }
  return made;
}

function networkFor(
  draft: DeviceDraft,
  statements: Statements,
  range: DnsmasqRange,
): DraftNetwork | undefined {
  const known = draft.networkOf(range.start);
  if (known) return known;
  const at = statements.interfaces.find(({ subnet }) => contains(subnet, range.start));
  const subnet = subnetOf(draft, range, at?.subnet);
  const network = draft.addNetwork(at?.name ?? range.set ?? "lan", subnet, range.said);
  if (!network) return undefined;
  network.settings.authoritative = statements.isAuthoritative;
  if (statements.isRapid) network.settings.rapidCommit = true;
  if (statements.ignoresClientIds) network.settings.ignoreClientId = true;
  if (!statements.isProbing) network.settings.probe = false;
  const { from, to } = hostRange(subnet);
  network.own =
    at?.own ??
    statements.ownAddresses.find(({ address }) => address >= from && address <= to)?.address;
  network.interfaceName = at?.device;
  return network;
}

function subnetOf(draft: DeviceDraft, range: DnsmasqRange, known: Subnet | undefined): Subnet {
  const { start, said } = range;
  if (range.prefix !== undefined) return around(start, range.prefix);
  if (known) return known;
  const end = range.end ?? start;
  let prefix = 24;
  while (prefix > 0 && !holds(around(start, prefix), start, end)) prefix--;
  const subnet = around(start, prefix);
  const reason = `The netmask is that of the interface, which the file does not have: ${formatSubnet(subnet)} was taken.`;
  draft.changed(said, reason);
  return subnet;
}

function around(address: Ipv4, prefix: number): Subnet {
  const subnet = parseSubnet(`${formatIpv4(address)}/${prefix}`);
  if (!subnet) throw new RangeError(`${prefix} is not a prefix length`);
  return subnet;
}

function holds(subnet: Subnet, start: Ipv4, end: Ipv4): boolean {
  const { from, to } = hostRange(subnet);
  // The address of the network itself stands for all of it in a range of reserved devices.
  return (start >= from || start === end) && end <= to;
}

function poolFor(
  draft: DeviceDraft,
  network: DraftNetwork,
  range: DnsmasqRange,
): DraftPool | undefined {
  const { start, end, said } = range;
  if (end === undefined) {
    if (range.leaseSeconds !== network.leaseSeconds) {
      draft.changed(said, "Leases are as long as another range of the network has it.");
    }
    draft.changed(
      said,
      "Only reserved devices get an address here: the network has no pool for it.",
    );
    return undefined;
  }
  const pool: DraftPool = {
    range: { from: start, to: end },
    allow: [],
    deny: [],
    knownOnly: false,
    said,
    options: {},
  };
  if (range.leaseSeconds !== network.leaseSeconds) {
    const own = shownLease(draft, range.leaseSeconds, said);
    if (own !== network.leaseSeconds) pool.leaseSeconds = own;
  }
  network.pools.push(pool);
  return pool;
}
