// DHCPRELEASE, DHCPDECLINE and DHCPINFORM (RFC 2131 §4.3.3 to §4.3.5).

import { ANY } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Segment } from "./segment.ts";
import { prepare } from "./terms.ts";

/** RFC 2131 §4.3.4: the address is free again; what the client was is kept for when it returns. */
export function handleRelease(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { bindings, packet } = server;
  if (packet.serverId !== ANY && !server.isOwnId(packet.serverId)) return "other-server";
  const entry = bindings.book.at(packet.message.ciaddr);
  if (entry?.state !== "active" || !packet.client.equalsPacked(entry.packedClient))
    return "not-yours";
  bindings.release(entry, out);
  server.lines.released(entry, out);
  if (entry.slot >= 0) segment.pool.rangeOf(entry.slot).counters.releases++;
  return undefined;
}

/**
 * RFC 2131 §4.3.3: the client found its address in use by somebody else. The address rests for a while
 * and then comes back by itself. Only who holds the address, or was offered it, may say so: otherwise
 * anybody could empty the pool with one packet per address.
 */
export function handleDecline(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { bindings, packet } = server;
  const { client, requested } = packet;
  if (packet.serverId !== ANY && !server.isOwnId(packet.serverId)) return "other-server";
  if (requested === ANY) return "dhcp-malformed";
  const entry = bindings.book.at(requested);
  const isLeased = entry?.state === "active" && client.equalsPacked(entry.packedClient);
  const offer = bindings.offers.at(requested);
  if (!isLeased && !(offer && client.equals(offer.client))) return "not-yours";
  if (!server.declineLimiter.allows(server.hardwareHash, server.now.monotonic)) {
    return "declined-too-often";
  }
  const { htype, chaddr, hlen } = packet.message;
  const abandoned = bindings.abandon(segment, htype, chaddr.slice(0, hlen), requested, out);
  server.lines.declined(abandoned, out);
  if (abandoned.slot >= 0) segment.pool.rangeOf(abandoned.slot).counters.declines++;
  return undefined;
}

/**
 * RFC 2131 §4.3.5: a client that has its address from elsewhere asks for parameters. Its address is
 * checked against the network, but no lease is looked for.
 */
export function handleInform(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { message, frame } = server.packet;
  // Some clients leave ciaddr empty; their packets come from the address all the same.
  if (message.ciaddr === ANY) message.ciaddr = frame.sourceIp;
  if (message.ciaddr === ANY) return "dhcp-malformed";
  if (!segment.networkOf(message.ciaddr)) return "wrong-network";
  prepare(server, segment, message.ciaddr);
  const reply = server.replies.inform(server.packet);
  server.send(MESSAGE_TYPE.ack, segment, message.ciaddr, reply, out);
  return undefined;
}
