// What is heard on a LAN besides the requests of clients: who uses an address, and who else gives them out.

import { formatIpv4, formatMac } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Lan } from "./lan.ts";
import { setAside } from "./offer-checks.ts";
import { rogueDoing, serverOf } from "./rogue-watch.ts";

/** ARP and echo replies: somebody may use an address that is to be offered. */
export function hearUse(server: Dhcp4Server, lan: Lan, out: Effect[]): RefusalReason | undefined {
  const { frame } = server.packet;
  if (frame.kind !== "arp" && frame.kind !== "icmp") return "frame-not-dhcp";
  const probe = server.probes.heard(lan.index, frame, lan.link.mac);
  if (probe) setAside(server, probe, out);
  // The packet in hand may be the client's request by now, and that was handled.
  server.packet.type = 0;
  return undefined;
}

/** A reply of a DHCP server: if it is nobody's that should be here, it is said. */
export function hearServer(server: Dhcp4Server, lan: Lan, out: Effect[]): RefusalReason {
  const { frame, message } = server.packet;
  const id = serverOf(frame, message);
  if (server.isOwnId(id)) return "wrong-direction";
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
