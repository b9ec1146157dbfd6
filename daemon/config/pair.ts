// What both files say of the pair, as the core and the link with the partner want it.

import { type Ipv4, ipv4 } from "../base/address.ts";
import type { PairConfig, PairMode } from "../core/config-view.ts";
import type { Dialect } from "../wire/failover/messages.ts";
import { parseHex } from "../wire/option-codecs.ts";
import type { BoxConfig, SharedConfig } from "./schema.ts";

/** Where the partner is. */
export interface PairLinkConfig {
  /** Listened on, and the source of what is dialled. */
  readonly address: Ipv4;
  readonly port: number;
  readonly partner: Ipv4;
  readonly partnerPort: number;
  /** The identity of its key; undefined: whoever has the address is believed to be the partner. */
  readonly partnerIdentity: Uint8Array | undefined;
}

export type SharedPair = NonNullable<SharedConfig["pair"]>;
export type BoxPair = NonNullable<BoxConfig["pair"]>;

/**
 * dhcpd has the port that IANA gave to failover. An ordinary user, as this daemon is, may not open
 * ports below 1024; this one is assigned to nobody, and outside of those that systems dial from.
 */
const DEFAULT_PORT: Readonly<Record<Dialect, number>> = { tandem: 8647, isc: 647 };

const DEFAULT_MCLT_SECONDS = 600;
const DEFAULT_PRIMARY_PERCENT = 50;
const DEFAULT_RESERVE_PERCENT = 10;
/** dhcpd keeps an acknowledgement back for up to two seconds, which no client should wait for. */
const DEFAULT_PARTNER_WAIT: Readonly<Record<Dialect, number>> = { tandem: 50, isc: 0 };

export function pairPorts(shared: SharedPair, box: BoxPair): { own: number; partner: number } {
  const usual = DEFAULT_PORT[shared.protocol];
  return { own: box.port ?? usual, partner: box.partnerPort ?? usual };
}

/** Undefined: this box works alone. */
export function buildPair(
  { pair: shared }: SharedConfig,
  { pair: box }: BoxConfig,
): { readonly config: PairConfig; readonly link: PairLinkConfig } | undefined {
  if (!shared || !box) return undefined;
  return { config: buildConfig(shared, box), link: buildLink(shared, box) };
}

function buildConfig(shared: SharedPair, box: BoxPair): PairConfig {
  return {
    name: shared.name,
    role: box.role,
    dialect: shared.protocol,
    mode: buildMode(shared),
    mcltSeconds: shared.mcltSeconds ?? DEFAULT_MCLT_SECONDS,
    partnerWaitMilliseconds:
      shared.partnerWaitMilliseconds ?? DEFAULT_PARTNER_WAIT[shared.protocol],
    loadBalanceSecondsMax: shared.loadBalanceSecondsMax,
    receiveTimerSeconds: shared.receiveTimerSeconds,
    safeSeconds: shared.safeSeconds,
  };
}

function buildLink(shared: SharedPair, box: BoxPair): PairLinkConfig {
  const { own, partner } = pairPorts(shared, box);
  return {
    address: ipv4(box.address),
    port: own,
    partner: ipv4(box.partner),
    partnerPort: partner,
    partnerIdentity: box.partnerIdentity ? parseHex(box.partnerIdentity) : undefined,
  };
}

function buildMode({ mode, primaryPercent, reservePercent }: SharedPair): PairMode {
  return mode === "hot-standby"
    ? { kind: mode, reservePercent: reservePercent ?? DEFAULT_RESERVE_PERCENT }
    : { kind: mode, primaryPercent: primaryPercent ?? DEFAULT_PRIMARY_PERCENT };
}
