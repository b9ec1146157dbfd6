// The importer of what Export-DhcpServer writes on Windows. It writes UTF-16: whoever reads the file decodes it, and
// the text comes here. Definitions of options and classes are used for what refers to them, and are not said by
// themselves: every server has dozens that nothing refers to.

import { DeviceDraft } from "./device-draft.ts";
import { readable } from "./device-files.ts";
import type { DraftNetwork } from "./device-parts.ts";
import type { Importer } from "./imported.ts";
import { Notes } from "./notes.ts";
import { Fields } from "./windows-fields.ts";
import { WindowsOptions } from "./windows-options.ts";
import { readLeases, readReservations, readScope } from "./windows-scope.ts";
import { parseFilterMac } from "./windows-values.ts";
import { parseXml } from "./windows-xml.ts";

export const importWindows: Importer = (files) => {
  const draft = new DeviceDraft(new Notes(files.keys()));
  for (const [file, raw] of files) {
    const text = readable(draft, file, raw);
    if (text === undefined) continue;
    const root = parseXml(text);
    if ("reason" in root) {
      draft.unreadable({ place: { file, line: root.line }, text: "" }, root.reason);
    } else if (root.name !== "DHCPServer") {
      const said = { place: { file, line: root.line }, text: `<${root.name}>` };
      draft.unreadable(said, "It is not what Export-DhcpServer writes.");
    } else readServer(draft, new Fields(draft, file, root));
  }
  return draft.done();
};

function readServer(draft: DeviceDraft, server: Fields): void {
  server.text("MajorVersion");
  server.text("MinorVersion");
  if (server.text("ConflictDetectionAttempts") === "0") {
    const reason = "A box asks whether an address is in use before it offers it; Windows did not.";
    draft.changed(server.said("ConflictDetectionAttempts"), reason);
  }
  for (const [name, usual, reason] of SERVER_SETTINGS) {
    if (!usual.test(server.text(name))) draft.leftOut(server.said(name), reason);
  }
  for (const element of server.all("IPv4"))
    readIpv4(draft, new Fields(draft, server.file, element));
  for (const element of server.all("IPv6")) {
    if (element.children.length === 0) continue;
    draft.leftOut(server.saidOf(element), "It is about IPv6, which is not served here.");
  }
  server.sayRest();
}

const SERVER_SETTINGS: readonly (readonly [name: string, usual: RegExp, reason: string])[] = [
  ["NapEnabled", /^(false)?$/i, "Network Access Protection is not known here."],
  ["NpsUnreachableAction", /^(full)?$/i, "Network Access Protection is not known here."],
  ["ActivatePolicies", /^(true|false)?$/i, "It is neither on nor off."],
];

function readIpv4(draft: DeviceDraft, server: Fields): void {
  const options = new WindowsOptions(draft);
  options.define(server);
  const scopes: [scope: Fields, network: DraftNetwork][] = [];
  for (const scope of server.list("Scopes", "Scope")) {
    const network = readScope(draft, scope);
    if (network) scopes.push([scope, network]);
  }
  shareWires(draft, scopes);
  options.placeForServer(options.read(server));
  for (const [scope, network] of scopes) {
    options.placeForNetwork(options.read(scope), network);
    readReservations(draft, scope, options);
    sayPolicies(draft, scope);
    readLeases(draft, scope);
    scope.sayRest();
  }
  sayPolicies(draft, server);
  readFilters(draft, server);
  server.sayRest();
  const [first] = scopes;
  if (!first) return;
  const reason =
    "Which of the networks a port of a box is on, and which only relays reach, the file does not say.";
  draft.leftOut(server.said("Scopes"), reason);
}

/** Scopes of one superscope are on one wire. */
function shareWires(draft: DeviceDraft, scopes: readonly [Fields, DraftNetwork][]): void {
  const first = new Map<string, DraftNetwork>();
  for (const [scope, network] of scopes) {
    const name = scope.text("SuperScopeName");
    if (name === "") continue;
    const other = first.get(name);
    if (other) network.settings.sharedWith = other.name;
    else first.set(name, network);
    if (other) {
      const reason = `It shares the wire of "${other.name}", as both are in one superscope.`;
      draft.changed(scope.said("SuperScopeName"), reason);
    }
  }
}

function sayPolicies(draft: DeviceDraft, level: Fields): void {
  for (const policy of level.list("Policies", "Policy")) {
    const reason = `The policy "${policy.text("Name")}" is not taken over: a class can do what most are for.`;
    draft.leftOut(policy.said(), reason);
  }
}

/** Devices that get no answer, and those that alone got one. */
function readFilters(draft: DeviceDraft, server: Fields): void {
  for (const element of server.all("Filters")) {
    const filters = new Fields(draft, server.file, element);
    const denies = /^true$/i.test(filters.text("Deny"));
    const allows = /^true$/i.test(filters.text("Allow"));
    let allowed = 0;
    let described: Fields | undefined;
    for (const one of filters
      .all("Filter")
      .map((filter) => new Fields(draft, server.file, filter))) {
      const list = one.text("List").toLowerCase();
      const mac = parseFilterMac(one.text("MacAddress"));
      if (one.text("Description") !== "") described ??= one;
      one.sayRest();
      if (list === "allow") allowed++;
      else if (list !== "deny")
        draft.unreadable(one.said(), "It is of no list that is known here.");
      else if (mac === undefined) draft.unreadable(one.said(), "It is not a hardware address.");
      else if (denies) draft.deny(mac, one.said());
      else draft.leftOut(one.said(), "The list of denied devices was switched off.");
    }
    if (allows) {
      const reason = `Only devices in a list of ${allowed} got an answer. There is no such list here: reserve addresses for them, and make the pools for known devices only.`;
      draft.leftOut(filters.said("Allow"), reason);
    } else if (allowed > 0) {
      draft.leftOut(
        filters.said("Allow"),
        `A list of ${allowed} allowed devices was switched off.`,
      );
    }
    if (described) {
      draft.leftOut(
        described.said("Description"),
        "There is no place for descriptions of filters.",
      );
    }
    filters.sayRest();
  }
}
