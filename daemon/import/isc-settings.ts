// What one level of another server's configuration sets, as it is gathered: each value with its place in the file, so
// that a note can be made where it does not fit after all.

import type { Plain } from "../wire/option-codecs.ts";
import type { Place } from "./notes.ts";

/** A statement of a file. */
export interface Source {
  readonly place: Place;
  readonly text: string;
}

export interface SetOption extends Source {
  readonly code: number;
  /** Of our table, of a custom option, or "option-224". */
  readonly name: string;
  readonly value: Plain;
}

export interface SetValue<T> extends Source {
  readonly value: T;
}

export type TimeSetting =
  | "leaseSeconds"
  | "minLeaseSeconds"
  | "maxLeaseSeconds"
  | "renewSeconds"
  | "rebindSeconds";
export type BootSetting = "server" | "serverName" | "file";
export type FlagSetting =
  | "authoritative"
  | "ignoreClientId"
  | "probe"
  /** Only devices that are declared get an address. */
  | "knownOnly"
  /** A device is told the name that its declaration has. */
  | "namesToClients";

export interface Suboption extends Source {
  readonly bytes: Uint8Array;
}

/** An option whose content is options of a space of their own. */
export interface Encapsulation {
  readonly space: string;
  /** Of option 125 (RFC 3925). */
  readonly enterprise?: number;
}

export interface Settings {
  /** By the name of their space, and their code there. */
  readonly suboptions: Map<string, Map<number, Suboption>>;
  /** By the code of the option: 43 or 125. */
  readonly encapsulations: Map<number, SetValue<Encapsulation>>;
  readonly options: Map<number, SetOption>;
  readonly times: Map<TimeSetting, SetValue<number>>;
  readonly boot: Map<BootSetting, SetValue<string | null>>;
  readonly flags: Map<FlagSetting, SetValue<boolean>>;
}

export function noSettings(): Settings {
  return {
    suboptions: new Map(),
    encapsulations: new Map(),
    options: new Map(),
    times: new Map(),
    boot: new Map(),
    flags: new Map(),
  };
}

/** What holds inside: what the inner level sets, and what it takes over from the outer one. */
export function within(inner: Settings, outer: Settings): Settings {
  const suboptions = new Map(outer.suboptions);
  for (const [space, codes] of inner.suboptions) {
    suboptions.set(space, new Map([...(suboptions.get(space) ?? []), ...codes]));
  }
  return {
    suboptions,
    encapsulations: new Map([...outer.encapsulations, ...inner.encapsulations]),
    options: new Map([...outer.options, ...inner.options]),
    times: new Map([...outer.times, ...inner.times]),
    boot: new Map([...outer.boot, ...inner.boot]),
    flags: new Map([...outer.flags, ...inner.flags]),
  };
}

/** Whether anything is set that a client could notice. */
export function hasSettings({ options, times, boot, suboptions }: Settings): boolean {
  return options.size + times.size + boot.size + suboptions.size > 0;
}

export function setSuboption(
  settings: Settings,
  space: string,
  code: number,
  suboption: Suboption,
): void {
  const codes = settings.suboptions.get(space) ?? new Map<number, Suboption>();
  codes.set(code, suboption);
  settings.suboptions.set(space, codes);
}
