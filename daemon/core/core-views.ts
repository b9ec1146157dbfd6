// Parts of a box as others see them.

import { formatMac } from "../base/address.ts";
import type { Now } from "../base/time.ts";
import type { LogValues } from "../catalogue.ts";
import type { JournalState } from "../ports.ts";
import type { LanHealth } from "../wire/beacon.ts";
import type { Conditions } from "./conditions.ts";
import type { Lan } from "./lan.ts";
import type { PoolRange } from "./pool.ts";
import { type LinkState, linkCondition } from "./service-gate.ts";

export interface LinkView {
  readonly helper: boolean;
  readonly present: boolean;
  readonly carrier: boolean;
  readonly mac: string;
  readonly mtu: number;
}

export interface PoolCounts {
  readonly size: number;
  readonly active: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly free: number;
}

/** What a link can be in; of a LAN, one at a time. */
export const LINK_CONDITIONS = [
  "helper-gone",
  "interface-missing",
  "interface-no-carrier",
] as const;

const NO_COUNTS: PoolCounts = { size: 0, active: 0, offered: 0, abandoned: 0, free: 0 };
const DISK_CONDITIONS = ["disk-full", "disk-read-only", "disk-error", "disk-slow"] as const;

/** Of the interface that a network is on; undefined behind relays. */
export function linkViewOf(link: LinkState | undefined): LinkView {
  return {
    helper: link?.helper ?? false,
    present: link?.present ?? false,
    carrier: link?.carrier ?? false,
    mac: link?.present ? formatMac(link.mac) : "",
    mtu: link?.mtu ?? 0,
  };
}

export function poolCountsOf(range: PoolRange | undefined): PoolCounts {
  if (!range) return NO_COUNTS;
  const { size, active, offered, abandoned, free } = range;
  return { size, active, offered, abandoned, free };
}

/** How each LAN is, as the partner is told. */
export function lanHealthOf(lans: readonly Lan[], { monotonic }: Now): LanHealth[] {
  return lans.map((lan) => {
    const isServed = lan.gate.ok && !lan.isSettling(monotonic);
    return { name: lan.name, hasCarrier: lan.link.carrier, isServed };
  });
}

/** Of the conditions that a disk can be in, the one that it is in. */
export function sayDisk(state: JournalState, conditions: Conditions, now: Now): void {
  let active: (typeof DISK_CONDITIONS)[number] | undefined;
  let values: LogValues = {};
  if (state.kind === "failing") {
    active = `disk-${state.reason}`;
    values = { text: state.text };
  } else if (state.kind === "slow") {
    active = "disk-slow";
    values = { seconds: Math.round(state.milliseconds / 1000) };
  }
  for (const id of DISK_CONDITIONS) {
    if (id === active) conditions.set(id, "", values, now);
    else conditions.clear(id, "");
  }
}

/** Of the conditions that a link can be in, the one that it is in. */
export function sayLink(
  { link, name, interfaceName }: Lan,
  conditions: Conditions,
  now: Now,
): void {
  const active = linkCondition(link);
  for (const id of LINK_CONDITIONS) {
    if (id === active) conditions.set(id, name, { interface: interfaceName }, now);
    else conditions.clear(id, name);
  }
}
