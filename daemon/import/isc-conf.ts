// dhcpd.conf (dhcpd.conf(5)): its statements, one row each in the tables below, read into what isc-finish.ts makes a
// configuration of.

import { type Ipv4, parseIpv4 } from "../base/address.ts";
import { readClass, readSubclass } from "./isc-class-statements.ts";
import { subnetOf } from "./isc-draft.ts";
import { readHost, readHostStatement } from "./isc-host-statements.ts";
import { LEFT_OUT } from "./isc-left-out.ts";
import { readOptionStatement } from "./isc-options.ts";
import { KNOWN, UNKNOWN } from "./isc-plans.ts";
import { type Found, type PoolFound, type Scope, type SubnetFound, scopeIn } from "./isc-scopes.ts";
import type { OptionBook } from "./isc-set-option.ts";
import type { FlagSetting, TimeSetting } from "./isc-settings.ts";
import type { Statement } from "./isc-statements.ts";
import { wholeNumberOf } from "./isc-values.ts";
import type { Notes } from "./notes.ts";

export class ConfReader {
  readonly notes: Notes;
  readonly book: OptionBook;
  readonly found: Found = {
    subnets: [],
    pools: [],
    hosts: [],
    classes: new Map(),
    choices: [],
  };
  readonly #include: (statement: Statement, scope: Scope) => void;

  /** `include` reads the statements of another file into a scope. */
  constructor(
    notes: Notes,
    book: OptionBook,
    include: (statement: Statement, scope: Scope) => void,
  ) {
    this.notes = notes;
    this.book = book;
    this.#include = include;
  }

  readAll(statements: Iterable<Statement>, scope: Scope): void {
    let choice: Statement[] = [];
    const endChoice = () => {
      if (choice.length > 0) this.found.choices.push({ scope, branches: choice });
      choice = [];
    };
    for (const statement of statements) {
      const keyword = keywordOf(statement);
      const isElse = keyword === "else" || keyword === "elsif" || keyword === "elseif";
      if (isElse && choice.length > 0) choice.push(statement);
      else {
        endChoice();
        if (keyword === "if" && statement.body) choice = [statement];
        else this.read(statement, scope);
      }
    }
    endChoice();
  }

  read(statement: Statement, scope: Scope) {
    const keyword = keywordOf(statement);
    if (keyword === "include") return this.#include(statement, scope);
    const { place, text } = statement;
    const read = Object.hasOwn(STATEMENTS, keyword) ? STATEMENTS[keyword] : undefined;
    if (read) return read(statement, scope, this);
    const reason =
      LEFT_OUT.get(keyword) ?? (keyword.startsWith("ddns-") ? LEFT_OUT.get("ddns") : undefined);
    if (reason !== undefined) this.notes.leftOut(place, text, reason);
    else this.notes.unreadable(place, text, "No statement of this name is known here.");
  }

  /** Of the wrong kind, or with other words than it has. */
  unclear({ place, text }: Statement, reason = "It is not written as such a statement is."): void {
    this.notes.unreadable(place, text, reason);
  }
}

export function keywordOf({ words }: Statement): string {
  const [first] = words;
  return first && !first.isQuoted ? first.text.toLowerCase() : "";
}

type Read = (statement: Statement, scope: Scope, reader: ConfReader) => void;

const STATEMENTS: Readonly<Record<string, Read>> = {
  option: (statement, scope, { book, notes }) => {
    if (scope.host && statement.words[1]?.text === "dhcp-client-identifier") {
      readHostStatement(statement, scope.host, notes);
    } else readOptionStatement(statement, scope.settings, book, notes);
  },
  "default-lease-time": time("leaseSeconds"),
  "max-lease-time": time("maxLeaseSeconds"),
  "min-lease-time": time("minLeaseSeconds"),
  filename: boot("file"),
  "server-name": boot("serverName"),
  "next-server": (statement, scope, reader) => {
    const [, value] = statement.words;
    if (statement.words.length !== 2 || !value) return reader.unclear(statement);
    if (parseIpv4(value.text) === undefined) {
      const reason = `"${value.text}" is the name of a host; names are not looked up here, so write its address.`;
      return reader.notes.leftOut(statement.place, statement.text, reason);
    }
    scope.settings.boot.set("server", { ...statement, value: value.text });
  },
  authoritative: (statement, scope) =>
    void scope.settings.flags.set("authoritative", { ...statement, value: true }),
  not: (statement, scope, reader) => {
    if (statement.words[1]?.text !== "authoritative") return reader.unclear(statement);
    scope.settings.flags.set("authoritative", { ...statement, value: false });
  },
  "ping-check": flag("probe"),
  "ignore-client-uids": flag("ignoreClientId"),
  "use-host-decl-names": flag("namesToClients"),
  "vendor-option-space": (statement, scope, reader) => {
    const space = statement.words[1]?.text;
    if (space === undefined) return reader.unclear(statement);
    scope.settings.encapsulations.set(43, { ...statement, value: { space } });
  },
  allow: readPermission,
  deny: readPermission,
  ignore: readPermission,
  group: (statement, scope, reader) =>
    reader.readAll(statement.body ?? [], scopeIn(scope, "group")),
  "shared-network": readShared,
  subnet: readSubnet,
  pool: readPool,
  range: readRange,
  host: (statement, scope, reader) => {
    const host = readHost(statement, scope, reader.notes);
    reader.found.hosts.push(host);
    reader.readAll(statement.body ?? [], host.scope);
  },
  class: readClass,
  subclass: readSubclass,
  ...Object.fromEntries(
    ["hardware", "fixed-address", "host-identifier", "dynamic", "deleted", "uid"].map((name) => [
      name,
      ((statement, scope, reader) => {
        if (scope.host) readHostStatement(statement, scope.host, reader.notes);
        else reader.unclear(statement, "It belongs into the declaration of a host.");
      }) satisfies Read,
    ]),
  ),
};

function time(setting: TimeSetting): Read {
  return (statement, scope, reader) => {
    const [, word] = statement.words;
    const value = word?.text === "infinite" ? 0xffffffff : wholeNumberOf(word?.text ?? "");
    if (statement.words.length !== 2 || value === undefined) return reader.unclear(statement);
    // dhcpd takes -1 for a time without an end.
    scope.settings.times.set(setting, { ...statement, value: value < 0 ? 0xffffffff : value });
  };
}

function boot(setting: "file" | "serverName"): Read {
  return (statement, scope, reader) => {
    const [, word] = statement.words;
    if (statement.words.length !== 2 || !word || word.isSign) return reader.unclear(statement);
    // An empty one takes away what a wider level sets.
    scope.settings.boot.set(setting, { ...statement, value: word.text === "" ? null : word.text });
  };
}

function flag(setting: FlagSetting): Read {
  return (statement, scope, reader) => {
    const word = statement.words[1]?.text ?? "";
    if (!/^(true|false|on|off)$/.test(word)) return reader.unclear(statement);
    const value = word === "true" || word === "on";
    scope.settings.flags.set(setting, { ...statement, value });
  };
}

function readShared(statement: Statement, scope: Scope, reader: ConfReader) {
  const name = statement.words[1]?.text;
  if (name === undefined || !statement.body) return reader.unclear(statement);
  const shared = { name, place: statement.place, text: statement.text };
  reader.readAll(statement.body, scopeIn(scope, "shared-network", { shared }));
}

function readSubnet(statement: Statement, scope: Scope, reader: ConfReader) {
  const { words, place, text, body } = statement;
  const subnet = subnetOf(words[1]?.text ?? "", words[3]?.text ?? "");
  if (!subnet || words[2]?.text !== "netmask" || !body) {
    return reader.unclear(statement, "It is not the address and the mask of a network.");
  }
  const found: SubnetFound = { subnet, scope: scopeIn(scope, "subnet"), place, text };
  reader.found.subnets.push(found);
  reader.readAll(body, { ...found.scope, subnet: found });
}

function readPool(statement: Statement, scope: Scope, reader: ConfReader) {
  if (!statement.body) return reader.unclear(statement);
  if (!scope.subnet && !scope.shared) {
    return reader.unclear(statement, "A pool belongs into a subnet or a shared network.");
  }
  const pool: PoolFound = { ranges: [], allow: [], deny: [], scope: scopeIn(scope, "pool") };
  reader.found.pools.push(pool);
  reader.readAll(statement.body, { ...pool.scope, pool });
}

function readRange(statement: Statement, scope: Scope, reader: ConfReader) {
  const { words, place, text } = statement;
  const isBootp = words[1]?.text === "dynamic-bootp";
  const [first, last = first, more] = words.slice(isBootp ? 2 : 1);
  const from = parseIpv4(first?.text ?? "");
  const to = parseIpv4(last?.text ?? "");
  if (from === undefined || to === undefined || more) return reader.unclear(statement);
  if (!scope.subnet && !scope.pool) {
    return reader.unclear(statement, "A range belongs into a subnet or a pool.");
  }
  if (isBootp)
    reader.notes.changed(place, text, "Clients of BOOTP get no address here; the others do.");
  const range = { from: Math.min(from, to) as Ipv4, to: Math.max(from, to) as Ipv4, place, text };
  if (scope.pool) scope.pool.ranges.push(range);
  else {
    const pool = { ranges: [range], allow: [], deny: [], scope: scopeIn(scope, "pool") };
    reader.found.pools.push(pool);
  }
}

/** allow, deny and ignore: who may have an address of a pool, or what the server does at all. */
function readPermission(statement: Statement, scope: Scope, reader: ConfReader) {
  const { words, place, text } = statement;
  const isAllowed = words[0]?.text.toLowerCase() === "allow";
  const what = words
    .slice(1)
    .filter((word) => word.isQuoted || !["all", "clients", "dynamic"].includes(word.text))
    .map((word) => word.text);
  const [first = "", second] = what;
  const known = first === "known-clients" || first === "known";
  const unknown = first === "unknown-clients" || first === "unknown";
  const isMembers = first === "members" && second === "of" && what[2] !== undefined;
  if (scope.pool && (known || unknown || isMembers)) {
    const name = isMembers ? (what[2] ?? "") : known ? KNOWN : UNKNOWN;
    (isAllowed ? scope.pool.allow : scope.pool.deny).push(name);
    return;
  }
  if (unknown && !scope.host) {
    scope.settings.flags.set("knownOnly", { ...statement, value: !isAllowed });
    return;
  }
  if (first === "booting" && scope.host) {
    scope.host.isDenied = !isAllowed;
    return;
  }
  if (first === "booting" && scope.classFound) {
    scope.classFound.isDenied = !isAllowed;
    return;
  }
  const isSame = isAllowed ? AS_HERE_ALLOWED.has(first) : AS_HERE_DENIED.has(first);
  if (isSame) return;
  reader.notes.leftOut(place, text, PERMISSIONS.get(first) ?? "There is no such permission here.");
}

/** What is so here anyway. */
const AS_HERE_ALLOWED = new Set(["booting", "declines"]);
const AS_HERE_DENIED = new Set(["bootp", "client-updates", "duplicates", "leasequery"]);

const PERMISSIONS: ReadonlyMap<string, string> = new Map([
  ["bootp", "Clients of BOOTP, which came before DHCP, are not served here."],
  ["duplicates", "A device has one lease on a network here."],
  ["declines", "What a client declines is always believed here, up to a limit."],
  ["client-updates", "Names are not registered in DNS here."],
  ["leasequery", "Who may ask for leases is said by address here: see leasequery in config.json."],
  ["authenticated", "Clients are not authenticated here."],
  ["unauthenticated", "Clients are not authenticated here."],
  ["after", "Nothing is allowed or denied from a certain time on here."],
]);
