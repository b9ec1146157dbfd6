// Single statements of dnsmasq, beside a network that leaves no notes.

import { importDnsmasq } from "../../daemon/import/dnsmasq-conf.ts";
import type { Imported } from "../../daemon/import/imported.ts";
import { lines } from "./devices.ts";

/** A network whose notes are none, so that those of the statements at hand are all. */
export const RANGE = [
  "dhcp-range=192.168.0.50,192.168.0.150,255.255.255.0,12h",
  "listen-address=192.168.0.1",
  "port=0",
];

/** The statements stand from line 4 on. */
export function conf(...text: string[]): Imported {
  return lines(importDnsmasq, "dnsmasq.conf", ...RANGE, ...text);
}
