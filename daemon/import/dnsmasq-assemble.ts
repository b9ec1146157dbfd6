// From what dnsmasq's configuration says to the draft: networks first, then everything that is put to them.

import { formatIpv4, formatSubnet } from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { CODE, INSTEAD, shownLease } from "./device-options.ts";
import type { DraftNetwork } from "./device-parts.ts";
import { placeBoots, placeOptions, type Told } from "./dnsmasq-levels.ts";
import { type MadeRange, makeNetworks } from "./dnsmasq-networks.ts";
import type { DnsmasqHost, DnsmasqTagged, Statements } from "./dnsmasq-statements.ts";
import { TagBook } from "./dnsmasq-tags.ts";
import { isDomainName } from "./dnsmasq-words.ts";

export function assemble(draft: DeviceDraft, statements: Statements): void {
  const made = makeNetworks(draft, statements);
  placeDevices(draft, statements);
  shareWires(draft);
  const tags = new TagBook(draft, made, [...statements.tagged, ...tagsOfHosts(statements.hosts)]);
  placeFilters(draft, made, tags);
  placeIgnores(draft, statements, tags);
  placeBoots(draft, statements, tags);
  placeDomains(draft, statements);
  const told = placeOptions(draft, statements, tags);
  for (const network of draft.networks) placeDefaults(draft, network, statements, told);
  for (const host of statements.hosts) placeHost(draft, host);
  sayNames(draft);
  tags.done();
}

/** Which interface is on which network can be told only where there is one of each. */
function placeDevices(draft: DeviceDraft, { devices, ownAddresses }: Statements): void {
  const [only, ...more] = draft.networks;
  const [device, ...others] = devices;
  if (only && device && more.length + others.length === 0) only.interfaceName ??= device.name;
  else {
    for (const { said, name } of devices) {
      draft.leftOut(said, `Which network is on ${name} the files do not say.`);
    }
  }
  for (const { said, address } of ownAddresses) {
    if (draft.networks.some(({ own }) => own === address)) continue;
    draft.leftOut(said, `No network was made that ${formatIpv4(address)} stands for.`);
  }
}

/** Networks on one interface share its wire. */
function shareWires(draft: DeviceDraft): void {
  const first = new Map<string, DraftNetwork>();
  for (const network of draft.networks) {
    const { interfaceName } = network;
    if (interfaceName === undefined) continue;
    const other = first.get(interfaceName);
    if (!other) first.set(interfaceName, network);
    else {
      network.settings.sharedWith = other.name;
      draft.changed(
        network.said,
        `It shares the wire of "${other.name}": both are on one interface.`,
      );
    }
  }
}

function tagsOfHosts(hosts: readonly DnsmasqHost[]): DnsmasqTagged[] {
  return hosts.flatMap(({ sets, keys, prefixes, said }) =>
    sets.flatMap((tag) => [
      ...keys.map((match) => ({ said, tag, match: { ...match } })),
      ...prefixes.map((mac) => ({ said, tag, match: { mac } })),
    ]),
  );
}

/** Ranges that are only for clients with a tag. */
function placeFilters(draft: DeviceDraft, made: readonly MadeRange[], tags: TagBook): void {
  for (const { range, pool } of made) {
    const [tag, ...more] = range.tags;
    if (tag === undefined) continue;
    if (!pool) {
      draft.leftOut(range.said, "For which clients it is cannot be said where there is no pool.");
      continue;
    }
    if (tag === "known" && more.length === 0) {
      pool.knownOnly = true;
      continue;
    }
    const isExcluded = more.length === 0 && tag.startsWith("!");
    const one = tags.classFor(isExcluded ? [tag.slice(1)] : range.tags, range.said);
    if (one) pool[isExcluded ? "deny" : "allow"].push(one.name);
    else pool.knownOnly = true;
    if (!one) draft.changed(range.said, "The pool is for devices with a reservation only.");
  }
}

/** "tag:!known" is the usual one: only devices with a reservation are answered. */
function placeIgnores(draft: DeviceDraft, { ignores }: Statements, tags: TagBook): void {
  for (const { tags: names, said } of ignores) {
    if (names.length === 1 && names[0] === "!known") {
      for (const network of draft.networks) for (const pool of network.pools) pool.knownOnly = true;
    } else if (names.length === 0) {
      draft.leftOut(said, "It would keep every device from getting an answer.");
    } else {
      const one = tags.classFor(names, said);
      if (one) one.isDenied = true;
    }
  }
}

function placeDomains(draft: DeviceDraft, { domains }: Statements): void {
  // Those of a part come after the one that holds for the rest, wherever they stand.
  const inOrder = domains.toSorted((a, b) => Number(!!a.range) - Number(!!b.range));
  let all: string | undefined;
  for (const { name, range, said } of inOrder) {
    if (!isDomainName(name)) {
      draft.unreadable(said, `"${name}" is not a domain name.`);
      continue;
    }
    if (!range) {
      if (all !== undefined && all !== name) draft.changed(said, INSTEAD);
      all = name;
      for (const network of draft.networks) network.domain = name;
      continue;
    }
    const network = draft.networkOf(range.from);
    if (!network) {
      draft.leftOut(said, "There is no network with these addresses.");
      continue;
    }
    network.domain = name;
    const { from, to } = range;
    if (network.pools.some((pool) => pool.range.from < from || pool.range.to > to)) {
      draft.changed(said, `It holds for all of ${formatSubnet(network.subnet)} here.`);
    }
  }
}

/** What dnsmasq tells clients by itself: its own address as their router and DNS server. */
function placeDefaults(
  draft: DeviceDraft,
  network: DraftNetwork,
  { answersDns }: Statements,
  told: Told,
): void {
  const missing: string[] = [];
  const { own } = network;
  if (!told.get(network)?.has(CODE.router)) {
    if (own === undefined) missing.push("router");
    else network.gateway = own;
  }
  if (answersDns && !told.get(network)?.has(CODE.dns)) {
    if (own === undefined) missing.push("DNS server");
    else {
      network.dns = [own];
      const reason = `Clients were told the device itself as their DNS server. They are told ${formatIpv4(own)} still, so something has to answer DNS there.`;
      draft.changed(network.said, reason);
    }
  }
  if (own !== undefined) return;
  const reason =
    missing.length === 0
      ? `Which port of a box "${network.name}" is on, the files do not say.`
      : `Clients were told the device itself as their ${missing.join(" and ")}, and the files do not have its address: set it for "${network.name}".`;
  draft.leftOut(network.said, reason);
}

function placeHost(draft: DeviceDraft, host: DnsmasqHost): void {
  const { said, address, keys, prefixes } = host;
  if (host.isIgnored) {
    ignoreHost(draft, host);
    return;
  }
  const [key, ...more] = keys;
  if (address === undefined) {
    if (host.sets.length === 0 || host.leaseSeconds !== undefined || host.name !== undefined) {
      draft.leftOut(said, "A reservation needs an address; this device gets one of a pool.");
    }
    return;
  }
  if (!key) {
    draft.leftOut(said, "It does not say whose address this is in a way that can be taken over.");
    return;
  }
  if (more.length > 0 || prefixes.length > 0) {
    const others = [...more.map((one) => one.mac ?? one.clientId ?? one.hostname), ...prefixes];
    const reason = `A reservation is for one device: ${Object.values(key)[0]} has it, ${others.slice(0, 8).join(", ")} not.`;
    draft.changed(said, reason);
  }
  const { name, leaseSeconds } = host;
  const isName = name === undefined || isDomainName(name);
  if (!isName) draft.changed(said, "The name is left out: it is not one that a device can have.");
  draft.reserve({
    key,
    address,
    name: isName ? name : undefined,
    said,
    options: {},
    ...(leaseSeconds === undefined ? {} : { leaseSeconds: shownLease(draft, leaseSeconds, said) }),
  });
}

/** Once: it is the same for all of them. */
function sayNames(draft: DeviceDraft): void {
  const first = draft.networks.flatMap(({ reservations }) => reservations).find(({ name }) => name);
  if (!first) return;
  const reason =
    "Names of reserved devices are for people here: neither DNS nor the devices are told them.";
  draft.changed(first.said, reason);
}

function ignoreHost(draft: DeviceDraft, { keys, prefixes, said, address }: DnsmasqHost): void {
  for (const prefix of prefixes) draft.deny(prefix, said);
  for (const key of keys) {
    if (key.mac !== undefined) draft.deny(key.mac, said);
    else {
      const one = draft.addClass(`ignored-${key.hostname ?? key.clientId}`, { ...key }, 0, said);
      if (one) one.isDenied = true;
    }
  }
  if (keys.length + prefixes.length === 0) {
    draft.leftOut(said, "It does not say which device gets no answer.");
  } else if (address !== undefined) {
    draft.leftOut(said, `${formatIpv4(address)} is not reserved: the device gets no answer.`);
  }
}
