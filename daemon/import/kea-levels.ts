// What every level of Kea's configuration may set.

import { parseIpv4 } from "../base/address.ts";
import type { OptionBook } from "./isc-set-option.ts";
import type { FlagSetting, Settings, TimeSetting } from "./isc-settings.ts";
import type { JsonEntry } from "./kea-json.ts";
import { numberOf, type Readers, textOf } from "./kea-keys.ts";
import { readOptionData, readOptionDefs } from "./kea-options.ts";
import type { Notes } from "./notes.ts";

export interface LevelTools {
  readonly book: OptionBook;
  readonly notes: Notes;
  /** Spaces of options that others carry, by the code of the carrier. */
  readonly spaces: Map<number, string>;
}

/** Readers for the settings of one level. Definitions of options are read before all else, and skipped here. */
export function levelReaders(settings: Settings, tools: LevelTools): Readers {
  const { book, notes, spaces } = tools;
  return {
    "option-def": () => undefined,
    "option-data": (list) => readOptionData(list, settings, book, spaces, notes),
    "valid-lifetime": time(settings, "leaseSeconds", notes),
    "min-valid-lifetime": time(settings, "minLeaseSeconds", notes),
    "max-valid-lifetime": time(settings, "maxLeaseSeconds", notes),
    "renew-timer": time(settings, "renewSeconds", notes),
    "rebind-timer": time(settings, "rebindSeconds", notes),
    authoritative: flag(settings, "authoritative", notes),
    "match-client-id": (entry) => {
      if (typeof entry.plain !== "boolean") return unclear(entry, notes);
      settings.flags.set("ignoreClientId", { ...entry, value: !entry.plain });
    },
    "next-server": (entry) => {
      const text = textOf(entry);
      if (text === undefined || parseIpv4(text) === undefined) return unclear(entry, notes);
      // Kea says so where it means none.
      if (text !== "0.0.0.0") settings.boot.set("server", { ...entry, value: text });
    },
    "server-hostname": boot(settings, "serverName", notes),
    "boot-file-name": boot(settings, "file", notes),
  };
}

/** The definitions of a level, which hold in all of the file here. */
export function readDefs(list: JsonEntry | undefined, { book, notes, spaces }: LevelTools): void {
  readOptionDefs(list, book, spaces, notes);
}

export function unclear({ place, text }: JsonEntry, notes: Notes): void {
  notes.unreadable(place, text, "The value is not one that this setting can have.");
}

function time(settings: Settings, setting: TimeSetting, notes: Notes) {
  return (entry: JsonEntry) => {
    const value = numberOf(entry);
    if (value === undefined || value < 0) return unclear(entry, notes);
    settings.times.set(setting, { ...entry, value });
  };
}

function flag(settings: Settings, setting: FlagSetting, notes: Notes) {
  return (entry: JsonEntry) => {
    if (typeof entry.plain !== "boolean") return unclear(entry, notes);
    settings.flags.set(setting, { ...entry, value: entry.plain });
  };
}

function boot(settings: Settings, setting: "file" | "serverName", notes: Notes) {
  return (entry: JsonEntry) => {
    const value = textOf(entry);
    if (value === undefined) return unclear(entry, notes);
    if (value !== "") settings.boot.set(setting, { ...entry, value });
  };
}
