// DHCPREQUEST (RFC 2131 §4.3.2). What it means depends on the state the client is in, which shows in
// the fields it filled in (table 4 there): whether it names a server, asks for an address in option
// 50, or has one in ciaddr.

import { ANY, type Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { whyNoNewcomer, whyPortFull } from "./admission.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import { isNonceDue, wantsNonce } from "./forced-renew.ts";
import type { LeaseEntry } from "./lease-book.ts";
import type { Network } from "./network.ts";
import { isPartnerGone } from "./pair-gate.ts";
import type { LeaseExtras } from "./reply.ts";
import type { Segment } from "./segment.ts";
import { leaseSecondsFor, prepare } from "./terms.ts";

export function handleRequest(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { message, requested, serverId } = server.packet;
  if (serverId !== ANY) {
    if (!server.isOwnId(serverId)) return otherServer(server, segment, out);
    // RFC 2131 table 4: only SELECTING has a server identifier. A client that renews and sends one
    // all the same has its address in ciaddr and none in option 50.
    if (requested !== ANY) return selecting(server, segment, requested, out);
  } else if (requested !== ANY && message.ciaddr === ANY) {
    // INIT-REBOOT: does what the client remembers still hold?
    return keeping(server, segment, requested, out);
  }
  // RENEWING (unicast, the client knows us) or REBINDING (broadcast, to any server): RFC 2131 §4.3.2
  // has the server check ciaddr before it answers, by the same rules.
  if (message.ciaddr !== ANY) return keeping(server, segment, message.ciaddr, out);
  return "dhcp-malformed";
}

/** RFC 2131 §3.1 (4): the servers that were not selected take the message as notification. */
function otherServer(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { bindings, packet, pair, hardwareHash } = server;
  const offer = bindings.offers.find(packet.client, segment.pool);
  if (offer) bindings.offers.drop(offer);
  server.retries.answered(hardwareHash);
  if (!pair) return "other-server";
  server.left.answered(hardwareHash);
  if (!server.ids.partners.includes(packet.serverId)) return "other-server";
  const isInItsPlace = pair.terms.service === "all" || isPartnerGone(server);
  if (isInItsPlace) return inPartnersPlace(server, segment, out);
  if (!server.isTest) server.leave();
  return "other-server";
}

/**
 * The partner was selected and is gone. What it had promised by then it told this box before the client, which
 * may have it from either; of an offer alone this box knows nothing.
 */
function inPartnersPlace(
  server: Dhcp4Server,
  segment: Segment,
  out: Effect[],
): RefusalReason | undefined {
  const { bindings, packet } = server;
  const { requested, client } = packet;
  const lease = bindings.book.at(requested);
  const isItsLease = lease?.state === "active" && client.equalsPacked(lease.packedClient);
  if (!isItsLease || bindings.whyNot(segment, packet, requested)) return "other-server";
  return grant(server, segment, requested, out);
}

/**
 * SELECTING: the client answers our OFFER. RFC 2131 §3.1 (4): if the address cannot be given any more,
 * it gets a NAK. An offer that is not remembered (it timed out, or the box was restarted) does no
 * harm as long as the address is still free.
 */
function selecting(
  server: Dhcp4Server,
  segment: Segment,
  address: Ipv4,
  out: Effect[],
): RefusalReason | undefined {
  const reason = server.bindings.whyNot(segment, server.packet, address);
  if (reason === "partner-owns" && !isPartnerGone(server)) return leaveToOwner(server);
  if (reason) return server.sendNak(segment, address, reason, out);
  if (holdsAnother(server, segment, address)) {
    return server.sendNak(segment, address, "not-yours", out);
  }
  const full = whyPortFull(server, segment, address) ?? whyNoNewcomer(server, segment);
  if (full) return server.sendNak(segment, address, full, out);
  return grant(server, segment, address, out);
}

/**
 * The partner answers for what is its own. Once nothing is heard of it any more this box does: a client that has no
 * address need not wait in vain.
 */
function leaveToOwner(server: Dhcp4Server): RefusalReason {
  if (!server.isTest) server.leave();
  return "partner-owns";
}

/**
 * One client, one lease: it could take the whole pool with one request per address otherwise. It may go to
 * an address that it was offered or that is reserved for it, and away from one that is not its any more.
 */
function holdsAnother(server: Dhcp4Server, segment: Segment, address: Ipv4): boolean {
  const { bindings, packet } = server;
  const { client, reservation } = packet;
  const held = bindings.book.find(client, segment.pool);
  if (held?.state !== "active" || held.address === address) return false;
  const there = bindings.book.at(address);
  if (there?.state === "active" && client.equalsPacked(there.packedClient)) return false;
  if (reservation?.address === address) return false;
  if (bindings.offers.find(client, segment.pool)?.address === address) return false;
  return segment.whyForeign(held.address, packet) === undefined;
}

/**
 * INIT-REBOOT, RENEWING and REBINDING: the client wants to keep an address.
 *
 * RFC 2131 §4.3.2: an address that is on the wrong network, or is not the client's, gets a NAK; a
 * server without a record of the client must remain silent, for there may be other servers. On a
 * LAN where this one has authority there are none: then an unknown client may have its address if it
 * is free, and gets a NAK if it is not, so that it does not wait in vain.
 */
function keeping(
  server: Dhcp4Server,
  segment: Segment,
  address: Ipv4,
  out: Effect[],
): RefusalReason | undefined {
  const { bindings, packet } = server;
  const { authoritative } = segment.primary.config;
  const known = bindings.book.find(packet.client, segment.pool);
  const reason = bindings.whyNot(segment, packet, address);
  if (reason === "partner-owns" && !mayRefuseForPartner(server)) return leaveToOwner(server);
  if (reason === "wrong-network") {
    return authoritative ? server.sendNak(segment, address, reason, out) : reason;
  }
  if (!known && !packet.reservation && !authoritative) return "unknown-client";
  const refusal = reason ?? (known ? undefined : whyNoNewcomer(server, segment));
  if (refusal) return server.sendNak(segment, address, refusal, out);
  if (known?.state === "active" && known.address !== address) {
    // It holds another address by our books, so its notion of its address is wrong.
    return server.sendNak(segment, address, "not-yours", out);
  }
  const full = whyPortFull(server, segment, address);
  if (full) return server.sendNak(segment, address, full, out);
  return grant(server, segment, address, out);
}

/**
 * Who renews has time, and may have its lease from a partner that was alone: it is refused when that is down for
 * certain. Who only remembers an address is in a hurry.
 */
function mayRefuseForPartner(server: Dhcp4Server): boolean {
  const isRenewal = server.packet.message.ciaddr !== ANY;
  return isPartnerGone(server) && !(isRenewal && server.pair?.state !== "partner-down");
}

/**
 * Gives the address and sends the ACK behind the record that says so. While the disk cannot be
 * written, a client is told no more than what is on disk already; without such a lease it gets
 * nothing, and asks again. While the disk is slow a client that has most of a lease on disk is told of
 * that at once: an ACK that waits too long for the disk is never sent.
 */
export function grant(
  server: Dhcp4Server,
  segment: Segment,
  address: Ipv4,
  out: Effect[],
  isRapid = false,
): RefusalReason | undefined {
  const { bindings, packet, pair, now } = server;
  const network = prepare(server, segment, address);
  const wanted = leaseSecondsFor(packet, network);
  // What may be told without the partner's knowing, and what once it knows.
  const safe = pair ? pair.terms.safeSeconds(bindings.book.at(address), wanted) : wanted;
  const isAsked = pair?.terms.asksFirst(now) ?? false;
  const seconds = isAsked ? wanted : safe;
  if (bindings.journal.kind !== "ok") {
    const left = Math.min(bindings.durableSecondsLeft(packet, address), safe);
    const isFailing = bindings.isJournalFailing;
    if (isFailing && left === 0) return "disk-not-writable";
    if (isFailing || left > seconds / 2) {
      const known = bindings.book.at(address);
      if (known) bindings.noteAcknowledged(known);
      const extras = extrasFor(server, network, known, isRapid, true);
      server.sendLease(MESSAGE_TYPE.ack, segment, address, left, out, extras);
      return undefined;
    }
  }
  const before = bindings.book.at(address);
  const isSame = before !== undefined && packet.client.equalsPacked(before.packedClient);
  const isNew = before?.state !== "active" || !isSame;
  // Who renews with whichever box has the virtual address may have the nonce of the other one.
  const isPartnersWord = packet.isToVirtual && before?.fromPartner;
  const couldBefore = isSame && before.canForceRenew && !isPartnersWord;
  const canForceRenew = mayForce(server, network);
  const entry = bindings.grant(segment, packet, address, seconds, wanted, canForceRenew, out);
  server.renewals.forget(entry);
  server.retries.answered(server.hardwareHash);
  const extras = extrasFor(server, network, entry, isRapid, couldBefore);
  if (pair && isAsked) {
    const frame = server.replies.lease(MESSAGE_TYPE.ack, packet, address, seconds, extras);
    server.noteSent(MESSAGE_TYPE.ack, segment, address);
    pair.terms.hold(entry, packet.lan, frame, safe, now);
  } else {
    server.sendLease(MESSAGE_TYPE.ack, segment, address, seconds, out, extras);
  }
  if (isNew) server.lines.granted(entry, out);
  return undefined;
}

/** RFC 6704 §3.1.1: the client offered it and the network wants it. */
export function mayForce(server: Dhcp4Server, network: Network): boolean {
  return (
    network.config.forceRenew && server.auth !== undefined && wantsNonce(server.packet.message)
  );
}

const RAPID: LeaseExtras = { isRapid: true, nonceCapable: undefined, authentication: undefined };

/** `couldBefore`: the client of this lease has the nonce, if it is one that renews. */
function extrasFor(
  server: Dhcp4Server,
  network: Network,
  entry: LeaseEntry | undefined,
  isRapid: boolean,
  couldBefore: boolean,
): LeaseExtras | undefined {
  const { packet, auth, bindings } = server;
  // RFC 6704 §3.1.3: who renews with any server (RFC 2131: by broadcast) may have the nonce of another.
  const hasNonce = couldBefore && !packet.frame.isBroadcast;
  const isWanted = mayForce(server, network) && isNonceDue(packet.message, hasNonce);
  if (!entry || !isWanted) return isRapid ? RAPID : undefined;
  const authentication = auth?.nonceOption(entry.client, bindings.clock.seconds);
  return { isRapid, nonceCapable: undefined, authentication };
}
