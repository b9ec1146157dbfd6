// What was read of dhcpd.conf becomes the draft of our configuration: now all networks and classes are known.

import { contains, formatIpv4, formatSubnet } from "../base/address.ts";
import type { Plain } from "../wire/option-codecs.ts";
import { branchScope, conditionOf } from "./isc-class-statements.ts";
import { type ConfReader, keywordOf } from "./isc-conf.ts";
import type { Draft } from "./isc-draft.ts";
import type { HostKey } from "./isc-hosts.ts";
import { allOf, anyOf, Inexpressible } from "./isc-match.ts";
import { KNOWN, type NetworkPlan, UNKNOWN } from "./isc-plans.ts";
import {
  type Choice,
  type ClassFound,
  type HostFound,
  type PoolFound,
  type Scope,
  type SharedFound,
  settingsOf,
} from "./isc-scopes.ts";
import { hasSettings, noSettings, type Settings, within } from "./isc-settings.ts";
import type { Statement } from "./isc-statements.ts";

export function finish(reader: ConfReader, draft: Draft, root: Scope): void {
  const networks = addNetworks(reader, draft);
  const classes = addClasses(reader, draft, root.settings);
  for (const choice of reader.found.choices) addChoice(choice, reader, draft, networks, classes);
  for (const pool of reader.found.pools) addPools(pool, draft, classes);
  for (const host of lastOfEachName(reader.found.hosts, reader)) addHost(host, draft, root);
  noteWhatIsNotSaid(reader, draft, root);
}

function addNetworks(reader: ConfReader, draft: Draft): Map<Scope, NetworkPlan> {
  const networks = new Map<Scope, NetworkPlan>();
  const firstOf = new Map<SharedFound, string>();
  for (const { subnet, scope, place, text } of reader.found.subnets) {
    const { shared } = scope;
    const wanted = shared?.name ?? `net-${formatIpv4(subnet.address).replaceAll(".", "-")}`;
    const name = draft.nameFor(wanted);
    const plan: NetworkPlan = {
      name,
      subnet,
      sharedWith: shared && firstOf.get(shared),
      settings: settingsOf(scope),
      pools: [],
      relays: [],
      isRelayed: false,
      port: undefined,
      place,
      text,
    };
    if (!draft.addNetwork(plan)) continue;
    networks.set(scope, plan);
    if (!shared || firstOf.has(shared)) continue;
    firstOf.set(shared, name);
    if (name === shared.name) continue;
    reader.notes.changed(shared.place, shared.text, `The network is called "${name}" here.`);
  }
  return networks;
}

/** Names of classes in the file to their names here; undefined for one that could not be taken over. */
type ClassNames = ReadonlyMap<string, string | undefined>;

function addClasses(reader: ConfReader, draft: Draft, file: Settings): ClassNames {
  const { notes } = reader;
  const names = new Map<string, string | undefined>();
  for (const found of reader.found.classes.values()) {
    const { place, text } = found;
    const name = draft.nameFor(found.name);
    for (const sub of found.subclasses) {
      const settings = carried(settingsOf(sub.scope), file);
      if (!sub.hasBody || !hasSettings(settings)) continue;
      const match = found.condition === undefined ? sub.match : allOf([found.condition, sub.match]);
      const ownName = draft.nameFor(name);
      const { place, text } = sub;
      draft.addClass({ name: ownName, match, isDenied: false, settings, place, text });
      notes.changed(place, text, `What is set for these members became the class "${ownName}".`);
    }
    const match = matchOf(found);
    if (match === undefined) {
      names.set(found.name, undefined);
      const reason = found.isRefused
        ? "Its members cannot be told here, so the class and what it sets were left out."
        : "It does not say who its members are, so the class was left out.";
      notes.leftOut(place, text, reason);
      continue;
    }
    names.set(found.name, name);
    if (name !== found.name) notes.changed(place, text, `The class is called "${name}" here.`);
    const settings = carried(settingsOf(found.scope), file);
    draft.addClass({ name, match, isDenied: found.isDenied, settings, place, text });
  }
  return names;
}

/** A class that chooses a space of vendor options has those that the file sets, too. */
function carried(settings: Settings, file: Settings): Settings {
  if (settings.encapsulations.size === 0) return settings;
  const outer = noSettings();
  for (const { value } of settings.encapsulations.values()) {
    const codes = file.suboptions.get(value.space);
    if (codes) outer.suboptions.set(value.space, codes);
  }
  return within(settings, outer);
}

function matchOf({ condition, data, subclasses, isRefused }: ClassFound): Plain | undefined {
  if (isRefused) return undefined;
  const parts = [
    ...(condition === undefined ? [] : [condition]),
    ...(subclasses.length > 0 ? [anyOf(subclasses.map(({ match }) => match))] : []),
  ];
  return parts.length === 0 || (data && subclasses.length === 0) ? undefined : allOf(parts);
}

/** Of if, elsif and else each becomes a class; the first class that sets a value wins, as the first branch does. */
function addChoice(
  { scope, branches }: Choice,
  reader: ConfReader,
  draft: Draft,
  networks: ReadonlyMap<Scope, NetworkPlan>,
  classes: ClassNames,
): void {
  const { notes } = reader;
  const earlier: Plain[] = [];
  for (const [index, branch] of branches.entries()) {
    const { place, text } = branch;
    try {
      const around = placeMatch(scope, networks, classes);
      const own = conditionOf(branch, reader);
      const isLast = own === undefined;
      const inner = branchScope(scope);
      const settingsOnly = (branch.body ?? []).filter((one) => isSetting(one, reader));
      reader.readAll(settingsOnly, inner);
      const name = draft.nameFor(`if-${place.line}`);
      const match = allOf([...around, isLast ? { not: anyOf(earlier) } : own]);
      if (own !== undefined) earlier.push(own);
      if (!hasSettings(inner.settings)) continue;
      draft.addClass({ name, match, isDenied: false, settings: inner.settings, place, text });
      notes.changed(place, text, `What stands in this condition became the class "${name}".`);
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error;
      notes.leftOut(place, text, error.message);
      for (const after of branches.slice(index + 1)) {
        notes.leftOut(after.place, after.text, "The condition before it cannot be said here.");
      }
      return;
    }
  }
}

/** Only values can depend on a condition here. */
function isSetting(statement: Statement, { notes }: ConfReader): boolean {
  const keyword = keywordOf(statement);
  const isValue =
    /^(option|filename|server-name|next-server|(default|max|min)-lease-time|vendor-option-space)$/;
  if (isValue.test(keyword)) return true;
  notes.leftOut(statement.place, statement.text, "Only values can depend on a condition here.");
  return false;
}

/** Where a condition stands is a condition, too. */
function placeMatch(
  scope: Scope,
  networks: ReadonlyMap<Scope, NetworkPlan>,
  classes: ClassNames,
): Plain[] {
  if (scope.kind === "file") return [];
  if (scope.classFound && scope.kind === "class") {
    const name = classes.get(scope.classFound.name);
    if (name !== undefined) return [{ class: name }];
  }
  const names = [...networks].flatMap(([inner, plan]) =>
    isWithin(inner, scope) && (scope.kind === "subnet" || scope.kind === "shared-network")
      ? [plan.name]
      : [],
  );
  if (names.length > 0)
    return [names.length === 1 ? { network: names[0] ?? "" } : { network: names }];
  throw new Inexpressible("Conditions stand in the file, a network or a class here.");
}

/** Scopes are copied while they are read; their settings are what stays the same. */
function isWithin(inner: Scope, outer: Scope): boolean {
  for (let scope: Scope | undefined = inner; scope; scope = scope.outer) {
    if (scope.settings === outer.settings) return true;
  }
  return false;
}

function addPools(
  { ranges, allow, deny, scope }: PoolFound,
  draft: Draft,
  classes: ClassNames,
): void {
  const { notes } = draft;
  const named = (names: readonly string[]) =>
    names.map((name) => (name === KNOWN || name === UNKNOWN ? name : classes.get(name)));
  const allowed = named(allow);
  const denied = named(deny);
  const isUnclear = [...allowed, ...denied].includes(undefined);
  for (const range of ranges) {
    const network = draft.networks.find(({ subnet }) => contains(subnet, range.from));
    if (!network)
      notes.leftOut(range.place, range.text, "No subnet of the file has these addresses.");
    else if (isUnclear) {
      const reason =
        "A class that its pool allows or denies could not be taken over, so neither was the range.";
      notes.leftOut(range.place, range.text, reason);
    } else {
      network.pools.push({
        ...range,
        allow: allowed.filter((name) => name !== undefined),
        deny: denied.filter((name) => name !== undefined),
        settings: scope.settings,
      });
    }
  }
}

/** dhcpd writes a host that changed into its leases file again; the last one counts. */
function lastOfEachName(hosts: readonly HostFound[], { notes }: ConfReader): HostFound[] {
  const byName = new Map<string, HostFound>();
  for (const host of hosts) {
    const earlier = byName.get(host.name);
    if (earlier && !host.isLogged && !host.isDeleted) {
      notes.leftOut(earlier.place, earlier.text, "A host of this name is there again further on.");
    }
    byName.set(host.name, host);
  }
  return [...byName.values()].filter(({ isDeleted }) => !isDeleted);
}

function addHost(host: HostFound, draft: Draft, root: Scope): void {
  const { notes } = draft;
  const { name, keys, addresses, place, text } = host;
  const [key, other] = bestFirst(keys);
  if (!key) {
    notes.leftOut(
      place,
      text,
      "It does not say what the device is recognised by, so all of it was left out.",
    );
    return;
  }
  if (host.isDenied) {
    if (key.mac !== undefined) draft.deny(key.mac, host);
    else notes.leftOut(place, text, "Only devices with a hardware address can be denied here.");
    return;
  }
  if (other) {
    const [kind = ""] = Object.keys(key);
    notes.changed(
      place,
      text,
      `A device is recognised by one thing here, which is its ${KINDS.get(kind)}.`,
    );
  }
  const settings = settingsOf(host.scope);
  const isNamed = within(settings, root.settings).flags.get("namesToClients")?.value === true;
  if (isNamed && name !== "" && !settings.options.has(12)) {
    settings.options.set(12, { code: 12, name: "host-name", value: name, place, text });
  }
  draft.hosts.add({ name, key, addresses, settings, place, text });
}

function bestFirst(keys: readonly HostKey[]): HostKey[] {
  return keys.toSorted((a, b) => Number(a.mac === undefined) - Number(b.mac === undefined));
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["mac", "hardware address"],
  ["clientId", "client identifier"],
  ["circuitId", "port at a relay"],
  ["remoteId", "relay"],
]);

function noteWhatIsNotSaid(reader: ConfReader, draft: Draft, root: Scope): void {
  const { notes } = reader;
  const [first] = draft.networks;
  if (!first) return;
  const place = { file: first.place.file, line: 0 };
  const isSaid = draft.networks.every(({ settings }) =>
    within(settings, root.settings).flags.has("authoritative"),
  );
  if (!isSaid) {
    const reason =
      "Not all networks say whether they are authoritative; dhcpd is not then, while here requests for unknown addresses are refused.";
    notes.changed(place, "", reason);
  }
  const wires = draft.networks.filter(({ sharedWith }) => sharedWith === undefined);
  if (wires.length > 1) {
    const names = `${formatSubnet(first.subnet)} and ${wires.length - 1} more`;
    const reason = `The file does not say which networks (${names}) are reached through a relay; those need the setting relayed.`;
    notes.changed(place, "", reason);
  }
}
