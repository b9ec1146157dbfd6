// Which clients this box answers while it is one of two (draft-ietf-dhc-failover-12 §5.3, §9).

import { ANY } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import { bucketOfMessage, isPrimaryBucket } from "./failover/load-balance.ts";
import type { Pair } from "./failover/pair.ts";
import { isAloneOn } from "./failover/sight.ts";
import type { Lan } from "./lan.ts";

/** Why the packet in hand gets no answer from this box for the sake of the pair; undefined: it may. */
export function whySilent(server: Dhcp4Server, lan: Lan, pair: Pair): RefusalReason | undefined {
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
      return isOurs(server, pair) || hasWaited(server, pair) ? undefined : "partner-answers";
  }
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
function isForAnybody({ packet }: Dhcp4Server, { config }: Pair): boolean {
  const { type, message, serverId, frame } = packet;
  if (type === MESSAGE_TYPE.discover) return true;
  if (type !== MESSAGE_TYPE.request || serverId !== ANY || config.dialect === "isc") return false;
  return message.ciaddr === ANY || message.giaddr !== ANY || frame.isBroadcast;
}

/** By the hash of RFC 3074; with hot standby all are the primary's. */
function isOurs(server: Dhcp4Server, pair: Pair): boolean {
  const bucket = bucketOfMessage(server.packet.message);
  return isPrimaryBucket(pair.terms.primaryBuckets, bucket) === (pair.role === "primary");
}

/** RFC 3074 §5.2: who has tried for too long is answered by anybody. Some always say that they just began. */
function hasWaited(server: Dhcp4Server, pair: Pair): boolean {
  const { message } = server.packet;
  const { loadBalanceSecondsMax } = pair.config;
  const tried = server.retries.triedForMilliseconds(
    server.hardwareHash,
    message.xid,
    server.now.monotonic,
  );
  return secondsSaid(message.secs) > loadBalanceSecondsMax || tried > loadBalanceSecondsMax * 1000;
}

/** Some clients write the field the wrong way round: a whole number of 256 seconds is a smaller one. */
function secondsSaid(secs: number): number {
  return secs > 255 && (secs & 255) === 0 ? secs >>> 8 : secs;
}
