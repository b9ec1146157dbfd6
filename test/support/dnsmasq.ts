// dnsmasq on a host of a lab, as a DHCP server, as a relay or as a resolver, without any file of the machine.

import { existsSync } from "node:fs";
import type { Background, Host } from "./lab-hosts.ts";

export const hasDnsmasq = ["/usr/sbin/dnsmasq", "/usr/bin/dnsmasq"].some(existsSync);

// No DNS; and it stays who it is, because the lab may have no other user. `-d` alone still looks one up.
const COMMON = ["dnsmasq", "-d", "--user=root", "--group=root", "-C", "/dev/null"];
const LOG = ["--pid-file=", "--log-facility=-"];

/** Resolves when it serves. */
export async function startDnsmasq(host: Host, options: readonly string[]): Promise<Background> {
  const rules = ["-p", "0", "--log-dhcp", `--dhcp-leasefile=${host.folder}/dnsmasq.leases`];
  return await start(host, [...rules, ...options]);
}

/** Knows the names of one domain by itself, and refuses all others; asks nobody. */
export function startResolver(host: Host, interfaceName: string): Promise<Background> {
  const names = ["--no-resolv", "--no-hosts", "--address=/example.test/192.0.2.1"];
  return start(host, ["-p", "53", `--interface=${interfaceName}`, ...names]);
}

async function start(host: Host, options: readonly string[]): Promise<Background> {
  const program = await host.start([...COMMON, ...LOG, ...options]);
  await program.says("started");
  return program;
}
