// The settings of one object of Kea's configuration by name, and why some of them have nothing like them here.

import type { JsonEntry, JsonValue } from "./kea-json.ts";
import type { Notes } from "./notes.ts";

/** What reads a setting. */
export type Readers = Readonly<Record<string, (value: JsonEntry) => void>>;

/** Every setting goes to its reader or becomes a note. */
export function readKeys(object: JsonValue, readers: Readers, notes: Notes): void {
  const last = entriesByKey(object);
  for (const entry of object.entries ?? []) {
    const { key, place, text } = entry;
    if (last.get(key) !== entry) {
      notes.changed(place, text, "It is there again further on, and the last one counts.");
      continue;
    }
    if (LISTS.has(key) && !entry.items) {
      notes.unreadable(place, text, "Its value is a list.");
      continue;
    }
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (read) read(entry);
    else if (!OF_NO_USE.has(key)) {
      const reason = LEFT_OUT.get(key) ?? (key.startsWith("ddns-") ? NAMES : undefined);
      if (reason === undefined)
        notes.unreadable(place, text, "No setting of this name is known here.");
      else notes.leftOut(place, text, reason);
    }
  }
}

const LISTS = new Set([
  "client-classes",
  "hooks-libraries",
  "option-data",
  "option-def",
  "pools",
  "reservations",
  "shared-networks",
  "subnet4",
]);

/** Of a setting that is there twice the last one counts. */
export function entriesByKey(object: JsonValue | undefined): Map<string, JsonEntry> {
  return new Map((object?.entries ?? []).map((entry) => [entry.key, entry]));
}

export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value?.plain === "string" ? value.plain : undefined;
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  return Number.isInteger(value?.plain) ? (value?.plain as number) : undefined;
}

/** Text items of a list, or a single text. */
export function textsOf(value: JsonValue | undefined): string[] {
  const one = textOf(value);
  if (one !== undefined) return [one];
  return (value?.items ?? []).map(textOf).filter((text) => text !== undefined);
}

const NAMES = "Names are not registered in DNS here.";
const LOCAL = "The box has its own files, and keeps its own log.";
const TIMES =
  "Clients renew after half of the lease here, unless renewSeconds and rebindSeconds say otherwise.";
const LEASES = "How leases are kept is fixed here: each is on disk before a client has it.";
const HOSTS = "Reservations stand in config.json here, and are always looked at.";
const IPV6 = "Only IPv4 is served here.";
const CONTROL = "The box is controlled by its page and its command line.";
const LOAD = "How packets wait for their turn is fixed here.";
const CLASSES = "Every class is looked at for every client here.";
const DATABASE = "Nothing is read from a database here.";

const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ["dhcp-ddns", NAMES],
  ["hostname-char-set", NAMES],
  ["hostname-char-replacement", NAMES],
  ["loggers", LOCAL],
  ["Logging", LOCAL],
  ["data-directory", LOCAL],
  ["server-tag", LOCAL],
  ["calculate-tee-times", TIMES],
  ["t1-percent", TIMES],
  ["t2-percent", TIMES],
  ["cache-threshold", LEASES],
  ["cache-max-age", LEASES],
  ["offer-lifetime", LEASES],
  ["offer-lft", LEASES],
  ["adaptive-lease-time-threshold", "Leases do not become shorter as a pool fills up here."],
  ["expired-leases-processing", LEASES],
  ["lease-database", LEASES],
  ["sanity-checks", LEASES],
  ["store-extended-info", LEASES],
  ["stash-agent-options", LEASES],
  ["decline-probation-period", "An address that is taken rests for an hour here."],
  ["hosts-database", DATABASE],
  ["hosts-databases", DATABASE],
  ["config-control", DATABASE],
  ["host-reservation-identifiers", HOSTS],
  ["reservation-mode", HOSTS],
  ["reservations-global", HOSTS],
  ["reservations-in-subnet", HOSTS],
  ["reservations-out-of-pool", HOSTS],
  ["reservations-lookup-first", HOSTS],
  ["early-global-reservations-lookup", HOSTS],
  ["ip-reservations-unique", HOSTS],
  ["4o6-interface", IPV6],
  ["4o6-interface-id", IPV6],
  ["4o6-subnet", IPV6],
  ["dhcp4o6-port", IPV6],
  ["control-socket", CONTROL],
  ["control-sockets", CONTROL],
  ["statistic-default-sample-count", CONTROL],
  ["statistic-default-sample-age", CONTROL],
  ["multi-threading", LOAD],
  ["dhcp-queue-control", LOAD],
  ["parked-packet-limit", LOAD],
  ["allocator", "Which free address a client gets is chosen by the box."],
  ["compatibility", "How strictly packets are read is fixed here."],
  ["echo-client-id", "The client identifier is always sent back here, as RFC 6842 says."],
  ["require-client-classes", CLASSES],
  ["evaluate-additional-classes", CLASSES],
  ["template-test", "Classes do not make further classes by themselves here."],
  ["user-context", "Remarks are not kept."],
  ["user", "Remarks are not kept."],
]);

/** Numbers and remarks that only Kea itself needs. */
const OF_NO_USE = new Set(["id", "pool-id", "comment", "config-path", "metadata"]);
