// What is heard on a LAN besides the requests of clients: who uses an address, and who else gives them out.

import { formatIpv4, formatMac } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { readU32 } from "../wire/reader.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Lan } from "./lan.ts";
import { setAside } from "./offer-checks.ts";
import { rogueDoing, serverOf } from "./rogue-watch.ts";

/** ARP and echo replies: somebody may use an address that is to be offered. */
export function hearUse(server: Dhcp4Server, lan: Lan, out: Effect[]): RefusalReason | undefined {
  const { frame } = server.packet;
  if (frame.kind !== "arp" && frame.kind !== "icmp") return "frame-not-dhcp";
  if (isQuestionOfPartner(server)) {
    server.packet.type = 0;
    return undefined;
  }
  const probe = server.probes.heard(lan.index, frame, lan.link.mac);
  if (probe) setAside(server, probe, out);
  // The packet in hand may be the client's request by now, and that was handled.
  server.packet.type = 0;
  return undefined;
}

/**
 * What the partner asks the wire about it does not use itself. Before the boxes have met since the start
 * its MACs are not known, and a question alone (RFC 5227 §1.1: an ARP probe) is no sign of use.
 */
function isQuestionOfPartner({ pair, ids, packet }: Dhcp4Server): boolean {
  const { frame } = packet;
  if (!pair || frame.kind !== "arp") return false;
  if (ids.partnerMacs.length > 0) return ids.isPartnersMac(frame.srcMac);
  const { bytes, payloadStart, payloadEnd } = frame;
  const senderIp = payloadStart + ARP_SENDER_IP;
  return senderIp + 4 <= payloadEnd && readU32(bytes, senderIp) === 0;
}

/** Offset of the sender's address in an ARP packet of Ethernet and IPv4 (RFC 826). */
const ARP_SENDER_IP = 14;

/** A reply of a DHCP server: if it is nobody's that should be here, it is said. */
export function hearServer(server: Dhcp4Server, lan: Lan, out: Effect[]): RefusalReason {
  const { frame, message } = server.packet;
  const id = serverOf(frame, message);
  const { ids, lans, pair } = server;
  if (ids.isOurReply(id, frame.srcMac, lans, pair !== undefined)) return "wrong-direction";
  const verdict = lan.rogues.reply(frame, message, lan.trustedServers, server.now);
  if (verdict === "ignored") return "wrong-direction";
  const rogue = lan.rogues.latest;
  if (verdict === "new" && rogue) {
    const mac = formatMac(rogue.mac);
    const values = { mac, server: formatIpv4(id), network: lan.name, ...rogueDoing(rogue) };
    server.lines.say("rogue-seen", values, out);
  }
  return "other-servers-reply";
}
