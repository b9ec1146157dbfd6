// Limits on who may have a further lease, whatever addresses are free.

import type { Ipv4 } from "../base/address.ts";
import { packBytes } from "../base/bytes.ts";
import type { RefusalReason } from "../catalogue.ts";
import { RELAY_SUBOPTION } from "../wire/relay-agent.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Segment } from "./segment.ts";

const CIRCUIT_ID = RELAY_SUBOPTION.agentCircuitId.code;

/** Why a client that nothing is known of gets no address now; undefined for all others. */
export function whyNoNewcomer(server: Dhcp4Server, segment: Segment): RefusalReason | undefined {
  const { packet, bindings, now } = server;
  const { client, reservation } = packet;
  if (reservation || bindings.offers.find(client, segment.pool)) return undefined;
  if (bindings.book.find(client, segment.pool)) return undefined;
  return bindings.whyNoNewcomer(segment, now.monotonic);
}

/** Why the port that the client is behind may have no further lease, when it may not. */
export function whyPortFull(
  server: Dhcp4Server,
  segment: Segment,
  address: Ipv4,
): RefusalReason | undefined {
  const { leasesPerCircuitMax } = segment.primary.config;
  const { packet, bindings } = server;
  if (leasesPerCircuitMax === 0 || !packet.relay.has(CIRCUIT_ID)) return undefined;
  const entry = bindings.book.at(address);
  if (entry?.state === "active" && packet.client.equalsPacked(entry.packedClient)) return undefined;
  const leases = leasesAtPort(server, segment);
  return leases < leasesPerCircuitMax ? undefined : "port-full";
}

/**
 * Active leases behind the same port (circuit-id) as the packet in hand. Goes through all leases: it is
 * asked only where such a limit is set, and for clients without a lease.
 */
function leasesAtPort({ bindings, packet }: Dhcp4Server, segment: Segment): number {
  const { relay } = packet;
  const start = relay.start(CIRCUIT_ID);
  const port = packBytes(relay.bytes.subarray(start - 2, start + relay.length(CIRCUIT_ID)));
  let count = 0;
  for (const entry of bindings.book.leases()) {
    if (entry.pool !== segment.pool || entry.state !== "active") continue;
    if (holdsSuboption(entry.packedRelayAgent, port)) count++;
  }
  return count;
}

/** Whether packed relay agent information has this sub-option, code and length included. */
function holdsSuboption(packed: string, suboption: string): boolean {
  for (let at = 0; at + 1 < packed.length; at += 2 + packed.charCodeAt(at + 1)) {
    if (packed.startsWith(suboption, at)) return true;
  }
  return false;
}
