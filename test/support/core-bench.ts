// A core on a bench: give it frames and time, see its effects and its replies.

import { formatIpv4, formatMac, type Ipv4, ipv4, parseSubnet } from "../../daemon/base/address.ts";
import type { Now } from "../../daemon/base/time.ts";
import {
  type CoreConfig,
  interfacesOf,
  type NetworkConfig,
  NOTHING_SET,
  type PoolConfig,
  type ReservationConfig,
} from "../../daemon/core/config-view.ts";
import { Core, type CoreOptions } from "../../daemon/core/core.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import type { CoreEvent } from "../../daemon/core/event.ts";
import { ForceRenewAuth } from "../../daemon/core/forced-renew.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { hmacMd5 } from "../../daemon/io/keyed-hash.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import {
  address,
  bytes,
  type ClientMessage,
  clientFrame,
  macBytes,
  SERVER_MAC,
} from "./client-frame.ts";
import { keepSent } from "./sent.ts";

export const DISCOVER = 1;
export const OFFER = 2;
export const REQUEST = 3;
export const DECLINE = 4;
export const ACK = 5;
export const NAK = 6;
export const RELEASE = 7;
export const INFORM = 8;

/** 2026-01-01 00:00:00 UTC. */
export const START_SECONDS = 1_767_225_600;

export interface Reply {
  readonly lan: number;
  readonly type: number;
  readonly message: Dhcp4Message;
  readonly yiaddr: string;
  readonly ciaddr: string;
  readonly giaddr: string;
  readonly destinationMac: string;
  readonly sourceMac: string;
  readonly destinationIp: string;
  readonly sourceIp: string;
  readonly destinationPort: number;
  readonly frame: Uint8Array;
  option(code: number): number[] | undefined;
}

/** A network 10.77.0.0/24 with the pool .100 to .199, server .2, gateway .1. */
export function network(changes: Partial<NetworkConfig> & { pool?: [string, string] } = {}) {
  const subnet = changes.subnet ?? parseSubnet("10.77.0.0/24");
  if (!subnet) throw new Error("bad subnet");
  const { pool, ...rest } = changes;
  const config: NetworkConfig = {
    ...NOTHING_SET,
    name: "office",
    interfaceName: "lan0",
    segment: changes.name ?? "office",
    relays: [],
    randomisedMacLeaseSeconds: undefined,
    rapidCommit: false,
    forceRenew: false,
    probe: false,
    watchServers: false,
    deny: [],
    leasesPerCircuitMax: 0,
    keptForKnownPercent: 0,
    trustedServers: [],
    subnet,
    ownAddress: ipv4("10.77.0.2"),
    serverId: ipv4("10.77.0.2"),
    pools: [poolOf(pool?.[0] ?? "10.77.0.100", pool?.[1] ?? "10.77.0.199")],
    reservations: [],
    leaseSeconds: 3600,
    minLeaseSeconds: 120,
    maxLeaseSeconds: 7200,
    authoritative: true,
    ignoreClientId: false,
    options: [
      { code: 1, data: address("255.255.255.0") },
      { code: 3, data: address("10.77.0.1") },
      { code: 6, data: address("10.77.0.1") },
      { code: 15, data: new TextEncoder().encode("office.example") },
    ],
    ...rest,
  };
  return config;
}

/** A pool that is open to everyone. */
export function poolOf(from: string, to: string, changes: Partial<PoolConfig> = {}): PoolConfig {
  const ends = { from: ipv4(from), to: ipv4(to) };
  return { ...NOTHING_SET, ...ends, allow: [], deny: [], isKnownOnly: false, ...changes };
}

/** A reservation by MAC. */
export function reserve(
  mac: string,
  to: string,
  changes: Partial<ReservationConfig> = {},
): ReservationConfig {
  const client = bytes(0, 1, ...macBytes(mac));
  return {
    ...NOTHING_SET,
    key: { kind: "client", client },
    address: ipv4(to),
    name: "",
    ...changes,
  };
}

/** The configuration of a box that serves these networks. */
export function configOf(
  networks: readonly NetworkConfig[],
  changes: Partial<CoreConfig> = {},
): CoreConfig {
  return { serving: true, networks, classes: [], leasequeryFrom: [], ...changes };
}

export class CoreBench {
  core: Core;
  config: CoreConfig;
  monotonic = 1_000_000;
  /** Wall clock minus monotonic clock, in milliseconds. */
  offset = START_SECONDS * 1000 - 1_000_000;
  effects: Effect[] = [];
  /** Of its LAN ports. */
  protected readonly mac: string = SERVER_MAC;

  constructor(
    networks: readonly NetworkConfig[] = [network()],
    options: Partial<CoreOptions> & { linkless?: boolean } = {},
  ) {
    this.config = options.config ?? configOf(networks);
    if (options.now) {
      this.monotonic = options.now.monotonic;
      this.offset = options.now.wall - options.now.monotonic;
    }
    const { monotonic, wall } = this.now;
    // Unless a test says when the box starts, its clock has been right for some time.
    const before = LIMITS.clockProbationMilliseconds;
    this.core = new Core({
      config: this.config,
      hashSeed: 7,
      leases: [],
      lastSequence: 0,
      wallFloor: 0,
      auth: new ForceRenewAuth(hmacMd5, new Uint8Array(32).fill(7)),
      now: { monotonic: monotonic - before, wall: wall - before },
      ...options,
    });
    if (options.linkless) return;
    for (const lan of interfacesOf(this.config).keys()) this.link(lan, {});
  }

  get now(): Now {
    return { monotonic: this.monotonic, wall: this.monotonic + this.offset };
  }

  step(event: CoreEvent): Effect[] {
    const out: Effect[] = [];
    this.core.step(event, this.now, out);
    for (const effect of out) if (effect.kind === "send") keepSent(effect.frame);
    this.effects = out;
    return out;
  }

  link(lan: number, state: { helper?: boolean; present?: boolean; carrier?: boolean }): Effect[] {
    return this.step({
      kind: "link",
      lan,
      helper: state.helper ?? true,
      present: state.present ?? true,
      carrier: state.carrier ?? true,
      mac: macBytes(this.mac),
      mtu: 1500,
    });
  }

  /** Lets time pass in pieces, as alarms would, and wakes the core in each. */
  pass(secondsToPass: number): void {
    const end = this.monotonic + secondsToPass * 1000;
    while (this.monotonic < end) {
      this.monotonic = Math.min(end, this.monotonic + 5000);
      this.step({ kind: "alarm" });
    }
  }

  frame(frame: Uint8Array, lan = 0): Effect[] {
    const event = { bytes: frame, start: 0, end: frame.length, checksumReady: true } as const;
    return this.step({ kind: "frame", lan, ...event });
  }

  /** Sends a message, whatever it brings about. */
  frameOf(message: ClientMessage, lan = 0): Effect[] {
    return this.frame(clientFrame(message), lan);
  }

  /** Sends a message; what comes back, or undefined. */
  send(message: ClientMessage, lan = 0): Reply | undefined {
    this.frame(clientFrame(message), lan);
    const replies = repliesIn(this.effects);
    if (replies.length > 1) throw new Error(`${replies.length} replies to one message`);
    return replies[0];
  }

  discover(mac: string, more: Partial<ClientMessage> = {}, lan = 0): Reply | undefined {
    return this.send({ type: DISCOVER, mac, ...more }, lan);
  }

  /** A REQUEST in SELECTING: names the server and asks for the address. */
  select(
    mac: string,
    wanted: string,
    server = "10.77.0.2",
    more: Partial<ClientMessage> = {},
    lan = 0,
  ): Reply | undefined {
    const { options, ...rest } = more;
    return this.send(
      {
        type: REQUEST,
        mac,
        options: { 50: address(wanted), 54: address(server), ...options },
        ...rest,
      },
      lan,
    );
  }

  /** DISCOVER, OFFER, REQUEST, ACK; returns the address. */
  lease(mac: string, more: Partial<ClientMessage> = {}, lan = 0): string {
    const offer = this.discover(mac, more, lan);
    if (!offer) throw new Error(`${mac} got no offer: ${JSON.stringify(this.core.counters(lan))}`);
    const server = formatIpv4(offerServer(offer));
    const ack = this.select(mac, offer.yiaddr, server, more, lan);
    if (ack?.type !== ACK) throw new Error(`${mac} got no lease`);
    this.durable();
    return ack.yiaddr;
  }

  /** A unicast REQUEST in RENEWING. */
  renew(mac: string, held: string, more: Partial<ClientMessage> = {}, lan = 0) {
    const destinationIp = more.destinationIp ?? "10.77.0.2";
    return this.send({ type: REQUEST, mac, ciaddr: held, destinationIp, ...more }, lan);
  }

  /** A REQUEST in INIT-REBOOT. */
  reboot(mac: string, remembered: string, more: Partial<ClientMessage> = {}, lan = 0) {
    const { options, ...rest } = more;
    return this.send(
      { type: REQUEST, mac, options: { 50: address(remembered), ...options }, ...rest },
      lan,
    );
  }

  release(mac: string, held: string, more: Partial<ClientMessage> = {}, lan = 0) {
    const options = { 54: address("10.77.0.2"), ...more.options };
    return this.send(
      { type: RELEASE, mac, ciaddr: held, destinationIp: "10.77.0.2", ...more, options },
      lan,
    );
  }

  decline(mac: string, wrong: string, more: Partial<ClientMessage> = {}, lan = 0) {
    const options = { 50: address(wrong), 54: address("10.77.0.2"), ...more.options };
    return this.send({ type: DECLINE, mac, ...more, options }, lan);
  }

  /** Says that everything asked for so far is on disk. */
  durable(): void {
    let through = 0;
    for (const lease of this.core.book.leases()) through = Math.max(through, lease.sequence);
    const before = this.effects;
    this.step({ kind: "durable", through });
    this.effects = before;
  }

  at(text: string): Lease | undefined {
    return this.core.book.at(ipv4(text));
  }

  refused(lan = 0): Record<string, number> {
    const found = Object.entries(this.core.counters(lan)).filter(([name]) =>
      name.startsWith("refused-"),
    );
    return Object.fromEntries(found.map(([name, count]) => [name.slice(8), count]));
  }

  conditions(): string[] {
    return this.core.conditions
      .active()
      .map(({ id, subject }) => (subject ? `${id} ${subject}` : id));
  }
}

export function kinds(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.kind).filter((kind) => kind !== "alarm" && kind !== "log");
}

export function repliesIn(effects: readonly Effect[]): Reply[] {
  const replies: Reply[] = [];
  for (const effect of effects)
    if (effect.kind === "send") replies.push(readReply(effect.lan, effect.frame));
  return replies;
}

export function readReply(lan: number, bytesOfFrame: Uint8Array): Reply {
  const frame = new Frame();
  parseFrame(frame, bytesOfFrame, 0, bytesOfFrame.length, true);
  const message = decodeDhcp4(bytesOfFrame, frame.payloadStart, frame.payloadEnd);
  return {
    lan,
    type: message.raw(53)?.[0] ?? 0,
    message,
    yiaddr: formatIpv4(message.yiaddr),
    ciaddr: formatIpv4(message.ciaddr),
    giaddr: formatIpv4(message.giaddr),
    destinationMac: formatMac(frame.dstMac),
    sourceMac: formatMac(frame.srcMac),
    destinationIp: formatIpv4(frame.destinationIp),
    sourceIp: formatIpv4(frame.sourceIp),
    destinationPort: frame.destinationPort,
    frame: bytesOfFrame,
    option: (code) => {
      const raw = message.raw(code);
      return raw ? Array.from(raw) : undefined;
    },
  };
}

/** Seconds of option 51. */
export function leaseTime(reply: Reply | undefined): number | undefined {
  const raw = reply?.message.raw(51);
  return raw && new DataView(raw.buffer, raw.byteOffset).getUint32(0);
}

export { address, bytes, seconds, text } from "./client-frame.ts";

function offerServer(offer: Reply): Ipv4 {
  const raw = offer.message.raw(54);
  if (!raw) throw new Error("no server identifier in the offer");
  return new DataView(raw.buffer, raw.byteOffset).getUint32(0) as Ipv4;
}
