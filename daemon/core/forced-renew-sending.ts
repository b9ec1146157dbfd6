// When clients are told to renew, and by which LAN.

import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import type { CoreConfig } from "./config-view.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import { haveParametersChanged } from "./parameter-change.ts";

/** Queues the clients of every network whose parameters are others now, and says how many they are. */
export function queueForcedRenewals(
  server: Dhcp4Server,
  before: CoreConfig,
  after: CoreConfig,
  out: Effect[],
): void {
  if (!server.auth) return;
  for (const network of after.networks) {
    // Behind a relay the next hop to a client is not known.
    if (!network.forceRenew || network.interfaceName === "") continue;
    const old = before.networks.find(({ name }) => name === network.name);
    if (!old || !haveParametersChanged(old, network, before, after)) continue;
    const count = server.renewals.addNetwork(server.bindings.book.leases(), network.name);
    const devices = count === 1 ? "1 device" : `${count} devices`;
    if (count > 0) server.lines.say("forced-renew", { devices, network: network.name }, out);
  }
}

/** Sends what is due now. */
export function sendForcedRenewals(server: Dhcp4Server, out: Effect[]): void {
  const { auth, renewals, now, replies, bindings } = server;
  if (!auth) return;
  for (;;) {
    const lease = renewals.due(now.monotonic);
    if (!lease) return;
    const lan = server.lans.find(({ segment }) => segment.networkOf(lease.address) !== undefined);
    const network = lan?.segment.networkOf(lease.address);
    if (!lan?.gate.ok || !network) continue;
    // As in the ACK. It leaves from the box's own address, as it need not have the virtual one: that it comes from
    // the server the client knows by the digest (RFC 6704 §3.1.3), whose key this box alone has.
    const { serverId, ownAddress } = lan.segment.primary.config;
    replies.leaveBy(lan.link.mac, lan.link.mtu, ownAddress);
    const frame = replies.forceRenew(auth, lease, serverId, bindings.clock.seconds);
    server.count(MESSAGE_TYPE.forceRenew, lan.segment, lease.address);
    out.push({ kind: "send", lan: lan.index, frame });
  }
}
