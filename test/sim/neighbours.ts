// Others on a LAN that the box did not ask for: a device with a fixed address that no server knows of, a second
// DHCP server, and one that floods.

import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { clientFrame } from "../support/client-frame.ts";
import {
  ACK,
  address,
  bytes,
  DISCOVER,
  OFFER,
  REQUEST,
  readReply,
  seconds,
} from "../support/core-bench.ts";
import { answerArp, type Host, isUdp, type Lan } from "./lan.ts";
import type { World } from "./world.ts";

/** Comes and goes; while it is there it answers ARP for its address. */
export class Squatter implements Host {
  readonly name: string;
  readonly mac: string;
  readonly lan: Lan;
  readonly address: string;
  /** True milliseconds since when it has been there; undefined while it is away. */
  since: number | undefined = 0;

  constructor(lan: Lan, address: string, number: number) {
    this.lan = lan;
    this.address = address;
    this.name = `squatter${number}`;
    this.mac = `00:5e:66:00:00:${number.toString(16).padStart(2, "0")}`;
    lan.hosts.add(this);
  }

  get isReachable(): boolean {
    return this.since !== undefined;
  }

  uses(wanted: string): boolean {
    return this.isReachable && wanted === this.address;
  }

  receive(frame: Uint8Array): void {
    answerArp(this, this.lan, frame);
  }
}

const OTHER_LEASE_SECONDS = 120;

/** A home router that somebody plugged in: it answers some, with addresses that no pool of the box has. */
export class OtherServer implements Host {
  readonly name = "other";
  readonly mac = "00:5e:77:00:00:01";
  isReachable = false;
  readonly #world: World;
  readonly #lan: Lan;
  readonly #prefix: string;
  readonly #given = new Map<string, string>();

  constructor(world: World, lan: Lan, prefix: string) {
    this.#world = world;
    this.#lan = lan;
    this.#prefix = prefix;
    lan.hosts.add(this);
  }

  get address(): string {
    return `${this.#prefix}.3`;
  }

  receive(frame: Uint8Array): void {
    if (answerArp(this, this.#lan, frame) || !isUdp(frame)) return;
    const { message, type, destinationIp } = readReply(0, frame);
    if (message.op !== 1 || message.hlen !== 6) return;
    const mac = formatMac(message.chaddr.subarray(0, 6));
    const named = message.u32(54);
    const isNamed = typeof named === "number" && formatIpv4(named as never) === this.address;
    if (type === DISCOVER && this.#world.chance(0.6)) this.#answer(OFFER, mac, frame);
    const isForMe = isNamed || (named === undefined && destinationIp === this.address);
    if (type === REQUEST && isForMe) this.#answer(ACK, mac, frame);
  }

  #answer(type: number, mac: string, frame: Uint8Array): void {
    const { message } = readReply(0, frame);
    const given = this.#given.get(mac) ?? `${this.#prefix}.${220 + this.#given.size}`;
    if (this.#given.size > 30) return;
    this.#given.set(mac, given);
    const isBroadcast = (message.flags & 0x8000) !== 0;
    const reply = {
      ...{ op: 2, type, mac, xid: message.xid, yiaddr: given, sourceMac: this.mac },
      ...{ sourceIp: this.address, destinationPort: 68 },
      destinationMac: isBroadcast ? "ff:ff:ff:ff:ff:ff" : mac,
      destinationIp: isBroadcast ? "255.255.255.255" : given,
      options: { 54: address(this.address), 51: seconds(OTHER_LEASE_SECONDS) },
    };
    this.#lan.send(this, clientFrame(reply));
  }
}

/** Hundreds of requests within a second or two: of clients that there are not, of one, or of no sense. */
export function flood(world: World, lan: Lan, boxMac: string, prefix: string): void {
  const kind = world.pick(["strangers", "strangers", "one", "takers", "garbage"] as const);
  const count = Math.floor(world.between(80, 250));
  const milliseconds = world.pick([200, 1000, 3000]);
  const sender = {
    name: "flooder",
    mac: "00:5e:88:00:00:01",
    isReachable: true,
    receive: () => {},
  };
  world.tell(lan.name, `flood of ${count}: ${kind}`);
  for (let number = 0; number < count; number++) {
    const stranger = Math.floor(world.random() * 0x10000);
    const mac = `02:66:${kind === "one" ? "00:00" : `${hexOf(stranger >>> 8)}:${hexOf(stranger)}`}:00:00`;
    const wanted = address(`${prefix}.${100 + Math.floor(world.between(0, 30))}`);
    const asks = { type: kind === "takers" ? REQUEST : DISCOVER, mac, destinationMac: boxMac };
    const options = kind === "takers" ? { 50: wanted, 12: bytes(0x78) } : {};
    const frame = clientFrame({ ...asks, xid: stranger, options });
    if (kind === "garbage") damage(world, frame);
    world.after(world.between(0, milliseconds), () => lan.send(sender, frame));
  }
}

function damage(world: World, frame: Uint8Array): void {
  for (let count = 0; count < 6; count++) {
    frame[12 + Math.floor(world.random() * (frame.length - 12))] = Math.floor(world.random() * 256);
  }
}

function hexOf(value: number): string {
  return (value & 255).toString(16).padStart(2, "0");
}
