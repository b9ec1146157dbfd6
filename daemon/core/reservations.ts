// Addresses that belong to one client for good, inside or outside the pools of their network. A client is
// recognised by its identity, by the port of the relay it is behind, or by the name it goes by.

import type { Ipv4 } from "../base/address.ts";
import { hashBytes } from "../base/bytes.ts";
import { type ClientIdentity, ClientIndex, type IndexedByClient } from "./client-identity.ts";
import type { ReservationConfig, ReservationKey } from "./config-view.ts";
import { compileLevel, type Level } from "./levels.ts";

/** First byte of a key that is no client identity (see `Lease.client` for 0 and 1). */
export const CIRCUIT_ID_KEY = 2;
export const REMOTE_ID_KEY = 3;
export const HOSTNAME_KEY = 4;

export class Reservation implements IndexedByClient<Reservation> {
  readonly config: ReservationConfig;
  readonly address: Ipv4;
  /** What it is found by; for `isIdentity` the client's identity. */
  readonly client: Uint8Array;
  readonly isIdentity: boolean;
  readonly level: Level;
  clientHash: number;
  nextByClient: Reservation | undefined = undefined;

  constructor(config: ReservationConfig, hashSeed: number) {
    this.config = config;
    this.address = config.address;
    this.client = keyBytes(config.key);
    this.isIdentity = config.key.kind === "client";
    this.level = compileLevel(config);
    this.clientHash = hashBytes(this.client, hashSeed);
  }
}

export class Reservations {
  readonly #byAddress = new Map<number, Reservation>();
  readonly #byKey = new ClientIndex<Reservation>();
  /** Whether any entry has a key of this kind: most have none but identities. */
  readonly hasCircuitIds: boolean;
  readonly hasRemoteIds: boolean;
  readonly hasHostnames: boolean;

  constructor(entries: readonly ReservationConfig[], hashSeed: number) {
    for (const config of entries) {
      const reservation = new Reservation(config, hashSeed);
      this.#byAddress.set(config.address | 0, reservation);
      this.#byKey.add(reservation);
    }
    this.hasCircuitIds = entries.some(({ key }) => key.kind === "circuit-id");
    this.hasRemoteIds = entries.some(({ key }) => key.kind === "remote-id");
    this.hasHostnames = entries.some(({ key }) => key.kind === "hostname");
  }

  get size(): number {
    return this.#byAddress.size;
  }

  all(): Iterable<Reservation> {
    return this.#byAddress.values();
  }

  addresses(): Ipv4[] {
    return Array.from(this.#byAddress.keys(), (address) => (address >>> 0) as Ipv4);
  }

  at(address: Ipv4): Reservation | undefined {
    return this.#byAddress.get(address | 0);
  }

  /** By identity, or by a key put together like one. */
  of(key: ClientIdentity): Reservation | undefined {
    let entry = this.#byKey.first(key.hash);
    for (; entry !== undefined; entry = entry.nextByClient) {
      if (entry.clientHash === key.hash && key.equals(entry.client)) return entry;
    }
    return undefined;
  }
}

function keyBytes(key: ReservationKey): Uint8Array {
  switch (key.kind) {
    case "client":
      return key.client;
    case "circuit-id":
      return Uint8Array.of(CIRCUIT_ID_KEY, ...key.bytes);
    case "remote-id":
      return Uint8Array.of(REMOTE_ID_KEY, ...key.bytes);
    case "hostname":
      return Uint8Array.of(HOSTNAME_KEY, ...Array.from(key.hostname, (c) => c.charCodeAt(0)));
  }
}
