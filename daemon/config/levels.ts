// What a level of the configuration sets, and what it takes over from a wider one.

import { ANY, type Ipv4, ipv4 } from "../base/address.ts";
import { FOREVER_SECONDS, type LevelConfig } from "../core/config-view.ts";
import type { OptionNames } from "./options.ts";
import type { Level } from "./schema.ts";
import type { Say } from "./validate.ts";

/** Lease times in force at one level; undefined where nothing is known of it. */
export interface LeaseTimes {
  readonly leaseSeconds: number | undefined;
  readonly minLeaseSeconds: number | undefined;
  readonly maxLeaseSeconds: number | undefined;
  readonly renewSeconds: number | undefined;
  readonly rebindSeconds: number | undefined;
}

export const DEFAULT_TIMES = {
  leaseSeconds: 43_200,
  minLeaseSeconds: 120,
  maxLeaseSeconds: 43_200,
  renewSeconds: undefined,
  rebindSeconds: undefined,
} as const;

/** For classes, which stand above no one network. */
export const UNKNOWN_TIMES: LeaseTimes = {
  leaseSeconds: undefined,
  minLeaseSeconds: undefined,
  maxLeaseSeconds: undefined,
  renewSeconds: undefined,
  rebindSeconds: undefined,
};

/**
 * The times of a level inside another. A level that says how long its leases are, and not how long at
 * most, means just that; it may also be shorter than the least that was asked of wider levels.
 */
export function resolveTimes(level: Level, outer: LeaseTimes): LeaseTimes {
  const leaseSeconds = level.leaseSeconds ?? outer.leaseSeconds;
  const inheritedMin = outer.minLeaseSeconds;
  return {
    leaseSeconds,
    minLeaseSeconds:
      level.minLeaseSeconds ??
      (inheritedMin === undefined
        ? undefined
        : Math.min(inheritedMin, leaseSeconds ?? inheritedMin)),
    maxLeaseSeconds: level.maxLeaseSeconds ?? level.leaseSeconds ?? outer.maxLeaseSeconds,
    renewSeconds: level.renewSeconds ?? outer.renewSeconds,
    rebindSeconds: level.rebindSeconds ?? outer.rebindSeconds,
  };
}

/** Says where the times of a level contradict each other or those it takes over. */
export function checkTimes(level: Level, outer: LeaseTimes, path: string, say: Say): void {
  const { leaseSeconds, minLeaseSeconds, maxLeaseSeconds } = resolveTimes(level, outer);
  const at = (setting: string) => (path === "" ? setting : `${path}.${setting}`);
  if (level.maxLeaseSeconds !== undefined && isLess(level.maxLeaseSeconds, leaseSeconds)) {
    const max = formatSeconds(level.maxLeaseSeconds);
    say(at("maxLeaseSeconds"), `${max} is less than leaseSeconds (${formatSeconds(leaseSeconds)})`);
  }
  if (level.minLeaseSeconds !== undefined) {
    const [bound, name] =
      leaseSeconds === undefined
        ? ([maxLeaseSeconds, "maxLeaseSeconds"] as const)
        : ([leaseSeconds, "leaseSeconds"] as const);
    if (isLess(bound, minLeaseSeconds)) {
      say(at("minLeaseSeconds"), `${level.minLeaseSeconds} is more than ${name} (${bound})`);
    }
  }
  checkRenewal(level, outer, at, say);
}

function checkRenewal(
  level: Level,
  outer: LeaseTimes,
  at: (setting: string) => string,
  say: Say,
): void {
  const { leaseSeconds, renewSeconds, rebindSeconds } = resolveTimes(level, outer);
  const isOwn =
    level.renewSeconds !== undefined ||
    level.rebindSeconds !== undefined ||
    level.leaseSeconds !== undefined;
  if (!isOwn) return;
  const changed = (setting: "renewSeconds" | "rebindSeconds") =>
    at(level[setting] === undefined ? "leaseSeconds" : setting);
  if (rebindSeconds !== undefined && !isLess(rebindSeconds, leaseSeconds ?? FOREVER_SECONDS)) {
    say(
      changed("rebindSeconds"),
      `rebindSeconds (${rebindSeconds}) must be less than leaseSeconds (${leaseSeconds})`,
    );
    return;
  }
  // RFC 2131 §4.4.5: half and seven eighths of the lease, unless set.
  const isBounded = leaseSeconds !== undefined && leaseSeconds !== FOREVER_SECONDS;
  const renew = renewSeconds ?? (isBounded ? Math.floor(leaseSeconds / 2) : undefined);
  const rebind = rebindSeconds ?? (isBounded ? Math.floor((leaseSeconds * 7) / 8) : undefined);
  if (renew === undefined || rebind === undefined || renew < rebind) return;
  const [path, isDefault] =
    level.renewSeconds !== undefined
      ? [at("renewSeconds"), rebindSeconds === undefined]
      : [changed("rebindSeconds"), renewSeconds === undefined];
  const hint = isDefault ? ", which follows from leaseSeconds" : "";
  say(path, `renewSeconds (${renew}) must be less than rebindSeconds (${rebind})${hint}`);
}

/** What the level itself sets, for the core to choose from. */
export function buildLevel(level: Level, names: OptionNames): LevelConfig {
  return {
    options: names.encodeAll(level.options),
    ...buildBoot(level),
    leaseSeconds: level.leaseSeconds,
    minLeaseSeconds: level.minLeaseSeconds,
    maxLeaseSeconds: level.maxLeaseSeconds ?? level.leaseSeconds,
    renewSeconds: level.renewSeconds,
    rebindSeconds: level.rebindSeconds,
  };
}

type Boot = Pick<LevelConfig, "nextServer" | "serverName" | "bootFile">;

/** Where nothing wider is left to take away from: 0.0.0.0 and no bytes are as good as unset. */
export function mergeBoot(inner: Level, outer: Level): Boot {
  const boot = buildBoot({ ...inner, boot: { ...outer.boot, ...inner.boot } });
  return {
    nextServer: boot.nextServer === ANY ? undefined : boot.nextServer,
    serverName: boot.serverName?.length === 0 ? undefined : boot.serverName,
    bootFile: boot.bootFile?.length === 0 ? undefined : boot.bootFile,
  };
}

/** 0.0.0.0 and no bytes take away what a wider level sets. */
function buildBoot({ boot }: Level): Boot {
  return {
    nextServer: addressOf(boot?.server),
    serverName: bytesOf(boot?.serverName),
    bootFile: bytesOf(boot?.file),
  };
}

function addressOf(text: string | null | undefined): Ipv4 | undefined {
  if (text === undefined) return undefined;
  return text === null ? ANY : ipv4(text);
}

function bytesOf(text: string | null | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text ?? "");
}

function isLess(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a < b;
}

function formatSeconds(seconds: number | undefined): string {
  return seconds === FOREVER_SECONDS ? '"infinite"' : String(seconds);
}
