// Statements of dnsmasq that are not about what DHCP clients get, or that there is nothing like here; with why.

const DNS = "It is about DNS, which is not part of this.";
const PROCESS = "It is about how dnsmasq itself runs.";
const IPV6 = "It is for IPv6, which is not served here.";
const TFTP = "It is about sending files to devices that boot, which is not part of this.";
const MENU = "Boot menus are not made here: a class with a boot file can do what most are for.";
const INTERFACE = "Which port of a box is on which network is said for each box.";
const NAMES = "It is about the names that DNS has for devices, which is not part of this.";

const REASONS: readonly (readonly [reason: string, keywords: string])[] = [
  [
    DNS,
    `add-cpe-id add-mac add-subnet address alias all-servers auth-peer auth-sec-servers auth-server auth-soa
    auth-ttl auth-zone bogus-nxdomain bogus-priv caa-record cache-rr cache-size cname conntrack connmark-allowlist
    connmark-allowlist-enable dns-forward-max dns-loop-detect dns-rr dnssec dnssec-check-unsigned dnssec-debug
    dnssec-limits dnssec-no-timecheck dnssec-timestamp domain-needed do-0x20-encode edns-packet-max expand-hosts
    fast-dns-retry filter-A filter-AAAA filter-rr filterwin2k hostsdir host-record ignore-address interface-name
    ipset local local-service local-ttl localise-queries localmx log-queries max-cache-ttl max-port-limit
    max-tcp-connections max-ttl min-cache-ttl min-port mx-host mx-target naptr-record neg-ttl nftset no-0x20-encode
    no-hosts no-ident no-negcache no-poll no-resolv no-round-robin port-limit proxy-dnssec ptr-record query-port
    rebind-domain-ok rebind-localhost-ok resolv-file rev-server selfmx server servers-file srv-host stop-dns-rebind
    strict-order strip-mac strip-subnet synth-domain trust-anchor txt-record umbrella use-stale-cache addn-hosts
    clear-on-reload dynamic-host`,
  ],
  [
    PROCESS,
    `bind-dynamic bind-interfaces dhcp-luascript dhcp-script dhcp-scriptuser dumpfile dumpmask enable-dbus
    enable-ubus group keep-in-foreground leasefile-ro log-async log-debug log-dhcp log-facility log-malloc
    no-daemon pid-file quiet-dhcp quiet-tftp script-arp script-on-renewal user tos`,
  ],
  [IPV6, "dhcp-duid enable-ra quiet-dhcp6 quiet-ra ra-param"],
  [
    TFTP,
    `enable-tftp tftp-lowercase tftp-max tftp-mtu tftp-no-blocksize tftp-no-fail tftp-port-range tftp-root
    tftp-secure tftp-single-port tftp-unique-root`,
  ],
  [MENU, "dhcp-option-pxe dhcp-pxe-vendor pxe-prompt pxe-service"],
  [
    INTERFACE,
    "bridge-interface except-interface no-dhcp-interface no-dhcpv4-interface no-dhcpv6-interface shared-network",
  ],
  [NAMES, "dhcp-client-update dhcp-fqdn dhcp-generate-names dhcp-ignore-names dhcp-ttl"],
  ["How many leases there may be follows from the pools.", "dhcp-lease-max"],
  ["Addresses are not given one after the other here.", "dhcp-sequential-ip"],
  ["A reply is sent at once here.", "dhcp-reply-delay"],
  ["Answers are broadcast to clients that ask for it only.", "dhcp-broadcast"],
  ["A box does not pass on requests to another server.", "dhcp-relay dhcp-proxy dhcp-split-relay"],
  ["The file with addresses by MAC is not one of those that were given.", "read-ethers"],
  ["Clients of BOOTP without DHCP get no address from a pool here.", "bootp-dynamic"],
  ["DHCP has the ports that it always has here.", "dhcp-alternate-port"],
  ["Room of the packet's header is never used for options here.", "dhcp-no-override"],
  [
    "Tags that follow from other tags are not taken over: a class can do what most are for.",
    "tag-if",
  ],
];

const REASON_OF = new Map(
  REASONS.flatMap(([reason, keywords]) => {
    return keywords.split(/\s+/).map((keyword) => [keyword, reason] as const);
  }),
);

/** Why a statement has no place in the draft; undefined when the keyword is not one of these. */
export function reasonAgainst(keyword: string): string | undefined {
  return REASON_OF.get(keyword);
}
