// What both files say of the pair, as the core and the link with the partner want it.

import { type Ipv4, ipv4 } from "../base/address.ts";
import type { PairConfig, PairMode } from "../core/config-view.ts";
import type { Dialect } from "../wire/failover/messages.ts";
import { parseHex } from "../wire/option-codecs.ts";
import type { BoxConfig, SharedConfig } from "./schema.ts";

/** How the partner is reached. */
export type PairLinkConfig = FixedLink | FoundLink;

/** It is looked for on the pair ports and the LANs, by its key. */
export interface FoundLink {
  readonly kind: "found";
  readonly port: number;
  readonly partnerIdentity: Uint8Array;
}

/** It is where a person said. */
export interface FixedLink {
  readonly kind: "fixed";
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

/**
 * Where two paths have to agree that the partner is off: longer than a box takes to be started again, or to be
 * updated. In the meantime this box serves everybody anyway.
 */
const DEFAULT_SAFE_SECONDS = 1800;
const DEFAULT_MCLT_SECONDS = 600;
const DEFAULT_PRIMARY_PERCENT = 50;
const DEFAULT_RESERVE_PERCENT = 10;
/** dhcpd keeps an acknowledgement back for up to two seconds, which no client should wait for. */
const DEFAULT_PARTNER_WAIT: Readonly<Record<Dialect, number>> = { tandem: 50, isc: 0 };

export function pairPorts(protocol: Dialect, box: BoxPair): { own: number; partner: number } {
  const usual = DEFAULT_PORT[protocol];
  return { own: box.port ?? usual, partner: box.partnerPort ?? usual };
}

/** With a partner this box may still serve alone, as long as config.json says nothing of sharing the work. */
export function buildPair(
  { pair: shared }: SharedConfig,
  { pair: box }: BoxConfig,
): { readonly config: PairConfig | undefined; readonly link: PairLinkConfig | undefined } {
  if (!box) return { config: undefined, link: undefined };
  return { config: shared && buildConfig(shared, box), link: buildLink(shared?.protocol, box) };
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
    safeSeconds: shared.safeSeconds ?? (isFound(box) ? DEFAULT_SAFE_SECONDS : 0),
  };
}

function buildLink(protocol: Dialect = "tandem", box: BoxPair): PairLinkConfig | undefined {
  const { own, partner: partnerPort } = pairPorts(protocol, box);
  const { address, partner } = box;
  const partnerIdentity = box.partnerIdentity ? parseHex(box.partnerIdentity) : undefined;
  if (address !== undefined && partner !== undefined) {
    const ends = { address: ipv4(address), partner: ipv4(partner) };
    return { kind: "fixed", ...ends, port: own, partnerPort, partnerIdentity };
  }
  return partnerIdentity && { kind: "found", port: own, partnerIdentity };
}

/** A partner without an address is looked for. */
export function isFound({ address, partner }: BoxPair): boolean {
  return address === undefined && partner === undefined;
}

function buildMode({ mode, primaryPercent, reservePercent }: SharedPair): PairMode {
  return mode === "hot-standby"
    ? { kind: mode, reservePercent: reservePercent ?? DEFAULT_RESERVE_PERCENT }
    : { kind: mode, primaryPercent: primaryPercent ?? DEFAULT_PRIMARY_PERCENT };
}
