// A small office whose configuration is changed, and the devices in it: what the tests of consequences share.

import { ipv4, parseMac } from "../../daemon/base/address.ts";
import {
  type Consequences,
  consequencesOf,
  type Files,
  type LeaseFacts,
} from "../../daemon/config/consequences.ts";
import { loadConfig } from "../../daemon/config/load.ts";

/** 2026-05-03 07:12:00 UTC. */
export const NOW_SECONDS = Date.UTC(2026, 4, 3, 7, 12, 0) / 1000;
export const BOARD = { model: "", serial: "TD-1", wanPort: "wan0", pairPorts: ["ded0"] };

export const LAN = {
  name: "lan",
  subnet: "192.168.1.0/24",
  gateway: "192.168.1.1",
  dns: ["192.168.1.1"],
  pools: [{ from: "192.168.1.50", to: "192.168.1.99" }],
};
export const GUEST = {
  name: "guest",
  subnet: "10.78.0.0/24",
  pools: [{ from: "10.78.0.10", to: "10.78.0.19" }],
};
export const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { lan: { interface: "lan0", address: "192.168.1.2/24" } },
};
export const PARTNER = { role: "primary", partnerIdentity: "ab".repeat(32) };

export type Settings = Readonly<Record<string, unknown>>;

/** Throws what is wrong with them. */
export function filesOf(shared: Settings, box: Settings = BOX): Files {
  const loaded = loadConfig({ version: 1, networks: [LAN, GUEST], ...shared }, box);
  if ("config" in loaded) return loaded.config;
  throw new Error(JSON.stringify(loaded.issues));
}

/** The last number is that of its hardware address as well. */
export function leaseOf(address: string, hostname = "", changes: Partial<LeaseFacts> = {}) {
  const last = Number(address.split(".")[3]);
  const chaddr =
    parseMac(`00:00:5e:00:00:${last.toString(16).padStart(2, "0")}`) ?? Uint8Array.of();
  const lease: LeaseFacts = {
    address: ipv4(address),
    ...{ network: "lan", hostname, vendorClass: "", chaddr, state: "active" },
    client: Uint8Array.of(0, 1, ...chaddr),
    ...{ expiresAt: NOW_SECONDS + 12 * 3600, leaseSeconds: 43_200 },
    ...changes,
  };
  return lease;
}

export function change(
  before: Files,
  after: Files,
  leases: Iterable<LeaseFacts> = [],
): Consequences {
  return consequencesOf({ before, after, board: BOARD, leases, nowSeconds: NOW_SECONDS });
}

/** One line each. */
export function lines({ list }: Consequences): string[] {
  return list.map(({ id, severity, path, sentence }) => `${severity} ${id} ${path}: ${sentence}`);
}

/** Of a change from the office as it is to one with these settings. */
export function told(shared: Settings, leases: Iterable<LeaseFacts> = []): string[] {
  return lines(change(filesOf({}), filesOf(shared), leases));
}
