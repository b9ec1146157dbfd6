// Limits on who may have a further lease, whatever addresses are free.

import type { Ipv4 } from "../base/address.ts";
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
  const leases = bindings.leasesAtPort(segment, packet);
  return leases < leasesPerCircuitMax ? undefined : "port-full";
}
