// What stands in a reply: the header fields of RFC 2131 table 3 and the options, in their order.

import { ANY, type Ipv4 } from "../base/address.ts";
import type { WallSeconds } from "../base/time.ts";
import { REFUSALS, type RefusalReason } from "../catalogue.ts";
import { BOOTREPLY, type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import {
  MESSAGE_SIZE_MAX,
  MESSAGE_SIZE_MIN,
  type ReplyHeader,
  ReplyWriter,
} from "../wire/reply.ts";
import { FOREVER_SECONDS } from "./config-view.ts";
import type { ForceRenewAuth } from "./forced-renew.ts";
import type { LeaseEntry } from "./lease-book.ts";
import type { LeaseQueryAnswer } from "./leasequery.ts";
import { writeLeaseQueryReply } from "./leasequery-reply.ts";
import { givesClasslessRoutes, type LevelStack } from "./levels.ts";
import type { Packet } from "./packet.ts";
import { ReplyRoute, setRoute } from "./reply-route.ts";

const SUBNET_MASK = OPTION.subnetMask.code;
const ROUTER = OPTION.router.code;
const STATIC_ROUTE = OPTION.staticRoute.code;
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
const RAPID_COMMIT = OPTION.rapidCommit.code;
const MACHINE_ID = OPTION.clientMachineIdentifier.code;
const SUBNET_SELECTION = OPTION.subnetSelection.code;
const IPV6_ONLY = OPTION.ipv6OnlyPreferred.code;
const AUTO_CONFIGURE = OPTION.autoConfigure.code;
const AUTHENTICATION = OPTION.authentication.code;
const NONCE_CAPABLE = OPTION.forcerenewNonceCapable.code;
const NOTHING = new Uint8Array(0);

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
  #sourceMac: Uint8Array = new Uint8Array(6);
  #mtu = 0;
  #sourceIp: Ipv4 = ANY;

  /** Options that the reply made last had no room for. */
  get leftOut(): number {
    return this.#writer.leftOut.length;
  }

  /** What the reply leaves by: hardware address and MTU of the interface, address of the box on it. */
  leaveBy(mac: Uint8Array, mtu: number, sourceIp: Ipv4): void {
    this.#sourceMac = mac;
    this.#mtu = mtu;
    this.#sourceIp = sourceIp;
  }

  /** A DHCPOFFER or DHCPACK that gives `address` for `seconds`; the packet's levels must be filled. */
  lease(
    type: number,
    packet: Packet,
    address: Ipv4,
    seconds: number,
    extras: LeaseExtras = NO_EXTRAS,
  ): Uint8Array {
    const { levels, message } = packet;
    // RFC 2131 table 3: an ACK repeats the client's ciaddr, an OFFER has none.
    const ciaddr = type === MESSAGE_TYPE.ack ? message.ciaddr : ANY;
    this.#begin(type, packet, ciaddr, address, levels.nextServer ?? ANY);
    const writer = this.#writer;
    writer.u32(LEASE_TIME, seconds);
    if (seconds !== FOREVER_SECONDS) {
      writer.u32(RENEWAL_TIME, levels.renewSeconds(seconds) as number);
      writer.u32(REBINDING_TIME, levels.rebindSeconds(seconds) as number);
    }
    if (extras.isRapid) writer.bytes(RAPID_COMMIT, NOTHING);
    if (extras.nonceCapable) writer.bytes(NONCE_CAPABLE, extras.nonceCapable);
    if (extras.authentication) writer.bytes(AUTHENTICATION, extras.authentication);
    this.#parameters(packet);
    return writer.finish(this.#route);
  }

  /** The DHCPACK to a DHCPINFORM: parameters, but neither address nor times (RFC 2131 §4.3.5). */
  inform(packet: Packet): Uint8Array {
    const { message, levels } = packet;
    this.#begin(MESSAGE_TYPE.ack, packet, message.ciaddr, ANY, levels.nextServer ?? ANY);
    this.#parameters(packet);
    return this.#writer.finish(this.#route);
  }

  /**
   * A DHCPOFFER of 0.0.0.0: no address, but how long the client is to do without one (RFC 8925 §3.3), and
   * that it may not make one up itself (RFC 2563 §2.3). Each is undefined when it is not to be said.
   */
  noAddress(
    packet: Packet,
    ipv6OnlyWait: Uint8Array | undefined,
    autoConfigure: Uint8Array | undefined,
  ): Uint8Array {
    this.#begin(MESSAGE_TYPE.offer, packet, ANY, ANY, ANY);
    if (ipv6OnlyWait) this.#writer.bytes(IPV6_ONLY, ipv6OnlyWait);
    if (autoConfigure) this.#writer.bytes(AUTO_CONFIGURE, autoConfigure);
    return this.#writer.finish(this.#route);
  }

  nak(packet: Packet, reason: RefusalReason): Uint8Array {
    this.#begin(MESSAGE_TYPE.nak, packet, ANY, ANY, ANY);
    this.#writer.bytes(MESSAGE, NAK_TEXTS[reason]);
    return this.#writer.finish(this.#route);
  }

  /** The answer to a DHCPLEASEQUERY, to the relay that asks (RFC 4388 §6.4.3). */
  leaseQuery(
    packet: Packet,
    answer: LeaseQueryAnswer,
    now: WallSeconds,
    parameter: (code: number) => Uint8Array | undefined,
  ): Uint8Array {
    const route = this.#route;
    setRoute(route, packet, answer.type, ANY, this.#sourceMac, this.#sourceIp);
    const query = packet.message;
    writeLeaseQueryReply(this.#writer, answer, { query, serverId: packet.ownId, now, parameter });
    return this.#writer.finish(route);
  }

  /** A DHCPFORCERENEW for a lease on the LAN that `leaveBy` named (RFC 3203). */
  forceRenew(auth: ForceRenewAuth, lease: LeaseEntry, serverId: Ipv4, now: WallSeconds) {
    return auth.frame(this.#writer, lease, {
      sourceIp: this.#sourceIp,
      sourceMac: this.#sourceMac,
      serverId,
      destinationMac: lease.chaddr,
      now,
    });
  }

  #begin(type: number, packet: Packet, ciaddr: Ipv4, yiaddr: Ipv4, siaddr: Ipv4): void {
    const { message, levels } = packet;
    const header = this.#header;
    const route = this.#route;
    header.flags = setRoute(route, packet, type, yiaddr, this.#sourceMac, this.#sourceIp);
    header.htype = message.htype;
    header.hlen = message.hlen;
    header.xid = message.xid;
    header.ciaddr = ciaddr;
    header.yiaddr = yiaddr;
    header.siaddr = siaddr;
    header.giaddr = message.giaddr;
    header.chaddr = message.chaddr;
    const writer = this.#writer;
    writer.begin(header, this.#messageSize(message));
    if (type !== MESSAGE_TYPE.nak) {
      const { serverName, bootFile } = levels;
      if (serverName) writer.sname(serverName);
      if (bootFile) writer.file(bootFile);
    }
    // RFC 3046 §2.2: what a relay added goes back to it, in every reply and as the last option. It is
    // handed over first so that there is room for it.
    if (message.has(RELAY_AGENT)) writer.bytes(RELAY_AGENT, message.raw(RELAY_AGENT) ?? NOTHING);
    writer.u8(MESSAGE_TYPE_OPTION, type);
    writer.u32(SERVER_ID, packet.ownId);
    // RFC 6842 §3: a client finds its own identifier in every reply, if it sent one.
    this.#echo(CLIENT_ID, message);
    // RFC 3011 §2: so does who chose the subnet; without the option it knows that its choice was ignored.
    if (packet.isSubnetChosen) this.#echo(SUBNET_SELECTION, message);
    // The PXE specification has the server repeat the machine's identifier; firmware looks for it.
    if (type !== MESSAGE_TYPE.nak) this.#echo(MACHINE_ID, message);
  }

  #echo(code: number, message: Dhcp4Message): void {
    if (!message.has(code)) return;
    const start = message.contentStart(code);
    if (start === 0) this.#writer.bytes(code, message.raw(code) ?? NOTHING);
    else this.#writer.part(code, message.bytes, start, message.contentLength(code));
  }

  /** What the client asks for, in its order; everything there is when it asks for nothing. */
  #parameters(packet: Packet): void {
    const { message, levels } = packet;
    const written = this.#writtenIn;
    const reply = ++this.#replies;
    let codes = message.bytes;
    let start = message.contentStart(REQUEST_LIST);
    let end = start + message.contentLength(REQUEST_LIST);
    if (start === 0) {
      // Not asked for anything, or in pieces (RFC 3396).
      codes = message.raw(REQUEST_LIST) ?? levels.defaultCodes();
      start = 0;
      end = codes.length;
    }
    // Repeated above, and so not another time as a parameter.
    if (message.has(MACHINE_ID)) written[MACHINE_ID] = reply;
    // RFC 2132 §3.3: the subnet mask comes before the router.
    this.#parameter(SUBNET_MASK, levels, written, reply);
    if (givesClasslessRoutes(levels, codes, start, end)) {
      written[ROUTER] = reply;
      written[STATIC_ROUTE] = reply;
    }
    for (let i = start; i < end; i++) {
      this.#parameter(codes[i] as number, levels, written, reply);
    }
  }

  #parameter(code: number, levels: LevelStack, written: Float64Array, reply: number): void {
    const data = levels.option(code);
    if (!data || written[code] === reply) return;
    written[code] = reply;
    this.#writer.bytes(code, data);
  }

  /** Option 57 within what is legal (RFC 2132 §9.10) and what the link carries in one piece. */
  #messageSize(message: Dhcp4Message): number {
    const wanted = message.u16(MESSAGE_SIZE);
    if (typeof wanted !== "number") return MESSAGE_SIZE_MIN;
    return Math.min(wanted, this.#mtu >= MESSAGE_SIZE_MIN ? this.#mtu : MESSAGE_SIZE_MAX);
  }
}

/** Options of an OFFER or ACK that come from the exchange and not from the configuration. */
export interface LeaseExtras {
  /** RFC 4039: this ACK answers a DISCOVER. */
  readonly isRapid: boolean;
  /** RFC 6704: contents of options 145 and 90. */
  readonly nonceCapable: Uint8Array | undefined;
  readonly authentication: Uint8Array | undefined;
}

const NO_EXTRAS: LeaseExtras = {
  isRapid: false,
  nonceCapable: undefined,
  authentication: undefined,
};

const NAK_TEXTS = Object.fromEntries(
  Object.entries(REFUSALS).map(([reason, text]) => [
    reason,
    Uint8Array.from(text, (character) => character.charCodeAt(0) & 0x7f),
  ]),
) as Record<RefusalReason, Uint8Array>;
