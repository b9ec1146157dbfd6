// Options and settings of the packet in hand, taken from all levels: the closest that says something.

import type { Ipv4 } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { FOREVER_SECONDS, type LevelConfig, NOTHING_SET } from "./config-view.ts";

/** Content by code. Undefined: says nothing about it. Empty content: takes it away. */
export type OptionTable = readonly (Uint8Array | undefined)[];

/** What the server works out anew for each reply (see reply.ts) and so takes from no table. */
export const COMPUTED: readonly number[] = [
  OPTION.requestedIpAddress,
  OPTION.ipAddressLeaseTime,
  OPTION.optionOverload,
  OPTION.dhcpMessageType,
  OPTION.serverIdentifier,
  OPTION.parameterRequestList,
  OPTION.message,
  OPTION.maximumDhcpMessageSize,
  OPTION.renewalTimeValue,
  OPTION.rebindingTimeValue,
  OPTION.clientIdentifier,
  OPTION.rapidCommit,
  OPTION.relayAgentInformation,
  OPTION.authentication,
  OPTION.subnetSelection,
  OPTION.forcerenewNonceCapable,
].map((row) => row.code);

/**
 * These change how a client behaves, so it must ask for them, and no list of its own is not asking
 * (RFC 8925 §3.1, RFC 2563 §2).
 */
export const ONLY_WHEN_ASKED: readonly number[] = [
  OPTION.ipv6OnlyPreferred.code,
  OPTION.autoConfigure.code,
];

/** One level of the configuration, ready for the packet path. Made by `compileLevel`. */
export class Level {
  readonly options: OptionTable;
  /** RFC 2131 §4.3.1: the codes for a client that does not say what it wants, in rising order. */
  readonly defaultCodes: Uint8Array;
  readonly nextServer: Ipv4 | undefined;
  readonly serverName: Uint8Array | undefined;
  readonly bootFile: Uint8Array | undefined;
  readonly leaseSeconds: number | undefined;
  readonly minLeaseSeconds: number | undefined;
  readonly maxLeaseSeconds: number | undefined;
  readonly renewSeconds: number | undefined;
  readonly rebindSeconds: number | undefined;
  /** True when it gives or takes away any option. */
  readonly hasOptions: boolean;
  /** True when it changes nothing at all. */
  readonly saysNothing: boolean;

  constructor(config: LevelConfig) {
    this.options = optionTable(config);
    this.hasOptions = this.options !== NO_OPTIONS;
    this.defaultCodes = this.hasOptions ? defaultCodesOf(this.options) : NO_CODES;
    this.nextServer = config.nextServer;
    this.serverName = config.serverName;
    this.bootFile = config.bootFile;
    this.leaseSeconds = config.leaseSeconds;
    this.minLeaseSeconds = config.minLeaseSeconds;
    this.maxLeaseSeconds = config.maxLeaseSeconds;
    this.renewSeconds = config.renewSeconds;
    this.rebindSeconds = config.rebindSeconds;
    const settings = [this.nextServer, this.serverName, this.bootFile, this.leaseSeconds];
    settings.push(this.minLeaseSeconds, this.maxLeaseSeconds);
    settings.push(this.renewSeconds, this.rebindSeconds);
    this.saysNothing = !this.hasOptions && settings.every((setting) => setting === undefined);
  }
}

/** Levels that say nothing are one object: thousands of reservations need not have one each. */
export function compileLevel(config: LevelConfig): Level {
  const level = new Level(config);
  return level.saysNothing ? SILENT : level;
}

/**
 * The levels of the packet in hand, from the closest to the furthest: reservation, classes in their
 * order, pool, network. One reusable object: `begin`, `push` each level, then ask. The network's
 * level must be there when times are asked for.
 */
export class LevelStack {
  readonly #levels: Level[] = [];
  /** Those of them that have options. */
  readonly #withOptions: Level[] = [];
  #depth = 0;
  #optionDepth = 0;
  /** The first table of options: most packets need no other. */
  #closest: OptionTable = NO_OPTIONS;
  nextServer: Ipv4 | undefined = undefined;
  /** Contents of `sname` and `file`. */
  serverName: Uint8Array | undefined = undefined;
  bootFile: Uint8Array | undefined = undefined;
  #renewSeconds: number | undefined = undefined;
  #rebindSeconds: number | undefined = undefined;
  readonly #codes = new Uint8Array(256);
  /** Views of `#codes` by length, each made when it is first needed. */
  readonly #codeViews: (Uint8Array | undefined)[] = new Array(256).fill(undefined);

  begin(): void {
    this.#depth = 0;
    this.#optionDepth = 0;
    this.#closest = NO_OPTIONS;
    this.nextServer = undefined;
    this.serverName = undefined;
    this.bootFile = undefined;
    this.#renewSeconds = undefined;
    this.#rebindSeconds = undefined;
  }

  /** Adds the next further level. One that says nothing is left out. */
  push(level: Level): void {
    if (level.saysNothing) return;
    this.#levels[this.#depth++] = level;
    this.nextServer ??= level.nextServer;
    this.serverName ??= level.serverName;
    this.bootFile ??= level.bootFile;
    this.#renewSeconds ??= level.renewSeconds;
    this.#rebindSeconds ??= level.rebindSeconds;
    if (!level.hasOptions) return;
    if (this.#optionDepth === 0) this.#closest = level.options;
    this.#withOptions[this.#optionDepth++] = level;
  }

  /** Content of an option; undefined when nobody gives it or the closest level takes it away. */
  option(code: number): Uint8Array | undefined {
    const data = this.#closest[code];
    if (data !== undefined) return data.length === 0 ? undefined : data;
    return this.#optionDepth > 1 ? this.#furtherOption(code) : undefined;
  }

  /**
   * Seconds of the lease (RFC 2131 §4.3.1): what the client wants, or else the configured time, within
   * the configured bounds. A bound gives way to a time, or to another bound, of a closer level.
   * `wanted` is option 51, and FOREVER_SECONDS is just the greatest of all times. The last word has
   * `randomisedMax`, given for a client with a randomised MAC where the network limits those.
   */
  leaseSeconds(wanted: number | undefined, randomisedMax: number | undefined): number {
    const depth = this.#depth;
    let lease: number | undefined;
    let min = 0;
    let max = 0;
    let leaseAt = depth;
    let minAt = depth;
    let maxAt = depth;
    for (let i = depth - 1; i >= 0; i--) {
      const level = this.#levels[i] as Level;
      if (level.leaseSeconds !== undefined) {
        lease = level.leaseSeconds;
        leaseAt = i;
      }
      if (level.minLeaseSeconds !== undefined) {
        min = level.minLeaseSeconds;
        minAt = i;
      }
      if (level.maxLeaseSeconds !== undefined) {
        max = level.maxLeaseSeconds;
        maxAt = i;
      }
    }
    assert(lease !== undefined, "no level has a lease time");
    if (minAt > leaseAt) min = Math.min(min, lease);
    if (maxAt > leaseAt) max = Math.max(max, lease);
    if (min > max) {
      if (minAt < maxAt) max = min;
      else min = max;
    }
    const seconds = Math.min(Math.max(wanted ?? lease, min), max);
    return randomisedMax === undefined ? seconds : Math.min(seconds, randomisedMax);
  }

  /**
   * T1 of a lease of so many seconds: as configured when that is before T2 and the end of the lease,
   * else half of it (RFC 2131 §4.4.5). Undefined for a lease that never ends.
   */
  renewSeconds(seconds: number): number | undefined {
    if (seconds === FOREVER_SECONDS) return undefined;
    const renew = this.#renewWanted(seconds);
    return renew < this.#rebindWanted(seconds) ? renew : halfOf(seconds);
  }

  /** T2: as configured when that is between T1 and the end of the lease, else seven eighths of it. */
  rebindSeconds(seconds: number): number | undefined {
    if (seconds === FOREVER_SECONDS) return undefined;
    const rebind = this.#rebindWanted(seconds);
    return this.#renewWanted(seconds) < rebind ? rebind : sevenEighthsOf(seconds);
  }

  /**
   * The codes for a client that does not say what it wants, in rising order. Valid until it is asked
   * for those of another packet.
   */
  defaultCodes(): Uint8Array {
    if (this.#optionDepth === 0) return NO_CODES;
    if (this.#optionDepth === 1) return (this.#withOptions[0] as Level).defaultCodes;
    let count = 0;
    for (let code = 1; code < 255; code++) {
      if (this.option(code) === undefined || ONLY_WHEN_ASKED.includes(code)) continue;
      this.#codes[count++] = code;
    }
    const view = this.#codeViews[count] ?? this.#codes.subarray(0, count);
    this.#codeViews[count] = view;
    return view;
  }

  #furtherOption(code: number): Uint8Array | undefined {
    for (let i = 1; i < this.#optionDepth; i++) {
      const data = (this.#withOptions[i] as Level).options[code];
      if (data !== undefined) return data.length === 0 ? undefined : data;
    }
    return undefined;
  }

  #renewWanted(seconds: number): number {
    const renew = this.#renewSeconds;
    return renew !== undefined && renew < seconds ? renew : halfOf(seconds);
  }

  #rebindWanted(seconds: number): number {
    const rebind = this.#rebindSeconds;
    return rebind !== undefined && rebind < seconds ? rebind : sevenEighthsOf(seconds);
  }
}

const CLASSLESS_STATIC_ROUTE = OPTION.classlessStaticRoute.code;

/**
 * RFC 3442: who asks for classless routes (121) and gets them should get neither a router (3) nor
 * classful routes (33). True when that is so for a client that asks for `codes` from `start` to `end`.
 */
export function givesClasslessRoutes(
  levels: LevelStack,
  codes: Uint8Array,
  start = 0,
  end = codes.length,
): boolean {
  if (levels.option(CLASSLESS_STATIC_ROUTE) === undefined) return false;
  const at = codes.indexOf(CLASSLESS_STATIC_ROUTE, start);
  return at >= 0 && at < end;
}

const NO_CODES = new Uint8Array(0);
const NO_OPTIONS: OptionTable = new Array<Uint8Array | undefined>(256).fill(undefined);
const SILENT = new Level(NOTHING_SET);

/** The table of a level; NO_OPTIONS itself when there is nothing in it. */
function optionTable(config: LevelConfig): OptionTable {
  const given = config.options.filter(
    ({ code }) => code > 0 && code < 255 && !COMPUTED.includes(code),
  );
  if (given.length === 0) return NO_OPTIONS;
  const table = new Array<Uint8Array | undefined>(256).fill(undefined);
  for (const { code, data } of given) table[code] = data;
  return table;
}

function defaultCodesOf(table: OptionTable): Uint8Array {
  const codes: number[] = [];
  table.forEach((data, code) => {
    if (data && data.length > 0 && !ONLY_WHEN_ASKED.includes(code)) codes.push(code);
  });
  return Uint8Array.from(codes);
}

function halfOf(seconds: number): number {
  return Math.floor(seconds / 2);
}

function sevenEighthsOf(seconds: number): number {
  return Math.floor((seconds * 7) / 8);
}
