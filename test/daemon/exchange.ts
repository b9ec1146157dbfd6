// One client that speaks to a real daemon through a PacketPeer: an exchange at a time.

import { formatIpv4 } from "../../daemon/base/address.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { ETHERTYPE_ARP } from "../../daemon/wire/frame.ts";
import { address, clientFrame } from "../support/client-frame.ts";
import type { PacketPeer } from "./packet-peer.ts";

export const TYPE = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, release: 7 } as const;

export interface Granted {
  readonly address: string;
  readonly leaseSeconds: number;
}

/** Hands the daemon's frames to whoever waits for one of this transaction. */
export class Exchanges {
  readonly #waiting = new Map<number, (message: Dhcp4Message) => void>();
  #xid = 1;

  readonly onFrame = (frame: Uint8Array): void => {
    const isArp = ((frame[12] ?? 0) << 8) + (frame[13] ?? 0) === ETHERTYPE_ARP;
    if (isArp) return;
    const message = decodeDhcp4(frame.slice(), 42, frame.length);
    this.#waiting.get(message.xid)?.(message);
  };

  /** DISCOVER to ACK. Undefined when a step stays unanswered. */
  async join(peer: PacketPeer, mac: string, milliseconds = 1500): Promise<Granted | undefined> {
    const xid = this.#xid++;
    const discover = clientFrame({ type: TYPE.discover, mac, xid });
    const offer = await this.#ask(peer, discover, xid, milliseconds);
    if (!offer) return undefined;
    const offered = formatIpv4(offer.yiaddr);
    const options = { 50: address(offered), 54: address("10.0.0.2") };
    const request = clientFrame({ type: TYPE.request, mac, xid, options });
    return granted(await this.#ask(peer, request, xid, milliseconds));
  }

  /** RFC 2131 §4.3.2, RENEWING: unicast, ciaddr set. Undefined when unanswered or refused. */
  async renew(peer: PacketPeer, mac: string, ciaddr: string): Promise<Granted | undefined> {
    const xid = this.#xid++;
    const request = clientFrame({
      type: TYPE.request,
      mac,
      xid,
      ciaddr,
      destinationIp: "10.0.0.2",
    });
    return granted(await this.#ask(peer, request, xid, 1500));
  }

  #ask(
    peer: PacketPeer,
    frame: Uint8Array,
    xid: number,
    milliseconds: number,
  ): Promise<Dhcp4Message | undefined> {
    return new Promise((resolve) => {
      const end = (message: Dhcp4Message | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(xid);
        resolve(message);
      };
      const timer = setTimeout(() => end(undefined), milliseconds);
      this.#waiting.set(xid, end);
      peer.send([frame]);
    });
  }
}

function granted(message: Dhcp4Message | undefined): Granted | undefined {
  if (message?.u8(53) !== TYPE.ack) return undefined;
  return { address: formatIpv4(message.yiaddr), leaseSeconds: Number(message.u32(51)) };
}
