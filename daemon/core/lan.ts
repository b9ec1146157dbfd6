// One interface of the box: its link, whether it may be served, the segment that is on it, and who watches it.

import type { Ipv4 } from "../base/address.ts";
import { LIMITS } from "../limits.ts";
import { RogueWatch } from "./rogue-watch.ts";
import type { Segment } from "./segment.ts";
import { SelfProbe } from "./self-probe.ts";
import {
  type Duty,
  type LinkState,
  type ServiceGate,
  serviceGate,
  UNKNOWN_LINK,
} from "./service-gate.ts";

export class Lan {
  readonly interfaceName: string;
  readonly index: number;
  readonly segment: Segment;
  readonly rogues: RogueWatch;
  readonly selfProbe: SelfProbe;
  link: LinkState;
  gate: ServiceGate;
  /** Since when there has been carrier without a break; monotonic milliseconds. */
  carrierSince: number;

  /** `before` is the same interface in the configuration that this one replaces. */
  constructor(
    interfaceName: string,
    index: number,
    segment: Segment,
    duty: Duty,
    hashSeed: number,
    before: Lan | undefined,
  ) {
    this.interfaceName = interfaceName;
    this.index = index;
    this.segment = segment;
    this.rogues = before?.rogues ?? new RogueWatch(hashSeed + index);
    this.selfProbe = new SelfProbe(index, hashSeed);
    this.link = before?.link ?? UNKNOWN_LINK;
    this.gate = serviceGate(duty, this.link);
    this.carrierSince = before?.carrierSince ?? Number.NEGATIVE_INFINITY;
  }

  /** The carrier has come back so lately that it may go again: a partner that serves goes on alone. */
  isSettling(now: number): boolean {
    return now - this.carrierSince < LIMITS.lanStableMilliseconds;
  }

  /** The name under which people know it: that of its first network. */
  get name(): string {
    return this.segment.name;
  }

  /** Server identifiers that may answer on this LAN besides this box. */
  get trustedServers(): Ipv4[] {
    return this.segment.networks.flatMap(({ config }) => config.trustedServers);
  }

  get isWatched(): boolean {
    return this.segment.networks.some(({ config }) => config.watchServers);
  }
}
