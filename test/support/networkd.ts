// systemd-networkd by itself on a host of a lab: no systemd as process 1, no udev, no bus.

import { existsSync } from "node:fs";
import type { Background, Host } from "./lab-hosts.ts";

export const NETWORKD = "/lib/systemd/systemd-networkd";
export const hasNetworkd = existsSync(NETWORKD);

const NETWORK = `[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
[DHCPv4]
SendHostname=no
UseDNS=no
`;

// It wants folders in /run that a boot has made, and a user to become; inside the lab there is only
// root. A writable /sys tells it that udev will name the interfaces, so it gets a read-only one.
const START = `set -e
mount -t tmpfs -o mode=755 tandem /run
mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases
cp "$1/eth0.network" /run/systemd/network/
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
mount -t sysfs -o ro sysfs /sys
exec ${NETWORKD}`;

/** Starts it on eth0. SIGTERM ends it, and it gives its address back. */
export function startNetworkd(host: Host): Promise<Background> {
  host.write("eth0.network", NETWORK);
  host.write("passwd", "root:x:0:0:root:/root:/bin/sh\nsystemd-network:x:0:0::/:/bin/false\n");
  host.write("group", "root:x:0:\nsystemd-network:x:0:\n");
  const own = ["unshare", "--mount", "--propagation", "slave"];
  const env = ["env", "SYSTEMD_LOG_LEVEL=debug", "SYSTEMD_LOG_TARGET=console"];
  return host.start([...own, ...env, "sh", "-c", START, "sh", host.folder]);
}
