// dnsmasq's lease file, as OpenWrt has it in /tmp/dhcp.leases: "expiry MAC address name client-id", a line for each.

import { parseIpv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { addLease, linesOf, STATEMENTS_MAX, wholeFile } from "./device-files.ts";
import { colonBytes, isHostname, plainMac } from "./dnsmasq-words.ts";
import type { ImportedLease } from "./imported.ts";

/** Seconds since 1970 that a clock can have shown; less is how long a lease has left, from a box without one. */
const CLOCK_SECONDS_MIN = 1_000_000_000;
const CLOCK_SECONDS_MAX = 0xffffffff;

export function isLeaseFile(file: string, text: string): boolean {
  if (/\bleases?\b/i.test(file.replaceAll("_", "."))) return true;
  return /^\s*[0-9]{1,10} ([0-9a-f]{2}-)?[0-9a-f]{2}(:[0-9a-f]{2})+ [0-9.]{7,15} /i.test(text);
}

/** Networks have to be known by then: leases elsewhere are left out. */
export function readLeases(draft: DeviceDraft, file: string, text: string): void {
  let isForIpv6 = false;
  let leases6 = 0;
  for (const [line, whole] of linesOf(text)) {
    const said = { place: { file, line }, text: whole };
    if (line > STATEMENTS_MAX * 4) {
      draft.leftOut(said, "The rest of the file is left out: it has too many lines.");
      break;
    }
    const words = whole.trim().split(/\s+/);
    if (words[0] === "") continue;
    if (words[0] === "duid") isForIpv6 = true;
    else if (isForIpv6) leases6++;
    else {
      const lease = leaseOf(words);
      if (typeof lease === "string") draft.unreadable(said, lease);
      else addLease(draft, lease, parseIpv4(lease.address) ?? 0, said);
    }
  }
  if (leases6 > 0) {
    const count = leases6 === 1 ? "One lease is" : `${leases6} leases are`;
    draft.leftOut(wholeFile(file), `${count} for IPv6, which is not served here.`);
  }
}

function leaseOf(words: readonly string[]): ImportedLease | string {
  const [expiry = "", hardware = "", address = "", name = "*", id = "*"] = words;
  if (!/^[0-9]{1,10}$/.test(expiry) || words.length < 4 || words.length > 5) {
    return "It is not a lease: time, hardware address, address, name and client identifier.";
  }
  if (parseIpv4(address) === undefined) return `"${address}" is not an IPv4 address.`;
  const seconds = Number(expiry);
  if (seconds !== 0 && (seconds < CLOCK_SECONDS_MIN || seconds > CLOCK_SECONDS_MAX)) {
    return "When the lease ends cannot be told: the time is not one that a clock shows.";
  }
  const mac = plainMac(hardware.replace(/^01-/, ""));
  const client = id === "*" ? undefined : colonBytes(id);
  if (mac === undefined && !client) return "It does not say which device has the lease.";
  return {
    address,
    state: "active",
    ...(mac === undefined ? {} : { mac }),
    ...(client ? { clientId: hex(client) } : {}),
    ...(isHostname(name) ? { hostname: name } : {}),
    expiresAt: seconds === 0 ? undefined : seconds,
  };
}
