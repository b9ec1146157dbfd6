// Addresses that a host may have.

import { broadcastOf, contains, formatIpv4, type Ipv4, type Subnet } from "../base/address.ts";

/** Why an address cannot be that of a host in the subnet; undefined when it can. */
export function hostProblem(address: Ipv4, subnet: Subnet, text: string): string | undefined {
  if (!contains(subnet, address)) return `${formatIpv4(address)} is outside ${text}`;
  if (subnet.prefix >= 31) return undefined;
  if (address === subnet.address)
    return `${formatIpv4(address)} is the address of the network itself`;
  if (address === broadcastOf(subnet)) {
    return `${formatIpv4(address)} is the broadcast address of ${text}`;
  }
  return undefined;
}
