// dnsmasq on a host of a lab, as a DHCP server or as a relay, without any file of the machine.

import { existsSync } from "node:fs";
import type { Background, Host } from "./lab-hosts.ts";

export const hasDnsmasq = ["/usr/sbin/dnsmasq", "/usr/bin/dnsmasq"].some(existsSync);

// No DNS; and it stays who it is, because the lab may have no other user. `-d` alone still looks one up.
const COMMON = ["dnsmasq", "-d", "--user=root", "--group=root", "-C", "/dev/null", "-p", "0"];

/** Resolves when it serves. */
export async function startDnsmasq(host: Host, options: readonly string[]): Promise<Background> {
  const files = ["--pid-file=", `--dhcp-leasefile=${host.folder}/dnsmasq.leases`];
  const log = ["--log-dhcp", "--log-facility=-"];
  const program = await host.start([...COMMON, ...files, ...log, ...options]);
  await program.says("started");
  return program;
}
