// What a person can do about each reason of the catalogue. One plain sentence or two, the same for all.

import type { RefusalReason } from "./catalogue.ts";

export const REFUSAL_ADVICE: Readonly<Record<RefusalReason, string>> = {
  "frame-malformed": "Check the cable and the switch: frames arrive damaged.",
  "frame-not-dhcp": "Nothing needs doing: it was not meant for a DHCP server.",
  "dhcp-malformed": "Update the software of the device: what it sends cannot be understood.",
  "option-malformed":
    "Update the software of the device, or correct the client identifier set there.",
  "no-message-type": "The device speaks BOOTP only: give it a fixed address outside the pools.",
  "wrong-direction": "Look for a second DHCP server, or for a loop in the network.",
  "not-serving": "See `tandem status`: it says why this LAN is not served and what to do.",
  "other-server":
    "When that one is not meant to be there, find it and switch it off; `tandem status` names the other servers that were heard.",
  "no-free-address":
    "Make the pool larger, or the lease time shorter, so that addresses that nobody uses come back sooner.",
  "wrong-network":
    "It was on another network before and asks for a new address by itself. When it stays so, check its VLAN, and whether its address was set by hand.",
  "not-in-pool":
    "It asks for a new address by itself. To let it keep the old one, reserve that or take it into a pool.",
  "address-taken":
    "It asks for a new address by itself. To give it this very one, reserve it for this device.",
  "unknown-client":
    "It asks for a new address by itself after a while. Make this box the authoritative server of the LAN when it is the only one.",
  "not-yours":
    "It asks for a new address by itself; restart its network connection when it does not.",
  "disk-not-writable": "Free some space on this box, or look at its storage; see `tandem status`.",
  overloaded: "It asks again by itself; look for a device that floods the LAN when this stays.",
  "reserved-elsewhere":
    "It asks for its reserved address by itself. Restart its network connection, or change the reservation.",
  "type-not-served": "Nothing needs doing: devices do without this type of message.",
  "relay-unknown":
    "Add the network behind the relay to the configuration, or the relay's address to `relays` of its network; or correct what the relay sends.",
  "own-frame": "Look for a loop in the network: the box hears what it sent itself.",
  denied: "Take it off the deny list, or out of the denied class, when it may be here.",
  "rate-limited":
    "Look at the device: it is broken, loops, or means harm. It is answered again within seconds once it is calm.",
  "too-many-new":
    "It asks again by itself. Look for a device that makes up hardware addresses when this stays.",
  "kept-for-known":
    "Make the pool larger, reserve an address for this device, or lower the share kept for known devices.",
  "port-full":
    "Remove devices at this port of the switch or wait for their leases to end, or raise the limit of leases per port.",
  "declined-too-often":
    "Look at the device: it says of every address that it is in use. It may ask again within an hour.",
  "pool-closed":
    "Put this device into a class that a pool with free addresses allows, reserve an address for it, or make a pool that is open to all.",
  "partner-owns":
    "Nothing needs doing while the partner runs: it answers. When the device stays without an address, look whether the partner runs.",
  "partner-answers":
    "Nothing needs doing while the partner runs: the boxes share the devices between them. When the device stays without an address, ask `tandem why` on the partner.",
  "pair-not-serving":
    "See `tandem status`: it says what this box waits for. Its partner answers meanwhile when it can.",
  "address-in-use":
    "Find the device that uses the address: give it a reservation, or take its fixed address out of the pool.",
  "being-checked": "Nothing needs doing: it gets an answer when it asks again, within seconds.",
  "ipv6-only": "Nothing needs doing: it works by IPv6, as the network suggests (RFC 8925).",
  "query-not-allowed": "Add the asking address to those that may send lease queries.",
  "query-malformed": "Correct the program that sends lease queries.",
  "other-servers-reply": "Switch the other DHCP server off when it is not meant to be there.",
};
