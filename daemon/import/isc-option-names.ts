// Names of DHCP options as dhcpd and Kea, both of ISC, write them, where they differ from those of our table.

import { optionByName } from "../wire/dhcp4-options.ts";

/** Whose names they are. */
export type Dialect = "dhcpd" | "kea";

/** The code of a standard option; undefined when the server knows none of this name by itself. */
export function standardCode(name: string, dialect: Dialect): number | undefined {
  const known = (dialect === "dhcpd" ? ONLY_DHCPD : ONLY_KEA).get(name) ?? BOTH.get(name);
  if (known !== undefined) return known;
  // dhcpd calls an option without a name after its number.
  const unnamed = /^unknown-([1-9][0-9]{0,2})$/.exec(name)?.[1];
  if (unnamed !== undefined && Number(unnamed) <= 254) return Number(unnamed);
  return name.startsWith("option-") ? undefined : optionByName(name)?.code;
}

/** The other way: what the server calls an option; undefined when it has no name of its own for it. */
export function standardName(code: number, dialect: Dialect): string | undefined {
  for (const table of [dialect === "dhcpd" ? ONLY_DHCPD : ONLY_KEA, BOTH]) {
    for (const [name, other] of table) if (other === code) return name;
  }
  return undefined;
}

const BOTH: ReadonlyMap<string, number> = new Map([
  ["routers", 3],
  ["time-servers", 4],
  ["domain-name-servers", 6],
  ["log-servers", 7],
  ["cookie-servers", 8],
  ["lpr-servers", 9],
  ["impress-servers", 10],
  ["resource-location-servers", 11],
  ["boot-size", 13],
  ["merit-dump", 14],
  ["max-dgram-reassembly", 22],
  ["all-subnets-local", 27],
  ["router-discovery", 31],
  ["static-routes", 33],
  ["ieee802-3-encapsulation", 36],
  ["default-tcp-ttl", 37],
  ["vendor-encapsulated-options", 43],
  ["netbios-name-servers", 44],
  ["netbios-dd-server", 45],
  ["font-servers", 48],
  ["x-display-manager", 49],
  ["dhcp-requested-address", 50],
  ["dhcp-lease-time", 51],
  ["dhcp-option-overload", 52],
  ["dhcp-server-identifier", 54],
  ["dhcp-parameter-request-list", 55],
  ["dhcp-message", 56],
  ["dhcp-max-message-size", 57],
  ["dhcp-renewal-time", 58],
  ["dhcp-rebinding-time", 59],
  ["dhcp-client-identifier", 61],
  ["nwip-suboptions", 63],
  ["nisplus-servers", 65],
  ["pop-server", 70],
  ["fqdn", 81],
  ["bcms-controller-names", 88],
  ["bcms-controller-address", 89],
  ["uap-servers", 98],
  ["geoconf-civic", 99],
  ["pcode", 100],
  ["tcode", 101],
  ["v6-only-preferred", 108],
  ["netinfo-server-address", 112],
  ["netinfo-server-tag", 113],
  ["auto-config", 116],
  ["v4-lost", 137],
  ["capwap-ac-v4", 138],
  ["sip-ua-cs-domains", 141],
  ["ipv4-address-andsf", 142],
  ["v4-portparams", 159],
  ["option-6rd", 212],
  ["v4-access-domain", 213],
]);

const ONLY_DHCPD: ReadonlyMap<string, number> = new Map([
  ["ien116-name-servers", 5],
  ["nwip-domain", 62],
  ["nisplus-domain", 64],
  ["relay-agent-information", 82],
  ["pxe-system-type", 93],
  ["pxe-interface-id", 94],
  ["pxe-client-id", 97],
  ["default-url", 114],
  ["vivco", 124],
  ["vivso", 125],
  ["tftp-server-address", 150],
  // RFC 7710 had the captive portal at 160; RFC 8910 moved it to 114.
  ["v4-captive-portal", 160],
  ["loader-configfile", 209],
  ["loader-pathprefix", 210],
  ["loader-reboottime", 211],
]);

const ONLY_KEA: ReadonlyMap<string, number> = new Map([
  ["name-servers", 5],
  ["nwip-domain-name", 62],
  ["nisplus-domain-name", 64],
  ["boot-file-name", 67],
  ["dhcp-agent-options", 82],
  ["authenticate", 90],
  ["client-system", 93],
  ["client-ndi", 94],
  ["uuid-guid", 97],
  ["v4-captive-portal", 114],
  ["cablelabs-client-conf", 122],
  ["vivco-suboptions", 124],
  ["vivso-suboptions", 125],
  ["v4-sztp-redirect", 143],
  ["v4-dnr", 162],
]);
