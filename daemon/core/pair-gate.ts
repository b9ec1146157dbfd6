// Which clients this box answers while it is one of two (draft-ietf-dhc-failover-12 §5.3, §9).

import { ANY, type Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import { giverOf, isJustGiven } from "./failover/giver.ts";
import { bucketOfMessage, isPrimaryBucket } from "./failover/load-balance.ts";
import type { Pair } from "./failover/pair.ts";
import { isAloneOn } from "./failover/sight.ts";
import type { Lan } from "./lan.ts";
import type { Segment } from "./segment.ts";

/** Why the packet in hand gets no answer from this box for the sake of the pair; undefined: it may. */
export function whySilent(
  server: Dhcp4Server,
  lan: Lan,
  segment: Segment,
  pair: Pair,
): RefusalReason | undefined {
  const { type, message, serverId } = server.packet;
  // No lease is asked for, none is given.
  if (type === MESSAGE_TYPE.inform) return undefined;
  switch (pair.terms.service) {
    case "all":
      return undefined;
    case "nothing":
      return "pair-not-serving";
    case "renewals": {
      if (type === MESSAGE_TYPE.discover) return "pair-not-serving";
      const isRenewal = message.ciaddr !== ANY && serverId === ANY;
      return type === MESSAGE_TYPE.request && !isRenewal ? "pair-not-serving" : undefined;
    }
    case "balanced":
      if (server.isTest || !isForAnybody(server, pair)) return undefined;
      if (lan.isSettling(server.now.monotonic) && isPartnerThere(pair, lan))
        return "partner-answers";
      if (isAloneOn(pair.endpoint.sight, lan.name)) return undefined;
      return mayAnswer(server, segment, pair) ? undefined : "partner-answers";
  }
}

/**
 * Nothing is heard of the partner on this LAN, or it is down for certain: it answers for nothing there. One whose
 * connection alone was lost may well do so.
 */
export function isPartnerGone({ pair, lans, packet }: Dhcp4Server): boolean {
  if (pair === undefined || pair.state === "partner-down") return true;
  return isAloneOn(pair.endpoint.sight, lans[packet.lan]?.name ?? "");
}

/** The partner has answered this LAN while it had no carrier here, and goes on until it is seen to stay. */
function isPartnerThere(pair: Pair, lan: Lan): boolean {
  const { endpoint } = pair;
  return pair.isUpdating && endpoint.sight !== undefined && !isAloneOn(endpoint.sight, lan.name);
}

/**
 * The message reached both boxes, and either could answer it. A dhcpd leaves no REQUEST to its partner;
 * between two of ours one answer is enough, and the leases of two would contradict each other.
 */
function isForAnybody(server: Dhcp4Server, { config }: Pair): boolean {
  const { type, message, serverId, frame, isToVirtual } = server.packet;
  // Who has the virtual address has heard it alone.
  if (isToVirtual) return false;
  if (type === MESSAGE_TYPE.discover) return true;
  if (config.dialect === "isc" || (serverId !== ANY && !isCommonId(server))) return false;
  switch (type) {
    case MESSAGE_TYPE.request:
      return message.ciaddr === ANY || message.giaddr !== ANY || frame.isBroadcast;
    case MESSAGE_TYPE.decline:
      return serverId !== ANY;
    case MESSAGE_TYPE.release:
      return serverId !== ANY && (message.giaddr !== ANY || frame.isBroadcast);
    default:
      return false;
  }
}

/** Whether option 54 names both boxes: by an address that moves between them, or by that of the relay (RFC 5107). */
function isCommonId({ packet, ids, now }: Dhcp4Server): boolean {
  const { serverId, relay } = packet;
  return serverId === relay.serverIdOverride || ids.isVirtual(serverId, now.monotonic);
}

function mayAnswer(server: Dhcp4Server, segment: Segment, pair: Pair): boolean {
  const { type, message, serverId, requested } = server.packet;
  if (serverId === ANY) return isOurs(server, pair) || hasWaited(server, segment, pair);
  switch (type) {
    case MESSAGE_TYPE.decline:
      return isOursToEnd(server, segment, pair, requested);
    case MESSAGE_TYPE.release:
      return isOursToEnd(server, segment, pair, message.ciaddr);
    default:
      // Without option 50 it rebinds, and need not have named anybody.
      if (requested === ANY) return isOurs(server, pair) || hasWaited(server, segment, pair);
      return mayAnswerSelecting(server, segment, pair);
  }
}

/**
 * SELECTING, with an offer of either box. Where only one can have made it, that one answers; of an address that both
 * might give to this client, the one whose share the client is. So it needs no memory of its offers, which a box that
 * was started again has lost. The other one does when the client goes on asking.
 */
function mayAnswerSelecting(server: Dhcp4Server, segment: Segment, pair: Pair): boolean {
  const { bindings, packet, retries, hardwareHash, now } = server;
  const { client, requested, message } = packet;
  const giver = giverOf(bindings, segment, packet, requested);
  if (giver === "this-box") return true;
  const offer = bindings.offers.find(client, segment.pool);
  // RFC 2131 §3.1 (4): it was offered another one here, and chose the partner.
  const isOther = offer !== undefined && offer.address !== requested;
  if (isOther) bindings.offers.drop(offer);
  // Who has an offer of this box since then begins anew, some under the same number, unless all that it said comes late.
  const hasOffered = retries.hasOffered(hardwareHash, message.xid, now.monotonic);
  const within = hasOffered ? LATE_SECONDS : undefined;
  const isAnswered = isJustGiven(bindings, segment, packet, requested, within);
  const isShared = giver === "either" && !isOther && !isAnswered;
  if (isShared && isOurs(server, pair)) return true;
  const asked = retries.selectedForMilliseconds(hardwareHash, message.xid, now.monotonic);
  return asked > pair.config.loadBalanceSecondsMax * 1000;
}

/** Words of a client are on the wire for no longer than that. */
const LATE_SECONDS = 1;

/** Of a lease that both know one box takes note; what the partner does not know of is this box's own. */
function isOursToEnd(server: Dhcp4Server, segment: Segment, pair: Pair, address: Ipv4): boolean {
  const giver = giverOf(server.bindings, segment, server.packet, address);
  return giver === "this-box" || (giver === "either" && isOurs(server, pair));
}

/** By the hash of RFC 3074; with hot standby all are the primary's. */
function isOurs(server: Dhcp4Server, pair: Pair): boolean {
  const bucket = bucketOfMessage(server.packet.message);
  return isPrimaryBucket(pair.terms.primaryBuckets, bucket) === (pair.role === "primary");
}

/** RFC 3074 §5.2: who has tried for too long is answered by anybody. Some always say that they just began. */
function hasWaited(server: Dhcp4Server, segment: Segment, pair: Pair): boolean {
  const { packet, bindings, retries, hardwareHash, now } = server;
  const { message, requested } = packet;
  const { loadBalanceSecondsMax } = pair.config;
  const tried = retries.triedForMilliseconds(hardwareHash, message.xid, now.monotonic);
  const isGiven = isJustGiven(bindings, segment, packet, requested || message.ciaddr);
  if (isGiven) retries.answeredByPartner(hardwareHash);
  return secondsSaid(message.secs) > loadBalanceSecondsMax || tried > loadBalanceSecondsMax * 1000;
}

/**
 * Whether an ACK may stand where an OFFER would (RFC 4039): only a box that answers alone. Beside it the partner offers to
 * a client that has asked for longer, which only the one that heard it all knows, and whoever takes that offer would
 * have two leases.
 */
export function mayCommitAtOnce(server: Dhcp4Server): boolean {
  return server.pair?.terms.service !== "balanced" || isPartnerGone(server);
}

/** Some clients write the field the wrong way round: a whole number of 256 seconds is a smaller one. */
function secondsSaid(secs: number): number {
  return secs > 255 && (secs & 255) === 0 ? secs >>> 8 : secs;
}
