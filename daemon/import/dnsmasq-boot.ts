// The words of a dhcp-boot: file, name of the server, and its address.

import { parseIpv4 } from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import type { Said } from "./device-parts.ts";
import type { DnsmasqBoot } from "./dnsmasq-statements.ts";
import { takeTags } from "./dnsmasq-words.ts";

/** Undefined, with a note, when the server is not given by its address. */
export function parseBoot(
  draft: DeviceDraft,
  words: readonly string[],
  said: Said,
): DnsmasqBoot | undefined {
  const { tags, sets, rest } = takeTags(words, "tags");
  const [file = "", serverName = "", address = "", ...more] = rest;
  const server = parseIpv4(address);
  if (address !== "" && server === undefined) {
    draft.leftOut(said, "The server has to be an address: names are not looked up here.");
  } else if (more.length + sets.length > 0) draft.unreadable(said, "It has too many words.");
  else return { said, tags, file, serverName, server };
  return undefined;
}
