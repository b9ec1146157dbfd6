// Configurations as the daemon writes them.

import { readFileSync } from "node:fs";

export interface Wishes {
  readonly name?: "A" | "B";
  readonly folder: string;
  readonly dbus?: boolean;
  /** Lines of virtual_ipaddress on the LAN. */
  readonly lan?: readonly string[];
}

/** A heartbeat on the pair port that also carries the WAN, and one LAN. */
export function configuration({ name = "A", folder, dbus = false, lan }: Wishes): string {
  const template = readFileSync(new URL("example.conf", import.meta.url), "utf8");
  return template
    .replaceAll("FOLDER", folder)
    .replace(" enable_dbus\n", dbus ? " enable_dbus\n" : "")
    .replace(" 10.77.0.1/24 dev lan0\n", `${(lan ?? ["10.77.0.1/24 dev lan0"]).join("\n")}\n`)
    .replace("router_id A", `router_id ${name}`)
    .replace("fe80::7464:1/", name === "A" ? "fe80::7464:1/" : "fe80::7464:2/")
    .replaceAll("priority 250", name === "A" ? "priority 250" : "priority 249");
}
