// What stands in a reply: the header fields of RFC 2131 table 3 and the options, in their order.

import { ANY, type Ipv4 } from "../base/address.ts";
import { REFUSALS, type RefusalReason } from "../catalogue.ts";
import { BOOTREPLY, type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import {
  MESSAGE_SIZE_MAX,
  MESSAGE_SIZE_MIN,
  type ReplyHeader,
  ReplyWriter,
} from "../wire/reply.ts";
import type { Network } from "./network.ts";
import type { Packet } from "./packet.ts";
import { ReplyRoute, setRoute } from "./reply-route.ts";

const SUBNET_MASK = OPTION.subnetMask.code;
const ROUTER = OPTION.router.code;
const STATIC_ROUTE = OPTION.staticRoute.code;
const CLASSLESS_STATIC_ROUTE = OPTION.classlessStaticRoute.code;
const LEASE_TIME = OPTION.ipAddressLeaseTime.code;
const MESSAGE_TYPE_OPTION = OPTION.dhcpMessageType.code;
const SERVER_ID = OPTION.serverIdentifier.code;
const REQUEST_LIST = OPTION.parameterRequestList.code;
const MESSAGE = OPTION.message.code;
const MESSAGE_SIZE = OPTION.maximumDhcpMessageSize.code;
const RENEWAL_TIME = OPTION.renewalTimeValue.code;
const REBINDING_TIME = OPTION.rebindingTimeValue.code;
const CLIENT_ID = OPTION.clientIdentifier.code;
const RELAY_AGENT = OPTION.relayAgentInformation.code;

/** An infinite lease (RFC 2131 §3.3) has nothing to renew. */
const FOREVER = 0xffffffff;

type MutableHeader = { -readonly [Key in keyof ReplyHeader]: ReplyHeader[Key] };

export class ReplyBuilder {
  readonly #writer = new ReplyWriter();
  readonly #route = new ReplyRoute();
  readonly #header: MutableHeader = {
    op: BOOTREPLY,
    htype: 0,
    hlen: 0,
    hops: 0,
    xid: 0,
    secs: 0,
    flags: 0,
    ciaddr: ANY,
    yiaddr: ANY,
    siaddr: ANY,
    giaddr: ANY,
    chaddr: new Uint8Array(16),
  };
  /** Code to the number of the reply it was last written in: an option goes out once only. */
  readonly #writtenIn = new Float64Array(256);
  #replies = 0;

  /** Options that the reply made last had no room for. */
  get leftOut(): number {
    return this.#writer.leftOut.length;
  }

  /** A DHCPOFFER or DHCPACK that gives `address` for `seconds`. */
  lease(
    type: number,
    packet: Packet,
    network: Network,
    address: Ipv4,
    seconds: number,
    sourceMac: Uint8Array,
  ): Uint8Array {
    // RFC 2131 table 3: an ACK repeats the client's ciaddr, an OFFER has none.
    const ciaddr = type === MESSAGE_TYPE.ack ? packet.message.ciaddr : ANY;
    this.#begin(type, packet, network, ciaddr, address, sourceMac);
    const writer = this.#writer;
    writer.u32(LEASE_TIME, seconds);
    if (seconds !== FOREVER) {
      // RFC 2131 §4.4.5: T1 is half of the lease, T2 seven eighths.
      writer.u32(RENEWAL_TIME, Math.floor(seconds / 2));
      writer.u32(REBINDING_TIME, Math.floor((seconds * 7) / 8));
    }
    this.#echoClientId(packet.message);
    this.#parameters(packet.message, network);
    return writer.finish(this.#route);
  }

  /** The DHCPACK to a DHCPINFORM: parameters, but neither address nor times (RFC 2131 §4.3.5). */
  inform(packet: Packet, network: Network, sourceMac: Uint8Array): Uint8Array {
    this.#begin(MESSAGE_TYPE.ack, packet, network, packet.message.ciaddr, ANY, sourceMac);
    this.#echoClientId(packet.message);
    this.#parameters(packet.message, network);
    return this.#writer.finish(this.#route);
  }

  nak(packet: Packet, network: Network, reason: RefusalReason, sourceMac: Uint8Array): Uint8Array {
    this.#begin(MESSAGE_TYPE.nak, packet, network, ANY, ANY, sourceMac);
    this.#writer.bytes(MESSAGE, NAK_TEXTS[reason]);
    this.#echoClientId(packet.message);
    return this.#writer.finish(this.#route);
  }

  #begin(
    type: number,
    packet: Packet,
    network: Network,
    ciaddr: Ipv4,
    yiaddr: Ipv4,
    sourceMac: Uint8Array,
  ): void {
    const { message } = packet;
    const header = this.#header;
    header.flags = setRoute(this.#route, packet, network, type, yiaddr, sourceMac);
    header.htype = message.htype;
    header.hlen = message.hlen;
    header.xid = message.xid;
    header.ciaddr = ciaddr;
    header.yiaddr = yiaddr;
    header.giaddr = message.giaddr;
    header.chaddr = message.chaddr;
    const writer = this.#writer;
    writer.begin(header, messageSize(message, network));
    // RFC 3046 §2.2: what a relay added goes back to it, in every reply and as the last option. It is
    // handed over first so that there is room for it.
    if (message.has(RELAY_AGENT)) {
      const relayAgent = message.raw(RELAY_AGENT);
      if (relayAgent) writer.bytes(RELAY_AGENT, relayAgent);
    }
    writer.u8(MESSAGE_TYPE_OPTION, type);
    writer.u32(SERVER_ID, network.config.serverId);
  }

  /** RFC 6842 §3: a client finds its own identifier in every reply, if it sent one. */
  #echoClientId(message: Dhcp4Message): void {
    if (!message.has(CLIENT_ID)) return;
    const clientId = message.raw(CLIENT_ID);
    if (clientId) this.#writer.bytes(CLIENT_ID, clientId);
  }

  /** What the client asks for, in its order; everything the LAN has when it asks for nothing. */
  #parameters(message: Dhcp4Message, network: Network): void {
    const written = this.#writtenIn;
    const reply = ++this.#replies;
    const { options } = network;
    const asked = message.has(REQUEST_LIST) ? message.raw(REQUEST_LIST) : undefined;
    const codes = asked ?? network.defaultCodes;
    // RFC 2132 §3.3: the subnet mask comes before the router.
    this.#parameter(SUBNET_MASK, options, written, reply);
    const routes = options[CLASSLESS_STATIC_ROUTE];
    if (routes && codes.includes(CLASSLESS_STATIC_ROUTE)) {
      // RFC 3442: who gets classless routes should get neither a router nor classful routes.
      written[ROUTER] = reply;
      written[STATIC_ROUTE] = reply;
    }
    for (let i = 0; i < codes.length; i++) {
      this.#parameter(codes[i] as number, options, written, reply);
    }
  }

  #parameter(
    code: number,
    options: readonly (Uint8Array | undefined)[],
    written: Float64Array,
    reply: number,
  ): void {
    const data = options[code];
    if (!data || written[code] === reply) return;
    written[code] = reply;
    this.#writer.bytes(code, data);
  }
}

/** Option 57 within what is legal (RFC 2132 §9.10) and what the link carries in one piece. */
function messageSize(message: Dhcp4Message, network: Network): number {
  const wanted = message.u16(MESSAGE_SIZE);
  if (typeof wanted !== "number") return MESSAGE_SIZE_MIN;
  const { mtu } = network.link;
  return Math.min(wanted, mtu >= MESSAGE_SIZE_MIN ? mtu : MESSAGE_SIZE_MAX);
}

const NAK_TEXTS = Object.fromEntries(
  Object.entries(REFUSALS).map(([reason, text]) => [
    reason,
    Uint8Array.from(text, (character) => character.charCodeAt(0) & 0x7f),
  ]),
) as Record<RefusalReason, Uint8Array>;
