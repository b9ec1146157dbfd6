// Reservations: what a device is recognised by, and what it gets.

import { ipv4, parseMac } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { ConfigError } from "../base/errors.ts";
import type { ReservationConfig, ReservationKey } from "../core/config-view.ts";
import { parseHex } from "../wire/option-codecs.ts";
import { bytesOfText } from "./fields.ts";
import { buildLevel } from "./levels.ts";
import type { OptionNames } from "./options.ts";
import type { SharedReservation } from "./schema.ts";

/** Exactly one of these says whose the reservation is. */
export const KEY_SETTINGS = ["mac", "clientId", "circuitId", "remoteId", "hostname"] as const;
export type KeySetting = (typeof KEY_SETTINGS)[number];

/** Option 61 with a hardware address in it (RFC 2132 §9.14): type 1 and six bytes. */
const MAC_AS_CLIENT_ID = /^01(?<mac>[0-9a-f]{12})$/;

/** The settings of the list above that an entry has. */
export function keySettings(entry: SharedReservation): KeySetting[] {
  return KEY_SETTINGS.filter((setting) => entry[setting] !== undefined);
}

/** Identity as the core forms it: 0 + htype + MAC, or 1 + option 61 (RFC 2131 §4.2). */
export function reservedClient(entry: SharedReservation): Uint8Array {
  if (entry.clientId !== undefined) {
    return Uint8Array.of(1, ...(parseHex(entry.clientId) ?? []));
  }
  const mac = parseMac(entry.mac ?? "");
  if (!mac) throw new ConfigError("a reservation needs a mac or a clientId");
  return Uint8Array.of(0, 1, ...mac);
}

/** The same text for two entries exactly when one device could be meant by both. */
export function comparableKey(entry: SharedReservation): string {
  const key = keyOf(entry);
  if (key.kind === "hostname") return `hostname ${key.hostname}`;
  if (key.kind !== "client") return `${key.kind} ${hex(key.bytes)}`;
  if (entry.mac !== undefined) return `mac ${hex(key.client.subarray(2))}`;
  const id = hex(key.client.subarray(1));
  const mac = MAC_AS_CLIENT_ID.exec(id)?.groups?.mac;
  return mac === undefined ? `client ${id}` : `mac ${mac}`;
}

export function buildReservation(entry: SharedReservation, names: OptionNames): ReservationConfig {
  return {
    ...buildLevel(entry, names),
    key: keyOf(entry),
    address: ipv4(entry.address),
    name: entry.name ?? "",
  };
}

function keyOf(entry: SharedReservation): ReservationKey {
  const { circuitId, remoteId, hostname } = entry;
  if (circuitId !== undefined) {
    return { kind: "circuit-id", bytes: bytesOfText(circuitId) ?? new Uint8Array(0) };
  }
  if (remoteId !== undefined) {
    return { kind: "remote-id", bytes: bytesOfText(remoteId) ?? new Uint8Array(0) };
  }
  if (hostname !== undefined) return { kind: "hostname", hostname: hostname.toLowerCase() };
  return { kind: "client", client: reservedClient(entry) };
}
