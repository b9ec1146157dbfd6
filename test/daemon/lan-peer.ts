// A LAN with devices and relays on it, played to a real daemon: DHCP messages and what is answered to them,
// and devices that answer ARP for an address they were not given.

import { formatIpv4 } from "../../daemon/base/address.ts";
import { ARP_REPLY, ARP_REQUEST, buildArp, parseArp } from "../../daemon/wire/arp.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_ARP } from "../../daemon/wire/frame.ts";
import { address, type ClientMessage, clientFrame, macBytes } from "../support/client-frame.ts";
import { PacketPeer } from "./packet-peer.ts";

/** What a device says, besides its type and transaction. */
export type Saying = Omit<ClientMessage, "type" | "xid" | "mac">;

export class LanPeer {
  /** Who answers ARP for which address. */
  readonly users = new Map<string, string>();
  /** Answers ARP for every address while it is set. */
  userOfAll: string | undefined;
  readonly #serverId: string;
  readonly #waiting = new Map<number, (message: Dhcp4Message) => void>();
  #peer: PacketPeer | undefined;
  #xid = 1;

  /** `serverId` is the address by which the daemon is known on this LAN. */
  constructor(serverId: string) {
    this.#serverId = serverId;
  }

  async listen(path: string): Promise<void> {
    this.#peer = await PacketPeer.listen(path, (frame) => this.#hear(frame));
  }

  async close(): Promise<void> {
    await this.#peer?.close();
  }

  /** Sends a message and resolves with what is answered to it. */
  ask(mac: string, type: number, saying: Saying = {}): Promise<Dhcp4Message> {
    const xid = this.#xid++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer to type ${type} of ${mac}`)),
        5000,
      );
      this.#waiting.set(xid, (message) => {
        clearTimeout(timer);
        this.#waiting.delete(xid);
        resolve(message);
      });
      this.#send([clientFrame({ type, mac, xid, ...saying })]);
    });
  }

  /**
   * Sends a message that is not answered `times` times, and resolves when the daemon has handled all: it
   * takes frames in their order, and a bystander's question behind them has been answered.
   */
  async tell(mac: string, type: number, saying: Saying = {}, times = 1): Promise<void> {
    const frames = Array.from({ length: times }, () => {
      return clientFrame({ type, mac, xid: this.#xid++, ...saying });
    });
    this.#send(frames);
    const byte = (this.#xid & 255).toString(16).padStart(2, "0");
    await this.ask(`02:00:5e:ff:ff:${byte}`, INFORM, { ciaddr: BYSTANDER });
  }

  /** DISCOVER to ACK; the address. */
  async join(mac: string, saying: Saying = {}): Promise<string> {
    const offer = await this.ask(mac, DISCOVER, saying);
    const offered = formatIpv4(offer.yiaddr);
    const options = { ...saying.options, 50: address(offered), 54: address(this.#serverId) };
    const ack = await this.ask(mac, REQUEST, { ...saying, options });
    if (ack.u8(53) !== ACK) throw new Error(`${mac} did not get ${offered}`);
    return offered;
  }

  #hear(frame: Uint8Array): void {
    const isArp = ((frame[12] ?? 0) << 8) + (frame[13] ?? 0) === ETHERTYPE_ARP;
    if (isArp) {
      this.#answerArp(frame);
      return;
    }
    const message = decodeDhcp4(frame.slice(), 42, frame.length);
    this.#waiting.get(message.xid)?.(message);
  }

  #answerArp(frame: Uint8Array): void {
    const { operation, senderMac, senderIp, targetIp } = parseArp(
      frame,
      ETHERNET_HEADER_BYTES,
      frame.length,
    );
    const user = this.users.get(formatIpv4(targetIp)) ?? this.userOfAll;
    if (operation !== ARP_REQUEST || user === undefined) return;
    const reply = {
      operation: ARP_REPLY,
      senderMac: macBytes(user),
      senderIp: targetIp,
      targetMac: senderMac,
      targetIp: senderIp,
    };
    this.#send([buildArp(senderMac, reply)]);
  }

  #send(frames: readonly Uint8Array[]): void {
    this.#peer?.send(frames);
  }
}

/** Options of a message behind a relay, with the port of the switch it names. */
export function behind(relay: string, circuit = ""): Saying {
  const from = { giaddr: relay, sourceIp: relay, destinationIp: "10.77.0.2" };
  if (circuit === "") return from;
  const id = new TextEncoder().encode(circuit);
  return { ...from, options: { 82: Uint8Array.of(1, id.length, ...id) } };
}

const DISCOVER = 1;
const REQUEST = 3;
const ACK = 5;
const INFORM = 8;
const BYSTANDER = "10.77.0.250";
