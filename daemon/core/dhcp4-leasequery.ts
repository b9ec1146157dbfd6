// DHCPLEASEQUERY (RFC 4388): a relay or a firewall asks which lease there is. Only who is listed may ask, as the
// answer tells about other people's devices.

import type { Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Lan } from "./lan.ts";
import type { Segment } from "./segment.ts";
import { prepare } from "./terms.ts";

export function handleLeaseQuery(
  server: Dhcp4Server,
  lan: Lan,
  out: Effect[],
): RefusalReason | undefined {
  const { packet, now, bindings } = server;
  if (!server.mayQuery(packet.message.giaddr)) return "query-not-allowed";
  const isManaged = (address: Ipv4) => managing(server, address) !== undefined;
  const answer = server.queries.answer(packet, isManaged, now);
  if (typeof answer === "string") return answer;
  gather(server, answer.address);
  const parameter = (code: number) => packet.levels.option(code);
  const frame = server.replies.leaseQuery(packet, answer, bindings.clock.seconds, parameter);
  server.send(answer.type, lan.segment, answer.address, frame, out);
  return undefined;
}

/** Content of an option for whoever has this address; undefined when there is none. */
export function parameterAt(
  server: Dhcp4Server,
  address: Ipv4,
  code: number,
): Uint8Array | undefined {
  gather(server, address);
  return server.packet.levels.option(code);
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
