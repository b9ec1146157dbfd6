// What the system says when the partner cannot be reached, for people.

import { formatIpv4 } from "../base/address.ts";
import type { PeerAddresses } from "./peer-link.ts";

/** Why nobody can connect to this box, as a part of a sentence. */
export function explainListen(error: NodeJS.ErrnoException, addresses: PeerAddresses): string {
  const own = formatIpv4(addresses.ownAddress);
  switch (error.code) {
    case "EADDRNOTAVAIL":
      return `this box does not have the address ${own}`;
    case "EADDRINUSE":
      return `port ${addresses.port} of ${own} is in use`;
    case "EACCES":
      return `the system does not let the daemon have port ${addresses.port}`;
    default:
      return error.message;
  }
}

/** Why the partner could not be dialled, as a part of a sentence. */
export function explainDial(error: NodeJS.ErrnoException, addresses: PeerAddresses): string {
  const partner = formatIpv4(addresses.partnerAddress);
  switch (error.code) {
    case "ECONNREFUSED":
      return `nobody listens on port ${addresses.partnerPort} of ${partner}`;
    case "EADDRNOTAVAIL":
      return `this box does not have the address ${formatIpv4(addresses.ownAddress)}`;
    case "EHOSTUNREACH":
      return `${partner} does not answer on the wire`;
    case "ENETUNREACH":
      return `there is no way to ${partner}`;
    default:
      return error.message;
  }
}
