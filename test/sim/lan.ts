// A switch with anything plugged in: it loses, doubles and delays frames as it is told to.

import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { ARP_REPLY, ARP_REQUEST, buildArp, parseArp } from "../../daemon/wire/arp.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import { macBytes } from "../support/client-frame.ts";
import type { Fate, World } from "./world.ts";

/** Something with a network port. */
export interface Host {
  readonly name: string;
  readonly mac: string;
  /** False while the cable is out or the power is off: frames pass it by. */
  readonly isReachable: boolean;
  receive(frame: Uint8Array): void;
  /** Whether it has this address on the LAN that it is on. */
  uses?(address: string): boolean;
}

export interface Weather {
  loss: number;
  duplicates: number;
  /** Longest time on the way, in milliseconds. */
  delay: number;
}

export const FAIR: Weather = { loss: 0, duplicates: 0, delay: 2 };

export class Lan {
  readonly name: string;
  readonly hosts = new Set<Host>();
  weather: Weather = FAIR;
  /** The switch fell into parts: hosts hear those of their own part only. */
  partOf: ((host: Host) => number) | undefined;
  /** MACs that have an address which moves, at most one if all is well; undefined for other addresses. */
  hardwareOf: (address: string) => readonly string[] | undefined = () => undefined;
  readonly #world: World;
  readonly #fate: Fate;

  constructor(world: World, name: string, fate: Fate = world) {
    this.#world = world;
    this.#fate = fate;
    this.name = name;
  }

  /** Whoever it is for gets it; a broadcast goes to all but the sender. */
  send(from: Host, frame: Uint8Array): void {
    const world = this.#world;
    if (!from.isReachable) return;
    if (world.isTraced) {
      world.tell(from.name, `> ${this.name}: ${describeFrame(frame, 0, frame.length)}`);
    }
    const to = formatMac(frame.subarray(0, 6));
    const isForAll = to === "ff:ff:ff:ff:ff:ff";
    for (const host of this.hosts) {
      if (host === from || (!isForAll && host.mac !== to)) continue;
      if (this.partOf && this.partOf(from) !== this.partOf(host)) continue;
      const { loss, duplicates, delay } = this.weather;
      const fate = this.#fate;
      const copies = fate.chance(loss) ? 0 : fate.chance(duplicates) ? 2 : 1;
      for (let i = 0; i < copies; i++) {
        world.after(fate.between(0.1, delay), () => {
          if (this.hosts.has(host) && host.isReachable) host.receive(frame);
        });
      }
    }
  }
}

/** True for an ARP frame; it is answered when it asks for an address that the host uses. */
export function answerArp(host: Host, lan: Lan, frame: Uint8Array): boolean {
  if (typeOf(frame) !== 0x0806) return false;
  const { operation, senderMac, senderIp, targetIp } = parseArp(frame, 14, frame.length);
  if (operation !== ARP_REQUEST || !host.uses?.(formatIpv4(targetIp))) return true;
  const senders = { senderMac: macBytes(host.mac), senderIp: targetIp };
  const reply = { operation: ARP_REPLY, ...senders, targetMac: senderMac, targetIp: senderIp };
  lan.send(host, buildArp(senderMac, reply));
  return true;
}

/** Whether an IP frame has a datagram in it; those that were made up byte by byte may have anything. */
export function isUdp(frame: Uint8Array): boolean {
  return typeOf(frame) === 0x0800 && frame[14] === 0x45 && frame[23] === 17;
}

function typeOf(frame: Uint8Array): number {
  return ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
}
