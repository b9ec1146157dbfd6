// The packet in hand: one reusable object, so that nothing is allocated to look at a packet.

import { ANY, type Ipv4 } from "../base/address.ts";
import type { RefusalReason } from "../catalogue.ts";
import { type Dhcp4Message, Dhcp4Message as Message } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { Frame } from "../wire/frame.ts";
import { RELAY_SUBOPTION } from "../wire/relay-agent.ts";
import { RelayView } from "../wire/relay-view.ts";
import { ClassMembership } from "./classes.ts";
import { CLIENT_ID_BYTES_MAX, CLIENT_ID_BYTES_MIN, ClientIdentity } from "./client-identity.ts";
import { hostnameOf } from "./client-text.ts";
import type { LeaseBook } from "./lease-book.ts";
import { LevelStack } from "./levels.ts";
import {
  CIRCUIT_ID_KEY,
  HOSTNAME_KEY,
  REMOTE_ID_KEY,
  type Reservation,
  type Reservations,
} from "./reservations.ts";
import type { Segment } from "./segment.ts";

const CLIENT_ID = OPTION.clientIdentifier.code;
const CIRCUIT_ID = RELAY_SUBOPTION.agentCircuitId.code;
const REMOTE_ID = RELAY_SUBOPTION.agentRemoteId.code;
const ETHERNET = 1;

export class Packet {
  readonly frame = new Frame();
  readonly message: Dhcp4Message = new Message();
  readonly relay = new RelayView();
  /** Who sent it, in the segment it is about. */
  readonly client: ClientIdentity;
  /** What is reserved for this client in that segment. */
  reservation: Reservation | undefined = undefined;
  readonly classes = new ClassMembership();
  /** Options and times for this client, once the address it is about is known. */
  readonly levels = new LevelStack();
  /** Name of the network that speaks for the segment. */
  networkName = "";
  /** The LAN it came in on, and through which it is answered. */
  lan = 0;
  type = 0;
  /** Options 50 and 54, 0.0.0.0 when absent. */
  requested: Ipv4 = ANY;
  serverId: Ipv4 = ANY;
  /** It is about the segment of the LAN it came in on. */
  isLocal = true;
  /** Option 118 counts, and so comes back in the reply (RFC 3011 §2). */
  isSubnetChosen = false;
  /** What the box calls itself in the reply (option 54). */
  ownId: Ipv4 = ANY;
  /** It was sent to a virtual address, and so to this box alone, which has it. */
  isToVirtual = false;
  readonly #other: ClientIdentity;

  constructor(hashSeed: number) {
    this.client = new ClientIdentity(hashSeed);
    this.#other = new ClientIdentity(hashSeed);
  }

  get isKnown(): boolean {
    return this.reservation !== undefined;
  }

  /** A hardware address that the device made up: locally administered, and of one station. */
  get hasRandomisedMac(): boolean {
    const { htype, hlen, chaddr } = this.message;
    return htype === ETHERNET && hlen === 6 && ((chaddr[0] as number) & 3) === 2;
  }

  /**
   * Works out who the client is (RFC 2131 §4.2): option 61, or hardware type and address. A client
   * with a reservation for its identity is what the reservation says, by whichever of the two it
   * matched, so that all boot stages of a machine share the one address that is theirs. Behind a
   * reserved port there may be two devices one day: they stay themselves.
   */
  identify(segment: Segment, book: LeaseBook): RefusalReason | undefined {
    const { message, client } = this;
    const { reservations, primary } = segment;
    const hasId = message.has(CLIENT_ID);
    const isByHardware = !hasId || primary.config.ignoreClientId;
    this.reservation = undefined;
    this.networkName = primary.config.name;
    if (isByHardware) {
      if (message.hlen === 0) return "dhcp-malformed";
      client.setHardware(message.htype, message.chaddr, message.hlen);
    } else if (!setClientId(client, message)) {
      return "option-malformed";
    }
    if (reservations.size > 0) {
      this.reservation =
        reservations.of(client) ?? this.#reservationByOther(reservations, isByHardware);
      if (this.reservation) client.set(this.reservation.client);
    }
    if (this.relay.bytes.length === 0 && message.ciaddr !== ANY) this.#recallRelay(book);
    if (reservations.size > 0) this.reservation ??= this.#reservationByPlace(reservations);
    return undefined;
  }

  /**
   * A client behind a relay renews by unicast, past the relay, and is behind the same port still: what
   * the relay said when it got the lease decides for it as well.
   */
  #recallRelay(book: LeaseBook): void {
    const entry = book.at(this.message.ciaddr);
    if (entry?.state !== "active" || entry.packedRelayAgent === "") return;
    if (this.client.equalsPacked(entry.packedClient)) this.relay.recall(entry.relayAgent);
  }

  #reservationByOther(reservations: Reservations, isByHardware: boolean): Reservation | undefined {
    const { message } = this;
    const other = this.#other;
    if (isByHardware) {
      if (!message.has(CLIENT_ID) || !setClientId(other, message)) return undefined;
    } else {
      if (message.hlen === 0) return undefined;
      other.setHardware(message.htype, message.chaddr, message.hlen);
    }
    return reservations.of(other);
  }

  #reservationByPlace(reservations: Reservations): Reservation | undefined {
    const { relay } = this;
    const other = this.#other;
    if (reservations.hasCircuitIds && relay.has(CIRCUIT_ID)) {
      other.setKey(CIRCUIT_ID_KEY, relay.bytes, relay.start(CIRCUIT_ID), relay.length(CIRCUIT_ID));
      const found = reservations.of(other);
      if (found) return found;
    }
    if (reservations.hasRemoteIds && relay.has(REMOTE_ID)) {
      other.setKey(REMOTE_ID_KEY, relay.bytes, relay.start(REMOTE_ID), relay.length(REMOTE_ID));
      const found = reservations.of(other);
      if (found) return found;
    }
    if (!reservations.hasHostnames) return undefined;
    const hostname = hostnameOf(this.message, "");
    if (hostname === "") return undefined;
    other.setKey(HOSTNAME_KEY, Uint8Array.from(hostname, codeOf), 0, hostname.length);
    return reservations.of(other);
  }
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

/** RFC 2132 §9.14: two bytes or more. False when option 61 is anything else. */
function setClientId(into: ClientIdentity, message: Dhcp4Message): boolean {
  let { bytes } = message;
  let start = message.contentStart(CLIENT_ID);
  let length = message.contentLength(CLIENT_ID);
  if (start === 0) {
    // RFC 3396: it comes in pieces.
    const joined = message.raw(CLIENT_ID);
    if (!joined) return false;
    bytes = joined;
    start = 0;
    length = joined.length;
  }
  if (length < CLIENT_ID_BYTES_MIN || length > CLIENT_ID_BYTES_MAX) return false;
  into.setClientId(bytes, start, length);
  return true;
}
