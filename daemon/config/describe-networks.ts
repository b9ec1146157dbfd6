// What people are told of networks, pools and reservations, and of what every level may set.

import type { SettingTexts } from "./describe.ts";

/** The whole file, networks, pools, reservations and kinds of devices: the closest one that says something wins. */
export const ABOUT_LEVELS: SettingTexts = {
  options: {
    title: "DHCP options",
    help: "What devices are told besides their address, by the names of the options. A null takes away what is set for more devices than these.",
    example: { "ntp-servers": ["10.77.0.1"] },
    ui: "options",
    advanced: true,
  },
  leaseSeconds: {
    title: "Lease time",
    help: "How long a device may keep its address without asking again, if it asks for no other time.",
    unit: "seconds",
    without: "What the next wider level says; 43200 where none does.",
    example: 43_200,
  },
  minLeaseSeconds: {
    title: "Shortest lease",
    help: "A device that asks for less gets this much. It is not more than the lease time.",
    unit: "seconds",
    without:
      "What the next wider level says, but not more than the lease time; 120 where none does.",
    example: 120,
    advanced: true,
  },
  maxLeaseSeconds: {
    title: "Longest lease",
    help: "A device that asks for more gets this much. It is not less than the lease time.",
    unit: "seconds",
    without: "The lease time of the same level; where it has none, what the next wider level says.",
    example: 86_400,
    advanced: true,
  },
  renewSeconds: {
    title: "Renewal time",
    help: "When a device asks its server to go on (T1). It is less than the rebinding time.",
    unit: "seconds",
    without: "What the next wider level says; half of the lease where none does.",
    example: 21_600,
    advanced: true,
  },
  rebindSeconds: {
    title: "Rebinding time",
    help: "When a device that has got no answer asks every server (T2). It is less than the lease time.",
    unit: "seconds",
    without: "What the next wider level says; seven eighths of the lease where none does.",
    example: 37_800,
    advanced: true,
  },
  boot: {
    title: "Network boot",
    help: "From where devices without a system of their own load one.",
    without: "What the next wider level says.",
    advanced: true,
  },
  "boot.server": {
    title: "Boot server address",
    help: "The machine that has the files. A null takes away what is set for more devices than these.",
    example: "10.77.0.5",
  },
  "boot.serverName": {
    title: "Boot server name",
    help: "The name of that machine, for the few devices that look at it. A null takes away what is set for more devices than these.",
    example: "boot.office.example",
    advanced: true,
  },
  "boot.file": {
    title: "Boot file",
    help: "What is loaded first, by its name on the server. A null takes away what is set for more devices than these.",
    example: "ipxe.efi",
  },
};

export const ABOUT_NETWORKS: SettingTexts = {
  "networks[].name": {
    title: "Name of network",
    help: "What pages, logs and the settings of each box call it. Leases belong to the name, so another name is another network.",
    example: "office",
  },
  "networks[].subnet": {
    title: "Address range",
    help: "All addresses of the network: the first one and the length of the prefix. No two networks overlap.",
    example: "10.77.0.0/24",
  },
  "networks[].pools": {
    title: "Address pools",
    help: "From where devices that have no reservation get their addresses. It may be empty; pools do not overlap.",
    entry: "pool",
  },
  "networks[].reservations": {
    title: "Reserved addresses",
    help: "Devices that always get the same address. Each device and each address is listed once.",
    entry: "reservation",
  },
  "networks[].gateway": {
    title: "Gateway address",
    help: "The router that devices are told. It is inside the network, in no pool and reserved for nobody where it belongs to the pair.",
    without: "Devices are told of none.",
    example: "10.77.0.1",
  },
  "networks[].dns": {
    title: "Name servers",
    help: "Which DNS servers devices are told, the best one first.",
    without: "Devices are told of none, unless DHCP options say so.",
    example: ["10.77.0.1"],
  },
  "networks[].domain": {
    title: "Domain name",
    help: "What devices put behind the short names of others.",
    without: "Devices are told of none, unless DHCP options say so.",
    example: "office.example",
  },
  "networks[].relayed": {
    title: "Reached by relay",
    help: "No box is connected to this network: a router or switch there passes on what devices ask.",
    advanced: true,
  },
  "networks[].relays": {
    title: "Addresses of relays",
    help: "Routers or switches that may ask for this network although their address is not in it. Each stands for one network and is in the range of no other.",
    example: ["192.0.2.1"],
    advanced: true,
  },
  "networks[].sharedWith": {
    title: "Shares wire with",
    help: "Name of another network on the same wire, for when one range is not enough. A device gets an address in either.",
    without: "It has a wire of its own.",
    example: "office",
    advanced: true,
  },
  "networks[].randomisedMacLeaseSeconds": {
    title: "Lease for phones",
    help: "Longest lease of devices that make up their hardware address, as phones do for each network. Reserved devices keep theirs; it is not less than the shortest lease.",
    unit: "seconds",
    without: "As all other devices.",
    example: 1200,
    advanced: true,
  },
  "networks[].authoritative": {
    title: "Only server here",
    help: "Devices that ask for an address which these boxes do not know are told at once that they cannot have it. Switch it off where another server is meant to answer.",
    advanced: true,
  },
  "networks[].ignoreClientId": {
    title: "Hardware address only",
    help: "Knows devices by their hardware address alone, whatever identifier they send. Reservations by client identifier never match here.",
    advanced: true,
  },
  "networks[].rapidCommit": {
    title: "Two-message leases",
    help: "Devices that ask for it get their lease without an offer first. In a pair only a box that serves alone does so.",
    advanced: true,
  },
  "networks[].forceRenew": {
    title: "Announce changes",
    help: "Devices that can are told at once when something changes for them, instead of at their next renewal.",
    advanced: true,
  },
  "networks[].probe": {
    title: "Test before offering",
    help: "Before an address is offered, the box asks on the network whether somebody uses it already.",
    advanced: true,
  },
  "networks[].watchServers": {
    title: "Watch for servers",
    help: "The box asks now and then who else gives out addresses here, and tells you.",
    advanced: true,
  },
  "networks[].trustedServers": {
    title: "Other known servers",
    help: "Addresses of other DHCP servers that are meant to be here, so that nobody is warned of them.",
    example: ["10.77.0.9"],
    advanced: true,
  },
  "networks[].deny": {
    title: "Devices turned away",
    help: "Hardware addresses, or their first bytes, that get no answer on this network.",
    example: ["02:00:5e:bb"],
  },
  "networks[].leasesPerPort": {
    title: "Limit per port",
    help: "How many devices at one port of a relay may have an address at a time. With 0 there is no limit.",
    unit: "leases",
    example: 4,
    advanced: true,
  },
  "networks[].keepForKnownPercent": {
    title: "Kept for regulars",
    help: "The last part of the addresses, which only devices get that were here before or have a reservation.",
    unit: "percent",
    example: 5,
    advanced: true,
  },
  "networks[].pools[].from": {
    title: "First address",
    help: "Where the pool begins, inside the range of the network.",
    example: "10.77.0.100",
  },
  "networks[].pools[].to": {
    title: "Last address",
    help: "Where the pool ends. This address is given out as well.",
    example: "10.77.0.199",
  },
  "networks[].pools[].allow": {
    title: "Only for kinds",
    help: "Names of kinds of devices. Nobody else gets an address here, and these get it here first.",
    without: "Everybody may have one.",
    example: ["phones"],
    advanced: true,
  },
  "networks[].pools[].deny": {
    title: "Not for kinds",
    help: "Names of kinds of devices that get no address of this pool. None is in both lists.",
    example: ["phones"],
    advanced: true,
  },
  "networks[].pools[].knownOnly": {
    title: "Only reserved devices",
    help: "Only devices with a reservation get an address here, also when theirs is another one.",
    advanced: true,
  },
  "networks[].reservations[].address": {
    title: "Reserved address",
    help: "What the device always gets. It is inside the network and no machine's that has a fixed address here.",
    example: "10.77.0.20",
  },
  "networks[].reservations[].name": {
    title: "Name of device",
    help: "What people call it, such as printer.",
    without: "It is known by its address.",
    example: "printer",
  },
  "networks[].reservations[].mac": {
    title: "Hardware address",
    help: "The MAC that is mostly printed on the device. A reservation has exactly one thing that the device is known by.",
    example: "02:00:5e:10:00:01",
  },
  "networks[].reservations[].clientId": {
    title: "Client identifier",
    help: "What the device calls itself to servers (option 61), as hex digits with the byte for its type. It takes the place of the hardware address.",
    example: "0102005e100001",
    advanced: true,
  },
  "networks[].reservations[].circuitId": {
    title: "Port of relay",
    help: "What a switch says of the port at which the device is (circuit-id): text, or 0x and hex digits. It takes the place of the hardware address.",
    example: "ge-0/0/1",
    advanced: true,
  },
  "networks[].reservations[].remoteId": {
    title: "Word of relay",
    help: "What a switch says of the device or of itself (remote-id): text, or 0x and hex digits. It takes the place of the hardware address.",
    example: "roof-antenna",
    advanced: true,
  },
  "networks[].reservations[].hostname": {
    title: "Host name",
    help: "What the device calls itself (option 12), up to the first dot. It takes the place of the hardware address.",
    example: "scale",
    advanced: true,
  },
};
