// DHCPDISCOVER (RFC 2131 §4.3.1). Nothing about a lease changes here, unless the client wants its lease at
// once (RFC 4039): an offer is only held in memory.

import { ANY } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { whyPortFull } from "./admission.ts";
import { grant, mayForce } from "./dhcp4-request.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import { NONCE_ALGORITHMS } from "./forced-renew.ts";
import { ask, mustAsk } from "./offer-checks.ts";
import type { Packet } from "./packet.ts";
import { mayCommitAtOnce } from "./pair-gate.ts";
import type { LeaseExtras } from "./reply.ts";
import type { Segment } from "./segment.ts";
import { leaseSecondsFor, prepare } from "./terms.ts";

const RAPID_COMMIT = OPTION.rapidCommit.code;
const AUTO_CONFIGURE = OPTION.autoConfigure.code;
const IPV6_ONLY = OPTION.ipv6OnlyPreferred.code;
const REQUEST_LIST = OPTION.parameterRequestList.code;
/** RFC 2563 §2.1. */
const DO_NOT_AUTO_CONFIGURE = 0;

/** `pool-full` and `pool-kept` stay on until nobody has been turned away for this long. */
const TURNED_AWAY_MILLISECONDS = 60_000;

export function handleDiscover(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { packet, bindings, now } = server;
  server.probes.noteDiscover(now.monotonic);
  const address = bindings.choose(segment, packet, now.monotonic);
  if (address === ANY) return turnAway(server, segment, bindings.whyNone, out);
  const full = whyPortFull(server, segment, address);
  if (full) return turnAway(server, segment, full, out);
  const network = prepare(server, segment, address);
  // RFC 8925 §3.3: whoever does without IPv4 is not given an address, and none at once (RFC 4039) either.
  if (ipv6OnlyWait(packet)) {
    sendNoAddress(server, segment, out);
    return "ipv6-only";
  }
  const wanted = leaseSecondsFor(packet, network);
  const { pair } = server;
  const isSafe = pair === undefined || pair.terms.asksFirst(now);
  const entry = bindings.book.at(address);
  let seconds = isSafe ? wanted : pair.terms.safeSeconds(entry, wanted);
  if (bindings.isJournalFailing) {
    seconds = Math.min(bindings.durableSecondsLeft(packet, address), seconds);
    if (seconds === 0) return "disk-not-writable";
  }
  const isToBeChecked = !server.isTest && mustAsk(server, server.probes, network, address);
  const wantsAtOnce = network.config.rapidCommit && asksForRapidCommit(packet.message);
  if (wantsAtOnce && !isToBeChecked && mayCommitAtOnce(server)) {
    return grant(server, segment, address, out, true);
  }
  bindings.hold(segment, packet, address, now.monotonic, !isToBeChecked);
  if (server.pair && !server.isTest) {
    server.retries.offered(server.hardwareHash, packet.message.xid, now.monotonic);
  }
  const extras = mayForce(server, network) ? OFFERS_NONCE : undefined;
  if (isToBeChecked) ask(server, server.probes, segment, address, seconds, extras, out);
  else server.sendLease(MESSAGE_TYPE.offer, segment, address, seconds, out, extras);
  return undefined;
}

const OFFERS_NONCE: LeaseExtras = {
  isRapid: false,
  nonceCapable: NONCE_ALGORITHMS,
  authentication: undefined,
};

/** RFC 4039 §4: an option without content. */
function asksForRapidCommit(message: Dhcp4Message): boolean {
  return message.contentStart(RAPID_COMMIT) !== 0 && message.contentLength(RAPID_COMMIT) === 0;
}

function turnAway(
  server: Dhcp4Server,
  segment: Segment,
  reason: RefusalReason,
  out: Effect[],
): RefusalReason {
  const { packet, now } = server;
  if (server.isTest) return reason;
  if (reason === "no-free-address" || reason === "kept-for-known") {
    server.pair?.balancer.runOut(now.monotonic);
    segment.turnsAwayUntil = now.monotonic + TURNED_AWAY_MILLISECONDS;
    segment.limiter.refused(now.monotonic);
  }
  server.lines.refused(packet, ANY, reason, out);
  offerNoAddress(server, segment, out);
  return reason;
}

/**
 * Tells a client that gets no address what it waits to hear: that it shall do without IPv4 (RFC 8925
 * §3.3), that it shall not make up an address (RFC 2563 §2.3).
 */
export function offerNoAddress(server: Dhcp4Server, segment: Segment, out: Effect[]): void {
  prepare(server, segment, ANY);
  sendNoAddress(server, segment, out);
}

/** The same, once the packet's levels are filled. */
function sendNoAddress(server: Dhcp4Server, segment: Segment, out: Effect[]): void {
  const { packet } = server;
  const wait = ipv6OnlyWait(packet);
  const autoConfigure = noAutoConfigure(packet);
  if (!wait && !autoConfigure) return;
  const frame = server.replies.noAddress(packet, wait, autoConfigure);
  server.send(MESSAGE_TYPE.offer, segment, ANY, frame, out);
}

/** Content of option 108 for a client that asks for it; undefined when there is none. */
function ipv6OnlyWait({ levels, message }: Packet): Uint8Array | undefined {
  const wait = levels.option(IPV6_ONLY);
  return wait && message.raw(REQUEST_LIST)?.includes(IPV6_ONLY) ? wait : undefined;
}

/**
 * Content of option 116 for a client that would make up an address where it may not; undefined for others:
 * by RFC 2563 §2.3 those that may are answered as before, which is not at all.
 */
function noAutoConfigure({ levels, message }: Packet): Uint8Array | undefined {
  // RFC 2563 §2: it is one byte long; anything else is none.
  if (typeof message.u8(AUTO_CONFIGURE) !== "number") return undefined;
  const value = levels.option(AUTO_CONFIGURE);
  return value?.[0] === DO_NOT_AUTO_CONFIGURE ? value : undefined;
}
