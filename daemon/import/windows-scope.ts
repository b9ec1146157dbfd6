// One scope of an export: its network, pool, reservations and leases.

import { broadcastOf, formatIpv4, type Ipv4, parseIpv4, parseSubnet } from "../base/address.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { addLease } from "./device-files.ts";
import { shownLease } from "./device-options.ts";
import type { DraftNetwork, DraftPool } from "./device-parts.ts";
import { type AddressRange, prefixOfMask } from "./device-ranges.ts";
import { isDomainName, isHostname } from "./dnsmasq-words.ts";
import type { ImportedLease } from "./imported.ts";
import type { Fields } from "./windows-fields.ts";
import type { WindowsOptions } from "./windows-options.ts";
import { parseClientKey, parseDuration, parseTime } from "./windows-values.ts";

/** Of one scope: more than any has, and few enough to be taken out of its range. */
const EXCLUSIONS_MAX = 1024;
const BOOTP_CLIENTS_ANY = "4294967295";
const SECONDS_MAX = 0xffffffff;

/** Undefined, with a note, when no network can be made of it. */
export function readScope(draft: DeviceDraft, scope: Fields): DraftNetwork | undefined {
  const id = scope.text("ScopeId");
  const prefix = prefixOfMask(scope.text("SubnetMask"));
  const subnet = prefix === undefined ? undefined : parseSubnet(`${id}/${prefix}`);
  if (!subnet) {
    draft.unreadable(scope.said(), "No network is made of it: it has no address with a netmask.");
    return undefined;
  }
  if (/^inactive/i.test(scope.text("State"))) {
    draft.leftOut(scope.said(), "No network is made of it: the scope is switched off.");
    return undefined;
  }
  const name = scope.text("Name");
  const network = draft.addNetwork(
    name === "" ? id.replaceAll(".", "-") : name,
    subnet,
    scope.said("Name"),
  );
  if (!network) return undefined;
  readPool(draft, scope, network);
  readDuration(draft, scope, network);
  saySettings(draft, scope);
  return network;
}

function readPool(draft: DeviceDraft, scope: Fields, network: DraftNetwork): void {
  const said = scope.said("StartRange");
  const range = rangeOf(scope);
  if (range) {
    const pool: DraftPool = { range, allow: [], deny: [], knownOnly: false, said, options: {} };
    network.pools.push(pool);
  } else draft.unreadable(said, "The network has no pool: its range cannot be read.");
  readExclusions(draft, scope, network);
}

function readExclusions(draft: DeviceDraft, scope: Fields, network: DraftNetwork): void {
  const excluded: AddressRange[] = [];
  for (const one of scope.list("ExclusionRanges", "IPRange")) {
    const range = rangeOf(one);
    one.sayRest();
    if (range) excluded.push(range);
    else draft.unreadable(one.said(), "It is not a range of addresses.");
  }
  network.excluded.push(...excluded.slice(0, EXCLUSIONS_MAX));
  const rest = excluded.slice(EXCLUSIONS_MAX).map(({ from }) => from);
  const [first] = rest;
  if (first === undefined) return;
  // An address that must not be given away may be in use: rather none from there on.
  const from = rest.reduce<number>((least, one) => Math.min(least, one), first) as Ipv4;
  network.excluded.push({ from, to: broadcastOf(network.subnet) });
  const reason = `There may be ${EXCLUSIONS_MAX} exclusions at most: everything from ${formatIpv4(from)} on is left out of the pool.`;
  draft.changed(scope.said("ExclusionRanges"), reason);
}

function rangeOf(fields: Fields): AddressRange | undefined {
  const from = parseIpv4(fields.text("StartRange"));
  const to = parseIpv4(fields.text("EndRange"));
  return from === undefined || to === undefined || from > to ? undefined : { from, to };
}

function readDuration(draft: DeviceDraft, scope: Fields, network: DraftNetwork): void {
  const text = scope.text("LeaseDuration");
  if (text === "") return;
  const said = scope.said("LeaseDuration");
  const seconds = parseDuration(text);
  if (seconds === undefined) draft.unreadable(said, "It is not a length of time.");
  else network.leaseSeconds = shownLease(draft, seconds, said);
}

/** Settings that there is nothing like here, where they are not what they always are. */
const SETTINGS: readonly (readonly [name: string, usual: RegExp, reason: string])[] = [
  [
    "State",
    /^(active)?$/i,
    "What state this is is not known: the scope counts as one that is active.",
  ],
  ["Type", /^(dhcp)?$/i, "Clients of BOOTP without DHCP get no address from a pool here."],
  [
    "MaxBootpClients",
    new RegExp(`^(${BOOTP_CLIENTS_ANY})?$`),
    "Clients of BOOTP without DHCP get no address from a pool here.",
  ],
  ["NapEnable", /^(false)?$/i, "Network Access Protection is not known here."],
  ["NapProfile", /^$/, "Network Access Protection is not known here."],
  [
    "Delay",
    /^0*$/,
    "A reply is sent at once here; how two boxes share the work is said for the pair.",
  ],
  ["Description", /^$/, "There is no place for descriptions."],
  // It only switches the policies, which are said themselves.
  ["ActivatePolicies", /^(true|false)?$/i, "It is neither on nor off."],
];

function saySettings(draft: DeviceDraft, scope: Fields): void {
  for (const [name, usual, reason] of SETTINGS) {
    if (!usual.test(scope.text(name))) draft.leftOut(scope.said(name), reason);
  }
}

export function readReservations(draft: DeviceDraft, scope: Fields, options: WindowsOptions): void {
  let descriptions = 0;
  let first: Fields | undefined;
  for (const one of scope.list("Reservations", "Reservation")) {
    const said = one.said();
    const name = one.text("Name");
    const type = one.text("Type");
    const description = one.text("Description");
    const key = parseClientKey(one.text("ClientId"));
    const address = parseIpv4(one.text("IPAddress"));
    const values = options.read(one);
    one.sayRest();
    if (description !== "" && description !== name) {
      descriptions++;
      first ??= one;
    }
    if (/^bootp$/i.test(type)) draft.changed(said, "It is for DHCP as well here.");
    if (!key) draft.unreadable(said, "Which device it is for cannot be read.");
    else if (address === undefined) draft.unreadable(said, "Its address cannot be read.");
    else {
      const isName = isDomainName(name);
      if (!isName && name !== "") {
        draft.changed(said, "The name is left out: it is not one that a device can have.");
      }
      const entry = { key, address, name: isName ? name : undefined, said, options: {} };
      options.placeForReservation(values, entry);
      draft.reserve(entry);
    }
  }
  if (!first) return;
  const count = descriptions === 1 ? "It has" : `It and others, ${descriptions} in all, have`;
  draft.leftOut(first.said("Description"), `There is no place for descriptions: ${count} one.`);
}

/** Leases that run, and addresses that were declined; the others are counted. */
export function readLeases(draft: DeviceDraft, scope: Fields): void {
  let ended = 0;
  let zoneless: Fields | undefined;
  for (const one of scope.list("Leases", "Lease")) {
    const state = one.text("AddressState").toLowerCase();
    if (!STATES.has(state)) {
      ended++;
      continue;
    }
    const expiry = one.text("LeaseExpiryTime");
    const time = parseTime(expiry);
    const address = one.text("IPAddress");
    // Of a declined address Windows keeps its own mark, and not who declined it.
    const isDeclined = state === "declined";
    const key = isDeclined ? {} : parseClientKey(one.text("ClientId"));
    const number = parseIpv4(address);
    if (number === undefined) draft.unreadable(one.said(), "Its address cannot be read.");
    else if (!key) draft.unreadable(one.said(), "Which device has the lease cannot be read.");
    else if (expiry !== "" && !time) draft.unreadable(one.said(), "When it ends cannot be read.");
    else {
      if (time && !time.hasZone) zoneless ??= one;
      const ends = time && time.seconds < SECONDS_MAX ? Math.max(0, time.seconds) : undefined;
      const lease: ImportedLease = {
        address,
        state: isDeclined ? "declined" : "active",
        ...key,
        ...(isDeclined ? {} : hostnameOf(one.text("HostName"))),
        expiresAt: ends,
      };
      addLease(draft, lease, number, one.said());
    }
  }
  if (ended > 0) {
    const count = ended === 1 ? "One lease was" : `${ended} leases were`;
    draft.leftOut(scope.said("Leases"), `${count} not in use any more, or not yet.`);
  }
  if (zoneless) {
    const reason =
      "Times of leases are written without a time zone, and are read as UTC: they may be some hours off.";
    draft.changed(zoneless.said("LeaseExpiryTime"), reason);
  }
}

const STATES = new Set(["active", "activereservation", "declined"]);

/** The first label of a name. */
function hostnameOf(name: string): { hostname?: string } {
  const [label = ""] = name.split(".");
  return isHostname(label) ? { hostname: label } : {};
}
