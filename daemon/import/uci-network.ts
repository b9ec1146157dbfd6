// OpenWrt's /etc/config/network: the addresses that the device itself has.

import { parseIpv4, parseSubnet, type Subnet } from "../base/address.ts";
import { hostProblem } from "../config/hosts.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { prefixOfMask } from "./device-ranges.ts";
import type { DnsmasqInterface } from "./dnsmasq-statements.ts";
import { listOf, saidOf, settingOf, type UciSection } from "./uci-syntax.ts";

export interface UciInterface extends DnsmasqInterface {
  readonly section: UciSection;
}

/** What of an interface is taken over; the rest is about other things. */
const TAKEN = new Set(["proto", "ipaddr", "netmask", "device", "ifname", "type"]);

/** Those with an address of their own, by their names; the others have nothing that DHCP could be given on. */
export function readInterfaces(
  draft: DeviceDraft,
  sections: readonly UciSection[],
): ReadonlyMap<string, UciInterface> {
  const interfaces = new Map<string, UciInterface>();
  for (const section of sections) {
    if (section.type !== "interface" || settingOf(section, "proto") !== "static") continue;
    const at = addressOf(draft, section);
    if (at && interfaces.has(section.name)) {
      draft.leftOut(section.said, "There is another interface of this name above.");
    } else if (at) interfaces.set(section.name, at);
  }
  return interfaces;
}

function addressOf(draft: DeviceDraft, section: UciSection): UciInterface | undefined {
  const [first, ...more] = listOf(section, "ipaddr");
  if (!first) return undefined;
  const own = parseIpv4(first.text.split("/")[0] ?? "");
  const subnet = subnetOf(first.text, settingOf(section, "netmask"));
  const isHost = subnet && own !== undefined && !hostProblem(own, subnet, first.text);
  if (own === undefined || !subnet || !isHost) {
    draft.unreadable(first.said, "It is not an address with a netmask.");
    return undefined;
  }
  for (const { said, text } of more) {
    draft.leftOut(said, `The first address of the interface is taken over, ${text} is not.`);
  }
  return { name: section.name, subnet, own, device: deviceOf(section), section };
}

/** "192.168.1.1/24", or an address and a netmask. */
function subnetOf(address: string, mask: string | undefined): Subnet | undefined {
  if (address.includes("/")) return parseSubnet(address);
  const prefix = prefixOfMask(mask ?? "");
  return prefix === undefined ? undefined : parseSubnet(`${address}/${prefix}`);
}

function deviceOf(section: UciSection): string | undefined {
  if (settingOf(section, "type") === "bridge") return `br-${section.name}`;
  const device = settingOf(section, "device") ?? settingOf(section, "ifname");
  return device === undefined || /[\s@]/.test(device) ? undefined : device;
}

/** One note for each section, of what is in it besides the address. */
export function sayOfNetwork(
  draft: DeviceDraft,
  sections: readonly UciSection[],
  used: ReadonlySet<string>,
): void {
  for (const section of sections) {
    const { name } = section;
    const said = saidOf(section);
    const rest = Array.from(section.values.keys()).filter((key) => !TAKEN.has(key));
    if (section.type !== "interface") {
      draft.leftOut(said, "It is not about DHCP for clients.");
    } else if (!used.has(name)) {
      draft.leftOut(said, "The device gives no addresses by DHCP on this interface.");
    } else if (rest.length > 0) {
      const reason = `Of the interface its address and its port are taken over, and not: ${shortList(rest)}.`;
      draft.leftOut(said, reason);
    }
  }
}

/** As many names as a sentence has room for. */
export function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 24).map((name) => name.slice(0, 40));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
