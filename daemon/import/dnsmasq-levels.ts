// Options and boot files of dnsmasq, put to the networks, pools and classes that they are for.

import { formatIpv4, type Ipv4 } from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { CODE, INSTEAD, packed, setNetworkOption, setOption } from "./device-options.ts";
import type { DraftLevel, DraftNetwork, Said } from "./device-parts.ts";
import { namesItself, optionContent } from "./dnsmasq-options.ts";
import type { DnsmasqBoot, DnsmasqOption, Statements } from "./dnsmasq-statements.ts";
import type { TagBook } from "./dnsmasq-tags.ts";
import { containsText } from "./dnsmasq-words.ts";

/** Options that a network has settings for; of these each network has its own. */
const NETWORK_SETTINGS = new Set<number>([CODE.router, CODE.dns, CODE.domain]);
/** Of the whole file, or of one option that has others inside. */
const OPTIONS_MAX = 4096;

/** What networks were told by a statement, so that dnsmasq's own defaults are not. */
export type Told = ReadonlyMap<DraftNetwork, ReadonlySet<number>>;

export function placeOptions(draft: DeviceDraft, statements: Statements, tags: TagBook): Told {
  const told = new Map(draft.networks.map((network) => [network, new Set<number>()]));
  const inside = new Map<string, DnsmasqOption[]>();
  for (const [index, option] of statements.options.entries()) {
    const { vendor, encap, tags: names } = option.words;
    if (index >= OPTIONS_MAX) {
      draft.leftOut(option.said, `There may be ${OPTIONS_MAX} options at most.`);
    } else if (vendor !== undefined || encap !== undefined) {
      const key = JSON.stringify([names, vendor, encap]);
      const group = inside.get(key);
      if (group) group.push(option);
      else inside.set(key, [option]);
    } else placeOption(draft, option, tags, told);
  }
  for (const group of inside.values()) placeInside(draft, group, tags);
  return told;
}

function placeOption(
  draft: DeviceDraft,
  { words, said }: DnsmasqOption,
  tags: TagBook,
  told: ReadonlyMap<DraftNetwork, Set<number>>,
): void {
  const { code } = words;
  const target = tags.target(words.tags, said);
  if (!target) return;
  const isOfNetworks =
    target.kind === "networks" || NETWORK_SETTINGS.has(code) || namesItself(words.values);
  if (target.kind !== "levels" && isOfNetworks) {
    const networks = target.kind === "networks" ? target.networks : draft.networks;
    if (networks.length === 0) draft.leftOut(said, "There is no network to tell it to.");
    for (const network of networks) {
      const content = contentFor(draft, { words, said }, network.own);
      if (!content) continue;
      if (NETWORK_SETTINGS.has(code) && told.get(network)?.has(code)) draft.changed(said, INSTEAD);
      told.get(network)?.add(code);
      setNetworkOption(draft, network, code, content, said);
    }
    return;
  }
  const content = contentFor(draft, { words, said }, soleOwn(draft));
  if (!content) return;
  const isWithdrawn = content.length === 0;
  if (target.kind === "everybody") {
    if (isWithdrawn) draft.leftOut(said, "Without it being set the option is not told to anybody.");
    else setOption(draft, draft.level, code, content, said);
  } else if (target.kind === "levels") {
    for (const level of target.levels) setOption(draft, level, code, content, said);
  }
}

/** Undefined, with a note, when the values cannot be read or name an address that is not known. */
function contentFor(
  draft: DeviceDraft,
  { words, said }: DnsmasqOption,
  own: Ipv4 | undefined,
): Uint8Array | undefined {
  if (namesItself(words.values) && own === undefined) {
    const reason =
      "0.0.0.0 stands for the address of the device itself, which the files do not have.";
    draft.leftOut(said, reason);
    return undefined;
  }
  const content = optionContent(words, own);
  if (typeof content !== "string") return content;
  draft.unreadable(said, content);
  return undefined;
}

/** The device's own address where it has only one. */
function soleOwn(draft: DeviceDraft): Ipv4 | undefined {
  const [only, ...more] = draft.networks;
  return more.length === 0 ? only?.own : undefined;
}

/** Options with the same tags that stand inside of one option, which is sent as one. */
function placeInside(draft: DeviceDraft, group: readonly DnsmasqOption[], tags: TagBook): void {
  const [first] = group;
  if (!first) return;
  const { vendor, encap, tags: names } = first.words;
  const parts = group.flatMap((option) => {
    const content = contentFor(draft, option, soleOwn(draft));
    return content ? [{ code: option.words.code, content }] : [];
  });
  if (parts.length === 0) return;
  const content = packed(parts);
  const code = encap ?? CODE.vendorSpecific;
  for (const level of levelsOf(draft, names, vendor, first.said, tags)) {
    setOption(draft, level, code, content, first.said);
  }
}

function levelsOf(
  draft: DeviceDraft,
  names: readonly string[],
  vendor: string | undefined,
  said: Said,
  tags: TagBook,
): readonly DraftLevel[] {
  if (vendor !== undefined) {
    const match = { vendorClass: vendor === "" ? "*" : containsText(vendor) };
    const made = tags.classFor(names, said, { name: `vendor-${vendor}`, match });
    return made ? [made] : [];
  }
  const target = tags.target(names, said);
  if (!target) return [];
  if (target.kind === "everybody") return [draft.level];
  return target.kind === "networks" ? target.networks : target.levels;
}

export function placeBoots(draft: DeviceDraft, statements: Statements, tags: TagBook): void {
  for (const boot of statements.boots) {
    const target = tags.target(boot.tags, boot.said);
    if (!target) continue;
    if (target.kind === "levels") {
      for (const level of target.levels) setBoot(draft, level, boot, soleOwn(draft));
    } else {
      const networks = target.kind === "networks" ? target.networks : draft.networks;
      for (const network of networks) setBoot(draft, network, boot, network.own);
    }
  }
}

const FILE_BYTES_MAX = 127;
const SERVER_NAME_BYTES_MAX = 63;

function setBoot(
  draft: DeviceDraft,
  level: DraftLevel,
  { file, serverName, server, said }: DnsmasqBoot,
  own: Ipv4 | undefined,
): void {
  const address = server ?? own;
  // A file that is named by an URL says itself where it is.
  const isPlace = /^[a-z][a-z0-9+.-]*:\/\//i.test(file);
  if (address === undefined && !isPlace) {
    const reason =
      "Its server is the device itself, whose address the files do not have: set the boot server.";
    draft.changed(said, reason);
  } else if (address !== undefined && server === undefined && !isPlace) {
    const reason = `The device itself sent the file: something has to send it from ${formatIpv4(address)} still.`;
    draft.changed(said, reason);
  }
  if (level.boot) draft.changed(said, INSTEAD);
  level.boot = {
    ...(address === undefined ? {} : { server: formatIpv4(address) }),
    ...fitting(draft, "serverName", serverName, SERVER_NAME_BYTES_MAX, said),
    ...fitting(draft, "file", file, FILE_BYTES_MAX, said),
  };
}

function fitting(
  draft: DeviceDraft,
  setting: "serverName" | "file",
  text: string,
  bytesMax: number,
  said: Said,
): Partial<Record<typeof setting, string>> {
  if (text === "") return {};
  const { length } = new TextEncoder().encode(text);
  if (length <= bytesMax && text.isWellFormed() && !text.includes("\0")) return { [setting]: text };
  draft.leftOut(said, `"${setting}" may have ${bytesMax} bytes at most.`);
  return {};
}
