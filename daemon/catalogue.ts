// Every sentence the box says: one table for log, page, CLI and D-Bus. `{name}` is filled in.

import { GATEWAY_CONDITIONS, GATEWAY_LOG } from "./catalogue-gateway.ts";
import { PAIR_CONDITIONS, PAIR_LOG } from "./catalogue-pair.ts";
import { WEB_CONDITIONS, WEB_LOG } from "./catalogue-web.ts";

export type Severity = "info" | "warning" | "error";

export interface CatalogueEntry {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly text: string;
  /** What a person can do; "" when nothing needs doing. */
  readonly advice: string;
}

/** Log events: something happened. */
export const LOG = {
  "daemon-started": {
    level: "info",
    text: "Tandem {version} started as box {box}; {leases} leases were read from {files} journal files in {milliseconds} ms.",
    advice: "",
  },
  "daemon-stopping": { level: "info", text: "Stopping: {reason}.", advice: "" },
  "lease-granted": {
    level: "info",
    text: "{address} on {network} is given to {client} {hostname}for {time}.",
    advice: "",
  },
  "lease-released": {
    level: "info",
    text: "{client} gave {address} on {network} back.",
    advice: "",
  },
  "lease-expired": {
    level: "debug",
    text: "The lease of {client} on {address} ended.",
    advice: "",
  },
  "lease-declined": {
    level: "warning",
    text: "{client} says that {address} on {network} is in use by another device; it is set aside for {seconds} s.",
    advice: "Look for a device with a fixed address inside the pool.",
  },
  "address-conflict": {
    level: "warning",
    text: "{address} on {network} answers, though nobody was given it: {mac} uses it. It is set aside for {seconds} s.",
    advice: "Give that device a reservation, or take its fixed address out of the pool.",
  },
  "address-back": {
    level: "info",
    text: "{address} on {network} was set aside and may be given again.",
    advice: "",
  },
  "rogue-seen": {
    level: "warning",
    text: "{mac} answers as DHCP server {server} on {network}: {what} {offered}.",
    advice: "",
  },
  "forced-renew": {
    level: "info",
    text: "{devices} on {network} will be told to ask for the new settings now.",
    advice: "",
  },
  "request-refused": {
    level: "info",
    text: "{client} asked for {address} on {network} and was refused: {reason}.",
    advice: "",
  },
  "clock-stepped": {
    level: "warning",
    text: "The clock jumped by {seconds} s; the leases given since the start were moved with it.",
    advice: "",
  },
  "journal-repaired": {
    level: "warning",
    text: "Journal file {file}: {reason}; {lost} bytes were set aside and {kept} records kept.",
    advice: "Look at the storage of this box when this comes again.",
  },
  "journal-snapshot": {
    level: "debug",
    text: "Snapshot of {leases} leases written in {milliseconds} ms.",
    advice: "",
  },
  "journal-snapshot-failed": {
    level: "warning",
    text: "A snapshot of the leases could not be written: {reason}. Leases are still stored; it is tried again.",
    advice: "Free some space on the disk of this box.",
  },
  "config-applied": { level: "info", text: "A new configuration is in force.", advice: "" },
  "condition-began": { level: "warning", text: "{sentence}", advice: "" },
  "condition-noted": { level: "info", text: "{sentence}", advice: "" },
  "condition-ended": { level: "info", text: "Over: {sentence}", advice: "" },
  "config-issue": {
    level: "error",
    text: "{file}: {path} {reason}.",
    advice: "Correct the file; it is read again by itself.",
  },
  "surface-problem": { level: "warning", text: "Not everything can be shown: {text}.", advice: "" },
  "capture-began": {
    level: "info",
    text: "{who} looks at the frames of {what}, for {seconds} s at most.",
    advice: "",
  },
  "bus-connected": {
    level: "info",
    text: "Other programs can follow Tandem as org.tandem.Appliance1 on the system bus.",
    advice: "",
  },
  ...PAIR_LOG,
  ...GATEWAY_LOG,
  ...WEB_LOG,
} as const satisfies Record<string, CatalogueEntry>;

export type LogId = keyof typeof LOG;
export type LogValues = Readonly<Record<string, string | number>>;

export interface ConditionEntry {
  readonly severity: Severity;
  readonly text: string;
  readonly advice: string;
  /**
   * How much of the box's work stops: nothing, some of it, or a whole LAN. A pair works so that one
   * box may fail: when the next failure would be felt, that is some of it.
   */
  readonly impact: "none" | "some" | "lan";
}

/** Conditions: something is so, from now until it is over. `{subject}` is a network or "". */
export const CONDITIONS = {
  standby: {
    severity: "info",
    text: "This box stands by and gives out no addresses, because it is not paired yet.",
    advice: "Pair it with the serving box, or set its role to serving.",
    impact: "none",
  },
  "interface-missing": {
    severity: "error",
    text: "Interface {interface} is not there, so nobody on {subject} gets an address.",
    advice:
      "Check the port's name in the configuration and that its driver is loaded; serving starts by itself when it appears.",
    impact: "lan",
  },
  "interface-no-carrier": {
    severity: "error",
    text: "No cable or no device on {interface}, so nobody on {subject} can be reached.",
    advice: "Check the cable and the switch.",
    impact: "lan",
  },
  "helper-gone": {
    severity: "error",
    text: "The packet helper (rawlink) does not answer, so nobody on {subject} gets an address.",
    advice: "It is started again by the system; look at its log when this stays.",
    impact: "lan",
  },
  "helper-error": {
    severity: "warning",
    text: "The packet helper reports for {interface}: {text}.",
    advice: "",
    impact: "some",
  },
  "disk-full": {
    severity: "error",
    text: "The disk is full: known devices keep their addresses until their leases end, new devices get none.",
    advice: "Free some space; writing starts again by itself.",
    impact: "some",
  },
  "disk-read-only": {
    severity: "error",
    text: "The disk cannot be written: known devices keep their addresses until their leases end, new devices get none.",
    advice:
      "The storage may be worn out or was mounted read-only; writing starts again by itself when it can.",
    impact: "some",
  },
  "disk-error": {
    severity: "error",
    text: "The disk reports an error ({text}): known devices keep their addresses until their leases end, new devices get none.",
    advice: "Look at the storage of this box; writing starts again by itself when it can.",
    impact: "some",
  },
  "disk-slow": {
    severity: "warning",
    text: "The disk is slow: a write has been waiting for {seconds} s, and answers wait with it.",
    advice: "Look for another program that writes a lot, or for worn-out storage.",
    impact: "some",
  },
  "clock-wrong": {
    severity: "warning",
    text: "The clock of this box is wrong ({clock}); the time of the last lease is used instead.",
    advice: "Let the box reach a time server; leases are corrected by themselves.",
    impact: "none",
  },
  "bus-absent": {
    severity: "warning",
    text: "The system bus (D-Bus) cannot be used, so other programs on this box cannot follow Tandem: {why}.",
    advice: "Addresses are served all the same; the connection is tried again by itself.",
    impact: "none",
  },
  "audit-unsaved": {
    severity: "warning",
    text: "What people do on this box cannot be written down: {why}.",
    advice:
      "Look at the storage of this box; it is tried again by itself, and nobody is kept from working.",
    impact: "none",
  },
  "page-port-busy": {
    severity: "warning",
    text: "The page cannot be opened at port {port}: {why}.",
    advice: "End the other program or choose another port; it is tried again by itself.",
    impact: "none",
  },
  "query-port-busy": {
    severity: "warning",
    text: "Lease queries over TCP cannot be answered at port {port}: {why}.",
    advice:
      "End the other program or choose another port; a port below 1024 has to be opened to the daemon by the system.",
    impact: "none",
  },
  "config-invalid": {
    severity: "error",
    text: "The configuration has {errors} and is not used; {inForce}. First: {first}.",
    advice:
      "Correct the file; it is read again by itself. All errors are in the log, and the command tandem status shows them.",
    impact: "some",
  },
  "pool-full": {
    severity: "warning",
    text: "All addresses of {subject}{share} are in use; new devices get none.",
    advice: "Make the pool larger or the lease time shorter.",
    impact: "some",
  },
  "rogue-server": {
    severity: "error",
    text: "Another DHCP server answers on {subject}: {server} ({mac}){vendor} {what}{others}.",
    advice:
      "Find the device by its hardware address and switch its DHCP server off, or list it in trustedServers when it is meant to be there.",
    impact: "some",
  },
  starvation: {
    severity: "warning",
    text: "Far more unknown devices ask for addresses on {subject} than it has room for ({rate} a second); devices that were here before are served first.",
    advice:
      "Look for a device that makes up hardware addresses: the port it is behind shows the most traffic in the switch.",
    impact: "some",
  },
  "request-flood": {
    severity: "warning",
    text: "{mac} sends {rate} requests a second on {subject}; most of them are left unanswered.",
    advice: "Look at this device: it is broken, loops, or means harm.",
    impact: "none",
  },
  "conflicts-many": {
    severity: "warning",
    text: "{count} addresses of {subject} are set aside because other devices use them.",
    advice:
      "Look for devices with fixed addresses inside the pool, or for one that declines whatever it gets.",
    impact: "some",
  },
  "self-probe-failed": {
    severity: "error",
    text: "A test request of this box to itself on {subject} found no answer: {why}.",
    advice: "",
    impact: "some",
  },
  "pool-kept": {
    severity: "warning",
    text: "Only {free} addresses of {subject} are free, and they are kept for devices that were here before; new devices get none.",
    advice: "Make the pool larger, or keepForKnownPercent smaller.",
    impact: "some",
  },
  overloaded: {
    severity: "warning",
    text: "More requests come in on {subject} than can be answered; devices ask again by themselves.",
    advice: "",
    impact: "some",
  },
  ...PAIR_CONDITIONS,
  ...GATEWAY_CONDITIONS,
  ...WEB_CONDITIONS,
} as const satisfies Record<string, ConditionEntry>;

export type ConditionId = keyof typeof CONDITIONS;

/** Why a packet got no answer, or a NAK. The key is the counter's name, the text the reason. */
export const REFUSALS = {
  "frame-malformed": "the Ethernet, IP or UDP header is damaged",
  "frame-not-dhcp": "it is not a DHCP request",
  "dhcp-malformed": "the DHCP message does not follow RFC 2131",
  "option-malformed": "an option that matters has an impossible length or value",
  "no-message-type": "it has no DHCP message type (BOOTP is not served)",
  "wrong-direction": "it is a reply, or of a type only servers send",
  "not-serving": "this box does not serve this LAN now",
  "other-server": "the client chose another server",
  "no-free-address": "no address is free",
  "wrong-network": "the address does not belong to this LAN",
  "not-in-pool": "the address is neither in a pool nor reserved for this client",
  "address-taken": "the address belongs to another client",
  "unknown-client": "this server has no lease for this client",
  "not-yours": "the address is not leased to this client",
  "disk-not-writable":
    "the disk cannot be written, and only known devices are answered until it can",
  overloaded: "too many requests are waiting",
  "reserved-elsewhere": "another address is reserved for this client",
  "type-not-served": "this type of DHCP message is not served",
  "relay-unknown": "it came through a relay, or for a subnet, of an unknown network",
  "own-frame": "it was sent by this box itself",
  denied: "the device is on the deny list, or in a class that is denied",
  "rate-limited": "the device sends more requests than a device has reason to",
  "too-many-new": "more unknown devices ask at once than this LAN has room for",
  "kept-for-known": "the last free addresses are kept for devices that were here before",
  "port-full": "its port of the switch has as many leases as it may have",
  "declined-too-often": "the device has declined too many addresses",
  "pool-closed": "no pool with a free address is open to this device",
  "partner-owns": "the address belongs to the partner's share of the pool",
  "partner-answers": "the partner answers this client",
  "pair-not-serving": "the state of the pair does not let this box answer now",
  "address-in-use": "the address is in use by another device and set aside",
  "being-checked": "the address is being checked for use by another device",
  "ipv6-only": "the device does without IPv4 on this network",
  "query-not-allowed": "lease queries are not allowed from this address",
  "query-malformed": "the lease query asks for nothing, or for two things at once",
  "other-servers-reply": "it is a reply of another DHCP server",
} as const satisfies Record<string, string>;

export type RefusalReason = keyof typeof REFUSALS;

/** Fills `{name}` in a catalogue text. A missing value is shown as its name: never throws. */
export function sentence(text: string, values: LogValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
