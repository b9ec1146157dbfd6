// Declarations of hosts in dhcpd.conf, and those that dhcpd itself wrote into its leases file.

import { formatMac } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { hostAddress } from "./isc-hosts.ts";
import { type HostFound, type Scope, scopeIn } from "./isc-scopes.ts";
import type { Statement, Token } from "./isc-statements.ts";
import { hexBytes } from "./isc-values.ts";
import type { Notes } from "./notes.ts";

/** A host without what stands in its braces, which is read into its scope. */
export function readHost(statement: Statement, outer: Scope, notes: Notes): HostFound {
  const { words, place, text, body } = statement;
  if (!body) notes.unreadable(place, text, "A host has its statements in braces.");
  const own = scopeIn(outer, "host");
  const host = {
    name: words[1]?.text ?? "",
    keys: [],
    addresses: [],
    isDenied: false,
    isLogged: false,
    isDeleted: false,
    place,
    text,
  };
  const found: HostFound = Object.assign(host, { scope: own });
  return Object.assign(found, { scope: { ...own, host: found } });
}

/** One statement of a host about who it is or which address it has. */
export function readHostStatement(statement: Statement, host: HostFound, notes: Notes): void {
  const { words, place, text } = statement;
  const keyword = words[0]?.text.toLowerCase();
  if (keyword === "hardware") {
    const mac = macOf(words);
    if (words[1]?.text !== "ethernet") {
      notes.leftOut(place, text, "Only hardware of the kind Ethernet is known here.");
    } else if (mac === undefined) notes.unreadable(place, text, "It is not a hardware address.");
    else host.keys.push({ mac });
  } else if (keyword === "fixed-address") {
    const named = words.slice(1).filter((word) => !word.isSign);
    if (named.length === 0) notes.unreadable(place, text, "It names no address.");
    host.addresses.push(...named.map((word) => hostAddress(word.text)));
  } else if (keyword === "deleted") host.isDeleted = true;
  else if (keyword === "dynamic") host.isLogged = true;
  else
    readIdentifier(statement, keyword === "host-identifier" ? words.slice(2) : words, host, notes);
}

/** "option dhcp-client-identifier …", "uid …" and "host-identifier option …". */
function readIdentifier(
  { place, text, words: all }: Statement,
  words: readonly Token[],
  host: HostFound,
  notes: Notes,
): void {
  const isUid = all[0]?.text.toLowerCase() === "uid";
  const isIdentifier = all[0]?.text.toLowerCase() === "host-identifier";
  const name = isUid ? "dhcp-client-identifier" : words[isIdentifier ? 0 : 1]?.text;
  const value = words[isUid || isIdentifier ? 1 : 2];
  const bytes = value?.isQuoted ? value.bytes : hexBytes(value?.text ?? "");
  if (bytes === undefined || bytes.length === 0 || bytes.length > 255) {
    notes.unreadable(place, text, "It says nothing that a device is recognised by.");
  } else if (name === "dhcp-client-identifier") host.keys.push({ clientId: hex(bytes) });
  else if (name === "agent.circuit-id") host.keys.push({ circuitId: `0x${hex(bytes)}` });
  else if (name === "agent.remote-id") host.keys.push({ remoteId: `0x${hex(bytes)}` });
  else notes.leftOut(place, text, "A device is not recognised by this option here.");
}

/** "hardware ethernet 0:0:c0:5d:bd:95": six bytes, whose first zeros may be missing. */
export function macOf(words: readonly Token[]): string | undefined {
  const bytes = hexBytes(words[2]?.text ?? "");
  const isMac = words[1]?.text === "ethernet" && bytes?.length === 6 && words.length === 3;
  return isMac && bytes ? formatMac(bytes) : undefined;
}
