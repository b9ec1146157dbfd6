// Pings to the gateway every 10 ms, from this box's own address on a LAN, through the packet helper: what a device there
// would notice. When the gateway is at this box nothing comes back, and nothing needs to.

import type { Ipv4 } from "./base/address.ts";
import { DecodeError } from "./base/errors.ts";
import { RawLink } from "./io/link.ts";
import { every } from "./io/ticker.ts";
import { ARP_REPLY, buildArpProbe, parseArp } from "./wire/arp.ts";
import { Frame, parseFrame } from "./wire/frame.ts";
import { buildEchoRequest, parseEchoReply } from "./wire/icmp.ts";
import { copyOf } from "./wire/reader.ts";

export interface PingerRules {
  /** Of the packet helper. */
  readonly socket: string;
  readonly interfaceName: string;
  readonly own: Ipv4;
  readonly gateway: Ipv4;
}

export interface PingerEvents {
  pinged(sequence: number): void;
  answered(sequence: number): void;
}

const PING_MILLISECONDS = 10;
/** "Dr": so that the answers to others' questions are not taken for ours. */
const ECHO_IDENTIFIER = 0x4472;

export class GatewayPinger {
  readonly #rules: PingerRules;
  readonly #events: PingerEvents;
  readonly #link: RawLink;
  readonly #stopTicks: () => void;
  readonly #frame = new Frame();
  #mac: Uint8Array | undefined;
  #gatewayMac: Uint8Array | undefined;
  #sequence = 0;

  constructor(rules: PingerRules, events: PingerEvents) {
    this.#rules = rules;
    this.#events = events;
    this.#link = new RawLink(rules.socket, rules.interfaceName, {
      frame: (bytes, start, end, ready) => this.#heard(bytes, start, end, ready),
      batchEnd: () => {},
      state: ({ mac, present }) => {
        this.#mac = present ? mac.slice() : undefined;
      },
      helper: () => {},
      error: () => {},
      drops: () => {},
    });
    this.#link.open();
    this.#stopTicks = every(PING_MILLISECONDS, () => this.#ping());
  }

  stop(): void {
    this.#stopTicks();
    this.#link.close();
  }

  #ping(): void {
    const { own, gateway } = this.#rules;
    if (!this.#mac) return;
    if (!this.#gatewayMac) {
      this.#link.send(buildArpProbe(this.#mac, gateway));
    } else {
      this.#sequence = (this.#sequence + 1) & 0xffff;
      this.#link.send(
        buildEchoRequest({
          ...{ sourceMac: this.#mac, destinationMac: this.#gatewayMac },
          ...{ sourceIp: own, destinationIp: gateway },
          ...{ identifier: ECHO_IDENTIFIER, sequence: this.#sequence },
        }),
      );
      this.#events.pinged(this.#sequence);
    }
    this.#link.flush();
  }

  #heard(bytes: Uint8Array, start: number, end: number, checksumReady: boolean): void {
    const frame = this.#frame;
    const { gateway } = this.#rules;
    try {
      parseFrame(frame, bytes, start, end, checksumReady);
      if (frame.kind === "arp") {
        const arp = parseArp(bytes, frame.payloadStart, frame.payloadEnd);
        const isGateways = arp.operation === ARP_REPLY && arp.senderIp === gateway;
        if (isGateways) this.#gatewayMac = copyOf(arp.senderMac);
      } else if (frame.kind === "icmp" && frame.sourceIp === gateway) {
        const reply = parseEchoReply(bytes, frame.payloadStart, frame.payloadEnd);
        if (reply?.identifier === ECHO_IDENTIFIER) this.#events.answered(reply.sequence);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}
