// Addresses that belong to one client for good, inside or outside the pools of their network.

import type { Ipv4 } from "../base/address.ts";
import { hashBytes } from "../base/bytes.ts";
import { type ClientIdentity, ClientIndex, type IndexedByClient } from "./client-identity.ts";
import type { ReservationConfig } from "./config-view.ts";

export class Reservation implements IndexedByClient<Reservation> {
  client: Uint8Array;
  clientHash: number;
  nextByClient: Reservation | undefined = undefined;
  readonly address: Ipv4;

  constructor(client: Uint8Array, clientHash: number, address: Ipv4) {
    this.client = client;
    this.clientHash = clientHash;
    this.address = address;
  }
}

export class Reservations {
  readonly #byAddress = new Map<number, Reservation>();
  readonly #byClient = new ClientIndex<Reservation>();

  constructor(entries: readonly ReservationConfig[], hashSeed: number) {
    for (const { client, address } of entries) {
      const reservation = new Reservation(client, hashBytes(client, hashSeed), address);
      this.#byAddress.set(address | 0, reservation);
      this.#byClient.add(reservation);
    }
  }

  get size(): number {
    return this.#byAddress.size;
  }

  addresses(): Ipv4[] {
    return Array.from(this.#byAddress.values(), (reservation) => reservation.address);
  }

  at(address: Ipv4): Reservation | undefined {
    return this.#byAddress.get(address | 0);
  }

  of(client: ClientIdentity): Reservation | undefined {
    let entry = this.#byClient.first(client.hash);
    for (; entry !== undefined; entry = entry.nextByClient) {
      if (entry.clientHash === client.hash && client.equals(entry.client)) return entry;
    }
    return undefined;
  }
}
