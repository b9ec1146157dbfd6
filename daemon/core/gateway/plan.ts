// What is to move between the boxes, and how: both configuration files and the board, put together.

import type { Ipv4 } from "../../base/address.ts";

/** One wire with clients on it. */
export interface GatewayLan {
  /** As people know it. */
  readonly name: string;
  readonly interfaceName: string;
  /** Virtual addresses with their prefix, such as 10.77.0.1/24; the first one is that of the LAN itself. */
  readonly addresses: readonly string[];
  /** Clients there are told to ask the gateway for names. */
  readonly isResolver: boolean;
}

export interface GatewayWan {
  readonly interfaceName: string;
  /** With prefix. */
  readonly address: string;
  readonly router: string;
}

export interface GatewayPlan {
  /** Name of this box. */
  readonly box: string;
  /** Of a box without a partner: true. */
  readonly isPrimary: boolean;
  readonly advertMilliseconds: number;
  /** VRID on each LAN (RFC 5798 §5.2.3). */
  readonly virtualRouterId: number;
  readonly hasVirtualMac: boolean;
  readonly lans: readonly GatewayLan[];
  readonly pairPorts: readonly string[];
  /** That this box alone has on its LANs, with prefix. */
  readonly ownAddresses: readonly string[];
  readonly wan: GatewayWan | undefined;
  /** Behind the router; pinged. */
  readonly targets: readonly Ipv4[];
  /** Undefined: whoever has the addresses keeps them. */
  readonly preferPrimaryAfterSeconds: number | undefined;
  readonly releaseAfterSeconds: number;
}
