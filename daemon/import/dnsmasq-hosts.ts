// The words of a dhcp-host: which device, and what it gets.

import { type Ipv4, parseIpv4 } from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import type { DraftReservation, Said } from "./device-parts.ts";
import type { DnsmasqHost } from "./dnsmasq-statements.ts";
import {
  isHostname,
  looksLikeHardware,
  parseClientId,
  parseHardware,
  parseLeaseTime,
  takeTags,
} from "./dnsmasq-words.ts";

/** MACs of one host that are looked at. */
const KEYS_MAX = 64;

interface Gathered {
  keys: DraftReservation["key"][];
  prefixes: string[];
  address?: Ipv4;
  name?: string;
  leaseSeconds?: number | "infinite";
  isIgnored: boolean;
}

/** Undefined, with a note, when it is for nobody here. */
export function parseHost(
  draft: DeviceDraft,
  words: readonly string[],
  said: Said,
): DnsmasqHost | undefined {
  const { tags, sets, rest } = takeTags(words, "sets");
  if (tags.length > 0) {
    draft.leftOut(said, "An entry that holds only for clients with a tag is not taken over.");
    return undefined;
  }
  const gathered: Gathered = { keys: [], prefixes: [], isIgnored: false };
  for (const word of rest) {
    const problem = word === "" ? undefined : gather(gathered, word);
    if (problem !== undefined) draft.leftOut(said, problem);
  }
  const { keys, prefixes, address, name, leaseSeconds, isIgnored } = gathered;
  if (keys.length + prefixes.length === 0 && name !== undefined && isHostname(name)) {
    keys.push({ hostname: name });
  }
  return { said, keys, prefixes, address, name, leaseSeconds, sets, isIgnored };
}

/** A sentence when the word cannot be taken over. */
function gather(gathered: Gathered, word: string): string | undefined {
  const hardware = parseHardware(word);
  const address = parseIpv4(word);
  if (hardware || word.startsWith("id:")) return gatherKey(gathered, word);
  if (looksLikeHardware(word)) return `"${word}" is not a hardware address that is known here.`;
  if (word.startsWith("[")) return `${word} is for IPv6, which is not served here.`;
  if (word === "ignore") gathered.isIgnored = true;
  else if (address !== undefined) {
    if (gathered.address !== undefined) return `${word} is left out: a device has one address.`;
    gathered.address = address;
  } else {
    const time = parseLeaseTime(word);
    if (time !== undefined) gathered.leaseSeconds = time;
    else if (gathered.name === undefined) gathered.name = word;
    else return `"${word}" is left out: a device has one name.`;
  }
  return undefined;
}

function gatherKey({ keys, prefixes }: Gathered, word: string): string | undefined {
  if (word === "id:*") {
    return "That a device is known by its MAC alone is said for a whole network here: ignoreClientId.";
  }
  if (keys.length + prefixes.length >= KEYS_MAX) return "It names too many devices.";
  const hardware = parseHardware(word);
  if (hardware) {
    if (hardware.isWhole) keys.push({ mac: hardware.mac });
    else prefixes.push(hardware.mac);
    return undefined;
  }
  const clientId = parseClientId(word.slice(3));
  if (clientId === undefined) return "The client identifier is empty or too long.";
  keys.push({ clientId });
  return undefined;
}
