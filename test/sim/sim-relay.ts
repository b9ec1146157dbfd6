// A relay agent (RFC 3046) that is also the router of the network behind it: it says by which port a request
// came, passes what clients send to the box by unicast, and knows who answers a ping.

import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { address, macBytes, text } from "../support/client-frame.ts";
import { NAK, readReply } from "../support/core-bench.ts";
import { RELAY_ADDRESS } from "./configs.ts";
import { type Host, isUdp, type Lan } from "./lan.ts";
import type { SimPort } from "./sim-box.ts";
import { circuitOf } from "./sim-identity.ts";

const IP = 14;
const UDP = 34;
const DHCP = 42;
const OPTIONS = DHCP + 240;
const EVERYBODY = "ff:ff:ff:ff:ff:ff";

/** Between the LAN of the clients and that of the box. */
export class SimRelay {
  readonly #port: SimPort;
  readonly #clients: Lan;
  readonly #inside: Host;
  readonly #outside: Host;

  constructor(clients: Lan, port: SimPort) {
    this.#clients = clients;
    this.#port = port;
    const isReachable = true;
    this.#inside = {
      ...{ name: "relay", mac: "00:5e:99:00:00:01", isReachable },
      receive: (frame) => this.#fromClient(frame),
    };
    this.#outside = {
      ...{ name: "relay", mac: "00:5e:99:00:00:02", isReachable },
      receive: (frame) => this.#fromBox(frame),
    };
    clients.hosts.add(this.#inside);
    port.lan.hosts.add(this.#outside);
  }

  #fromClient(frame: Uint8Array): void {
    if (!isUdp(frame) || frame[DHCP] !== 1) return;
    const isBroadcast = formatMac(frame.subarray(0, 6)) === EVERYBODY;
    const passed = isBroadcast ? withAgentInformation(frame) : frame.slice();
    // A router that is not the client's own does not touch who it is from.
    if (isBroadcast) passed.set(address(RELAY_ADDRESS), IP + 12);
    if (isBroadcast) passed.set(address("10.77.0.2"), IP + 16);
    this.#pass(passed, this.#outside, this.#port.mac, this.#port.lan);
  }

  #fromBox(frame: Uint8Array): void {
    if (frame[12] !== 0x08 || frame[13] !== 0) return;
    if (frame[23] === 1) this.#ping(frame);
    if (!isUdp(frame)) return;
    const { message, type, destinationIp, giaddr } = readReply(0, frame);
    const mac = formatMac(message.chaddr.subarray(0, 6));
    if (giaddr !== RELAY_ADDRESS) {
      if (destinationIp.startsWith("10.79.0.")) this.#pass(frame.slice(), this.#inside, mac);
      return;
    }
    const reply = withoutAgentInformation(frame);
    reply.set([0, 68], UDP + 2);
    const isForAll = type === NAK || (message.flags & 0x8000) !== 0;
    reply.set(isForAll ? address("255.255.255.255") : reply.slice(DHCP + 16, DHCP + 20), IP + 16);
    this.#pass(reply, this.#inside, isForAll ? EVERYBODY : mac);
  }

  /** Whoever is asked for answers for itself, if there is anybody. */
  #ping(frame: Uint8Array): void {
    const target = formatIpv4(new DataView(frame.buffer, frame.byteOffset).getUint32(30) as never);
    const isThere = Array.from(this.#clients.hosts).some(
      (host) => host.isReachable && host.uses?.(target),
    );
    if (!isThere || frame[UDP] !== 8) return;
    const reply = frame.slice();
    reply.copyWithin(IP + 12, IP + 16, IP + 20);
    reply.set(frame.subarray(IP + 12, IP + 16), IP + 16);
    reply[UDP] = 0;
    writeSum(reply, UDP + 2, UDP, UDP + 8);
    reply.set(macBytes(this.#port.mac), 0);
    reply.set(macBytes(this.#outside.mac), 6);
    this.#port.lan.send(this.#outside, reply);
  }

  #pass(frame: Uint8Array, from: Host, to: string, lan: Lan = this.#clients): void {
    frame.set(macBytes(to), 0);
    frame.set(macBytes(from.mac), 6);
    const view = new DataView(frame.buffer, frame.byteOffset);
    view.setUint16(IP + 2, frame.length - IP);
    view.setUint16(UDP + 4, frame.length - UDP);
    view.setUint16(UDP + 6, 0);
    writeSum(frame, IP + 10, IP, UDP);
    lan.send(from, frame);
  }
}

/** As a relay sends it on: with its own address, one hop more, and option 82 at the end. */
function withAgentInformation(frame: Uint8Array): Uint8Array {
  const circuit = text(circuitOf(formatMac(frame.subarray(DHCP + 28, DHCP + 34))));
  const end = endOfOptions(frame);
  const information = [82, circuit.length + 2, 1, circuit.length, ...circuit, 255];
  const passed = new Uint8Array(Math.max(frame.length, end + information.length));
  passed.set(frame.subarray(0, end));
  passed.set(information, end);
  passed[DHCP + 3] = (passed[DHCP + 3] ?? 0) + 1;
  passed.set(address(RELAY_ADDRESS), DHCP + 24);
  return passed;
}

/** RFC 3046 §2.1: what the relay added is not for the client. */
function withoutAgentInformation(frame: Uint8Array): Uint8Array {
  const passed = frame.slice();
  for (let at = OPTIONS; at < frame.length && frame[at] !== 255; at = next(frame, at)) {
    if (frame[at] === 82) passed.fill(0, at, next(frame, at));
  }
  return passed;
}

function endOfOptions(frame: Uint8Array): number {
  let at = OPTIONS;
  while (at < frame.length && frame[at] !== 255) at = next(frame, at);
  return at;
}

function next(frame: Uint8Array, at: number): number {
  return frame[at] === 0 ? at + 1 : at + 2 + (frame[at + 1] ?? 0);
}

function writeSum(frame: Uint8Array, to: number, start: number, end: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint16(to, 0);
  let sum = 0;
  for (let at = start; at < end; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(to, ~sum & 0xffff);
}
