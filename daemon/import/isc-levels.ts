// The settings of one level of another server's configuration as a level of ours has them. What does not fit, such as
// a lease time that contradicts another one, is changed so that it does, and noted.

import type * as v from "valibot";
import { ConfigError } from "../base/errors.ts";
import { checkTimes, type LeaseTimes, resolveTimes } from "../config/levels.ts";
import type { OptionNames } from "../config/options.ts";
import type { Level, SharedSchema } from "../config/schema.ts";
import type { Settings, SetValue, TimeSetting } from "./isc-settings.ts";
import { withVendorOptions } from "./isc-vendor.ts";
import type { Notes } from "./notes.ts";

type SharedDraft = v.InferInput<typeof SharedSchema>;
/** The settings that every level has, as config.json writes them. */
export type LevelDraft = Pick<SharedDraft, Exclude<keyof Level, never>>;

export interface LevelKind {
  /** Of the levels around it; what of them is unknown is left to be checked by whoever takes the draft. */
  readonly outer: LeaseTimes;
  readonly names: OptionNames;
  readonly notes: Notes;
  /**
   * The longest lease of wider levels holds for a level with an ordinary lease of its own, as dhcpd has it; here that
   * has to be said again.
   */
  readonly inheritsMax: boolean;
}

export const FOREVER = 0xffffffff;
const LEASE_SECONDS_MIN = 60;
const LEASE_SECONDS_MAX = 0xfffffffe;

/** One level, and the lease times in force in it. */
export function levelOf(
  settings: Settings,
  kind: LevelKind,
): { readonly level: LevelDraft; readonly times: LeaseTimes } {
  const times = fitTimes(settings, kind);
  const options = encodable(withVendorOptions(settings, kind.notes), kind);
  const boot = bootOf(settings, kind.notes);
  const level: LevelDraft = {
    ...(Object.keys(options).length > 0 && { options }),
    ...Object.fromEntries(
      Object.entries(times).map(([name, value]) => [name, value === FOREVER ? "infinite" : value]),
    ),
    ...(boot && { boot }),
  };
  return { level, times: resolveTimes({ options: {}, ...times }, kind.outer) };
}

/** Flags are about whole networks here; those of narrower levels are noted. */
export function noteFlags({ flags }: Settings, notes: Notes): void {
  for (const [flag, { place, text }] of flags) {
    if (flag === "knownOnly" || flag === "namesToClients") continue;
    notes.leftOut(place, text, "It is set for whole networks here.");
  }
}

/** Options that our configuration takes; a note for each of the others. */
function encodable(
  { options }: Settings,
  { names, notes }: LevelKind,
): Record<string, NonNullable<unknown> | null> {
  const taken: Record<string, NonNullable<unknown> | null> = {};
  for (const { name, value, place, text } of options.values()) {
    try {
      names.encode(name, value);
      taken[name] = value;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      notes.leftOut(place, text, `This option cannot be set here: ${error.message}.`);
    }
  }
  return taken;
}

function bootOf({ boot }: Settings, notes: Notes): LevelDraft["boot"] {
  const taken: { server?: string | null; serverName?: string | null; file?: string | null } = {};
  for (const [setting, { value, place, text }] of boot) {
    const max = { server: Number.POSITIVE_INFINITY, serverName: 63, file: 127 }[setting];
    if (value !== null && new TextEncoder().encode(value).length > max) {
      notes.leftOut(place, text, `It has more than the ${max} bytes that a packet has room for.`);
    } else if (value?.includes("\0") || value?.isWellFormed() === false) {
      notes.leftOut(place, text, "It holds characters that cannot be sent.");
    } else taken[setting] = value;
  }
  return Object.keys(taken).length > 0 ? taken : undefined;
}

type Times = Partial<Record<TimeSetting, number>>;

/** Lease times that do not contradict each other or those of wider levels. */
function fitTimes(settings: Settings, kind: LevelKind): Times {
  const { outer, notes } = kind;
  const times: Times = {};
  for (const [setting, { value, place, text }] of settings.times) {
    const isLease = setting !== "renewSeconds" && setting !== "rebindSeconds";
    const least = isLease ? LEASE_SECONDS_MIN : 1;
    const isForever = isLease && setting !== "minLeaseSeconds" && value === FOREVER;
    const fitting = isForever ? FOREVER : Math.min(Math.max(value, least), LEASE_SECONDS_MAX);
    times[setting] = fitting;
    if (fitting !== value) {
      notes.changed(
        place,
        text,
        `Times here are ${least} seconds or more: this became ${fitting}.`,
      );
    }
  }
  fitMax(times, settings, kind);
  fitMin(times, settings, outer, notes);
  fitRenewal(times, settings, outer, notes);
  return times;
}

/** The longest lease wins over the ordinary one, as both servers have it. */
function fitMax(times: Times, settings: Settings, kind: LevelKind): void {
  const { outer, notes, inheritsMax } = kind;
  const { maxLeaseSeconds: outerMax, leaseSeconds: outerLease } = outer;
  const isWider = outerMax !== undefined && outerMax !== outerLease;
  if (inheritsMax && isWider && times.leaseSeconds !== undefined) {
    times.maxLeaseSeconds ??= outerMax;
  }
  const lease = times.leaseSeconds ?? outer.leaseSeconds;
  const { maxLeaseSeconds: max } = times;
  if (max === undefined || lease === undefined || max >= lease) return;
  const { place, text } = (settings.times.get("leaseSeconds") ??
    settings.times.get("maxLeaseSeconds")) as SetValue<number>;
  times.leaseSeconds = max;
  notes.changed(place, text, `Leases are ${max} seconds long, as longer ones are not allowed.`);
}

function fitMin(times: Times, settings: Settings, outer: LeaseTimes, notes: Notes): void {
  const bound =
    times.leaseSeconds ?? outer.leaseSeconds ?? times.maxLeaseSeconds ?? outer.maxLeaseSeconds;
  const source = settings.times.get("minLeaseSeconds");
  const { minLeaseSeconds: min } = times;
  if (min === undefined || source === undefined || bound === undefined || min <= bound) return;
  times.minLeaseSeconds = bound;
  const reason = `The shortest lease cannot be longer than the ordinary one: this became ${bound}.`;
  notes.changed(source.place, source.text, reason);
}

function fitRenewal(times: Times, settings: Settings, outer: LeaseTimes, notes: Notes): void {
  const problems: string[] = [];
  const check = () => {
    problems.length = 0;
    checkTimes({ options: {}, ...times }, outer, "", (_, reason) => problems.push(reason));
    return problems[0];
  };
  const first = check();
  if (first === undefined) return;
  const source =
    settings.times.get("renewSeconds") ??
    settings.times.get("rebindSeconds") ??
    settings.times.get("leaseSeconds");
  const lease = times.leaseSeconds ?? outer.leaseSeconds;
  delete times.renewSeconds;
  delete times.rebindSeconds;
  const isOuterInTheWay = check() !== undefined && lease !== undefined;
  if (isOuterInTheWay) {
    times.renewSeconds = Math.floor(lease / 2);
    times.rebindSeconds = Math.floor((lease * 7) / 8);
  }
  if (!source) return;
  const reason = `The times to renew contradict each other (${first}): clients renew after half of the lease.`;
  notes.changed(source.place, source.text, reason);
}
