// One subnet at run time: its configuration made ready for the packet path, and its counters.

import { broadcastOf, contains, type Ipv4 } from "../base/address.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { readU32 } from "../wire/reader.ts";
import type { NetworkConfig } from "./config-view.ts";
import { LanCounters } from "./counters.ts";
import { compileLevel, type Level } from "./levels.ts";

export class Network {
  readonly config: NetworkConfig;
  /** Its place in the configuration. */
  readonly index: number;
  readonly level: Level;
  readonly counters: LanCounters;

  /** `before` is the same network in the configuration that this one replaces. */
  constructor(config: NetworkConfig, index: number, before: Network | undefined) {
    this.config = config;
    this.index = index;
    this.level = compileLevel(config);
    this.counters = before?.counters ?? new LanCounters();
  }

  holds(address: Ipv4): boolean {
    return contains(this.config.subnet, address);
  }

  /** Addresses of the network itself, of its servers and of its routers. */
  ownAddresses(): Ipv4[] {
    const { subnet, ownAddress, serverId, relays } = this.config;
    const own = [ownAddress, serverId, ...relays];
    // RFC 3021: a link of two addresses has neither a network nor a broadcast address.
    if (subnet.prefix < 31) own.push(subnet.address, broadcastOf(subnet));
    const routers = this.level.options[OPTION.router.code];
    for (let at = 0; routers && at + 4 <= routers.length; at += 4) {
      own.push(readU32(routers, at) as Ipv4);
    }
    return own;
  }
}
