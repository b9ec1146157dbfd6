// Statements that give a tag to clients by what they send: "dhcp-vendorclass=set:red,Linux" and its like.

import { hex } from "../base/bytes.ts";
import { nameOfOption } from "../config/options.ts";
import type { DeviceDraft } from "./device-draft.ts";
import type { Said } from "./device-parts.ts";
import { optionCode, optionContent } from "./dnsmasq-options.ts";
import type { DnsmasqTagged } from "./dnsmasq-statements.ts";
import { colonBytes, containsText, exactText, parseHardware, takeTags } from "./dnsmasq-words.ts";

type Match = DnsmasqTagged["match"];
/** A match, or a sentence when there is none like it. */
type Reader = (words: readonly string[]) => Match | string;

const ARCHITECTURE = 93;

export const TAGGING: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["dhcp-vendorclass", (words) => byText("vendorClass", words.join(","))],
  ["dhcp-userclass", (words) => byText("userClass", words.join(","))],
  ["dhcp-mac", byHardware],
  ["dhcp-match", byOption],
  ["dhcp-name-match", byName],
  ["dhcp-circuitid", (words) => byRelay("circuitId", words.join(","))],
  ["dhcp-remoteid", (words) => byRelay("remoteId", words.join(","))],
  ["dhcp-subscrid", (words) => byRelay("subscriberId", words.join(","))],
]);

/** Undefined, with a note, when nothing here can tell these clients. */
export function parseTagged(
  draft: DeviceDraft,
  keyword: string,
  words: readonly string[],
  said: Said,
): DnsmasqTagged | undefined {
  const { sets, tags, rest } = takeTags(words, "sets");
  // Before there was "set:", the tag stood first without anything before it.
  const [tag = ""] = sets.length > 0 ? sets : rest;
  const match = TAGGING.get(keyword)?.(sets.length > 0 ? rest : rest.slice(1));
  if (tag === "" || match === undefined || sets.length + tags.length > 1) {
    draft.unreadable(said, "It does not set one tag.");
  } else if (typeof match === "string") draft.leftOut(said, match);
  else return { said, tag, match };
  return undefined;
}

function byText(key: string, text: string): Match | string {
  if (text.startsWith("enterprise:")) return "Vendors by their number are not taken over.";
  return text === "" ? "It names nothing that clients send." : { [key]: containsText(text) };
}

function byHardware(words: readonly string[]): Match | string {
  const hardware = parseHardware(words.join(","));
  return hardware ? { mac: hardware.mac } : "It is not the begin of a hardware address.";
}

function byName([name = ""]: readonly string[]): Match | string {
  const isOpen = name.endsWith("*");
  const text = isOpen ? name.slice(0, -1) : name;
  if (text === "") return "It names nothing that clients send.";
  return { hostname: isOpen ? `${exactText(text)}*` : exactText(text) };
}

function byRelay(key: string, text: string): Match | string {
  const bytes = colonBytes(text);
  if (bytes) return { [key]: `0x${hex(bytes)}` };
  return text === "" ? "It names nothing that relays send." : { [key]: exactText(text) };
}

function byOption([word = "", ...values]: readonly string[]): Match | string {
  const code = optionCode(word);
  if (typeof code === "string") return code;
  if (code === undefined) return "Vendors by their number are not taken over.";
  if (code < 1 || code > 254) return "There is no such option.";
  const text = values.join(",");
  if (code === ARCHITECTURE && /^[0-9]{1,5}$/.test(text) && Number(text) <= 0xffff) {
    return { arch: Number(text) };
  }
  const name = nameOfOption(code);
  if (text === "") return { option: { [name]: true } };
  if (/^[0-9a-f*]{1,2}(:[0-9a-f*]{1,2})+$/i.test(text) && text.includes("*")) {
    return "Bytes with others of any value between them cannot be compared here.";
  }
  const isNumber = /^[0-9]+[bsi]?$/.test(text);
  const bytes = colonBytes(text);
  const isText = !isNumber && !bytes && !/^[0-9.]+$/.test(text);
  if (isText) return { option: { [name]: containsText(text) } };
  const content = optionContent(
    { code, values, tags: [], vendor: undefined, encap: undefined },
    undefined,
  );
  if (typeof content === "string") return content;
  return { option: { [name]: `0x${hex(content)}` } };
}
