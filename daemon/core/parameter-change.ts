import type { CoreConfig, NetworkConfig } from "./config-view.ts";

/**
 * Whether clients of a network may get other parameters by a new configuration than by the old one.
 * Classes count for every network, since any client may be a member.
 */
export function haveParametersChanged(
  before: NetworkConfig,
  after: NetworkConfig,
  oldConfig: CoreConfig,
  newConfig: CoreConfig,
): boolean {
  for (const key of TOLD_TO_CLIENTS) if (!isSame(before[key], after[key])) return true;
  return !isSame(oldConfig.classes, newConfig.classes);
}

/** What of a network shows in a reply. The rest decides only about who gets which address. */
const TOLD_TO_CLIENTS = [
  "subnet",
  "serverId",
  "options",
  "nextServer",
  "serverName",
  "bootFile",
  "leaseSeconds",
  "minLeaseSeconds",
  "maxLeaseSeconds",
  "randomisedMacLeaseSeconds",
  "renewSeconds",
  "rebindSeconds",
  "pools",
  "reservations",
] as const satisfies readonly (keyof NetworkConfig)[];

/** Configurations are trees of plain values, lists and bytes. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => isSame(Reflect.get(a, key), Reflect.get(b, key)));
}
