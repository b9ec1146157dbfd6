// The packet in hand: one reusable object, so that nothing is allocated to look at a packet.

import { ANY, type Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { type Dhcp4Message, Dhcp4Message as Message } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { Frame } from "../wire/frame.ts";
import { CLIENT_ID_BYTES_MAX, CLIENT_ID_BYTES_MIN, ClientIdentity } from "./client-identity.ts";
import type { Network } from "./network.ts";
import type { Reservation } from "./reservations.ts";

const CLIENT_ID = OPTION.clientIdentifier.code;

export class Packet {
  readonly frame = new Frame();
  readonly message: Dhcp4Message = new Message();
  /** Who sent it, in the network it is about. */
  readonly client: ClientIdentity;
  /** What is reserved for this client in that network. */
  reservation: Reservation | undefined = undefined;
  /** The LAN it came in on, and through which it is answered. */
  lan = 0;
  type = 0;
  /** Options 50 and 54, 0.0.0.0 when absent. */
  requested: Ipv4 = ANY;
  serverId: Ipv4 = ANY;
  readonly #other: ClientIdentity;

  constructor(hashSeed: number) {
    this.client = new ClientIdentity(hashSeed);
    this.#other = new ClientIdentity(hashSeed);
  }

  /**
   * Works out who the client is (RFC 2131 §4.2): option 61, or hardware type and address. A client
   * with a reservation is what the reservation says, by whichever of the two it matched, so that all
   * boot stages of a machine share the one address that is theirs.
   */
  identify(network: Network): RefusalReason | undefined {
    const { message, client } = this;
    const { reservations } = network;
    const hasId = message.has(CLIENT_ID);
    const isByHardware = !hasId || network.config.ignoreClientId;
    this.reservation = undefined;
    if (isByHardware) {
      if (message.hlen === 0) return "dhcp-malformed";
      client.setHardware(message.htype, message.chaddr, message.hlen);
    } else if (!setClientId(client, message)) {
      return "option-malformed";
    }
    if (reservations.size === 0) return undefined;
    this.reservation = reservations.of(client) ?? this.#reservationByOther(network, isByHardware);
    if (this.reservation) client.set(this.reservation.client);
    return undefined;
  }

  #reservationByOther(network: Network, isByHardware: boolean): Reservation | undefined {
    const { message } = this;
    const other = this.#other;
    if (isByHardware) {
      if (!message.has(CLIENT_ID) || !setClientId(other, message)) return undefined;
    } else {
      if (message.hlen === 0) return undefined;
      other.setHardware(message.htype, message.chaddr, message.hlen);
    }
    return network.reservations.of(other);
  }
}

/** RFC 2132 §9.14: two bytes or more. False when option 61 is anything else. */
function setClientId(into: ClientIdentity, message: Dhcp4Message): boolean {
  const start = message.contentStart(CLIENT_ID);
  const length = message.contentLength(CLIENT_ID);
  if (start === 0 || length < CLIENT_ID_BYTES_MIN || length > CLIENT_ID_BYTES_MAX) return false;
  into.setClientId(message.bytes, start, length);
  return true;
}
