// The DHCPv4 server of one box: looks at a frame, finds the network it is about, and has it answered.
// What a message means is decided by type: DISCOVER here, REQUEST in dhcp4-request.ts, the rest in
// dhcp4-others.ts. Every frame ends in a counter.

import { ANY, contains, type Ipv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import type { Now } from "../base/time.ts";
import type { RefusalReason } from "../catalogue.ts";
import { BOOTREQUEST, decodeDhcp4, MESSAGE_TYPE, SERVER_PORT } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { parseFrame } from "../wire/frame.ts";
import type { Bindings } from "./bindings.ts";
import { handleDecline, handleInform, handleRelease } from "./dhcp4-others.ts";
import { handleRequest } from "./dhcp4-request.ts";
import type { Effect } from "./effect.ts";
import type { CoreEvent } from "./event.ts";
import type { LogLines } from "./log-lines.ts";
import type { Network } from "./network.ts";
import { Packet } from "./packet.ts";
import { ReplyBuilder } from "./reply.ts";

const LEASE_TIME = OPTION.ipAddressLeaseTime.code;
const REQUESTED_ADDRESS = OPTION.requestedIpAddress.code;
const MESSAGE_TYPE_OPTION = OPTION.dhcpMessageType.code;
const SERVER_ID = OPTION.serverIdentifier.code;

/** `pool-full` stays on until nobody has been turned away for this long. */
const POOL_FULL_MILLISECONDS = 60_000;

type FrameEvent = Extract<CoreEvent, { kind: "frame" }>;

export class Dhcp4Server {
  networks: readonly Network[] = [];
  readonly bindings: Bindings;
  readonly lines: LogLines;
  readonly replies = new ReplyBuilder();
  readonly packet: Packet;
  now: Now = { monotonic: 0, wall: 0 };

  constructor(bindings: Bindings, lines: LogLines, hashSeed: number) {
    this.bindings = bindings;
    this.lines = lines;
    this.packet = new Packet(hashSeed);
  }

  /** Handles one frame: answers, changes and refusals go into `out` and the counters of its LAN. */
  receive(event: FrameEvent, now: Now, out: Effect[]): void {
    const arrival = this.networks[event.lan];
    if (!arrival) return;
    this.now = now;
    arrival.counters.frames++;
    const reason = this.#look(event, arrival) ?? this.#route(arrival, out);
    if (reason) arrival.counters.refused[reason]++;
  }

  /** Sends an OFFER or ACK for `address` and counts it. */
  sendLease(type: number, network: Network, address: Ipv4, seconds: number, out: Effect[]): void {
    const { packet } = this;
    const mac = this.#arrival.link.mac;
    this.#send(type, this.replies.lease(type, packet, network, address, seconds, mac), out);
  }

  sendInform(network: Network, out: Effect[]): void {
    const frame = this.replies.inform(this.packet, network, this.#arrival.link.mac);
    this.#send(MESSAGE_TYPE.ack, frame, out);
  }

  /** Refuses a DHCPREQUEST aloud: the client begins anew at once instead of timing out. */
  sendNak(network: Network, address: Ipv4, reason: RefusalReason, out: Effect[]): RefusalReason {
    const frame = this.replies.nak(this.packet, network, reason, this.#arrival.link.mac);
    this.#send(MESSAGE_TYPE.nak, frame, out);
    this.lines.refused(network, this.packet, address, reason, out);
    return reason;
  }

  /**
   * RFC 2131 §4.3.1: the client may ask for a time (option 51), and the LAN's bounds hold. One that does
   * not ask gets the LAN's time; the RFC would give a known client only what is left of its lease, but
   * who renews wants to stay, and every server in use understands it so.
   */
  leaseSeconds(network: Network): number {
    const { leaseSeconds, minLeaseSeconds, maxLeaseSeconds } = network.config;
    const wanted = this.packet.message.u32(LEASE_TIME);
    if (typeof wanted !== "number") return leaseSeconds;
    return Math.min(Math.max(wanted, minLeaseSeconds), maxLeaseSeconds);
  }

  get #arrival(): Network {
    return this.networks[this.packet.lan] as Network;
  }

  #send(type: number, frame: Uint8Array, out: Effect[]): void {
    const { counters } = this.#arrival;
    (counters.sent[type] as number)++;
    counters.optionsLeftOut += this.replies.leftOut;
    out.push({ kind: "send", lan: this.packet.lan, frame });
  }

  /** Is this a message of a DHCP client, and can it be read? */
  #look(event: FrameEvent, arrival: Network): RefusalReason | undefined {
    const { packet } = this;
    const { frame, message } = packet;
    packet.lan = event.lan;
    try {
      parseFrame(frame, event.bytes, event.start, event.end, event.checksumReady);
    } catch (error) {
      return malformed(error, "frame-malformed");
    }
    if (isFrom(frame.bytes, frame.sourceMacStart, arrival.link.mac)) return "own-frame";
    if (frame.kind !== "udp" || frame.destinationPort !== SERVER_PORT) return "frame-not-dhcp";
    try {
      decodeDhcp4(frame.bytes, frame.payloadStart, frame.payloadEnd, message);
    } catch (error) {
      return malformed(error, "dhcp-malformed");
    }
    const type = message.u8(MESSAGE_TYPE_OPTION);
    if (typeof type !== "number") {
      return type === undefined ? "no-message-type" : "option-malformed";
    }
    packet.type = type;
    arrival.counters.countReceived(type);
    if (message.op !== BOOTREQUEST) return "wrong-direction";
    return arrival.gate.ok ? undefined : arrival.gate.reason;
  }

  #route(arrival: Network, out: Effect[]): RefusalReason | undefined {
    const { packet } = this;
    const network = this.#networkOf(arrival);
    if (!network) return "relay-unknown";
    const reason = packet.identify(network) ?? this.#readAddresses();
    if (reason) return reason;
    switch (packet.type) {
      case MESSAGE_TYPE.discover:
        return this.#handleDiscover(network, out);
      case MESSAGE_TYPE.request:
        return handleRequest(this, network, out);
      case MESSAGE_TYPE.release:
        return handleRelease(this, network, out);
      case MESSAGE_TYPE.decline:
        return handleDecline(this, network, out);
      case MESSAGE_TYPE.inform:
        return handleInform(this, network, out);
      case MESSAGE_TYPE.offer:
      case MESSAGE_TYPE.ack:
      case MESSAGE_TYPE.nak:
      case MESSAGE_TYPE.forceRenew:
        return "wrong-direction";
      default:
        return "type-not-served";
    }
  }

  /**
   * The network a packet is about: that of the relay (RFC 2131 §4.3.1), else the one of the LAN it
   * came in on. A client behind a relay renews by unicast, without the relay; its packets come
   * through a router, which shows in the frame's sender.
   */
  #networkOf(arrival: Network): Network | undefined {
    const { message, frame } = this.packet;
    if (message.giaddr !== ANY) return this.#networkHolding(message.giaddr);
    const { ciaddr } = message;
    if (ciaddr === ANY || frame.isBroadcast || contains(arrival.config.subnet, ciaddr))
      return arrival;
    if (isFrom(frame.bytes, frame.sourceMacStart, message.chaddr)) return arrival;
    return this.#networkHolding(ciaddr) ?? arrival;
  }

  #networkHolding(address: Ipv4): Network | undefined {
    for (const network of this.networks) {
      if (contains(network.config.subnet, address)) return network;
    }
    return undefined;
  }

  #readAddresses(): RefusalReason | undefined {
    const { packet } = this;
    const requested = packet.message.u32(REQUESTED_ADDRESS) ?? ANY;
    const serverId = packet.message.u32(SERVER_ID) ?? ANY;
    if (typeof requested !== "number" || typeof serverId !== "number") return "option-malformed";
    packet.requested = requested as Ipv4;
    packet.serverId = serverId as Ipv4;
    return undefined;
  }

  /** RFC 2131 §4.3.1. Nothing about a lease changes here: an offer is only held in memory. */
  #handleDiscover(network: Network, out: Effect[]): RefusalReason | undefined {
    const { packet, bindings } = this;
    const address = bindings.choose(network, packet);
    if (address === ANY) {
      network.poolFullUntil = this.now.monotonic + POOL_FULL_MILLISECONDS;
      this.lines.refused(network, packet, ANY, "no-free-address", out);
      return "no-free-address";
    }
    let seconds = this.leaseSeconds(network);
    if (bindings.isJournalFailing) {
      seconds = Math.min(bindings.durableSecondsLeft(packet, address), seconds);
      if (seconds === 0) return "disk-not-writable";
    }
    bindings.hold(network, packet, address, this.now.monotonic);
    this.sendLease(MESSAGE_TYPE.offer, network, address, seconds, out);
    return undefined;
  }
}

function malformed(error: unknown, reason: RefusalReason): RefusalReason {
  if (error instanceof DecodeError) return reason;
  throw error;
}

function isFrom(bytes: Uint8Array, start: number, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (bytes[start + i] !== mac[i]) return false;
  return true;
}
