// DHCPLEASEQUERY (RFC 4388): a relay or a firewall asks which lease there is. Only who is listed may ask, as the
// answer tells about other people's devices.

import type { Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import type { BulkSource } from "./bulk-leasequery.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Lan } from "./lan.ts";
import type { Segment } from "./segment.ts";
import { isElsewhere } from "./segment-choice.ts";
import { prepare } from "./terms.ts";

export function handleLeaseQuery(
  server: Dhcp4Server,
  lan: Lan,
  out: Effect[],
): RefusalReason | undefined {
  const { packet, now, bindings } = server;
  const { giaddr } = packet.message;
  if (!server.mayQuery(giaddr)) return "query-not-allowed";
  // The answer goes to whoever sent the frame, so it must be able to come from that relay.
  if (isElsewhere(giaddr, lan, server.segments)) return "query-not-allowed";
  const isManaged = (address: Ipv4) => managing(server, address) !== undefined;
  const answer = server.queries.answer(packet, isManaged, now);
  if (typeof answer === "string") return answer;
  gather(server, answer.address);
  const parameter = (code: number) => packet.levels.option(code);
  const frame = server.replies.leaseQuery(packet, answer, bindings.clock.seconds, parameter);
  server.send(answer.type, lan.segment, answer.address, frame, out);
  return undefined;
}

/** What bulk lease queries (RFC 6926) are answered from. `hashSeed` is the book's. */
export function bulkSourceOf(server: Dhcp4Server, hashSeed: number, serverId: Ipv4): BulkSource {
  return {
    book: server.bindings.book,
    hashSeed,
    serverId,
    addresses: () => addressesOf(server.segments),
    parameter: (address, code) => {
      gather(server, address);
      return server.packet.levels.option(code);
    },
  };
}

/** What is reserved is barred in the pools, so that no address comes twice. */
function* addressesOf(segments: readonly Segment[]): Iterable<Ipv4> {
  for (const { pool, reservations } of segments) {
    for (let slot = 0; slot < pool.size; slot++) {
      if (!pool.isBarred(slot)) yield pool.addressOf(slot);
    }
    yield* reservations.addresses();
  }
}

/** The levels for an address; classes are those of packets, and there is none of its client here. */
function gather(server: Dhcp4Server, address: Ipv4): void {
  const { packet } = server;
  const segment = managing(server, address);
  packet.reservation = segment?.reservations.at(address);
  packet.classes.clear();
  if (segment) prepare(server, segment, address);
  else packet.levels.begin();
}

/** The segment whose addresses this one is among; undefined for addresses that are not ours to give. */
function managing(server: Dhcp4Server, address: Ipv4): Segment | undefined {
  return server.segments.find(
    (segment) =>
      segment.pool.slotOf(address) >= 0 || segment.reservations.at(address) !== undefined,
  );
}
